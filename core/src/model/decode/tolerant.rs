//! A JSON reader for valid JSON that serde_json refuses, because it has half a surrogate pair in a
//! key or a string.
//!
//! Models read such strings themselves. This reader accepts them in the text fields of a program's
//! own types. It is slower, and reads only JSON that serde_json has refused.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde_json::value::RawValue;

use crate::model::json::{MAX_DEPTH, Members, RAW_VALUE, lossy_string};

type Error = serde_json::Error;

/// Decodes JSON. Returns `None` if it is not JSON or not of the type.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let text: &RawValue = serde_json::from_slice(body).ok()?;
    T::deserialize(Tolerant::new(text, 0)).ok()
}

/// One JSON value.
struct Tolerant<'de> {
    text: &'de str,
    depth: usize,
}

impl<'de> Tolerant<'de> {
    fn new(text: &'de RawValue, depth: usize) -> Self {
        let text = text.get();
        Self { text, depth }
    }
}

impl<'de> IntoDeserializer<'de, Error> for Tolerant<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! by_serde_json {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            serde_json::Deserializer::from_str(self.text).$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Tolerant<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        let depth = self.depth + 1;
        match self.text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(self.text)?;
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name, Tolerant::new(value, depth)));
                visitor.visit_map(MapDeserializer::new(members))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(self.text)?;
                let items = items.into_iter().map(|item| Tolerant::new(item, depth));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            _ => serde_json::Deserializer::from_str(self.text).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            RAW_VALUE => serde_json::Deserializer::from_str(self.text)
                .deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text.as_bytes().first() {
            Some(b'"') => visitor.visit_string(lossy_string(self.text)?),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        serde_json::Deserializer::from_str(self.text).deserialize_enum(name, variants, visitor)
    }

    by_serde_json! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_ignored_any
    }

    serde::forward_to_deserialize_any! {
        seq map identifier tuple tuple_struct struct unit_struct
    }
}
