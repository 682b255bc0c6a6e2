//! The project's own tools.
//!
//! `trim` turns Graph's OpenAPI description into `openapi/`. It reads the document (`document`),
//! repairs it (`fixups`), and brings it into a normal form (`read`, `schema`). It restores lost
//! parts (`grafts`) and names the bodies (`bodies`). It drops the paths that were not requested
//! (`part`) and the schemas that are not reachable (`reach`). The rest (`trimmed`) is laid out
//! (`write`) with a record of its source (`pin`). `facts` does the same for the documents that
//! Graph publishes beside it.

pub mod api;
pub mod areas;
pub mod bodies;
pub mod cargo;
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
pub mod language;
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
