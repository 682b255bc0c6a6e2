//! The functions and actions of the directory.

use http::StatusCode;
use serde_json::json;

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::refusal::Refusal;

/// The functions and actions of the directory that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(
        "microsoft.graph.user",
        "revokeSignInSessions",
        revoke_sessions,
    ),
    Behavior::new("microsoft.graph.directoryObject", "restore", restore),
];

/// Ends a user's sessions. The caller of this code then ends the user's grants at the identity
/// platform.
fn revoke_sessions(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph.signed_out.push(invocation.id);
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(true)))
}

/// Restores a deleted object.
fn restore(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let declared = "microsoft.graph.directoryObject";
    match graph.tenant.restore(invocation.id) {
        Some(id) => graph.answer_entity(StatusCode::OK, id, declared),
        None => Err(invocation.target.missing(graph.tenant.schemas)),
    }
}
