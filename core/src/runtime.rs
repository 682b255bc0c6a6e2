//! The interface between this crate and generated models: the functions that they call, and the
//! types of their fields. Only generated code uses it.

pub use chrono;
pub use serde;
pub use serde_json;

pub use crate::model::derived::upcast;
pub use crate::model::object::{Fields, Object, TypeInfo, clone, debug, eq};
pub use crate::model::open_enum::{
    clone as word_clone, deserialize as word_deserialize, display as word_display, eq as word_eq,
    hash as word_hash, parse as word_parse, serialize as word_serialize,
};
pub use crate::model::property::{navigation, property};
pub use crate::model::read::deserialize;
pub use crate::model::slot::{Item, Ref, Slot, slot, word_slot};
pub use crate::model::write::serialize;
pub use crate::model::{
    DerivedFrom, Extra, Flags, Model, Navigation, Node, OpenEnum, Property, edm,
};
