//! One binary for all integration tests, since linking a crate of this size once is enough.

mod auth;
mod batch;
mod call;
mod certificate;
mod delta;
mod download;
mod errors;
mod examples;
mod hosts;
mod model;
mod model_reading;
mod monitor;
mod msrv;
mod notifications;
mod paging;
mod permissions;
mod prefer;
mod query;
mod retry;
mod secrets;
mod store;
mod support;
mod tracing;
mod upload;
