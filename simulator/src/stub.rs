//! The responses that a test defines for what the simulator does not simulate.

use bytes::Bytes;
use http::header::HeaderName;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::answer::Answer;
use crate::fault::fits;
use crate::request::Request;

/// The response to a request that a test defines ([`Simulator::on`](crate::Simulator::on)).
///
/// ```
/// use http::StatusCode;
/// use msgraph_simulator::StubResponse;
/// use serde_json::json;
///
/// let tips = StubResponse::json(StatusCode::OK, &json!({ "value": [] }));
/// let accepted = StubResponse::empty(StatusCode::ACCEPTED).header("retry-after", "5");
/// // A JSON value alone is the body of a 200.
/// let short = StubResponse::from(json!({ "value": [] }));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a response does nothing until it is passed to `simulator.on(…)`"]
pub struct StubResponse(Answer);

/// The responses that a test has defined.
#[derive(Debug, Default)]
pub(crate) struct Stubs(Vec<Stub>);

#[derive(Debug)]
struct Stub {
    method: Method,
    path: String,
    response: StubResponse,
}

impl StubResponse {
    /// Creates a response without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self(Answer::empty(status))
    }

    /// Creates a response with JSON.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self(Answer::json(status, body))
    }

    /// Creates a response with any body.
    pub fn bytes(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self(Answer::bytes(status, media_type, body))
    }

    /// Sets a header. A name or value that HTTP does not permit is left out.
    pub fn header(self, name: &str, value: &str) -> Self {
        match HeaderName::try_from(name) {
            Ok(name) => Self(self.0.with(name, value)),
            Err(_) => self,
        }
    }
}

impl From<Value> for StubResponse {
    fn from(body: Value) -> Self {
        Self::json(StatusCode::OK, &body)
    }
}

impl Stubs {
    /// Adds a response. It replaces an earlier one of the same method and path.
    pub(crate) fn add(&mut self, method: Method, path: String, response: StubResponse) {
        self.0
            .retain(|stub| stub.method != method || stub.path != path);
        self.0.push(Stub {
            method,
            path,
            response,
        });
    }

    /// Removes all responses.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the latest response that is defined for a request; `path` is the path below the
    /// version.
    pub(crate) fn response(&self, request: &Request, path: &str) -> Option<Answer> {
        let mut stubs = self.0.iter().rev();
        let found = stubs.find(|stub| stub.method == request.method && fits(&stub.path, path));
        found.map(|stub| stub.response.0.clone())
    }
}
