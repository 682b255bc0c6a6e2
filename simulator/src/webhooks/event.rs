//! The conversion of changes in the journal to notifications.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Forgery, Lifecycle, Recipient, Watch, Watched};
use crate::core::State;
use crate::description::Description;
use crate::identity::{Signer, unsigned};
use crate::journal::Change;
use crate::resource::Caller;
use crate::service::Service;
use crate::store::{Entity, Id};

/// The application that sends notifications.
const PUBLISHER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// An entity that changed, and the kind of the change.
#[derive(Clone, Debug)]
struct Event {
    id: Id,
    change: &'static str,
    /// The former entity, if it no longer exists.
    gone: Option<Box<Entity>>,
}

impl State {
    /// Notifies the subscribers of the changes since their last notification.
    pub(crate) fn notify(&mut self, description: &Description, root: &str) {
        let (since, until) = (self.webhooks.seen, self.store.journal.end());
        self.webhooks.seen = until;
        if since == until || self.webhooks.watches.is_empty() {
            return;
        }
        let mut parcels: Vec<(String, Vec<Value>)> = Vec::new();
        for (subscription, watch) in self.webhooks.watches.clone() {
            let Some(entity) = self.store.get(subscription) else {
                continue;
            };
            let url = entity
                .properties
                .get("notificationUrl")
                .and_then(Value::as_str);
            let url = url.unwrap_or_default().to_owned();
            for event in self.events(&watch, since, until) {
                if !watch.changes.iter().any(|change| change == event.change) {
                    continue;
                }
                let told = self.told(description, root, subscription, &watch, &event);
                match (parcels.iter_mut().find(|(known, _)| *known == url), told) {
                    (Some((_, value)), Some(told)) => value.push(told),
                    (None, Some(told)) => parcels.push((url.clone(), vec![told])),
                    (_, None) => {}
                }
            }
        }
        for (url, value) in parcels {
            self.dispatch(&url, value);
        }
    }

    /// Returns the events of a subscription, each entity once.
    fn events(&self, watch: &Watch, since: usize, until: usize) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let mut add = |id, change, gone: Option<&Entity>| {
            let gone = gone.map(|entity| Box::new(entity.clone()));
            match events.iter_mut().find(|event| event.id == id) {
                // An entity that was just created stays new, independent of the number of writes.
                Some(event) if event.change == "created" && change == "updated" => {}
                Some(event) => (event.change, event.gone) = (change, gone),
                None => events.push(Event { id, change, gone }),
            }
        };
        for change in self.store.journal.between(since, until) {
            match &watch.what {
                Watched::Set {
                    owner, relation, ..
                } => match change {
                    Change::Linked {
                        owner: at,
                        relation: name,
                        id,
                    } if at == owner && name == relation => {
                        add(*id, "created", None);
                    }
                    Change::Unlinked {
                        owner: at,
                        relation: name,
                        id,
                    } if at == owner && name == relation => {
                        add(*id, "deleted", self.store.get(*id));
                    }
                    Change::Properties { id, .. } if self.store.holds(*owner, relation, *id) => {
                        add(*id, "updated", None);
                    }
                    // A change of members counts as an update of the group.
                    Change::Linked {
                        owner: at,
                        relation: name,
                        ..
                    }
                    | Change::Unlinked {
                        owner: at,
                        relation: name,
                        ..
                    } if watch.service == Service::Directory
                        && matches!(name.as_str(), "members" | "owners" | "manager")
                        && self.store.holds(*owner, relation, *at) =>
                    {
                        add(*at, "updated", None);
                    }
                    Change::Removed { id, entity, .. } if entity.hangs(*owner, relation) => {
                        add(*id, "deleted", Some(entity));
                    }
                    _ => {}
                },
                Watched::Entity {
                    id: watched,
                    declared,
                } => match change {
                    // A drive reports its root as updated if any item below it has changed.
                    _ if is_drive(declared) && self.is_below(change, *watched) => {
                        add(*watched, "updated", None);
                    }
                    _ if is_drive(declared) => {}
                    Change::Properties { id, .. } if id == watched => add(*id, "updated", None),
                    Change::Linked {
                        owner, relation, ..
                    }
                    | Change::Unlinked {
                        owner, relation, ..
                    } if owner == watched
                        && matches!(relation.as_str(), "members" | "owners" | "manager") =>
                    {
                        add(*owner, "updated", None);
                    }
                    Change::Removed { id, entity, .. } if id == watched => {
                        add(*id, "deleted", Some(entity));
                    }
                    _ => {}
                },
                Watched::Kind(kind) => match change {
                    Change::Linked { id, .. } if self.is_kind(*id, kind) => {
                        add(*id, "created", None);
                    }
                    Change::Properties { id, .. } if self.is_kind(*id, kind) => {
                        add(*id, "updated", None);
                    }
                    Change::Removed { id, entity, .. } if entity.kind == *kind => {
                        add(*id, "deleted", Some(entity));
                    }
                    _ => {}
                },
            }
        }
        if watch.service == Service::Directory {
            for event in &mut events {
                let restorable = event.gone.as_ref().is_some_and(|gone| {
                    let mut named = self.store.named(&gone.key);
                    named.any(|(_, entity)| !entity.below("deletedItems").is_empty())
                });
                // The directory reports a new object as updated, and also a deleted one that can be
                // restored.
                if event.change == "created" || restorable {
                    event.change = "updated";
                }
            }
        }
        events
    }

    fn is_kind(&self, id: Id, kind: &str) -> bool {
        self.store.get(id).is_some_and(|entity| entity.kind == kind)
    }

    /// Checks whether a change concerns a drive item below another one.
    fn is_below(&self, change: &Change, folder: Id) -> bool {
        match change {
            Change::Properties { id, .. }
            | Change::Linked { id, .. }
            | Change::Unlinked { id, .. } => {
                self.is_kind(*id, "microsoft.graph.driveItem")
                    && self.store.ancestors(*id).any(|(above, _)| above == folder)
            }
            Change::Removed { above, entity, .. } => {
                entity.kind == "microsoft.graph.driveItem" && above.contains(&folder)
            }
        }
    }

    /// Returns a notification, or `None` for an event that the subscription's filter leaves out.
    fn told(
        &mut self,
        description: &Description,
        root: &str,
        subscription: Id,
        watch: &Watch,
        event: &Event,
    ) -> Option<Value> {
        let properties = self.store.get(subscription)?.properties.clone();
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let id = self.ids.guid();
        let user = self.user;
        let tenant_id = self.identity.home().to_owned();
        let entity = match &event.gone {
            Some(gone) => gone.as_ref().clone(),
            None => self.store.get(event.id)?.clone(),
        };
        let graph = self.graph(description, root, Caller::User(user), None);
        if event.gone.is_none() && !graph.passes_filter(event.id, &watch.options) {
            return None;
        }
        let drive = matches!(&watch.what, Watched::Entity { declared, .. } if is_drive(declared));
        let resource = if drive {
            // The notification does not name the item. A delta query returns it.
            text("resource").unwrap_or_default().to_owned()
        } else {
            graph.notified_as(event.id, &entity)
        };
        let name = entity.kind.rsplit('.').next().unwrap_or_default();
        let mut characters = name.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        let name: String = first.into_iter().chain(characters).collect();
        let mut data = json!({ "@odata.type": format!("#Microsoft.Graph.{name}") });
        if !drive {
            data["@odata.id"] = json!(resource);
            data["id"] = json!(entity.key);
            if let Some(etag) = crate::render::etag(description.schemas(), &entity) {
                data["@odata.etag"] = json!(etag);
            }
        }
        let mut told = json!({
            "id": id, "subscriptionId": text("id"), "clientState": text("clientState"),
            "changeType": event.change,
            "subscriptionExpirationDateTime": text("expirationDateTime"), "tenantId": tenant_id,
            "resource": resource,
            "resourceData": data,
        });
        if properties.get("includeResourceData") == Some(&json!(true)) && event.gone.is_none() {
            let content = graph.notified_content(event.id, &entity.kind, &watch.options);
            let recipient = Recipient::read(text("encryptionCertificate").unwrap_or_default());
            let id = text("encryptionCertificateId").unwrap_or_default();
            let encrypted = recipient
                .ok()
                .and_then(|recipient| recipient.encrypt(&content, id));
            told["encryptedContent"] = encrypted.unwrap_or_default();
        }
        Some(told)
    }

    /// Sends notifications to a webhook, as they are or forged.
    fn dispatch(&mut self, url: &str, mut value: Vec<Value>) {
        let forgery = self.webhooks.forgery.take();
        let rich = value
            .iter()
            .any(|told| told.get("encryptedContent").is_some());
        for told in &mut value {
            match forgery {
                Some(Forgery::ClientState) => told["clientState"] = json!("forged"),
                Some(Forgery::Content) => spoil(&mut told["encryptedContent"]),
                Some(Forgery::Certificate) => {
                    told["encryptedContent"]["encryptionCertificateId"] = json!("forged");
                }
                _ => {}
            }
        }
        if forgery == Some(Forgery::OtherTenant)
            && let Some(mut other) = value.first().cloned()
        {
            other["tenantId"] = json!("00000000-0000-4000-8000-00000000beef");
            value.push(other);
        }
        let tokens = (rich && forgery != Some(Forgery::Missing)).then(|| vec![self.token(forgery)]);
        self.webhooks.send(url, value.clone(), tokens.clone());
        if forgery == Some(Forgery::Repeated) {
            self.webhooks.send(url, value, tokens);
        }
    }

    /// Returns a validation token with its publisher and audience, signed by the identity platform.
    fn token(&mut self, forgery: Option<Forgery>) -> String {
        let now = self.clock.now().timestamp();
        let stranger = "11111111-2222-4333-8444-555555555555";
        let tenant = self.identity.home();
        let audience = &self.identity.application;
        let mut claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now,
            "nbf": now, "exp": now + 3_600,
            "appid": PUBLISHER, "azp": PUBLISHER, "tid": tenant,
            "idp": format!("https://sts.windows.net/{tenant}/"),
            "ver": "1.0",
        });
        match forgery {
            Some(Forgery::Audience) => claims["aud"] = json!(stranger),
            Some(Forgery::Issuer) => {
                claims["iss"] = json!(format!("https://sts.windows.net/{stranger}/"))
            }
            Some(Forgery::Publisher) => {
                (claims["appid"], claims["azp"]) = (json!(stranger), json!(stranger));
            }
            Some(Forgery::Expired) => {
                (claims["nbf"], claims["exp"]) = (json!(now - 7_200), json!(now - 3_600));
            }
            _ => {}
        }
        match forgery {
            Some(Forgery::Unsigned) => {
                format!(
                    "{}.",
                    unsigned(&json!({ "typ": "JWT", "alg": "none" }), &claims)
                )
            }
            Some(Forgery::Key) => Signer::unpublished().token(&claims),
            Some(Forgery::Signature) => {
                let token = self.identity.signer().token(&claims);
                claims["aud"] = json!(stranger);
                let other = self.identity.signer().token(&claims);
                let text = token.rsplit_once('.').map_or("", |(text, _)| text);
                let signature = other
                    .rsplit_once('.')
                    .map_or("", |(_, signature)| signature);
                format!("{text}.{signature}")
            }
            _ => self.identity.signer().token(&claims),
        }
    }

    /// Notifies the lifecycle endpoint of a subscription. Returns `false` if there is none.
    pub(crate) fn tell_lifecycle(&mut self, subscription: &str, event: Lifecycle) -> bool {
        let watches = &self.webhooks.watches;
        let found = self
            .store
            .named(subscription)
            .find(|(id, _)| watches.contains_key(id))
            .map(|(id, entity)| (id, entity.properties.clone()));
        let Some((id, properties)) = found else {
            return false;
        };
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let Some(url) = text("lifecycleNotificationUrl") else {
            return false;
        };
        let told = json!({
            "subscriptionId": text("id"),
            "subscriptionExpirationDateTime": text("expirationDateTime"),
            "tenantId": self.identity.home(), "clientState": text("clientState"),
            "lifecycleEvent": event.word(),
        });
        self.webhooks.send(url, vec![told], None);
        if event == Lifecycle::SubscriptionRemoved {
            self.webhooks.watches.remove(&id);
            self.store.remove(id);
        }
        true
    }

    /// Removes the subscriptions that have expired or were deleted.
    pub(crate) fn drop_expired(&mut self) {
        let now = self.clock.now();
        let over: Vec<Id> = self
            .webhooks
            .watches
            .keys()
            .copied()
            .filter(|id| {
                let properties = self.store.get(*id).map(|entity| &entity.properties);
                let expires = properties.and_then(|properties| {
                    let text = properties.get("expirationDateTime")?.as_str()?;
                    chrono::DateTime::parse_from_rfc3339(text).ok()
                });
                expires.is_none_or(|expires| expires <= now)
            })
            .collect();
        for id in over {
            self.webhooks.watches.remove(&id);
            self.store.remove(id);
        }
    }
}

fn is_drive(declared: &str) -> bool {
    declared == "microsoft.graph.driveItem"
}

/// Flips a bit of the encrypted data.
fn spoil(content: &mut Value) {
    let data = content["data"]
        .as_str()
        .and_then(|data| STANDARD.decode(data).ok());
    let mut data = data.unwrap_or_default();
    if let Some(byte) = data.first_mut() {
        *byte ^= 1;
    }
    content["data"] = json!(STANDARD.encode(data));
}
