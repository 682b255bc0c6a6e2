//! One binary for all integration tests, since linking a crate of this size once is enough.

mod auth;
mod call;
mod delta;
mod download;
mod errors;
mod examples;
mod hosts;
mod model;
mod model_reading;
mod msrv;
mod notifications;
mod paging;
mod permissions;
mod query;
mod secrets;
mod support;
mod upload;
