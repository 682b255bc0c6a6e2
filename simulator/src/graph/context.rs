//! Context URLs (`@odata.context`): `…/$metadata#users('…')/messages(subject)/$entity`.
//!
//! <https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_ContextURL>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Call, Graph};
use crate::description::schema::Type;
use crate::description::walk::{Step, StepValue};
use crate::query::path::cast;
use crate::query::{Expand, Options};
use crate::resource::Caller;
use crate::segment::Argument;
use crate::store::Id;

/// The characters of a key that are encoded in a context: all except those that RFC 3986 calls
/// unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The entity sets that name their entities wherever these are found. A group's members are
/// `#directoryObjects`, and not `#groups('…')/members`.
const SETS: [(&str, &str); 15] = [
    ("administrativeUnit", "directory/administrativeUnits"),
    ("appRoleAssignment", "appRoleAssignments"),
    ("application", "applications"),
    ("chat", "chats"),
    ("device", "devices"),
    ("directoryObject", "directoryObjects"),
    ("directoryRole", "directoryRoles"),
    ("drive", "drives"),
    ("group", "groups"),
    ("oAuth2PermissionGrant", "oauth2PermissionGrants"),
    ("orgContact", "contacts"),
    ("servicePrincipal", "servicePrincipals"),
    ("site", "sites"),
    ("team", "teams"),
    ("user", "users"),
];

/// Returns the entity set that names the entities of a type.
fn set_of(declared: &str) -> Option<&'static str> {
    let name = declared.strip_prefix("microsoft.graph.")?;
    let set = SETS.iter().find(|(kind, _)| *kind == name);
    set.map(|(_, set)| *set)
}

impl Graph<'_> {
    /// Returns the context of a collection that was read at its path.
    pub(super) fn set_context(&self, call: &Call<'_>, declared: &str) -> String {
        let path = match set_of(declared) {
            Some(set) => set.to_owned(),
            None => self.path_of(call.steps, false),
        };
        self.fragment(&(path + &projection(&call.options)))
    }

    /// Returns the context of an entity that was read at its path.
    pub(super) fn entity_context(&self, call: &Call<'_>, declared: &str) -> String {
        let path = match set_of(declared) {
            Some(set) => set.to_owned(),
            None => self.path_of(call.steps, true),
        };
        // A singleton of the service root is named by itself.
        let singleton = matches!(call.steps, [step] if step.value == StepValue::None);
        let suffix = match singleton && set_of(declared).is_none() {
            true => "",
            false => "/$entity",
        };
        self.fragment(&(path + &projection(&call.options) + suffix))
    }

    /// Returns the context of an entity that a write or an action returns.
    pub(super) fn written_context(&self, id: Id, declared: &str) -> String {
        if let Some(set) = set_of(declared) {
            return self.fragment(&format!("{set}/$entity"));
        }
        let location = self.location_with(id, ENCODED);
        let set = match location.rfind("('") {
            Some(at) if location.ends_with("')") => location.get(..at).unwrap_or_default(),
            _ => &location,
        };
        let set = set.trim_start_matches('/');
        let cast = self.member_cast(id, declared);
        self.fragment(&format!("{set}{cast}/$entity"))
    }

    /// Returns the derived type that stands in the context of a team's member.
    ///
    /// <https://learn.microsoft.com/graph/api/team-get-members>
    fn member_cast(&self, id: Id, declared: &str) -> String {
        let mut above = self.tenant.store.ancestors(id);
        let kind = above.next().map_or("", |(_, entity)| entity.kind.as_str());
        let team = above.any(|(_, entity)| entity.kind == "microsoft.graph.team");
        match team && declared == "microsoft.graph.conversationMember" && kind != declared {
            true => format!("/{kind}"),
            false => String::new(),
        }
    }

    /// Returns the context of a round of a delta query: `#users(displayName)`,
    /// `#Collection(message)`.
    pub(super) fn delta_context(&self, declared: &str, select: &str) -> String {
        let path = match set_of(declared) {
            Some(set) => set.to_owned(),
            None => format!("Collection({})", short(declared)),
        };
        self.fragment(&(path + select))
    }

    /// Returns the context of a structural property.
    pub(super) fn property_context(&self, call: &Call<'_>) -> String {
        let path = self.path_of(call.steps, false);
        self.fragment(&(path + &projection(&call.options)))
    }

    /// Returns the context of the result of a function or action: `#Collection(Edm.String)`,
    /// `#microsoft.graph.passwordCredential`, `#Collection(chatMessage)`.
    pub(super) fn result_context(&self, call: &Call<'_>) -> String {
        let Some(kind) = call.operation.json_answer() else {
            return self.fragment("Edm.Untyped");
        };
        self.fragment(&self.result_type(kind))
    }

    /// Returns the context of entities that a function or action returns.
    pub(super) fn results_context(&self, declared: &str) -> String {
        self.fragment(&match set_of(declared) {
            Some(set) => set.to_owned(),
            None => format!("Collection({})", short(declared)),
        })
    }

    fn result_type(&self, kind: &Type) -> String {
        let schemas = self.tenant.schemas;
        if let Some(items) = schemas.page_items(kind) {
            return match items {
                Type::Named(name) if set_of(name).is_some() => {
                    set_of(name).unwrap_or_default().to_owned()
                }
                items => format!("Collection({})", self.result_type(items)),
            };
        }
        match schemas.resolve(kind) {
            Type::Inline(object) => {
                let mut properties = object.properties.iter();
                match properties.find(|property| property.name == "value") {
                    Some(property) => self.result_type(&property.kind),
                    None => "Edm.Untyped".to_owned(),
                }
            }
            Type::Collection(items) => format!("Collection({})", self.result_type(items)),
            // Graph names entities without their namespace, and complex types with it.
            Type::Named(name) if schemas.is_a(name, "microsoft.graph.entity") => {
                short(name).to_owned()
            }
            other => schemas.edm(other),
        }
    }

    /// Returns the context of references.
    pub(super) fn references_context(&self) -> String {
        self.fragment("Collection($ref)")
    }

    fn fragment(&self, path: &str) -> String {
        format!("{}/$metadata#{path}", self.root)
    }

    /// Returns the path of a context. Without the last key if the path leads to a `single` entity.
    fn path_of(&self, steps: &[Step<'_>], single: bool) -> String {
        let mut path = String::new();
        // The names between colons stand for items below the place before them.
        let named = |step: &&Step<'_>| !matches!(step.value, StepValue::Path(_));
        let steps: Vec<_> = steps.iter().filter(named).collect();
        for (at, step) in steps.iter().enumerate() {
            let last = at + 1 == steps.len();
            let name = step.place.name();
            let name = name.split('(').next().unwrap_or(name);
            match &step.value {
                StepValue::Path(_) => {}
                StepValue::Key(_) if last && single => {}
                StepValue::Key(key) => path.push_str(&quoted(key)),
                _ if at == 0 && name == "me" => path.push_str(&self.caller_path(last)),
                _ if at == 0 && name == "drive" => {
                    path.push_str(&format!("{}/drive", self.caller_path(false)));
                }
                value => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    let cast = cast(self.tenant.schemas, name);
                    path.push_str(cast.as_deref().unwrap_or(name));
                    if let StepValue::Arguments(arguments) = value
                        && let [(_, argument)] = arguments.as_slice()
                        && !(last && single)
                    {
                        let (Argument::Quoted(key) | Argument::Bare(key) | Argument::Alias(key)) =
                            argument;
                        path.push_str(&quoted(key));
                    }
                }
            }
        }
        path
    }

    /// Returns the path of the calling user, which stands for `/me`.
    fn caller_path(&self, last: bool) -> String {
        let user = match self.caller {
            Caller::User(id) if !last => self.tenant.store.get(id),
            _ => None,
        };
        match user {
            Some(user) => format!("users{}", quoted(&user.key)),
            None => "users".to_owned(),
        }
    }
}

fn short(type_name: &str) -> &str {
    type_name
        .strip_prefix("microsoft.graph.")
        .unwrap_or(type_name)
}

/// Returns a key in parentheses.
fn quoted(key: &str) -> String {
    let key = key.replace('\'', "''");
    format!("('{}')", utf8_percent_encode(&key, ENCODED))
}

/// Returns the selected properties and expanded relations: `(id,members())`.
fn projection(options: &Options) -> String {
    let selected = options.select.iter().map(|path| path.join("/"));
    let expanded = options.expand.iter().map(expansion);
    let parts: Vec<_> = selected.chain(expanded).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("({})", parts.join(",")),
    }
}

fn expansion(expand: &Expand) -> String {
    let inner = projection(&expand.options);
    match inner.is_empty() {
        true => format!("{}()", expand.relation),
        false => format!("{}{inner}", expand.relation),
    }
}
