//! An upload in the making.

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
use crate::transfer::{Backoff, Report};
use crate::{Graph, Result};

/// What slices of a drive are multiples of: 320 KiB.
pub(super) const UNIT: u64 = 320 * 1024;

/// 3,200 KiB: a multiple of what drives (320 KiB) and printers (200 KiB) want, and less than what Outlook takes (4 MB).
const EVERYWHERE: u64 = 10 * UNIT;

/// The largest slice: 60 MiB. A slice is in memory as a whole.
const LARGEST: u64 = 60 * 1024 * 1024;

type OnSession = Box<dyn FnOnce(&UploadSession) + Send>;

impl<O: Options> Call<Entity<UploadSession>, O> {
    /// Opens the session and uploads to it: bytes, a file, or anything that can be read.
    ///
    /// This works wherever there is a `create_upload_session`. For files of a drive there is
    /// [`upload`](crate::nodes::DrivesIdItemsId::upload) of the item itself, which takes the short way for small files and gives
    /// the item.
    ///
    /// ```no_run
    /// use msgraph::models::actions::PrintDocumentCreateUploadSession;
    /// use msgraph::models::PrintDocumentUploadProperties;
    ///
    /// # async fn example(graph: &msgraph::Graph, pdf: Vec<u8>) -> msgraph::Result<()> {
    /// let properties = PrintDocumentUploadProperties {
    ///     document_name: Some("report.pdf".into()),
    ///     content_type: Some("application/pdf".into()),
    ///     size: Some(pdf.len() as i64),
    ///     ..Default::default()
    /// };
    /// let body = PrintDocumentCreateUploadSession { properties: Some(properties.into()), ..Default::default() };
    /// graph.print().shares().id("share").jobs().id("job").documents().id("document")
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

/// An upload to a session: what [`Call::upload`] and [`Session::upload`](super::Session::upload) give. Awaiting it
/// sends.
///
/// Dropping what is awaited stops it; the session stays at the service for
/// [`Graph::upload_session`], until it runs out or is [cancelled](super::Session::cancel).
///
/// # Errors
///
/// - [`Error::Transfer`](crate::Error::Transfer) if the session is gone, or if the source cannot be
///   read or changes its length.
/// - [`Error::Transfer`](crate::Error::Transfer) if the service asks for the same bytes for ever, ends
///   the upload before it has all bytes, or makes a file of another size. The size of Office, PDF and
///   HTML files is not compared, because
///   [SharePoint changes them](https://github.com/OneDrive/onedrive-api-docs/issues/935).
/// - A conflict ([`is_conflict`](crate::Error::is_conflict)) at the end, where a name is taken: the session keeps the bytes.
///   They become a file with another name by a `PUT` of the folder with `@microsoft.graph.sourceUrl`, see
///   <https://learn.microsoft.com/graph/api/driveitem-createuploadsession>.
/// - What slices came to that were sent as often as it makes sense.
#[must_use = "an upload is made when it is awaited"]
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

/// The caller's choices.
pub(super) struct Settings {
    pub(super) slice_size: u64,
    pub(super) report: Report,
    pub(super) on_session: Option<OnSession>,
    pub(super) backoff: Backoff,
}

impl Settings {
    pub(super) fn with_slices_of(slice_size: u64) -> Self {
        Self {
            slice_size,
            report: Report::default(),
            on_session: None,
            backoff: Backoff::default(),
        }
    }

    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) for a size that services refuse at the end of an upload.
    pub(super) fn check(&self) -> Result<()> {
        match self.slice_size {
            size if size > LARGEST => Err(refuse(format!(
                "slices of {size} bytes are larger than 60 MiB ({LARGEST}), which no service takes"
            ))),
            size if size > 0 && size.is_multiple_of(UNIT) => Ok(()),
            size => Err(refuse(format!(
                "slices of {size} bytes are no multiple of 320 KiB (327680)"
            ))),
        }
    }
}

/// Methods that both kinds of uploads have.
macro_rules! settings {
    () => {
        /// Is told how far it is, before each slice and at the end.
        pub fn on_progress(mut self, callback: impl FnMut(Progress) + Send + 'static) -> Self {
            self.settings.report = Report::to(callback);
            self
        }

        /// Is given the session once it is open, to store it: [`Graph::upload_session`](crate::Graph::upload_session) goes on
        /// with it after a restart.
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

        /// Waits so long before a slice is sent again, and twice as long each further time, where the service does not say
        /// how long; by default, a second. After five tries without success it is over.
        pub fn first_wait(mut self, wait: std::time::Duration) -> Self {
            self.settings.backoff = Backoff::starting_with(wait);
            self
        }
    };
}

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

    /// Sends slices of this many bytes: a multiple of 320 KiB (327,680), and at most 60 MiB.
    ///
    /// Memory holds one slice of the file. By default a slice has 3,200 KiB, which every service
    /// takes. Drives take up to 60 MiB and work best with 5 to 10 MiB. Outlook takes 4 MB. Printers
    /// take less than 10 MB and want multiples of 200 KiB, so a multiple of 1,600 KiB fits them.
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

/// Opens the session, where it is not open, and sends.
pub(super) async fn run(
    graph: Graph,
    start: Start,
    slices: Slices,
    settings: Settings,
) -> Result<Uploaded> {
    if slices.length() == 0 {
        return Err(refuse(
            "there is nothing to send: a session takes one byte or more".to_owned(),
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
        backoff: settings.backoff,
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
