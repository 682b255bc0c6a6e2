//! The trimmed description of Microsoft Graph: reads it, folds its tree, names its places and
//! types, and writes the models.
//!
//! The crate is separate from `msgraph-codegen`, because models need no operations and operations
//! need progenitor. A build script that writes only models does not wait for progenitor:
//! [`build_models`] is all that it calls.

#![deny(missing_docs)]

mod areas;
mod build_script;
mod description;
mod error;
mod exceptions;
mod grafts;
pub mod models;
pub mod names;
pub mod options;
pub mod secrets;
mod tree;
mod types;
mod words;

pub use areas::{AreaSet, Areas, Selection};
pub use build_script::{build_enabled_models, build_models, run_build_script};
pub use description::{
    Content, Description, Grafts, MediaType, Method, Operation, Parameter, ParameterOrRef,
    PathItem, Properties, Schema, read_json_if_there, read_schemas, schema_of,
};
pub use error::{Error, Result};
pub use tree::{Argument, Place, Segment, Tree};
pub use types::{Kind, RustName, Type, Types};
