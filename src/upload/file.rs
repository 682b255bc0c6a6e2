//! Files of drives.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use http::{Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::builder::{Settings, Start, UNIT, run, settings};
use super::own_file::OwnFile;
use super::{Progress, Source};
use crate::call::{Content, IfMatch};
use crate::error::{EmptyResponseError, RequestError, TransferErrorKind, Tries};
use crate::models::actions::DriveItemCreateUploadSession;
use crate::models::{DriveItem, DriveItemUploadableProperties};
use crate::nodes::DrivesIdItemsId;
use crate::transfer::{Backoff, Report};
use crate::{Error, Result};

/// 10 MiB, the largest of the sizes that are advised for drives.
const SLICE: u64 = 32 * UNIT;

const CONFLICT: &str = "@microsoft.graph.conflictBehavior";

/// What is done where a file of that name is there already: `@microsoft.graph.conflictBehavior`.
///
/// <https://learn.microsoft.com/graph/api/resources/driveitem#instance-attributes>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// The upload fails with a conflict ([`is_conflict`](Error::is_conflict)).
    ///
    /// Where the response to a first attempt was lost and the next one is refused, the client looks
    /// at the file that is there: if this upload made it, that is no conflict.
    Fail,
    /// The file gets a new version.
    #[default]
    Replace,
    /// The new file gets another name.
    ///
    /// Each request makes one more file, so an upload in one request is not repeated after its
    /// response was lost: the error then says that the file may be there. An upload session makes
    /// one file however often a slice is sent.
    Rename,
}

impl Conflict {
    fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Replace => "replace",
            Self::Rename => "rename",
        }
    }
}

impl DrivesIdItemsId {
    /// Uploads a file of any size to this place: a path that may be new, or a file that is there.
    ///
    /// What fits into one slice, 10 MiB, goes in one request, and anything larger to an upload session, slice by slice.
    ///
    /// ```no_run
    /// use msgraph::upload::{Conflict, Source};
    ///
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let folder = graph.me().drive().root().path("Reports");
    /// folder.path("hello.txt").upload("hello").await?;
    /// let item = folder.path("2026.pdf").upload(Source::file("2026.pdf")).conflict(Conflict::Rename).await?;
    /// println!("{:?}", item.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, source: impl Into<Source>) -> FileUpload {
        FileUpload {
            node: self.clone(),
            source: source.into(),
            conflict: Conflict::default(),
            if_match: None,
            properties: DriveItemUploadableProperties::default(),
            settings: Settings::with_slices_of(SLICE),
        }
    }
}

/// An upload of a drive's file: what [`upload`](DrivesIdItemsId::upload) gives. Awaiting it sends, and gives the item.
///
/// # Errors
///
/// As those of [`SessionUpload`](super::SessionUpload).
#[must_use = "an upload is made when it is awaited"]
pub struct FileUpload {
    node: DrivesIdItemsId,
    source: Source,
    conflict: Conflict,
    /// `Err` where there is no etag in what was given.
    if_match: Option<Result<String, ()>>,
    properties: DriveItemUploadableProperties,
    settings: Settings,
}

impl FileUpload {
    settings!();

    /// What is done where a file of that name is there already; by default, it is replaced.
    pub fn conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// Uploads only if what is there still has this etag: `If-Match`.
    pub fn if_match(mut self, etag: impl IfMatch) -> Self {
        self.if_match = Some(etag.etag().map(str::to_owned).ok_or(()));
        self
    }

    /// Sets properties of the file along with its content: description, times of the file system.
    ///
    /// ```no_run
    /// use msgraph::models::{DriveItemUploadableProperties, FileSystemInfo};
    /// use msgraph::upload::Source;
    ///
    /// # async fn example(graph: &msgraph::Graph, modified: std::time::SystemTime) -> msgraph::Result<()> {
    /// let times = FileSystemInfo { last_modified_date_time: Some(modified.into()), ..Default::default() };
    /// let properties = DriveItemUploadableProperties { file_system_info: Some(times.into()), ..Default::default() };
    /// graph.me().drive().root().path("a.bin").upload(Source::file("a.bin")).properties(properties).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn properties(mut self, properties: DriveItemUploadableProperties) -> Self {
        self.properties = properties;
        self
    }

    /// Sends slices of so many bytes, a multiple of 320 KiB (327,680) and less than 60 MiB; by default, 10 MiB. That is how much
    /// of a file is in memory, and what goes in one request without a session.
    pub fn slice_size(mut self, bytes: u64) -> Self {
        self.settings.slice_size = bytes;
        self
    }

    async fn run(self) -> Result<DriveItem> {
        self.settings.check()?;
        let mut slices = self.source.open().await?;
        let (node, total) = (&self.node, slices.length());
        let began = Instant::now();
        let etag = match self.if_match {
            None => None,
            Some(Ok(etag)) => Some(etag),
            Some(Err(())) => {
                let message = "`If-Match` was asked for with an item that has no `@odata.etag`; read the item first, or give `*`";
                return Err(refuse(message.to_owned()));
            }
        };
        let is_plain = self.properties == DriveItemUploadableProperties::default();
        if total == 0 || is_plain && total <= self.settings.slice_size {
            let content = slices.get(&(0..total)).await?;
            let own = OwnFile {
                node,
                began,
                length: total,
                content: Some(content.clone()),
            };
            let mut call = node.content().replace(Content::new(content));
            call = call.query(CONFLICT, self.conflict.word());
            if let Some(etag) = etag {
                call = call.header("If-Match", etag);
            }
            let item = match call.await {
                Ok(item) => item.ok_or_else(|| no_item(StatusCode::OK))?,
                Err(error) if may_be_own_conflict(&error) => own.look().await.ok_or(error)?,
                Err(error) => return Err(error),
            };
            let mut report = self.settings.report;
            report.tell(total, Some(total));
            return match is_plain {
                true => Ok(item),
                false => describe(node, item, &self.properties).await,
            };
        }
        let mut properties = self.properties;
        properties
            .extra
            .insert(CONFLICT, Value::from(self.conflict.word()));
        let mut call = node.create_upload_session(DriveItemCreateUploadSession {
            item: Some(Box::new(properties)),
            ..Default::default()
        });
        if let Some(etag) = etag {
            call = call.header("If-Match", etag);
        }
        let graph = call.operation.graph().clone();
        match run(graph, Start::New(call.into_future()), slices, self.settings).await {
            Ok(uploaded) => {
                let status = uploaded.response().status();
                uploaded.item()?.ok_or_else(|| no_item(status))
            }
            // A new name is known to the lost response alone.
            Err(error) if is_maybe_finished(&error) && self.conflict != Conflict::Rename => {
                let own = OwnFile {
                    node,
                    began,
                    length: total,
                    content: None,
                };
                own.look().await.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// Checks whether a refusal can be about what an earlier attempt of the same upload did.
fn may_be_own_conflict(error: &Error) -> bool {
    error.is_conflict() && error.tries().is_some_and(Tries::may_have_succeeded)
}

/// Checks whether a session has gone after all bytes were sent.
fn is_maybe_finished(error: &Error) -> bool {
    matches!(error, Error::Transfer(error) if error.kind() == TransferErrorKind::MaybeFinished)
}

/// Sets the properties of a file without content, which no session takes.
async fn describe(
    node: &DrivesIdItemsId,
    item: DriveItem,
    properties: &DriveItemUploadableProperties,
) -> Result<DriveItem> {
    let mut change = DriveItem::default();
    if let Ok(Value::Object(entries)) = serde_json::to_value(properties) {
        // The name is that of the path, or the one that it was given for a conflict.
        let is_set_later = |name: &String| !["name", "fileSize"].contains(&name.as_str());
        for (name, value) in entries.into_iter().filter(|(name, _)| is_set_later(name)) {
            change.extra.insert(name, value);
        }
    }
    // By its id, since it may have got another name.
    let drive = item
        .parent_reference
        .as_ref()
        .and_then(|parent| parent.drive_id.as_deref());
    let (Some(drive), Some(id)) = (drive, item.id.as_deref()) else {
        return Err(no_item(StatusCode::OK));
    };
    let graph = node.get().operation.graph().clone();
    let changed = graph.drives().id(drive).items().id(id).update(change);
    // The same values twice are the same as once.
    Ok(changed.idempotent().await?.unwrap_or(item))
}

fn no_item(status: StatusCode) -> Error {
    let headers = http::HeaderMap::new();
    EmptyResponseError::new(Method::PUT, "{uploadUrl}".to_owned(), status, &headers).into()
}

fn refuse(message: String) -> Error {
    RequestError::new(Method::PUT, "{driveItem}".to_owned(), message).into()
}

impl IntoFuture for FileUpload {
    type Output = Result<DriveItem>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for FileUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileUpload")
            .field("node", &self.node)
            .field("source", &self.source)
            .field("conflict", &self.conflict)
            .field("slice_size", &self.settings.slice_size)
            .finish_non_exhaustive()
    }
}
