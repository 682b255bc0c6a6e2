//! The control interface: what a test in Rust does with [`Simulator`], over HTTP.
//!
//! It has a port of its own. A request has the fields of a JSON object in its body, or options in
//! its query. The response is 200 with JSON, 204 without content, or
//! `{"error": {"field": …, "message": …}}`.

mod faults;
mod fields;
mod identity;
mod records;
mod server;
mod state;

use bytes::Bytes;
use http::header::{ALLOW, HOST, ORIGIN};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::request::Request;
use crate::simulator::Simulator;
use fields::{Fields, Problem, Required};

pub(crate) use server::serve;

/// The groups of operations, in the order of the documentation.
const GROUPS: [&[Route]; 4] = [
    state::ROUTES,
    records::ROUTES,
    faults::ROUTES,
    identity::ROUTES,
];

/// An operation of the control interface.
struct Route {
    method: Method,
    path: &'static str,
    fields: &'static str,
    effect: &'static str,
    run: Run,
}

/// Carries out an operation. Null stands for a response without content.
type Run = fn(&Simulator, &Call<'_>) -> Result<Value, Problem>;

/// A request to the control interface.
struct Call<'a> {
    body: &'a Bytes,
    options: Vec<(String, String)>,
}

/// An operation of the control interface, for the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlOperation {
    /// The method.
    pub method: Method,
    /// The path, below the address of the interface.
    pub path: &'static str,
    /// The fields of the body, or the options of the query of a GET, as Markdown.
    pub fields: &'static str,
    /// The effect, as a sentence.
    pub effect: &'static str,
}

impl Route {
    const fn new(
        method: Method,
        path: &'static str,
        fields: &'static str,
        effect: &'static str,
        run: Run,
    ) -> Self {
        Self {
            method,
            path,
            fields,
            effect,
            run,
        }
    }

    const fn get(path: &'static str, fields: &'static str, effect: &'static str, run: Run) -> Self {
        Self::new(Method::GET, path, fields, effect, run)
    }

    const fn post(
        path: &'static str,
        fields: &'static str,
        effect: &'static str,
        run: Run,
    ) -> Self {
        Self::new(Method::POST, path, fields, effect, run)
    }

    const fn delete(path: &'static str, effect: &'static str, run: Run) -> Self {
        Self::new(Method::DELETE, path, "", effect, run)
    }
}

impl ControlOperation {
    /// Returns all operations.
    pub fn all() -> impl Iterator<Item = Self> {
        GROUPS.into_iter().flatten().map(|route| Self {
            method: route.method.clone(),
            path: route.path,
            fields: route.fields,
            effect: route.effect,
        })
    }
}

impl Call<'_> {
    /// Returns the fields of the body.
    fn fields(&self) -> Result<Fields, Problem> {
        Fields::read(self.body)
    }

    /// Returns the options of the query.
    fn options(&self) -> Fields {
        Fields::from_query(self.options.clone())
    }

    /// Returns the only field of the body, which is a text.
    fn only_text(&self, name: &str) -> Result<String, Problem> {
        let mut fields = self.fields()?;
        let text = fields.text(name).required(name)?;
        fields.finish()?;
        Ok(text)
    }
}

/// Responds to a request.
fn respond(simulator: &Simulator, request: &Request) -> Answer {
    if !is_local(request) {
        let problem = Problem::new("only programs of this machine may control the simulator");
        return refuse(&Problem {
            status: StatusCode::FORBIDDEN,
            ..problem
        });
    }
    if request.path() == "/" {
        return index();
    }
    let routes = GROUPS.into_iter().flatten();
    let at_path: Vec<_> = routes
        .filter(|route| route.path == request.path())
        .collect();
    let Some(route) = at_path.iter().find(|route| route.method == request.method) else {
        return not_found(request, &at_path);
    };
    let options = request
        .pairs()
        .map_err(|refusal| Problem::new(refusal.message));
    let outcome = options.and_then(|options| {
        if route.method != Method::GET && !options.is_empty() {
            return Err(Problem::new(
                "the fields stand in the body, not in the query",
            ));
        }
        let body = &request.body;
        let call = Call { body, options };
        if route.fields.is_empty() {
            call.options().finish()?;
            call.fields()?.finish()?;
        }
        (route.run)(simulator, &call)
    });
    match outcome {
        Ok(Value::Null) => Answer::empty(StatusCode::NO_CONTENT),
        Ok(body) => json_answer(StatusCode::OK, &body),
        Err(problem) => refuse(&problem),
    }
}

/// Checks that the request comes from a program, and is meant for this machine. A page in a browser
/// may not control the simulator, also if a name of its own leads to this machine.
fn is_local(request: &Request) -> bool {
    let host = request.header(HOST.as_str()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host.as_str(), |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost") && !request.headers.contains_key(ORIGIN)
}

/// Returns the list of operations.
fn index() -> Answer {
    let operations = ControlOperation::all().map(|operation| {
        json!({
            "method": operation.method.as_str(), "path": operation.path,
            "fields": operation.fields, "effect": operation.effect,
        })
    });
    let operations: Vec<_> = operations.collect();
    json_answer(StatusCode::OK, &json!({ "value": operations }))
}

fn not_found(request: &Request, at_path: &[&Route]) -> Answer {
    let path = request.path();
    if at_path.is_empty() {
        let message = format!("there is no operation `{path}`; GET / lists all");
        return refuse(&Problem {
            status: StatusCode::NOT_FOUND,
            ..Problem::new(message)
        });
    }
    let allowed: Vec<_> = at_path.iter().map(|route| route.method.as_str()).collect();
    let allowed = allowed.join(", ");
    let message = format!("`{path}` takes {allowed}, not {}", request.method);
    let answer = refuse(&Problem {
        status: StatusCode::METHOD_NOT_ALLOWED,
        ..Problem::new(message)
    });
    answer.with(ALLOW, &allowed)
}

fn refuse(problem: &Problem) -> Answer {
    let error = json!({ "field": problem.field, "message": problem.message });
    json_answer(problem.status, &json!({ "error": error }))
}

fn json_answer(status: StatusCode, body: &Value) -> Answer {
    Answer::bytes(status, "application/json", body.to_string())
}
