//! Writes the nodes: one struct for each distinct place, with a method for each operation and for
//! each step further.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

use msgraph_description::names::{self, Collisions, Scope};
use msgraph_description::{
    Argument, Content, Description, Kind, Method, Operation, Parameter, Place, Schema, Segment,
    Tree, Types, options,
};

use crate::coverage::Written;
use crate::error::{Error, Result};
use crate::facts::{Constants, Facts, Known, OperationFacts, doc};
use crate::operations::{self, Signature, Unlowered};
use crate::options::Options;

/// The generated text.
#[derive(Debug)]
pub struct Nodes {
    /// The nodes and their methods.
    pub nodes: String,
    /// The markers of the options that the operations have.
    pub options: String,
    /// Additional facts about the operations.
    pub facts: String,
    /// The names of the methods, used to write expressions.
    pub plan: Plan,
}

/// The methods of the nodes, by the step or operation that they stand for.
#[derive(Debug, Default)]
pub struct Plan {
    /// The method that leads to a child, by place and index of the child.
    pub(crate) steps: HashMap<(usize, usize), MethodName>,
    /// The method of an operation, by place, index of the child if the operation is a method of the
    /// parent, and number of the operation.
    pub(crate) calls: HashMap<(usize, Option<usize>, usize), MethodName>,
    /// The struct of each place.
    pub(crate) nodes: HashMap<usize, String>,
}

/// A method as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodName {
    /// `messages`
    pub name: String,
    /// Name and type, as declared: `id: &str`.
    pub arguments: Vec<String>,
    /// The response type, if the method makes a call: `Collection<models::Message>`.
    pub answer: Option<String>,
    /// The model that is returned, or that the response contains: `models::Message`.
    pub model: Option<String>,
    /// The options of the call, by their names on the wire.
    pub options: Vec<String>,
}

impl MethodName {
    /// Returns a method that leads to another node.
    fn step(name: String, arguments: Vec<String>) -> Self {
        Self {
            name,
            arguments,
            answer: None,
            model: None,
            options: Vec::new(),
        }
    }
}

/// The response of an operation.
#[derive(Debug, Clone, Copy)]
enum Answer<'d> {
    Nothing,
    Entity(&'d Schema),
    Collection(&'d Schema),
    Value(&'d Schema),
    Count,
    Content(&'d Content),
}

/// The request body of an operation.
#[derive(Debug, Clone, Copy)]
enum Body<'d> {
    Nothing,
    Json(&'d Schema),
    Bytes,
    Reference,
}

/// An operation at a place, ready to be lowered.
pub(crate) struct Endpoint<'d> {
    method: Method,
    parameters: Vec<&'d Parameter>,
    answer: Answer<'d>,
    body: Body<'d>,
    /// The media type of the request body, if it is not JSON.
    media_type: &'d str,
    deprecated: bool,
}

/// Writes all nodes.
///
/// # Errors
///
/// Fails if names collide, or if an operation has a form that the generator does not know.
pub fn write(
    description: &Description,
    facts: &Facts,
    tree: &Tree<'_>,
    types: &Types<'_>,
    written: &Written<'_>,
    collisions: &Collisions,
) -> Result<Nodes> {
    let places = tree
        .places
        .iter()
        .map(|place| endpoints(description, types, place))
        .collect::<Result<Vec<_>>>()?;
    let mut unlowered = Distinct::default();
    // The positions, among the lowered operations, of the operations of each place and of the
    // arguments of the steps below it.
    let mut of_places = Vec::with_capacity(places.len());
    for (number, (place, endpoints)) in tree.places.iter().zip(&places).enumerate() {
        let mut of_operations = Vec::new();
        if written.has_operations(number) {
            for endpoint in endpoints {
                let is_needed = |name: &str| !options::is_known(name);
                let operation = endpoint.unlowered(&place.path, is_needed)?;
                of_operations.push(unlowered.number(operation));
            }
        }
        let mut of_steps = HashMap::new();
        for (child, (segment, _)) in place.children.iter().enumerate() {
            if let Segment::Function(_, arguments)
            | Segment::AlternateKey(arguments)
            | Segment::CompositeKey(arguments) = segment
                && written.has_step((number, child))
            {
                let arguments = unlowered.number(Unlowered {
                    parameters: arguments
                        .iter()
                        .map(|a| (a.name.as_str(), !a.optional, a.schema.clone()))
                        .collect(),
                    ..Default::default()
                });
                of_steps.insert(child, arguments);
            }
        }
        of_places.push((of_operations, of_steps));
    }
    let lowered = operations::lower(&unlowered.operations, |name| {
        let target = types.get(name)?;
        let path = target.rust.path();
        Some(match target.kind {
            Kind::Flags => format!("model::Flags<{path}>"),
            _ => path,
        })
    })?;
    let signatures: Vec<Signatures<'_>> = of_places
        .into_iter()
        .map(|(of_operations, of_steps)| Signatures {
            operations: of_operations.iter().map(|&at| &lowered[at]).collect(),
            steps: of_steps
                .iter()
                .map(|(&child, &at)| (child, &lowered[at]))
                .collect(),
        })
        .collect();

    let mut writer = Writer {
        tree,
        types,
        places: &places,
        written,
        collisions,
        signatures: &signatures,
        options: Options::default(),
        known: Known::new(description, facts, tree),
        constants: Constants::default(),
        plan: Plan::default(),
        out: String::new(),
    };
    writer.all()?;
    let mut options = String::new();
    writer.options.write(&mut options);
    Ok(Nodes {
        nodes: writer.out,
        options,
        facts: writer.constants.finish(),
        plan: writer.plan,
    })
}

/// Returns the operations of a place.
pub(crate) fn endpoints<'d>(
    description: &'d Description,
    types: &'d Types<'_>,
    place: &Place<'d>,
) -> Result<Vec<Endpoint<'d>>> {
    place
        .operations
        .iter()
        .map(|&(method, operation)| {
            let at = || format!("{} {}", method.as_str(), place.path);
            let parameters = operation
                .parameters
                .iter()
                .map(|parameter| description.parameter(parameter))
                .collect::<msgraph_description::Result<Vec<_>>>()?;
            Ok(Endpoint {
                method,
                parameters,
                answer: answer(types, operation, &at)?,
                body: body(operation.request_body.as_ref(), place, &at)?,
                media_type: media_type(operation.request_body.as_ref()),
                deprecated: operation.deprecated,
            })
        })
        .collect()
}

fn answer<'d>(
    types: &'d Types<'_>,
    operation: &'d Operation,
    at: &dyn Fn() -> String,
) -> Result<Answer<'d>> {
    let Some(media) = operation.responses.values().next() else {
        return Ok(Answer::Nothing);
    };
    if media.content.contains_key("text/plain") {
        return Ok(Answer::Count);
    }
    let Some(json) = media.content.get("application/json") else {
        return Ok(if media.content.is_empty() {
            Answer::Nothing
        } else {
            Answer::Content(media)
        });
    };
    let schema = types.resolve(&json.schema);
    if let Some(items) = types.page_items(schema) {
        return Ok(Answer::Collection(items));
    }
    if schema.properties.0.is_empty() {
        return Ok(Answer::Entity(schema));
    }
    match schema.properties.get("value") {
        Some(value) => Ok(Answer::Value(value)),
        None => Err(Error::unknown(
            at(),
            "the response is an unnamed object without `value`",
        )),
    }
}

fn body<'d>(
    content: Option<&'d Content>,
    place: &Place<'_>,
    at: &dyn Fn() -> String,
) -> Result<Body<'d>> {
    let Some(content) = content else {
        return Ok(Body::Nothing);
    };
    if place.path.ends_with("/$ref") {
        return Ok(Body::Reference);
    }
    match content.content.get("application/json") {
        Some(json) if json.schema.properties.0.is_empty() => Ok(Body::Json(&json.schema)),
        Some(_) => Err(Error::unknown(at(), "the body is an unnamed object")),
        None if content.content.is_empty() => Ok(Body::Nothing),
        None => Ok(Body::Bytes),
    }
}

/// Returns the media type of a body of bytes, if the description has one for all of them.
fn media_type(content: Option<&Content>) -> &str {
    let kinds: Vec<_> = content
        .iter()
        .flat_map(|content| content.content.keys())
        .collect();
    match kinds.as_slice() {
        [one] => one,
        several if several.iter().all(|kind| kind.starts_with("image/")) => "image/*",
        _ => "application/octet-stream",
    }
}

/// Returns the `Accept` header of an operation, unless its response is JSON or empty.
///
/// The converter writes `application/octet-stream` for any `Edm.Stream` that has no media type of
/// its own. The stream is then an image, an HTML page or a video, so the header excludes no type.
fn accept(answer: Answer<'_>) -> Option<String> {
    match answer {
        Answer::Count => Some("text/plain".into()),
        Answer::Content(of) if of.content.contains_key("application/octet-stream") => {
            Some("*/*".into())
        }
        Answer::Content(of) => {
            let media_types: Vec<_> = of.content.keys().map(String::as_str).collect();
            Some(media_types.join(", "))
        }
        Answer::Nothing | Answer::Entity(_) | Answer::Collection(_) | Answer::Value(_) => None,
    }
}

impl<'d> Endpoint<'d> {
    /// Returns the operation for progenitor, with the parameters that are needed.
    pub(crate) fn unlowered(
        &self,
        path: &str,
        is_needed: impl Fn(&str) -> bool,
    ) -> Result<Unlowered<'d>> {
        Ok(Unlowered {
            parameters: self
                .parameters
                .iter()
                .filter(|parameter| is_needed(&parameter.name))
                .map(|parameter| operations::parameter(parameter, path))
                .collect::<Result<_>>()?,
            body: match self.body {
                Body::Json(schema) => Some(schema.clone()),
                Body::Bytes => Some(binary()),
                Body::Nothing | Body::Reference => None,
            },
            answer: match self.answer {
                Answer::Entity(schema) | Answer::Collection(schema) | Answer::Value(schema) => {
                    Some(schema.clone())
                }
                Answer::Content(_) => Some(binary()),
                Answer::Nothing | Answer::Count => None,
            },
        })
    }

    /// Returns the name of the method for an operation that has no name of its own.
    fn name(&self) -> &'static str {
        match (self.method, self.answer) {
            (Method::Get, Answer::Collection(_)) => "list",
            (Method::Get, _) => "get",
            (Method::Post, _) => "create",
            (Method::Patch, _) => "update",
            (Method::Put, _) => "replace",
            (Method::Delete, _) => "delete",
        }
    }

    /// Returns the name of the parent's method for an operation on references.
    fn reference_name(&self) -> &'static str {
        match (self.method, self.answer) {
            (Method::Get, Answer::Collection(_)) => "list_refs",
            (Method::Get, _) => "get_ref",
            (Method::Post, _) => "add_ref",
            (Method::Put | Method::Patch, _) => "set_ref",
            (Method::Delete, _) => "remove_ref",
        }
    }
}

fn binary() -> Schema {
    Schema {
        kind: Some("string".into()),
        format: Some("binary".into()),
        ..Default::default()
    }
}

/// Operations to lower, each distinct form once.
#[derive(Default)]
struct Distinct<'d> {
    operations: Vec<Unlowered<'d>>,
    index: HashMap<Unlowered<'d>, usize>,
}

impl<'d> Distinct<'d> {
    fn number(&mut self, operation: Unlowered<'d>) -> usize {
        let next = self.operations.len();
        match self.index.entry(operation) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.operations.push(new.key().clone());
                *new.insert(next)
            }
        }
    }
}

/// Returns whether a place has no node, because all that it has are methods of its parent.
///
/// The kind of operation at the place decides this. Other operations that are described or may be
/// added below it do not, because the expression of an operation must stay the same. A function
/// that returns an entity is therefore a node (`used_range().get()`), because functions can be
/// composed ([OData 4.01, 11.5.4.1]). In 2022 nothing was described below the ranges of a workbook,
/// and today much is.
///
/// [OData 4.01, 11.5.4.1]: https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html
fn is_flat(types: &Types<'_>, segment: &Segment, place: &Place<'_>, of: &[Endpoint<'_>]) -> bool {
    if !place.children.is_empty() {
        return false;
    }
    match (segment, &place.operations[..], of) {
        (Segment::Literal(_), [(Method::Post, operation)], _) => {
            operation.operation_type.as_deref() == Some("action")
        }
        (Segment::Function(..), [(Method::Get, _)], [endpoint]) => match endpoint.answer {
            Answer::Entity(schema) => !types.is_entity(schema),
            _ => true,
        },
        (Segment::System("$count" | "$ref"), ..) => true,
        _ => false,
    }
}

/// The signatures of what is written of a place.
struct Signatures<'a> {
    /// Those of its operations, in their order.
    operations: Vec<&'a Signature>,
    /// Those of the arguments of the steps below it, by the index of the child.
    steps: HashMap<usize, &'a Signature>,
}

/// The parts of one method.
struct Step<'a> {
    /// Graph's name for `doc(alias)`, if it differs from the method's name.
    alias: Option<&'a str>,
    /// The method's name.
    name: String,
    /// The path before the operation: `self.0`, alone or with a segment.
    target: String,
    /// Arguments before those of the operation.
    arguments: Vec<String>,
    /// The path in the description.
    path: &'a str,
    /// The number of paths.
    places: usize,
    /// The known facts about the operation.
    facts: Option<OperationFacts>,
    /// The kind of call.
    role: Role,
    /// The attribute that shows the features of the method.
    attribute: String,
}

/// The kind of call that a method of a node makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Reading or writing the resource at the place.
    Resource,
    /// `…/$ref`
    References,
    /// An OData action.
    Action,
    /// An OData function.
    Function,
}

struct Writer<'a, 'd> {
    tree: &'a Tree<'d>,
    types: &'a Types<'d>,
    places: &'a [Vec<Endpoint<'d>>],
    written: &'a Written<'a>,
    collisions: &'a Collisions,
    /// The signatures by place.
    signatures: &'a [Signatures<'a>],
    options: Options,
    known: Known<'a, 'd>,
    constants: Constants,
    plan: Plan,
    out: String,
}

impl Writer<'_, '_> {
    fn all(&mut self) -> Result<()> {
        let mut scope = Scope::new("nodes", self.collisions);
        // Every child of the root or of a node has a node, unless it is flat. Flat places have no
        // children, so this reaches all places.
        let mut order: Vec<usize> = (0..self.tree.places.len()).collect();
        order.sort_by_key(|&place| &self.tree.places[place].path);
        let mut has_node = vec![false; self.tree.places.len()];
        for (number, place) in self.tree.places.iter().enumerate() {
            for (child_number, (segment, child)) in place.children.iter().enumerate() {
                if !self.is_flat(segment, *child) && self.written.has_step((number, child_number)) {
                    has_node[*child] = true;
                }
            }
        }
        for place in order {
            if place == self.tree.root {
                self.root()?;
            } else if has_node[place] {
                let path = &self.tree.places[place].path;
                let name = scope.take(names::node(path), path);
                self.node(place, &name)?;
                self.plan.nodes.insert(place, name);
            }
        }
        Ok(())
    }

    fn is_flat(&self, segment: &Segment, place: usize) -> bool {
        is_flat(
            self.types,
            segment,
            &self.tree.places[place],
            &self.places[place],
        )
    }

    fn root(&mut self) -> Result<()> {
        // The runtime's `generated!` defines the root: `Graph` itself, or a type of the other
        // crate.
        self.out.push_str("impl Root {\n");
        self.methods(self.tree.root, "root(self)")?;
        self.out.push_str("}\n\n");
        Ok(())
    }

    fn node(&mut self, number: usize, name: &str) -> Result<()> {
        let place = &self.tree.places[number];
        let others = match place.places {
            1 => String::new(),
            2 => " and one other place".into(),
            more => format!(" and {} other places", more - 1),
        };
        let _ = write!(
            self.out,
            "/// `{}`{others}\n{}#[derive(Clone, Debug)]\npub struct {name}(Path);\n\nimpl \
             model::Node for {name} {{\n    #[inline]\n    fn address(&self) -> (&str, \
             Option<&str>) {{\n        self.0.address()\n    }}\n}}\n\nimpl {name} {{\n",
            place.path,
            self.written.node_attribute(self.tree, number),
        );
        self.methods(number, "self.0")?;
        self.out.push_str("}\n\n");
        Ok(())
    }

    /// Writes the methods of a place: its operations, then the steps further.
    fn methods(&mut self, number: usize, target: &str) -> Result<()> {
        let (tree, places) = (self.tree, self.places);
        let signatures = &self.signatures[number];
        let written = self.written;
        let place = &tree.places[number];
        let what = if place.path.is_empty() {
            "the root"
        } else {
            &place.path
        };
        let mut scope = Scope::new(what, self.collisions);
        for (offset, &signature) in signatures.operations.iter().enumerate() {
            let endpoint = &places[number][offset];
            let step = Step {
                alias: None,
                name: scope.take(endpoint.name().into(), &place.path),
                target: target.into(),
                arguments: Vec::new(),
                path: &place.path,
                places: place.places,
                facts: self.known.of_place(number, endpoint.method),
                role: Role::Resource,
                attribute: written.operation_attribute(tree, number),
            };
            let method = self.operation(endpoint, signature, step)?;
            self.plan.calls.insert((number, None, offset), method);
        }
        for (child_number, (segment, child)) in place.children.iter().enumerate() {
            let edge = (number, child_number);
            if !written.has_step(edge) {
                continue;
            }
            let lowered = signatures.steps.get(&child_number).copied();
            let below = &tree.places[*child];
            let documented = documented(segment);
            let name = names::method(segment);
            let path = path_below(&place.path, segment);
            let (arguments, step) = match segment {
                Segment::Literal(text) | Segment::Cast(text) => {
                    (Vec::new(), format!("{target}.segment(\"{text}\")"))
                }
                Segment::System(text) => (Vec::new(), format!("{target}.segment(\"{text}\")")),
                Segment::Key(text) => (
                    vec![format!("id: {ID}")],
                    format!("{target}.key(\"{text}\", &id)"),
                ),
                Segment::Function(function, of) => {
                    let (arguments, values) = arguments(of, lowered, false)?;
                    let step = match segment.path_argument() {
                        Some(path) => {
                            let path = names::snake(path);
                            format!("{target}.by_path(\"{function}\", {path})")
                        }
                        None => format!("{target}.function(\"{function}\", &[{values}])"),
                    };
                    (arguments, step)
                }
                Segment::AlternateKey(of) => {
                    let (arguments, values) = arguments(of, lowered, true)?;
                    (arguments, format!("{target}.alternate_key(&[{values}])"))
                }
                Segment::CompositeKey(of) => {
                    let (arguments, values) = arguments(of, lowered, true)?;
                    (arguments, format!("{target}.composite_key(&[{values}])"))
                }
                Segment::Path => (
                    vec!["path: &str".to_owned()],
                    format!("{target}.path(path)"),
                ),
            };
            if !self.is_flat(segment, *child) {
                let name = scope.take(name, &path);
                let method = MethodName::step(name, arguments);
                let attribute = written.step_attribute(tree, edge);
                self.leads(&method, documented, &attribute, &path, &step, &below.path);
                self.plan.steps.insert(edge, method);
                continue;
            }
            if !written.has_methods(edge) {
                continue;
            }
            for (endpoint, offset) in places[*child].iter().zip(0..) {
                let name = match segment {
                    Segment::System("$ref") => endpoint.reference_name().to_owned(),
                    _ => name.clone(),
                };
                let name = scope.take(name, &path);
                let step = Step {
                    alias: Some(documented).filter(|alias| *alias != name),
                    name,
                    target: step.clone(),
                    arguments: arguments.clone(),
                    path: &path,
                    places: place.places,
                    facts: self.known.of_child(number, child_number, endpoint.method),
                    role: match segment {
                        Segment::Function(..) => Role::Function,
                        Segment::System("$ref") => Role::References,
                        Segment::Literal(_) => Role::Action,
                        _ => Role::Resource,
                    },
                    attribute: written.methods_attribute(tree, edge),
                };
                let signature = self.signatures[*child].operations[offset];
                let method = self.operation(endpoint, signature, step)?;
                self.plan
                    .calls
                    .insert((number, Some(child_number), offset), method);
            }
        }
        Ok(())
    }

    /// Writes a method that leads to another node.
    fn leads(
        &mut self,
        method: &MethodName,
        documented: &str,
        attribute: &str,
        path: &str,
        step: &str,
        to: &str,
    ) {
        let node = names::node(to);
        let name = &method.name;
        let arguments: String = method.arguments.iter().map(|a| format!(", {a}")).collect();
        let _ = writeln!(self.out, "    /// `{path}`");
        if documented != *name {
            let _ = writeln!(self.out, "    #[doc(alias = \"{documented}\")]");
        }
        let _ = writeln!(
            self.out,
            "{attribute}    #[inline]\n    pub fn {name}(&self{arguments}) -> {node} {{\n        \
             {node}({step})\n    }}\n"
        );
    }

    /// Writes a method that makes a call.
    fn operation(
        &mut self,
        endpoint: &Endpoint<'_>,
        signature: &Signature,
        step: Step<'_>,
    ) -> Result<MethodName> {
        let mut arguments = step.arguments;
        let mut call = format!(
            "{}.{}()",
            step.target,
            endpoint.method.as_str().to_lowercase()
        );
        if let Some(known) = &step.facts {
            let _ = write!(call, ".facts(facts::{})", self.constants.name(known));
        }
        if let Some(media_types) = accept(endpoint.answer) {
            let _ = write!(call, ".accept(\"{media_types}\")");
        }
        let mut optional = Vec::new();
        for parameter in &endpoint.parameters {
            match (parameter.location.as_str(), parameter.required) {
                ("query", true) if parameter.name == "@id" => {
                    arguments.push("reference: impl EntityReference".into());
                    call.push_str(".reference_query(&reference)");
                }
                ("header", true) if parameter.name == "If-Match" => {
                    arguments.push("etag: impl IfMatch".into());
                    call.push_str(".if_match(&etag)");
                }
                ("query", true) => {
                    let argument = names::snake(&parameter.name);
                    let of = signature.parameter(&parameter.name)?;
                    let (of, method) = match of {
                        "&str" if is_time(&parameter.name) => (TIME, "time"),
                        of => (of, "query"),
                    };
                    arguments.push(format!("{argument}: {of}"));
                    let _ = write!(call, ".{method}(\"{}\", {argument})", parameter.name);
                }
                // An argument of the function that leads here is part of the path.
                ("query", false) if step.path.contains(&format!("{}=", parameter.name)) => {}
                ("query" | "header", false) => optional.push(parameter.name.as_str()),
                (location, _) => {
                    return Err(Error::unknown(
                        step.path,
                        format!(
                            "`{}` is a required {location} parameter, which the generator does not \
                             support",
                            parameter.name
                        ),
                    ));
                }
            }
        }
        let marker = self.options.marker(optional.iter().copied());
        match endpoint.body {
            Body::Nothing => {}
            Body::Json(schema) => {
                let of = owned(signature.body.as_deref().unwrap_or_default());
                let target = self.types.target(schema);
                if target.is_some_and(|target| !target.derived.is_empty()) {
                    arguments.push(format!("body: impl Into<{of}>"));
                    call.push_str(".json(&body.into())");
                } else {
                    arguments.push(format!("body: {of}"));
                    call.push_str(".json(&body)");
                }
            }
            Body::Bytes => {
                arguments.push("body: impl Into<Content>".into());
                let _ = write!(call, ".content(body.into(), \"{}\")", endpoint.media_type);
            }
            Body::Reference => {
                arguments.push("reference: impl EntityReference".into());
                call.push_str(".reference(&reference)");
            }
        }
        let (answer, answered) =
            self.answer(endpoint, signature, marker.as_deref(), step.role, step.path);
        let declared: String = arguments.iter().map(|a| format!(", {a}")).collect();
        let _ = writeln!(
            self.out,
            "    /// `{} {}`",
            endpoint.method.as_str(),
            step.path
        );
        if let Some(line) = step
            .facts
            .as_ref()
            .and_then(|known| doc::line(known, step.places))
        {
            let _ = write!(self.out, "    ///\n    /// {line}\n");
        }
        if let Some(alias) = step.alias {
            let _ = writeln!(self.out, "    #[doc(alias = \"{alias}\")]");
        }
        if endpoint.deprecated {
            self.out
                .push_str("    #[deprecated = \"Microsoft Graph deprecates this operation\"]\n");
        }
        let _ = writeln!(
            self.out,
            "{}    #[inline]\n    pub fn {}(&self{declared}) -> {answer} {{\n        \
             Call::new({call})\n    }}\n",
            step.attribute, step.name
        );
        let model = match endpoint.answer {
            Answer::Entity(of) | Answer::Collection(of) | Answer::Value(of)
                if step.role != Role::References =>
            {
                self.types
                    .target(of.items.as_deref().unwrap_or(of))
                    .filter(|target| target.kind == Kind::Model)
                    .map(|target| target.rust.path())
            }
            _ => None,
        };
        Ok(MethodName {
            name: step.name,
            arguments,
            answer: Some(answered),
            model,
            options: optional.into_iter().map(String::from).collect(),
        })
    }

    /// Returns the type of a call, by its method and its response, and the response type alone.
    fn answer(
        &self,
        endpoint: &Endpoint<'_>,
        signature: &Signature,
        marker: Option<&str>,
        role: Role,
        path: &str,
    ) -> (String, String) {
        let of = match endpoint.answer {
            Answer::Entity(_) | Answer::Collection(_) if role == Role::References => "Reference",
            _ => signature.answer.as_str(),
        };
        let kind = match endpoint.answer {
            Answer::Nothing => "Nothing".to_owned(),
            Answer::Entity(_) if matches!(endpoint.body, Body::Bytes) => {
                format!("MaybeEntity<{of}>")
            }
            Answer::Entity(_) => format!("Entity<{of}>"),
            Answer::Collection(_) if role == Role::Function && is_delta(path) => {
                format!("Delta<{of}>")
            }
            Answer::Collection(_) => format!("Collection<{of}>"),
            Answer::Value(_) => format!("Value<{of}>"),
            Answer::Count => "CountOf".to_owned(),
            Answer::Content(_) => "Content".to_owned(),
        };
        let (alias, of) = match (endpoint.method, endpoint.answer) {
            (_, Answer::Count) => ("Count", None),
            (_, Answer::Nothing) if role == Role::Action => ("Action", None),
            _ if role == Role::Action => ("Action", Some(kind.as_str())),
            _ if role == Role::Function => ("Function", Some(kind.as_str())),
            (_, Answer::Content(_)) => ("Download", None),
            (Method::Get, Answer::Collection(_)) => ("List", Some(of)),
            (Method::Get, Answer::Entity(_)) => ("Get", Some(of)),
            (Method::Post, Answer::Entity(_)) => ("Create", Some(of)),
            (Method::Patch, Answer::Entity(_)) => ("Update", Some(of)),
            (Method::Put, Answer::Nothing) if matches!(endpoint.body, Body::Bytes) => {
                ("Upload", None)
            }
            (Method::Put, _) if matches!(endpoint.body, Body::Bytes) => {
                ("Upload", Some(kind.as_str()))
            }
            (Method::Put, Answer::Entity(_)) => ("Replace", Some(of)),
            (Method::Delete, Answer::Nothing) => ("Delete", None),
            _ => ("Call", Some(kind.as_str())),
        };
        let mut parts: Vec<String> = of.map(String::from).into_iter().collect();
        if let Some(marker) = marker {
            // The response type has a default, but must be written out if the options come after
            // it.
            if parts.is_empty() && matches!(alias, "Action" | "Upload") {
                parts.push(kind.clone());
            }
            parts.push(format!("options::{marker}"));
        }
        let call = if parts.is_empty() {
            alias.into()
        } else {
            format!("{alias}<{}>", parts.join(", "))
        };
        (call, kind)
    }
}

/// Returns whether a path leads to a delta function:
/// <https://learn.microsoft.com/graph/delta-query-overview>.
fn is_delta(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = last.split('(').next().unwrap_or_default();
    name.rsplit('.').next() == Some("delta")
}

/// The type of an argument that is an id.
pub(crate) const ID: &str = "impl Id";
/// The type of an argument that is a point in time.
pub(crate) const TIME: &str = "impl Into<Time>";

/// Returns whether a parameter of this name is a point in time. The description declares most of
/// them as text.
fn is_time(name: &str) -> bool {
    name.ends_with("DateTime")
}

/// Returns the arguments of a function or key, as declared and as passed on. Texts of a key are
/// ids, and so are arguments that are named after one.
fn arguments(
    of: &[Argument],
    signature: Option<&Signature>,
    is_key: bool,
) -> Result<(Vec<String>, String)> {
    let signature = signature.ok_or_else(|| Error::Lowering("a method has no arguments".into()))?;
    let mut declared = Vec::new();
    let mut values = Vec::new();
    for argument in of {
        let name = names::snake(&argument.name);
        let lowered = signature.parameter(&argument.name)?;
        // Numbers and Booleans are passed by value, and all other arguments are borrowed.
        let (of, form) = match lowered.trim_start_matches('&') {
            "str" if argument.quoted && is_time(&argument.name) => (TIME, "quoted_time"),
            "str" | "edm::DateTimeOffset" if !argument.quoted && is_time(&argument.name) => {
                (TIME, "time")
            }
            "str" if argument.quoted && (is_key || argument.name.ends_with("Id")) => (ID, "id"),
            "str" if argument.quoted => ("&str", "quoted"),
            "f64" | "f32" => ("f64", "double"),
            "Vec<String>" => ("&[&str]", "strings"),
            _ if argument.quoted => (lowered, "word"),
            _ => (lowered, "bare"),
        };
        if let Some(of) = lowered.strip_prefix("Option<") {
            let of = of.trim_end_matches('>');
            let form = if argument.quoted { "quoted" } else { "bare" };
            declared.push(format!("{name}: Option<{of}>"));
            values.push(format!(
                "(\"{}\", Argument::optional({name}.map(Argument::{form})))",
                argument.name
            ));
        } else {
            declared.push(format!("{name}: {of}"));
            values.push(format!("(\"{}\", Argument::{form}({name}))", argument.name));
        }
    }
    Ok((declared, values.join(", ")))
}

/// Returns the name under which Graph documents a step.
fn documented(segment: &Segment) -> &str {
    match segment {
        Segment::Literal(name) | Segment::Cast(name) | Segment::Function(name, _) => {
            names::last(name)
        }
        Segment::Key(name) => name,
        Segment::System(name) => name,
        Segment::AlternateKey(keys) | Segment::CompositeKey(keys) => {
            keys.first().map_or("", |key| key.name.as_str())
        }
        Segment::Path => "path",
    }
}

/// Returns the path of a child, with the names in the description.
pub(crate) fn path_below(path: &str, segment: &Segment) -> String {
    let arguments = |arguments: &[Argument]| -> String {
        let parts: Vec<_> = arguments
            .iter()
            .map(|a| {
                if a.quoted {
                    format!("{}='{{{}}}'", a.name, a.name)
                } else {
                    format!("{}={{{}}}", a.name, a.name)
                }
            })
            .collect();
        parts.join(",")
    };
    match segment {
        Segment::Literal(name) | Segment::Cast(name) => format!("{path}/{name}"),
        Segment::System(name) => format!("{path}/{name}"),
        Segment::Key(name) => format!("{path}/{{{name}}}"),
        Segment::Function(name, of) => format!("{path}/{name}({})", arguments(of)),
        Segment::AlternateKey(of) => format!("{path}({})", arguments(of)),
        Segment::CompositeKey(of) => format!("{path}/{}", arguments(of)),
        Segment::Path => format!("{path}:/{{path}}:"),
    }
}

/// Returns the owned type for a type that progenitor borrows.
fn owned(of: &str) -> String {
    of.trim_start_matches('&').to_owned()
}
