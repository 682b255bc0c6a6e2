//! The one table that says which outcomes are retried.
//!
//! Every part of this crate that repeats a request gets the meaning of an outcome from here. Each
//! part uses the [`Verdict`] in its own way on purpose:
//!
//! | sender | `NotDone` | `Unclear` | `Faulty` | limits |
//! |---|---|---|---|---|
//! | a call | again | if [`Effect`] allows | if it allows, and the policy does | `RetryPolicy` |
//! | a request in a batch | as a call | as a call | as a call | `RetryPolicy` |
//! | a piece of a file | again | again | again | `transfer::retries` |
//! | a renewal of a subscription | again | again | again | `transfer::retries` |
//! | a status request for a long-running operation | as a call | as a call | as a call | `monitor::pause` |
//! | a token request | once | once | once | `auth::platform::endpoint` |
//! | a token request with a one-time code | if unsent | never | never | `auth::platform::endpoint` |
//! | a managed identity | again | again | again | `auth::managed_identity::endpoint` |
//! | a job's own token service | once | once | once | `auth::federation::id_token` |
//! | a request for signing keys | never | never | never | `notifications::keys` |
//! | `Error::is_retryable` | true | true | true | the caller's |
//!
//! A piece of a file may be sent again after any outcome, because its session or range says where
//! to continue. A renewal may be sent again too, because setting the same end twice has the same
//! effect as setting it once.
//!
//! A token request is not repeated after 429, or if the response names a time to come back: then
//! the calls wait. A managed identity is also asked again after 404 and 410, which mean that it is
//! still being set up. To it and to a job's token service, [`Verdict::of_token_service`] applies.
//!
//! The waits are those of a `Backoff`.

use http::StatusCode;

use crate::effect::Effect;

/// A status that is not registered. SharePoint uses it for a bandwidth limit.
const BANDWIDTH_LIMIT_EXCEEDED: u16 = 509;

/// Checks whether a status means that there were too many calls.
pub fn is_throttling(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | BANDWIDTH_LIMIT_EXCEEDED)
}

/// The meaning of an attempt's outcome for another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The response is the result of the call, or another attempt would end in the same way.
    Final,
    /// The service did nothing: it says so, or the request never reached it.
    NotDone,
    /// The service may have processed the request.
    Unclear,
    /// The service failed, perhaps in the middle of the request.
    Faulty,
}

impl Verdict {
    /// Returns the meaning of a status.
    #[doc(hidden)]
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            // Too many calls, service not available, or request too late: refused before processing
            // began.
            408 | 429 | 503 | BANDWIDTH_LIMIT_EXCEEDED => Self::NotDone,
            // A gateway stopped waiting for a service that may still have continued.
            504 => Self::Unclear,
            500 | 502 => Self::Faulty,
            _ => Self::Final,
        }
    }

    /// Returns the meaning of a status of a service that gives a machine or a job its tokens. Such
    /// a request only reads, so each server error counts as a fault that may pass.
    #[doc(hidden)]
    pub fn of_token_service(status: StatusCode) -> Self {
        match Self::of_status(status) {
            Self::Final if status.is_server_error() => Self::Faulty,
            verdict => verdict,
        }
    }

    /// Checks whether the fault may pass, so that another attempt may succeed.
    #[doc(hidden)]
    pub fn is_passing(self) -> bool {
        self != Self::Final
    }

    /// Checks whether a call with this effect may be sent again. `server_errors` is the retry
    /// policy's setting for 500 and 502.
    #[doc(hidden)]
    pub fn allows(self, effect: Effect, server_errors: bool) -> bool {
        match self {
            Self::Final => false,
            Self::NotDone => true,
            Self::Unclear => effect >= Effect::Idempotent,
            Self::Faulty => server_errors && effect >= Effect::Safe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16) -> Verdict {
        Verdict::of_status(StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn statuses_have_one_meaning_each() {
        for status in [408, 429, 503, 509] {
            assert_eq!(of(status), Verdict::NotDone, "{status}");
        }
        for status in [200, 304, 400, 401, 404, 407, 409, 412, 501, 505, 507] {
            assert_eq!(of(status), Verdict::Final, "{status}");
        }
        assert_eq!(of(504), Verdict::Unclear);
        assert_eq!((of(500), of(502)), (Verdict::Faulty, Verdict::Faulty));
    }

    #[test]
    fn token_services_may_recover_from_any_server_error() {
        for code in 100..=599 {
            let status = StatusCode::from_u16(code).unwrap();
            let is_passing = Verdict::of_token_service(status).is_passing();
            assert_eq!(is_passing, matches!(code, 408 | 429 | 500..), "{code}");
            assert_eq!(is_throttling(status), matches!(code, 429 | 509), "{code}");
        }
    }

    #[test]
    fn effect_decides_whether_unclear_attempt_is_repeated() {
        for (effect, unclear, faulty) in [
            (Effect::Other, false, false),
            (Effect::Idempotent, true, false),
            (Effect::Safe, true, true),
        ] {
            assert!(Verdict::NotDone.allows(effect, false));
            assert_eq!(Verdict::Unclear.allows(effect, true), unclear, "{effect:?}");
            assert_eq!(Verdict::Faulty.allows(effect, true), faulty, "{effect:?}");
            assert!(!Verdict::Faulty.allows(effect, false));
            assert!(!Verdict::Final.allows(effect, true));
        }
    }
}
