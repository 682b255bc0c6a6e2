//! Translation of a JSON value into the Rust that a person would write for its type.

use std::collections::HashMap;

use base64::Engine as _;
use msgraph_codegen::{Generated, Kind, Model, Property};

use super::rust::{Scope, string};
use crate::json::{Json, Members};

/// The models, indexed by name and by path.
pub struct Models<'g> {
    by_name: HashMap<String, Model<'g>>,
    by_path: HashMap<String, String>,
}

impl<'g> Models<'g> {
    pub fn new(generated: &'g Generated<'g>) -> anyhow::Result<Self> {
        let mut by_name = HashMap::new();
        let mut by_path = HashMap::new();
        for model in generated.models()? {
            by_path.insert(model.rust.clone(), model.name.to_owned());
            by_name.insert(model.name.to_lowercase(), model);
        }
        Ok(Self { by_name, by_path })
    }

    /// Returns a model by Graph's name, with or without the `#` before it.
    pub fn by_name(&self, name: &str) -> Option<&Model<'g>> {
        self.by_name
            .get(&name.trim_start_matches('#').to_lowercase())
    }

    /// Returns a model by its path, `models::User`.
    pub fn by_path(&self, path: &str) -> Option<&Model<'g>> {
        self.by_name(self.by_path.get(path)?)
    }

    /// Returns a model by the type of a property, `User` or `models::User`.
    pub fn of_type(&self, of: &str) -> Option<&Model<'g>> {
        match of.starts_with("models::") {
            true => self.by_path(of),
            false => self.by_path(&format!("models::{of}")),
        }
    }
}

/// Returns a property of a model, by Graph's name. The arguments of actions are compared without
/// case. They are declared as `Message` and documented as `message`, and Graph accepts both.
pub fn property<'m, 'd>(model: &'m Model<'d>, name: &str) -> Option<&'m Property<'d>> {
    if model.name.starts_with("actions.") {
        let mut properties = model.properties.iter();
        return properties.find(|property| property.name.eq_ignore_ascii_case(name));
    }
    model
        .properties
        .iter()
        .find(|property| property.name == name)
}

/// Writes literals.
pub struct Writer<'m, 'g> {
    pub models: &'m Models<'g>,
    pub scope: &'m mut Scope,
}

impl<'m, 'g> Writer<'m, 'g> {
    /// Returns a value of the Rust type `of`, as property types are written. Returns `None` if the
    /// JSON is not such a value.
    pub fn value(&mut self, of: &str, json: &Json) -> Option<String> {
        if let Some(item) = of.strip_prefix("Vec<").and_then(|of| of.strip_suffix('>')) {
            return self.list(item, json).map(|items| format!("vec![{items}]"));
        }
        if let Some(flags) = of
            .strip_prefix("model::Flags<")
            .and_then(|of| of.strip_suffix('>'))
        {
            return self.flags(flags, json);
        }
        if let Some(model) = self.model(of) {
            return match model.kind {
                Kind::Model => {
                    let (literal, is_derived) = self.object(model, json)?;
                    Some(if is_derived {
                        literal + ".into()"
                    } else {
                        literal
                    })
                }
                _ => self.word(model, json),
            };
        }
        scalar(of, json)
    }

    /// Returns a value that is passed on unchanged, although it may be of a derived type. The
    /// receiver converts it into the base type.
    pub fn handed_over(&mut self, of: &str, json: &Json) -> Option<String> {
        match self.model(of) {
            Some(model) if model.kind == Kind::Model => Some(self.object(model, json)?.0),
            _ => self.value(of, json),
        }
    }

    /// Returns the items of a list, between its brackets.
    fn list(&mut self, item: &str, json: &Json) -> Option<String> {
        let items = json.as_array()?;
        let items: Option<Vec<_>> = items.iter().map(|json| self.value(item, json)).collect();
        Some(items?.join(", "))
    }

    fn model(&self, of: &str) -> Option<&'m Model<'g>> {
        let models: &'m Models<'g> = self.models;
        models.of_type(of)
    }

    /// Returns a struct literal, and whether it is of a derived type according to `@odata.type`.
    fn object(&mut self, declared: &Model<'_>, json: &Json) -> Option<(String, bool)> {
        let members = json.as_object()?;
        let models: &'m Models<'g> = self.models;
        let named = members.get("@odata.type").and_then(Json::as_str);
        match named.and_then(|name| models.by_name(name)) {
            Some(derived) if derived.bases.contains(&declared.name) => {
                Some((self.literal(derived, members, true), true))
            }
            _ => Some((self.literal(declared, members, false), false)),
        }
    }

    /// Returns the literal of a model. A member that does not fit a field is written into `extra`,
    /// as a caller would do to send it.
    pub fn literal(&mut self, model: &Model<'_>, members: &Members, is_named: bool) -> String {
        let mut fields = String::new();
        let mut extra = Vec::new();
        let mut calls = String::new();
        let name = self.scope.model(&model.rust);
        for (key, json) in members {
            if is_named && key == "@odata.type" {
                continue;
            }
            if let Some(call) = self.bind(model, &name, key, json) {
                calls.push_str(&call);
                continue;
            }
            let Some(property) = property(model, key) else {
                extra.push(format!("({}, {})", string(key), self.json(json)));
                continue;
            };
            match (&property.field, json) {
                (Some(_), Json::Null) => {
                    self.scope.bring("msgraph::Model");
                    calls.push_str(&format!(".with_null({name}::{})", property.constant));
                }
                (Some(field), json) => match self.value(&property.of, json) {
                    Some(value) => {
                        fields.push_str(&format!("{field}: Some({}), ", boxed(property, value)))
                    }
                    None => extra.push(format!("({}, {})", string(key), self.json(json))),
                },
                (None, json) => match self.related(property, json) {
                    Some(value) => {
                        self.scope.bring("msgraph::Model");
                        calls.push_str(&format!(".with({name}::{}, {value})?", property.constant));
                    }
                    None => extra.push(format!("({}, {})", string(key), self.json(json))),
                },
            }
        }
        if !extra.is_empty() {
            fields.push_str(&format!("extra: [{}].into(), ", extra.join(", ")));
        }
        format!("{name} {{ {fields}..Default::default() }}{calls}")
    }

    /// Returns the expression for `members@odata.bind`.
    fn bind(&mut self, model: &Model<'_>, name: &str, key: &str, json: &Json) -> Option<String> {
        let navigation = property(model, key.strip_suffix("@odata.bind")?)?;
        if navigation.field.is_some() {
            return None;
        }
        let constant = &navigation.constant;
        let is_list = navigation.of.starts_with("Vec<");
        let call = match json {
            Json::String(url) if !is_list => {
                format!(".bind_one({name}::{constant}, {})", string(url))
            }
            Json::Array(urls) if is_list => {
                let urls: Option<Vec<_>> =
                    urls.iter().map(|url| url.as_str().map(string)).collect();
                format!(".bind({name}::{constant}, [{}])", urls?.join(", "))
            }
            _ => return None,
        };
        self.scope.bring("msgraph::Model");
        Some(call)
    }

    /// Returns the value of a navigation property, in the form of a deep insert.
    fn related(&mut self, navigation: &Property<'_>, json: &Json) -> Option<String> {
        match navigation
            .of
            .strip_prefix("Vec<")
            .and_then(|of| of.strip_suffix('>'))
        {
            Some(item) => {
                let model = self.model(item)?;
                let name = self.scope.model(&model.rust);
                let items = json.as_array()?;
                let items: Option<Vec<String>> = items
                    .iter()
                    .map(|json| {
                        // The items may be of several derived types, but a list has one type.
                        Some(match self.object(model, json)? {
                            (derived, true) => format!("{name}::from({derived})"),
                            (value, false) => value,
                        })
                    })
                    .collect();
                let items = items?;
                match items.is_empty() {
                    true => Some(format!("Vec::<{name}>::new()")),
                    false => Some(format!("[{}]", items.join(", "))),
                }
            }
            None => {
                let model = self.model(&navigation.of)?;
                Some(self.object(model, json)?.0)
            }
        }
    }

    fn word(&mut self, model: &Model<'_>, json: &Json) -> Option<String> {
        let word = json.as_str()?;
        let name = self.scope.model(&model.rust);
        let member = member(model, word);
        Some(match member {
            Some(variant) => format!("{name}::{variant}"),
            None => format!("{name}::Unknown({}.into())", string(word)),
        })
    }

    fn flags(&mut self, of: &str, json: &Json) -> Option<String> {
        let words = json.as_str()?;
        let model = self.model(of)?;
        let name = self.scope.model(&model.rust);
        let members: Option<Vec<_>> = words
            .split(',')
            .map(|word| member(model, word.trim()).map(|variant| format!("{name}::{variant}")))
            .collect();
        Some(match members {
            Some(members) if !words.trim().is_empty() => format!("[{}].into()", members.join(", ")),
            _ => format!("{}.parse()?", string(words)),
        })
    }

    /// Returns the expression for any JSON.
    pub fn json(&mut self, json: &Json) -> String {
        match json {
            Json::String(text) => format!("{}.into()", string(text)),
            Json::Bool(value) => format!("{value}.into()"),
            json => {
                self.scope.bring("serde_json::json");
                format!("json!({json})")
            }
        }
    }
}

/// Returns the variant for a word. Graph reads words without case.
pub fn member(model: &Model<'_>, word: &str) -> Option<String> {
    let exact = model.members.iter().find(|(of, _)| *of == word);
    let found = exact.or_else(|| {
        let mut members = model.members.iter();
        members.find(|(of, _)| of.eq_ignore_ascii_case(word))
    });
    found.map(|(_, variant)| variant.clone())
}

fn boxed(property: &Property<'_>, value: String) -> String {
    match property.is_object() {
        true => format!("Box::new({value})"),
        false => value,
    }
}

/// Returns a value of one of OData's primitive types.
pub fn scalar(of: &str, json: &Json) -> Option<String> {
    Some(match (of, json) {
        ("serde_json::Value", json) => format!("serde_json::json!({json})"),
        ("String", Json::String(text)) => format!("{}.into()", string(text)),
        ("bool", Json::Bool(value)) => value.to_string(),
        ("bool", Json::String(text)) => match text.to_lowercase().as_str() {
            word @ ("true" | "false") => word.to_owned(),
            _ => return None,
        },
        ("i16" | "i32" | "i64" | "u8", Json::Number(digits) | Json::String(digits)) => {
            digits.parse::<i64>().ok()?.to_string()
        }
        ("f32" | "f64", Json::Number(digits)) => {
            let number: f64 = digits.parse().ok()?;
            format!("{number:?}")
        }
        ("edm::Binary", Json::String(text)) => binary(text)?,
        ("edm::DateTimeOffset", Json::String(text)) => parsed(text, is_date_time(text))?,
        ("edm::Date", Json::String(text)) => parsed(text, is_form(text, "dddd-dd-dd"))?,
        ("edm::TimeOfDay", Json::String(text)) => {
            let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let is_time = is_form(seconds, "dd:dd:dd") || is_form(seconds, "dd:dd");
            parsed(
                text,
                is_time && fraction.bytes().all(|b| b.is_ascii_digit()),
            )?
        }
        ("edm::Duration", Json::String(text)) => parsed(text, is_duration(text))?,
        ("edm::Guid", Json::String(text)) => parsed(
            text,
            is_form(
                &text.replace(|c: char| c.is_ascii_hexdigit(), "d"),
                "dddddddd-dddd-dddd-dddd-dddddddddddd",
            ),
        )?,
        ("edm::Decimal", Json::Number(digits)) => format!("{}.parse()?", string(digits)),
        _ => return None,
    })
}

fn parsed(text: &str, is_one: bool) -> Option<String> {
    is_one.then(|| format!("{}.parse()?", string(text)))
}

/// Returns whether a text has a form in which `d` stands for a digit.
fn is_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(sign, form)| match form {
                b'd' => sign.is_ascii_digit() || sign == b'd',
                other => sign == other,
            })
}

/// Returns whether a text is a point in time. A date alone is its first moment.
fn is_date_time(text: &str) -> bool {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00"));
    let time = time.strip_suffix('Z').unwrap_or(time);
    let time = time.split(['+', '-']).next().unwrap_or(time);
    let (seconds, _) = time.split_once('.').unwrap_or((time, ""));
    is_form(date, "dddd-dd-dd")
        && !text.contains('d')
        && (is_form(seconds, "dd:dd:dd") || is_form(seconds, "dd:dd"))
}

fn is_duration(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    rest.strip_prefix('P').is_some_and(|rest| {
        rest.contains(|c: char| c.is_ascii_digit())
            && rest
                .bytes()
                .all(|sign| sign.is_ascii_digit() || b"TDHMSWY.".contains(&sign))
    })
}

/// Returns bytes from their base64 text in JSON.
fn binary(text: &str) -> Option<String> {
    use base64::engine::general_purpose::STANDARD;
    let bytes = STANDARD.decode(text).ok()?;
    Some(match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !"\n\r\t".contains(c)) => {
            format!("{}.into()", string(text))
        }
        _ => format!("b\"{}\"[..].into()", bytes.escape_ascii()),
    })
}
