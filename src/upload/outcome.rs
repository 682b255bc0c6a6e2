//! Interprets the response to a slice. The status alone is not enough, because each service uses
//! its own statuses.

use std::ops::Range;

use http::StatusCode;
use http::header::LOCATION;
use serde_json::Value;

use super::ranges;
use crate::call::Response;
use crate::{Error, error::ApiError};

/// The outcome of a slice.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The file is complete.
    Done,
    /// The service expects more bytes: these ranges, where the response names them.
    More(Option<Vec<Range<u64>>>),
}

impl Outcome {
    /// Interprets a response. `is_last` is `true` if the slice was the last missing one.
    ///
    /// 201 means complete at every service, with the item (drives, print) or with its `Location`
    /// (Outlook). 200 means complete only with an item: Outlook responds 200 with ranges to slices
    /// that are not the last.
    pub(super) fn of(response: &Response, total: u64, is_last: bool) -> Self {
        if response.status() == StatusCode::CREATED {
            return Self::Done;
        }
        let body: Value = response.json().unwrap_or_default();
        let ranges = expected(&body, total);
        let has_item = body.get("id").is_some_and(Value::is_string);
        let is_named = response.headers().contains_key(LOCATION);
        match ranges {
            Some(ranges) => Self::More(Some(ranges)),
            None if has_item || is_last && is_named => Self::Done,
            None => Self::More(None),
        }
    }
}

/// Returns the size of an item in bytes, as the item states it.
pub(super) fn size(response: &Response) -> Option<u64> {
    let item: Value = response.json().ok()?;
    item.get("id")?;
    item.get("size")?.as_u64()
}

/// Returns `true` for files that SharePoint changes as it stores them. Their size differs from that
/// of the sent bytes.
///
/// <https://github.com/OneDrive/onedrive-api-docs/issues/935>
pub(super) fn is_rewritten(response: &Response) -> bool {
    const EXTENSIONS: [&str; 6] = ["htm", "html", "aspx", "pdf", "one", "rtf"];
    /// The first letters of the extensions of Word, Excel, PowerPoint and Visio.
    const OFFICE: [&str; 9] = [
        "doc", "dot", "xls", "xlt", "ppt", "pot", "pps", "vsd", "vst",
    ];
    const MEDIA_TYPES: [&str; 7] = [
        "officedocument",
        "msword",
        "ms-word",
        "ms-excel",
        "ms-powerpoint",
        "/pdf",
        "html",
    ];
    let item: Value = response.json().unwrap_or_default();
    let text = |pointer| {
        let text = item.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_ascii_lowercase()
    };
    let (name, media_type) = (text("/name"), text("/file/mimeType"));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.contains(&extension)
        || OFFICE.iter().any(|office| extension.starts_with(office))
        || MEDIA_TYPES.iter().any(|part| media_type.contains(part))
}

/// Returns the ranges that a session's state names, with either capitalization of the property.
pub(super) fn expected(state: &Value, total: u64) -> Option<Vec<Range<u64>>> {
    let names = ["nextExpectedRanges", "NextExpectedRanges"];
    let list = names.iter().find_map(|name| state.get(name)?.as_array())?;
    let texts = list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
    ranges::missing(texts, total)
}

/// The reason why a slice was refused.
pub(super) enum Refusal {
    /// The session does not exist.
    Gone(Box<ApiError>),
    /// Client and service disagree about the bytes that are already stored.
    Misplaced(Error),
    /// Any other error, which may or may not be transient.
    Other(Error),
}

impl Refusal {
    /// Interprets an error. `is_last` is `true` if the slice was the last missing one. A conflict
    /// before the end must be about the bytes, and one at the end is about the name.
    pub(super) fn of(error: Error, is_last: bool) -> Self {
        let is_about_bytes = match error.status() {
            Some(StatusCode::RANGE_NOT_SATISFIABLE) => true,
            Some(StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) => !is_last,
            _ => error.has_code("fragmentOverlap") || error.has_code("fragmentOutOfOrder"),
        };
        match error {
            error if is_about_bytes => Self::Misplaced(error),
            Error::Api(error)
                if matches!(error.status(), StatusCode::NOT_FOUND | StatusCode::GONE) =>
            {
                Self::Gone(error)
            }
            error => Self::Other(error),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::single_range_in_vec_init,
    reason = "the test data are lists with one range"
)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::error::RequestContext;

    fn response(status: StatusCode, body: &'static str) -> Response {
        Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
            context: RequestContext::new(Method::PUT, "{uploadUrl}".to_owned()),
        }
    }

    fn outcome(status: u16, body: &'static str, is_last: bool) -> Outcome {
        let response = response(StatusCode::from_u16(status).unwrap(), body);
        Outcome::of(&response, 100, is_last)
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#554.
    #[test]
    fn last_responses_of_every_service_are_read() {
        assert_eq!(
            outcome(201, r#"{"id":"1","size":100}"#, true),
            Outcome::Done
        );
        assert_eq!(
            outcome(200, r#"{"id":"1","size":100}"#, true),
            Outcome::Done
        );
        assert_eq!(outcome(202, r#"{"id":"1"}"#, true), Outcome::Done);
        assert_eq!(outcome(201, "", true), Outcome::Done);
        let mut response = response(StatusCode::NO_CONTENT, "");
        assert_eq!(Outcome::of(&response, 100, true), Outcome::More(None));
        let location = HeaderValue::from_static("https://a/Attachments('1')");
        response.headers.insert(LOCATION, location);
        assert_eq!(Outcome::of(&response, 100, true), Outcome::Done);
    }

    #[test]
    fn other_responses_list_missing_ranges() {
        let more = |ranges: &[Range<u64>]| Outcome::More(Some(ranges.to_vec()));
        assert_eq!(
            outcome(202, r#"{"nextExpectedRanges":["50-"]}"#, false),
            more(&[50..100])
        );
        assert_eq!(
            outcome(200, r#"{"NextExpectedRanges":["50"]}"#, false),
            more(&[50..100])
        );
        assert_eq!(
            outcome(202, r#"{"nextExpectedRanges":[]}"#, true),
            more(&[])
        );
        for body in [
            "",
            "{}",
            "<html>",
            r#"{"nextExpectedRanges":["x"]}"#,
            r#"{"nextExpectedRanges":[5]}"#,
        ] {
            assert_eq!(outcome(202, body, false), Outcome::More(None), "{body}");
        }
        // A 200 without an id does not contain an item.
        assert_eq!(outcome(200, r#"{"name":"a"}"#, true), Outcome::More(None));
    }
}
