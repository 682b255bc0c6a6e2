//! A page of changes.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event::{Changed, DeltaEvent, Removed, RemovedReason};
use crate::call::Answered;
use crate::model::Model;
use crate::{Page, Result};

/// Reads a page. Each item is read twice: into its type, and for what no model keeps, which is short.
pub(super) fn page<T: Model>(answered: Answered) -> Result<Page<DeltaEvent<T>>> {
    let context = answered.context().clone();
    let page = answered.page::<Box<RawValue>, T>()?;
    let items = page.value.iter().enumerate().map(|(index, json)| {
        let at = |error: Box<crate::error::DecodeError>| {
            error.below(&format!("value[{index}]")).of(&context)
        };
        let marks: Marks = decode(json).map_err(at)?;
        let item: T = decode(json).map_err(at)?;
        Ok(match removed(&marks) {
            Some(reason) => DeltaEvent::Removed(Removed::new(item, marks.id, reason)),
            None => DeltaEvent::Changed(Changed::new(item, marks)),
        })
    });
    Ok(Page {
        value: items.collect::<Result<_>>()?,
        next_link: page.next_link,
        delta_link: page.delta_link,
        count: page.count,
        extra: page.extra,
    })
}

fn decode<T: DeserializeOwned>(json: &RawValue) -> Result<T, Box<crate::error::DecodeError>> {
    crate::call::decode(json.get().as_bytes(), crate::call::type_name::<T>())
}

/// What a delta says of an item beside its properties.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) id: Option<String>,
    /// The properties that came as `null`.
    pub(super) nulls: Vec<Box<str>>,
    /// `@removed`
    removed: Option<RemovedMark>,
    /// The facet `deleted` of drive items.
    is_deleted: bool,
}

#[derive(Debug, Default, Deserialize)]
struct RemovedMark {
    #[serde(default)]
    reason: Option<String>,
}

/// Why an item is removed, where it is.
pub(super) fn removed(marks: &Marks) -> Option<RemovedReason> {
    match &marks.removed {
        Some(mark) => Some(match mark.reason.as_deref() {
            Some("changed") => RemovedReason::Changed,
            Some("deleted") | None => RemovedReason::Deleted,
            Some(other) => RemovedReason::Unknown(other.to_owned()),
        }),
        None => marks.is_deleted.then_some(RemovedReason::Deleted),
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Marks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item of a delta")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marks, A::Error> {
                let mut marks = Marks::default();
                while let Some(name) = map.next_key::<String>()? {
                    let is_null = match name.as_str() {
                        "id" => {
                            let id = map.next_value::<serde_json::Value>()?;
                            marks.id = id.as_str().map(str::to_owned);
                            id.is_null()
                        }
                        "@removed" => {
                            marks.removed = map.next_value()?;
                            false
                        }
                        "deleted" => {
                            let facet = map.next_value::<serde_json::Value>()?;
                            marks.is_deleted = facet.is_object();
                            facet.is_null()
                        }
                        _ => map.next_value::<Option<IgnoredAny>>()?.is_none(),
                    };
                    if is_null && !name.contains('@') {
                        marks.nulls.push(name.into());
                    }
                }
                Ok(marks)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(json: &str) -> Marks {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_removed_says_why() {
        for (json, reason) in [
            (r#"{"id":"1"}"#, None),
            (
                r#"{"@removed":{"reason":"changed"}}"#,
                Some(RemovedReason::Changed),
            ),
            (
                r#"{"@removed":{"reason":"deleted"}}"#,
                Some(RemovedReason::Deleted),
            ),
            (r#"{"@removed":{}}"#, Some(RemovedReason::Deleted)),
            (
                r#"{"@removed":{"reason":"moved"}}"#,
                Some(RemovedReason::Unknown("moved".to_owned())),
            ),
            (
                r#"{"deleted":{"state":"deleted"}}"#,
                Some(RemovedReason::Deleted),
            ),
            (r#"{"deleted":null}"#, None),
            (r#"{"deleted":true}"#, None),
        ] {
            assert_eq!(removed(&marks(json)), reason, "{json}");
        }
    }

    #[test]
    fn nulls_are_told_from_what_is_absent() {
        let marks = marks(r#"{"id":"1","a":null,"b":[null],"c":{"d":null},"e@odata.type":null}"#);
        assert_eq!(marks.nulls, ["a".into()]);
        assert_eq!(marks.id.as_deref(), Some("1"));
    }
}
