//! The fields of a request: of a form, or of a query.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::SignInError;
use crate::request::Request;

/// Names and values, in the order in which they were sent.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Returns the fields of a body. A body that is not a form has none.
    pub(super) fn body(request: &Request) -> Self {
        match request.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => {
                Self::read(&String::from_utf8_lossy(&request.body))
            }
            _ => Self(Vec::new()),
        }
    }

    /// Returns the fields of a query.
    pub(super) fn query(request: &Request) -> Self {
        Self::read(request.query())
    }

    fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Returns a field's value. An empty value counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self
            .0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn require(&self, name: &str) -> Result<&str, SignInError> {
        self.get(name).ok_or_else(|| SignInError::missing(name))
    }

    /// Returns the claims that are requested, or `Null` if there are none.
    pub(super) fn claims(&self) -> Result<Value, SignInError> {
        let Some(claims) = self.get("claims") else {
            return Ok(Value::Null);
        };
        serde_json::from_str(claims).map_err(|_| {
            SignInError::new(
                "invalid_request",
                900_093,
                "The 'claims' parameter is not valid JSON.",
            )
        })
    }
}

/// Checks whether claims declare that the client can handle a claims challenge.
pub(super) fn is_capable(claims: &Value) -> bool {
    claims.to_string().contains("\"cp1\"")
}

/// Decodes a text of a form, in which a `+` is a space.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}
