//! The hosts behind Graph that take no token. They receive slices of uploads, serve files, and
//! report the progress of long-running operations. Their URLs need no access token, and
//! `Authorization` is refused.

pub(crate) mod download;
mod held;
pub(crate) mod monitor;
pub(crate) mod quick_xor;
pub(crate) mod range;
pub(crate) mod upload;

use std::collections::BTreeMap;
use std::ops::Range;

use http::header::{AUTHORIZATION, DATE};
use http::{Method, StatusCode};
use serde_json::json;

use crate::answer::Answer;
use crate::clock::http_date;
use crate::core::State;
use crate::description::Description;
use crate::fault::Quirk;
use crate::request::Request;
use crate::store::{Id, Subtree};
use monitor::{Monitor, Pending};
use upload::Upload;

/// The form of `nextExpectedRanges` of an upload session.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// use msgraph_simulator::{ExpectedRanges, Fault, Simulator};
///
/// let simulator = Simulator::start().await?;
/// simulator.set_expected_ranges(ExpectedRanges::Closed);
/// // Of the next slice, 320 KiB arrive.
/// simulator.fault(Fault::kept(320 * 1024).at("/upload/*"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedRanges {
    /// The usual form of the service: `["327680-999999"]` for drives, `["2097152"]` for
    /// attachments, `["72797-4533321"]` for print. Drives tell the end, although the documentation
    /// leaves it out; Microsoft's SDK for Python relies on it.
    /// <https://github.com/OneDrive/onedrive-api-docs/issues/1273>
    #[default]
    Usual,
    /// The last gap without its end, as the documentation shows it: `["327680-"]`.
    Open,
    /// Each gap with its end: `["12345-55232", "77829-99375"]`.
    Closed,
    /// No ranges.
    Missing,
}

/// The state of the hosts.
#[derive(Debug)]
pub(crate) struct Storage {
    /// The address, with another port than Graph: `http://127.0.0.1:…`.
    pub(crate) host: String,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) monitors: BTreeMap<String, Monitor>,
    /// The operations of Graph itself that are still in progress.
    pub(crate) pending: BTreeMap<Id, Pending>,
    /// The current epoch. URLs of an earlier epoch have expired.
    pub(crate) epoch: u32,
    /// The number of polls until a long-running operation is done.
    pub(crate) polls: u32,
    pub(crate) ranges: ExpectedRanges,
    /// The deleted items of drives.
    pub(crate) recycled: Vec<Recycled>,
}

/// A deleted item of a drive, which can be restored.
#[derive(Clone, Debug)]
pub(crate) struct Recycled {
    pub(crate) drive: Id,
    /// The folder that the item was in.
    pub(crate) folder: Id,
    pub(crate) size: u64,
    pub(crate) item: Subtree,
}

impl Storage {
    /// Returns the size of the deleted items of a drive.
    pub(crate) fn recycled_size(&self, drive: Id) -> u64 {
        let own = self.recycled.iter().filter(|item| item.drive == drive);
        own.map(|item| item.size).sum()
    }

    pub(crate) fn new(host: String) -> Self {
        Self {
            host,
            uploads: BTreeMap::new(),
            monitors: BTreeMap::new(),
            pending: BTreeMap::new(),
            epoch: 0,
            polls: 2,
            ranges: ExpectedRanges::default(),
            recycled: Vec::new(),
        }
    }

    /// Removes bytes of all uploads that are in progress.
    pub(crate) fn lose(&mut self, range: &Range<u64>) {
        for upload in self.uploads.values_mut() {
            upload.lose(range);
        }
    }

    /// Lets all sessions expire.
    pub(crate) fn expire_uploads(&mut self) {
        self.uploads.clear();
    }
}

/// Returns the response to a refused request.
pub(crate) fn refuse(status: StatusCode, code: &str, inner: &str, message: &str) -> Answer {
    let mut error = json!({ "code": code, "message": message });
    if !inner.is_empty() {
        // These hosts write it in lower case.
        error["innererror"] = json!({ "code": inner });
    }
    Answer::bytes(
        status,
        "application/json",
        json!({ "error": error }).to_string(),
    )
}

impl State {
    /// Responds to a request at the storage host.
    pub(crate) fn stored(
        &mut self,
        description: &Description,
        request: &Request,
        quirk: Option<&Quirk>,
    ) -> Answer {
        let answer = if request.headers.contains_key(AUTHORIZATION) {
            refuse(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "",
                "This URL is authenticated already; a token is not accepted.",
            )
        } else {
            let path = request.path().trim_start_matches('/');
            match path.split_once('/') {
                Some(("upload", id)) => self.upload(description, request, id, quirk),
                Some(("download", token)) => self.download(description, request, token, quirk),
                Some(("monitor", id)) => self.monitor(request, id),
                _ => refuse(StatusCode::NOT_FOUND, "itemNotFound", "", "Item not found"),
            }
        };
        answer.with(DATE, &http_date(self.clock.now()))
    }

    fn monitor(&mut self, request: &Request, id: &str) -> Answer {
        if request.method != Method::GET {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        match self.storage.monitors.get_mut(id) {
            Some(monitor) => {
                let (status, body) = monitor.poll();
                Answer::bytes(status, "application/json", body.to_string())
            }
            None => refuse(
                StatusCode::NOT_FOUND,
                "itemNotFound",
                "",
                "The operation could not be found.",
            ),
        }
    }
}

/// Returns the media type of a file, by its name.
pub(crate) fn media_type(name: &str) -> &'static str {
    const KNOWN: [(&str, &str); 47] = [
        ("aac", "audio/aac"),
        ("avi", "video/x-msvideo"),
        ("bmp", "image/bmp"),
        ("css", "text/css"),
        ("csv", "text/csv"),
        ("doc", "application/msword"),
        (
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("eml", "message/rfc822"),
        ("gif", "image/gif"),
        ("gz", "application/gzip"),
        ("heic", "image/heic"),
        ("htm", "text/html"),
        ("html", "text/html"),
        ("ico", "image/x-icon"),
        ("ics", "text/calendar"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("js", "application/javascript"),
        ("json", "application/json"),
        ("log", "text/plain"),
        ("m4a", "audio/mp4"),
        ("md", "text/markdown"),
        ("mov", "video/quicktime"),
        ("mp3", "audio/mpeg"),
        ("mp4", "video/mp4"),
        ("msg", "application/vnd.ms-outlook"),
        ("odp", "application/vnd.oasis.opendocument.presentation"),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
        ("odt", "application/vnd.oasis.opendocument.text"),
        ("one", "application/msonenote"),
        ("pdf", "application/pdf"),
        ("png", "image/png"),
        ("ppt", "application/vnd.ms-powerpoint"),
        (
            "pptx",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("rtf", "application/rtf"),
        ("svg", "image/svg+xml"),
        ("tif", "image/tiff"),
        ("tiff", "image/tiff"),
        ("tsv", "text/tab-separated-values"),
        ("txt", "text/plain"),
        ("wav", "audio/wav"),
        ("webm", "video/webm"),
        ("webp", "image/webp"),
        ("xls", "application/vnd.ms-excel"),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        ("xml", "text/xml"),
        ("zip", "application/zip"),
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = KNOWN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(extension));
    known.map_or("application/octet-stream", |(_, media_type)| media_type)
}
