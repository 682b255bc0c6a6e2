//! The headers `Range` and `Content-Range` (RFC 9110, section 14).

use std::ops::Range;

/// A slice of an upload: `bytes 0-327679/1000000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) range: Range<u64>,
    pub(crate) total: u64,
}

impl ContentRange {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let end = last.checked_add(1)?;
        let total = number(total)?;
        (first < end).then_some(Self {
            range: first..end,
            total,
        })
    }
}

/// The part that a `Range` header requests of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    All,
    Part(Range<u64>),
    /// A range beyond the end of the content.
    Beyond,
}

/// Reads a `Range` header. A header that is invalid or requests several parts counts as a request
/// for the whole content.
pub(crate) fn asked(header: Option<&str>, length: u64) -> Asked {
    let range = header.and_then(|header| header.trim().strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return Asked::All;
    };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match number(last) {
            None => Asked::All,
            Some(0) => Asked::Beyond,
            Some(_) if length == 0 => Asked::Beyond,
            Some(count) => Asked::Part(length.saturating_sub(count)..length),
        };
    }
    match (number(first), number(last)) {
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => {
            Asked::Beyond
        }
        (Some(first), None) if last.is_empty() => Asked::Part(first..length),
        (Some(first), Some(last)) if first <= last => {
            Asked::Part(first..last.saturating_add(1).min(length))
        }
        _ => Asked::All,
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_slice_ranges_are_parsed() {
        let read = |text| ContentRange::read(text).map(|slice| (slice.range, slice.total));
        assert_eq!(read("bytes 0-4/5"), Some((0..5, 5)));
        assert_eq!(read("bytes 5-5/9"), Some((5..6, 9)));
        for text in [
            "",
            "bytes",
            "0-4/5",
            "bytes 0-4",
            "bytes 4-0/5",
            "bytes 0--1/0",
            "bytes 0-4/*",
            "bytes */5",
            "bytes +0-4/5",
            "bytes 0-18446744073709551615/5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn download_ranges_are_parsed() {
        let asked = |text| asked(Some(text), 10);
        assert_eq!(asked("bytes=0-3"), Asked::Part(0..4));
        assert_eq!(asked("bytes=4-"), Asked::Part(4..10));
        assert_eq!(asked("bytes=4-99"), Asked::Part(4..10));
        assert_eq!(asked("bytes=-3"), Asked::Part(7..10));
        assert_eq!(asked("bytes=-30"), Asked::Part(0..10));
        assert_eq!(asked("bytes=10-"), Asked::Beyond);
        assert_eq!(asked("bytes=10-12"), Asked::Beyond);
        assert_eq!(asked("bytes=-0"), Asked::Beyond);
        for text in [
            "",
            "bytes=",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=a-b",
        ] {
            assert_eq!(asked(text), Asked::All, "{text}");
        }
        assert_eq!(super::asked(None, 10), Asked::All);
        assert_eq!(super::asked(Some("bytes=0-0"), 0), Asked::Beyond);
    }
}
