//! Downloads of content piece by piece.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::RangeBounds;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};

use super::expected::Expected;
use super::hash::Check;
use super::range::{Part, Sent, Version, total_of_refusal};
use super::way::ContentRequest;
use super::{HashKind, Progress};
use crate::call::{Call, Content, Opened, Options};
use crate::error::{ErrorOrigin, RequestError, TransferError, TransferErrorKind, TransportError};
use crate::transfer::{BoundedRetries, Report};
use crate::{Error, Result};

impl<O: Options> Call<Content, O> {
    /// Returns the content as a stream of pieces, instead of all at once in memory.
    ///
    /// Awaiting it returns the status and the headers; the bytes are then read from the stream. An
    /// interrupted stream continues from its position.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// let mut content = graph.me().drive().items().id(id).content().get().stream().await?;
    /// while let Some(piece) = content.try_next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> ToStream {
        let graph = self.operation.graph().clone();
        ToStream {
            settings: self.finish().map(|request| Settings {
                way: ContentRequest {
                    graph,
                    request,
                    url: None,
                    expected: Expected::default(),
                },
                part: Some(Part::WHOLE),
                check: None,
                report: Report::default(),
                retries: BoundedRetries::default(),
            }),
        }
    }
}

/// A download that has not been sent yet, returned by [`Call::stream`].
///
/// # Errors
///
/// Returns the errors of any call. Returns [`Error::Transfer`] when the content changes meanwhile,
/// does not match its item, or does not have the requested range. Reading the stream returns the
/// same errors.
#[must_use = "a download does nothing unless it is awaited"]
pub struct ToStream {
    settings: Result<Settings>,
}

/// The call and the caller's settings.
pub(super) struct Settings {
    pub(super) way: ContentRequest,
    /// The requested part; `None` for a range without any byte.
    pub(super) part: Option<Part>,
    pub(super) check: Option<Check>,
    pub(super) report: Report,
    pub(super) retries: BoundedRetries,
}

/// Defines the methods that both kinds of downloads have.
macro_rules! settings {
    () => {
        /// Uses the address in the item, `@microsoft.graph.downloadUrl`, which saves one request to
        /// Graph. Graph is asked for an address where the item has none, or where it has expired.
        ///
        /// `$select` leaves the address out, unless it names the address.
        #[cfg(feature = "files")]
        #[cfg_attr(docsrs, doc(cfg(feature = "files")))]
        pub fn url_of(mut self, item: &crate::models::DriveItem) -> Self {
            if let Ok(settings) = &mut self.settings {
                settings.way.url = crate::Model::download_url(item).map(str::to_owned);
                settings.way.expected.note_item(item);
            }
            self
        }

        /// Compares the content with the hash of the item, where the item has one.
        ///
        /// Content that a tenant protects with labels changes during the download. It then has
        /// neither the size nor the hash of the item.
        #[cfg(feature = "files")]
        #[cfg_attr(docsrs, doc(cfg(feature = "files")))]
        pub fn verify(mut self, item: &crate::models::DriveItem) -> Self {
            if let Ok(settings) = &mut self.settings {
                settings.check = crate::download::Check::of(item);
                settings.way.expected.note_item(item);
            }
            self
        }

        /// Sets a function that receives the progress with each piece.
        pub fn on_progress(mut self, callback: impl FnMut(Progress) + Send + 'static) -> Self {
            if let Ok(settings) = &mut self.settings {
                settings.report = Report::to(callback);
            }
            self
        }

        /// Sets the wait before the rest of an interrupted download is requested, where the service
        /// does not ask for one. Defaults to one second. The wait doubles with each further
        /// attempt. The download fails after five retries without another byte.
        pub fn first_wait(mut self, wait: std::time::Duration) -> Self {
            if let Ok(settings) = &mut self.settings {
                settings.retries = BoundedRetries::starting_with(wait);
            }
            self
        }
    };
}

pub(super) use settings;

impl ToStream {
    settings!();

    /// Downloads only a part of the content.
    ///
    /// A host may send the whole content all the same. The stream then skips the rest.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// let content = graph.me().drive().items().id(id).content().get();
    /// let mut head = content.stream().range(..1024).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn range(mut self, range: impl RangeBounds<u64>) -> Self {
        if let Ok(settings) = &mut self.settings {
            settings.part = Part::of(&range);
        }
        self
    }

    pub(super) fn into_settings(self) -> Result<Settings> {
        self.settings
    }
}

impl IntoFuture for ToStream {
    type Output = Result<ContentStream>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { ContentStream::open(self.settings?).await })
    }
}

impl fmt::Debug for ToStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ToStream");
        match &self.settings {
            Ok(settings) => debug.field("request", &settings.way.request),
            Err(error) => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}

/// The content as a stream, returned by awaiting [`Call::stream`].
///
/// It also implements `futures::Stream` of [`Bytes`].
#[must_use = "a stream does nothing unless it is polled"]
pub struct ContentStream {
    way: Option<ContentRequest>,
    status: StatusCode,
    headers: HeaderMap,
    /// The current response, for errors about it.
    origin: ErrorOrigin,
    part: Part,
    version: Version,
    /// The length of the whole content.
    total: Option<u64>,
    /// The position in the content of the next byte to be given.
    at: u64,
    /// The number of the next received bytes that were already given, or that were not requested.
    skip: u64,
    /// The number of bytes that the `Content-Range` of the current response still promises.
    rest: Option<u64>,
    check: Option<Check>,
    verified: Option<HashKind>,
    report: Report,
    retries: BoundedRetries,
    state: State,
}

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;
type Reopening = Pin<Box<dyn Future<Output = (ContentRequest, Result<Opened>)> + Send>>;

enum State {
    Reading(Body),
    /// The rest is requested after an interruption.
    Reopening(Reopening),
    Over,
}

impl ContentStream {
    pub(super) async fn open(settings: Settings) -> Result<Self> {
        let Settings {
            mut way,
            part,
            check,
            report,
            retries,
        } = settings;
        let wrong = |message: &str| {
            let template = way.request.template.clone();
            RequestError::new(Method::GET, template, message.to_owned())
        };
        let part = part.ok_or_else(|| wrong("the range is empty"))?;
        if check.is_some() && !part.is_whole() {
            return Err(
                wrong("`verify` needs the whole content: Graph has no hash of a range").into(),
            );
        }
        let opened = way.open(part, None).await?;
        let sent = sent(&opened, part.first)?;
        let headers = opened.headers().clone();
        let version = Version::of(&headers, sent.total);
        Ok(Self {
            way: Some(way),
            status: opened.status(),
            origin: opened.origin(),
            part,
            version,
            total: sent.total,
            at: part.first,
            skip: part.first.saturating_sub(sent.first),
            rest: sent.length,
            check,
            verified: None,
            report,
            retries,
            state: State::Reading(Box::pin(opened.into_body().bytes_stream())),
            headers,
        })
    }

    /// Returns the status of the response: 200, or 206 for a part.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers of the response from the host of the content.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the header `Content-Type`.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Returns the number of bytes of the whole stream, where it is known.
    pub fn length(&self) -> Option<u64> {
        Some(self.end()?.saturating_sub(self.part.first))
    }

    /// Returns the length of the whole content, of which this stream may be a part.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns the kind of the hash that verified the content. It is set at the end of the stream,
    /// if [`ToStream::verify`] was called and the item has a hash.
    pub fn verified(&self) -> Option<HashKind> {
        self.verified
    }

    /// Returns the next piece; `None` after the last one, and after an error.
    ///
    /// Does the same as `futures::TryStreamExt::try_next`, without a dependency on that crate.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`ToStream`].
    pub async fn try_next(&mut self) -> Result<Option<Bytes>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// Turns the stream of a rest into one of the whole content, whose beginning was downloaded
    /// before.
    pub(super) fn goes_on(&mut self, report: Report) {
        self.part = Part::WHOLE;
        self.report = report;
    }

    /// Returns the current position in the content.
    pub(super) fn position(&self) -> u64 {
        self.at
    }

    /// Returns the position of the end, where it is known.
    fn end(&self) -> Option<u64> {
        match (self.part.end, self.total) {
            (Some(end), Some(total)) => Some(end.min(total)),
            (end, total) => end.or(total),
        }
    }

    /// Returns the bytes of a piece that were requested and not given yet.
    fn take(&mut self, mut piece: Bytes) -> Bytes {
        let skipped = usize::try_from(self.skip)
            .unwrap_or(usize::MAX)
            .min(piece.len());
        self.skip -= skipped as u64;
        piece = piece.split_off(skipped);
        if let Some(end) = self.part.end {
            let room = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX);
            piece.truncate(room);
        }
        self.at = self.at.saturating_add(piece.len() as u64);
        piece
    }

    /// Counts the received bytes against the length in the `Content-Range`.
    fn count(&mut self, piece: &Bytes) -> Result<()> {
        if let Some(rest) = &mut self.rest {
            *rest = rest.checked_sub(piece.len() as u64).ok_or_else(|| {
                let message = "the response is longer than its `Content-Range`";
                TransferError::new(TransferErrorKind::Range, message)
                    .with_origin(self.origin.clone())
            })?;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.end().is_some_and(|end| self.at >= end)
    }

    /// Continues from the current position after an error.
    fn reopen(&mut self, error: Error) -> Result<()> {
        let wait = self.retries.after(error)?;
        let part = Part {
            first: self.at,
            ..self.part
        };
        let version = self.version.clone();
        // `way` is only missing while another request uses it.
        if let Some(mut way) = self.way.take() {
            self.state = State::Reopening(Box::pin(async move {
                tokio::time::sleep(wait).await;
                let opened = way.open(part, Some(&version)).await;
                (way, opened)
            }));
        }
        Ok(())
    }

    fn reopened(&mut self, opened: Opened) -> Result<()> {
        let sent = sent(&opened, self.at)?;
        let is_shorter = sent.total.is_some_and(|total| total < self.at);
        if is_shorter || !Version::of(opened.headers(), sent.total).fits(&self.version) {
            return Err(changed().with_origin(opened.origin()).into());
        }
        self.origin = opened.origin();
        self.total = self.total.or(sent.total);
        self.skip = self.at.saturating_sub(sent.first);
        self.rest = sent.length;
        self.state = State::Reading(Box::pin(opened.into_body().bytes_stream()));
        Ok(())
    }

    /// Ends the stream with a 416, which says that no byte follows. The length becomes known this
    /// way if all parts leave it out (`bytes 0-499/*`).
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::Changed`] if there should be more bytes.
    fn nothing_follows(&mut self, error: &Error) -> Result<()> {
        let told = match error {
            Error::Api(error) => total_of_refusal(error.headers()),
            _ => None,
        };
        let is_end = self.total.is_none() && self.rest == Some(0);
        if !is_end || told.is_some_and(|total| total != self.at) {
            return Err(match error {
                Error::Api(refusal) => changed().with_response(refusal.clone()).into(),
                _ => changed().into(),
            });
        }
        self.total = Some(self.at);
        self.state = State::Over;
        self.ended().map(drop)
    }

    /// Checks whether the end of a body is the end of the requested content.
    fn is_at_end(&self) -> bool {
        match (self.end(), self.total, self.rest) {
            (Some(end), _, _) if self.at >= end => true,
            (_, Some(_), _) => false,
            // Parts without a total length do not say whether more bytes follow.
            (_, None, rest) => rest.is_none(),
        }
    }

    /// Handles the end of the body, and returns whether all bytes have arrived.
    fn ended(&mut self) -> Result<bool> {
        if self.skip > 0 && self.at == self.part.first && self.at > 0 {
            return Err(beyond(self.at).with_origin(self.origin.clone()).into());
        }
        if !self.is_at_end() {
            self.reopen(TransportError::broken("the content was truncated").into())?;
            return Ok(false);
        }
        if let Some(check) = self.check.take() {
            let checked = check.finish();
            self.verified = Some(checked.map_err(|error| error.with_origin(self.origin.clone()))?);
        }
        Ok(true)
    }

    /// Takes the next step; `Ready(None)` asks for another step.
    fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        // After the last byte of a part, the body is read to its end, which shows whether it is too
        // long.
        let is_over = self.is_complete() && self.rest != Some(0);
        if matches!(self.state, State::Reading(_)) && is_over {
            self.state = State::Over;
            return Poll::Ready(self.ended().map(|_| None));
        }
        match &mut self.state {
            State::Over => Poll::Ready(Ok(None)),
            State::Reopening(reopening) => {
                let (way, opened) = ready!(reopening.as_mut().poll(context));
                self.way = Some(way);
                Poll::Ready(match opened {
                    Ok(opened) => self.reopened(opened),
                    Err(error) if error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE) => {
                        self.nothing_follows(&error)
                    }
                    Err(error) => self.reopen(error),
                })
                .map_ok(|()| None)
            }
            State::Reading(body) => {
                let next = ready!(body.as_mut().poll_next(context));
                Poll::Ready(match next {
                    Some(Ok(piece)) => {
                        self.count(&piece)?;
                        let piece = self.take(piece);
                        if !piece.is_empty() {
                            self.retries.reset();
                            if let Some(check) = &mut self.check {
                                check.update(&piece);
                            }
                            let done = self.at.saturating_sub(self.part.first);
                            self.report.tell(done, self.length());
                        }
                        Ok(Some(piece).filter(|piece| !piece.is_empty()))
                    }
                    Some(Err(_)) if self.is_complete() => {
                        self.state = State::Over;
                        self.ended().map(|_| None)
                    }
                    Some(Err(error)) => self
                        .reopen(crate::transport::network_error::from_reqwest(error).into())
                        .map(|()| None),
                    None => self.ended().map(|is_over| {
                        if is_over {
                            self.state = State::Over;
                        }
                        None
                    }),
                })
            }
        }
    }
}

impl Stream for ContentStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.step(context)) {
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(piece))),
                Ok(None) if matches!(self.state, State::Over) => return Poll::Ready(None),
                Ok(None) => {}
                Err(error) => {
                    self.state = State::Over;
                    let context = self
                        .way
                        .as_ref()
                        .map(|way| self.origin.of_call(way.context()));
                    let error = match context {
                        Some(context) => error.of(&context),
                        None => error,
                    };
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl fmt::Debug for ContentStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentStream")
            .field("status", &self.status)
            .field("at", &self.at)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Returns the part that a response contains, where it is usable from `first` on.
fn sent(opened: &Opened, first: u64) -> Result<Sent> {
    let sent = Sent::of(opened.status(), opened.headers());
    sent.filter(|sent| sent.first <= first).ok_or_else(|| {
        TransferError::new(
            TransferErrorKind::Range,
            "the response does not contain the requested range, or its `Content-Range` is wrong",
        )
        .with_origin(opened.origin())
        .into()
    })
}

fn changed() -> TransferError {
    TransferError::new(
        TransferErrorKind::Changed,
        "the content changed during the download: download it again",
    )
}

fn beyond(first: u64) -> TransferError {
    TransferError::new(
        TransferErrorKind::Range,
        format!("the content ends before byte {first}, where the requested range begins"),
    )
}
