//! Reading and writing by the names of properties, for all models.

use serde_json::Value;

use super::into_property::Setting;
use super::object::{Object, each_field};
use super::{PropertyValue, Ref, Slot};

/// Returns the number of a property's field.
fn number(object: &dyn Object, name: &str) -> Option<usize> {
    let names = object.info().names;
    names.iter().position(|known| *known == name)
}

/// Sets a property. It replaces an earlier value, `null` and mismatched value. A property without a
/// field of its type goes to `extra`.
pub(super) fn set<T: PropertyValue<K>, K>(
    object: &mut dyn Object,
    name: &str,
    setting: Setting<T>,
) {
    let number = number(object, name).unwrap_or(usize::MAX);
    let (field, extra) = object.slot(number);
    extra.remove(name);
    match setting {
        Setting::Absent => field.clear(),
        Setting::Null => {
            field.clear();
            extra.insert(name, Value::Null);
        }
        Setting::Value(value) => {
            if let Err(value) = value.put(field)
                && let Some(json) = value.json()
            {
                extra.keep(name, json);
            }
        }
    }
}

/// Returns a property as a borrowed value, if it has a field of its type.
pub(super) fn get_ref<'m, T: PropertyValue<K>, K>(
    object: &'m dyn Object,
    name: &str,
) -> Option<T::Ref<'m>> {
    T::borrowed(field(object, name))
}

/// Returns a copy of a property. A property without a field is read from `extra`.
pub(super) fn get<T: PropertyValue<K>, K>(object: &dyn Object, name: &str) -> Option<T> {
    match number(object, name) {
        Some(_) => get_ref::<T, K>(object, name).map(T::owned),
        None => T::read(&object.extra().json_text(name)?),
    }
}

/// Returns the field of a name.
fn field<'m>(object: &'m dyn Object, name: &str) -> Ref<'m> {
    let mut found = Ref::Absent;
    if let Some(wanted) = number(object, name) {
        each_field(object, |number, value| {
            if number == wanted {
                found = value;
            }
        });
    }
    found
}

/// Removes the value of a property, and writes an explicit `null` for it.
pub(super) fn clear(object: &mut dyn Object, name: &str) {
    let number = number(object, name).unwrap_or(usize::MAX);
    let (slot, extra): (Slot<'_>, _) = object.slot(number);
    slot.clear();
    extra.insert(name, Value::Null);
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use crate::model::sample::{Body, Kind, Meeting};
    use crate::model::{Flags, Model, Property};
    use crate::query::Null;

    fn written(meeting: &Meeting) -> serde_json::Value {
        serde_json::to_value(meeting).unwrap()
    }

    #[test]
    fn set_converts_values_of_each_kind() {
        let tags = ["a".to_owned(), "b".to_owned()];
        let meeting = Meeting::new()
            .set(Meeting::SUBJECT, String::from("Lunch"))
            .set(Meeting::BODY, Box::new(Body::from("Hi")))
            .set(Meeting::BODIES, ["One", "Two"])
            .set(Meeting::TAGS, &tags)
            .set(Meeting::KIND, Kind::Html)
            .set(Meeting::KINDS, (0..2).map(|_| Kind::Text))
            .set(Meeting::DAYS, [Kind::Html, Kind::Text])
            .set(Meeting::START, SystemTime::UNIX_EPOCH)
            .set(Meeting::SIZE, 5_000_000_000)
            .set(Meeting::RANK, 7)
            .set(Meeting::RATIO, 2)
            .set(Meeting::IS_OPEN, true)
            .set(Meeting::MORE, json!([1]));
        let wanted = json!({
            "subject": "Lunch", "body": {"content": "Hi"},
            "bodies": [{"content": "One"}, {"content": "Two"}], "tags": ["a", "b"],
            "kind": "html", "kinds": ["text", "text"], "days": "html,text",
            "start": "1970-01-01T00:00:00Z", "size": 5_000_000_000_i64, "rank": 7, "ratio": 2,
            "isOpen": true, "more": [1],
        });
        assert_eq!(written(&meeting), wanted);
    }

    #[test]
    fn set_takes_options_and_null() {
        let meeting = Meeting::new()
            .set(Meeting::SUBJECT, Some("Lunch"))
            .set(Meeting::BODY, Some("Hi"))
            .set(Meeting::SIZE, None::<i64>)
            .set(Meeting::RANK, Null)
            .set(Meeting::TAGS, Some(["a"]))
            .set(Meeting::DAYS, Kind::Text);
        let wanted = json!({
            "subject": "Lunch", "body": {"content": "Hi"}, "rank": null, "tags": ["a"],
            "days": "text",
        });
        assert_eq!(written(&meeting), wanted);
        let meeting = meeting
            .set(Meeting::SUBJECT, None::<String>)
            .set(Meeting::BODY, Null)
            .set(Meeting::RANK, 1)
            .set(Meeting::TAGS, [Some("b"), None]);
        assert_eq!(
            written(&meeting),
            json!({"body": null, "rank": 1, "tags": ["b"], "days": "text"})
        );
    }

    #[test]
    fn set_replaces_a_mismatched_value() {
        let meeting: Meeting = serde_json::from_str(r#"{"size": "many"}"#).unwrap();
        assert_eq!(meeting.get(Meeting::SIZE), None);
        let meeting = meeting.set(Meeting::SIZE, 3);
        assert_eq!(written(&meeting), json!({"size": 3}));
        assert!(meeting.extra.is_empty());
    }

    #[test]
    fn get_returns_values_of_each_kind() {
        let text = r#"{
            "subject": "Lunch", "body": {"content": "Hi"}, "bodies": [{"kind": "text"}],
            "tags": ["a"], "kind": "HTML", "days": "html", "start": "2026-01-02T03:04:05Z",
            "size": 3, "rank": 7, "ratio": 0.5, "isOpen": false, "more": {"a": 1}
        }"#;
        let meeting: Meeting = serde_json::from_str(text).unwrap();
        assert_eq!(meeting.get(Meeting::SUBJECT).as_deref(), Some("Lunch"));
        assert_eq!(meeting.get_ref(Meeting::SUBJECT), Some("Lunch"));
        let body = meeting.get_ref(Meeting::BODY).unwrap();
        assert_eq!(body.get_ref(Body::CONTENT), Some("Hi"));
        assert_eq!(meeting.get(Meeting::BODY), Some(Body::from("Hi")));
        let bodies = meeting.get_ref(Meeting::BODIES).unwrap();
        assert_eq!(bodies[0].get_ref(Body::KIND), Some(&Kind::Text));
        assert_eq!(meeting.get(Meeting::TAGS), Some(vec!["a".to_owned()]));
        assert_eq!(meeting.get(Meeting::KIND), Some(Kind::Html));
        assert_eq!(meeting.get(Meeting::DAYS), Some(Flags::from(Kind::Html)));
        assert_eq!(meeting.get_ref(Meeting::START), meeting.start);
        assert_eq!(meeting.get(Meeting::SIZE), Some(3));
        assert_eq!(meeting.get_ref(Meeting::RANK), Some(7));
        assert_eq!(meeting.get(Meeting::RATIO), Some(0.5));
        assert_eq!(meeting.get(Meeting::IS_OPEN), Some(false));
        assert_eq!(meeting.get(Meeting::MORE), Some(json!({"a": 1})));
        assert_eq!(meeting.get(Meeting::KINDS), None);
        assert_eq!(meeting.get(Meeting::ID), None);
    }

    #[test]
    fn properties_without_a_field_are_in_extra() {
        const CENTER: Property<Meeting, i64> = Property::new("extension_1_center");
        const NOTES: Property<Meeting, Vec<Body>> = Property::new("extension_1_notes");
        const KIND: Property<Meeting, Kind> = Property::new("extension_1_kind");
        let meeting = Meeting::new()
            .set(CENTER, 9_007_199_254_740_993)
            .set(NOTES, ["One"])
            .set(KIND, Kind::Text);
        let wanted = json!({
            "extension_1_center": 9_007_199_254_740_993_i64,
            "extension_1_notes": [{"content": "One"}], "extension_1_kind": "text",
        });
        assert_eq!(written(&meeting), wanted);
        assert_eq!(meeting.get(CENTER), Some(9_007_199_254_740_993));
        assert_eq!(meeting.get(NOTES), Some(vec![Body::from("One")]));
        assert_eq!(meeting.get(KIND), Some(Kind::Text));
        assert_eq!(meeting.get_ref(CENTER), None);
        let meeting = meeting.set(CENTER, Null).set(KIND, None::<Kind>);
        assert_eq!(meeting.get(CENTER), None);
        assert_eq!(meeting.extra.len(), 2);
    }

    #[test]
    fn property_of_another_type_is_still_written() {
        const SUBJECT: Property<Meeting, i64> = Property::new("subject");
        const BODY: Property<Meeting, Vec<String>> = Property::new("body");
        let meeting = Meeting::new()
            .set(Meeting::SUBJECT, "Lunch")
            .set(SUBJECT, 1)
            .set(Meeting::BODY, "Hi")
            .set(BODY, ["a"]);
        assert_eq!(written(&meeting), json!({"subject": 1, "body": ["a"]}));
        assert_eq!(Meeting::new().set(Meeting::SUBJECT, "1").get(SUBJECT), None);
    }
}
