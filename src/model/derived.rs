//! Derived types: a value sent as its base type, and received as one.

use serde::Serialize;
use serde_json::Value;

use super::Model;
use super::object::Object;

/// `Self` derives from `Base` in Graph's model. Generated code implements it.
pub trait DerivedFrom<Base>: Model {}

/// The value as its base type, with the `@odata.type` that says what it is.
///
/// It is what `From` of the base types calls: `Attachment::from(FileAttachment { .. })`.
pub fn upcast<D: DerivedFrom<B>, B: Model>(derived: D) -> B {
    let info = derived.info();
    // Whatever the base has no field for goes to its `extra`. All of the base's fields are fields
    // of the derived type too, with the same types, so what was written as one is always read as
    // the other.
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

/// What can be written as the value of a navigation property to `T`: one value, or for a `Vec` any
/// number of them.
pub trait IntoRelated<T> {
    /// The JSON.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
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
