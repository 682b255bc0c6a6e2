//! New entities: their required properties, the properties that the service sets, and their initial
//! content.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Graph;
use super::calendar::{ONLINE_MEETING, is_read_only};
use super::sites::LIST_ITEM;
use super::write::SECRET;
use crate::body::{Related, Written};
use crate::clock::timestamp;
use crate::description::schema::Type;
use crate::domain::Below;
use crate::domain::calendar::{CALENDAR, EVENT};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::store::Id;

/// The properties that the directory requires of a new entity.
const REQUIRED: [(&str, &[&str]); 3] = [
    (
        "microsoft.graph.user",
        &[
            "accountEnabled",
            "displayName",
            "mailNickname",
            "passwordProfile",
            "userPrincipalName",
        ],
    ),
    (
        "microsoft.graph.group",
        &[
            "displayName",
            "mailEnabled",
            "mailNickname",
            "securityEnabled",
        ],
    ),
    ("microsoft.graph.application", &["displayName"]),
];

/// The number of references that the directory accepts in one request.
const BOUND: usize = 20;

impl Graph<'_> {
    /// Creates an entity and all other entities that its body holds.
    pub(super) fn make(
        &mut self,
        place: Below<'_>,
        key: Option<&str>,
        written: Written,
    ) -> Result<Id, Refusal> {
        let Written {
            kind,
            mut properties,
            related,
            bound,
        } = written;
        self.check_new(&kind, &properties)?;
        self.prepare(place, &kind, &mut properties)?;
        let own = self.chosen_key(&kind, &mut properties);
        let key = key.map(str::to_owned).or(own);
        let key = match kind.as_str() {
            LIST_ITEM if key.is_none() => Some(self.tenant.next_number(place.owner)),
            _ => key,
        };
        if let Some(key) = &key
            && self
                .tenant
                .find(place.owner, place.relation, &kind, key)
                .is_some()
        {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                format!(
                    "Another object with the same value for property id already exists: '{key}'."
                ),
            ));
        }
        self.stamp(&kind, &mut properties);
        properties.retain(|name, value| !value.is_null() && !SECRET.contains(&name.as_str()));
        let id = self.tenant.make(place, &kind, key.as_deref(), properties);
        for (relation, related) in related {
            match related {
                Related::One(one) => {
                    self.make(Below::one(id, &relation), None, one)?;
                }
                Related::Many(many) => {
                    self.tenant.store.open(id, &relation);
                    for one in many {
                        self.make(Below::many(id, &relation), None, one)?;
                    }
                }
            }
        }
        self.bind(id, &kind, bound)?;
        if kind == EVENT && place.relation == "events" {
            self.invite_all(id);
        }
        self.complete_directory_object(id, &kind);
        Ok(id)
    }

    /// Checks and completes the properties of a new entity by the rules of its service.
    fn prepare(
        &mut self,
        place: Below<'_>,
        kind: &str,
        properties: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        self.check_folder(kind, Some(place.owner), properties, None)?;
        match kind {
            EVENT => self.prepare_event(place.owner, properties, None)?,
            CALENDAR => properties.retain(|name, _| !is_read_only(name)),
            ONLINE_MEETING => self.complete_online_meeting(place.owner, properties),
            _ => {}
        }
        self.prepare_directory_object(place, kind, properties)
    }

    /// Returns the id that a client chooses itself. If the service chooses ids, a sent id is
    /// ignored.
    fn chosen_key(&self, kind: &str, properties: &mut Map<String, Value>) -> Option<String> {
        let sent = properties
            .remove("id")
            .and_then(|id| id.as_str().map(str::to_owned));
        if kind == "microsoft.graph.openTypeExtension" {
            return properties
                .get("extensionName")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        let chooses = |graph: &Self| {
            graph.seeding || Service::of(graph.tenant.schemas, kind) == Service::Other
        };
        sent.filter(|id| !id.is_empty() && chooses(self))
    }

    /// Sets the properties that a service sets by itself.
    fn stamp(&self, kind: &str, properties: &mut Map<String, Value>) {
        let now = timestamp(self.now);
        for name in ["createdDateTime", "lastModifiedDateTime"] {
            let described = self.tenant.schemas.property(kind, name);
            if described.is_some_and(|property| property.kind == Type::DateTime)
                && !(self.seeding && properties.contains_key(name))
            {
                properties.insert(name.into(), json!(now));
            }
        }
        if kind == "microsoft.graph.message" {
            properties.entry("isDraft").or_insert(json!(true));
        }
    }

    fn check_new(&self, kind: &str, properties: &Map<String, Value>) -> Result<(), Refusal> {
        let required = REQUIRED
            .iter()
            .find(|(name, _)| *name == kind && !self.seeding)
            .map_or(&[][..], |(_, required)| required);
        if let Some(missing) = required
            .iter()
            .find(|name| properties.get(**name).is_none_or(Value::is_null))
        {
            let resource = kind.rsplit('.').next().unwrap_or(kind);
            return Err(Refusal::directory(format!(
                "A value is required for property '{missing}' of resource '{}'.",
                capitalized(resource)
            ))
            .target(missing));
        }
        self.check_name(kind, properties, None)
    }

    /// Checks that a principal name belongs to one user only.
    pub(super) fn check_name(
        &self,
        kind: &str,
        properties: &Map<String, Value>,
        own: Option<Id>,
    ) -> Result<(), Refusal> {
        let name = properties.get("userPrincipalName").and_then(Value::as_str);
        let Some(name) = name.filter(|_| kind == "microsoft.graph.user") else {
            return Ok(());
        };
        let taken = self
            .tenant
            .store
            .named(name)
            .any(|(id, entity)| entity.kind == kind && Some(id) != own);
        if !taken {
            return Ok(());
        }
        let message =
            "Another object with the same value for property userPrincipalName already exists.";
        Err(Refusal::directory(message).detail("ObjectConflict", "userPrincipalName", message))
    }

    /// Adds the references of `members@odata.bind`.
    pub(super) fn bind(
        &mut self,
        id: Id,
        kind: &str,
        bound: Vec<(String, Vec<String>)>,
    ) -> Result<(), Refusal> {
        for (relation, urls) in bound {
            if urls.len() > BOUND {
                return Err(Refusal::directory(format!(
                    "The number of bound references {} exceeds the limit of {BOUND}.",
                    urls.len()
                ))
                .target(&relation));
            }
            let property = self.tenant.schemas.property(kind, &relation);
            let (declared, many) = match property.map(|property| &property.kind) {
                Some(Type::Collection(items)) => (items.as_ref(), true),
                Some(kind) => (kind, false),
                None => continue,
            };
            let Type::Named(declared) = declared else {
                continue;
            };
            let declared = declared.clone();
            for url in urls {
                let target = self.referred_as(&declared, &relation, &url)?;
                if many {
                    self.add_reference(id, &relation, target)?;
                } else {
                    self.tenant.store.set(id, &relation, Some(target));
                }
            }
        }
        Ok(())
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
