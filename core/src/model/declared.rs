//! The properties that a type declares, for generated models and for a program's own types.

use std::fmt;

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::object::TypeInfo;
use super::read::MODEL;

/// The properties of a type that is read from an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Declared {
    /// Graph's name of a model, `microsoft.graph.user`, or the Rust name of any other type.
    name: String,
    properties: Vec<String>,
}

impl Declared {
    /// Returns the properties of a type, or of its items. Returns `None` if the type takes any
    /// object, such as a map or `serde_json::Value`.
    ///
    /// No data is read. serde tells a deserializer the fields of a struct before it asks for any
    /// value. Models tell their fields by [`expecting`].
    #[doc(hidden)]
    pub fn of<T: DeserializeOwned>() -> Option<Self> {
        let mut declared = None;
        // The probe never returns a value, so this is always an error.
        let _ = T::deserialize(Probe(&mut declared));
        declared
    }

    #[doc(hidden)]
    pub fn has(&self, property: &str) -> bool {
        self.properties.iter().any(|name| name == property)
    }

    /// Checks whether an `@odata.type` names this type.
    #[doc(hidden)]
    pub fn is_called(&self, odata_type: &str) -> bool {
        odata_type
            .trim_start_matches('#')
            .eq_ignore_ascii_case(&self.name)
    }

    /// Reads the text that [`expecting`] writes.
    fn of_model(text: &str) -> Option<Self> {
        let (name, properties) = text.strip_prefix(OBJECT)?.split_once(PROPERTIES)?;
        Some(Self {
            name: name.to_owned(),
            properties: properties.split(' ').map(str::to_owned).collect(),
        })
    }
}

const OBJECT: &str = "an object (";
const PROPERTIES: &str = ") with ";

/// Writes the text that the reader of models expects: the type, and with `{:#}` its properties as
/// well.
///
/// Models are read as maps and not as structs. A model with `#[serde(flatten)]` in a program's own
/// type therefore gets the properties that the type has no field for. The `expecting` text is the
/// only other place where serde lets a type describe itself.
pub(super) fn expecting(info: &TypeInfo, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{OBJECT}{}", info.name)?;
    match f.alternate() {
        true => write!(f, "{PROPERTIES}{}", info.names.join(" ")),
        false => f.write_str(")"),
    }
}

/// A deserializer that records the properties of the type that asks it for a value.
struct Probe<'d>(&'d mut Option<Declared>);

impl Probe<'_> {
    fn no_value<T>() -> Result<T, Error> {
        Err(Error::custom("the value is missing"))
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Self::no_value()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = Some(Declared {
            name: name.to_owned(),
            properties: fields.iter().map(|&field| field.to_owned()).collect(),
        });
        Self::no_value()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != MODEL {
            return visitor.visit_newtype_struct(self);
        }
        *self.0 = Declared::of_model(&format!("{:#}", &visitor as &dyn Expected));
        Self::no_value()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Item(Some(self)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map enum identifier ignored_any
    }
}

/// The only item of a list. It is offered once, so that a type that never fails does not make the
/// list endless.
struct Item<'d>(Option<Probe<'d>>);

impl<'de> SeqAccess<'de> for Item<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.0
            .take()
            .map(|probe| seed.deserialize(probe))
            .transpose()
    }
}
