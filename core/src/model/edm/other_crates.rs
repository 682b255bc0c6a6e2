//! Conversions from and to the times of jiff and of time.

#[cfg(feature = "jiff")]
mod jiff_times {
    use chrono::{DateTime, NaiveDate, Utc};
    use jiff::civil;
    use jiff::{Timestamp, ZonedDateTime};

    use crate::model::edm::{Date, DateTimeOffset, LocalTime};
    use crate::model::{IntoProperty, Setting, kind};

    impl From<Timestamp> for DateTimeOffset {
        fn from(time: Timestamp) -> Self {
            let nanos = u32::try_from(time.as_nanosecond().rem_euclid(1_000_000_000));
            let seconds = i64::try_from(time.as_nanosecond().div_euclid(1_000_000_000));
            // jiff's range is a part of chrono's.
            let (seconds, nanos) = (seconds.unwrap_or_default(), nanos.unwrap_or_default());
            DateTime::<Utc>::from_timestamp(seconds, nanos)
                .unwrap_or_default()
                .into()
        }
    }

    impl From<&ZonedDateTime> for DateTimeOffset {
        fn from(time: &ZonedDateTime) -> Self {
            time.timestamp().into()
        }
    }

    impl From<ZonedDateTime> for DateTimeOffset {
        fn from(time: ZonedDateTime) -> Self {
            time.timestamp().into()
        }
    }

    /// Fails for a time outside of jiff's range, the years -9999 to 9999.
    impl TryFrom<DateTimeOffset> for Timestamp {
        type Error = jiff::Error;

        fn try_from(time: DateTimeOffset) -> Result<Self, jiff::Error> {
            let time = time.utc();
            // Less than a second always fits.
            let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
            Self::new(time.timestamp(), nanos)
        }
    }

    impl LocalTime for civil::DateTime {
        fn to_text(&self) -> String {
            let nanos = self.subsec_nanosecond() / 100 * 100;
            let time = self.with().subsec_nanosecond(nanos).build();
            time.unwrap_or(*self).to_string()
        }
    }

    impl LocalTime for civil::Date {
        fn to_text(&self) -> String {
            self.to_datetime(civil::Time::midnight()).to_text()
        }
    }

    impl IntoProperty<Date, kind::Plain> for civil::Date {
        fn into_property(self) -> Setting<Date> {
            let (year, month, day) = (self.year(), self.month(), self.day());
            let parts = (u32::try_from(month), u32::try_from(day));
            let date = match parts {
                (Ok(month), Ok(day)) => NaiveDate::from_ymd_opt(year.into(), month, day),
                _ => None,
            };
            // Each date of jiff is one of chrono.
            date.map_or(Setting::Absent, Setting::Value)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn jiff_times_convert_both_ways() {
            for text in ["2026-12-01T09:00:00.5Z", "1969-12-31T23:59:59.25Z"] {
                let time: Timestamp = text.parse().unwrap();
                assert_eq!(DateTimeOffset::from(time).to_string(), text);
                assert_eq!(
                    Timestamp::try_from(DateTimeOffset::from(time)).unwrap(),
                    time
                );
            }
            let local = civil::date(2026, 12, 1).at(9, 0, 0, 123_456_789);
            assert_eq!(local.to_text(), "2026-12-01T09:00:00.1234567");
            assert_eq!(civil::date(2026, 12, 1).to_text(), "2026-12-01T00:00:00");
        }
    }
}

#[cfg(feature = "time")]
mod time_times {
    use chrono::{DateTime, NaiveDate, Utc};
    use time::{OffsetDateTime, PrimitiveDateTime};

    use crate::model::edm::{Date, DateTimeOffset, LocalTime};
    use crate::model::{IntoProperty, Setting, kind};
    use crate::query::Literal;

    impl From<OffsetDateTime> for DateTimeOffset {
        fn from(time: OffsetDateTime) -> Self {
            // The range of the crate is a part of chrono's.
            DateTime::<Utc>::from_timestamp(time.unix_timestamp(), time.nanosecond())
                .unwrap_or_default()
                .into()
        }
    }

    /// Fails for a time outside of the crate's range, the years -9999 to 9999.
    impl TryFrom<DateTimeOffset> for OffsetDateTime {
        type Error = time::error::ComponentRange;

        fn try_from(time: DateTimeOffset) -> Result<Self, Self::Error> {
            let time = time.utc();
            Self::from_unix_timestamp(time.timestamp())?
                .replace_nanosecond(time.timestamp_subsec_nanos())
        }
    }

    /// Returns the same day in chrono, whose range has all of them.
    fn day(date: time::Date) -> Option<NaiveDate> {
        NaiveDate::from_yo_opt(date.year(), date.ordinal().into())
    }

    impl LocalTime for PrimitiveDateTime {
        fn to_text(&self) -> String {
            let (hour, minute, second, nanos) = self.as_hms_nano();
            day(self.date())
                .and_then(|day| {
                    day.and_hms_nano_opt(hour.into(), minute.into(), second.into(), nanos)
                })
                .unwrap_or_default()
                .to_text()
        }
    }

    impl LocalTime for time::Date {
        fn to_text(&self) -> String {
            self.midnight().to_text()
        }
    }

    impl IntoProperty<Date, kind::Plain> for time::Date {
        fn into_property(self) -> Setting<Date> {
            day(self).map_or(Setting::Absent, Setting::Value)
        }
    }

    impl Literal<Date> for time::Date {
        fn literal(&self) -> String {
            day(*self).unwrap_or_default().to_string()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn times_convert_both_ways() {
            let time = OffsetDateTime::from_unix_timestamp(1_796_115_600).unwrap();
            let time = time.replace_nanosecond(500_000_000).unwrap();
            let converted = DateTimeOffset::from(time);
            assert_eq!(converted.to_string(), "2026-12-01T09:00:00.5Z");
            assert_eq!(OffsetDateTime::try_from(converted).unwrap(), time);
            let local = PrimitiveDateTime::new(time.date(), time.time());
            assert_eq!(local.to_text(), "2026-12-01T09:00:00.5");
            assert_eq!(time.date().to_text(), "2026-12-01T00:00:00");
            assert_eq!(Literal::<Date>::literal(&time.date()), "2026-12-01");
        }
    }
}
