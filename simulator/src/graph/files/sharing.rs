//! Sharing links and invitations: the permissions of an item.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::Graph;
use super::super::behavior::Invocation;
use super::name::invalid;
use crate::answer::Answer;
use crate::domain::{Below, without_null};
use crate::query::Options;
use crate::refusal::Refusal;
use crate::store::Id;

const PERMISSION: &str = "microsoft.graph.permission";

/// Returns a sharing link: an existing one of the same kind, or a new one.
///
/// <https://learn.microsoft.com/graph/api/driveitem-createlink>
pub(super) fn create_link(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let text = |name: &str| invocation.parameter(name).and_then(Value::as_str);
    let role = match text("type") {
        Some("view") => "read",
        Some("edit") => "write",
        Some("embed") => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "notSupported",
                "Embedded links exist in personal drives only.",
            ));
        }
        other => {
            let other = other.unwrap_or_default();
            return Err(invalid(format!("The link type '{other}' is not valid.")));
        }
    };
    let scope = text("scope").unwrap_or("organization");
    if !matches!(scope, "anonymous" | "organization" | "users") {
        return Err(invalid(format!("The link scope '{scope}' is not valid.")));
    }
    let password = text("password").is_some();
    let expires = text("expirationDateTime");
    let id = invocation.id;
    let same = |permission: &Map<String, Value>| {
        let link = permission.get("link");
        let word = |name: &str| link.and_then(|link| link.get(name)?.as_str());
        word("type") == text("type")
            && word("scope") == Some(scope)
            && permission.get("hasPassword") == Some(&json!(password))
            && permission.get("expirationDateTime").and_then(Value::as_str) == expires
    };
    let store = &graph.tenant.store;
    let existing = store.many(id, "permissions").into_iter().find(|id| {
        let permission = store.get(*id);
        permission.is_some_and(|permission| same(&permission.properties))
    });
    if let Some(existing) = existing {
        return graph.answer_entity(StatusCode::OK, existing, PERMISSION);
    }
    let url = graph.link_url(id);
    let share = format!("u!{}", URL_SAFE_NO_PAD.encode(&url));
    let permission = json!({
        "roles": [role], "shareId": share, "hasPassword": password,
        "expirationDateTime": expires,
        "link": {
            "type": text("type"), "scope": scope, "webUrl": url, "preventsDownload": false,
        },
    });
    let permission = graph.grant(id, permission);
    graph.answer_entity(StatusCode::CREATED, permission, PERMISSION)
}

/// Grants permissions to people.
///
/// <https://learn.microsoft.com/graph/api/driveitem-invite>
pub(super) fn invite(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let list = |name: &str| {
        let value = invocation.parameter(name).and_then(Value::as_array);
        value.cloned().unwrap_or_default()
    };
    let (recipients, roles) = (list("recipients"), list("roles"));
    let known = |role: &Value| matches!(role.as_str(), Some("read" | "write" | "owner"));
    if recipients.is_empty() || roles.is_empty() || !roles.iter().all(known) {
        return Err(invalid(
            "An invitation needs recipients, and the role 'read' or 'write'.",
        ));
    }
    let sign_in = invocation
        .parameter("requireSignIn")
        .and_then(Value::as_bool);
    let expires = invocation.parameter("expirationDateTime").cloned();
    let password = invocation.parameter("password").is_some();
    let mut granted = Vec::new();
    for recipient in &recipients {
        let name = ["email", "objectId", "alias"]
            .into_iter()
            .find_map(|name| recipient.get(name)?.as_str());
        let name = name.ok_or_else(|| invalid("A recipient needs an email or an objectId."))?;
        let identity = graph.identity(name);
        let mut permission = json!({
            "roles": roles, "hasPassword": password, "expirationDateTime": expires,
        });
        match identity {
            Some(user) => {
                permission["grantedTo"] = json!({ "user": user });
                permission["grantedToV2"] = json!({ "user": user });
            }
            None => {
                permission["invitation"] = json!({
                    "email": name, "signInRequired": sign_in.unwrap_or(false),
                });
            }
        }
        let id = graph.grant(invocation.id, permission);
        let rendered = graph.renderer().entity(id, PERMISSION, &Options::default());
        granted.push(Value::Object(rendered));
    }
    Ok(graph.answer_value(invocation.call, StatusCode::OK, granted.into()))
}

impl Graph<'_> {
    fn grant(&mut self, item: Id, permission: Value) -> Id {
        let permission = match without_null(permission) {
            Value::Object(permission) => permission,
            _ => Map::new(),
        };
        let place = Below::many(item, "permissions");
        self.tenant.make(place, PERMISSION, None, permission)
    }

    /// Returns the identity of a user of the tenant, by the id or an address.
    fn identity(&self, name: &str) -> Option<Value> {
        let store = &self.tenant.store;
        let mut named = store.named(name);
        let user = named.find(|(_, entity)| entity.kind == "microsoft.graph.user");
        let user = user.or_else(|| {
            store.entities().find(|(_, entity)| {
                let mail = entity.properties.get("mail").and_then(Value::as_str);
                entity.kind == "microsoft.graph.user"
                    && mail.is_some_and(|mail| mail.eq_ignore_ascii_case(name))
            })
        });
        let (_, user) = user?;
        Some(without_null(json!({
            "displayName": user.properties.get("displayName"), "id": user.key,
            "email": user.properties.get("mail"),
        })))
    }

    /// Returns the address of a new sharing link.
    fn link_url(&mut self, item: Id) -> String {
        let secret = self.tenant.ids.secret(24);
        let address = self.tenant.facts(item, &|_| 0);
        let address = address.and_then(|facts| Some(facts.get("webUrl")?.as_str()?.to_owned()));
        let host = address.as_deref().and_then(|url| url.split('/').nth(2));
        let host = host.unwrap_or("contoso.sharepoint.com");
        let letter = if self.tenant.is_folder(item) {
            "f"
        } else {
            "u"
        };
        format!("https://{host}/:{letter}:/g/{secret}")
    }
}
