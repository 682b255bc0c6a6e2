//! What the client said of each write.

use msgraph::Error;
use msgraph::error::BatchErrorKind;

use crate::evidence::Evidence;
use crate::problems::{Kind, Problems};

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    Update,
}

/// What the client said of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was carried out.
    Done,
    /// It may have been carried out.
    Unclear,
    /// It was not carried out.
    NotDone,
}

impl Said {
    /// What the outcome of a call says that is not idempotent: its last attempt decides, because
    /// attempts are repeated only where the one before was not carried out.
    pub fn of<T>(outcome: &msgraph::Result<T>) -> Self {
        match outcome {
            Ok(_) => Self::Done,
            Err(error) if is_not_done(error) => Self::NotDone,
            Err(_) => Self::Unclear,
        }
    }

    /// What the outcome of a call says that is idempotent: an attempt before the last one may have
    /// been carried out.
    pub fn of_idempotent<T>(outcome: &msgraph::Result<T>) -> Self {
        match outcome {
            Ok(_) => Self::Done,
            Err(_) => Self::Unclear,
        }
    }
}

fn is_not_done(error: &Error) -> bool {
    match error {
        Error::Api(api) => {
            api.status().is_client_error() || error.is_throttled() || {
                // Unavailable: the service has not taken the request.
                api.status().as_u16() == 503
            }
        }
        Error::Transport(transport) => transport.is_connect() || error.is_throttled(),
        Error::Batch(batch) => batch.kind() == BatchErrorKind::NotRun,
        Error::SignIn(_) | Error::Host(_) | Error::Request(_) | Error::Configuration(_) => true,
        _ => false,
    }
}

/// What was said of all writes.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<(u32, Act, Said)>,
}

impl Ledger {
    pub fn write(&mut self, number: u32, act: Act, said: Said) {
        self.entries.push((number, act, said));
    }

    /// Compares what was said with what was recorded.
    pub fn compare(&self, evidence: &Evidence, problems: &Problems) {
        for (number, act, said) in &self.entries {
            let times = evidence.writes.get(&u64::from(*number)).copied();
            let times = times.unwrap_or_default();
            let times = match act {
                Act::Create => times.created,
                // What is created is also filled.
                Act::Update => times.updated,
            };
            let what = || format!("{act:?} w{number}: the client said {said:?}, times {times}");
            match (said, times) {
                (Said::Done, 0) => problems.report(Kind::Lost, what),
                (Said::NotDone, 1..) => problems.report(Kind::Wrong, what),
                (_, 2..) => problems.report(Kind::Duplicated, what),
                _ => {}
            }
        }
    }
}
