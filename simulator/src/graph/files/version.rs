//! The versions of a file.

use http::StatusCode;

use super::super::Graph;
use super::super::behavior::Invocation;
use crate::answer::Answer;
use crate::refusal::Refusal;

/// Makes a previous version the present one. The file gets a new version with the old content.
///
/// <https://learn.microsoft.com/graph/api/driveitemversion-restore>
pub(super) fn restore_version(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let store = &graph.tenant.store;
    let version = store.get(invocation.id);
    let item = version.and_then(|version| version.parent.as_ref());
    let content = store.content(invocation.id, "content").cloned();
    let (Some((item, _)), Some(content)) = (item, content) else {
        return Err(Refusal::not_simulated(
            "a version whose content no request has written",
        ));
    };
    let (item, now) = (*item, graph.now);
    graph
        .tenant
        .fill(item, "content", content.media_type, content.bytes, now);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
