//! Reads YAML, in which Microsoft publishes Graph's description, as the equivalent JSON.
//!
//! The documents have a million lines, so values are built while the parser reports events. YAML
//! features that JSON lacks are refused: aliases, tags, several documents, and keys that are not
//! text.

use anyhow::{Context as _, Result, bail, ensure};
use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::json::{Json, Members};

/// The maximum nesting depth of collections, which is that of `serde_json`.
const DEPTH: usize = 128;

/// Parses the text.
///
/// # Errors
///
/// Fails if it is not YAML, or if it has no equivalent in JSON. The error has line and column.
pub fn read(text: &str) -> Result<Json> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            anyhow::anyhow!("{}: {}", place(marker.line(), marker.col()), error.info())
        })?;
        builder
            .event(event)
            .with_context(|| place(span.start.line(), span.start.col()))?;
    }
    builder.whole.context("the file is empty")
}

fn place(line: usize, column: usize) -> String {
    format!("line {line}, column {}", column + 1)
}

/// The values that have been read so far.
#[derive(Default)]
struct Builder {
    /// The collections that are still open, the innermost last.
    open: Vec<Open>,
    whole: Option<Json>,
}

enum Open {
    Array(Vec<Json>),
    /// An object, with the key whose value comes next.
    Object(Members, Option<String>),
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.scalar(&text, style)
            }
            Event::SequenceStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.open(Open::Array(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.open(Open::Object(Members::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let value = match self.open.pop() {
                    Some(Open::Array(items)) => Json::Array(items),
                    Some(Open::Object(members, None)) => Json::Object(members),
                    Some(Open::Object(_, Some(key))) => bail!("{key:?} has no value"),
                    None => bail!("a collection ends that did not begin"),
                };
                self.value(value)
            }
            Event::Alias(_) => bail!("aliases are not supported"),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<()> {
        if let Some(Open::Object(_, None)) = self.open.last() {
            bail!("a key is not a scalar");
        }
        ensure!(
            self.open.len() < DEPTH,
            "collections are nested deeper than {DEPTH} levels"
        );
        self.open.push(open);
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle) -> Result<()> {
        // A key is always a text, even if it looks like a number: `200:` is a status.
        if let Some(Open::Object(members, key @ None)) = self.open.last_mut() {
            ensure!(!members.contains_key(text), "duplicate name {text:?}");
            *key = Some(text.to_owned());
            return Ok(());
        }
        self.value(match style {
            ScalarStyle::Plain => untagged(text)?,
            _ => Json::from(text),
        })
    }

    fn value(&mut self, value: Json) -> Result<()> {
        match self.open.last_mut() {
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object(members, key)) => match key.take() {
                Some(key) => {
                    members.insert(key, value);
                }
                None => bail!("a key is not a scalar"),
            },
            None => {
                ensure!(self.whole.is_none(), "a second document begins here");
                self.whole = Some(value);
            }
        }
        Ok(())
    }
}

/// Fails for features that JSON lacks.
fn plain(anchor: usize, has_tag: bool) -> Result<()> {
    ensure!(anchor == 0, "anchors are not supported");
    ensure!(!has_tag, "tags are not supported");
    Ok(())
}

/// Returns the value of a text without quotes: [YAML 1.2.2,
/// 10.3.2](https://yaml.org/spec/1.2.2/#1032-tag-resolution).
fn untagged(text: &str) -> Result<Json> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" => Json::Bool(true),
        "false" | "False" | "FALSE" => Json::Bool(false),
        _ if is_number(text) => Json::Number(text.to_owned()),
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let is_other_number = ["0x", "0o"].iter().any(|prefix| {
                digits.strip_prefix(prefix).is_some_and(|rest| {
                    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit())
                })
            });
            let is_no_number = [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(&digits);
            ensure!(
                !is_other_number && !is_no_number,
                "JSON cannot represent the number {text}"
            );
            Json::from(text)
        }
    })
}

/// Returns whether JSON writes a number in this form.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    /// Reads the same document by `read` and as JSON.
    #[test]
    fn yaml_is_read_as_equivalent_json() {
        let yaml = "\
openapi: 3.0.4
info: {title: 'It''s Graph', version: v1.0}
paths:
  '/me/messages/{message-id}':
    get:
      deprecated: true
      tags: [me.message, \"a\\tb\"]
      responses:
        2XX:
          description: |
            Two
            lines
        204:
          description: >-
            folded
            text
      maximum: 2147483647
      minimum: -2.5e3
      default: null
      nothing:
      version: 1.0.1
      enum:
        - none
        - yes
        - '1'
        - 'null'
        - 12:30
";
        let json = concat!(
            r#"{"openapi":"3.0.4","info":{"title":"It's Graph","version":"v1.0"},"#,
            r#""paths":{"/me/messages/{message-id}":{"get":{"deprecated":true,"#,
            r#""tags":["me.message","a\tb"],"#,
            r#""responses":{"2XX":{"description":"Two\nlines\n"},"#,
            r#""204":{"description":"folded text"}},"#,
            r#""maximum":2147483647,"minimum":-2.5e3,"default":null,"nothing":null,"#,
            r#""version":"1.0.1","#,
            r#""enum":["none","yes","1","null","12:30"]}}}}"#,
        );
        assert_eq!(read(yaml).expect("YAML").to_string(), json);
    }

    #[test]
    fn yaml_without_json_form_is_located_error() {
        for (yaml, wanted) in [
            ("a: 1\nb: &x 2\n", "line 2, column 4: anchors"),
            ("a: &x 1\nb: *x\n", "line 1, column 4: anchors"),
            ("a: !!str 1\n", "tags are"),
            ("a: 1\na: 2\n", "line 2, column 1: duplicate name \"a\""),
            ("? [a]\n: 1\n", "a key is not a scalar"),
            ("a: 1\n---\nb: 2\n", "a second document"),
            ("a: 0x1F\n", "JSON cannot represent the number"),
            ("a: -.inf\n", "JSON cannot represent the number"),
            ("a: [1\n", "line "),
            ("a: b: c\n", "line 1"),
            ("", "the file is empty"),
        ] {
            let error = format!("{:#}", read(yaml).expect_err(yaml));
            assert!(error.contains(wanted), "{yaml:?}: {error}");
        }
    }

    #[test]
    fn deeply_nested_yaml_is_refused() {
        let error = format!("{:#}", read(&"[".repeat(200)).expect_err("too deep"));
        assert!(error.contains("deeper than 128"), "{error}");
        // The parser itself has a lower limit, which it reaches first.
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
    }
}
