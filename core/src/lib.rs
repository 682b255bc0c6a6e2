//! What the crates of [`msgraph`](https://docs.rs/msgraph) share: the code of all models, Edm types,
//! OData queries, the decoding of JSON, errors, clouds and permissions.
//!
//! Programs use `msgraph`, which exports what is meant for them. This crate makes no promise of
//! stability: all crates of `msgraph` must have the same version.
//!
//! Nothing here does I/O or waits. So the crate needs neither an HTTP client nor an async runtime,
//! and the generated models, which depend on it alone, compile while those compile.

pub mod challenge;
pub mod cloud;
pub mod decode;
pub mod effect;
pub mod error;
pub mod granted;
pub mod json;
pub mod jwt;
pub mod long_running_operation;
pub mod model;
pub mod operation_metadata;
pub mod permissions;
pub mod query;
pub mod redact;
pub mod runtime;
pub mod verdict;
