//! Subscriptions: the resources that may be watched, their lifetimes, and their callers.
//!
//! <https://learn.microsoft.com/graph/api/resources/subscription>

use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::body::Written;
use crate::clock::timestamp;
use crate::description::schema::Type;
use crate::domain::Below;
use crate::local::local;
use crate::query::{Options, filter};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::{Caller, Tail, Target, resolve};
use crate::service::Service;
use crate::store::{Entity, Id};
use crate::webhooks::{Recipient, Validation, Watch, Watched};

pub(super) const SUBSCRIPTION: &str = "microsoft.graph.subscription";

/// The actions of subscriptions that are carried out.
pub(super) const BEHAVIORS: &[Behavior] =
    &[Behavior::new(SUBSCRIPTION, "reauthorize", reauthorize)];

/// The longest lifetimes of subscriptions, in minutes, by the type of the resource.
const LIFETIMES: [(&str, i64); 18] = [
    ("message", 10_070),
    ("event", 10_070),
    ("contact", 10_070),
    ("driveItem", 42_300),
    ("list", 42_300),
    ("chat", 4_320),
    ("channel", 4_320),
    ("chatMessage", 4_320),
    ("team", 4_320),
    ("conversationMember", 4_320),
    ("callTranscript", 4_320),
    ("callRecording", 4_320),
    ("user", 41_760),
    ("group", 41_760),
    ("directoryObject", 41_760),
    ("alert", 43_200),
    ("shift", 360),
    ("presence", 60),
];

/// The longest lifetime of all other subscriptions, in minutes.
const LIFETIME: i64 = 4_230;

/// The longest lifetime of mail subscriptions with resource data: one day, in minutes.
const LIFETIME_RICH: i64 = 1_440;

/// The shortest lifetime of a subscription, in minutes.
const SHORTEST: i64 = 45;

/// The longest client state.
const CLIENT_STATE: usize = 128;

/// Accepts that the client keeps the subscription. No notification waits for it, because the
/// simulator does not check permissions.
///
/// <https://learn.microsoft.com/graph/api/subscription-reauthorize>
fn reauthorize(_: &mut Graph<'_>, _: &Invocation<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

impl Graph<'_> {
    /// Creates a subscription. The webhook must be validated first.
    pub(super) fn subscribe(
        &mut self,
        place: Below<'_>,
        written: Written,
    ) -> Result<Answer, Refusal> {
        let mut properties = written.properties;
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let need = |name: &str| {
            text(name).filter(|text| !text.is_empty()).ok_or_else(|| {
                invalid(format!(
                    "'{name}' is a required property for subscription creation."
                ))
            })
        };
        let watch = self.watch_of(need("resource")?, need("changeType")?)?;
        let rich = properties.get("includeResourceData") == Some(&json!(true));
        let kind = watched_kind(&watch.what).to_owned();
        let expires = self.expiry(need("expirationDateTime")?, &kind, watch.service, rich)?;
        if text("clientState").is_some_and(|state| state.chars().count() > CLIENT_STATE) {
            return Err(invalid(format!(
                "The clientState is longer than {CLIENT_STATE} characters."
            )));
        }
        let lifecycle = text("lifecycleNotificationUrl");
        let hour = self.now.checked_add_signed(TimeDelta::hours(1));
        if watch.service == Service::Teams
            && lifecycle.is_none()
            && hour.is_some_and(|hour| expires > hour)
        {
            return Err(invalid(
                "lifecycleNotificationUrl is a required property for subscription creation on this \
                 resource when the expirationDateTime value is set to greater than 1 hour",
            ));
        }
        if rich {
            self.check_rich(&watch, &properties)?;
        }
        let urls = std::iter::once(need("notificationUrl")?).chain(lifecycle);
        let urls: Vec<String> = urls.map(str::to_owned).collect();
        self.check_webhooks(&urls)?;
        if self.validation == Validation::Unasked {
            // The caller of this code validates the webhooks, and then repeats the request.
            self.handshakes = urls;
            return Ok(Answer::empty(StatusCode::ACCEPTED));
        }
        properties.insert("expirationDateTime".into(), json!(timestamp(expires)));
        properties.insert("applicationId".into(), json!(self.application));
        let creator = match self.caller {
            Caller::User(id) => self.tenant.store.get(id).map(|user| user.key.as_str()),
            Caller::Application => None,
        };
        let creator = creator.unwrap_or(self.application);
        properties.insert("creatorId".into(), json!(creator));
        let id = self.tenant.make(place, SUBSCRIPTION, None, properties);
        self.webhooks.watches.insert(id, watch);
        self.answer_entity(StatusCode::CREATED, id, SUBSCRIPTION)
    }

    fn check_webhooks(&self, urls: &[String]) -> Result<(), Refusal> {
        let known = |url: &&String| url.starts_with("https://") || local(url).is_some();
        if let Some(url) = urls.iter().find(|url| !known(url)) {
            return Err(invalid(format!(
                "The notification URL '{url}' is not valid: https is needed."
            )));
        }
        match self.validation {
            Validation::Failed => Err(invalid(
                "Subscription validation request failed. Notification endpoint must respond with \
                 200 OK to validation request.",
            )),
            Validation::Passed | Validation::Unasked => Ok(()),
        }
    }

    /// Returns the entities that a subscription to a resource watches.
    fn watch_of(&mut self, resource: &str, changes: &str) -> Result<Watch, Refusal> {
        let changes: Vec<String> = changes
            .split(',')
            .map(|word| word.trim().to_owned())
            .collect();
        let known = |word: &String| matches!(word.as_str(), "created" | "updated" | "deleted");
        if !changes.iter().all(known) {
            return Err(invalid("The changeType is not valid."));
        }
        let resource = resource.trim_start_matches('/');
        let resource = resource.strip_prefix("v1.0/").unwrap_or(resource);
        let request = Request {
            method: Method::GET,
            target: format!("/{resource}"),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let description = self.description.clone();
        let segments = Request::segments(request.path())?;
        let steps = super::route(&description, &segments)?;
        let found = resolve(&mut self.tenant, self.caller, &steps)?;
        let operation = steps.last().and_then(|step| step.operation(&Method::GET));
        let operation = operation
            .ok_or_else(|| invalid("The resource does not support change notifications."))?;
        let operation = operation.map_err(Refusal::description)?;
        let item = self.item(operation, &found);
        let options = Options::read(self.tenant.schemas, operation, &item, &request.pairs()?)?;
        let what = match (&found.tail, found.target, item) {
            (
                Tail::None,
                Target::Set {
                    owner,
                    relation,
                    declared,
                    ..
                },
                _,
            ) => Watched::Set {
                owner,
                relation,
                declared,
            },
            (Tail::None, Target::Entity { id, declared, .. }, _) => {
                Watched::Entity { id, declared }
            }
            (Tail::Invocation { .. }, _, Type::Named(kind)) => Watched::Kind(kind),
            _ => {
                return Err(invalid(
                    "The resource does not support change notifications.",
                ));
            }
        };
        let service = Service::of(self.tenant.schemas, watched_kind(&what));
        let allowed: &[&str] = match service {
            Service::Files => &["updated"],
            _ => &["created", "updated", "deleted"],
        };
        if !changes
            .iter()
            .all(|change| allowed.contains(&change.as_str()))
        {
            return Err(invalid(format!(
                "The changeType is not supported for this resource; it supports '{}'.",
                allowed.join(",")
            )));
        }
        Ok(Watch {
            what,
            service,
            options,
            changes,
        })
    }

    /// Returns the end of a subscription that requests this time.
    fn expiry(
        &self,
        asked: &str,
        kind: &str,
        service: Service,
        rich: bool,
    ) -> Result<DateTime<Utc>, Refusal> {
        let asked = DateTime::parse_from_rfc3339(asked)
            .map_err(|_| invalid("The expirationDateTime is not a time."))?
            .to_utc();
        let name = kind.rsplit('.').next().unwrap_or(kind);
        let most = LIFETIMES.iter().find(|(known, _)| *known == name);
        let most = match most.map_or(LIFETIME, |(_, minutes)| *minutes) {
            most if rich && service == Service::Outlook => most.min(LIFETIME_RICH),
            most => most,
        };
        let from_now = |minutes| self.now.checked_add_signed(TimeDelta::minutes(minutes));
        if asked <= self.now {
            return Err(invalid("Subscription expiration must be in the future."));
        }
        if from_now(most).is_none_or(|latest| asked > latest) {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ExtensionError",
                format!("Subscription expiration can only be {most} minutes in the future."),
            ));
        }
        let soonest = from_now(SHORTEST.min(most)).unwrap_or(asked);
        Ok(asked.max(soonest))
    }

    /// Checks a subscription with resource data, which needs a certificate for encryption.
    fn check_rich(&self, watch: &Watch, properties: &Map<String, Value>) -> Result<(), Refusal> {
        if !cfg!(feature = "encryption") {
            return Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "NotImplemented",
                "'includeResourceData' needs the simulator's Cargo feature 'encryption'.",
            ));
        }
        if !matches!(
            watch.service,
            Service::Outlook | Service::Teams | Service::Other
        ) {
            return Err(invalid(
                "The resource does not support 'includeResourceData'.",
            ));
        }
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let needed = |name: &str| {
            text(name).filter(|text| !text.is_empty()).ok_or_else(|| {
                invalid(format!(
                    "'{name}' is required where 'includeResourceData' is true."
                ))
            })
        };
        needed("encryptionCertificateId")?;
        Recipient::read(needed("encryptionCertificate")?).map_err(|wrong| {
            invalid(format!("The encryptionCertificate is not valid: {wrong}."))
        })?;
        Ok(())
    }

    /// Changes the end of a subscription, and optionally its webhook.
    pub(super) fn renew(&mut self, id: Id, written: &Written) -> Result<Answer, Refusal> {
        let watch = self.webhooks.watches.get(&id).cloned();
        let watch = watch
            .ok_or_else(|| Refusal::not_found(self.tenant.schemas, SUBSCRIPTION, "subscription"))?;
        let allowed = ["expirationDateTime", "notificationUrl"];
        let other = written
            .properties
            .keys()
            .find(|name| !allowed.contains(&name.as_str()));
        if let Some(name) = other {
            return Err(invalid(format!("'{name}' cannot be changed.")));
        }
        let text = |name: &str| written.properties.get(name).and_then(Value::as_str);
        let entity = self.tenant.store.get(id);
        let rich = entity.and_then(|entity| entity.properties.get("includeResourceData"));
        let rich = rich == Some(&json!(true));
        let kind = watched_kind(&watch.what);
        let expires = match text("expirationDateTime") {
            Some(asked) => Some(timestamp(self.expiry(asked, kind, watch.service, rich)?)),
            None => None,
        };
        let url = text("notificationUrl").map(str::to_owned);
        if let Some(url) = &url {
            self.check_webhooks(std::slice::from_ref(url))?;
            if self.validation == Validation::Unasked {
                self.handshakes = vec![url.clone()];
                return Ok(Answer::empty(StatusCode::ACCEPTED));
            }
        }
        self.tenant.store.change(id, |subscription| {
            for (name, value) in [("expirationDateTime", expires), ("notificationUrl", url)] {
                if let Some(value) = value {
                    subscription.insert(name.into(), json!(value));
                }
            }
        });
        self.answer_entity(StatusCode::OK, id, SUBSCRIPTION)
    }

    /// Checks whether an entity passes a subscription's filter.
    pub(crate) fn passes_filter(&self, id: Id, options: &Options) -> bool {
        let renderer = self.renderer();
        let condition = options.filter.as_ref();
        condition.is_none_or(|condition| filter::matches(condition, &|path| renderer.at(id, path)))
    }

    /// Returns the name of an entity in a notification: `Users/{id}/Messages/{id}`,
    /// `chats('…')/messages('…')`.
    pub(crate) fn notified_as(&self, id: Id, entity: &Entity) -> String {
        let mailbox = self
            .tenant
            .store
            .ancestors(id)
            .last()
            .map(|(_, owner)| owner);
        // For a deleted entity, the mailbox is found through its former parent.
        let parent = entity.parent.as_ref();
        let mailbox = mailbox.or_else(|| {
            let above = parent.map(|(parent, _)| self.tenant.store.ancestors(*parent));
            above?.last().map(|(_, owner)| owner)
        });
        let name = match entity.kind.as_str() {
            "microsoft.graph.message" => "Messages",
            "microsoft.graph.event" => "Events",
            "microsoft.graph.contact" => "Contacts",
            kind => {
                return match self.tenant.home(kind) {
                    Some(set) => format!("{set}/{}", entity.key),
                    None => self.location(id).trim_start_matches('/').to_owned(),
                };
            }
        };
        let owner = mailbox.map_or("", |mailbox| mailbox.key.as_str());
        format!("Users/{owner}/{name}/{}", entity.key)
    }

    /// Returns the JSON of an entity for a notification.
    pub(crate) fn notified_content(&self, id: Id, kind: &str, options: &Options) -> Value {
        let mut content = self.renderer().entity(id, kind, options);
        let context = format!("{}/$metadata#{}", self.root, kind);
        content.insert("@odata.context".into(), json!(context));
        Value::Object(content)
    }
}

fn watched_kind(what: &Watched) -> &str {
    match what {
        Watched::Set { declared, .. } | Watched::Entity { declared, .. } => declared,
        Watched::Kind(kind) => kind,
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
}
