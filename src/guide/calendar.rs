//! Calendars: events, attendees, time zones, recurrence.
//!
//! This program plans a week. It needs the permission `Calendars.ReadWrite`.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use msgraph::chrono::{Days, NaiveDate, Utc};
//! use msgraph::models::{
//!     Attendee, DateTimeTimeZone, DayOfWeek, Event, FreeBusyStatus, ItemBody, Location,
//!     PatternedRecurrence, RecurrencePattern, RecurrencePatternType, RecurrenceRange,
//!     RecurrenceRangeType,
//! };
//! use msgraph::query::Null;
//! use msgraph::{Graph, Model};
//!
//! const ZONE: &str = "Europe/Oslo";
//!
//! /// Lists what the next seven days hold.
//! async fn agenda(graph: &Graph) -> msgraph::Result<()> {
//!     let now = Utc::now();
//!     let week = graph.me().calendar_view().list(now, now + Days::new(7));
//!     for event in week.select((Event::SUBJECT, Event::START)).all().await? {
//!         let starts = event.get_ref(Event::START).and_then(DateTimeTimeZone::to_utc);
//!         println!("{starts:?} {}", event.get_ref(Event::SUBJECT).unwrap_or("(no subject)"));
//!     }
//!     Ok(())
//! }
//!
//! /// A meeting every Monday and Thursday, with a room.
//! fn stand_up(first: NaiveDate) -> Event {
//!     let at = |time: &str| DateTimeTimeZone::local(format!("{first}T{time}"), ZONE);
//!     let pattern = RecurrencePattern::new()
//!         .set(RecurrencePattern::TYPE, RecurrencePatternType::Weekly)
//!         .set(RecurrencePattern::INTERVAL, 1)
//!         .set(RecurrencePattern::DAYS_OF_WEEK, [DayOfWeek::Monday, DayOfWeek::Thursday]);
//!     let range = RecurrenceRange::new()
//!         .set(RecurrenceRange::TYPE, RecurrenceRangeType::EndDate)
//!         .set(RecurrenceRange::START_DATE, first)
//!         .set(RecurrenceRange::END_DATE, first + Days::new(90));
//!     let recurrence = PatternedRecurrence::new()
//!         .set(PatternedRecurrence::PATTERN, pattern)
//!         .set(PatternedRecurrence::RANGE, range);
//!     Event::new()
//!         .set(Event::SUBJECT, "Stand-up")
//!         .set(Event::BODY, ItemBody::html("<p>What did you do?</p>"))
//!         .set(Event::START, at("09:00:00"))
//!         .set(Event::END, at("09:15:00"))
//!         .set(Event::LOCATION, Location::new().set(Location::DISPLAY_NAME, "Room 1"))
//!         .set(Event::RECURRENCE, recurrence)
//!         .set(Event::CATEGORIES, ["Green category"])
//!         .set(Event::REMINDER_MINUTES_BEFORE_START, 5)
//!         .set(Event::ATTENDEES, [
//!             Attendee::required("adele@contoso.com"),
//!             Attendee::optional("alex@contoso.com"),
//!             Attendee::resource("room1@contoso.com"),
//!         ])
//! }
//!
//! /// A day off. An all-day event begins and ends at midnight.
//! fn day_off(day: NaiveDate) -> Event {
//!     Event::new()
//!         .set(Event::SUBJECT, "Day off")
//!         .set(Event::IS_ALL_DAY, true)
//!         .set(Event::SHOW_AS, FreeBusyStatus::Oof)
//!         .set(Event::START, DateTimeTimeZone::local(day, ZONE))
//!         .set(Event::END, DateTimeTimeZone::local(day + Days::new(1), ZONE))
//! }
//!
//! /// Renames an event, and removes its location. Only that is sent.
//! async fn postpone(graph: &Graph, id: &str) -> msgraph::Result<()> {
//!     let event = graph.me().events().id(id);
//!     let original = event.get().await?;
//!     let changed = original.clone().set(Event::SUBJECT, "Postponed").set(Event::LOCATION, Null);
//!     event.update(original.changes_to(&changed)).await?;
//!     Ok(())
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = msgraph_simulator::Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = Graph::builder(credential).base_url(simulator.url()).build()?;
//! let today = Utc::now().date_naive();
//! let events = graph.me().events();
//! let meeting = events.create(stand_up(today)).await?;
//! events.create(day_off(today + Days::new(2))).await?;
//!
//! // A point in time converts by itself, and is sent in UTC.
//! let soon = SystemTime::now() + Duration::from_secs(3600);
//! let call = Event::new()
//!     .set(Event::SUBJECT, "Call")
//!     .set(Event::START, soon)
//!     .set(Event::END, soon + Duration::from_secs(1800));
//! let call = events.create(call).await?;
//!
//! postpone(&graph, &call.id.expect("Graph sends the id")).await?;
//! agenda(&graph).await?;
//! # assert_eq!(meeting.get_ref(Event::ATTENDEES).map(<[_]>::len), Some(3));
//! # Ok(())
//! # }
//! ```
//!
//! # Time zones
//!
//! Graph sends the times of events in UTC, unless a `Prefer` header names another time zone. A
//! `DateTimeTimeZone` has the time that clocks show, and the name of a zone:
//!
//! | name | example | what reads it |
//! |---|---|---|
//! | UTC | `UTC`, `tzone://Microsoft/Utc` | `to_utc` |
//! | a name of Windows | `W. Europe Standard Time` | `zone_name().iana()` has the IANA name |
//! | a name of the IANA database | `Europe/Oslo` | chrono-tz or jiff, by its name |
//! | a custom zone | `tzone://Microsoft/Custom` | only Graph: request the event in UTC |
//!
//! With the feature `jiff`, `to_zoned_datetime` returns the time in its zone, and a `ZonedDateTime`
//! converts into a `DateTimeTimeZone` with its zone. With the feature `time`, an `OffsetDateTime`
//! converts into one in UTC. chrono has no names of zones of its own. `to_time_in` takes any of its
//! time zones, such as those of chrono-tz:
//!
//! ```
//! use msgraph::chrono::FixedOffset;
//! use msgraph::models::DateTimeTimeZone;
//!
//! let starts = DateTimeTimeZone::local("2026-12-01T09:00:00", "W. Europe Standard Time");
//! assert_eq!(starts.zone_name().iana(), Some("Europe/Berlin"));
//! // `name.parse::<chrono_tz::Tz>()` in a program that has chrono-tz.
//! let berlin = FixedOffset::east_opt(3600).expect("an offset");
//! let time = starts.to_time_in(&berlin).map(|time| time.to_rfc3339());
//! assert_eq!(time.as_deref(), Some("2026-12-01T09:00:00+01:00"));
//! ```
//!
//! <https://learn.microsoft.com/graph/api/resources/datetimetimezone>
