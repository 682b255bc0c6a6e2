//! The time that a service asks clients to wait.
//!
//! Microsoft's services write `Retry-After` ([RFC 9110,
//! 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) in several forms. Besides whole
//! seconds and dates there are fractions (`2.128`), lists (`0,120`), and invalid values. SharePoint
//! sends in `RateLimit-Reset` when its window begins again, which may be later
//! (<https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-03.html>).

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::verdict::is_throttling;

const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Returns how long to wait from the time of the response, rounded up to whole seconds. If there
/// are several numbers, the largest counts. `now` is used if the response does not say when it was
/// sent.
pub fn retry_after(
    status: StatusCode,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Option<Duration> {
    // Uses the clock that wrote the `Retry-After` date, because the local clock may be wrong.
    let received = || response_date(headers).unwrap_or(now);
    let values = |name: HeaderName| {
        let values = headers.get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok())
    };
    let after = values(RETRY_AFTER)
        .filter_map(|value| seconds(value).or_else(|| until(value, received())))
        .max();
    // Responses of all kinds contain a window. Only a call that was refused has to wait for its
    // end.
    let is_refusal = is_throttling(status) || status == StatusCode::SERVICE_UNAVAILABLE;
    let reset = is_refusal.then(|| values(RATE_LIMIT_RESET).filter_map(seconds).max());
    after.max(reset.flatten())
}

/// Returns the largest of the numbers in the value. A number beyond the range of `Duration` gives
/// the longest one.
fn seconds(value: &str) -> Option<Duration> {
    let numbers = value.split(',').filter_map(|number| {
        let number = number.trim().parse::<f64>().ok()?;
        (number >= 0.0).then_some(number)
    });
    let largest = numbers.reduce(f64::max)?;
    Some(Duration::try_from_secs_f64(largest.ceil()).unwrap_or(Duration::MAX))
}

fn until(value: &str, received: DateTime<Utc>) -> Option<Duration> {
    let millis = date_of(value)?
        .signed_duration_since(received)
        .num_milliseconds();
    Some(Duration::from_secs(
        u64::try_from(millis).unwrap_or(0).div_ceil(1000),
    ))
}

/// Returns the time when the service sent a response, by the service's clock: its `Date`.
pub fn response_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    date_of(headers.get(DATE)?.to_str().ok()?)
}

fn date_of(value: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some(date.to_utc())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(headers: &[(HeaderName, &'static str)]) -> Option<u64> {
        with_status(StatusCode::TOO_MANY_REQUESTS, headers)
    }

    fn with_status(status: StatusCode, headers: &[(HeaderName, &'static str)]) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339("2026-03-01T10:00:00.500Z")
            .unwrap()
            .to_utc();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        retry_after(status, &map, now).map(|wait| wait.as_secs())
    }

    fn parse(value: &'static str) -> Option<u64> {
        of(&[(RETRY_AFTER, value)])
    }

    // Reported: microsoftgraph/msgraph-sdk-javascript#978.
    #[test]
    fn every_known_retry_after_form_is_read() {
        assert_eq!(parse("10"), Some(10));
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse("2.128"), Some(3));
        assert_eq!(parse("0.249"), Some(1));
        assert_eq!(parse("0,120"), Some(120));
        assert_eq!(parse("5, soon"), Some(5));
        assert_eq!(parse("Sun, 01 Mar 2026 10:00:04 GMT"), Some(4));
        assert_eq!(parse("Sun, 01 Mar 2026 09:00:00 GMT"), Some(0));
        assert_eq!(parse("99999"), Some(99_999));
        assert_eq!(parse("1e300"), Some(u64::MAX));
    }

    #[test]
    fn malformed_retry_after_is_ignored() {
        for value in ["", "soon", "-5", "NaN", "Mon, 01 Mar 2026 10:00:04 GMT"] {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }

    #[test]
    fn retry_after_date_uses_response_clock() {
        let back = (RETRY_AFTER, "Sun, 01 Mar 2026 12:00:04 GMT");
        let date = (DATE, "Sun, 01 Mar 2026 12:00:00 GMT");
        assert_eq!(of(&[back.clone(), date]), Some(4));
        assert_eq!(of(&[back, (DATE, "today")]), Some(2 * 3600 + 4));
    }

    #[test]
    fn longest_retry_after_wins() {
        let after = |wait| (RETRY_AFTER, wait);
        let reset = |wait| (RATE_LIMIT_RESET, wait);
        assert_eq!(of(&[after("5"), reset("30")]), Some(30));
        assert_eq!(of(&[after("50"), reset("30")]), Some(50));
        assert_eq!(of(&[reset("30")]), Some(30));
        assert_eq!(of(&[after("5"), after("7")]), Some(7));
        let not_found = |headers: &[_]| with_status(StatusCode::NOT_FOUND, headers);
        assert_eq!(not_found(&[reset("30")]), None);
        assert_eq!(not_found(&[after("5"), reset("30")]), Some(5));
    }
}
