//! The way from the steps of a path to the content of the store.

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

/// The target of a path.
#[derive(Clone, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) target: Target,
    pub(crate) tail: Tail<'a>,
    /// The type to which the path casts, if it does.
    pub(crate) cast: Option<String>,
}

/// An object in the store, or a place for one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Root,
    /// An existing entity.
    Entity {
        id: Id,
        declared: String,
        found: Found,
    },
    /// A place where an entity may be created: an unknown key, an empty singleton.
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
        /// The property that holds an entity's key there, if it is not `id`.
        key_property: Option<String>,
    },
    /// A file that does not exist: only its content can be written.
    File {
        /// The last folder of its path that exists.
        parent: Id,
        /// The missing folders below `parent`, the outermost first.
        folders: Vec<String>,
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
    /// Returns the owner and the relation of a collection.
    pub(crate) fn set(&self, schemas: &Schemas) -> Result<(Id, &str), Refusal> {
        match self {
            Self::Set {
                owner, relation, ..
            } => Ok((*owner, relation)),
            _ => Err(self.missing(schemas)),
        }
    }

    /// Returns the error for a target that cannot be read: the entity or any entity is missing.
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

/// The relation by which an entity was reached, from which a delete removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) owner: Id,
    pub(crate) relation: String,
}

/// The last word of a path, if it is not a resource of its own.
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

/// The caller of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An application by itself.
    Application,
    /// A user, through an application.
    User(Id),
}

/// Follows the steps of a path through the store. Resources that Graph has from the start are
/// created on the way, if they do not exist yet: the mailbox of a user, the drive of a site, a
/// singleton.
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
