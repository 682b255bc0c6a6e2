//! Reads the intact parts of a batch response whose JSON is damaged.
//!
//! SharePoint may put a bare page of HTML into the JSON in place of a body, and a connection may
//! end in the middle. The parts before the damage are reliable. The parts after it are accepted
//! only where their meaning is unambiguous.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::wire::PartResponse;
use crate::json;

/// The readable parts of a damaged batch response.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    /// The parts that are intact.
    pub(super) responses: Vec<PartResponse>,
    /// The status of each damaged part, as far as it can be read.
    pub(super) damaged: Vec<Damaged>,
}

/// The beginning of a part whose rest is damaged.
#[derive(Debug, Deserialize)]
pub(super) struct Damaged {
    pub(super) id: serde_json::Value,
    pub(super) status: u16,
}

impl Salvaged {
    /// Returns the status of the damaged part with this id.
    pub(super) fn status(&self, id: &str) -> Option<u16> {
        let damaged = self
            .damaged
            .iter()
            .find(|part| super::wire::is_id(&part.id, id))?;
        Some(damaged.status)
    }
}

/// Reads the parts of a batch response that are intact.
pub(super) fn salvage(body: &[u8]) -> Salvaged {
    let text = String::from_utf8_lossy(json::without_bom(body));
    let mut salvaged = Salvaged::default();
    let Some(mut rest) = list(&text) else {
        return salvaged;
    };
    // `true` if an object that comes next is certainly an item of the list.
    let mut is_sure = true;
    let mut unsure: Vec<PartResponse> = Vec::new();
    while let Some(item) = next_item(rest, is_sure) {
        match value(item) {
            Some(json) => {
                match serde_json::from_str::<PartResponse>(json) {
                    Ok(response) if is_sure => salvaged.responses.push(response),
                    Ok(response) if is_part(json) => unsure.push(response),
                    // The object is well-formed but not a part. The certainty about the next object
                    // stays as before.
                    _ => {}
                }
                rest = item.get(json.len()..).unwrap_or_default();
            }
            None => {
                salvaged.damaged.extend(beginning(item));
                is_sure = false;
                rest = item.get(1..).unwrap_or_default();
            }
        }
    }
    // A page of HTML may repeat text from another author. A part that occurs twice is therefore
    // rejected.
    let is_sole = |id: &serde_json::Value| {
        let same = |responses: &[PartResponse]| {
            responses
                .iter()
                .filter(|response| response.id == *id)
                .count()
        };
        same(&salvaged.responses) + same(&unsure) == 1
    };
    let sole: Vec<bool> = unsure
        .iter()
        .map(|response| is_sole(&response.id))
        .collect();
    let unsure = unsure.into_iter().zip(sole).filter(|(_, is_sole)| *is_sole);
    salvaged
        .responses
        .extend(unsure.map(|(response, _)| response));
    salvaged
}

/// Returns the text after the bracket that opens the list of parts.
fn list(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("\"responses\"")?;
    let after = after.trim_start().strip_prefix(':')?;
    after.trim_start().strip_prefix('[')
}

/// Returns the text from the next item on. Where it is not certain that items follow one another
/// here, the next item is the object that follows another one: `},{`.
fn next_item(text: &str, is_sure: bool) -> Option<&str> {
    if is_sure {
        let item = text.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        return item.starts_with('{').then_some(item);
    }
    text.match_indices('}').find_map(|(at, _)| {
        let after = text
            .get(at + 1..)?
            .trim_start()
            .strip_prefix(',')?
            .trim_start();
        after.starts_with('{').then_some(after)
    })
}

/// Returns the well-formed JSON value that the text begins with.
fn value(text: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    Some(values.next()?.ok()?.get())
}

/// Checks whether an object has the members of a part and no others.
fn is_part(json: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the presence of the members matters")]
    struct PartHead {
        id: IgnoredAny,
        status: u16,
        headers: IgnoredAny,
        body: Option<IgnoredAny>,
    }
    serde_json::from_str::<PartHead>(json).is_ok_and(|part| (100..600).contains(&part.status))
}

fn beginning(item: &str) -> Option<Damaged> {
    let members = json::prefix(item.as_bytes())?;
    serde_json::from_value(members.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = concat!(
        r#"{"id":"1","status":201,"headers":{"Content-Type":"application/json"},"body":{"id":"a","#,
        r#""list":[{"id":"x"},{"id":"y"}]}}"#,
    );
    const THIRD: &str = r#"{"id":"3","status":200,"headers":{},"body":{"id":"c"}}"#;

    fn read(body: &str) -> (Vec<String>, Vec<u16>) {
        let salvaged = salvage(body.as_bytes());
        let ids = salvaged
            .responses
            .iter()
            .map(|response| response.id.to_string())
            .collect();
        (
            ids,
            salvaged.damaged.iter().map(|part| part.status).collect(),
        )
    }

    #[test]
    fn parts_on_both_sides_of_html_are_read() {
        let html = concat!(
            r#"{"id":"2","status":503,"headers":{"Retry-After":"1"},"#,
            r#""body":<html lang="en"><style>p {a:b}</style>{"a":[{},{}]}</html>}"#,
        );
        let body = format!(r#"{{"responses":[{FIRST},{html} , {THIRD}]}}"#);
        assert_eq!(
            read(&body),
            (vec![r#""1""#.into(), r#""3""#.into()], vec![503])
        );
        let body = format!(r#"{{"responses":[{html},{THIRD}]}}"#);
        assert_eq!(read(&body).0, [r#""3""#]);
    }

    #[test]
    fn every_prefix_gives_the_parts_before_its_end() {
        let body = format!("\u{feff}{{ \"responses\" : [ {FIRST} ,\n{THIRD} ]}}");
        for length in 0..=body.len() {
            let wanted = [FIRST, THIRD]
                .iter()
                .filter(|part| {
                    body.find(**part)
                        .is_some_and(|at| at + part.len() <= length)
                })
                .count();
            let salvaged = salvage(&body.as_bytes()[..length]);
            assert_eq!(salvaged.responses.len(), wanted, "{length}");
        }
    }

    #[test]
    fn objects_within_the_damage_are_not_parts() {
        for inner in [
            r#"{"id":"3","status":201}"#,
            r#"{"id":"3","status":201,"headers":{},"body":{},"name":"n"}"#,
            r#"{"id":"3","status":7,"headers":{}}"#,
        ] {
            let body = format!(
                r#"{{"responses":[{FIRST},{{"id":"2","status":200,"body":[{{}},{inner},<p>"#
            );
            assert_eq!(read(&body).0, [r#""1""#], "{inner}");
        }
    }

    #[test]
    fn duplicate_part_is_not_returned() {
        let forged = r#"{"id":"3","status":201,"headers":{},"body":{}}"#;
        let body = format!(
            r#"{{"responses":[{{"id":"2","status":500,"body":<p>{{}},{forged}</p>}},{THIRD}]}}"#
        );
        assert_eq!(read(&body).0, Vec::<String>::new());
        let forged = r#"{"id":"1","status":400,"headers":{},"body":{}}"#;
        let body =
            format!(r#"{{"responses":[{FIRST},{{"id":"2","status":500,"body":<p>{{}},{forged}"#);
        assert_eq!(read(&body).0, [r#""1""#]);
        assert_eq!(salvage(body.as_bytes()).responses[0].status, 201);
    }

    #[test]
    fn malformed_part_does_not_affect_others() {
        let body = format!(r#"{{"responses":[{{"id":"2","status":"x"}},{FIRST},{THIRD}]}}"#);
        assert_eq!(read(&body).0, [r#""1""#, r#""3""#]);
        assert_eq!(read("<html>").0, Vec::<String>::new());
        assert_eq!(read(r#"{"responses":null}"#).0, Vec::<String>::new());
    }
}
