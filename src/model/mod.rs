//! The common parts of all models: names of properties, values without a field, open enums, flags,
//! and OData's primitive types.
//!
//! `null` means that there is no value. A property that is `null` reads as `None`, and an item of a
//! list that is `null` is dropped. Neither is written again.
//! [`Model::clear`] writes `null` for a property.

// A model gives access to its properties as fields behind `&dyn Field`. Reading, writing, cloning,
// debug output and comparison are each written once here over these fields, instead of three
// thousand times by derives. This keeps the compile time of all of Graph's types at seconds.
//
// Data moves as follows. `read` takes a JSON object and finds the `Slot` for each key. It puts
// unknown properties, and values that do not fit, into `Extra`. `write` iterates over the `Ref`s
// and then over `Extra`, so that the data that Graph sent is kept.
//
// Generated code reaches all of this through `runtime::model`, which is hidden.

pub mod edm;

pub(crate) mod annotations;
mod declared;
pub(crate) mod derived;
mod extra;
mod flags;
pub(crate) mod json;
pub(crate) mod lists;
mod mismatched;
pub(crate) mod object;
pub(crate) mod open_enum;
pub(crate) mod place;
mod property;
pub(crate) mod read;
pub(crate) mod slot;
pub(crate) mod write;

pub(crate) use annotations::Model;
pub(crate) use declared::Declared;
pub use derived::{DerivedFrom, IntoRelated};
pub use extra::Extra;
pub use flags::Flags;
pub use open_enum::OpenEnum;
pub(crate) use open_enum::word;
pub use property::{Navigation, Property};
pub(crate) use slot::{ElementSlot, Field, ListSlot, Ref, Slot};
pub(crate) use write::serialize;
