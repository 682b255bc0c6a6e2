//! What uploads and downloads share.

mod backoff;
mod progress;

pub(crate) use backoff::Backoff;
pub use progress::Progress;
pub(crate) use progress::Report;
