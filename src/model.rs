//! The common parts of all models: names of properties, values without a field, open enums, flags,
//! and OData's primitive types.
//!
//! `null` means that there is no value. A property that is `null` reads as `None`, and an item of a
//! list that is `null` is dropped. Neither is written again.
//! [`Model::clear`] writes `null` for a property, and so does [`Model::set`] with
//! [`Null`](crate::query::Null).

pub(crate) use msgraph_core::model::{Declared, Model, Related, json, lists};
#[doc(inline)]
pub use msgraph_core::model::{
    DerivedFrom, EntityUrl, Extra, Flags, IntoProperty, IntoRelated, Navigation, OpenEnum,
    Property, PropertyValue, edm,
};
