//! Work that takes its time: what Graph accepts with 202 and does later.
//!
//! Copies of drive items, teams that are made, archived or cloned, notebooks that are copied, sessions of workbooks: the call is
//! answered at once, with an address at which its progress is told.
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
//! [`Error::EmptyResponse`](crate::Error::EmptyResponse) where Graph has only accepted it (202): what came is the operation, and
//! not the entity. A call that declares nothing succeeds then, and its operation goes on unwatched.
//!
//! <https://learn.microsoft.com/graph/long-running-actions-overview>

mod pause;
mod work;

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, LOCATION};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::{Instant, sleep};

use pause::{Pauses, Place};
pub use work::{Work, WorkStatus};

use crate::call::{Answered, Call, ExpectedBody, Options, Request, Response, Settings};
use crate::error::{EmptyResponseError, OperationError, TransportError, retry_after};
use crate::page::from_link;
use crate::{Graph, Result};

const OPERATION_LOCATION: HeaderName = HeaderName::from_static("operation-location");

impl<A, O: Options> Call<A, O> {
    /// Makes the call, and gives what tells how the work goes on that it has begun.
    ///
    /// Where the work is over with the answer, the monitor says so at once.
    ///
    /// A [time limit](Call::timeout) of the call is the limit of [`Monitor::wait`] as well.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, team: msgraph::models::Team) -> msgraph::Result<()> {
    /// let monitor = graph.teams().create(team).monitor().await?;
    /// let kept = monitor.url().map(str::to_owned); // goes on after a restart: `graph.monitor(kept)`
    /// let done = monitor.wait().await?;
    /// println!("the team is at {:?}", done.resource_location());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the call gives, and [`Error::EmptyResponse`](crate::Error::EmptyResponse) where the response has no address to
    /// look at although the operation goes on, or nothing in it at all.
    pub async fn monitor(self) -> Result<Monitor> {
        let graph = self.operation.graph().clone();
        let request = self.finish()?;
        let authorization = request.headers.get(AUTHORIZATION).cloned();
        let timeout = request.settings.as_ref().and_then(|said| said.timeout);
        let timeout = timeout.or(graph.timeout());
        let answer = graph.send(request, None).await?;
        if let Some(location) = monitor_address(&answer) {
            return Ok(Monitor {
                authorization,
                timeout,
                ..Monitor::at(graph.clone(), absolute(&graph, &location))
            });
        }
        match Work::read(&answer)? {
            Some(work) if work.is_over() => Ok(Monitor {
                done: Some(work),
                ..Monitor::at(graph, String::new())
            }),
            // There is nothing that could be looked at until it is over.
            Some(_) => {
                let error = EmptyResponseError::within(answer.status, &answer.headers);
                Err(error.without_monitor_address().of(&answer.context).into())
            }
            None => Err(Answered::new(answer).empty()),
        }
    }
}

impl Graph {
    /// Goes on looking at work whose [address](Monitor::url) was kept.
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

/// The header that says where the work is told of. OneNote has one of its own, and says with it more than with the other.
pub(crate) fn monitor_address(answer: &Response) -> Option<String> {
    [OPERATION_LOCATION, LOCATION]
        .iter()
        .filter_map(|name| answer.headers.get(name))
        .filter_map(|value| value.to_str().ok())
        .find(|location| !location.is_empty())
        .map(str::to_owned)
}

/// Teams' addresses stand below the version.
fn absolute(graph: &Graph, location: &str) -> String {
    match location.contains("://") {
        true => location.to_owned(),
        false => format!("{}/{}", graph.root(), location.trim_start_matches('/')),
    }
}

type OnProgress = Box<dyn Fn(&Work) + Send + Sync>;

/// Work that Graph has begun: what [`Call::monitor`] gives.
///
/// Looking at it changes nothing, and the work goes on whether or not anybody looks.
#[must_use = "a monitor looks when it is waited for"]
pub struct Monitor {
    graph: Graph,
    url: String,
    /// What is known already where the work was over with the answer.
    done: Option<Work>,
    interval: Option<Duration>,
    /// How long `wait` may take.
    timeout: Option<Duration>,
    progress: Option<OnProgress>,
    /// That of the call, where it had one of its own: the work is its user's.
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

    /// The address at which the work is told of, to be kept; `None` where the work was over with the answer. Some of these
    /// addresses need no token: whoever has one can look.
    pub fn url(&self) -> Option<&str> {
        Some(self.url.as_str()).filter(|url| !url.is_empty())
    }

    /// Sets the pause between two looks. By default it is as long as the service asks for; else 30
    /// seconds at Graph itself, and elsewhere 1, 2, 4 seconds and so on up to 30.
    ///
    /// A pause that the service asks for is kept in any case, from one second up to ten minutes. An
    /// interval of less than a tenth of a second is one of a tenth.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Limits how long [`wait`](Self::wait) may take, its looks and pauses included.
    ///
    /// By default the limit is that of the [call](Call::timeout) that began the work, else that of
    /// the [client](crate::GraphBuilder::timeout). Without any, `wait` goes on until the work is
    /// over.
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

    /// Has a function called with each look, the last one included.
    pub fn on_progress(mut self, progress: impl Fn(&Work) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Looks once.
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
    /// What the network or the answer is worth. That the work has failed is no error here: its status says so.
    pub async fn poll(&self) -> Result<Work> {
        let (work, _) = self.look(None).await?;
        Ok(work)
    }

    /// Waits until the work is over. Dropping the future ends the waiting and not the work.
    ///
    /// # Errors
    ///
    /// - [`Error::Operation`](crate::Error::Operation) when the work has failed or was cancelled.
    /// - A [timeout](crate::Error::is_timeout) when the next look would be later than the
    ///   [time limit](Self::timeout) allows. The work goes on all the same.
    /// - Those of [`poll`](Self::poll).
    pub async fn wait(self) -> Result<Work> {
        let began = Instant::now();
        let mut pauses = Pauses::new(match self.is_at_graph() {
            true => Place::Graph,
            false => Place::Monitor,
        });
        loop {
            let left = self
                .timeout
                .map(|limit| limit.saturating_sub(began.elapsed()));
            let (work, asked) = self.look(left).await?;
            match work.status() {
                WorkStatus::Succeeded => return Ok(work),
                WorkStatus::Failed | WorkStatus::Cancelled => {
                    return Err(OperationError::new(&work).into());
                }
                _ => {}
            }
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

    /// Looks once, within this time.
    async fn look(&self, time: Option<Duration>) -> Result<(Work, Option<Duration>)> {
        if let Some(work) = &self.done {
            self.tell(work);
            return Ok((work.clone(), None));
        }
        let answer = match self.is_at_graph() {
            true => {
                let operation = from_link(&self.graph, self.url.clone());
                let mut request = operation.finish(Default::default())?;
                request.settings = within(time);
                if let Some(authorization) = &self.authorization {
                    request.headers.insert(AUTHORIZATION, authorization.clone());
                }
                self.graph
                    .send(request, Some(ExpectedBody::json::<Work>()))
                    .await?
            }
            false => self.elsewhere(time).await?,
        };
        let asked = retry_after(answer.status, &answer.headers, chrono::Utc::now());
        let Some(work) = Work::read(&answer)? else {
            return Err(Answered::new(answer).empty());
        };
        self.tell(&work);
        Ok((work, asked))
    }

    fn tell(&self, work: &Work) {
        if let Some(progress) = &self.progress {
            progress(work);
        }
    }

    /// Looks at an address that takes no token, being a secret itself.
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
            .send_elsewhere(request, ExpectedBody::json::<Work>())
            .await
    }

    /// Whether the address is one of Graph's own, which wants a token.
    fn is_at_graph(&self) -> bool {
        let rest = self.url.strip_prefix(self.graph.host_root());
        rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The settings of a look that has so much time.
fn within(time: Option<Duration>) -> Option<Box<Settings>> {
    let timeout = Some(time?);
    Some(Box::new(Settings {
        timeout,
        ..Settings::default()
    }))
}

/// Without the address, which may be all that is needed to look.
impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("is_at_graph", &self.is_at_graph())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
