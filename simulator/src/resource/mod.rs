//! From the places of a path to what the store has there.

mod addressing;
mod walker;

use crate::description::schema::{Schemas, Type};
use crate::description::walk::Step;
use crate::domain::Tenant;
use crate::refusal::Refusal;
use crate::segment::Argument;
use crate::store::Id;
use walker::Walker;

const DRIVE_ITEM: &str = "microsoft.graph.driveItem";
const SITE: &str = "microsoft.graph.site";

/// What a path leads to.
#[derive(Clone, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) target: Target,
    pub(crate) tail: Tail<'a>,
    /// The type to which the path casts, where it does.
    pub(crate) cast: Option<String>,
}

/// A thing in the store, or a place for one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Root,
    /// An entity that is there.
    Entity {
        id: Id,
        declared: String,
        found: Found,
    },
    /// A place where an entity may be put: an unknown key, an empty singleton.
    Vacant {
        owner: Id,
        relation: String,
        declared: String,
        key: Option<String>,
        key_property: Option<String>,
    },
    /// A collection of entities.
    Set {
        owner: Id,
        relation: String,
        declared: String,
        /// The property whose value is an entity's key there, where it is not `id`.
        key_property: Option<String>,
    },
    /// A file that is not there: nothing but its content can be written.
    File {
        parent: Id,
        name: String,
    },
    /// A structural property of an entity, with the names that lead to it.
    Property {
        owner: Id,
        path: Vec<String>,
        kind: Type,
    },
}

impl Target {
    /// Why nothing can be read here: there is no such entity, or none at all.
    pub(crate) fn missing(&self, schemas: &Schemas) -> Refusal {
        match self {
            Self::Vacant {
                declared,
                key: Some(key),
                ..
            } => Refusal::not_found(schemas, declared, key),
            Self::Vacant {
                declared, relation, ..
            }
            | Self::Set {
                declared, relation, ..
            } => Refusal::nothing_related(schemas, declared, relation),
            Self::Entity {
                declared, found, ..
            } => Refusal::nothing_related(schemas, declared, &found.relation),
            Self::Property { path, .. } => Refusal::unknown_segment(&path.join("/")),
            Self::File { name, .. } => Refusal::not_found(schemas, DRIVE_ITEM, name),
            Self::Root => Refusal::unknown_segment(""),
        }
    }
}

/// How an entity was reached: what a delete takes it from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) owner: Id,
    pub(crate) relation: String,
}

/// The last word of a path, where it is not a resource of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tail<'a> {
    None,
    Count,
    Ref,
    Value,
    Invocation {
        name: &'a str,
        arguments: Vec<(String, Argument)>,
    },
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An application by itself.
    Application,
    /// A user, through an application.
    User(Id),
}

/// Follows the steps of a path through the store. What a path names and nobody has made yet is made on the way, where
/// Graph, too, has it from the start: the mailbox of a user, the drive of a site, a singleton.
pub(crate) fn resolve<'a>(
    tenant: &mut Tenant<'_>,
    caller: Caller,
    steps: &'a [Step<'a>],
) -> Result<Resource<'a>, Refusal> {
    let mut walker = Walker {
        tenant,
        caller,
        resource: Resource {
            target: Target::Root,
            tail: Tail::None,
            cast: None,
        },
    };
    for (at, step) in steps.iter().enumerate() {
        walker.step(step, steps.get(at + 1).map(Step::described))?;
    }
    Ok(walker.resource)
}
