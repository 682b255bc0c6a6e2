//! Times of day without an offset.

use chrono::{NaiveDate, NaiveDateTime};

/// A date and time as clocks show it, without an offset: the time of a `DateTimeTimeZone`.
///
/// It is a `NaiveDateTime` of chrono, a date, which means its midnight, or text that is sent
/// unchanged. With the features `jiff` and `time`, the corresponding types of these crates count as
/// well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a local date and time",
    note = "a point in time converts into a `DateTimeTimeZone` in UTC by itself, with `.into()`"
)]
pub trait LocalTime {
    /// Returns the text for Graph, `2026-12-01T09:00:00`.
    fn to_text(&self) -> String;
}

impl LocalTime for NaiveDateTime {
    fn to_text(&self) -> String {
        // Graph keeps time in units of 100 nanoseconds.
        let text = self.format("%Y-%m-%dT%H:%M:%S%.9f").to_string();
        let text = text.get(..text.len() - 2).unwrap_or(&text);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl LocalTime for NaiveDate {
    fn to_text(&self) -> String {
        self.and_time(chrono::NaiveTime::MIN).to_text()
    }
}

impl LocalTime for str {
    fn to_text(&self) -> String {
        self.to_owned()
    }
}

impl LocalTime for String {
    fn to_text(&self) -> String {
        self.clone()
    }
}

impl<L: LocalTime + ?Sized> LocalTime for &L {
    fn to_text(&self) -> String {
        (**self).to_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_have_at_most_seven_digits() {
        let time = |text: &str| text.parse::<NaiveDateTime>().unwrap().to_text();
        assert_eq!(time("2026-12-01T09:00:00"), "2026-12-01T09:00:00");
        assert_eq!(time("2026-12-01T09:00:00.5"), "2026-12-01T09:00:00.5");
        assert_eq!(
            time("2026-12-01T09:00:00.123456789"),
            "2026-12-01T09:00:00.1234567"
        );
        let date: NaiveDate = "2026-12-01".parse().unwrap();
        assert_eq!(date.to_text(), "2026-12-01T00:00:00");
        assert_eq!("2026-12-01T09:00".to_text(), "2026-12-01T09:00");
    }
}
