//! The shared code of all models: reader, writer, Edm types, open enums, derived types.

// A model gives access to its properties by `Object`. Reading, writing, cloning, debug output and
// comparison are each written once here over its fields, instead of three thousand times by
// derives. This keeps the compile time of all of Graph's types at seconds.
//
// Data moves as follows. `read` takes the text of a JSON object and finds the `Slot` for each key.
// It puts unknown properties, and values that do not fit, into `Extra`. `write` iterates over the
// `Ref`s and then over `Extra`, so that the data that Graph sent is kept.
//
// Generated code reaches all of this through `runtime`, which is hidden.

pub mod edm;

mod access;
mod annotations;
mod changes;
mod declared;
#[doc(hidden)]
pub mod decode;
pub(crate) mod derived;
mod entity_url;
mod extra;
mod flags;
mod if_match;
mod into_property;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod lists;
mod mismatched;
#[doc(hidden)]
pub mod object;
pub(crate) mod open_enum;
#[doc(hidden)]
pub mod place;
pub(crate) mod property;
#[doc(hidden)]
pub mod read;
mod related;
#[cfg(test)]
mod sample;
mod scan;
#[doc(hidden)]
pub mod slot;
mod value;
#[doc(hidden)]
pub mod write;

pub use annotations::Model;
#[doc(hidden)]
pub use declared::Declared;
pub use derived::{DerivedFrom, IntoRelated};
pub use entity_url::{EntityReference, EntityUrl, Node};
pub use extra::Extra;
pub use flags::Flags;
pub use if_match::IfMatch;
pub use into_property::IntoProperty;
#[doc(hidden)]
pub use into_property::Setting;
pub use open_enum::OpenEnum;
#[doc(hidden)]
pub use open_enum::word;
pub use property::{Navigation, Property};
pub use related::Related;
#[doc(hidden)]
pub use slot::{Held, ListSlot, Ref, Slot};
pub use value::{PropertyValue, kind};
#[doc(hidden)]
pub use write::serialize;
