//! The part of [`msgraph`](https://docs.rs/msgraph) that all its crates share: the code of all
//! models, Edm types, OData queries, the decoding of JSON, errors, clouds and permissions.
//!
//! Programs use `msgraph`, which exports what is meant for them. Hidden items are for the other
//! crates. They make no promise of stability, so all crates of `msgraph` have the same version.
//!
//! The crate does no I/O and never waits. So it needs neither an HTTP client nor an async runtime,
//! and the generated models, which depend on it alone, compile while those compile.

#[doc(hidden)]
pub mod challenge;
pub mod cloud;
#[doc(hidden)]
pub mod effect;
pub mod error;
#[doc(hidden)]
pub mod granted;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod jwt;
pub mod long_running_operation;
pub mod model;
#[doc(hidden)]
pub mod operation_metadata;
pub mod permissions;
pub mod query;
#[doc(hidden)]
pub mod redact;
#[doc(hidden)]
pub mod runtime;
#[doc(hidden)]
pub mod verdict;

#[doc(hidden)]
pub use model::decode;
