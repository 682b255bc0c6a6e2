//! The Rust expression for an operation, built segment by segment from a path of Graph's
//! documentation.

use std::collections::HashMap;

use msgraph_description::{Method, Segment, Tree, names};

use crate::nodes::{ID, MethodName, Plan, TIME};

/// The call of an operation, with a sample for each argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// `GET`
    pub method: &'static str,
    /// The path in the description.
    pub path: String,
    /// The expression with a sample for each argument: `graph.users().id("1").messages().list()`.
    pub rust: String,
    /// The expression with a name for each argument, for people:
    /// `graph.users().id(user_id).messages().list()`.
    pub named: String,
    /// The samples as they are on the wire, in the order of the path's parameters.
    pub values: Vec<String>,
}

/// The path to an operation, in Graph's terms and in Rust's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk<'g> {
    /// The segments of the path.
    pub segments: Vec<&'g Segment>,
    /// The distinct place that each segment leads to, by its number in the tree.
    pub places: Vec<usize>,
    /// The methods that follow `graph`; the last one makes the call.
    pub methods: Vec<&'g MethodName>,
}

/// Returns one expression for each distinct operation, by its shortest path.
pub fn all(tree: &Tree<'_>, plan: &Plan) -> Vec<Expression> {
    let mut expressions: Vec<_> = tree
        .places
        .iter()
        .flat_map(|place| {
            place
                .operations
                .iter()
                .enumerate()
                .filter_map(|(number, (method, _))| {
                    expression(tree, plan, &place.path, *method, number)
                })
        })
        .collect();
    expressions.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    expressions
}

/// Returns the expression for one operation.
pub fn of(tree: &Tree<'_>, plan: &Plan, method: &str, path: &str) -> Option<Expression> {
    let steps = tree.walk(path)?;
    let &(place, child) = steps.last()?;
    let place = &tree.places[tree.places[place].children[child].1];
    let number = place
        .operations
        .iter()
        .position(|(of, _)| of.as_str() == method)?;
    expression(tree, plan, path, place.operations[number].0, number)
}

fn expression(
    tree: &Tree<'_>,
    plan: &Plan,
    path: &str,
    method: Method,
    number: usize,
) -> Option<Expression> {
    let steps = tree.walk(path)?;
    let segments = steps
        .iter()
        .map(|&(place, child)| Some(&tree.places[place].children[child].0))
        // The last element is for the method of an operation that has no segment of its own.
        .chain([None]);
    let mut samples = Samples::default();
    let mut names = Names::default();
    let mut rust = String::from("graph");
    let mut named = String::from("graph");
    for (method, segment) in methods(tree, plan, &steps, number)?
        .into_iter()
        .zip(segments)
    {
        samples.call(method, &mut rust);
        let arguments = names.take_all(&argument_names(segment, &method.arguments));
        named.push_str(&format!(".{}({})", method.name, arguments.join(", ")));
    }
    Some(Expression {
        method: method.as_str(),
        path: path.into(),
        rust,
        named,
        values: samples.values,
    })
}

/// Returns the walk to one operation.
pub fn walk<'g>(tree: &'g Tree<'_>, plan: &'g Plan, method: &str, path: &str) -> Option<Walk<'g>> {
    let steps = tree.walk(path)?;
    let (segments, places): (Vec<_>, Vec<_>) = steps
        .iter()
        .map(|&(place, child)| {
            let (segment, to) = &tree.places[place].children[child];
            (segment, *to)
        })
        .unzip();
    let number = tree.places[*places.last()?]
        .operations
        .iter()
        .position(|(of, _)| of.as_str() == method)?;
    Some(Walk {
        segments,
        places,
        methods: methods(tree, plan, &steps, number)?,
    })
}

/// Returns the methods that lead along the steps and call the operation with this number at the
/// end.
pub fn methods<'g>(
    tree: &Tree<'_>,
    plan: &'g Plan,
    steps: &[(usize, usize)],
    number: usize,
) -> Option<Vec<&'g MethodName>> {
    let (last, before) = steps.split_last()?;
    let mut methods = before
        .iter()
        .map(|step| plan.steps.get(step))
        .collect::<Option<Vec<_>>>()?;
    match plan.steps.get(last) {
        // The place has a node, and the operation is a method of that node.
        Some(step) => {
            let place = tree.places[last.0].children[last.1].1;
            methods.push(step);
            methods.push(plan.calls.get(&(place, None, number))?);
        }
        None => methods.push(plan.calls.get(&(last.0, Some(last.1), number))?),
    }
    Some(methods)
}

/// Returns readable names for the arguments of a method: a key is named after its segment, a body
/// after its type.
pub(crate) fn argument_names(segment: Option<&Segment>, declared: &[String]) -> Vec<String> {
    let names = declared.iter().map(|declared| {
        let (name, of) = declared.split_once(": ").unwrap_or((declared, ""));
        match (name, segment) {
            ("id", Some(Segment::Key(key))) => {
                names::snake(key.trim_end_matches(|c: char| c.is_ascii_digit()))
            }
            ("body", _) => body_name(of),
            _ => name.to_owned(),
        }
    });
    names.collect()
}

/// Returns a struct literal to be filled in if the body is a model, and a name otherwise.
fn body_name(of: &str) -> String {
    let of = of
        .strip_prefix("impl Into<")
        .map_or(of, |of| of.trim_end_matches('>'));
    match of.strip_prefix("models::") {
        Some(model) => {
            let model = model.strip_prefix("actions::").unwrap_or(model);
            format!("{model} {{ ..Default::default() }}")
        }
        None if of == "Content" => "content".into(),
        None => "body".into(),
    }
}

/// Names that occur in one expression or one path. The second use of a name gets a number:
/// `site_id1`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(HashMap<String, usize>);

impl Names {
    pub(crate) fn take(&mut self, name: &str) -> String {
        let count = self.0.entry(name.to_owned()).or_default();
        *count += 1;
        match *count {
            1 => name.to_owned(),
            again => format!("{name}{}", again - 1),
        }
    }

    /// Takes a name for each argument. Literals among the arguments stay as they are.
    pub(crate) fn take_all(&mut self, arguments: &[String]) -> Vec<String> {
        let is_name = |text: &str| !text.contains(' ');
        let arguments = arguments.iter().map(|argument| match is_name(argument) {
            true => self.take(argument),
            false => argument.clone(),
        });
        arguments.collect()
    }
}

/// A source of argument samples. Each sample is different, so that a test detects exchanged
/// arguments.
#[derive(Default)]
struct Samples {
    values: Vec<String>,
}

impl Samples {
    fn call(&mut self, method: &MethodName, rust: &mut String) {
        let arguments: Vec<_> = method
            .arguments
            .iter()
            .map(|argument| self.argument(argument))
            .collect();
        rust.push('.');
        rust.push_str(&method.name);
        rust.push('(');
        rust.push_str(&arguments.join(", "));
        rust.push(')');
    }

    fn argument(&mut self, declared: &str) -> String {
        let (name, of) = declared.split_once(": ").unwrap_or((declared, ""));
        let number = self.values.len() + 1;
        // The body and the query are not part of the path.
        match (name, of) {
            ("body", "impl Into<Content>") => return "Vec::new()".into(),
            ("body", of) => {
                let of = of
                    .strip_prefix("impl Into<")
                    .map_or(of, |of| of.trim_end_matches('>'));
                return match of.strip_prefix("Vec<") {
                    Some(_) => "Vec::new()".into(),
                    None => format!("{of}::default()"),
                };
            }
            ("etag" | "reference", _) => return "\"1\"".into(),
            _ => {}
        }
        let (optional, of) = match of.strip_prefix("Option<") {
            Some(of) => (true, of.trim_end_matches('>')),
            None => (false, of),
        };
        let (rust, value) = match of {
            "&str" | ID | TIME => (format!("\"{number}\""), number.to_string()),
            "&[&str]" => (format!("&[\"{number}\"]"), format!("[\"{number}\"]")),
            "bool" => ("true".into(), "true".into()),
            "f64" => (format!("{number}.5"), format!("{number}.5")),
            "&edm::Date" => parsed("2026-01-02"),
            "&edm::DateTimeOffset" => parsed("2026-01-02T03:04:05Z"),
            "&edm::TimeOfDay" => parsed("03:04:05"),
            "&edm::Duration" => parsed("PT1H"),
            "&edm::Guid" => parsed("00000000-0000-0000-0000-000000000001"),
            of if of.starts_with("&model::Flags<") => {
                (format!("&\"{number}\".parse()?"), number.to_string())
            }
            of if of.starts_with("&models::") => (
                format!("{of}::Unknown(\"{number}\".into())"),
                number.to_string(),
            ),
            _ => (number.to_string(), number.to_string()),
        };
        self.values.push(value);
        if optional {
            format!("Some({rust})")
        } else {
            rust
        }
    }
}

fn parsed(text: &str) -> (String, String) {
    (format!("&\"{text}\".parse()?"), text.into())
}
