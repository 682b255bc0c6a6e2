//! The functions and actions of the directory.

mod creation;
mod credentials;
mod extension;
mod grant;
mod invitation;
mod license;
mod membership;

use http::StatusCode;
use serde_json::{Value, json};

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::resource::Caller;

pub(crate) use credentials::IssuedSecret;
pub(super) use invitation::INVITATION;

const OBJECT: &str = "microsoft.graph.directoryObject";
const USER: &str = "microsoft.graph.user";
const GROUP: &str = "microsoft.graph.group";
const APPLICATION: &str = "microsoft.graph.application";
const PRINCIPAL: &str = "microsoft.graph.servicePrincipal";

/// The functions and actions of the directory that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(USER, "revokeSignInSessions", revoke_sessions),
    Behavior::new(USER, "changePassword", change_password),
    Behavior::new(USER, "assignLicense", license::assign),
    Behavior::new(OBJECT, "restore", restore),
    Behavior::new(OBJECT, "checkMemberGroups", membership::check_groups),
    Behavior::new(OBJECT, "checkMemberObjects", membership::check_objects),
    Behavior::new(OBJECT, "getMemberGroups", membership::groups),
    Behavior::new(OBJECT, "getMemberObjects", membership::objects),
    Behavior::new(GROUP, "validateProperties", validate),
    Behavior::of_collection(OBJECT, "getByIds", membership::by_ids),
    Behavior::of_collection(OBJECT, "validateProperties", validate),
    Behavior::of_collection(
        OBJECT,
        "getAvailableExtensionProperties",
        extension::available,
    ),
    Behavior::new(APPLICATION, "addPassword", credentials::add_password),
    Behavior::new(APPLICATION, "removePassword", credentials::remove_password),
    Behavior::new(PRINCIPAL, "addPassword", credentials::add_password),
    Behavior::new(PRINCIPAL, "removePassword", credentials::remove_password),
];

/// Returns a parameter that an action requires.
fn required<'a>(invocation: &'a Invocation<'_>, name: &str) -> Result<&'a Value, Refusal> {
    invocation.parameter(name).ok_or_else(|| {
        Refusal::directory(format!(
            "A value is required for parameter '{name}' of action '{}'.",
            invocation.name
        ))
    })
}

/// Returns a parameter that is a collection of texts.
fn texts(invocation: &Invocation<'_>, name: &str) -> Result<Vec<String>, Refusal> {
    let values = required(invocation, name)?.as_array();
    let texts = values.into_iter().flatten().filter_map(Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

/// Ends a user's sessions. The caller of this code then ends the user's grants at the identity
/// platform.
fn revoke_sessions(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph.signed_out.push(invocation.id);
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(true)))
}

/// Accepts the new password of the signed-in user. The simulator keeps no passwords, so it cannot
/// check the current one.
///
/// <https://learn.microsoft.com/graph/api/user-changepassword>
fn change_password(_: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let current = required(invocation, "currentPassword")?;
    let new = required(invocation, "newPassword")?;
    if current == new {
        return Err(Refusal::directory(
            "The specified password does not comply with password complexity requirements. \
             Please provide a different password.",
        ));
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Restores a deleted object.
fn restore(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    match graph.tenant.restore(invocation.id) {
        Some(id) => graph.answer_entity(StatusCode::OK, id, OBJECT),
        None => Err(invocation.target.missing(graph.tenant.schemas)),
    }
}

/// Checks whether a group may have a name and a mail nickname. The simulated tenant has no naming
/// policy, so only a nickname that another group has is refused.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-validateproperties>
fn validate(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let Some(nickname) = invocation.parameter("mailNickname") else {
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    };
    let mut entities = graph.tenant.store.entities();
    let taken = entities.any(|(id, entity)| {
        id != invocation.id
            && entity.kind == GROUP
            && entity.below("deletedItems").is_empty()
            && entity.properties.get("mailNickname") == Some(nickname)
    });
    if !taken {
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    }
    let message = "Another object with the same value for property mailNickname already exists.";
    Err(Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Request_UnprocessableEntity",
        message,
    )
    .detail("PropertyConflict", "mailNickname", message))
}

/// Returns the signed-in user.
fn signed_in(graph: &Graph<'_>) -> Option<crate::store::Id> {
    match graph.caller {
        Caller::User(id) => Some(id),
        Caller::Application => None,
    }
}
