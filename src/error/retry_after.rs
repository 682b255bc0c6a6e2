//! `Retry-After` ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) as Microsoft's services
//! write it: besides whole seconds and dates there are fractions (`2.128`), lists (`0,120`), and nonsense.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// How long to wait from `now` on, rounded up to whole seconds; of several numbers the largest.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|value| seconds(value).or_else(|| until(value, now)))
        .max()
}

fn seconds(value: &str) -> Option<Duration> {
    let numbers = value
        .split(',')
        .map(|number| number.trim().parse::<f64>().ok());
    let largest = numbers
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .reduce(f64::max)?;
    Duration::try_from_secs_f64(largest.ceil()).ok()
}

fn until(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    let millis = date.signed_duration_since(now).num_milliseconds();
    Some(Duration::from_secs(
        u64::try_from(millis).unwrap_or(0).div_ceil(1000),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &'static str) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339("2026-03-01T10:00:00.500Z")
            .unwrap()
            .to_utc();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static(value));
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_form_that_was_seen_is_read() {
        assert_eq!(parse("10"), Some(10));
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse("2.128"), Some(3));
        assert_eq!(parse("0,120"), Some(120));
        assert_eq!(parse("Sun, 01 Mar 2026 10:00:04 GMT"), Some(4));
        assert_eq!(parse("Sun, 01 Mar 2026 09:00:00 GMT"), Some(0));
    }

    #[test]
    fn nonsense_is_none() {
        for value in ["", "soon", "-5", "1e300", "NaN", "5,soon"] {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }
}
