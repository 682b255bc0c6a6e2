//! Derived types: values that are sent and received as their base type.

use serde::Serialize;
use serde_json::Value;

use super::Model;
use super::object::Object;

/// A trait for a type that derives from `Base` in Graph's model. Generated code implements it.
pub trait DerivedFrom<Base>: Model {}

/// Returns the value as its base type, with the `@odata.type` that names the derived type.
///
/// `From` of the base types calls this: `Attachment::from(FileAttachment { .. })`.
pub fn upcast<D: DerivedFrom<B>, B: Model>(derived: D) -> B {
    let info = derived.info();
    // Properties that the base has no field for go to its `extra`. All fields of the base are also
    // fields of the derived type, with the same types. JSON written from the derived type can
    // therefore always be read as the base type.
    let json = serde_json::to_string(&Shown(&derived)).unwrap_or_default();
    let mut base: B = serde_json::from_str(&json).unwrap_or_default();
    if base.odata_type().is_none() {
        let of = format!("#{}", info.name);
        base.extra_mut().insert("@odata.type", of);
    }
    base
}

struct Shown<'a>(&'a dyn Object);

impl Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize(self.0, serializer)
    }
}

/// A value that can be written as a navigation property to `T`: one value, or any number of them
/// for a `Vec`.
pub trait IntoRelated<T> {
    /// Returns the value as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error when the value cannot be written as JSON.
    #[doc(hidden)]
    fn into_related(self) -> Result<Value, serde_json::Error>;
}

impl<B: Model, V: Into<B>> IntoRelated<B> for V {
    fn into_related(self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self.into())
    }
}

impl<B: Model, I: IntoIterator<Item: Into<B>>> IntoRelated<Vec<B>> for I {
    fn into_related(self) -> Result<Value, serde_json::Error> {
        self.into_iter()
            .map(|value| serde_json::to_value(value.into()))
            .collect()
    }
}
