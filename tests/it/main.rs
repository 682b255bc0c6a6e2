//! One binary for all integration tests, since linking a crate of this size once is enough.

mod auth;
mod call;
mod errors;
mod hosts;
mod model;
mod model_reading;
mod msrv;
mod paging;
mod permissions;
mod prefer;
mod query;
mod retry;
mod secrets;
mod support;
mod tracing;
