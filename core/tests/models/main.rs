//! Tests of the shared code of models, with models of Graph.
//!
//! They are not unit tests, because the models of `msgraph` belong to another build of this crate
//! than its unit tests do.

mod declared;
mod filter;
mod lists;
mod text;
mod tolerant;
