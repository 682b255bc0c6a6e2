//! Files that are checked out, and items that a user follows.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::Graph;
use super::super::behavior::Invocation;
use super::{DRIVE, DRIVE_ITEM};
use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

/// Checks a file out: other users cannot see the changes until it is checked in.
///
/// <https://learn.microsoft.com/graph/api/driveitem-checkout>
pub(super) fn check_out(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let by = graph.tenant.store.author.clone();
    publish(
        graph,
        invocation.id,
        json!({ "level": "checkout", "checkedOutBy": by }),
    )
}

/// Checks a file in.
///
/// <https://learn.microsoft.com/graph/api/driveitem-checkin>
pub(super) fn check_in(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let versions = graph.tenant.members(invocation.id, "versions");
    let newest = versions.first().and_then(|id| graph.tenant.store.get(*id));
    let version = newest.map(|version| version.key.clone());
    publish(
        graph,
        invocation.id,
        json!({ "level": "published", "versionId": version }),
    )
}

/// Checks a file in without its changes.
///
/// <https://learn.microsoft.com/graph/api/driveitem-discardcheckout>
pub(super) fn discard(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    publish(graph, invocation.id, json!({ "level": "published" }))
}

fn publish(graph: &mut Graph<'_>, id: Id, publication: Value) -> Result<Answer, Refusal> {
    let publication = crate::domain::without_null(publication);
    graph.tenant.store.change(id, |item| {
        item.insert("publication".into(), publication);
    });
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Adds an item to those that the user follows.
///
/// <https://learn.microsoft.com/graph/api/driveitem-follow>
pub(super) fn follow(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let drive = own_drive(graph)?;
    graph.tenant.store.add(drive, "following", invocation.id);
    graph.answer_entity(StatusCode::OK, invocation.id, DRIVE_ITEM)
}

/// Removes an item from those that the user follows.
///
/// <https://learn.microsoft.com/graph/api/driveitem-unfollow>
pub(super) fn unfollow(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let drive = own_drive(graph)?;
    graph.tenant.store.take(drive, "following", invocation.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Returns the drive of the calling user.
fn own_drive(graph: &mut Graph<'_>) -> Result<Id, Refusal> {
    let Caller::User(user) = graph.caller else {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "accessDenied",
            "Only a user can follow an item.",
        ));
    };
    match graph.tenant.store.one(user, "drive") {
        Some(drive) => Ok(drive),
        None => Ok(graph.tenant.materialize(user, "drive", DRIVE)),
    }
}
