//! Answers that were a success and still no use.

use std::fmt;

use http::{HeaderMap, Method, StatusCode};

use super::RequestContext;
use super::api::request_id_of;
use super::text::OneLine;

/// An answer of Graph's that is not of the type it should be: says where in the JSON, and of which type.
#[derive(Clone, Debug)]
pub struct DecodeError {
    context: Option<RequestContext>,
    path: String,
    type_name: &'static str,
    message: String,
}

impl DecodeError {
    /// `path` is the place in the JSON (`value[3].createdDateTime`, empty for the whole), `type_name` what was read there.
    pub(crate) fn new(path: String, type_name: &'static str, message: String) -> Self {
        Self {
            context: None,
            path,
            type_name,
            message,
        }
    }

    /// What was read was a part of the answer, at this place.
    pub(crate) fn below(mut self, place: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => place.to_owned(),
            path if path.starts_with('[') => format!("{place}{path}"),
            path => format!("{place}.{path}"),
        };
        self
    }

    pub(crate) fn of(mut self, context: &RequestContext) -> Self {
        self.context.get_or_insert_with(|| context.clone());
        self
    }

    /// The place in the JSON: `value[3].createdDateTime`. Empty when it is the whole answer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The type that was to be read: `microsoft.graph.user`.
    pub fn type_name(&self) -> &str {
        self.type_name
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context} → ")?;
        }
        write!(f, "the answer cannot be read as {}", self.type_name)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", OneLine(&self.message))
    }
}

impl std::error::Error for DecodeError {}

/// Pages that do not lead on: a link that repeats, or an answer that is no page.
#[derive(Clone, Debug)]
pub struct PagingError {
    template: String,
    message: String,
}

impl PagingError {
    pub(crate) fn new(template: String, message: String) -> Self {
        Self { template, message }
    }

    /// What is wrong with them.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {} → {}", self.template, OneLine(&self.message))
    }
}

impl std::error::Error for PagingError {}

/// A success without the entity that was expected.
#[derive(Clone, Debug)]
pub struct EmptyResponseError {
    context: RequestContext,
    status: StatusCode,
    request_id: Option<String>,
}

impl EmptyResponseError {
    pub(crate) fn new(
        method: Method,
        template: String,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Self {
        Self {
            context: RequestContext::new(method, template),
            status,
            request_id: request_id_of(headers),
        }
    }

    /// The status of the answer, one of success.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The id of the request, where the answer's headers have it.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for EmptyResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            context,
            status,
            request_id,
        } = self;
        write!(
            f,
            "{context} → {} without the entity that was expected",
            status.as_u16()
        )?;
        match request_id {
            Some(id) => write!(f, ", request-id {}", OneLine(id)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for EmptyResponseError {}
