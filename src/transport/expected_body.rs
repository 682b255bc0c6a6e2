//! The body that a call needs.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use msgraph_core::decode::{cut_error, type_name};

use crate::error::{EmptyResponseError, Error};
use crate::json;

/// The body that a call needs from a success, for the layer that decides whether to send the call
/// again.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ExpectedBody {
    /// Returns the type name for errors.
    type_name: fn() -> &'static str,
    /// Set to `true` if a success may have no body.
    may_be_empty: bool,
    is_json: bool,
}

impl ExpectedBody {
    /// Returns the expectation of JSON of this type.
    pub(crate) fn json<T>() -> Self {
        Self {
            type_name: type_name::<T>,
            may_be_empty: false,
            is_json: true,
        }
    }

    /// Returns the expectation of text that is not JSON.
    pub(crate) fn text<T>() -> Self {
        Self {
            is_json: false,
            ..Self::json::<T>()
        }
    }

    /// Returns the same expectation, or no body.
    pub(crate) fn or_empty(self) -> Self {
        Self {
            may_be_empty: true,
            ..self
        }
    }

    /// Returns the error for a success whose body is missing or cut off. The body was framed as if
    /// it were complete, so the layers below have not noticed.
    pub(crate) fn lost(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<Error> {
        if json::trimmed(body).is_empty() {
            let error = EmptyResponseError::within(status, headers).without_body();
            return Some(error.into())
                .filter(|error: &Error| !self.may_be_empty && error.is_lost_body());
        }
        if !self.is_json || !json::is_cut(body) {
            return None;
        }
        let error = cut_error(body, (self.type_name)());
        Some(error.within(status, headers, body).into())
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::error::RequestContext;
    use crate::models::User;

    #[test]
    fn missing_or_truncated_body_is_lost() {
        let context = RequestContext::new(Method::GET, "/users".to_owned());
        let lost = |expected: ExpectedBody, status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            let body = Bytes::from_static(body.as_bytes());
            let error = expected.lost(status, &HeaderMap::new(), &body)?;
            Some(error.of(&context))
        };
        let json = ExpectedBody::json::<User>();
        for body in ["", " \n", "{", r#"{"value":[{"id":"1"}"#] {
            let error = lost(json, 200, body).unwrap();
            assert!(
                error.is_retryable() && error.is_lost_body(),
                "{body}: {error}"
            );
        }
        for body in ["{}", "null", "<html>", r#"{"id":1}"#, "x"] {
            assert!(lost(json, 200, body).is_none(), "{body}");
        }
        for status in [202, 204] {
            assert!(lost(json, status, "").is_none(), "{status}");
        }
        assert!(lost(json.or_empty(), 200, "").is_none());
        assert!(lost(json.or_empty(), 200, "{").is_some());
        assert!(lost(ExpectedBody::text::<i64>(), 200, "").is_some());
        assert!(lost(ExpectedBody::text::<i64>(), 200, "{").is_none());
    }
}
