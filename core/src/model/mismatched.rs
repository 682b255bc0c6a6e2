//! The search for mismatched properties of a model.

use serde_json::Value;

use super::Ref;
use super::object::{Object, all_fields};

/// Adds the values that do not fit their type, each with its path, which begins with `path`.
pub(super) fn find<'s>(object: &'s dyn Object, path: &str, found: &mut Vec<(String, &'s Value)>) {
    let (info, extra) = object.parts();
    found.extend(
        extra
            .instead_of_object()
            .map(|value| (path.to_owned(), value)),
    );
    for (name, field) in info.names.iter().zip(all_fields(object)) {
        // A field that the program has set since replaces the value that was read.
        let is_as_read = matches!(field, Ref::Absent) || extra.is_source_of(name, field);
        // An untyped field holds any value, although not with all digits of a number.
        let value = match field {
            Ref::Untyped(_) => None,
            _ => extra.get(name).filter(|value| !value.is_null()),
        };
        if let Some(value) = value.filter(|_| is_as_read) {
            found.push((below(path, name), value));
            continue;
        }
        match field {
            Ref::Object(inner) => find(inner, &below(path, name), found),
            Ref::List(list) => {
                for number in 0..list.len() {
                    if let Ref::Object(item) = list.item(number) {
                        find(item, &format!("{}[{number}]", below(path, name)), found);
                    }
                }
            }
            _ => {}
        }
    }
}

fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
