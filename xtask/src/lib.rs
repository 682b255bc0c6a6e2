//! The project's own tools.
//!
//! `trim` turns Graph's OpenAPI description into `openapi/`: the document is read (`document`), repaired (`fixups`), brought
//! into a normal form (`read`, `schema`), what it lost is put back (`grafts`), its bodies are named (`bodies`), what is not asked for (`part`) and what
//! nothing leads to (`reach`) is left out, and
//! what is left (`trimmed`) is laid out (`write`) with a record of where it is from (`pin`).
//! `facts` does the same for what Graph publishes beside it.

pub mod bodies;
pub mod check;
pub mod dependencies;
pub mod diff;
pub mod docs;
pub mod document;
pub mod facts;
pub mod fetch;
pub mod find;
pub mod fixups;
pub mod folder;
pub mod grafts;
pub mod json;
pub mod needs;
pub mod page;
pub mod parameters;
pub mod part;
pub mod path;
pub mod pin;
pub mod pointer;
pub mod reach;
pub mod read;
pub mod schema;
pub mod snippet;
pub mod stats;
pub mod trim;
pub mod trimmed;
pub mod write;
pub mod yaml;
