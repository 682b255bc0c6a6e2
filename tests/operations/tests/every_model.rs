//! Prints every model of the description with a secret in each property that holds one.
//!
//! The generator decides which properties these are, and another test checks its decisions against
//! the description (`description/tests/secrets.rs`). This test checks that no decided secret is
//! printed, in any shape and at any position, and that all other values are.

#![allow(deprecated)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use msgraph::model::Extra;
use msgraph::{Model, models};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A text that is part of every secret.
const HUSH: &str = "hush-hush";

type Reader = fn(&Value) -> serde_json::Result<Box<dyn fmt::Debug>>;

fn read<T: Model>(json: &Value) -> serde_json::Result<Box<dyn fmt::Debug>> {
    Ok(Box::new(T::deserialize(json)?))
}

include!(concat!(env!("OUT_DIR"), "/readers.rs"));

#[derive(Deserialize)]
struct Described {
    name: String,
    rust: String,
    properties: Vec<Property>,
}

#[derive(Deserialize)]
struct Property {
    name: String,
    of: String,
    is_secret: bool,
}

/// All models, and a sample value of each.
struct Models {
    all: Vec<Described>,
    by_rust: HashMap<String, usize>,
}

impl Models {
    fn new() -> Self {
        let json = include_str!(concat!(env!("OUT_DIR"), "/models.json"));
        let all: Vec<Described> = serde_json::from_str(json).expect("the models");
        let numbers = all.iter().zip(0..);
        let by_rust = numbers.map(|(model, number)| (model.rust.clone(), number));
        Self {
            by_rust: by_rust.collect(),
            all,
        }
    }

    /// Returns a value with text in each property that takes some, and adds the texts that must be
    /// printed. With `mismatched_properties`, secrets do not have the types of their properties.
    fn value(
        &self,
        of: &Described,
        depth: usize,
        mismatched_properties: bool,
        shown: &mut Vec<String>,
    ) -> Value {
        let mut object = Map::new();
        for property in &of.properties {
            let value = if property.is_secret && mismatched_properties {
                json!({ "a": [HUSH] })
            } else {
                let Some(value) = self.property(property, depth, mismatched_properties, shown)
                else {
                    continue;
                };
                value
            };
            object.insert(property.name.clone(), value);
        }
        object.insert("brandNewPassword".into(), HUSH.into());
        let note = text(false, shown);
        object.insert(
            "brandNew".into(),
            json!({ "clientSecret": HUSH, "note": note }),
        );
        object.into()
    }

    fn property(
        &self,
        of: &Property,
        depth: usize,
        mismatched_properties: bool,
        shown: &mut Vec<String>,
    ) -> Option<Value> {
        let item = of
            .of
            .strip_prefix("Vec<")
            .and_then(|of| of.strip_suffix('>'));
        let value = match item.unwrap_or(&of.of) {
            "String" => text(of.is_secret, shown).into(),
            "edm::Binary" if of.is_secret => BASE64_STANDARD.encode(HUSH).into(),
            // Bytes print their number, and where their type is unknown they print as any text.
            "edm::Binary" => BASE64_STANDARD.encode("shown").into(),
            "serde_json::Value" => json!({ "password": HUSH, "note": text(false, shown) }),
            other => {
                let number = self.by_rust.get(&format!("models::{other}"))?;
                // A secret object may occur in a property that is not a secret, and the other way
                // round.
                match depth.checked_sub(1) {
                    Some(depth) => {
                        self.value(self.all.get(*number)?, depth, mismatched_properties, shown)
                    }
                    None => return None,
                }
            }
        };
        Some(match item {
            Some(_) => json!([value]),
            None => value,
        })
    }
}

/// Returns a secret, or a text that must be printed.
fn text(is_secret: bool, shown: &mut Vec<String>) -> String {
    if is_secret {
        return HUSH.to_owned();
    }
    let text = format!("shown{}.", shown.len());
    shown.push(text.clone());
    text
}

/// Panics if printed text contains a secret.
#[track_caller]
fn silent(name: &str, printed: &impl fmt::Debug) -> String {
    let (line, lines) = (format!("{printed:?}"), format!("{printed:#?}"));
    for text in [&line, &lines] {
        for secret in [HUSH, BASE64_STANDARD.encode(HUSH).as_str()] {
            assert!(!text.contains(secret), "{name} prints a secret: {text}");
        }
    }
    line
}

#[test]
fn no_model_prints_a_secret() {
    let models = Models::new();
    let readers = readers();
    assert_eq!(readers.len(), models.all.len());
    let mut secrets = 0;
    for of in &models.all {
        let name = of.name.as_str();
        secrets += of.properties.iter().filter(|p| p.is_secret).count();
        let read = |json: &Value| readers[name](json).expect(name);

        let mut shown = Vec::new();
        let json = models.value(of, 1, false, &mut shown);
        let printed = silent(name, &read(&json));
        for text in shown {
            assert!(
                printed.contains(&text),
                "{name} does not print {text}: {printed}"
            );
        }

        let mismatched_properties = models.value(of, 1, true, &mut Vec::new());
        silent(name, &read(&mismatched_properties));
    }
    assert!(secrets > 100, "{secrets}");
}

#[test]
fn no_untyped_value_prints_a_secret() {
    let models = Models::new();
    for of in &models.all {
        let mut json = models.value(of, 0, false, &mut Vec::new());
        json["@odata.type"] = format!("#{}", of.name).into();
        // The same value, read with an unknown property or an unknown type.
        let extra: Extra = [("brandNew", json!([{ "item": json }]))].into();
        silent(&of.name, &extra);
        let entity = models::Entity::deserialize(&json).expect("an entity");
        silent(&of.name, &entity);
    }
}

#[test]
fn no_pair_prints_the_value_of_a_secret() {
    let models = Models::new();
    let readers = readers();
    let mut pairs = 0;
    for of in &models.all {
        let has = |name: &str| {
            of.properties
                .iter()
                .any(|p| p.name == name && p.of == "String")
        };
        for name in ["key", "name"] {
            if has(name) && has("value") {
                pairs += 1;
                let json = json!({ name: "clientSecret", "value": HUSH });
                silent(&of.name, &readers[of.name.as_str()](&json).expect("a pair"));
                silent(&of.name, &Extra::from([("brandNew", json)]));
            }
        }
    }
    assert!(pairs >= 5, "{pairs}");
}
