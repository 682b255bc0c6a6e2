//! What every generated model shares.
//!
//! A model hands out its properties as fields behind `&dyn Field`, and one reader, one writer, one
//! clone, one debug and one comparison are written over these, here, instead of three thousand
//! times by derives. That is what keeps the compile time of all of Graph's types at seconds.
//!
//! How a value moves: `read` takes a JSON object, finds the [`Slot`] for each key and puts what it
//! knows nothing of, and what does not fit, into [`Extra`]. `write` goes over the [`Ref`]s and then
//! over `Extra`, so that what Graph sent is kept.
//!
//! `null` is no value: a property that is `null` reads as `None`, and an item of a list that is
//! `null` is dropped. Neither is written again. [`Model::clear`] writes `null` for a property.

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
