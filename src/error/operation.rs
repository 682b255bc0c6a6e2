//! Work that Graph began and did not bring to an end.

use std::fmt;

use super::text::OneLine;
use crate::monitor::Work;

/// Work that has failed or was cancelled: what [`Monitor::wait`](crate::monitor::Monitor::wait) gives of it.
#[derive(Clone, Debug)]
pub struct OperationError {
    work: Work,
}

impl OperationError {
    pub(crate) fn new(work: &Work) -> Self {
        Self { work: work.clone() }
    }

    /// What was told of it last.
    pub fn work(&self) -> &Work {
        &self.work
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = &self.work;
        write!(f, "the work that Graph began has ended: {}", work.status())?;
        let mut before = ", ";
        for part in [work.error_code(), work.error_message()]
            .into_iter()
            .flatten()
        {
            write!(f, "{before}{}", OneLine(part))?;
            before = ": ";
        }
        Ok(())
    }
}

impl std::error::Error for OperationError {}
