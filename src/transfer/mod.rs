//! Code that uploads and downloads share.

mod backoff;
mod file_kind;
mod progress;

pub(crate) use backoff::Backoff;
pub(crate) use file_kind::name_of;
pub use progress::Progress;
pub(crate) use progress::Report;
