//! Code that all generated models share.
//!
//! A model gives access to its properties as fields behind `&dyn Field`. Reading, writing, cloning,
//! debug output and comparison are each written once here over these fields, instead of three
//! thousand times by derives. This keeps the compile time of all of Graph's types at seconds.
//!
//! Data moves as follows. `read` takes a JSON object and finds the [`Slot`] for each key. It puts
//! unknown properties, and values that do not fit, into [`Extra`]. `write` iterates over the
//! [`Ref`]s and then over `Extra`, so that the data that Graph sent is kept.
//!
//! `null` means that there is no value. A property that is `null` reads as `None`, and an item of a
//! list that is `null` is dropped. Neither is written again. [`Model::clear`] writes `null` for a
//! property.

pub mod edm;

mod annotations;
mod declared;
mod derived;
mod extra;
mod flags;
pub(crate) mod json;
pub(crate) mod lists;
mod mismatched;
mod object;
mod open_enum;
pub(crate) mod place;
mod property;
mod read;
mod slot;
mod write;

pub use annotations::Model;
pub(crate) use declared::Declared;
pub use derived::{DerivedFrom, IntoRelated, upcast};
pub use extra::Extra;
pub use flags::Flags;
pub use object::{Object, Refs, Slots, TypeInfo, clone, debug, eq};
pub use open_enum::{
    OpenEnum, clone as word_clone, deserialize as word_deserialize, display as word_display,
    eq as word_eq, hash as word_hash, parse as word_parse, serialize as word_serialize, word,
};
pub use property::{Navigation, Property};
pub use read::deserialize;
pub use slot::{
    ElementSlot, Field, Held, Item, List, ListSlot, ObjectSlot, Ref, Scalar, ScalarSlot, Slot,
};
pub use write::serialize;
