//! The outcome of each write, as the client reported it.

use msgraph::Error;
use msgraph::error::BatchErrorKind;

use crate::evidence::Evidence;
use crate::problems::{Kind, Problems};

/// The kind of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    Update,
}

/// The outcome of a write, as the client reported it.
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
    /// Returns the meaning of the outcome of a call that is not idempotent. The last attempt
    /// decides, because attempts are repeated only if the previous one was not carried out.
    pub fn of<T>(outcome: &msgraph::Result<T>) -> Self {
        match outcome {
            Ok(_) => Self::Done,
            Err(error) if is_not_done(error) => Self::NotDone,
            Err(_) => Self::Unclear,
        }
    }

    /// Returns the meaning of the outcome of an idempotent call. An attempt before the last one may
    /// have been carried out.
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
                // 503 means that the service has not accepted the request.
                api.status().as_u16() == 503
            }
        }
        Error::Transport(transport) => transport.is_connect() || error.is_throttled(),
        Error::Batch(batch) => batch.kind() == BatchErrorKind::NotRun,
        Error::SignIn(_) | Error::Host(_) | Error::Request(_) | Error::Configuration(_) => true,
        _ => false,
    }
}

/// The reported outcomes of all writes.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<(u32, Act, Said)>,
}

impl Ledger {
    pub fn write(&mut self, number: u32, act: Act, said: Said) {
        self.entries.push((number, act, said));
    }

    /// Compares the reported outcomes with the records.
    pub fn compare(&self, evidence: &Evidence, problems: &Problems) {
        for (number, act, said) in &self.entries {
            let times = evidence.writes.get(&u64::from(*number)).copied();
            let times = times.unwrap_or_default();
            let times = match act {
                Act::Create => times.created,
                // A created entity may also be filled with content, so the two counts are separate.
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
