//! Long-running operations, which Graph accepts with 202 and completes later.
//!
//! Examples are copies of drive items and notebooks, creating, archiving or cloning a team, and
//! sessions of workbooks. The response comes at once, with an address that reports the progress.
//!
//! ```no_run
//! # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
//! use msgraph::models::actions::DriveItemCopy;
//!
//! let copy = DriveItemCopy { name: Some("2026 (copy).xlsx".into()), ..Default::default() };
//! let monitor = graph.me().drive().root().path("2026.xlsx").copy(copy).monitor().await?;
//! let done = monitor
//!     .on_progress(|work| println!("{}: {:?} %", work.status(), work.percentage()))
//!     .wait()
//!     .await?;
//! println!("the copy is {:?}", done.resource_id());
//! # Ok(())
//! # }
//! ```
//!
//! Without `.monitor()`, a call that declares an entity fails with
//! [`Error::EmptyResponse`](crate::Error::EmptyResponse) where Graph has only accepted it (202).
//! The response describes the operation, not the entity. A call that declares no entity succeeds
//! then, and its operation continues unobserved.
//!
//! <https://learn.microsoft.com/graph/long-running-actions-overview>

mod operation;
mod pause;

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, LOCATION};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::{Instant, sleep};

#[doc(inline)]
pub use msgraph_core::long_running_operation::{LongRunningOperation, LongRunningOperationStatus};
use pause::{Pauses, Place};

use crate::call::{Call, Options, ReceivedResponse, Request, Response, Settings};
use crate::error::{EmptyResponseError, LongRunningOperationError, TransportError, retry_after};
use crate::page::from_link;
use crate::transport::ExpectedBody;
use crate::{Graph, Result};

const OPERATION_LOCATION: HeaderName = HeaderName::from_static("operation-location");

impl<A, O: Options> Call<A, O> {
    /// Makes the call, and returns a monitor for the long-running operation that it has started.
    ///
    /// If the operation is already over with the first response, the monitor says so at once.
    ///
    /// A [time limit](Call::timeout) of the call also limits [`Monitor::wait`].
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     team: msgraph::models::Team,
    /// # ) -> msgraph::Result<()> {
    /// let monitor = graph.teams().create(team).monitor().await?;
    /// // After a restart, `graph.monitor(kept)` continues.
    /// let kept = monitor.url().map(str::to_owned);
    /// let done = monitor.wait().await?;
    /// println!("the team is at {:?}", done.resource_location());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of the call. Returns
    /// [`Error::EmptyResponse`](crate::Error::EmptyResponse) where the response is empty, or where
    /// the operation continues and the response has no monitor address.
    pub async fn monitor(self) -> Result<Monitor> {
        let graph = self.operation.graph().clone();
        let request = self.finish()?;
        let authorization = request.headers.get(AUTHORIZATION).cloned();
        let timeout = request.settings.as_ref().and_then(|said| said.timeout);
        let timeout = timeout.or(graph.timeout());
        let response = graph.send(request, None).await?;
        if let Some(location) = monitor_address(&response) {
            return Ok(Monitor {
                authorization,
                timeout,
                ..Monitor::at(graph.clone(), absolute(&graph, &location))
            });
        }
        match operation::read(&response)? {
            Some(work) if work.is_over() => Ok(Monitor {
                done: Some((work, response)),
                ..Monitor::at(graph, String::new())
            }),
            // The operation continues, and there is no address to poll.
            Some(_) => {
                let error = EmptyResponseError::within(response.status, &response.headers);
                Err(error.without_monitor_address().of(&response.context).into())
            }
            None => Err(ReceivedResponse::new(response).empty()),
        }
    }
}

impl Graph {
    /// Returns a monitor for an operation whose [address](Monitor::url) was stored.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: &str) -> msgraph::Result<()> {
    /// let done = graph.monitor(kept).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn monitor(&self, url: impl AsRef<str>) -> Monitor {
        Monitor::at(self.clone(), absolute(self, url.as_ref()))
    }
}

/// Returns the address of the operation from the headers. OneNote has a header of its own, which
/// says more than `Location`.
pub(crate) fn monitor_address(response: &Response) -> Option<String> {
    [OPERATION_LOCATION, LOCATION]
        .iter()
        .filter_map(|name| response.headers.get(name))
        .filter_map(|value| value.to_str().ok())
        .find(|location| !location.is_empty())
        .map(str::to_owned)
}

/// Makes an address absolute. Teams sends addresses relative to the API version.
fn absolute(graph: &Graph, location: &str) -> String {
    match location.contains("://") {
        true => location.to_owned(),
        false => format!("{}/{}", graph.root(), location.trim_start_matches('/')),
    }
}

type OnProgress = Box<dyn Fn(&LongRunningOperation) + Send + Sync>;

/// A monitor for a long-running operation, returned by [`Call::monitor`].
///
/// Polling changes nothing. The operation continues even if the program does not poll it.
#[must_use = "a monitor does nothing unless it is polled"]
pub struct Monitor {
    graph: Graph,
    url: String,
    /// The state of the operation, and the first response, where it was over with that.
    done: Option<(LongRunningOperation, Response)>,
    interval: Option<Duration>,
    /// The time limit of `wait`.
    timeout: Option<Duration>,
    progress: Option<OnProgress>,
    /// The `Authorization` header of the call, where it had its own: the operation belongs to that
    /// user.
    authorization: Option<HeaderValue>,
}

impl Monitor {
    fn at(graph: Graph, url: String) -> Self {
        Self {
            timeout: graph.timeout(),
            graph,
            url,
            done: None,
            interval: None,
            progress: None,
            authorization: None,
        }
    }

    /// Returns the address of the operation, which can be stored; `None` where the operation was
    /// over with the first response.
    ///
    /// Some of these addresses need no token, so every holder of the address can read the state.
    pub fn url(&self) -> Option<&str> {
        Some(self.url.as_str()).filter(|url| !url.is_empty())
    }

    /// Sets the pause between two polls. By default it is the pause that the service asks for.
    /// Without one, it is 30 seconds at Graph itself; elsewhere it is 1, 2, 4 seconds and so on up
    /// to 30.
    ///
    /// A pause that the service asks for is always kept, from one second up to ten minutes. The
    /// shortest interval is a tenth of a second.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Limits the time of [`wait`](Self::wait), including its polls and pauses.
    ///
    /// By default the limit is that of the [call](Call::timeout) that started the operation, else
    /// that of the [client](crate::GraphBuilder::timeout). Without any limit, `wait` continues
    /// until the operation is over.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, kept: &str) -> msgraph::Result<()> {
    /// use std::time::Duration;
    ///
    /// let day = Duration::from_secs(24 * 60 * 60);
    /// let done = graph.monitor(kept).timeout(day).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets a function that is called after each poll, including the last one.
    pub fn on_progress(
        mut self,
        progress: impl Fn(&LongRunningOperation) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Polls the operation once.
    ///
    /// ```no_run
    /// # async fn example(monitor: msgraph::monitor::Monitor) -> msgraph::Result<()> {
    /// let work = monitor.poll().await?;
    /// println!("{}", work.status());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns errors of the network and of the response. A failed operation is not an error here:
    /// its status says so.
    pub async fn poll(&self) -> Result<LongRunningOperation> {
        let (work, _) = self.look(None).await?;
        Ok(work)
    }

    /// Waits until the operation is over. Dropping the future ends the wait but not the operation.
    ///
    /// # Errors
    ///
    /// - Returns [`Error::LongRunningOperation`](crate::Error::LongRunningOperation) when the
    ///   operation has failed or was cancelled.
    /// - Returns a [timeout](crate::Error::is_timeout) when the next poll would be later than the
    ///   [time limit](Self::timeout) allows. The operation continues all the same.
    /// - Returns the errors of [`poll`](Self::poll).
    pub async fn wait(self) -> Result<LongRunningOperation> {
        let began = Instant::now();
        let mut pauses = Pauses::new(match self.is_at_graph() {
            true => Place::Graph,
            false => Place::Monitor,
        });
        loop {
            let left = self
                .timeout
                .map(|limit| limit.saturating_sub(began.elapsed()));
            let (work, response) = self.look(left).await?;
            match work.status() {
                LongRunningOperationStatus::Succeeded => return Ok(work),
                LongRunningOperationStatus::Failed | LongRunningOperationStatus::Cancelled => {
                    return Err(LongRunningOperationError::new(work, response.origin()).into());
                }
                _ => {}
            }
            let asked = retry_after(response.status, &response.headers, chrono::Utc::now());
            let pause = pauses.next(asked, self.interval);
            if let Some(limit) = self.timeout
                && began.elapsed().saturating_add(pause) >= limit
            {
                let status = work.status().to_string();
                return Err(TransportError::still_running(limit, pause, &status).into());
            }
            sleep(pause).await;
        }
    }

    /// Polls the operation once, within this time. Also returns the response that had the state.
    async fn look(&self, time: Option<Duration>) -> Result<(LongRunningOperation, Response)> {
        if let Some((work, response)) = &self.done {
            self.tell(work);
            return Ok((work.clone(), response.clone()));
        }
        let response = match self.is_at_graph() {
            true => {
                let operation = from_link(&self.graph, self.url.clone());
                let mut request = operation.finish(Default::default())?;
                request.settings = within(time);
                if let Some(authorization) = &self.authorization {
                    request.headers.insert(AUTHORIZATION, authorization.clone());
                }
                self.graph
                    .send(request, Some(ExpectedBody::json::<LongRunningOperation>()))
                    .await?
            }
            false => self.elsewhere(time).await?,
        };
        let Some(work) = operation::read(&response)? else {
            return Err(ReceivedResponse::new(response).empty());
        };
        self.tell(&work);
        Ok((work, response))
    }

    fn tell(&self, work: &LongRunningOperation) {
        if let Some(progress) = &self.progress {
            progress(work);
        }
    }

    /// Polls an address that takes no token, because the address itself is a secret.
    async fn elsewhere(&self, time: Option<Duration>) -> Result<Response> {
        let request = Request {
            method: Method::GET,
            url: self.url.clone(),
            template: "{monitorUrl}".to_owned(),
            facts: None,
            headers: HeaderMap::new(),
            body: None,
            settings: within(time),
        };
        self.graph
            .send_elsewhere(request, ExpectedBody::json::<LongRunningOperation>())
            .await
    }

    /// Checks whether the address is one of Graph's own, which requires an access token.
    fn is_at_graph(&self) -> bool {
        let rest = self.url.strip_prefix(self.graph.host_root());
        rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Returns the settings of a poll with this time limit.
fn within(time: Option<Duration>) -> Option<Box<Settings>> {
    let timeout = Some(time?);
    Some(Box::new(Settings {
        timeout,
        ..Settings::default()
    }))
}

/// Prints the monitor without its address, which may be enough to read the state.
impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("is_at_graph", &self.is_at_graph())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
