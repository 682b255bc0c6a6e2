//! Questions about the recorded requests and changes: which requests came, what they changed, and
//! whether anything was done twice.

use std::collections::HashMap;
use std::fmt;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::changes::RecordedChange;
use crate::fault::fits;
use crate::recorder::RecordedRequest;

/// The recorded requests of a simulator, each with the changes that it has made.
///
/// The requests in the body of a `$batch` stand in the place of the batch. Each filter returns the
/// entries that fit, so filters are combined by calling one after the other. The text of the
/// activity has a line for each request and each change, for the message of an assertion.
///
/// ```
/// use http::{Method, StatusCode};
/// use msgraph_simulator::Simulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// let simulator = Simulator::start().await?;
/// // … the client runs …
/// let activity = simulator.activity();
/// let sent = activity.method(Method::POST).template("/me/sendMail");
/// assert!(sent.len() < 2, "{sent}");
/// let throttled = activity.status(StatusCode::TOO_MANY_REQUESTS);
/// assert!(throttled.is_empty(), "{throttled}");
/// let repeated = activity.repeated();
/// assert!(repeated.is_empty(), "{repeated}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Activity {
    entries: Vec<ActivityEntry>,
}

/// A request, and what it has changed.
#[derive(Clone)]
#[non_exhaustive]
pub struct ActivityEntry {
    /// The request.
    pub request: RecordedRequest,
    /// `true` if the request came in the body of a `$batch`.
    pub in_batch: bool,
    /// The changes that the request has made.
    pub changes: Vec<RecordedChange>,
}

impl Activity {
    pub(crate) fn new(requests: Vec<RecordedRequest>, changes: &[RecordedChange]) -> Self {
        let mut by_number: HashMap<u64, Vec<RecordedChange>> = HashMap::new();
        for change in changes {
            let made = by_number.entry(change.number).or_default();
            made.push(change.clone());
        }
        let mut entries = Vec::new();
        let mut add = |request: RecordedRequest, in_batch| {
            let changes = by_number.remove(&request.number).unwrap_or_default();
            entries.push(ActivityEntry {
                request,
                in_batch,
                changes,
            });
        };
        for mut request in requests {
            let parts = std::mem::take(&mut request.parts);
            if parts.is_empty() {
                add(request, false);
            }
            for part in parts {
                add(part, true);
            }
        }
        Self { entries }
    }

    /// Returns the entries, in the order in which the requests arrived.
    pub fn entries(&self) -> &[ActivityEntry] {
        &self.entries
    }

    /// Returns the number of requests.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Checks whether there is no request.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the changes of all requests, in their order.
    pub fn changes(&self) -> impl Iterator<Item = &RecordedChange> {
        self.entries.iter().flat_map(|entry| &entry.changes)
    }

    /// Returns the requests that fit a condition.
    #[must_use]
    pub fn filter(&self, mut fits: impl FnMut(&ActivityEntry) -> bool) -> Self {
        let entries = self.entries.iter().filter(|entry| fits(entry));
        Self {
            entries: entries.cloned().collect(),
        }
    }

    /// Returns the requests with this method.
    #[must_use]
    pub fn method(&self, method: Method) -> Self {
        self.filter(|entry| entry.request.method == method)
    }

    /// Returns the requests to this path (`/v1.0/users/*/messages`), as
    /// [`Fault::at`](crate::Fault::at) compares it.
    #[must_use]
    pub fn path(&self, pattern: &str) -> Self {
        self.filter(|entry| fits(pattern, entry.request.path()))
    }

    /// Returns the requests that this path of the description has served
    /// (`/users/{user-id}/messages`).
    #[must_use]
    pub fn template(&self, template: &str) -> Self {
        self.filter(|entry| entry.request.template.as_deref() == Some(template))
    }

    /// Returns the requests with this status in their response.
    #[must_use]
    pub fn status(&self, status: StatusCode) -> Self {
        self.filter(|entry| entry.request.status == Some(status))
    }

    /// Returns the requests that have changed something.
    #[must_use]
    pub fn changed(&self) -> Self {
        self.filter(|entry| !entry.changes.is_empty())
    }

    /// Returns the requests that have done the same thing as another one: a POST with the same path
    /// and query and an equal body, which was carried out both times.
    ///
    /// JSON bodies are equal if their values are. A POST was carried out if it has changed
    /// something, or if its response is a success without content, as the response to `sendMail`
    /// is. Therefore queries with POST do not count, and neither do refused requests. Requests with
    /// other methods have the same result if they are repeated.
    #[must_use]
    pub fn repeated(&self) -> Self {
        let mut alike: HashMap<(&str, Sent), Vec<usize>> = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if entry.acted() {
                let request = &entry.request;
                let key = (request.target.as_str(), Sent::new(request));
                alike.entry(key).or_default().push(at);
            }
        }
        let several = alike.into_values().filter(|places| places.len() > 1);
        let mut places: Vec<usize> = several.flatten().collect();
        places.sort_unstable();
        let entries = places.into_iter().filter_map(|at| self.entries.get(at));
        Self {
            entries: entries.cloned().collect(),
        }
    }
}

impl ActivityEntry {
    /// Checks whether this is a POST that has done something.
    fn acted(&self) -> bool {
        let empty = [StatusCode::ACCEPTED, StatusCode::NO_CONTENT];
        let accepted = self
            .request
            .status
            .is_some_and(|status| empty.contains(&status));
        self.request.method == Method::POST
            && !self.request.is_sign_in()
            && (accepted || !self.changes.is_empty())
    }
}

/// The body of a request, so that equal ones are found: JSON without its order and spaces.
#[derive(PartialEq, Eq, Hash)]
enum Sent {
    Json(Value),
    Bytes(bytes::Bytes),
}

impl Sent {
    fn new(request: &RecordedRequest) -> Self {
        match request.json() {
            Some(json) => Self::Json(json),
            None => Self::Bytes(request.body.clone()),
        }
    }
}

/// Formats as a line for the request, and a line for each change.
impl fmt::Display for ActivityEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.request)?;
        if self.in_batch {
            formatter.write_str(" (in a batch)")?;
        }
        for change in &self.changes {
            write!(formatter, "\n    {change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return formatter.write_str("no requests");
        }
        for (at, entry) in self.entries.iter().enumerate() {
            let before = if at == 0 { "" } else { "\n" };
            write!(formatter, "{before}{entry}")?;
        }
        Ok(())
    }
}

/// Formats as the text of [`Display`](fmt::Display), which has no bodies and no secrets.
impl fmt::Debug for Activity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Formats as the text of [`Display`](fmt::Display), which has no bodies and no secrets.
impl fmt::Debug for ActivityEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
