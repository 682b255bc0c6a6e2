//! The shared code of all models: reader, writer, Edm types, open enums, derived types.

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

pub mod annotations;
mod declared;
pub mod derived;
mod extra;
mod flags;
mod if_match;
pub mod json;
pub mod lists;
mod mismatched;
pub mod object;
pub mod open_enum;
pub mod place;
mod property;
pub mod read;
mod related;
pub mod slot;
pub mod write;

pub use annotations::Model;
pub use declared::Declared;
pub use derived::{DerivedFrom, IntoRelated};
pub use extra::Extra;
pub use flags::Flags;
pub use if_match::IfMatch;
pub use open_enum::OpenEnum;
pub use open_enum::word;
pub use property::{Navigation, Property};
pub use related::Related;
pub use slot::{ElementSlot, Field, ListSlot, Ref, Slot};
pub use write::serialize;
