//! Shorthands for times with the name of a time zone.

use std::time::SystemTime;

use msgraph_core::model::Model;
use msgraph_core::model::edm::{DateTimeOffset, LocalTime, TimeZoneName};
use msgraph_core::runtime::chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};

use crate::DateTimeTimeZone;

impl DateTimeTimeZone {
    /// Creates the time that clocks show in a time zone.
    ///
    /// The zone has a name of Windows (`W. Europe Standard Time`), a name of the IANA database
    /// (`Europe/Oslo`), or a name that the calendar itself has sent (`tzone://Microsoft/Custom`).
    /// A date stands for its midnight, as all-day events need it.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::chrono::NaiveDate;
    /// use msgraph::models::{DateTimeTimeZone, Event};
    ///
    /// let day = NaiveDate::from_ymd_opt(2026, 12, 1).expect("a day");
    /// let starts = day.and_hms_opt(9, 0, 0).expect("a time");
    /// let event = Event::new()
    ///     .set(Event::START, DateTimeTimeZone::local(starts, "Europe/Oslo"))
    ///     .set(Event::END, DateTimeTimeZone::local("2026-12-01T09:30:00", "Europe/Oslo"));
    /// assert_eq!(
    ///     serde_json::to_value(&event)?["start"],
    ///     serde_json::json!({"dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Oslo"})
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// A point in time (`DateTime` of chrono, `SystemTime`, `DateTimeOffset`) converts by itself,
    /// and is written in UTC: `.set(Event::START, time)`.
    pub fn local(time: impl LocalTime, time_zone: impl Into<String>) -> Self {
        Self::new()
            .set(Self::DATE_TIME, time.to_text())
            .set(Self::TIME_ZONE, time_zone.into())
    }

    /// Returns the time that clocks show in the time zone, or `None` if there is no valid time.
    ///
    /// ```
    /// use msgraph::models::DateTimeTimeZone;
    ///
    /// let starts = DateTimeTimeZone::local("2026-12-01T09:00:00.0000000", "Europe/Oslo");
    /// let time = starts.local_time().expect("a time");
    /// assert_eq!(time.to_string(), "2026-12-01 09:00:00");
    /// ```
    pub fn local_time(&self) -> Option<NaiveDateTime> {
        let text = self.date_time.as_deref()?;
        // Graph leaves out the seconds nowhere, but programs do.
        let date = || text.parse::<NaiveDate>().ok();
        let offset = || text.parse::<DateTimeOffset>().ok();
        text.parse()
            .ok()
            .or_else(|| Some(date()?.into()))
            .or_else(|| Some(offset()?.utc().naive_utc()))
    }

    /// Returns the name of the time zone. A time without one is in UTC, as Graph reads it.
    ///
    /// ```
    /// use msgraph::models::DateTimeTimeZone;
    ///
    /// let starts = DateTimeTimeZone::local("2026-12-01T09:00:00", "W. Europe Standard Time");
    /// assert_eq!(starts.zone_name().iana(), Some("Europe/Berlin"));
    /// ```
    pub fn zone_name(&self) -> TimeZoneName<'_> {
        match self.time_zone.as_deref() {
            None | Some("") => TimeZoneName::Utc,
            Some(name) => TimeZoneName::new(name),
        }
    }

    /// Returns the point in time if the time zone is UTC, as it is in responses by default.
    ///
    /// ```
    /// use msgraph::models::DateTimeTimeZone;
    ///
    /// let starts = DateTimeTimeZone::local("2026-12-01T09:00:00.0000000", "UTC");
    /// let time = starts.to_utc().expect("a time in UTC");
    /// assert_eq!(time.to_string(), "2026-12-01T09:00:00Z");
    /// ```
    pub fn to_utc(&self) -> Option<DateTimeOffset> {
        match self.zone_name() {
            TimeZoneName::Utc => Some(self.local_time()?.and_utc().into()),
            _ => None,
        }
    }

    /// Returns the point in time, in a time zone that the program has looked up by
    /// [`zone_name`](Self::zone_name), for example with chrono-tz.
    ///
    /// Returns the earlier of two times if clocks are set back, and `None` for a time that clocks
    /// skip.
    ///
    /// ```
    /// use msgraph::chrono::FixedOffset;
    /// use msgraph::models::DateTimeTimeZone;
    ///
    /// let starts = DateTimeTimeZone::local("2026-12-01T09:00:00", "Europe/Oslo");
    /// let oslo = FixedOffset::east_opt(3600).expect("an offset");
    /// let time = starts.to_time_in(&oslo).expect("a time");
    /// assert_eq!(time.to_rfc3339(), "2026-12-01T09:00:00+01:00");
    /// ```
    pub fn to_time_in<Z: TimeZone>(&self, zone: &Z) -> Option<DateTime<Z>> {
        zone.from_local_datetime(&self.local_time()?).earliest()
    }

    /// Returns the time in its time zone, with jiff's database of time zones.
    ///
    /// # Errors
    ///
    /// Returns an error when the time is not valid, and when jiff does not know the time zone, as
    /// for a custom one.
    #[cfg(feature = "jiff")]
    pub fn to_zoned_datetime(&self) -> Result<jiff::ZonedDateTime, jiff::Error> {
        let text = self.date_time.as_deref().unwrap_or_default();
        let time: jiff::civil::DateTime = text.parse()?;
        let name = self.zone_name();
        let zone = match (name, name.iana()) {
            (TimeZoneName::Utc, _) => jiff::tz::TimeZone::UTC,
            (_, Some(iana)) => jiff::tz::TimeZone::get(iana)?,
            // jiff's own error names the zone.
            (_, None) => jiff::tz::TimeZone::get(self.time_zone.as_deref().unwrap_or_default())?,
        };
        time.to_zoned_datetime(zone)
    }
}

impl From<DateTimeOffset> for DateTimeTimeZone {
    fn from(time: DateTimeOffset) -> Self {
        Self::local(time.utc().naive_utc(), "UTC")
    }
}

impl<Z: TimeZone> From<DateTime<Z>> for DateTimeTimeZone {
    fn from(time: DateTime<Z>) -> Self {
        DateTimeOffset::from(time).into()
    }
}

impl From<SystemTime> for DateTimeTimeZone {
    fn from(time: SystemTime) -> Self {
        DateTimeOffset::from(time).into()
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for DateTimeTimeZone {
    fn from(time: jiff::Timestamp) -> Self {
        DateTimeOffset::from(time).into()
    }
}

/// Keeps the time zone if it has a name of the IANA database. Otherwise the time is in UTC.
#[cfg(feature = "jiff")]
impl From<&jiff::ZonedDateTime> for DateTimeTimeZone {
    fn from(time: &jiff::ZonedDateTime) -> Self {
        match time.time_zone().iana_name() {
            Some(name) => Self::local(time.datetime(), name),
            None => time.timestamp().into(),
        }
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::ZonedDateTime> for DateTimeTimeZone {
    fn from(time: jiff::ZonedDateTime) -> Self {
        Self::from(&time)
    }
}

#[cfg(feature = "time")]
impl From<time::OffsetDateTime> for DateTimeTimeZone {
    fn from(time: time::OffsetDateTime) -> Self {
        DateTimeOffset::from(time).into()
    }
}
