//! The actions of Teams.

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::refusal::Refusal;

const TEAM: &str = "microsoft.graph.team";
const CHANNEL: &str = "microsoft.graph.channel";

/// The actions of Teams that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(TEAM, "clone", clone),
    Behavior::new(TEAM, "archive", archive),
    Behavior::new(TEAM, "unarchive", archive),
    Behavior::new(CHANNEL, "archive", archive),
    Behavior::new(CHANNEL, "unarchive", archive),
];

fn clone(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    Ok(graph.clone_team(invocation.id, invocation.parameters))
}

fn archive(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    Ok(graph.archive(invocation.id, invocation.name == "archive"))
}
