//! The nodes as data, for tools that search for operations: the calls of each node, and the nodes
//! that it leads to.

use std::collections::HashMap;

use msgraph_description::{Segment, Tree};

use crate::expression::{Names, argument_names};
use crate::nodes::{MethodName, Plan, path_below};

/// All nodes. A path from the root is a path of Graph. Many paths may lead to the same node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The nodes, in the order of their paths. The first is the root, `Graph` itself.
    pub nodes: Vec<Node>,
}

/// A distinct place, as generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The struct: `MeMessagesId`.
    pub name: String,
    /// The shortest path that leads here.
    pub path: String,
    /// The operations that can be called here.
    pub calls: Vec<Call>,
    /// The steps to other nodes.
    pub steps: Vec<Step>,
}

/// A method of a node that leads to another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The text that it adds to the path: `/messages`, `/{message-id}`, `(appId='{appId}')`.
    pub segment: String,
    /// The method's name.
    pub method: String,
    /// A name for each argument.
    pub arguments: Vec<String>,
    /// The node that it leads to, as an index into the nodes.
    pub to: usize,
}

/// A method of a node that is an operation of Graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`
    pub http: &'static str,
    /// The text that it adds to the node's path, if the operation is below the node: `/sendMail`,
    /// `/$count`.
    pub segment: String,
    /// The method's name.
    pub method: String,
    /// A name for each argument. A request body is a literal to fill in.
    pub arguments: Vec<String>,
    /// The model of the request body, below `models::`: `actions::SendMail`.
    pub body: Option<String>,
    /// The model that is returned, or that the response contains.
    pub answer: Option<String>,
    /// `true` if Graph advises against the operation.
    pub deprecated: bool,
}

/// A path and its Rust expression, built step by step.
#[derive(Debug, Clone)]
pub struct Route {
    path: String,
    rust: String,
    in_path: Names,
    in_rust: Names,
}

/// The route to the root.
impl Default for Route {
    fn default() -> Self {
        Self {
            path: String::new(),
            rust: "graph".into(),
            in_path: Names::default(),
            in_rust: Names::default(),
        }
    }
}

impl Route {
    /// Returns the route to the root.
    pub fn new() -> Self {
        Self::default()
    }

    /// Extends the route by a step.
    pub fn step(&mut self, step: &Step) {
        self.add(&step.segment, &step.method, &step.arguments);
    }

    /// Extends the route by an operation, which ends it.
    pub fn call(&mut self, call: &Call) {
        self.add(&call.segment, &call.method, &call.arguments);
    }

    /// Returns Graph's path: `/users/{user-id}/messages`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the expression: `graph.users().id(user_id).messages().list()`.
    pub fn rust(&self) -> &str {
        &self.rust
    }

    fn add(&mut self, segment: &str, method: &str, arguments: &[String]) {
        let mut rest = segment;
        while let Some((before, placeholder, behind)) = placeholder(rest) {
            self.path.push_str(before);
            self.path.push('{');
            self.path.push_str(&self.in_path.take(placeholder));
            self.path.push('}');
            rest = behind;
        }
        self.path.push_str(rest);
        self.rust.push('.');
        self.rust.push_str(method);
        self.rust.push('(');
        self.rust
            .push_str(&self.in_rust.take_all(arguments).join(", "));
        self.rust.push(')');
    }
}

/// Returns the first `{name}` of a segment, with the text before and after it.
fn placeholder(segment: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    let (name, behind) = rest.split_once('}')?;
    Some((before, name, behind))
}

/// Returns the outline of a tree.
pub fn outline(tree: &Tree<'_>, plan: &Plan) -> Outline {
    let mut order: Vec<usize> = (0..tree.places.len())
        .filter(|place| *place == tree.root || plan.nodes.contains_key(place))
        .collect();
    order.sort_by_key(|&place| &tree.places[place].path);
    let numbers: HashMap<usize, usize> = order.iter().copied().zip(0..).collect();
    let nodes = order.iter().map(|&place| node(tree, plan, &numbers, place));
    Outline {
        nodes: nodes.collect(),
    }
}

fn node(tree: &Tree<'_>, plan: &Plan, numbers: &HashMap<usize, usize>, number: usize) -> Node {
    let place = &tree.places[number];
    let name = plan.nodes.get(&number);
    let mut node = Node {
        name: name.map_or("Graph", String::as_str).to_owned(),
        path: place.path.clone(),
        calls: calls(tree, plan, (number, None), number, ""),
        steps: Vec::new(),
    };
    for (child, (segment, below)) in place.children.iter().enumerate() {
        let text = text(segment);
        match (plan.steps.get(&(number, child)), numbers.get(below)) {
            (Some(method), Some(&to)) => node.steps.push(Step {
                segment: text,
                method: method.name.clone(),
                arguments: argument_names(Some(segment), &method.arguments),
                to,
            }),
            _ => {
                let calls = calls(tree, plan, (number, Some(child)), *below, &text);
                node.calls.extend(calls);
            }
        }
    }
    node
}

/// Returns the operations of a place, as methods of the node `of`.
fn calls(
    tree: &Tree<'_>,
    plan: &Plan,
    of: (usize, Option<usize>),
    place: usize,
    segment: &str,
) -> Vec<Call> {
    let operations = tree.places[place].operations.iter().enumerate();
    operations
        .filter_map(|(number, (http, operation))| {
            let method: &MethodName = plan.calls.get(&(of.0, of.1, number))?;
            Some(Call {
                http: http.as_str(),
                segment: segment.to_owned(),
                method: method.name.clone(),
                arguments: argument_names(None, &method.arguments),
                body: method.arguments.iter().find_map(|argument| {
                    let (_, of) = argument
                        .split_once(": ")
                        .filter(|(name, _)| *name == "body")?;
                    model(of)
                }),
                answer: method.model.as_deref().and_then(model),
                deprecated: operation.deprecated,
            })
        })
        .collect()
}

/// Returns the text that a segment adds to a path. A key has the same name wherever it occurs,
/// because numbers are added for the whole path.
fn text(segment: &Segment) -> String {
    match segment {
        Segment::Key(name) => {
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
            format!("/{{{name}}}")
        }
        other => path_below("", other),
    }
}

/// Returns the model that a type names: `impl Into<models::User>`, `Vec<models::User>`,
/// `models::User`.
fn model(of: &str) -> Option<String> {
    let (_, name) = of.split_once("models::")?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    Some(name[..end.unwrap_or(name.len())].to_owned())
}
