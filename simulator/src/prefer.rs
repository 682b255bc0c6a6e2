//! The header `Prefer`: the client's preferences for a response, and the list of those that were
//! applied.

use http::Method;
use serde_json::{Map, Value, json};

use crate::description::schema::{Schema, Schemas, Type};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::service::Service;
use crate::store::Entity;
use crate::time_zone::{self, Zone};

/// The form in which entities are sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// `true` if bodies of mail and events are sent as text.
    text: bool,
    /// The time zone of events.
    zone: Option<Zone>,
    /// `true` if members of enums that older clients do not know are sent as they are.
    unknown_members: bool,
}

impl Shape {
    /// Reads the preferences of a request.
    pub(crate) fn read(request: &Request) -> Result<Self, Refusal> {
        let zone = request.preference("outlook.timezone");
        let zone = zone.map(|name| Zone::read(&name)).transpose()?;
        let body = request.preference("outlook.body-content-type");
        Ok(Self {
            text: body.is_some_and(|form| form.eq_ignore_ascii_case("text")),
            zone,
            unknown_members: request.preference("include-unknown-enum-members").is_some(),
        })
    }

    /// Returns the time zone of the times in a response.
    pub(crate) fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }

    /// Converts the JSON of an entity into this form.
    pub(crate) fn apply(
        &self,
        schemas: &Schemas,
        entity: &Entity,
        object: &mut Map<String, Value>,
    ) {
        let kind = &entity.kind;
        for name in ["body", "uniqueBody"] {
            if self.text
                && let Some(body) = object.get_mut(name)
                && body["contentType"]
                    .as_str()
                    .is_some_and(|form| form.eq_ignore_ascii_case("html"))
            {
                let text = plain(body["content"].as_str().unwrap_or_default());
                *body = json!({ "contentType": "text", "content": text });
            }
        }
        if let Some(zone) = &self.zone {
            let all_day = entity.properties.get("isAllDay") == Some(&json!(true));
            for name in ["start", "end", "startDateTime", "endDateTime"] {
                if let Some(time @ Value::Object(_)) = object.get_mut(name) {
                    time_zone::convert(time, zone, all_day);
                }
            }
        }
        if !self.unknown_members {
            for property in schemas.properties(kind) {
                if let Some(value) = object.get_mut(&property.name) {
                    hide(schemas, &property.kind, value);
                }
            }
        }
    }
}

/// Returns the applied preferences, for `Preference-Applied`.
pub(crate) fn applied(request: &Request, service: Service) -> Vec<String> {
    let outlook = service == Service::Outlook;
    let reads = request.method == Method::GET;
    let known = [
        ("outlook.body-content-type", outlook),
        ("outlook.timezone", outlook),
        ("IdType", outlook),
        ("odata.track-changes", outlook && reads),
        ("odata.maxpagesize", reads),
        ("include-unknown-enum-members", true),
        ("return", true),
        ("respond-async", service == Service::Files && !reads),
    ];
    let met = known
        .iter()
        .filter(|(_, met)| *met)
        .filter_map(|(name, _)| {
            let value = request.preference(name)?;
            // The service quotes the values that the client quotes, except for the kind of ids.
            Some(match (*name, value.as_str()) {
                (name, "") => name.to_owned(),
                ("outlook.body-content-type" | "outlook.timezone", value) => {
                    format!("{name}=\"{value}\"")
                }
                (name, value) => format!("{name}={value}"),
            })
        });
    met.collect()
}

/// Returns the text of HTML.
pub(crate) fn plain(html: &str) -> String {
    // Their content is not text of the document.
    const HIDDEN: [&str; 3] = ["head", "script", "style"];
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        rest = after;
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/', '\r', '\n'])
            .next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if HIDDEN.contains(&name.as_str()) && !tag.starts_with('/') {
            let is_end = |at: usize| {
                let found = rest.get(at + 2..at + 2 + name.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(&name))
            };
            let mut ends = rest.match_indices("</").map(|(at, _)| at);
            let end = ends.find(|at| is_end(*at));
            rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
        } else if matches!(name.as_str(), "br" | "p" | "div" | "li" | "tr") {
            text.push_str("\r\n");
        }
    }
    text.push_str(rest);
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let text = entities
        .iter()
        .fold(text, |text, (entity, plain)| text.replace(entity, plain));
    text.trim().to_owned()
}

/// Replaces later members of enums by the member that stands for them.
///
/// <https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations>
fn hide(schemas: &Schemas, kind: &Type, value: &mut Value) {
    match (schemas.resolve(kind), value) {
        (Type::Collection(items), Value::Array(values)) => {
            values
                .iter_mut()
                .for_each(|value| hide(schemas, items, value));
        }
        (Type::Named(name), value) => match (schemas.get(name), value) {
            (Some(Schema::Enum(members)), Value::String(word)) => {
                let mut known = members.members.iter();
                let at = known.position(|member| member == "unknownFutureValue");
                let later = at
                    .and_then(|at| members.members.get(at + 1..))
                    .unwrap_or_default();
                if later.contains(word) {
                    *word = "unknownFutureValue".into();
                }
            }
            (Some(Schema::Object(_)), Value::Object(object)) => {
                for property in schemas.properties(name) {
                    if let Some(value) = object.get_mut(&property.name) {
                        hide(schemas, &property.kind, value);
                    }
                }
            }
            _ => {}
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_converted_to_text() {
        assert_eq!(
            plain("<p>Hello &amp; <b>good</b> day</p><p>x &lt; y</p>"),
            "Hello & good day\r\n\r\nx < y"
        );
        assert_eq!(plain("no tags"), "no tags");
        assert_eq!(plain("<br"), "");
        let page = "<html><HEAD><style>p { }</style></head><!-- <b> --><body>Hi</body></html>";
        assert_eq!(plain(page), "Hi");
        assert_eq!(plain("<style>p { }"), "");
    }
}
