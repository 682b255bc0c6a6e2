//! Builders of uploads to a session.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use http::Method;

use super::session::address;
use super::slices::Sending;
use super::source::Slices;
use super::{Progress, Source, Uploaded};
use crate::call::{Call, CallFuture, Entity, Options};
use crate::error::RequestError;
use crate::models::UploadSession;
use crate::transfer::{BoundedRetries, Report};
use crate::{Graph, Result};

/// The unit of slices of a drive, 320 KiB: each slice is a multiple of it.
pub(super) const UNIT: u64 = 320 * 1024;

/// 3,200 KiB: a multiple of the units of drives (320 KiB) and printers (200 KiB), and less than
/// Outlook's maximum (4 MB).
const EVERYWHERE: u64 = 10 * UNIT;

/// The largest slice, 60 MiB. A slice is held in memory as a whole.
const LARGEST: u64 = 60 * 1024 * 1024;

type OnSession = Box<dyn FnOnce(&UploadSession) + Send>;

impl<O: Options> Call<Entity<UploadSession>, O> {
    /// Opens the session and uploads to it: bytes, a file, or any reader.
    ///
    /// This works with every `create_upload_session`. For files of a drive, prefer
    /// [`upload`](crate::nodes::DrivesIdItemsId::upload) of the item itself. It sends small files
    /// in one request and returns the item.
    ///
    /// ```no_run
    /// use msgraph::models::PrintDocumentUploadProperties;
    /// use msgraph::models::actions::PrintDocumentCreateUploadSession;
    ///
    /// # async fn example(graph: &msgraph::Graph, pdf: Vec<u8>) -> msgraph::Result<()> {
    /// let properties = PrintDocumentUploadProperties {
    ///     document_name: Some("report.pdf".into()),
    ///     content_type: Some("application/pdf".into()),
    ///     size: Some(pdf.len() as i64),
    ///     ..Default::default()
    /// };
    /// let body = PrintDocumentCreateUploadSession {
    ///     properties: Some(properties.into()),
    ///     ..Default::default()
    /// };
    /// graph
    ///     .print()
    ///     .shares()
    ///     .id("share")
    ///     .jobs()
    ///     .id("job")
    ///     .documents()
    ///     .id("document")
    ///     .create_upload_session(body)
    ///     .upload(pdf)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(self, source: impl Into<Source>) -> SessionUpload {
        let graph = self.operation.graph().clone();
        SessionUpload::new(graph, Start::New(self.into_future()), source.into())
    }
}

/// An upload to a session, returned by [`Call::upload`] and
/// [`Session::upload`](super::Session::upload). Awaiting it sends the content.
///
/// Dropping the future stops the upload. The session stays at the service until it expires or is
/// [cancelled](super::Session::cancel), and [`Graph::upload_session`] can continue it.
///
/// # Errors
///
/// - Returns [`Error::Transfer`](crate::Error::Transfer) if the session is gone, or if the source
///   cannot be read or changes its length.
/// - Returns [`Error::Transfer`](crate::Error::Transfer) if the service repeatedly asks for the
///   same bytes, or ends the upload before it has all bytes. The same applies if it creates a file
///   of another size. The size of Office, PDF and HTML files is not compared, because [SharePoint
///   changes them](https://github.com/OneDrive/onedrive-api-docs/issues/935).
/// - Returns a conflict ([`is_conflict`](crate::Error::is_conflict)) at the end if a file with that
///   name exists. The session keeps the bytes. A `PUT` of the folder with
///   `@microsoft.graph.sourceUrl` turns them into a file with another name, see
///   <https://learn.microsoft.com/graph/api/driveitem-createuploadsession>.
/// - Returns the error of a slice after the last useful attempt.
#[must_use = "an upload does nothing unless it is awaited"]
pub struct SessionUpload {
    graph: Graph,
    start: Start,
    source: Source,
    pub(super) settings: Settings,
}

pub(super) enum Start {
    New(CallFuture<Entity<UploadSession>>),
    Stored(Box<UploadSession>),
}

/// The caller's settings.
pub(super) struct Settings {
    pub(super) slice_size: u64,
    pub(super) report: Report,
    pub(super) on_session: Option<OnSession>,
    pub(super) retries: BoundedRetries,
}

impl Settings {
    pub(super) fn with_slices_of(slice_size: u64) -> Self {
        Self {
            slice_size,
            report: Report::default(),
            on_session: None,
            retries: BoundedRetries::default(),
        }
    }

    /// Checks the slice size.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Request`](crate::Error::Request) for a size that services refuse at the end
    /// of an upload.
    pub(super) fn check(&self) -> Result<()> {
        match self.slice_size {
            size if size > LARGEST => Err(refuse(format!(
                "`slice_size` of {size} bytes is larger than 60 MiB ({LARGEST} bytes), the most \
                 that a service accepts"
            ))),
            size if size > 0 && size.is_multiple_of(UNIT) => Ok(()),
            size => Err(refuse(format!(
                "`slice_size` of {size} bytes is not a multiple of 320 KiB (327680 bytes)"
            ))),
        }
    }
}

/// Defines the methods that both kinds of uploads have.
macro_rules! settings {
    () => {
        /// Sets a function that receives the progress before each slice and at the end.
        pub fn on_progress(mut self, callback: impl FnMut(Progress) + Send + 'static) -> Self {
            self.settings.report = Report::to(callback);
            self
        }

        /// Sets a function that receives the session once it is open, so that it can be stored.
        /// [`Graph::upload_session`](crate::Graph::upload_session) continues the session after a
        /// restart.
        ///
        /// ```no_run
        /// use msgraph::upload::Source;
        ///
        /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
        /// graph.me().drive().root().path("film.mp4")
        ///     .upload(Source::file("film.mp4"))
        ///     .on_session(|session| {
        ///         let text = serde_json::to_string(session).expect("a session is JSON");
        ///         std::fs::write("film.mp4.session", text).expect("it can be stored");
        ///     })
        ///     .await?;
        /// # Ok(())
        /// # }
        /// ```
        pub fn on_session(
            mut self,
            callback: impl FnOnce(&crate::models::UploadSession) + Send + 'static,
        ) -> Self {
            self.settings.on_session = Some(Box::new(callback));
            self
        }

        /// Sets the wait before a slice is sent again, where the service does not ask for one.
        /// Defaults to one second. The wait doubles with each further attempt. The upload fails
        /// after five retries without success.
        pub fn first_wait(mut self, wait: std::time::Duration) -> Self {
            self.settings.retries = BoundedRetries::starting_with(wait);
            self
        }
    };
}

#[cfg(feature = "files")]
pub(super) use settings;

impl SessionUpload {
    pub(super) fn new(graph: Graph, start: Start, source: Source) -> Self {
        Self {
            graph,
            start,
            source,
            settings: Settings::with_slices_of(EVERYWHERE),
        }
    }

    settings!();

    /// Sets the number of bytes of a slice: a multiple of 320 KiB (327,680), and at most 60 MiB.
    ///
    /// One slice of the file is in memory at a time. By default a slice has 3,200 KiB, which every
    /// service takes. Drives take up to 60 MiB and work best with 5 to 10 MiB. Outlook takes 4 MB.
    /// Printers take less than 10 MB and require multiples of 200 KiB, so a multiple of 1,600 KiB
    /// suits them.
    pub fn slice_size(mut self, bytes: u64) -> Self {
        self.settings.slice_size = bytes;
        self
    }

    async fn run(self) -> Result<Uploaded> {
        self.settings.check()?;
        let slices = self.source.open().await?;
        run(self.graph, self.start, slices, self.settings).await
    }
}

/// Opens the session, unless it is already open, and sends the slices.
pub(super) async fn run(
    graph: Graph,
    start: Start,
    slices: Slices,
    settings: Settings,
) -> Result<Uploaded> {
    if slices.length() == 0 {
        return Err(refuse(
            "the content is empty, but an upload session needs at least one byte".to_owned(),
        ));
    }
    let (session, is_new) = match start {
        Start::New(call) => (call.await?, true),
        Start::Stored(session) => (*session, false),
    };
    let address = address(&graph, &session)?;
    if let Some(tell) = settings.on_session {
        tell(&session);
    }
    let sending = Sending {
        address,
        slices,
        slice_size: settings.slice_size,
        retries: settings.retries,
        report: settings.report,
    };
    sending.run(is_new).await
}

fn refuse(message: String) -> crate::Error {
    RequestError::new(Method::PUT, "{uploadUrl}".to_owned(), message).into()
}

impl IntoFuture for SessionUpload {
    type Output = Result<Uploaded>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for SessionUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionUpload")
            .field("source", &self.source)
            .field("slice_size", &self.settings.slice_size)
            .finish_non_exhaustive()
    }
}
