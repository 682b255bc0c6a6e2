//! Graph's entities, complex types and enums, and the bodies of its actions in [`actions`].
//!
//! Programs use them as `msgraph::models`. They are a crate of their own, because they depend on
//! neither an HTTP client nor progenitor, and so compile beside those.

#![deny(missing_docs)]

// The build script sets `has_model` for the types that are written.
#[cfg(has_model = "dateTimeTimeZone")]
mod date_time_time_zone;
#[cfg(has_model = "itemBody")]
mod item_body;
#[cfg(feature = "planner")]
mod planner;
#[cfg(has_model = "emailAddress")]
mod recipients;

// The models of few areas do not need everything that is imported for them.
#[allow(unused_imports)]
use std::fmt;

use msgraph_core::runtime as model;
#[allow(unused_imports)]
use msgraph_core::runtime::{edm, serde, serde_json};

include!(concat!(env!("OUT_DIR"), "/models.rs"));
