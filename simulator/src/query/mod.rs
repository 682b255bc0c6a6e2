//! The query of a request: its options, their values, and their check against the operation.

pub(crate) mod filter;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod search;

use msgraph_odata::filter::{Condition, parse};
use msgraph_odata::{Direction, Expanded, split};

use crate::description::operation::{Location, Operation, Parameter};
use crate::description::schema::{Schemas, Type};
use crate::refusal::Refusal;
use crate::service::Service;
use page::SkipToken;
use search::Search;

/// The options of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The paths of `$select`; empty if the option is missing.
    pub(crate) select: Vec<Vec<String>>,
    pub(crate) expand: Vec<Expand>,
    pub(crate) filter: Option<Condition>,
    pub(crate) search: Option<Search>,
    pub(crate) orderby: Vec<Order>,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
    pub(crate) count: bool,
    pub(crate) skip_token: Option<SkipToken>,
    /// The options of the operation itself: `startDateTime`, `@id`.
    pub(crate) custom: Vec<(String, String)>,
}

/// One relation of `$expand`, with the options in its parentheses.
#[derive(Clone, Debug)]
pub(crate) struct Expand {
    pub(crate) relation: String,
    /// The number of levels that the relation is followed.
    pub(crate) levels: u8,
    pub(crate) options: Options,
}

/// One property of `$orderby`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) path: Vec<String>,
    pub(crate) descending: bool,
}

impl Options {
    /// Reads the pairs of a query. `item` is the type of the response, or of its page's items.
    pub(crate) fn read(
        schemas: &Schemas,
        operation: &Operation,
        item: &Type,
        pairs: &[(String, String)],
    ) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (sent, value) in pairs {
            let system = option_name(sent).filter(|_| operation.query(sent).is_none());
            let name = system.unwrap_or(sent);
            if seen.contains(&name) {
                return Err(Refusal::option_twice(name));
            }
            seen.push(name);
            match name {
                // The links of a page carry it, and no operation declares it.
                "$skiptoken" => options.skip_token = Some(SkipToken::read(value)?),
                "$format" if value == "json" || value.starts_with("application/json") => {}
                // Sites are searched for by free text, with or without the `$`.
                "search" | "$search" if *item == Type::Named("microsoft.graph.site".into()) => {
                    options.search = Some(Search::free(value));
                }
                _ => match operation.query(name) {
                    Some(parameter) if name.starts_with('$') => {
                        options.system(schemas, item, name, value, parameter)?;
                    }
                    Some(parameter) => {
                        check_custom(parameter, value)?;
                        let name = parameter.name.clone();
                        options.custom.push((name, value.clone()));
                    }
                    // Drives accept it without its `$`, and the description has it with the `$`.
                    None if name == "format" && operation.query("$format").is_some() => {
                        options.custom.push((name.to_owned(), value.clone()));
                    }
                    // `@alias` is the value of a function's argument.
                    None if name.starts_with('@') && name.len() > 1 => {
                        options.custom.push((name.to_owned(), value.clone()));
                    }
                    None => return Err(Refusal::option_not_allowed(name)),
                },
            }
        }
        let required = operation.parameters.iter().find(|parameter| {
            parameter.required
                && parameter.location == Location::Query
                && !pairs.iter().any(|(name, _)| {
                    operation
                        .query(name)
                        .is_some_and(|sent| sent.name == parameter.name)
                })
        });
        match required {
            Some(parameter) => Err(Refusal::option_missing(&parameter.name)),
            None => Ok(options),
        }
    }

    /// Returns the value of an option of the operation itself.
    pub(crate) fn custom(&self, name: &str) -> Option<&str> {
        self.custom
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    fn system(
        &mut self,
        schemas: &Schemas,
        item: &Type,
        name: &str,
        value: &str,
        parameter: &Parameter,
    ) -> Result<(), Refusal> {
        if value.trim().is_empty() {
            return Err(Refusal::option(name, "the value is empty."));
        }
        match name {
            "$search" => self.search = Some(Search::read(schemas, item, value)?),
            "$select" | "$expand" | "$filter" | "$orderby" | "$top" | "$skip" | "$count" => {
                self.common(schemas, item, name, value, 0)?;
            }
            _ => check_custom(parameter, value)?,
        }
        Ok(())
    }

    /// Reads the options that may also stand in the parentheses of `$expand`.
    fn common(
        &mut self,
        schemas: &Schemas,
        item: &Type,
        name: &str,
        value: &str,
        depth: u8,
    ) -> Result<(), Refusal> {
        match name {
            "$select" => self.select = select(schemas, item, value)?,
            "$expand" => self.expand = expand(schemas, item, value, depth)?,
            "$filter" => {
                let condition = parse(value).map_err(|error| {
                    Refusal::bad_request(format!("Invalid filter clause: {error}"))
                })?;
                filter::check(schemas, &condition, item)
                    .map_err(|refusal| undeclared(schemas, item, refusal))?;
                self.filter = Some(condition);
            }
            "$orderby" => self.orderby = orderby(schemas, item, value)?,
            "$top" => self.top = Some(number(name, value)?),
            "$skip" => self.skip = number(name, value)?,
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    _ => {
                        return Err(Refusal::option(
                            name,
                            format!("'{value}' is not 'true' or 'false'."),
                        ));
                    }
                };
            }
            _ => return Err(Refusal::option_not_allowed(name)),
        }
        Ok(())
    }
}

/// The options of OData that Graph also accepts without their `$`.
const SYSTEM: [&str; 9] = [
    "$count",
    "$expand",
    "$filter",
    "$orderby",
    "$search",
    "$select",
    "$skip",
    "$skiptoken",
    "$top",
];

/// Returns the name of an option of OData that was sent without its `$`, or in another case.
///
/// <https://learn.microsoft.com/graph/query-parameters>
pub(crate) fn option_name(sent: &str) -> Option<&'static str> {
    let sent = sent.strip_prefix('$').unwrap_or(sent);
    let own = |name: &&&str| name.trim_start_matches('$').eq_ignore_ascii_case(sent);
    SYSTEM.iter().find(own).copied()
}

/// Returns the directory's own error for a filter that names an unknown property.
fn undeclared(schemas: &Schemas, item: &Type, refusal: Refusal) -> Refusal {
    let directory =
        matches!(item, Type::Named(name) if Service::of(schemas, name) == Service::Directory);
    let property = refusal
        .message
        .strip_prefix("Could not find a property named '")
        .and_then(|rest| rest.split('\'').next());
    match property {
        Some(property) if directory => Refusal::unsupported_query(format!(
            "Property '{property}' does not exist as a declared property or extension property."
        )),
        _ => refusal,
    }
}

fn number(name: &str, value: &str) -> Result<usize, Refusal> {
    value.parse().map_err(|_| {
        Refusal::option(
            name,
            format!("invalid value '{value}'; a non-negative integer is expected."),
        )
    })
}

fn check_custom(parameter: &Parameter, value: &str) -> Result<(), Refusal> {
    let fits = match parameter.kind {
        Type::Boolean => matches!(value, "true" | "false"),
        Type::Int16 | Type::Int32 | Type::Int64 | Type::Uint8 => value.parse::<i64>().is_ok(),
        Type::DateTime => chrono::DateTime::parse_from_rfc3339(value).is_ok(),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::new(
        http::StatusCode::BAD_REQUEST,
        "ErrorInvalidParameter",
        format!(
            "The value '{value}' of the query parameter '{}' is not valid.",
            parameter.name
        ),
    ))
}

fn parts<'a>(name: &str, text: &'a str, separator: char) -> Result<Vec<&'a str>, Refusal> {
    let parts = split(text, separator)
        .ok_or_else(|| Refusal::option(name, format!("syntax error in '{text}'.")))?;
    let parts: Vec<_> = parts.into_iter().map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(Refusal::option(
            name,
            format!("'{text}' holds an empty term."),
        ));
    }
    Ok(parts)
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn select(schemas: &Schemas, item: &Type, text: &str) -> Result<Vec<Vec<String>>, Refusal> {
    let mut paths = Vec::new();
    for part in parts("$select", text, ',')? {
        if part == "*" {
            return Ok(Vec::new());
        }
        let path = segments(part);
        // Some annotations are sent only if they are selected.
        if !part.starts_with("@microsoft.graph.") && !part.starts_with("@odata.") {
            path::follow(schemas, item, &path)?;
        }
        paths.push(path);
    }
    Ok(paths)
}

fn orderby(schemas: &Schemas, item: &Type, text: &str) -> Result<Vec<Order>, Refusal> {
    let mut orders = Vec::new();
    for part in parts("$orderby", text, ',')? {
        let order = msgraph_odata::Order::read(part)
            .ok_or_else(|| Refusal::option("$orderby", format!("syntax error in '{part}'.")))?;
        let path = segments(order.path);
        let descending = order.direction == Some(Direction::Descending);
        let target = path::follow(schemas, item, &path)?;
        if matches!(target.kind, Type::Collection(_)) {
            return Err(Refusal::option(
                "$orderby",
                "a collection cannot be used for sorting.",
            ));
        }
        orders.push(Order { path, descending });
    }
    Ok(orders)
}

/// The largest depth of nested `$expand` options.
const DEPTH: u8 = 3;

/// The number of levels that `$levels=max` stands for.
const LEVELS: u8 = 10;

/// Reads the relations of `$expand`: `manager($select=id),directReports($top=5;$expand=manager)`.
fn expand(schemas: &Schemas, item: &Type, text: &str, depth: u8) -> Result<Vec<Expand>, Refusal> {
    if depth == DEPTH {
        return Err(unparsed(&format!(
            "it is nested deeper than {DEPTH} levels."
        )));
    }
    let mut expands: Vec<Expand> = Vec::new();
    for part in parts("$expand", text, ',')? {
        let expanded =
            Expanded::read(part).ok_or_else(|| unparsed(&format!("syntax error in '{part}'.")))?;
        let name = expanded.path;
        let path = segments(name);
        let target = path::follow(schemas, item, &path)?;
        if !target.navigation {
            let message =
                format!("Property '{name}' is not a navigation property and cannot be expanded.");
            return Err(unparsed(&message));
        }
        let relation = path.last().cloned().unwrap_or_default();
        if expands.iter().any(|other| other.relation == relation) {
            return Err(unparsed(&format!(
                "'{relation}' is expanded more than once."
            )));
        }
        let related = match target.kind {
            Type::Collection(items) => *items,
            kind => kind,
        };
        let mut expand = Expand {
            relation,
            levels: 1,
            options: Options::default(),
        };
        if let Some(inside) = expanded.options {
            expand.inside(schemas, &related, inside, depth)?;
        }
        expands.push(expand);
    }
    Ok(expands)
}

fn unparsed(message: &str) -> Refusal {
    Refusal::bad_request(format!("Parsing OData Select and Expand failed: {message}"))
}

impl Expand {
    /// Reads the options in the parentheses.
    fn inside(
        &mut self,
        schemas: &Schemas,
        related: &Type,
        text: &str,
        depth: u8,
    ) -> Result<(), Refusal> {
        let mut seen = Vec::new();
        for part in parts("$expand", text, ';')? {
            let syntax = || unparsed(&format!("syntax error in '{part}'."));
            let (name, value) = part.split_once('=').ok_or_else(syntax)?;
            if !name.starts_with('$') {
                return Err(unparsed(&format!(
                    "'{name}' is not a query option; did you mean '${name}'?"
                )));
            }
            if seen.contains(&name) {
                return Err(Refusal::option_twice(name));
            }
            seen.push(name);
            match (name, value) {
                ("$levels", "max") => self.levels = LEVELS,
                ("$levels", _) => {
                    self.levels = u8::try_from(number(name, value)?)
                        .unwrap_or(LEVELS)
                        .min(LEVELS);
                }
                _ => self
                    .options
                    .common(schemas, related, name, value, depth + 1)?,
            }
        }
        Ok(())
    }
}
