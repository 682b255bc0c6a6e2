//! Errors of long-running operations.

use std::fmt;

use super::{Attempts, ErrorOrigin};
use crate::long_running_operation::LongRunningOperation;
use crate::redact::OneLine;

/// A long-running operation that failed or was cancelled.
/// `Monitor::wait` returns it.
#[derive(Clone, Debug)]
pub struct LongRunningOperationError {
    work: LongRunningOperation,
    origin: ErrorOrigin,
}

impl LongRunningOperationError {
    #[doc(hidden)]
    pub fn new(work: LongRunningOperation, origin: ErrorOrigin) -> Self {
        Self { work, origin }
    }

    /// Returns the last known state of the operation.
    pub fn operation(&self) -> &LongRunningOperation {
        &self.work
    }

    /// Returns the id that Microsoft's support asks for: that of the response with the last state.
    pub fn request_id(&self) -> Option<&str> {
        self.origin.request_id()
    }

    /// Returns the attempts that were made for the last state.
    pub fn attempts(&self) -> &Attempts {
        self.origin.attempts()
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
        write!(f, "{}", self.origin)
    }
}

impl std::error::Error for LongRunningOperationError {}
