//! Starts a delta query over.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Sleep;

use super::Changes;
use crate::Graph;
use crate::call::Request;
use crate::error::{ApiError, Error};
use crate::model::Model;
use crate::transport::Backoff;

/// An event that asks to start over, because Graph no longer accepts the token.
///
/// The stream does not start over by itself. Reading everything again may take long, and the caller
/// has to compare the new items with the stored ones.
///
/// Stored items that the new round does not contain no longer exist.
pub struct Resync<T> {
    graph: Graph,
    kind: ResyncKind,
    request: Request,
    error: Error,
    /// The number of consecutive rounds that have started over.
    restarts: u32,
    item: PhantomData<fn() -> T>,
}

/// The maximum number of consecutive rounds that may start over.
pub(super) const MAX_RESTARTS: u32 = 4;

/// Graph's advice on differences between the stored items and the items of the new round.
///
/// <https://learn.microsoft.com/graph/api/driveitem-delta#response-1>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResyncKind {
    /// Graph gives no advice.
    Full,
    /// Graph's items replace the stored ones where the stored ones were in sync when the token was
    /// issued: `resyncChangesApplyDifferences`.
    ApplyDifferences,
    /// Both are kept, because Graph cannot tell which are right. The caller uploads stored items
    /// that the new round does not contain: `resyncChangesUploadDifferences`.
    UploadDifferences,
}

impl<T> Resync<T> {
    pub(super) fn new(
        graph: Graph,
        kind: ResyncKind,
        request: Request,
        error: Error,
        restarts: u32,
    ) -> Self {
        Self {
            graph,
            kind,
            request,
            error,
            restarts,
            item: PhantomData,
        }
    }

    /// Returns Graph's advice.
    pub fn kind(&self) -> ResyncKind {
        self.kind
    }

    /// Returns the link of the new round: the one that Graph gave, or else the first link of the
    /// call.
    pub fn link(&self) -> &str {
        &self.request.url
    }

    /// Returns Graph's response as an error.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl<T: Model> Resync<T> {
    /// Returns a new round that starts from the beginning.
    ///
    /// Graph may ask to start over repeatedly. Then each further round waits before its first
    /// request: the second one for one second, and each later one twice as long. After four such
    /// rounds the stream gives the error of Graph's response instead of another
    /// [`DeltaEvent::Resync`](super::DeltaEvent::Resync).
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: String) -> msgraph::Result<()> {
    /// use msgraph::delta::DeltaEvent;
    ///
    /// let mut changes = graph.users().delta().changes_since(kept);
    /// while let Some(event) = changes.try_next().await? {
    ///     if let DeltaEvent::Resync(resync) = event {
    ///         changes = resync.start_over();
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_over(self) -> Changes<T> {
        let restart = Request {
            url: without_token(&self.request.url),
            ..self.request.clone()
        };
        Changes::again(self.graph, self.request, restart, self.restarts + 1)
    }
}

/// The waits before rounds that start over, from the second round on.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(64));

/// The wait before a round that starts over. It begins when the round is polled, on the runtime
/// that polls it.
#[derive(Default)]
pub(super) struct Pause {
    left: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Pause {
    /// Returns the wait before the round of this number. The first one starts at once, because
    /// Graph asked for it.
    pub(super) fn before(restarts: u32) -> Self {
        Self {
            left: (restarts > 1).then(|| PAUSES.wait(restarts - 1, None)),
            sleep: None,
        }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(left) = self.left.take() {
            self.sleep = Some(Box::pin(tokio::time::sleep(left)));
        }
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
        }
        Poll::Ready(())
    }
}

impl<T> Clone for Resync<T> {
    fn clone(&self) -> Self {
        Self::new(
            self.graph.clone(),
            self.kind,
            self.request.clone(),
            self.error.clone(),
            self.restarts,
        )
    }
}

impl<T> fmt::Debug for Resync<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resync")
            .field("kind", &self.kind)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Checks whether a response asks to start over, and returns how. `has_token` is `true` if the
/// request held the token of an earlier round.
///
/// Services differ. Some send 410 with one of several codes, and some send the same codes with
/// another status. The directory sends a 400 that only names an unsupported query. For a link that
/// the directory itself issued, that can only mean that the link is too old.
pub(super) fn kind(error: &ApiError, has_token: bool) -> Option<ResyncKind> {
    let has = |codes: &[&str]| codes.iter().any(|code| error.has_code(code));
    if has(&["resyncChangesApplyDifferences", "resyncApplyDifferences"]) {
        Some(ResyncKind::ApplyDifferences)
    } else if has(&["resyncChangesUploadDifferences", "resyncUploadDifferences"]) {
        Some(ResyncKind::UploadDifferences)
    } else if error.status() == StatusCode::GONE
        || has(&["resyncRequired", "syncStateNotFound", "syncStateInvalid"])
        || (has_token
            && error.status() == StatusCode::BAD_REQUEST
            && has(&["Request_UnsupportedQuery"]))
    {
        Some(ResyncKind::Full)
    } else {
        None
    }
}

/// Returns a link without the token of a round or of a page.
pub(super) fn without_token(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let is_token = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = name.trim_start_matches('$');
        let name = name.strip_prefix("%24").unwrap_or(name);
        ["deltatoken", "skiptoken", "token"]
            .iter()
            .any(|token| name.eq_ignore_ascii_case(token))
    };
    let kept: Vec<_> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !is_token(parameter))
        .collect();
    let path = match path.rsplit_once('(') {
        // `delta(token='…')`
        Some((before, arguments)) if arguments.starts_with("token=") => format!("{before}()"),
        _ => path.to_owned(),
    };
    match kept.is_empty() {
        true => path,
        false => format!("{path}?{}", kept.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_link_is_delta_link_without_token() {
        for (link, wanted) in [
            (
                "https://g/v1.0/users/delta?$deltatoken=a",
                "https://g/v1.0/users/delta",
            ),
            (
                "https://g/users/delta?$select=id&%24skiptoken=a&$top=5",
                "https://g/users/delta?$select=id&$top=5",
            ),
            ("https://g/root/delta(token='a')", "https://g/root/delta()"),
            ("https://g/root/delta()?token=a", "https://g/root/delta()"),
            ("https://g/users/delta", "https://g/users/delta"),
        ] {
            assert_eq!(without_token(link), wanted);
        }
    }
}
