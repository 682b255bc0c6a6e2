//! The walk from a request's path to places of the description. Grafts let a place share another's
//! subtree.

use std::collections::{HashMap, VecDeque};

use http::Method;
use serde::Deserialize;

use super::Description;
use super::operation::Operation;
use super::routes::{Place, Routes};
use crate::segment::Argument;

/// The content of `grafts.json`: parts of Graph that its description lacks. Both tables map a place
/// to the place that it stands for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grafts {
    /// The places that share another one's operations and subtree: `/me/drive` is a
    /// `/drives/{drive-id}`.
    #[serde(default)]
    pub(super) subtrees: HashMap<String, String>,
    /// The places whose descendants can be addressed by a path between colons:
    /// `/drives/{drive-id}/items/{driveItem-id}:/a/b:`.
    #[serde(default)]
    pub(super) paths: HashMap<String, String>,
}

/// The places that share another one's subtree, although `grafts.json` does not list them. Clients
/// read and write the columns of a file at `listItem/fields`.
///
/// <https://learn.microsoft.com/graph/api/resources/driveitem#relationships>
const LIKE: [(&str, &str); 1] = [(
    "/drives/{drive-id}/items/{driveItem-id}/listItem",
    "/drives/{drive-id}/list/items/{listItem-id}",
)];

/// A matched segment of a request's path.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) place: &'a Place,
    /// The place whose subtree this one shares.
    pub(crate) graft: Option<&'a Place>,
    pub(crate) value: StepValue,
}

/// The part of the request's segment that is not in the description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepValue {
    /// The segment is a literal.
    None,
    Key(String),
    Arguments(Vec<(String, Argument)>),
    /// The names between the colons of `root:/Reports/2026.csv:`.
    Path(Vec<String>),
}

impl<'a> Step<'a> {
    pub(super) fn new(place: &'a Place, value: StepValue) -> Self {
        Self {
            place,
            graft: None,
            value,
        }
    }

    /// Returns the operation of the method here. `Err` says why the description cannot be read.
    pub(crate) fn operation(&self, method: &Method) -> Option<Result<&'a Operation, &'a str>> {
        let own = self.place.operation(method);
        own.or_else(|| self.graft?.operation(method))
    }

    /// Returns the methods of this place.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &'a Method> {
        let grafted = self.graft.into_iter().flat_map(Place::methods);
        self.place.methods().chain(grafted)
    }

    /// Returns the place that describes this step: the graft, if the description has no method at
    /// the place itself.
    pub(crate) fn described(&self) -> &'a Place {
        match self.graft {
            Some(graft) if self.place.methods().next().is_none() => graft,
            _ => self.place,
        }
    }
}

/// The reason why a path does not lead to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost<'a> {
    /// The first segment that does not match.
    Segment(String),
    /// The description cannot be read.
    Unreadable(&'a str),
}

/// A place, and the tree that it is in.
type At<'a> = (&'a Routes, &'a Place);

impl Description {
    /// Walks the percent-decoded segments of a request.
    pub(crate) fn walk<'a>(&'a self, segments: &[String]) -> Result<Vec<Step<'a>>, Lost<'a>> {
        let first = segments.first().map_or("", String::as_str);
        let lost = |segment: &str| Lost::Segment(segment.to_owned());
        let routes = self.routes(first).ok_or_else(|| lost(first))?;
        let routes = routes.map_err(Lost::Unreadable)?;
        let mut at: Vec<At<'a>> = routes
            .root()
            .map(|root| (routes, root))
            .into_iter()
            .collect();
        let mut steps: Vec<Step<'a>> = Vec::new();
        let mut rest: VecDeque<String> = segments.iter().cloned().collect();
        while let Some(text) = rest.pop_front() {
            let before = steps.len();
            let mut reached = None;
            for (routes, place) in at {
                if let Some((found, path)) = self.addressed(routes, place, &text, &mut steps) {
                    let names = names(path, &mut rest);
                    steps.push(Step::new(found.1, StepValue::Path(names)));
                    reached = Some(found);
                    break;
                }
                routes.step(place, &text, &mut steps);
                if let Some(step) = steps.get(before..).and_then(|new| new.last()) {
                    reached = Some((routes, step.place));
                    break;
                }
            }
            let (routes, place) = reached.ok_or_else(|| lost(&text))?;
            for step in steps.iter_mut().skip(before) {
                step.graft = self.graft(step.place).map(|(_, place)| place);
            }
            at = self.alike(routes, place);
        }
        Ok(steps)
    }

    /// Adds the steps to the place that `root:` or `{id}:` stands for. Returns the place of the
    /// items that the path after the colon addresses, and the part of that path that is in the
    /// same segment. It is there if the client has encoded the slashes: `root:%2FReports`.
    fn addressed<'a, 't>(
        &'a self,
        routes: &'a Routes,
        place: &'a Place,
        text: &'t str,
        steps: &mut Vec<Step<'a>>,
    ) -> Option<(At<'a>, &'t str)> {
        let (text, path) = text.split_once(':')?;
        if text.is_empty() || !(path.is_empty() || path.starts_with('/')) {
            return None;
        }
        let before = steps.len();
        routes.step(place, text, steps);
        let reached = steps.get(before..)?.last()?.place;
        let alike = self.alike(routes, reached).into_iter();
        let found = alike
            .filter_map(|(_, place)| self.grafts().paths.get(&place.template))
            .find_map(|target| self.place(target));
        if found.is_none() {
            steps.truncate(before);
        }
        Some((found?, path))
    }

    /// Returns a place, and those whose subtrees it shares.
    fn alike<'a>(&'a self, routes: &'a Routes, place: &'a Place) -> Vec<At<'a>> {
        let mut alike = vec![(routes, place)];
        while let Some(next) = alike.last().and_then(|(_, place)| self.graft(place)) {
            if alike
                .iter()
                .any(|(_, known)| known.template == next.1.template)
            {
                break;
            }
            alike.push(next);
        }
        alike
    }

    fn graft<'a>(&'a self, place: &Place) -> Option<At<'a>> {
        let listed = self.grafts().subtrees.get(&place.template);
        let own = || LIKE.iter().find(|(known, _)| *known == place.template);
        let target = listed.map(String::as_str);
        self.place(target.or_else(|| own().map(|(_, target)| *target))?)
    }

    /// Returns the place of this template.
    pub(super) fn place<'a>(&'a self, template: &str) -> Option<At<'a>> {
        let first = template.trim_start_matches('/').split('/').next()?;
        let routes = self.routes(first)?.ok()?;
        Some((routes, routes.find(template)?))
    }
}

/// Takes the names of a path up to the one that ends with a colon. `start` is the part of the path
/// that is in the segment before. The rest of the last segment stays in `rest`.
///
/// Graph splits a path after it has decoded it, so that `%2F` separates names as `/` does:
/// <https://learn.microsoft.com/graph/onedrive-addressing-driveitems>.
fn names(start: &str, rest: &mut VecDeque<String>) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(start.to_owned());
    while let Some(segment) = next {
        let mut parts = segment.split('/');
        while let Some(part) = parts.next() {
            let last = part.strip_suffix(':');
            names.push(last.unwrap_or(part).to_owned());
            if last.is_some() {
                let after: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
                for part in after.into_iter().rev() {
                    rest.push_front(part.to_owned());
                }
                names.retain(|name| !name.is_empty());
                return names;
            }
        }
        next = rest.pop_front();
    }
    names.retain(|name| !name.is_empty());
    names
}
