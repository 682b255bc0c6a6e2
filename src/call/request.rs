//! The request that a call sends.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use msgraph_core::operation_metadata::OperationMetadata;

use super::Settings;
use crate::Result;
use crate::error::RequestError;
use crate::transport::{Effect, Intent};

/// One request to Graph, complete except for what the client adds to every request: access token,
/// request id and user agent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The absolute, encoded URL.
    pub(crate) url: String,
    /// The path with names in place of values, for errors and traces: `/users/{user-id}`.
    pub(crate) template: String,
    /// The known facts about the operation.
    pub(crate) facts: Option<&'static OperationMetadata>,
    pub(crate) headers: HeaderMap,
    /// The complete body, so that it can be sent again. A one-shot stream will be another kind of
    /// body beside this one.
    pub(crate) body: Option<Bytes>,
    /// The call's own settings for attempts and deadline, if it has any.
    pub(crate) settings: Option<Box<Settings>>,
}

impl Request {
    /// Returns the effect of sending the request twice: what the caller declared, or else what the
    /// request itself shows.
    pub(crate) fn effect(&self) -> Effect {
        if self.settings.as_ref().is_some_and(|said| said.idempotent) {
            return Effect::Safe;
        }
        let target = self.url.split('#').next().unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let intent = Intent {
            method: &self.method,
            path,
            query,
            headers: &self.headers,
            body: self.body.as_deref(),
        };
        intent.effect()
    }

    /// Converts the request into the type of the `http` crate.
    pub(crate) fn into_http(self) -> Result<http::Request<Bytes>> {
        let mut request = http::Request::new(self.body.unwrap_or_default());
        let uri = self.url.parse().map_err(|error| {
            let message = format!("its URL is not valid: {error}");
            RequestError::new(self.method.clone(), self.template.clone(), message)
        })?;
        *request.uri_mut() = uri;
        *request.method_mut() = self.method;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}
