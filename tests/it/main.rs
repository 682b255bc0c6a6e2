//! One binary for all integration tests, since linking a crate of this size once is enough.

mod call;
mod paging;
mod query;
mod support;
