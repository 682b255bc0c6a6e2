//! The actions of OneNote.

use super::Graph;
use super::behavior::{Behavior, Invocation};
use crate::answer::Answer;
use crate::refusal::Refusal;

/// The actions of OneNote that are carried out: the copies, which are long-running operations.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new("microsoft.graph.notebook", "copyNotebook", copy),
    Behavior::new("microsoft.graph.onenoteSection", "copyToNotebook", copy),
    Behavior::new("microsoft.graph.onenoteSection", "copyToSectionGroup", copy),
    Behavior::new("microsoft.graph.onenotePage", "copyToSection", copy),
];

fn copy(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph
        .onenote_operation(invocation.id)
        .ok_or_else(|| invocation.target.missing(graph.tenant.schemas))
}
