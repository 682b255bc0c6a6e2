//! Upload sessions: slices that arrive one after the other, until all bytes are received.
//!
//! <https://learn.microsoft.com/graph/api/driveitem-createuploadsession>,
//! <https://learn.microsoft.com/graph/outlook-large-attachments>,
//! <https://learn.microsoft.com/graph/upload-data-to-upload-session>

use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::CONTENT_ENCODING;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::held::Held;
use super::range::ContentRange;
use super::{ExpectedRanges, refuse};
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::core::State;
use crate::description::Description;
use crate::fault::Quirk;
use crate::request::Request;
use crate::resource::Caller;
use crate::store::Id;

/// The unit of slices: the size of each slice of a drive's upload must be a multiple of it.
const UNIT: u64 = 320 * 1024;

/// The lifetime of a session after its last use.
const LIFETIME: TimeDelta = TimeDelta::days(2);

/// The conflict behavior if a file of that name already exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    Fail,
    Replace,
    Rename,
}

impl Conflict {
    /// Reads `@microsoft.graph.conflictBehavior`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text {
            "fail" => Some(Self::Fail),
            "replace" => Some(Self::Replace),
            "rename" => Some(Self::Rename),
            _ => None,
        }
    }
}

/// The result of an upload.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// A file in a folder.
    File {
        folder: Id,
        name: String,
        conflict: Conflict,
        /// The item whose content is replaced, if it was named.
        item: Option<Id>,
        /// The description and the times that the client has sent.
        properties: Map<String, Value>,
    },
    /// An attachment of a message, an event or a task.
    Attachment {
        owner: Id,
        properties: Map<String, Value>,
    },
    /// The content of a document to be printed.
    Document { id: Id },
}

/// A session.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) purpose: Purpose,
    /// The path and query of its URL.
    pub(crate) target: String,
    /// Graph's root, for the links in responses.
    pub(crate) root: String,
    pub(crate) caller: Caller,
    /// The size that was announced.
    pub(crate) size: Option<u64>,
    /// `true` if the client itself decides when the file is created.
    pub(crate) deferred: bool,
    pub(crate) expires: DateTime<Utc>,
    held: Held,
    total: Option<u64>,
    /// `true` if a slice had a size that is not a multiple of the unit. The service detects this at
    /// the end.
    unaligned: bool,
}

/// The reason why a slice is refused.
struct Refused {
    status: StatusCode,
    code: &'static str,
    inner: &'static str,
    message: &'static str,
}

/// The progress after a slice.
enum Progress {
    More,
    Done,
}

impl Upload {
    pub(crate) fn new(
        purpose: Purpose,
        target: String,
        root: &str,
        caller: Caller,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            purpose,
            target,
            root: root.to_owned(),
            caller,
            size: None,
            deferred: false,
            expires: now.checked_add_signed(LIFETIME).unwrap_or(now),
            held: Held::default(),
            total: None,
            unaligned: false,
        }
    }

    pub(crate) fn lose(&mut self, range: &Range<u64>) {
        self.held.lose(range);
    }

    /// Returns all bytes, if none is missing.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        // An empty file has no slice.
        let empty = self.size.filter(|size| *size == 0);
        let total = self.total.or(empty)?;
        let whole = self.held.missing(total).is_empty();
        whole.then(|| self.held.clone().into_bytes())
    }

    /// Accepts a slice.
    fn slice(&mut self, request: &Request, quirk: Option<&Quirk>) -> Result<Progress, Refused> {
        let bad = |inner, message| {
            Err(Refused {
                status: StatusCode::BAD_REQUEST,
                code: "invalidRequest",
                inner,
                message,
            })
        };
        if request.headers.contains_key(CONTENT_ENCODING) {
            return bad("", "A slice cannot be compressed.");
        }
        let header = request.header("content-range").unwrap_or_default();
        let Some(ContentRange { range, total }) = ContentRange::read(&header) else {
            return bad("", "The Content-Range header is missing or malformed.");
        };
        let length = request.body.len() as u64;
        if range.end - range.start != length {
            return bad(
                "fragmentLengthMismatch",
                "The length of the fragment does not match its Content-Range.",
            );
        }
        if self.total.or(self.size).is_some_and(|known| known != total) {
            return bad("", "The total size differs from the announced size.");
        }
        let invalid = |inner, message| {
            Err(Refused {
                status: StatusCode::RANGE_NOT_SATISFIABLE,
                code: "invalidRange",
                inner,
                message,
            })
        };
        if range.end > total {
            return invalid("", "The fragment ends beyond the end of the file.");
        }
        let largest = match self.purpose {
            Purpose::File { .. } => 60 * 1024 * 1024 - 1,
            Purpose::Attachment { .. } => 4 * 1024 * 1024,
            Purpose::Document { .. } => 10 * 1024 * 1024 - 1,
        };
        if length > largest {
            return bad(
                "maxFragmentLengthExceeded",
                "The fragment is larger than the limit for one request.",
            );
        }
        let missing = self.held.missing(total);
        match missing.first() {
            Some(gap) if gap.start < range.start => {
                let held = missing.iter().any(|gap| gap.contains(&range.start));
                return if held {
                    invalid(
                        "fragmentOutOfOrder",
                        "Fragments have to be uploaded in order.",
                    )
                } else {
                    invalid(
                        "fragmentOverlap",
                        "Uploaded fragment overlaps with existing data.",
                    )
                };
            }
            Some(gap) if gap.start == range.start && range.end <= gap.end => {
                let fills = range.end == gap.end;
                let file = matches!(self.purpose, Purpose::File { .. });
                self.unaligned |= file && !fills && !length.is_multiple_of(UNIT);
            }
            _ => {
                return invalid(
                    "fragmentOverlap",
                    "Uploaded fragment overlaps with existing data.",
                );
            }
        }
        self.total = Some(total);
        let kept = match quirk {
            Some(Quirk::Kept(kept)) => usize::try_from(*kept).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let bytes = request.body.get(..kept).unwrap_or(&request.body);
        self.held.insert(range.start, bytes);
        if !self.held.missing(total).is_empty() {
            return Ok(Progress::More);
        }
        if self.unaligned {
            return bad(
                "",
                "The size of each fragment but the last must be a multiple of 320 KiB.",
            );
        }
        Ok(Progress::Done)
    }

    /// Returns the state of the session as JSON.
    fn told(&self, form: ExpectedRanges) -> Value {
        let end = self.total.or(self.size).unwrap_or(u64::MAX);
        let missing = self.held.missing(end);
        let closed = |gap: &Range<u64>| format!("{}-{}", gap.start, gap.end.saturating_sub(1));
        let open = |gap: &Range<u64>| {
            if gap.end == end {
                format!("{}-", gap.start)
            } else {
                closed(gap)
            }
        };
        // The service learns the end from the first slice.
        let begun = self.total.is_some();
        let ranges: Vec<String> = match (form, &self.purpose) {
            (ExpectedRanges::Missing, _) => Vec::new(),
            (ExpectedRanges::Open, _) => missing.iter().map(open).collect(),
            (ExpectedRanges::Usual, Purpose::File { .. }) if !begun => {
                missing.iter().map(open).collect()
            }
            (ExpectedRanges::Usual, Purpose::Attachment { .. }) => missing
                .iter()
                .take(1)
                .map(|gap| gap.start.to_string())
                .collect(),
            (ExpectedRanges::Closed, _) | (_, Purpose::File { .. } | Purpose::Document { .. }) => {
                missing.iter().map(closed).collect()
            }
        };
        let (expires, next) = match self.purpose {
            Purpose::Attachment { .. } => ("ExpirationDateTime", "NextExpectedRanges"),
            _ => ("expirationDateTime", "nextExpectedRanges"),
        };
        let mut told = json!({ expires: timestamp(self.expires) });
        if form != ExpectedRanges::Missing {
            told[next] = json!(ranges);
        }
        told
    }
}

impl State {
    /// Responds to a request at an upload's URL.
    pub(super) fn upload(
        &mut self,
        description: &Description,
        request: &Request,
        id: &str,
        quirk: Option<&Quirk>,
    ) -> Answer {
        let now = self.clock.now();
        let form = self.storage.ranges;
        self.storage
            .uploads
            .retain(|_, upload| upload.expires > now);
        let upload = self.storage.uploads.get_mut(id);
        let Some(upload) = upload.filter(|upload| upload.target == request.target) else {
            return refuse(
                StatusCode::NOT_FOUND,
                "itemNotFound",
                "uploadSessionNotFound",
                "The upload session was not found",
            );
        };
        let attachment = matches!(upload.purpose, Purpose::Attachment { .. });
        match request.method {
            Method::GET => json_answer(StatusCode::OK, &upload.told(form)),
            Method::DELETE => {
                self.storage.uploads.remove(id);
                Answer::empty(StatusCode::NO_CONTENT)
            }
            Method::POST if request.body.is_empty() && upload.bytes().is_some() => {
                self.finish(description, id)
            }
            Method::PUT => {
                let progress = match upload.slice(request, quirk) {
                    Ok(progress) => progress,
                    Err(refused) => {
                        let Refused {
                            status,
                            code,
                            inner,
                            message,
                        } = refused;
                        return refuse(status, code, inner, message);
                    }
                };
                upload.expires = now.checked_add_signed(LIFETIME).unwrap_or(now);
                match progress {
                    Progress::Done if !upload.deferred => self.finish(description, id),
                    _ if attachment => json_answer(StatusCode::OK, &upload.told(form)),
                    _ => json_answer(StatusCode::ACCEPTED, &upload.told(form)),
                }
            }
            _ => Answer::empty(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    /// Creates the file or attachment of a session whose bytes are all received. The session ends
    /// with it. A conflict of names leaves the session and its bytes as they are.
    fn finish(&mut self, description: &Description, id: &str) -> Answer {
        let Some(upload) = self.storage.uploads.get(id) else {
            return Answer::empty(StatusCode::NOT_FOUND);
        };
        let bytes = upload.bytes().unwrap_or_default();
        let (purpose, root, caller) = (upload.purpose.clone(), upload.root.clone(), upload.caller);
        let made = self
            .graph(description, &root, caller, None)
            .finish_upload(purpose, bytes);
        match made {
            Ok(answer) => {
                self.storage.uploads.remove(id);
                answer
            }
            Err(refusal) => refusal.answer(self.clock.now(), id, id),
        }
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Answer {
    Answer::bytes(status, "application/json; charset=utf-8", body.to_string())
}
