//! What uploads and downloads have in common: the progress that they report.

mod file_kind;
mod progress;
mod retries;

pub(crate) use file_kind::name_of;
pub use progress::Progress;
pub(crate) use progress::Report;
pub(crate) use retries::BoundedRetries;
