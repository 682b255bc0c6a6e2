//! The record of the requests to a simulator.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// The default number of requests that are kept.
pub(crate) const KEPT: usize = 10_000;

/// The headers that hold a secret: a token, or a value that only programs of one machine know.
const SECRET: [&str; 3] = ["authorization", "x-identity-header", "secret"];

/// The host of a simulator that received a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// The host of Graph and the identity platform:
    /// [`Simulator::login_url`](crate::Simulator::login_url).
    Graph,
    /// The host of uploads, downloads and monitors of long-running operations, which takes no
    /// token: [`Simulator::storage_url`](crate::Simulator::storage_url).
    Storage,
}

/// A request as it arrived, and the status of its response.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The host that received the request.
    pub host: Host,
    /// The method.
    pub method: Method,
    /// Path and query, byte for byte as they were sent.
    pub target: String,
    /// The headers. Their names are in lower case, as HTTP compares them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The status of the response; `None` if none arrived.
    pub status: Option<StatusCode>,
    /// The path of the description that served the request (`/users/{user-id}`). `None` for
    /// sign-in, for a response of [`Simulator::on`](crate::Simulator::on), and for unknown paths.
    pub template: Option<String>,
    /// The requests in the body of a `$batch`, in its order, as far as they could be read.
    pub parts: Vec<RecordedRequest>,
    /// The number of the request, in the order of arrival.
    pub(crate) number: u64,
}

impl RecordedRequest {
    /// Returns the path, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the query as it was sent, without its `?`. It is empty if the request has none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns a header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body as JSON; `None` if it is not JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    fn hide_secrets(&mut self) {
        for name in SECRET {
            if let Some(secret) = self.headers.get_mut(name) {
                secret.set_sensitive(true);
            }
        }
    }

    /// Checks whether this is a request to the token endpoint.
    pub fn is_sign_in(&self) -> bool {
        self.path().ends_with("/oauth2/v2.0/token")
    }
}

/// Formats as a line: `POST /v1.0/me/messages → 201`.
impl fmt::Display for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} → ", self.method, self.target)?;
        match self.status {
            Some(status) => write!(formatter, "{}", status.as_u16()),
            None => formatter.write_str("no response"),
        }
    }
}

/// Omits the body and the headers that hold a secret, because a failed test prints this.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordedRequest")
            .field("host", &self.host)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("status", &self.status)
            .field("template", &self.template)
            .field("parts", &self.parts)
            .finish()
    }
}

/// The numbers of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCounts {
    /// The number of requests to Graph and to the identity platform, token requests included.
    pub graph: u64,
    /// The number of requests to the host that takes no token.
    pub storage: u64,
    /// The number of requests to the token endpoint.
    pub token: u64,
}

/// A recorder that counts the requests and keeps the last ones.
#[derive(Debug)]
pub(crate) struct Recorder {
    requests: VecDeque<RecordedRequest>,
    kept: usize,
    counts: RequestCounts,
    /// The number of requests and of parts of batches that have begun.
    begun: u64,
}

impl Recorder {
    pub(crate) fn keeping(kept: usize) -> Self {
        Self {
            requests: VecDeque::new(),
            kept,
            counts: RequestCounts::default(),
            begun: 0,
        }
    }

    /// Returns the number of the next request.
    pub(crate) fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    pub(crate) fn record(&mut self, mut request: RecordedRequest) {
        match request.host {
            Host::Graph => self.counts.graph += 1,
            Host::Storage => self.counts.storage += 1,
        }
        self.counts.token += u64::from(request.is_sign_in());
        request.hide_secrets();
        request
            .parts
            .iter_mut()
            .for_each(RecordedRequest::hide_secrets);
        self.requests.push_back(request);
        while self.requests.len() > self.kept {
            self.requests.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> RequestCounts {
        self.counts
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}
