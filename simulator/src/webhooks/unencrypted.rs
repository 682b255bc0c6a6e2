//! Stands for the encryption of notifications where its feature is off.

use serde_json::Value;

/// A subscriber's certificate. It does not exist, because no subscription with one is accepted.
#[derive(Clone, Debug)]
pub(crate) enum Recipient {}

impl Recipient {
    /// Refuses every certificate.
    pub(crate) fn read(_: &str) -> Result<Self, &'static str> {
        Err("this simulator does not encrypt")
    }

    pub(crate) fn encrypt(&self, _: &Value, _: &str) -> Option<Value> {
        match *self {}
    }
}
