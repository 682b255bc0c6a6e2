//! Errors of long-running operations.

use std::fmt;

use crate::long_running_operation::LongRunningOperation;
use crate::redact::OneLine;

/// A long-running operation that failed or was cancelled.
/// `Monitor::wait` returns it.
#[derive(Clone, Debug)]
pub struct LongRunningOperationError {
    work: LongRunningOperation,
}

impl LongRunningOperationError {
    #[doc(hidden)]
    pub fn new(work: &LongRunningOperation) -> Self {
        Self { work: work.clone() }
    }

    /// Returns the last known state of the operation.
    pub fn operation(&self) -> &LongRunningOperation {
        &self.work
    }
}

impl fmt::Display for LongRunningOperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = &self.work;
        write!(
            f,
            "the long-running operation ended with status {}",
            work.status()
        )?;
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

impl std::error::Error for LongRunningOperationError {}
