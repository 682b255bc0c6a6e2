//! The effect at Graph of sending a request twice, by its method.

use http::Method;

/// The effect of sending a request twice, with the least harmless first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Sending twice differs from sending once, or the effect is not known.
    Other,
    /// Sending twice has the same effect as sending once.
    Idempotent,
    /// The request changes nothing, or the caller declares it safe to repeat.
    Safe,
}

impl Effect {
    /// Returns the effect of a method according to RFC 9110. `PATCH` is not idempotent: one that
    /// adds members to a group is refused the second time.
    pub fn of_method(method: &Method) -> Self {
        match (method.is_safe(), method.is_idempotent()) {
            (true, _) => Self::Safe,
            (false, true) => Self::Idempotent,
            (false, false) => Self::Other,
        }
    }
}
