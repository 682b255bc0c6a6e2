//! A record of the changes that requests have made.

use std::fmt;

use http::Method;

use crate::core::State;
use crate::request::Request;
use crate::store::Mark;

/// A change of an entity by a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedChange {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The method of the request.
    pub method: Method,
    /// Path and query of the request, byte for byte as they were sent.
    pub target: String,
    /// The header `client-request-id` of the request.
    pub client_request_id: Option<String>,
    /// The type of the entity, without `microsoft.graph.`: `message`.
    pub entity_type: String,
    /// The key of the entity.
    pub id: String,
    /// The name of the entity after the change, or before it was deleted: the first of
    /// `displayName`, `subject`, `name` and `title` that it has.
    pub name: Option<String>,
    /// The number of the request.
    pub(crate) number: u64,
}

/// The effect of a request on an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Creates the entity.
    Created,
    /// Sets or clears properties or content.
    Updated,
    /// Deletes the entity.
    Deleted,
    /// Adds a reference to the entity, as to a new member of a group.
    Linked,
    /// Removes a reference to the entity.
    Unlinked,
}

impl ChangeKind {
    /// Returns the name, in lower case: `created`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
        }
    }
}

/// Formats as a line: `created message "Welcome" (AAMkAD…)`.
impl fmt::Display for RecordedChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.name(), self.entity_type)?;
        if let Some(name) = &self.name {
            write!(formatter, " {name:?}")?;
        }
        write!(formatter, " ({})", self.id)
    }
}

impl State {
    /// Records the changes that a request of this number has made since `mark`. Places that exist
    /// in Graph from the start, and here from the first request to them, are not changes.
    pub(crate) fn record_changes(&mut self, number: u64, request: &Request, mark: Mark) {
        if matches!(request.method, Method::GET | Method::HEAD) {
            return;
        }
        let changed = self.store.changed_since(mark).into_iter();
        let known = changed.filter(|(_, _, entity)| !entity.is_unknown);
        let changes = known.map(|(kind, _, entity)| {
            let names = ["displayName", "subject", "name", "title"];
            let mut names = names.iter().filter_map(|name| entity.properties.get(*name));
            let entity_type = &entity.kind;
            let short = entity_type.strip_prefix("microsoft.graph.");
            RecordedChange {
                kind,
                method: request.method.clone(),
                target: request.target.clone(),
                client_request_id: request.header("client-request-id"),
                entity_type: short.unwrap_or(entity_type).to_owned(),
                id: entity.key.clone(),
                name: names.find_map(|name| name.as_str()).map(str::to_owned),
                number,
            }
        });
        self.changes.extend(changes);
    }
}
