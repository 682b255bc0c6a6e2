//! The route of a request's path through Graph's tree.

use msgraph_codegen::{Argument, Segment, Tree};
use msgraph_odata::split;

use super::Obstacle;

/// A step: a place and the index of one of its children, with the values for the segment.
pub type Step = ((usize, usize), Vec<Option<String>>);

/// A route to an operation.
#[derive(Clone, Debug)]
pub struct Route {
    pub steps: Vec<Step>,
    /// The place at the end.
    pub place: usize,
    /// The number of the operation there.
    pub operation: usize,
}

/// Finds the route. Names are compared without case and namespace, as Graph does.
///
/// # Errors
///
/// Fails if the path does not exist, or if the place has no such operation.
pub fn find(tree: &Tree<'_>, method: &str, segments: &[String]) -> Result<Route, Obstacle> {
    let mut search = Search {
        tree,
        method,
        segments,
        steps: Vec::new(),
        found: None,
        furthest: 0,
        methods: None,
    };
    search.walk(tree.root, 0);
    if let Some(route) = search.found {
        return Ok(route);
    }
    let path = |segments: &[String]| format!("/{}", segments.join("/"));
    Err(match search.methods {
        Some(methods) => Obstacle::Method {
            path: path(segments),
            methods,
        },
        None => Obstacle::Place {
            path: path(segments),
            segment: segments.get(search.furthest).cloned().unwrap_or_default(),
        },
    })
}

struct Search<'t, 'd> {
    tree: &'t Tree<'d>,
    method: &'t str,
    segments: &'t [String],
    steps: Vec<Step>,
    found: Option<Route>,
    /// The number of segments that were matched.
    furthest: usize,
    /// The methods of a place at the end of the path that lacks the requested method.
    methods: Option<Vec<&'static str>>,
}

impl Search<'_, '_> {
    fn walk(&mut self, place: usize, at: usize) {
        if self.found.is_some() {
            return;
        }
        self.furthest = self.furthest.max(at);
        let Some(text) = self.segments.get(at) else {
            self.arrive(place);
            return;
        };
        // An item by its path: `root:/a/b:/content`.
        if let Some(name) = text.strip_suffix(':')
            && self.by_path(place, at, name)
        {
            return;
        }
        for (child, values) in matches(self.tree, place, text) {
            self.step(place, child, values, at + 1);
        }
        // A key in parentheses: `worksheets('Sheet1')`, `applications(appId='…')`.
        if let Some((name, key)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            for (child, values) in matches(self.tree, place, name) {
                let next = self.tree.places[place].children[child].1;
                self.steps.push(((place, child), values));
                for (number, (segment, _)) in self.tree.places[next].children.iter().enumerate() {
                    let values = match segment {
                        Segment::Key(_) if !key.contains('=') => Some(vec![Some(unquoted(key))]),
                        Segment::AlternateKey(of) => values_of(of, key),
                        _ => None,
                    };
                    if let Some(values) = values {
                        self.step(next, number, values, at + 1);
                    }
                }
                self.steps.pop();
            }
        }
    }

    /// Searches below the entity of a segment by the path that follows, up to a colon or the end.
    fn by_path(&mut self, place: usize, at: usize, name: &str) -> bool {
        let rest = &self.segments[at + 1..];
        let end = rest.iter().position(|segment| segment.ends_with(':'));
        let names = &rest[..end.map_or(rest.len(), |end| end + 1)];
        if names.is_empty() {
            return false;
        }
        let path = names.join("/");
        let path = path.strip_suffix(':').unwrap_or(&path).to_owned();
        for (child, values) in matches(self.tree, place, name) {
            let entity = self.tree.places[place].children[child].1;
            if let Some(by_path) = self.child(entity, |of| matches!(of, Segment::Path)) {
                self.steps.push(((place, child), values));
                let next = at + 1 + names.len();
                self.step(entity, by_path, vec![Some(path.clone())], next);
                self.steps.pop();
            }
        }
        self.found.is_some()
    }

    fn child(&self, place: usize, is: impl Fn(&Segment) -> bool) -> Option<usize> {
        let children = &self.tree.places[place].children;
        children.iter().position(|(segment, _)| is(segment))
    }

    fn step(&mut self, place: usize, child: usize, values: Vec<Option<String>>, at: usize) {
        self.steps.push(((place, child), values));
        self.walk(self.tree.places[place].children[child].1, at);
        self.steps.pop();
    }

    fn arrive(&mut self, place: usize) {
        let operations = &self.tree.places[place].operations;
        let operation = operations
            .iter()
            .position(|(of, _)| of.as_str().eq_ignore_ascii_case(self.method));
        match operation {
            Some(operation) => {
                self.found = Some(Route {
                    steps: self.steps.clone(),
                    place,
                    operation,
                });
            }
            None if !operations.is_empty() => {
                let methods = operations.iter().map(|(of, _)| of.as_str()).collect();
                self.methods.get_or_insert(methods);
            }
            None => {}
        }
    }
}

/// Returns the children of a place that a segment may mean, with literal matches first.
fn matches(tree: &Tree<'_>, place: usize, text: &str) -> Vec<(usize, Vec<Option<String>>)> {
    let mut found: Vec<(u8, usize, Vec<Option<String>>)> = tree.places[place]
        .children
        .iter()
        .enumerate()
        .filter_map(|(number, (segment, _))| {
            let (order, values) = meant(segment, text)?;
            Some((order, number, values))
        })
        .collect();
    found.sort_by_key(|(order, ..)| *order);
    found
        .into_iter()
        .map(|(_, number, values)| (number, values))
        .collect()
}

/// Returns how literally a text matches a segment of the tree, and the values that the text has, if
/// it matches.
fn meant(segment: &Segment, text: &str) -> Option<(u8, Vec<Option<String>>)> {
    match segment {
        Segment::Literal(name) | Segment::Cast(name) => {
            same(name, text).map(|order| (order, Vec::new()))
        }
        Segment::System(name) => text.eq_ignore_ascii_case(name).then(|| (0, Vec::new())),
        Segment::Function(name, arguments) => {
            let (of, given) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
                Some((of, given)) => (of, given),
                None => (text, ""),
            };
            let order = same(name, of)?;
            Some((order, values_of(arguments, given)?))
        }
        Segment::Key(_) => Some((9, vec![Some(text.to_owned())])),
        Segment::CompositeKey(of) => Some((3, values_of(of, text)?)),
        Segment::AlternateKey(_) | Segment::Path => None,
    }
}

/// Returns how literally a name is written: unchanged, or without its namespace.
fn same(name: &str, text: &str) -> Option<u8> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_lowercase();
    let with_namespace = |name: &str| {
        let name = name.to_lowercase();
        name.strip_prefix("microsoft.")
            .map(str::to_owned)
            .unwrap_or(name)
    };
    if name == text {
        Some(0)
    } else if with_namespace(name) == with_namespace(text) {
        Some(1)
    } else if last(name) == last(text)
        && (!text.contains('.') || text.starts_with("microsoft.graph."))
    {
        Some(2)
    } else {
        None
    }
}

/// Returns the values of arguments, in their order, or `None` if the text has other arguments.
fn values_of(arguments: &[Argument], given: &str) -> Option<Vec<Option<String>>> {
    let mut given: Vec<(String, String)> = parts(given)
        .into_iter()
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_lowercase(), unquoted(value.trim())))
        })
        .collect::<Option<_>>()?;
    let mut values = Vec::new();
    for argument in arguments {
        let name = argument.name.to_lowercase();
        match given.iter().position(|(of, _)| *of == name) {
            Some(at) => values.push(Some(given.remove(at).1)),
            None if argument.optional => values.push(None),
            None => return None,
        }
    }
    given.is_empty().then_some(values)
}

/// Returns the parts of a list of arguments. A comma between quotes belongs to its part.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = split(text, ',').unwrap_or_else(|| vec![text]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Returns the value of a literal, without its quotes and with doubled quotes reduced to one.
fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    match inner {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_outside_of_quotes() {
        assert_eq!(parts("a='x,y', b=2"), ["a='x,y'", " b=2"]);
        assert!(parts("").is_empty());
        assert_eq!(unquoted("'O''Brien'"), "O'Brien");
        assert_eq!(unquoted("5"), "5");
    }

    #[test]
    fn names_are_compared_without_case_and_namespace() {
        assert_eq!(same("sendMail", "sendMail"), Some(0));
        assert_eq!(same("graph.user", "microsoft.graph.user"), Some(1));
        assert_eq!(same("sendMail", "sendmail"), Some(1));
        assert_eq!(same("microsoft.graph.security.reopen", "reopen"), Some(2));
        assert_eq!(same("sendMail", "microsoft.graph.sendMail"), Some(2));
        assert_eq!(same("reopen", "close"), None);
    }
}
