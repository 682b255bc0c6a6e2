//! Safe printing of JSON.

use std::fmt;

use serde_json::{Map, Value};

use super::{REDACTED, Text, is_listed, is_secret_name};

/// A JSON value and its name, printed without secrets.
pub struct Json<'a> {
    pub name: &'a str,
    pub value: &'a Value,
}

/// An object with a name and a value. It records whether the name indicates that the value is a
/// secret.
///
/// Graph writes settings, headers and credentials of synchronization as
/// `{"name": "password", "value": "…"}`.
pub struct Pair {
    is_secret: bool,
}

impl Pair {
    const NAMES: [&'static str; 2] = ["key", "name"];

    /// Checks the properties of an object. `text` returns the text of a property.
    #[doc(hidden)]
    pub fn judge(text: impl Fn(&str) -> Option<String>) -> Self {
        let mut names = Self::NAMES.into_iter().filter_map(text);
        Self {
            is_secret: names.any(|name| is_secret_name(&name)),
        }
    }

    /// Checks whether a property of the object holds the value of a secret.
    #[doc(hidden)]
    pub fn hides(&self, property: &str) -> bool {
        self.is_secret && matches!(property, "value" | "values")
    }

    /// Checks whether a property is the name in a pair, which is printed although it is called
    /// `key`.
    fn is_name(property: &str, object: &Map<String, Value>) -> bool {
        Self::NAMES.contains(&property) && object.contains_key("value")
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => fmt::Display::fmt(value, f),
            // Redacts values of every type, because JSON without a type may hold the secret a level
            // below.
            _ if is_secret_name(self.name) => f.write_str(REDACTED),
            Value::Object(map) => Object(map).fmt(f),
            Value::Array(values) => f
                .debug_list()
                .entries(values.iter().map(|value| Json {
                    name: self.name,
                    value,
                }))
                .finish(),
            Value::String(text) => fmt::Debug::fmt(&Text(text), f),
            Value::Number(value) => fmt::Display::fmt(value, f),
        }
    }
}

struct Object<'a>(&'a Map<String, Value>);

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &str| Some(self.0.get(name)?.as_str()?.to_owned());
        let of = text("@odata.type").unwrap_or_default();
        let pair = Pair::judge(text);
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            let name = name.as_str();
            map.key(&name);
            if !value.is_null() && (is_listed(&of, name) || pair.hides(name)) {
                map.value(&format_args!("{REDACTED}"));
            } else if Pair::is_name(name, self.0) {
                map.value(&Json { name: "", value });
            } else {
                map.value(&Json { name, value });
            }
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(value: &Value) -> String {
        format!("{:?}", Json { name: "", value })
    }

    #[test]
    fn secret_name_hides_value_of_any_shape() {
        for value in [
            json!({"password": "hush"}),
            json!({"a": [{"secretKey": {"b": "hush"}}]}),
            json!({"unlockPin": 815}),
            json!({"access_token": ["hush"]}),
        ] {
            let printed = printed(&value);
            assert!(printed.contains(REDACTED), "{printed}");
            assert!(
                !printed.contains("hush") && !printed.contains("815"),
                "{printed}"
            );
        }
    }

    #[test]
    fn harmless_json_is_printed() {
        let value = json!({"displayName": "Adele", "count": 2, "password": null, "isPin": true});
        assert_eq!(
            printed(&value),
            r#"{"count": 2, "displayName": "Adele", "isPin": true, "password": null}"#
        );
    }

    #[test]
    fn odata_type_decides_ambiguous_name() {
        let value = json!({"@odata.type": "#microsoft.graph.qrPin", "code": "hush"});
        assert!(!printed(&value).contains("hush"));
        let value = json!({"@odata.type": "#microsoft.graph.publicError", "code": "notFound"});
        assert!(printed(&value).contains("notFound"));
    }

    #[test]
    fn name_in_pair_decides_about_value() {
        for name in ["key", "name"] {
            let value = json!({name: "clientSecret", "value": "hush"});
            assert_eq!(
                printed(&value),
                format!(r#"{{"{name}": "clientSecret", "value": {REDACTED}}}"#)
            );
            let value = json!({name: "color", "value": "blue"});
            assert_eq!(
                printed(&value),
                format!(r#"{{"{name}": "color", "value": "blue"}}"#)
            );
        }
    }
}
