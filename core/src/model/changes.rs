//! The difference between two versions of a model, as the body of an update.

use serde_json::Value;

use super::object::{Object, all_fields};
use super::slot::copy;
use super::write::has_fields;
use super::{Ref, Slot};

/// The key of an entity, which an update cannot change.
const KEY: &str = "id";
/// The annotation that names the type of a value.
const TYPE: &str = "@odata.type";
/// The end of the annotations that link related entities, which a program writes.
const BIND: &str = "@odata.bind";

/// The part of a value that is written.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The properties that differ.
    Differences,
    /// All properties. Services disagree whether an update merges the properties of an object or
    /// replaces the object. The whole object with a `null` for each lost property is right for
    /// both.
    All,
}

/// Writes what differs between two versions of an entity into an empty object.
pub(super) fn write(original: &dyn Object, changed: &dyn Object, changes: &mut dyn Object) {
    fields(Some(original), changed, changes, Part::Differences);
    others(Some(original), changed, changes, Part::Differences);
    // Graph needs the type of a value that is declared as its base type. A type alone is not a
    // change.
    if let Some(of) = changed.extra().get(TYPE).and_then(Value::as_str)
        && of.trim_start_matches('#') != changed.info().name
        && (has_fields(changes) || !changes.extra().is_empty())
    {
        changes.extra_mut().insert(TYPE, of);
    }
}

/// Writes an object that is the value of a property.
fn whole(original: Option<&dyn Object>, changed: &dyn Object, into: &mut dyn Object) {
    fields(original, changed, into, Part::All);
    others(original, changed, into, Part::All);
}

/// Writes the properties that have a field.
fn fields(original: Option<&dyn Object>, changed: &dyn Object, into: &mut dyn Object, part: Part) {
    let names = changed.info().names;
    let before = original.map_or_else(|| vec![Ref::Absent; names.len()], all_fields);
    let values = before.into_iter().zip(all_fields(changed));
    for (number, (name, (before, after))) in names.iter().zip(values).enumerate() {
        let kept_before = original.and_then(|original| original.extra().kept_of(name));
        let kept = changed.extra().kept_of(name);
        let is_same = before == after && kept_before == kept;
        if part == Part::Differences && (is_same || *name == KEY) {
            continue;
        }
        let (field, extra) = into.slot(number);
        match (after, kept) {
            (Ref::Absent, Some(kept)) => extra.keep(*name, kept.clone()),
            (Ref::Absent, None) => {
                let had_value =
                    before != Ref::Absent || kept_before.is_some_and(|kept| !kept.value.is_null());
                if had_value {
                    extra.insert(*name, Value::Null);
                }
            }
            (after, kept) => {
                // If the field lacks a part of the text that it was read from, the text goes along.
                if let Some(kept) = kept.filter(|kept| kept.is_source_of(after)) {
                    extra.keep(*name, kept.clone());
                }
                match (before, after, field) {
                    (Ref::Object(before), Ref::Object(after), Slot::Object(field)) => {
                        whole(Some(before), after, field.start());
                    }
                    (_, Ref::Object(after), Slot::Object(field)) => {
                        whole(None, after, field.start());
                    }
                    (_, after, field) => copy(after, field),
                }
            }
        }
    }
}

/// Writes the properties without a field, and the annotations that an update needs.
fn others(original: Option<&dyn Object>, changed: &dyn Object, into: &mut dyn Object, part: Part) {
    let names = changed.info().names;
    let is_written = |name: &str| match name {
        TYPE => part == Part::All,
        name => !names.contains(&name) && (!name.contains('@') || name.ends_with(BIND)),
    };
    for (name, kept) in changed.extra().kept().filter(|(name, _)| is_written(name)) {
        let before = original.and_then(|original| original.extra().kept_of(name));
        if part == Part::All || before != Some(kept) {
            into.extra_mut().keep(name, kept.clone());
        }
    }
    let lost = original
        .into_iter()
        .flat_map(|original| original.extra().kept());
    for (name, before) in lost.filter(|(name, _)| is_written(name) && !name.contains('@')) {
        if !before.value.is_null() && !changed.extra().contains_key(name) {
            into.extra_mut().insert(name, Value::Null);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::model::Model;
    use crate::model::sample::{Body, Kind, Meeting};
    use crate::query::Null;

    fn read(json: Value) -> Meeting {
        serde_json::from_value(json).unwrap()
    }

    /// Returns the JSON of the changes between two versions.
    fn changes(original: Value, changed: Value) -> Value {
        serde_json::to_value(read(original).changes_to(&read(changed))).unwrap()
    }

    #[test]
    fn changes_have_only_properties_that_differ() {
        let original = json!({
            "@odata.etag": "W/1", "id": "1", "subject": "Lunch", "size": 3, "tags": ["a"],
            "extension_1": 1, "extension_2": 2, "extension_3": 3,
        });
        let changed = json!({
            "@odata.etag": "W/2", "id": "2", "size": 4, "tags": ["a", "b"], "isOpen": false,
            "extension_1": 1, "extension_2": "two",
        });
        assert_eq!(
            changes(original.clone(), changed),
            json!({
                "subject": null, "size": 4, "tags": ["a", "b"], "isOpen": false,
                "extension_2": "two", "extension_3": null,
            })
        );
        assert_eq!(changes(original.clone(), original), json!({}));
    }

    #[test]
    fn changed_object_is_whole_with_nulls() {
        let original = json!({"body": {"content": "Hi", "kind": "text", "@odata.type": "#x.y"}});
        assert_eq!(
            changes(
                original.clone(),
                json!({"body": {"content": "Hi", "@odata.type": "#x.y", "a@odata.z": 1}})
            ),
            json!({"body": {"@odata.type": "#x.y", "content": "Hi", "kind": null}})
        );
        assert_eq!(changes(original, json!({})), json!({"body": null}));
        assert_eq!(
            changes(json!({}), json!({"body": {"content": "Hi"}})),
            json!({"body": {"content": "Hi"}})
        );
    }

    #[test]
    fn changes_keep_explicit_null_and_links() {
        let original = read(json!({"subject": "Lunch", "kind": "text"}));
        let mut changed = original.clone().set(Meeting::SIZE, Null);
        changed.extra.insert(
            "manager@odata.bind",
            "https://graph.microsoft.com/v1.0/users/1",
        );
        let changes = original.changes_to(&changed);
        assert_eq!(
            serde_json::to_value(&changes).unwrap(),
            json!({
                "size": null, "manager@odata.bind": "https://graph.microsoft.com/v1.0/users/1",
            })
        );
        assert_eq!(original.changes_to(&original.clone()), Meeting::new());
    }

    #[test]
    fn changes_name_the_type_of_derived_values() {
        let original = json!({"@odata.type": "#microsoft.graph.special", "subject": "Lunch"});
        let changed = json!({"@odata.type": "#microsoft.graph.special", "subject": "Dinner"});
        assert_eq!(changes(original.clone(), changed.clone()), changed);
        assert_eq!(changes(original.clone(), original), json!({}));
        let own =
            |subject: &str| json!({"@odata.type": "#microsoft.graph.Meeting", "subject": subject});
        assert_eq!(changes(own("a"), own("b")), json!({"subject": "b"}));
    }

    #[test]
    fn mismatched_value_counts_as_a_value() {
        let original = json!({"size": "many", "kind": "text"});
        assert_eq!(changes(original.clone(), original.clone()), json!({}));
        assert_eq!(
            changes(original.clone(), json!({"kind": "text"})),
            json!({"size": null})
        );
        assert_eq!(
            changes(original, json!({"size": "few", "kind": "html"})),
            json!({"size": "few", "kind": "html"})
        );
        let original = read(json!({"start": "2026-12-31T23:59:60Z"}));
        let later = original
            .clone()
            .set(Meeting::START, std::time::SystemTime::UNIX_EPOCH);
        assert_eq!(
            serde_json::to_value(original.changes_to(&later)).unwrap(),
            json!({"start": "1970-01-01T00:00:00Z"})
        );
        let back = serde_json::to_value(later.changes_to(&original)).unwrap();
        assert_eq!(back, json!({"start": "2026-12-31T23:59:60Z"}));
    }

    #[test]
    fn changes_apply_to_nested_models() {
        let original = Body::from("Hi").set(Body::KIND, Kind::Text);
        let changed = original.clone().set(Body::KIND, Kind::Html);
        assert_eq!(
            original.changes_to(&changed),
            Body::new().set(Body::KIND, Kind::Html)
        );
    }
}
