//! The references of a relation (`$ref`), without the entities themselves.

use http::{Method, StatusCode};
use serde_json::json;

use super::hosts::path_of;
use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::description::walk::StepValue;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::{Resource, Target, resolve};
use crate::store::Id;

impl Graph<'_> {
    /// Lists, adds, sets and removes references.
    pub(super) fn reference(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let done = || Ok(Answer::empty(StatusCode::NO_CONTENT));
        match (&resource.target, &call.request.method) {
            (Target::Set { .. }, &Method::GET) => self.references(call, resource),
            (
                Target::Set {
                    owner,
                    relation,
                    declared,
                    ..
                },
                &Method::POST,
            ) => {
                let target = self.referred_as(declared, relation, &written(body)?)?;
                self.add_reference(*owner, relation, target)?;
                done()
            }
            (
                Target::Set {
                    owner,
                    relation,
                    declared,
                    ..
                },
                &Method::DELETE,
            ) => {
                let url = call
                    .options
                    .custom("@id")
                    .ok_or_else(|| Refusal::option_missing("@id"))?;
                let target = self.referred(url)?;
                if self.tenant.store.take(*owner, relation, target) {
                    self.tenant.sync_team(*owner);
                    return done();
                }
                Err(Refusal::nothing_related(
                    self.tenant.schemas,
                    declared,
                    relation,
                ))
            }
            (Target::Entity { id, .. }, &Method::GET) => {
                // The description declares the response as text, and the text of a reference is its
                // URL.
                Ok(Answer::json(StatusCode::OK, &json!(self.url(*id))))
            }
            (
                Target::Entity {
                    found, declared, ..
                },
                &Method::PUT,
            ) => {
                let target = self.referred_as(declared, &found.relation, &written(body)?)?;
                self.tenant
                    .store
                    .set(found.owner, &found.relation, Some(target));
                done()
            }
            (
                Target::Vacant {
                    owner,
                    relation,
                    declared,
                    key: None,
                    ..
                },
                &Method::PUT,
            ) => {
                let target = self.referred_as(declared, relation, &written(body)?)?;
                self.tenant.store.set(*owner, relation, Some(target));
                done()
            }
            (Target::Entity { id, found, .. }, &Method::DELETE) => {
                self.tenant.store.take(found.owner, &found.relation, *id);
                self.tenant.sync_team(found.owner);
                done()
            }
            (Target::Vacant { .. }, _) => Err(resource.target.missing(self.tenant.schemas)),
            _ => Err(Refusal::unknown_segment("$ref")),
        }
    }

    /// Adds a reference, and refuses one that already exists.
    pub(super) fn add_reference(
        &mut self,
        owner: Id,
        relation: &str,
        target: Id,
    ) -> Result<(), Refusal> {
        if self.tenant.store.add(owner, relation, target) {
            self.tenant.sync_team(owner);
            return Ok(());
        }
        Err(Refusal::directory(format!(
            "One or more added object references already exist for the following modified \
             properties: '{relation}'."
        )))
    }

    /// Returns the entity that a URL refers to, if it is of the type that the relation accepts.
    pub(super) fn referred_as(
        &mut self,
        declared: &str,
        relation: &str,
        url: &str,
    ) -> Result<Id, Refusal> {
        let id = self.referred(url)?;
        match self.tenant.store.get(id) {
            Some(entity) if !self.tenant.schemas.is_a(&entity.kind, declared) => {
                let kind = entity.kind.rsplit('.').next().unwrap_or_default();
                Err(Refusal::directory(format!(
                    "The reference target '{kind}_{}' of type '{kind}' is invalid for the \
                     '{relation}' reference.",
                    entity.key
                )))
            }
            _ => Ok(id),
        }
    }

    /// Returns the entity that a URL refers to. It must be one of this service.
    fn referred(&mut self, url: &str) -> Result<Id, Refusal> {
        let invalid = || {
            Refusal::directory(format!(
                "Invalid URL format specified in @odata.bind or @odata.id: '{url}'."
            ))
        };
        let path = path_of(self.root, url).ok_or_else(invalid)?;
        let segments = Request::segments(path.split('?').next().unwrap_or_default())?;
        let description = self.description.clone();
        let steps = super::route(&description, &segments).map_err(|_| invalid())?;
        let key = steps.iter().rev().find_map(|step| match &step.value {
            StepValue::Key(key) => Some(key.clone()),
            _ => None,
        });
        let resource = resolve(&mut self.tenant, self.caller, &steps)?;
        match resource.target {
            Target::Entity { id, .. } => Ok(id),
            Target::Vacant { declared, .. } => Err(Refusal::not_found(
                self.tenant.schemas,
                &declared,
                &key.unwrap_or_default(),
            )),
            _ => Err(invalid()),
        }
    }

    /// Returns a page of references, as the description defines them: URLs.
    fn references(&mut self, call: &Call<'_>, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        self.page(call, resource, |graph, id| json!(graph.url(id)))
    }

    /// Returns the URL of an entity.
    fn url(&self, id: Id) -> String {
        let entity = self.tenant.store.get(id);
        let directory = entity.is_some_and(|entity| {
            self.tenant
                .schemas
                .is_a(&entity.kind, "microsoft.graph.directoryObject")
        });
        match entity {
            Some(entity) if directory => format!("{}/directoryObjects/{}", self.root, entity.key),
            _ => format!("{}{}", self.root, self.location(id)),
        }
    }
}

/// Returns the URL in `{"@odata.id": …}`.
fn written(body: Option<Json>) -> Result<String, Refusal> {
    let Some(Json::Object(entries)) = body else {
        return Err(empty_payload());
    };
    // Clients may send further annotations, such as `@odata.type`.
    let mut entries = entries
        .into_iter()
        .filter(|(name, _)| name == "@odata.id" || !name.starts_with("@odata."));
    match (entries.next(), entries.next()) {
        (Some((name, Json::String(url))), None) if name == "@odata.id" => Ok(url),
        _ => Err(Refusal::body(
            "'@odata.id' with a URL was expected, and nothing else.",
        )),
    }
}
