//! Reads pages of changes.

use std::fmt;
use std::sync::Arc;

use msgraph_core::decode::type_name;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::event::{Changed, DeltaEvent, Removed, RemovedReason};
use crate::Result;
use crate::call::ReceivedResponse;
use crate::model::Model;
use crate::model::json::{Kept, Name, Text};
use crate::model::lists::ListItem;
use crate::page::Page;

/// Reads a page. Each item is read twice: into its type, and for the annotations that no model
/// keeps, which are short.
pub(crate) fn page<T: Model>(received: &ReceivedResponse) -> Result<Page<DeltaEvent<T>>> {
    let page = received.page::<Box<RawValue>, T>()?;
    let origin = Arc::new(received.origin());
    let items = page.value.iter().enumerate().map(|(index, json)| {
        let at = |error: Box<crate::error::DecodeError>| {
            let error = error.below(&format!("value[{index}]"));
            received.not_decoded(error, json.get().as_bytes())
        };
        let marks = match json.get().starts_with('{') {
            true => decode::<_, T>(json).map_err(at)?,
            // An item that is not an object has no annotation about removal.
            false => Marks::default(),
        };
        let ListItem(item) = decode::<_, T>(json).map_err(at)?;
        Ok(match marks.removed() {
            Some(reason) => DeltaEvent::Removed(Removed::new(item, marks.id, reason)),
            None => DeltaEvent::Changed(Changed::new(item, marks, &origin)),
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

/// Decodes an item, or a part of it. An error says that the item should have been a `T`.
fn decode<I: DeserializeOwned, T>(json: &RawValue) -> Result<I, Box<crate::error::DecodeError>> {
    msgraph_core::decode::decode(json.get().as_bytes(), type_name::<T>())
}

/// The annotations that a delta query adds to the properties of an item.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) id: Option<String>,
    /// The properties that came as `null`.
    pub(super) nulls: Vec<Box<str>>,
    /// The value of `@removed`, of any type. `None` where it is missing, `null` or `false`.
    removed: Option<Value>,
    /// `true` if a drive item has the facet `deleted`.
    is_deleted: bool,
}

impl Marks {
    /// Returns the reason for the removal, or `None` where the item is not removed.
    ///
    /// Only the two documented words are known reasons. Any other mark of removal counts as a
    /// removal for an unknown reason.
    pub(super) fn removed(&self) -> Option<RemovedReason> {
        let Some(mark) = &self.removed else {
            return self.is_deleted.then_some(RemovedReason::Deleted);
        };
        let Value::Object(mark) = mark else {
            return Some(RemovedReason::Unknown(word(mark)));
        };
        Some(match mark.get("reason") {
            Some(Value::String(word)) if word == "changed" => RemovedReason::Changed,
            Some(Value::String(word)) if word == "deleted" => RemovedReason::Deleted,
            reason => RemovedReason::Unknown(reason.map(word).unwrap_or_default()),
        })
    }
}

/// Returns the text of a string, number or boolean; empty for any other value.
fn word(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
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
                while let Some(Name(name)) = map.next_key()? {
                    let text = map.next_value::<Text<'de>>()?;
                    let value = || Kept::read(text.as_str()).map(|kept| kept.value);
                    let value = || value().map_err(serde::de::Error::custom);
                    match name.as_str() {
                        "id" => marks.id = value()?.as_str().map(str::to_owned),
                        "@removed" => {
                            let is_set =
                                |mark: &Value| !matches!(mark, Value::Null | Value::Bool(false));
                            marks.removed = Some(value()?).filter(is_set);
                        }
                        "deleted" => marks.is_deleted = text.as_str().starts_with('{'),
                        _ => {}
                    }
                    // If a name occurs twice, the last value counts.
                    marks.nulls.retain(|other| **other != *name);
                    if text.as_str() == "null" && !name.contains('@') {
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
    fn removed_item_has_its_reason() {
        let unknown = |word: &str| Some(RemovedReason::Unknown(word.to_owned()));
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
            (r#"{"@removed":{}}"#, unknown("")),
            (r#"{"@removed":{"reason":null}}"#, unknown("")),
            (r#"{"@removed":{"reason":1}}"#, unknown("1")),
            (r#"{"@removed":{"reason":1e999}}"#, unknown("1e999")),
            (r#"{"@removed":{"reason":["deleted"]}}"#, unknown("")),
            (r#"{"@removed":{"reason":"Deleted"}}"#, unknown("Deleted")),
            (r#"{"@removed":"changed"}"#, unknown("changed")),
            (r#"{"@removed":true}"#, unknown("true")),
            (r#"{"@removed":[]}"#, unknown("")),
            (r#"{"@removed":"","deleted":{}}"#, unknown("")),
            (r#"{"@removed":null}"#, None),
            (r#"{"@removed":false}"#, None),
            (r#"{"@removed":{"reason":"moved"}}"#, unknown("moved")),
            (
                r#"{"deleted":{"state":"deleted"}}"#,
                Some(RemovedReason::Deleted),
            ),
            (r#"{"deleted":null}"#, None),
            (r#"{"deleted":true}"#, None),
        ] {
            assert_eq!(marks(json).removed(), reason, "{json}");
        }
    }

    #[test]
    fn null_differs_from_absent_property() {
        let marks = marks(r#"{"id":"1","a":null,"b":[null],"c":{"d":null},"e@odata.type":null}"#);
        assert_eq!(marks.nulls, ["a".into()]);
        assert_eq!(marks.id.as_deref(), Some("1"));
    }
}
