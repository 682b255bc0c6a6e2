//! The views of a calendar: the events and occurrences in a range of time.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;

use super::refused;
use crate::graph::{Call, Graph};
use crate::refusal::Refusal;
use crate::store::Id;
use crate::time_zone::{moment, stored};

/// A range of time, from the first moment to the one after the last.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// The longest range of a view, in days.
const LONGEST: i64 = 1825;

/// Checks whether a relation lists events in a range of time.
pub(in crate::graph) fn is_view(relation: &str) -> bool {
    matches!(relation, "calendarView" | "instances")
}

impl Graph<'_> {
    /// Creates the occurrences that a view is about to list.
    pub(in crate::graph) fn open_view(
        &mut self,
        call: &Call<'_>,
        owner: Id,
        relation: &str,
    ) -> Result<(), Refusal> {
        if !is_view(relation) {
            return Ok(());
        }
        if let Some((from, until)) = self.view_range(call)? {
            let masters = match relation {
                "instances" => vec![owner],
                _ => self.tenant.store.many(owner, "events"),
            };
            self.unfold_all(&masters, from, until);
        }
        Ok(())
    }

    /// Creates the occurrences of all series among the events.
    pub(super) fn unfold_all(&mut self, events: &[Id], from: DateTime<Utc>, until: DateTime<Utc>) {
        for event in events {
            if self.tenant.is_series(*event) {
                self.unfold(*event, from, until);
            }
        }
    }

    /// Returns the start and the end of an event.
    pub(super) fn span(&self, event: Id) -> Option<Span> {
        let properties = &self.tenant.store.get(event)?.properties;
        Some((
            stored(properties.get("start"))?,
            stored(properties.get("end"))?,
        ))
    }

    /// Returns the events of a view that lie in its range, the earliest first.
    pub(in crate::graph) fn in_view(
        &self,
        call: &Call<'_>,
        relation: &str,
        ids: Vec<Id>,
    ) -> Result<Vec<Id>, Refusal> {
        if !is_view(relation) {
            return Ok(ids);
        }
        match self.view_range(call)? {
            Some(range) => Ok(self.meeting(range, ids)),
            None => Ok(ids),
        }
    }

    /// Returns the events that share a moment with a range, the earliest first.
    pub(super) fn meeting(&self, (from, until): Span, ids: Vec<Id>) -> Vec<Id> {
        let spans = ids.into_iter().filter_map(|id| Some((self.span(id)?, id)));
        let inside = |((start, end), _): &(Span, Id)| {
            *start < until && (*end > from || (start == end && *start >= from))
        };
        let mut found: Vec<_> = spans.filter(inside).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Returns the range of a view, or `None` if the operation takes none.
    fn view_range(&self, call: &Call<'_>) -> Result<Option<Span>, Refusal> {
        // Bookings has other names for them.
        let [from, until] = [["startDateTime", "start"], ["endDateTime", "end"]].map(|names| {
            let sent = names.into_iter().find_map(|name| call.options.custom(name));
            sent.map(moment)
        });
        match (from, until) {
            (None, None) => Ok(None),
            (Some(Some(from)), Some(Some(until))) if until - from > TimeDelta::days(LONGEST) => {
                Err(refused(&format!(
                    "The range between the start and end dates is greater than the allowed range. \
                     Maximum number of days: {LONGEST}"
                )))
            }
            (Some(Some(from)), Some(Some(until))) if from <= until => Ok(Some((from, until))),
            _ => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ErrorInvalidParameter",
                "The start and the end of a calendar view must be times, the start first.",
            )),
        }
    }
}
