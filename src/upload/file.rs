//! Uploads of files to drives.

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
use crate::error::{Attempts, EmptyResponseError, RequestError, TransferErrorKind};
use crate::models::actions::DriveItemCreateUploadSession;
use crate::models::{DriveItem, DriveItemUploadableProperties};
use crate::nodes::DrivesIdItemsId;
use crate::transfer::{BoundedRetries, Report};
use crate::{Error, Result};

/// 10 MiB, the largest of the slice sizes that Microsoft recommends for drives.
const SLICE: u64 = 32 * UNIT;

const CONFLICT: &str = "@microsoft.graph.conflictBehavior";

/// The conflict behavior, which applies if a file with that name exists already:
/// `@microsoft.graph.conflictBehavior`.
///
/// <https://learn.microsoft.com/graph/api/resources/driveitem#instance-attributes>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictBehavior {
    /// The upload fails with a conflict ([`is_conflict`](Error::is_conflict)).
    ///
    /// The response to a first attempt may be lost, and the next attempt refused. The client then
    /// checks the existing file: if this upload created it, that is not a conflict.
    Fail,
    /// The existing file gets a new version.
    #[default]
    Replace,
    /// The new file gets another name.
    ///
    /// Each request creates one more file. An upload in one request is therefore not repeated after
    /// its response was lost: the error then says that the file may exist. An upload session
    /// creates one file, even if slices are sent several times.
    Rename,
}

impl ConflictBehavior {
    fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Replace => "replace",
            Self::Rename => "rename",
        }
    }
}

impl DrivesIdItemsId {
    /// Uploads a file of any size to this place: a path that may be new, or an existing file.
    ///
    /// Content that fits into one slice, 10 MiB, is sent in one request. Larger content is sent to
    /// an upload session, slice by slice.
    ///
    /// ```no_run
    /// use msgraph::upload::{ConflictBehavior, Source};
    ///
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let folder = graph.me().drive().root().path("Reports");
    /// folder.path("hello.txt").upload("hello").await?;
    /// let upload = folder.path("2026.pdf").upload(Source::file("2026.pdf"));
    /// let item = upload.conflict_behavior(ConflictBehavior::Rename).await?;
    /// println!("{:?}", item.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, source: impl Into<Source>) -> FileUpload {
        FileUpload {
            node: self.clone(),
            source: source.into(),
            conflict: ConflictBehavior::default(),
            if_match: None,
            properties: DriveItemUploadableProperties::default(),
            settings: Settings::with_slices_of(SLICE),
        }
    }
}

/// An upload of a file to a drive, returned by [`upload`](DrivesIdItemsId::upload). Awaiting it
/// sends the content and returns the item.
///
/// # Errors
///
/// Returns the errors of [`SessionUpload`](super::SessionUpload).
#[must_use = "an upload does nothing unless it is awaited"]
pub struct FileUpload {
    node: DrivesIdItemsId,
    source: Source,
    conflict: ConflictBehavior,
    /// The etag to match. `Err` where the given value contains no etag.
    if_match: Option<Result<String, ()>>,
    properties: DriveItemUploadableProperties,
    settings: Settings,
}

impl FileUpload {
    settings!();

    /// Sets the conflict behavior, which applies if a file with that name exists already. Defaults
    /// to replacing the file.
    pub fn conflict_behavior(mut self, behavior: ConflictBehavior) -> Self {
        self.conflict = behavior;
        self
    }

    /// Uploads only if the existing file still has this etag (`If-Match`).
    pub fn if_match(mut self, etag: impl IfMatch) -> Self {
        self.if_match = Some(etag.etag().map(str::to_owned).ok_or(()));
        self
    }

    /// Sets properties of the file along with its content: the description and the file system
    /// times.
    ///
    /// ```no_run
    /// use msgraph::models::{DriveItemUploadableProperties, FileSystemInfo};
    /// use msgraph::upload::Source;
    ///
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     modified: std::time::SystemTime,
    /// # ) -> msgraph::Result<()> {
    /// let times = FileSystemInfo {
    ///     last_modified_date_time: Some(modified.into()),
    ///     ..Default::default()
    /// };
    /// let properties = DriveItemUploadableProperties {
    ///     file_system_info: Some(times.into()),
    ///     ..Default::default()
    /// };
    /// graph
    ///     .me()
    ///     .drive()
    ///     .root()
    ///     .path("a.bin")
    ///     .upload(Source::file("a.bin"))
    ///     .properties(properties)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn properties(mut self, properties: DriveItemUploadableProperties) -> Self {
        self.properties = properties;
        self
    }

    /// Sets the number of bytes of a slice: a multiple of 320 KiB (327,680), and at most 60 MiB.
    /// Defaults to 10 MiB. One slice is in memory at a time. Content up to this size is sent in one
    /// request without a session.
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
                let message = "`If-Match` was set from an item without `@odata.etag`: read the \
                               item first, or pass `*`";
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
            // Only the lost response contains the new name.
            Err(error)
                if is_maybe_finished(&error) && self.conflict != ConflictBehavior::Rename =>
            {
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

/// Checks whether a refusal may be caused by an earlier attempt of the same upload.
fn may_be_own_conflict(error: &Error) -> bool {
    error.is_conflict() && error.attempts().is_some_and(Attempts::may_have_succeeded)
}

/// Checks whether a session disappeared after all bytes were sent.
fn is_maybe_finished(error: &Error) -> bool {
    matches!(error, Error::Transfer(error) if error.kind() == TransferErrorKind::MaybeFinished)
}

/// Sets the properties of a file without content, because no session takes an empty file.
async fn describe(
    node: &DrivesIdItemsId,
    item: DriveItem,
    properties: &DriveItemUploadableProperties,
) -> Result<DriveItem> {
    let mut change = DriveItem::default();
    if let Ok(Value::Object(entries)) = serde_json::to_value(properties) {
        // The name is that of the path, or the new name that the service gave to avoid a conflict.
        let is_set_later = |name: &String| !["name", "fileSize"].contains(&name.as_str());
        for (name, value) in entries.into_iter().filter(|(name, _)| is_set_later(name)) {
            change.extra.insert(name, value);
        }
    }
    // The item is addressed by its id, because it may have got another name.
    let drive = item
        .parent_reference
        .as_ref()
        .and_then(|parent| parent.drive_id.as_deref());
    let (Some(drive), Some(id)) = (drive, item.id.as_deref()) else {
        return Err(no_item(StatusCode::OK));
    };
    let graph = node.get().operation.graph().clone();
    let changed = graph.drives().id(drive).items().id(id).update(change);
    // Setting the same values twice has the same effect as setting them once.
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
