//! The walk from the service root to a resource, one step after the other.

use serde_json::Value;

use super::{Caller, Found, Resource, Tail, Target};
use crate::description::operation::Kind;
use crate::description::routes::Place;
use crate::description::schema::{Schemas, Type};
use crate::description::walk::{Step, StepValue};
use crate::domain::{Below, Tenant};
use crate::query::path::cast;
use crate::refusal::Refusal;
use crate::segment::{Argument, Segment};
use crate::store::Id;

/// The type of a team, which a group has only after it was created.
const TEAM: &str = "microsoft.graph.team";

/// The types of which neither the content nor the parts are simulated: a user's authentication
/// methods, a team's shifts.
const UNSIMULATED: [&str; 2] = ["microsoft.graph.authentication", "microsoft.graph.schedule"];

pub(super) struct Walker<'s, 'a, 't> {
    pub(super) tenant: &'s mut Tenant<'t>,
    pub(super) caller: Caller,
    pub(super) resource: Resource<'a>,
}

impl<'a> Walker<'_, 'a, '_> {
    pub(super) fn schemas(&self) -> &Schemas {
        self.tenant.schemas
    }

    pub(super) fn step(&mut self, step: &'a Step<'a>, next: Option<&Place>) -> Result<(), Refusal> {
        let name = match &step.place.segment {
            Segment::Name(name) | Segment::Call { name, .. } | Segment::Keyed { name, .. } => name,
            Segment::Key(_) => "",
        };
        if let StepValue::Key(key) = &step.value {
            // A thumbnail may have any size, which its name gives: `/thumbnails/0/c300x400`.
            return match self.resource.target {
                Target::Entity { .. } => self.relation(step.described(), key, &[]),
                _ => self.key(key, next),
            };
        }
        if let StepValue::Path(names) = &step.value {
            return self.path(names);
        }
        match name {
            "$count" => self.resource.tail = Tail::Count,
            "$ref" => self.resource.tail = Tail::Ref,
            "$value" => self.resource.tail = Tail::Value,
            _ => {
                let arguments = match &step.value {
                    StepValue::Arguments(arguments) => arguments.clone(),
                    _ => Vec::new(),
                };
                if step.described().is_invocation() && next.is_none() {
                    let name = name.rsplit('.').next().unwrap_or(name);
                    self.resource.tail = Tail::Invocation { name, arguments };
                } else if let Some(type_name) = cast(self.schemas(), name) {
                    return self.cast(&type_name);
                } else if !arguments.is_empty() && !step.described().is_invocation() {
                    return self.alternate_key(step.described(), name, &arguments, next.is_none());
                } else {
                    return self.relation(step.described(), name, &arguments);
                }
            }
        }
        Ok(())
    }

    /// Handles a key: `/users/{user-id}`.
    fn key(&mut self, key: &str, next: Option<&Place>) -> Result<(), Refusal> {
        let Target::Set {
            owner,
            relation,
            declared,
            key_property,
        } = self.resource.target.clone()
        else {
            return Err(Refusal::unknown_segment(key));
        };
        let found = self.tenant.find(owner, &relation, &declared, key);
        let found = found.or_else(|| self.tenant.special(owner, &relation, key));
        let found = found.or_else(|| self.tenant.shared(owner, &relation, key));
        let found = found.or_else(|| self.tenant.titled(owner, &relation, key));
        // An action of a deleted item names an item that does not exist.
        let restores = |place: &Place| matches!(place.name(), "restore" | "permanentDelete");
        let last = next.is_none_or(restores);
        self.resource.target = match found {
            Some(id) => {
                let found = Found { owner, relation };
                Target::Entity {
                    id,
                    declared,
                    found,
                }
            }
            None if last => Target::Vacant {
                owner,
                relation,
                declared,
                key: Some(key.to_owned()),
                key_property,
            },
            None => return Err(Refusal::not_found(self.schemas(), &declared, key)),
        };
        Ok(())
    }

    /// Handles an alternate key: `/applications(appId='…')`.
    fn alternate_key(
        &mut self,
        place: &Place,
        name: &str,
        arguments: &[(String, Argument)],
        last: bool,
    ) -> Result<(), Refusal> {
        let owner = self.owner()?;
        let declared = self
            .declared(place)
            .unwrap_or_else(|| "microsoft.graph.entity".into());
        let matches = |id: &Id| {
            arguments.iter().all(|(name, value)| {
                let entity = self.tenant.store.get(*id);
                let property = entity
                    .and_then(|entity| entity.properties.get(name))
                    .and_then(|value| value.as_str());
                let (Argument::Quoted(text) | Argument::Bare(text) | Argument::Alias(text)) = value;
                property.is_some_and(|property| property.eq_ignore_ascii_case(text))
            })
        };
        let found = self.tenant.members(owner, name).into_iter().find(matches);
        let relation = name.to_owned();
        self.resource.target = match found {
            Some(id) => Target::Entity {
                id,
                declared,
                found: Found { owner, relation },
            },
            None if last => Target::Vacant {
                owner,
                relation,
                declared,
                key: None,
                key_property: None,
            },
            None => {
                let key = arguments.first().map_or("", |(_, value)| match value {
                    Argument::Quoted(text) | Argument::Bare(text) | Argument::Alias(text) => text,
                });
                return Err(Refusal::not_found(self.schemas(), &declared, key));
            }
        };
        Ok(())
    }

    /// Handles a cast: `/groups/{group-id}/members/graph.user`.
    fn cast(&mut self, type_name: &str) -> Result<(), Refusal> {
        if let Target::Entity { id, found, .. } = &self.resource.target {
            let kind = self
                .tenant
                .store
                .get(*id)
                .map_or("", |entity| entity.kind.as_str());
            if !self.schemas().is_a(kind, type_name) {
                return Err(Refusal::nothing_related(
                    self.schemas(),
                    type_name,
                    &found.relation,
                ));
            }
        }
        self.resource.cast = Some(type_name.to_owned());
        match &mut self.resource.target {
            Target::Entity { declared, .. }
            | Target::Set { declared, .. }
            | Target::Vacant { declared, .. } => {
                *declared = type_name.to_owned();
            }
            Target::Root | Target::Property { .. } | Target::File { .. } => {}
        }
        Ok(())
    }

    /// Returns the entity below which the next segment stands.
    fn owner(&self) -> Result<Id, Refusal> {
        match &self.resource.target {
            Target::Root => Ok(Id::ROOT),
            Target::Entity { id, .. } => Ok(*id),
            Target::Property { owner, .. } | Target::Set { owner, .. } => Ok(*owner),
            Target::Vacant { .. } | Target::File { .. } => {
                Err(self.resource.target.missing(self.schemas()))
            }
        }
    }

    /// Handles a relation or a property: `/users`, `/me`, `/users/{user-id}/messages`,
    /// `/users/{user-id}/mailboxSettings`.
    fn relation(
        &mut self,
        place: &'a Place,
        name: &str,
        arguments: &[(String, Argument)],
    ) -> Result<(), Refusal> {
        if matches!(self.resource.target, Target::Root) && name == "me" {
            return self.me();
        }
        if matches!(self.resource.target, Target::Root) && name == "drive" {
            // It is the drive of the calling user.
            self.me()?;
        }
        if matches!(self.resource.target, Target::File { .. }) && name == "content" {
            return Ok(());
        }
        let owner = self.owner()?;
        let mut path = match &self.resource.target {
            Target::Property { path, .. } => path.clone(),
            _ => Vec::new(),
        };
        let property = self.described(name);
        path.push(name.to_owned());
        if let Some((kind, false)) = property {
            self.resource.target = Target::Property { owner, path, kind };
            return Ok(());
        }
        if let ("getByPath", Some(Argument::Quoted(path))) =
            (name, arguments.first().map(|(_, value)| value))
            && let Target::Entity { id, declared, .. } = &self.resource.target
            && declared == super::SITE
            && !self.tenant.synthesizes
        {
            let id = *id;
            let names: Vec<String> = path
                .split('/')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
            return self.site(id, &names);
        }
        if place.is_invocation() && !self.tenant.synthesizes {
            return Err(Refusal::not_simulated(format!(
                "paths below the function `{name}`"
            )));
        }
        let relation = relation_name(&path, arguments);
        if name == "thumbnails" && self.tenant.is_image(owner) && !self.tenant.synthesizes {
            return Err(Refusal::not_simulated("thumbnails of images"));
        }
        self.tenant.open(owner, name);
        let described = property.map(|(kind, _)| kind);
        let many = place.has_key()
            || matches!(described, Some(Type::Collection(_)))
            || place
                .readable(&http::Method::GET)
                .and_then(|operation| operation.json_answer())
                .is_some_and(|kind| self.schemas().page_items(kind).is_some());
        let declared = if is_stream(place) {
            None
        } else {
            self.declared(place)
        };
        let declared = declared.or(match described {
            Some(Type::Collection(items)) => type_name(&items),
            Some(kind) => type_name(&kind),
            // A partial description leads through collections that it does not describe.
            None => place.has_key().then(|| "microsoft.graph.entity".to_owned()),
        });
        let references = place.has_literal("$ref");
        match declared {
            // The target is not an entity: it is a stream, or a collection of complex values that
            // its type does not name.
            None => {
                let kind = place
                    .readable(&http::Method::GET)
                    .and_then(|operation| operation.answer.first())
                    .map_or(Type::Content, |(_, kind)| kind.clone());
                self.resource.target = Target::Property { owner, path, kind };
            }
            Some(declared) if many => {
                self.fill(place, owner, &relation, &declared);
                self.resource.target = Target::Set {
                    owner,
                    relation,
                    declared,
                    key_property: place.key_property().map(str::to_owned),
                };
            }
            Some(declared) => self.single(owner, relation, declared, references)?,
        }
        Ok(())
    }

    /// Fills a read-only collection that clients cannot add to, if the simulator makes values from
    /// their types.
    fn fill(&mut self, place: &Place, owner: Id, relation: &str, declared: &str) {
        if !self.tenant.synthesizes {
            return;
        }
        let creates = place.operation(&http::Method::POST).is_some() || place.has_literal("$ref");
        if creates
            || self.tenant.is_computed(owner, relation)
            || self.tenant.store.relation(owner, relation).is_some()
        {
            return;
        }
        for number in 1..=2 {
            let mut properties = crate::synth::object(self.schemas(), declared);
            if let Some(key) = place
                .key_property()
                .and_then(|name| properties.get_mut(name))
            {
                // The keys must differ.
                *key = match key {
                    Value::Number(_) => number.into(),
                    _ => format!("Simulated {relation} {number}").into(),
                };
            }
            if let Some(name) = properties.get_mut("displayName") {
                *name = format!("Simulated {relation} {number}").into();
            }
            self.tenant.make(
                Below {
                    key_property: place.key_property(),
                    ..Below::many(owner, relation)
                },
                declared,
                None,
                properties,
            );
        }
    }

    fn single(
        &mut self,
        owner: Id,
        relation: String,
        declared: String,
        references: bool,
    ) -> Result<(), Refusal> {
        if UNSIMULATED.contains(&declared.as_str()) && !self.tenant.synthesizes {
            return Err(Refusal::not_simulated(format!("`{relation}` here")));
        }
        let references = references || (declared == TEAM && !self.tenant.synthesizes);
        let id = match self.tenant.store.one(owner, &relation) {
            Some(id) => Some(id),
            // The entity was removed, or it is a reference that was never set.
            None if references || self.tenant.store.relation(owner, &relation).is_some() => None,
            None => Some(self.tenant.materialize(owner, &relation, &declared)),
        };
        self.resource.target = match id {
            Some(id) => {
                let found = Found { owner, relation };
                Target::Entity {
                    id,
                    declared,
                    found,
                }
            }
            None => Target::Vacant {
                owner,
                relation,
                declared,
                key: None,
                key_property: None,
            },
        };
        Ok(())
    }

    fn me(&mut self) -> Result<(), Refusal> {
        let Caller::User(id) = self.caller else {
            return Err(Refusal::bad_request(
                "/me request is only valid with delegated authentication flow.",
            ));
        };
        let found = Found {
            owner: Id::ROOT,
            relation: "users".into(),
        };
        self.resource.target = Target::Entity {
            id,
            declared: "microsoft.graph.user".into(),
            found,
        };
        Ok(())
    }

    /// Returns the type of a property of the current target, and whether it is a navigation.
    fn described(&self, name: &str) -> Option<(Type, bool)> {
        let property = match &self.resource.target {
            Target::Entity { declared, id, .. } => {
                // The path may name a property of the actual type that the declared type lacks.
                let kind = self
                    .tenant
                    .store
                    .get(*id)
                    .map_or(declared.as_str(), |entity| entity.kind.as_str());
                self.schemas()
                    .property(kind, name)
                    .or_else(|| self.schemas().property(declared, name))?
            }
            Target::Property {
                kind: Type::Named(type_name),
                ..
            } => self.schemas().property(type_name, name)?,
            _ => return None,
        };
        Some((property.kind.clone(), property.navigation))
    }

    /// Returns the entity type that is read at a place, directly or as the items of a page.
    fn declared(&self, place: &Place) -> Option<String> {
        let operations = [
            http::Method::GET,
            http::Method::PATCH,
            http::Method::PUT,
            http::Method::POST,
        ];
        operations.iter().find_map(|method| {
            let operation = place.readable(method).filter(|operation| {
                operation.kind == Kind::Plain || *method == http::Method::GET
            })?;
            let kind = operation.json_answer()?;
            type_name(self.schemas().page_items(kind).unwrap_or(kind))
                .filter(|name| self.schemas().object(name).is_some())
        })
    }
}

/// Checks whether bytes are read or written at the place. A write may return the entity that they
/// belong to.
fn is_stream(place: &Place) -> bool {
    let reads = place
        .readable(&http::Method::GET)
        .and_then(|operation| operation.answer.first());
    let writes = place
        .readable(&http::Method::PUT)
        .and_then(|operation| operation.body.first());
    [reads, writes]
        .into_iter()
        .flatten()
        .any(|(_, kind)| *kind == Type::Content)
}

fn type_name(kind: &Type) -> Option<String> {
    match kind {
        Type::Named(name) => Some(name.clone()),
        _ => None,
    }
}

/// Returns the store's name for the end of a path. A function's result is stored by its arguments.
fn relation_name(path: &[String], arguments: &[(String, Argument)]) -> String {
    let mut name = path.join("/");
    if !arguments.is_empty() {
        let mut texts: Vec<_> = arguments
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        texts.sort_unstable();
        name.push_str(&format!("({})", texts.join(",")));
    }
    name
}
