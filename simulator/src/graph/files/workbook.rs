//! The sessions of workbooks.

use http::StatusCode;
use serde_json::json;

use super::super::Graph;
use super::super::behavior::Invocation;
use crate::answer::Answer;
use crate::refusal::Refusal;

/// Opens a session of a workbook.
///
/// <https://learn.microsoft.com/graph/api/workbook-createsession>
pub(super) fn create_session(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let call = invocation.call;
    if call.request.preference("respond-async").is_some() {
        return Ok(graph.workbook_session(invocation.id));
    }
    let persist = invocation.parameter("persistChanges");
    let session = json!({
        "id": graph.tenant.ids.secret(24),
        "persistChanges": persist.and_then(serde_json::Value::as_bool).unwrap_or(false),
    });
    Ok(graph.answer_value(call, StatusCode::CREATED, session))
}

/// Returns the session that a long-running operation has opened.
///
/// <https://learn.microsoft.com/graph/api/workbook-createsession>
pub(super) fn session_info(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let key = invocation.argument("key").unwrap_or_default();
    let session = json!({ "id": key });
    Ok(graph.answer_value(invocation.call, StatusCode::OK, session))
}
