//! Requested and received parts of content ([RFC 9110,
//! 14](https://www.rfc-editor.org/rfc/rfc9110#section-14)).

use std::ops::{Bound, RangeBounds};

use http::StatusCode;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, LAST_MODIFIED,
};

/// A part of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    /// The position after the last byte; `None` for the end of the content.
    pub(super) end: Option<u64>,
}

impl Part {
    pub(super) const WHOLE: Self = Self {
        first: 0,
        end: None,
    };

    /// Returns the part for a range; `None` for a range without any byte.
    pub(super) fn of(range: &impl RangeBounds<u64>) -> Option<Self> {
        let first = match range.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => Some(last.saturating_add(1)),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        end.is_none_or(|end| first < end)
            .then_some(Self { first, end })
    }

    pub(super) fn is_whole(&self) -> bool {
        *self == Self::WHOLE
    }

    /// Returns the header `Range` for this part.
    pub(super) fn header(&self) -> String {
        match self.end {
            Some(end) => format!("bytes={}-{}", self.first, end.saturating_sub(1)),
            None => format!("bytes={}-", self.first),
        }
    }
}

/// The part of the content that a response contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The position in the content of the first byte of the body.
    pub(super) first: u64,
    /// The number of bytes that the header `Content-Range` promises; `None` without one.
    pub(super) length: Option<u64>,
    /// The length of the whole content, if the response states it.
    pub(super) total: Option<u64>,
}

impl Sent {
    /// Reads the part from a response. Returns `None` for a part that is invalid or not identified.
    ///
    /// This includes several parts at once (`multipart/byteranges`), which this crate never
    /// requests.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let length = headers
            .get(CONTENT_LENGTH)
            // The length of a compressed body differs from that of the content.
            .filter(|_| !headers.contains_key(CONTENT_ENCODING))
            .and_then(|length| length.to_str().ok()?.parse().ok());
        if status != StatusCode::PARTIAL_CONTENT {
            return Some(Self {
                first: 0,
                length: None,
                total: length,
            });
        }
        if media_type(headers).is_some_and(|it| it.eq_ignore_ascii_case("multipart/byteranges")) {
            return None;
        }
        let sent = range(headers.get(CONTENT_RANGE)?.to_str().ok()?)?;
        let is_longer = length > sent.length;
        (!is_longer).then_some(sent)
    }
}

/// Returns the media type of a response without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

/// Returns `true` if a response says that it is HTML.
pub(super) fn is_html(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|media_type| {
        ["text/html", "application/xhtml+xml"]
            .iter()
            .any(|html| media_type.eq_ignore_ascii_case(html))
    })
}

/// Reads a range such as `bytes 6-8/22` or `bytes 6-8/*`.
fn range(text: &str) -> Option<Sent> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let first: u64 = first.trim().parse().ok()?;
    let last: u64 = last.trim().parse().ok()?;
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok().filter(|total| last < *total)?),
    };
    Some(Sent {
        first,
        length: Some(last.checked_sub(first)?.checked_add(1)?),
        total,
    })
}

/// Returns the length of the content that a 416 states: `bytes */22`.
pub(super) fn total_of_refusal(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let total = text
        .trim()
        .strip_prefix("bytes")?
        .trim()
        .strip_prefix("*/")?;
    total.trim().parse().ok()
}

/// The properties that identify a version of content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    etag: Option<String>,
    last_modified: Option<String>,
    total: Option<u64>,
    /// `true` for HTML. `None` without a media type, because responses with the rest of a version
    /// may leave it out.
    is_html: Option<bool>,
}

impl Version {
    pub(super) fn of(headers: &HeaderMap, total: Option<u64>) -> Self {
        let text = |name| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
            total,
            is_html: media_type(headers).map(|_| is_html(headers)),
        }
    }

    /// Returns the header `If-Range`, a strong etag. A weak etag does not promise that the bytes
    /// are the same ([RFC 9110, 13.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5)).
    pub(super) fn if_range(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| !etag.starts_with("W/"))
    }

    /// Checks whether two responses can have the same content: every property that both state is
    /// equal. The date counts where a response has no etag.
    pub(super) fn fits(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let dates = self.etag.is_some() && other.etag.is_some()
            || same(&self.last_modified, &other.last_modified);
        let totals = self.total.is_none() || other.total.is_none() || self.total == other.total;
        // The media type may be the only difference between the content and a page of a gateway.
        let kinds =
            self.is_html.is_none() || other.is_html.is_none() || self.is_html == other.is_html;
        same(&self.etag, &other.etag) && dates && totals && kinds
    }

    /// Returns a text that only this version has; `None` where the version has no identification.
    pub(super) fn text(&self) -> Option<String> {
        let tag = self.etag.as_deref().or(self.last_modified.as_deref())?;
        Some(format!("{tag} {:?}", self.total))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn content_ranges_of_every_form_are_read() {
        let header = |range: Option<Part>| range.map(|part| part.header());
        assert_eq!(header(Part::of(&(5..9))).as_deref(), Some("bytes=5-8"));
        assert_eq!(header(Part::of(&(5..=9))).as_deref(), Some("bytes=5-9"));
        assert_eq!(header(Part::of(&(5..))).as_deref(), Some("bytes=5-"));
        assert_eq!(header(Part::of(&(..5))).as_deref(), Some("bytes=0-4"));
        assert!(Part::of(&(..)).is_some_and(|part| part.is_whole()));
        assert_eq!(Part::of(&(5..5)), None);
    }

    #[test]
    fn content_range_gives_the_offset() {
        let part = |text| {
            Sent::of(
                StatusCode::PARTIAL_CONTENT,
                &headers(&[("content-range", text)]),
            )
            .map(|sent| (sent.first, sent.total))
        };
        assert_eq!(part("bytes 6-8/22"), Some((6, Some(22))));
        assert_eq!(part("bytes 6-8/*"), Some((6, None)));
        for wrong in [
            "bytes */22",
            "items 1-2/3",
            "bytes 8-6/22",
            "bytes 6-8/8",
            "bytes 6-8/0",
            "bytes 6-/22",
            "bytes 6-8",
            "bytes 6-8/22, 10-12/22",
            "bytes -1-8/22",
            "bytes 0-18446744073709551615/*",
            "bytes 0-18446744073709551616/*",
            "",
        ] {
            assert_eq!(part(wrong), None, "{wrong}");
        }
        let sent = |pairs: &[(&'static str, &'static str)]| {
            Sent::of(StatusCode::PARTIAL_CONTENT, &headers(pairs))
        };
        let range = ("content-range", "bytes 6-8/22");
        for length in ["0", "1", "3"] {
            let sent = sent(&[range, ("content-length", length)]);
            assert_eq!(sent.and_then(|sent| sent.length), Some(3), "{length}");
        }
        assert_eq!(sent(&[range, ("content-length", "4")]), None);
        let several = ("content-type", "multipart/byteranges; boundary=a");
        assert_eq!(sent(&[range, several]), None);
        let total = |text| total_of_refusal(&headers(&[("content-range", text)]));
        assert_eq!(total("bytes */22"), Some(22));
        assert_eq!(total("bytes 1-2/22"), None);
        assert_eq!(Sent::of(StatusCode::PARTIAL_CONTENT, &headers(&[])), None);
        let whole = |pairs| Sent::of(StatusCode::OK, &headers(pairs)).and_then(|sent| sent.total);
        assert_eq!(whole(&[("content-length", "22")]), Some(22));
        assert_eq!(
            whole(&[("content-length", "22"), ("content-encoding", "gzip")]),
            None
        );
    }

    #[test]
    fn versions_differ_by_fields_present_in_both() {
        let version = |pairs: &[_], total| Version::of(&headers(pairs), total);
        let one = version(&[("etag", "\"1\""), ("last-modified", "monday")], Some(5));
        assert!(one.fits(&version(
            &[("etag", "\"1\""), ("last-modified", "tuesday")],
            None
        )));
        assert!(!one.fits(&version(&[("etag", "\"2\"")], Some(5))));
        assert!(!one.fits(&version(&[("etag", "\"1\"")], Some(6))));
        assert!(!one.fits(&version(&[("last-modified", "tuesday")], Some(5))));
        assert!(one.fits(&version(&[], Some(5))));
        let html = version(&[("content-type", "Text/HTML; charset=utf-8")], None);
        let pdf = version(&[("content-type", "application/pdf")], None);
        assert!(!pdf.fits(&html) && !html.fits(&pdf));
        assert!(html.fits(&html) && html.fits(&one) && one.fits(&pdf));
        assert_eq!(one.if_range(), Some("\"1\""));
        assert_eq!(version(&[("etag", "W/\"1\"")], None).if_range(), None);
        assert_eq!(version(&[], Some(5)).text(), None);
    }
}
