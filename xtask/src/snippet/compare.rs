//! Comparison of the sent request with the requested one, and of the read values with the response.
//!
//! Different notations of the same content are equal. Names of Graph may have another case or lack
//! their namespace. A key may be in parentheses or a segment of its own. The order of the query may
//! differ, a number may be text, and a date may have another form. Values are compared exactly: an
//! id or a name must be the same, letter for letter.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use msgraph_odata::{Expanded, split};
use serde::Deserialize;
use serde_json::Value;

use super::filter;
use super::options::system_name;
use super::request::{Body, Request};
use super::url::Address;

/// Returns the difference between the requested and the sent request, or `None` if they are the
/// same.
pub fn request(asked: &Request, filled: &[(String, String)], sent: &Sent) -> Option<String> {
    if !asked.method.eq_ignore_ascii_case(&sent.method) {
        return Some(format!("{} was sent", sent.method));
    }
    let mut url = asked.url.clone();
    for (placeholder, sample) in filled {
        url = url.replace(placeholder, sample);
    }
    let (wanted, found) = (Address::new(&url), Address::new(&sent.target));
    let (wanted_path, found_path) = (path(&wanted), path(&found));
    if wanted_path.len() != found_path.len()
        || !wanted_path
            .iter()
            .zip(&found_path)
            .all(|(a, b)| same_segment(a, b))
    {
        return Some(format!("sent to {} instead of {url}", sent.target));
    }
    let (wanted_query, found_query) = (query(&wanted), query(&found));
    if !same_query(&wanted_query, &found_query) {
        return Some(format!(
            "the query was {found_query:?} instead of {wanted_query:?}"
        ));
    }
    for (name, value) in &asked.headers {
        if matches!(
            name.to_lowercase().as_str(),
            "content-length" | "host" | "authorization"
        ) {
            continue;
        }
        let found = sent
            .headers
            .iter()
            .find(|(of, _)| of.eq_ignore_ascii_case(name));
        let Some((_, found)) = found else {
            // Text below a request that has no body has no type.
            if name.eq_ignore_ascii_case("content-type") && sent.body.is_empty() {
                continue;
            }
            return Some(format!("{name} was not sent"));
        };
        if !same_header(name, value, found) {
            return Some(format!("{name} was {found:?} instead of {value:?}"));
        }
    }
    body(asked, &sent.body)
}

/// A request as it was received over the wire.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Sent {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Returns the segments of a path. Keys in parentheses are separate segments, and actions and
/// functions have no namespace.
fn path(address: &Address) -> Vec<String> {
    let mut segments = Vec::new();
    for segment in &address.segments {
        let segment = segment.trim_end_matches(':');
        let (name, arguments) = match segment.strip_suffix(')').and_then(|of| of.split_once('(')) {
            Some((name, arguments)) => (name, arguments),
            None => (segment, ""),
        };
        let is_typed = ["microsoft.graph.", "graph."]
            .iter()
            .any(|of| name.starts_with(of));
        let name = if is_typed {
            name.rsplit('.').next().unwrap_or(name)
        } else {
            name
        };
        if arguments.is_empty() {
            segments.push(name.to_owned());
        } else if arguments.contains('=') {
            let mut arguments: Vec<String> = arguments
                .split(',')
                .map(|part| part.trim().replace('\'', ""))
                .collect();
            arguments.sort_by_key(|part| part.to_lowercase());
            segments.push(format!("{name}({})", arguments.join(",")));
        } else {
            segments.push(name.to_owned());
            segments.push(arguments.trim_matches('\'').replace("''", "'"));
        }
    }
    // A colon at the end of a path only closes an open path.
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// Compares two segments. Names are compared without case, ids and values with it.
fn same_segment(wanted: &str, found: &str) -> bool {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    match (wanted.split_once('('), found.split_once('(')) {
        (Some((wanted, wanted_values)), Some((found, found_values))) => {
            let values = |text: &str| -> Vec<(String, String)> {
                text.trim_end_matches(')')
                    .split(',')
                    .map(|part| {
                        let (name, value) = part.split_once('=').unwrap_or((part, ""));
                        (name.trim().to_lowercase(), value.trim().to_owned())
                    })
                    .collect()
            };
            let (wanted_values, found_values) = (values(wanted_values), values(found_values));
            wanted.eq_ignore_ascii_case(found)
                && wanted_values.len() == found_values.len()
                && wanted_values
                    .iter()
                    .zip(&found_values)
                    .all(|(wanted, found)| {
                        let moments = (instant(&wanted.1), instant(&found.1));
                        wanted.0 == found.0
                            && (wanted.1 == found.1
                                || moments.0.is_some() && moments.0 == moments.1)
                    })
        }
        _ => wanted == found || is_name(wanted) && wanted.eq_ignore_ascii_case(found),
    }
}

fn query(address: &Address) -> BTreeMap<String, String> {
    let pairs = address.query.iter();
    pairs
        .map(|(name, value)| (system_name(name), value.clone()))
        .collect()
}

fn same_query(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> bool {
    let same = |name: &str, wanted: &str, found: &str| match name {
        "$select" | "$orderby" => spaced(wanted) == spaced(found),
        "$expand" => options_sorted(wanted) == options_sorted(found),
        "$filter" => filter::normal(wanted) == filter::normal(found),
        _ => wanted.trim() == found.trim(),
    };
    let lower = |query: &BTreeMap<String, String>| -> BTreeMap<String, String> {
        let pairs = query.iter();
        pairs
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect()
    };
    let (wanted, found) = (lower(wanted), lower(found));
    wanted.len() == found.len()
        && wanted.iter().all(|(name, value)| {
            found
                .get(name)
                .is_some_and(|other| same(name, value, other))
        })
}

/// Returns the items of a list, without the spaces around its commas.
fn spaced(list: &str) -> Vec<String> {
    list.split(',').map(|item| item.trim().to_owned()).collect()
}

/// Returns an expansion in which the options in parentheses are sorted and have their dollar signs,
/// at each depth.
fn options_sorted(expand: &str) -> String {
    let items = split(expand, ',').unwrap_or_else(|| vec![expand]);
    let items = items.into_iter().map(|item| {
        let Some(Expanded {
            path,
            options: Some(inside),
        }) = Expanded::read(item)
        else {
            return item.replace(' ', "");
        };
        // Some pages have a comma between options. It is read as the semicolon that OData requires.
        let by = if inside.contains(';') { ';' } else { ',' };
        let is_option = |part: &str| part.contains('=');
        let parts = split(inside, by).unwrap_or_else(|| vec![inside]);
        let parts = match by {
            ',' if !parts.iter().skip(1).all(|part| is_option(part)) => vec![inside],
            _ => parts,
        };
        let mut options: Vec<String> = parts
            .into_iter()
            .map(|option| match option.split_once('=') {
                Some((name, value)) => {
                    let name = system_name(name.trim());
                    let value = match name.as_str() {
                        "$expand" => options_sorted(value),
                        "$filter" => filter::normal(value),
                        _ => value.replace(' ', ""),
                    };
                    format!("{name}={value}")
                }
                None => option.trim().to_owned(),
            })
            .collect();
        options.sort();
        format!("{path}({})", options.join(";"))
    });
    let items: Vec<_> = items.collect();
    items.join(",")
}

fn same_header(name: &str, wanted: &str, found: &str) -> bool {
    if name.eq_ignore_ascii_case("content-type") {
        let media = |text: &str| text.split(';').next().unwrap_or(text).trim().to_lowercase();
        return media(wanted) == media(found);
    }
    // Several lines of one header may be joined into one.
    wanted.trim().eq_ignore_ascii_case(found.trim())
        || found.split(", ").any(|part| part.trim() == wanted.trim())
}

fn body(asked: &Request, sent: &[u8]) -> Option<String> {
    let found: Option<Value> = serde_json::from_slice(sent).ok();
    match &asked.body {
        None => match found {
            // An action whose arguments are all left out.
            Some(Value::Object(members)) if members.is_empty() => None,
            None if sent.is_empty() => None,
            _ => Some("an unexpected body was sent".into()),
        },
        Some(Body::Text(_)) if asked.method.eq_ignore_ascii_case("get") => None,
        Some(Body::Text(text)) => {
            (text.as_bytes() != sent).then(|| "the sent bytes differ".to_owned())
        }
        Some(Body::Json(json)) => {
            let wanted: Value = serde_json::from_str(&json.to_string()).unwrap_or_default();
            let is_nothing = wanted.as_object().is_some_and(serde_json::Map::is_empty);
            match found {
                None if is_nothing && sent.is_empty() => None,
                found => difference(&wanted, &found.unwrap_or_default(), "", Nulls::Count)
                    .map(|at| format!("the body differs at {at}")),
            }
        }
    }
}

/// The meaning of null in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Null counts in a request, because it clears a property.
    Count,
    /// Null is equal to an absent value in a response.
    Are,
}

/// Returns the difference between a response and the values that were read, or `None` if nothing
/// was lost.
pub fn answer(answered: &Value, kind: &str, read: &Value) -> Option<String> {
    // The value of a function is in an object, whose only other member is its context.
    let answered = match (kind.starts_with("Value<"), answered.get("value")) {
        (true, Some(value)) => value,
        _ => answered,
    };
    // An empty object is equal to no response.
    if read.is_null() && answered.as_object().is_some_and(serde_json::Map::is_empty) {
        return None;
    }
    difference(answered, read, "", Nulls::Are)
}

/// Returns the first difference between two values.
pub fn difference(wanted: &Value, found: &Value, at: &str, nulls: Nulls) -> Option<String> {
    let here = || {
        Some(format!(
            "{}: {} and not {}",
            if at.is_empty() { "/" } else { at },
            short(found),
            short(wanted)
        ))
    };
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let counts = |value: &Value| nulls == Nulls::Count || !value.is_null();
            for (name, value) in wanted.iter().filter(|(_, value)| counts(value)) {
                let at = format!("{at}/{name}");
                let other = found.get(name).or_else(|| {
                    // The arguments of actions are declared in another case.
                    let mut members = found.iter();
                    members.find_map(|(of, value)| of.eq_ignore_ascii_case(name).then_some(value))
                });
                match other {
                    Some(other) if name == "@odata.type" => {
                        let plain = |value: &Value| {
                            value
                                .as_str()
                                .map(|text| text.trim_start_matches('#').to_lowercase())
                        };
                        if plain(value) != plain(other) {
                            return Some(format!("{at}: {}", short(other)));
                        }
                    }
                    Some(other) => {
                        if let Some(at) = difference(value, other, &at, nulls) {
                            return Some(at);
                        }
                    }
                    None => return Some(format!("{at}: nothing")),
                }
            }
            let more = found.iter().find(|(name, value)| {
                counts(value) && !wanted.keys().any(|of| of.eq_ignore_ascii_case(name))
            });
            more.map(|(name, value)| format!("{at}/{name}: {} more", short(value)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let kept = |values: &[Value]| -> Vec<Value> {
                let values = values.iter();
                values
                    .filter(|value| nulls == Nulls::Count || !value.is_null())
                    .cloned()
                    .collect()
            };
            let (wanted, found) = (kept(wanted), kept(found));
            if wanted.len() != found.len() {
                return Some(format!(
                    "{at}: {} items instead of {}",
                    found.len(),
                    wanted.len()
                ));
            }
            let mut pairs = wanted.iter().zip(&found).enumerate();
            pairs.find_map(|(number, (wanted, found))| {
                difference(wanted, found, &format!("{at}/{number}"), nulls)
            })
        }
        (Value::String(wanted), Value::String(found)) if same_text(wanted, found) => None,
        (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => None,
        (Value::String(text), Value::Number(number))
        | (Value::Number(number), Value::String(text))
            if text.parse().ok() == number.as_f64() =>
        {
            None
        }
        (Value::String(text), Value::Bool(value))
            if text.eq_ignore_ascii_case(&value.to_string()) =>
        {
            None
        }
        (wanted, found) if wanted == found => None,
        _ => here(),
    }
}

/// Returns whether two texts mean the same: words without case and spaces, points in time, and
/// bytes in either alphabet.
fn same_text(wanted: &str, found: &str) -> bool {
    let is_words = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b", ".contains(&byte))
    };
    let words = |text: &str| text.replace(' ', "").to_lowercase();
    wanted == found
        || is_words(wanted) && words(wanted) == words(found)
        || instant(wanted).is_some() && instant(wanted) == instant(found)
        || wanted
            .replace('-', "+")
            .replace('_', "/")
            .trim_end_matches('=')
            == found.trim_end_matches('=')
}

/// Parses a point in time in any notation. A time without an offset is UTC, and a date alone is its
/// first moment.
fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00"));
    if date.len() != 10 {
        return None;
    }
    let parsed = |text: &str| {
        let formats = ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z"];
        formats
            .iter()
            .find_map(|format| DateTime::parse_from_str(text, format).ok())
    };
    let time = time.strip_suffix('Z').unwrap_or(time);
    parsed(&format!("{date}T{time}")).or_else(|| parsed(&format!("{date}T{time}+00:00")))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(method: &str, url: &str) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            ..Request::default()
        }
    }

    fn sent(method: &str, target: &str) -> Sent {
        Sent {
            method: method.into(),
            target: target.into(),
            ..Sent::default()
        }
    }

    #[test]
    fn two_writings_of_one_request_are_the_same() {
        for (url, target) in [
            ("/me/sendmail", "/v1.0/me/sendMail"),
            (
                "/users/a b?select=id,mail&$top=1",
                "/v1.0/users/a%20b?$top=1&$select=id%2Cmail",
            ),
            ("/me/w/worksheets('a')/x", "/v1.0/me/w/worksheets/a/x"),
            (
                "/security/cases/1/reopen",
                "/v1.0/security/cases/1/microsoft.graph.security.reopen",
            ),
            ("/me/drive/root/delta", "/v1.0/me/drive/root/delta()"),
            ("/a/f(b='2',a=1)", "/v1.0/a/f(a=1,b='2')"),
            ("/me/drive/root:/a", "/v1.0/me/drive/root:/a:"),
            (
                "/g?$expand=members($top=5;$select=id)",
                "/v1.0/g?$expand=members($select=id;$top=5)",
            ),
        ] {
            assert_eq!(
                request(&asked("GET", url), &[], &sent("GET", target)),
                None,
                "{url}"
            );
        }
    }

    #[test]
    fn differing_requests_report_the_difference() {
        for (url, target, wanted) in [
            (
                "/users/A1",
                "/v1.0/users/a1",
                "sent to /v1.0/users/a1 instead of /users/A1",
            ),
            ("/me", "/v1.0/me/x", "sent to /v1.0/me/x instead of /me"),
            (
                "/me?$top=5",
                "/v1.0/me?$top=6",
                "the query was {\"$top\": \"6\"} instead of {\"$top\": \"5\"}",
            ),
            (
                "/f(a='x')",
                "/v1.0/f(a='X')",
                "sent to /v1.0/f(a='X') instead of /f(a='x')",
            ),
        ] {
            let difference = request(&asked("GET", url), &[], &sent("GET", target));
            assert_eq!(difference.as_deref(), Some(wanted));
        }
        let mut with_header = asked("GET", "/me");
        with_header.headers.push(("Prefer".into(), "a".into()));
        let difference = request(&with_header, &[], &sent("GET", "/v1.0/me"));
        assert_eq!(difference.as_deref(), Some("Prefer was not sent"));
    }

    #[test]
    fn lost_null_matters_in_bodies_not_responses() {
        let (one, other) = (json!({"a": null, "b": 1}), json!({"b": 1.0}));
        assert_eq!(
            difference(&one, &other, "", Nulls::Count).as_deref(),
            Some("/a: nothing")
        );
        assert_eq!(difference(&one, &other, "", Nulls::Are), None);
        let list = json!({"value": [{"a": "x"}]});
        assert_eq!(
            answer(&list, "Collection<models::User>", &json!({"value": [{}]})).as_deref(),
            Some("/value/0/a: nothing")
        );
        assert_eq!(answer(&list, "Value<Vec<X>>", &json!([{"a": "x"}])), None);
    }

    #[test]
    fn equivalent_texts_are_equal() {
        assert!(same_text("HTML", "html"));
        assert!(same_text("a, b", "a,b"));
        assert!(same_text("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"));
        assert!(same_text(
            "2026-01-02T03:04:05.7000000Z",
            "2026-01-02T03:04:05.7Z"
        ));
        assert!(same_text("-__-", "+//+"));
        assert!(!same_text("a/b", "A/b"));
        assert!(!same_text("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"));
    }
}
