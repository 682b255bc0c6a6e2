//! Translation of a request to Graph into the Rust that a person would write for it, or into the
//! obstacle that prevents it.

pub mod compare;
mod condition;
mod filter;
mod literal;
mod options;
pub mod report;
pub mod request;
pub mod route;
pub mod run;
mod rust;
pub mod unwritable;
pub mod url;

use std::fmt;

use anyhow::Result;
use msgraph_codegen::{Generated, MethodName};

use crate::json::Json;
use literal::Models;
use request::{Body, Request};
use rust::{Scope, string};
use url::Address;

/// The Rust for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The `use` lines that it needs.
    pub uses: String,
    /// A formatted statement.
    pub rust: String,
    /// The response type of the call: `Collection<models::User>`.
    pub answer: String,
    /// Graph's name of the returned model, if the response is one.
    pub answer_type: Option<String>,
    /// The values that replace placeholders of the wrong type: `{n}` for a number.
    pub filled: Vec<(String, String)>,
}

/// The reason why a snippet cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The request has another version than v1.0.
    Version(String),
    /// The path does not exist.
    Place { path: String, segment: String },
    /// The place has no such operation.
    Method {
        path: String,
        methods: Vec<&'static str>,
    },
    /// An argument of the path has another form.
    Argument {
        name: String,
        of: String,
        value: String,
    },
    /// The call needs an argument that the request does not have.
    Missing(String),
    /// The body does not have the form that the operation takes.
    Body(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Version(version) => {
                write!(f, "the description does not have the version {version}")
            }
            Obstacle::Place { path, segment } => {
                write!(
                    f,
                    "the description does not have {path}: the segment {segment:?} is unknown"
                )
            }
            Obstacle::Method { path, methods } => {
                write!(f, "{path} only has {}", methods.join(", "))
            }
            Obstacle::Argument { name, of, value } => {
                write!(f, "{name} must be {of}, but is {value:?}")
            }
            Obstacle::Missing(name) => write!(f, "the call needs {name}"),
            Obstacle::Body(what) => write!(f, "the body {what}"),
        }
    }
}

/// Writes snippets for one description.
pub struct Snippets<'g> {
    generated: &'g Generated<'g>,
    models: Models<'g>,
}

impl<'g> Snippets<'g> {
    /// Returns a writer of snippets.
    ///
    /// # Errors
    ///
    /// Fails if the description has a type that the generator does not know.
    pub fn new(generated: &'g Generated<'g>) -> Result<Self> {
        Ok(Self {
            generated,
            models: Models::new(generated)?,
        })
    }

    /// Returns whether two types of Graph are the same, or one derives from the other.
    pub fn are_related(&self, one: &str, other: &str) -> bool {
        let (Some(one), Some(other)) = (self.models.by_name(one), self.models.by_name(other))
        else {
            return false;
        };
        one.name == other.name || one.bases.contains(&other.name) || other.bases.contains(&one.name)
    }

    /// Returns the snippet for a request. The inner `Err` is the obstacle.
    ///
    /// # Errors
    ///
    /// Fails if the written text is not Rust, which would be a bug in this program.
    pub fn write(&self, request: &Request) -> Result<std::result::Result<Snippet, Obstacle>> {
        let mut writing = Writing {
            snippets: self,
            request,
            scope: Scope::default(),
            filled: Vec::new(),
        };
        let (statement, call) = match writing.statement() {
            Ok(written) => written,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        let answer = call.answer.clone().unwrap_or_default();
        Ok(Ok(Snippet {
            uses: writing.scope.lines(),
            rust: rust::formatted(&statement)?,
            answer_type: model_in(&answer)
                .and_then(|path| self.models.by_path(&path))
                .map(|model| model.name.to_owned()),
            answer,
            filled: writing.filled,
        }))
    }
}

/// Returns `models::User` of `Collection<models::User>`.
fn model_in(answer: &str) -> Option<String> {
    let start = answer.find("models::")?;
    let of = &answer[start..];
    let end = of
        .find(|sign: char| !sign.is_alphanumeric() && !"_:".contains(sign))
        .unwrap_or(of.len());
    Some(of[..end].to_owned())
}

/// The state of a snippet that is being written.
struct Writing<'s, 'g> {
    snippets: &'s Snippets<'g>,
    request: &'s Request,
    scope: Scope,
    filled: Vec<(String, String)>,
}

impl<'s, 'g> Writing<'s, 'g> {
    /// Returns the statement, and the method that makes its call.
    fn statement(&mut self) -> Result<(String, &'s MethodName), Obstacle> {
        let address = Address::new(&self.request.url);
        if let Some(version) = address.version.filter(|version| version != "v1.0") {
            return Err(Obstacle::Version(version));
        }
        let method = self.request.method.to_uppercase();
        let tree = self.snippets.generated.tree();
        let route = route::find(tree, &method, &address.segments)?;
        let steps: Vec<_> = route.steps.iter().map(|(step, _)| *step).collect();
        let methods = self
            .snippets
            .generated
            .methods(&steps, route.operation)
            .ok_or_else(|| Obstacle::Missing("a method that is written".into()))?;
        let (call, before) = methods
            .split_last()
            .ok_or_else(|| Obstacle::Missing("a path".into()))?;
        let mut rust = String::from("graph");
        let mut values = route.steps.iter().map(|(_, values)| values);
        for method in before {
            let values = values.next().map_or(&[][..], Vec::as_slice);
            let arguments = self.arguments(method, values)?;
            rust.push_str(&format!(".{}({})", method.name, arguments.join(", ")));
        }
        // An operation that is a method of the parent takes the values of its own segment.
        let values = values.next().map_or(&[][..], Vec::as_slice);
        let mut query = address.query;
        let mut headers = self.request.headers.clone();
        let mut body = self.request.body.clone();
        if let Some(Body::Text(text)) = &body
            && self.request.method.eq_ignore_ascii_case("get")
        {
            // A GET has no body. Text in its place is headers after an unnecessary empty line.
            let lines: Result<Vec<_>> = text.lines().map(request::header).collect();
            headers.extend(
                lines.map_err(|_| Obstacle::Body("belongs to a GET, which has no body".into()))?,
            );
            body = None;
        }
        let arguments = self.call_arguments(call, values, &mut query, &mut headers, &mut body)?;
        rust.push_str(&format!(".{}({})", call.name, arguments.join(", ")));
        let mut options = options::Writer {
            models: &self.snippets.models,
            scope: &mut self.scope,
            call,
        };
        for (name, value) in &query {
            rust.push_str(&options.option(name, value));
        }
        for (name, value) in &headers {
            if !is_implied(name, value, self.request.body.as_ref()) {
                rust.push_str(&options.header(name, value));
            }
        }
        match body {
            None => {}
            Some(Body::Json(json)) => {
                self.scope.bring("serde_json::json");
                rust.push_str(&format!(".body_json(&json!({json}))"));
            }
            Some(Body::Text(text)) => rust.push_str(&format!(".body_text({})", string(&text))),
        }
        rust.push_str(".await?");
        let statement = match call.answer.as_deref() {
            Some("Nothing") | None => format!("{rust};"),
            Some(answer) => format!("let {} = {rust};", variable(answer)),
        };
        Ok((statement, call))
    }

    /// Returns the arguments of a method that leads further, from the values of its segment.
    fn arguments(
        &mut self,
        method: &MethodName,
        values: &[Option<String>],
    ) -> Result<Vec<String>, Obstacle> {
        let declared = method.arguments.iter();
        declared
            .zip(
                values
                    .iter()
                    .map(Option::as_deref)
                    .chain(std::iter::repeat(None)),
            )
            .map(|(declared, value)| self.argument(declared, value))
            .collect()
    }

    /// Returns the arguments of the method that makes the call: those of its segment, then those of
    /// the operation.
    fn call_arguments(
        &mut self,
        call: &MethodName,
        values: &[Option<String>],
        query: &mut Vec<(String, String)>,
        headers: &mut Vec<(String, String)>,
        body: &mut Option<Body>,
    ) -> Result<Vec<String>, Obstacle> {
        let mut arguments = Vec::new();
        let mut values = values.iter();
        for declared in &call.arguments {
            let (name, of) = declared.split_once(": ").unwrap_or((declared, ""));
            let argument = match name {
                "body" => self.body(of, body)?,
                "reference" => self.reference(query, body)?,
                "etag" => {
                    let at = headers
                        .iter()
                        .position(|(name, _)| name.eq_ignore_ascii_case("if-match"));
                    let at = at.ok_or_else(|| Obstacle::Missing("the header If-Match".into()))?;
                    string(&headers.remove(at).1)
                }
                _ => match values.next() {
                    Some(value) => self.argument(declared, value.as_deref())?,
                    None => {
                        let at = query.iter().position(|(of, _)| is_named(of, name));
                        let value = at.map(|at| query.remove(at).1);
                        self.argument(declared, value.as_deref())?
                    }
                },
            };
            arguments.push(argument);
        }
        Ok(arguments)
    }

    /// Returns one argument, from its text on the wire.
    fn argument(&mut self, declared: &str, value: Option<&str>) -> Result<String, Obstacle> {
        let (name, of) = declared.split_once(": ").unwrap_or((declared, ""));
        if let Some(of) = of
            .strip_prefix("Option<")
            .and_then(|of| of.strip_suffix('>'))
        {
            return match value {
                None | Some("null") => Ok("None".into()),
                Some(value) => Ok(format!("Some({})", self.plain(name, of, value)?)),
            };
        }
        match value {
            Some(value) => self.plain(name, of, value),
            None => Err(Obstacle::Missing(format!("{name} in the query"))),
        }
    }

    fn plain(&mut self, name: &str, of: &str, value: &str) -> Result<String, Obstacle> {
        if ["&str", "impl Id", "impl Into<Time>"].contains(&of) {
            return Ok(string(value));
        }
        if let Some(of) = of.strip_prefix("&model::Flags<") {
            self.scope.bring("msgraph::model::Flags");
            let model = self.scope.model(of.trim_end_matches('>'));
            return Ok(format!("&Flags::<{model}>::from_text({})", string(value)));
        }
        let mut writer = literal::Writer {
            models: &self.snippets.models,
            scope: &mut self.scope,
        };
        let (written, borrow) = match of.strip_prefix('&') {
            Some("[&str]") => {
                let list: Option<Vec<String>> = serde_json::from_str(value).ok();
                let items: Option<Vec<_>> =
                    list.map(|list| list.iter().map(|item| string(item)).collect());
                (items.map(|items| format!("[{}]", items.join(", "))), "&")
            }
            Some(of) => (writer.value(of, &Json::String(value.to_owned())), "&"),
            None => {
                let json = Json::String(value.to_owned());
                let number = Json::Number(value.to_owned());
                (
                    writer
                        .value(of, &json)
                        .or_else(|| writer.value(of, &number)),
                    "",
                )
            }
        };
        if let Some(written) = written {
            return Ok(format!("{borrow}{written}"));
        }
        // A placeholder stands for a value, and any value is suitable.
        let is_placeholder =
            |open: char, close: char| value.starts_with(open) && value.ends_with(close);
        let sample = sample(of.trim_start_matches('&'));
        match sample {
            Some(sample) if is_placeholder('{', '}') || is_placeholder('<', '>') => {
                self.filled.push((value.to_owned(), sample.to_owned()));
                self.plain(name, of, sample)
            }
            _ => Err(Obstacle::Argument {
                name: name.to_owned(),
                of: of.to_owned(),
                value: value.to_owned(),
            }),
        }
    }

    fn body(&mut self, of: &str, body: &mut Option<Body>) -> Result<String, Obstacle> {
        let into = of
            .strip_prefix("impl Into<")
            .and_then(|of| of.strip_suffix('>'));
        let of = into.unwrap_or(of);
        if of == "Content" {
            self.scope.bring("msgraph::call::Content");
            let media_type = self
                .request
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                .map(|(_, value)| format!(".with_type({})", string(value)))
                .unwrap_or_default();
            return Ok(match body.take() {
                Some(Body::Text(text)) => format!("Content::new({}){media_type}", string(&text)),
                Some(Body::Json(json)) => {
                    format!("Content::new({}){media_type}", string(&json.to_string()))
                }
                None => format!("Content::new(\"\"){media_type}"),
            });
        }
        let json = match body.take() {
            Some(Body::Json(json)) => json,
            // The list of an action's arguments may be omitted if it is empty.
            None => Json::Object(crate::json::Members::new()),
            Some(Body::Text(_)) => return Err(Obstacle::Body("is not JSON".into())),
        };
        let mut writer = literal::Writer {
            models: &self.snippets.models,
            scope: &mut self.scope,
        };
        let value = match into {
            Some(_) => writer.handed_over(of, &json),
            None => writer.value(of, &json),
        };
        value.ok_or_else(|| Obstacle::Body(format!("is not a valid {of}")))
    }

    /// Returns the reference that is added, set or removed.
    fn reference(
        &mut self,
        query: &mut Vec<(String, String)>,
        body: &mut Option<Body>,
    ) -> Result<String, Obstacle> {
        if let Some(at) = query
            .iter()
            .position(|(name, _)| name == "@id" || name == "$id")
        {
            return Ok(string(&query.remove(at).1));
        }
        match body.take() {
            Some(Body::Json(json)) => match json.text("@odata.id") {
                Some(id) => Ok(string(id)),
                None => Err(Obstacle::Body("has no @odata.id".into())),
            },
            _ => Err(Obstacle::Body("has no @odata.id".into())),
        }
    }
}

/// Returns whether a parameter of the query is the argument with this name: `startDateTime` is
/// `start_date_time`.
fn is_named(parameter: &str, argument: &str) -> bool {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    plain(parameter.trim_start_matches('$')) == plain(argument)
}

/// Returns whether a header is sent automatically.
fn is_implied(name: &str, value: &str, body: Option<&Body>) -> bool {
    match name.to_lowercase().as_str() {
        "content-length" | "host" | "authorization" => true,
        "content-type" => {
            !matches!(body, Some(Body::Json(_))) || value.starts_with("application/json")
        }
        _ => false,
    }
}

/// Returns the value for a placeholder of this type.
fn sample(of: &str) -> Option<&'static str> {
    Some(match of {
        "i16" | "i32" | "i64" | "u8" | "f64" | "f32" => "1",
        "bool" => "true",
        "edm::Date" => "2026-01-02",
        "edm::DateTimeOffset" => "2026-01-02T03:04:05Z",
        "edm::TimeOfDay" => "03:04:05",
        "edm::Duration" => "PT1H",
        "edm::Guid" => "00000000-0000-0000-0000-000000000001",
        _ => return None,
    })
}

/// Returns a readable variable name for the response: `messages`, `message`.
fn variable(answer: &str) -> String {
    use heck::ToSnakeCase as _;
    let name =
        model_in(answer).and_then(|path| path.rsplit("::").next().map(|name| name.to_snake_case()));
    match (name, answer) {
        (Some(name), answer) if answer.starts_with("Collection<") => plural(&name),
        (Some(name), _) => match name.as_str() {
            keyword @ ("match" | "type" | "move" | "ref" | "use" | "where" | "graph") => {
                format!("{keyword}_")
            }
            _ => name,
        },
        (None, "CountOf") => "count".into(),
        (None, "Content") => "content".into(),
        (None, answer) if answer.starts_with("Collection<") => "page".into(),
        (None, _) => "value".into(),
    }
}

fn plural(name: &str) -> String {
    match name {
        name if name.ends_with('y') && !name.ends_with("ey") && !name.ends_with("ay") => {
            format!("{}ies", &name[..name.len() - 1])
        }
        name if name.ends_with(['s', 'x']) || name.ends_with("ch") => format!("{name}es"),
        name => format!("{name}s"),
    }
}
