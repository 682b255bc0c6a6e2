//! The common parts of uploads and downloads: the progress that they report.

mod file_kind;
mod progress;
mod retries;

pub(crate) use file_kind::name_of;
pub use progress::Progress;
pub(crate) use progress::Report;
pub(crate) use retries::BoundedRetries;
