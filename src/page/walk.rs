//! Follows the links from page to page.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Method;
use http::header::HeaderMap;
use msgraph_core::operation_metadata::OperationMetadata;
use msgraph_io::Driven;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::call::{ReceivedResponse, Request, Sending, Settings};
use crate::error::Error;
use crate::transport::{ExpectedBody, remove_headers_of_one_request};
use crate::{Graph, Result};

/// The state of following links from page to page, independent of the type of the items.
pub(crate) struct Walk {
    graph: Graph,
    /// The body that each page must have.
    expected: ExpectedBody,
    /// The call's template, kept for all pages.
    template: String,
    /// The call's metadata, kept for all pages.
    facts: Option<&'static OperationMetadata>,
    /// The headers of the call that are sent with the request for each page, because links do not
    /// hold them.
    headers: HeaderMap,
    /// The call's settings, kept for all pages.
    settings: Option<Box<Settings>>,
    state: State,
    /// The link of the page that was read last.
    at: Option<String>,
    followed: Followed,
    delta_link: Option<String>,
    /// `true` if each page is requested before it is needed.
    ahead: bool,
}

enum State {
    /// The request to send when the next page is needed.
    Next(Request),
    Loading {
        sending: Sending,
        link: String,
    },
    /// The error to return when the next page is requested.
    Failed(Error),
    Done,
}

impl Walk {
    /// Creates a walk over pages of `T`s.
    pub(crate) fn new<T>(graph: Graph, first: Request) -> Self {
        let mut headers = first.headers.clone();
        remove_headers_of_one_request(&mut headers);
        Self {
            graph,
            expected: ExpectedBody::json::<T>(),
            template: first.template.clone(),
            facts: first.facts,
            headers,
            settings: first.settings.clone(),
            state: State::Next(first),
            at: None,
            followed: Followed::default(),
            delta_link: None,
            ahead: false,
        }
    }

    pub(crate) fn failed(graph: Graph, error: Error) -> Self {
        Self {
            graph,
            expected: ExpectedBody::json::<()>(),
            template: String::new(),
            facts: None,
            headers: HeaderMap::new(),
            settings: None,
            state: State::Failed(error),
            at: None,
            followed: Followed::default(),
            delta_link: None,
            ahead: false,
        }
    }

    /// Requests each page before it is needed.
    pub(crate) fn prefetch(&mut self) {
        self.ahead = true;
    }

    /// Returns the call's template.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// Returns the link of the page that was read last.
    pub(crate) fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// Returns the link of the page that comes next, or that failed.
    pub(crate) fn next_link(&self) -> Option<&str> {
        self.followed.last.as_deref()
    }

    /// Returns the `@odata.deltaLink` of the last page.
    pub(crate) fn delta_link(&self) -> Option<&str> {
        self.delta_link.as_deref()
    }

    /// Returns `true` if no more pages come.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Returns the response that is the next page. The walk is done until its reader calls `turn`
    /// to continue it.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<ReceivedResponse>>> {
        loop {
            match &mut self.state {
                State::Loading { sending, link } => {
                    let response = ready!(sending.as_mut().poll(context));
                    self.at = Some(mem::take(link));
                    self.state = State::Done;
                    return Poll::Ready(Some(response.map(ReceivedResponse::new)));
                }
                state => match mem::replace(state, State::Done) {
                    State::Next(request) => {
                        let link = request.url.clone();
                        let sending = self.graph.send(request, Some(self.expected));
                        *state = State::Loading { sending, link };
                    }
                    State::Failed(error) => return Poll::Ready(Some(Err(error))),
                    State::Loading { .. } | State::Done => return Poll::Ready(None),
                },
            }
        }
    }

    /// Continues from a page with these links.
    pub(crate) fn turn(
        &mut self,
        received: &ReceivedResponse,
        next: Option<&str>,
        delta: Option<&str>,
    ) {
        self.delta_link = delta.map(str::to_owned);
        let Some(link) = next else {
            self.followed = Followed::default();
            return;
        };
        let wrong = if !is_url(link) {
            Some("the next link (`@odata.nextLink`) is not an absolute URL")
        } else if !self.followed.follow(link) {
            Some("the next link (`@odata.nextLink`) leads back to a page that was already read")
        } else {
            None
        };
        self.state = match wrong {
            Some(reason) => State::Failed(received.paging_error(reason).into()),
            None => self.ask(link),
        };
    }

    /// Ends the walk with an error, which is returned when the next page is requested.
    pub(crate) fn fail(&mut self, received: &ReceivedResponse, reason: &str) {
        self.delta_link = None;
        self.followed = Followed::default();
        self.state = State::Failed(received.paging_error(reason).into());
    }

    fn ask(&self, link: &str) -> State {
        let request = Request {
            method: Method::GET,
            url: link.to_owned(),
            template: self.template.clone(),
            facts: self.facts,
            headers: self.headers.clone(),
            body: None,
            settings: self.settings.clone(),
        };
        if !self.ahead {
            return State::Next(request);
        }
        State::Loading {
            sending: in_background(self.graph.clone(), request, Some(self.expected)),
            link: link.to_owned(),
        }
    }
}

/// Sends a request in a task, even while the caller does not wait for it. Dropping the future ends
/// the task.
///
/// The runtime of that task may end or stop polling it. Then the request is sent once more on the
/// runtime that waits for it, which is safe because it is a GET.
fn in_background(graph: Graph, request: Request, expected: Option<ExpectedBody>) -> Sending {
    struct InTask(Arc<Driven>);

    impl Drop for InTask {
        fn drop(&mut self) {
            self.0.stop();
        }
    }

    let task = InTask(Arc::default());
    let (sender, received) = oneshot::channel();
    if let Ok(runtime) = Handle::try_current() {
        let sending = graph.send(request.clone(), expected);
        let sending = async move {
            // The stream may have been dropped by then.
            let _ = sender.send(sending.await);
        };
        task.0.start(&runtime, sending);
    }
    Box::pin(async move {
        let received = tokio::select! {
            biased;
            received = received => received.ok(),
            () = task.0.stalled() => None,
        };
        drop(task);
        match received {
            Some(received) => received,
            None => graph.send(request, expected).await,
        }
    })
}

/// Checks whether a link is an absolute URL.
pub(crate) fn is_url(link: &str) -> bool {
    link.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

/// The followed links, as many as are needed to detect a loop.
///
/// The last link detects a link that repeats itself. A longer loop is detected by Brent's method
/// (R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980). It remembers one link
/// and replaces it each time the number of steps has doubled. The memory is therefore constant for
/// any number of pages.
#[derive(Default)]
struct Followed {
    last: Option<String>,
    mark: Option<String>,
    since_mark: u64,
    until_mark: u64,
}

impl Followed {
    /// Records a link; returns `false` when it was followed before.
    fn follow(&mut self, link: &str) -> bool {
        if self.last.as_deref() == Some(link) || self.mark.as_deref() == Some(link) {
            return false;
        }
        self.since_mark += 1;
        if self.since_mark > self.until_mark {
            self.mark = Some(link.to_owned());
            self.since_mark = 0;
            self.until_mark = self.until_mark * 2 + 1;
        }
        self.last = Some(link.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circular_links_of_any_length_are_found() {
        for length in 1..40 {
            for lead in 0..10 {
                let mut followed = Followed::default();
                let links = (0..lead + length).chain((lead..lead + length).cycle());
                let steps = links
                    .take_while(|link| followed.follow(&link.to_string()))
                    .count();
                assert!(steps >= lead + length, "a link that was new was refused");
                assert!(
                    steps <= 4 * (lead + length),
                    "{length} after {lead}: {steps}"
                );
            }
        }
    }
}
