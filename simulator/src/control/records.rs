//! The records of a simulator: requests, changes, deliveries.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::fields::Problem;
use super::{Call, Route};
use crate::activity::{Activity, ActivityEntry};
use crate::changes::RecordedChange;
use crate::recorder::{Host, RecordedRequest};
use crate::simulator::Simulator;

pub(super) const ROUTES: &[Route] = &[
    Route::get(
        "/requests",
        "",
        "Returns the requests so far, sign-in included.",
        |simulator, _| {
            let requests = simulator.requests();
            Ok(json!({ "value": requests.iter().map(request).collect::<Vec<_>>() }))
        },
    ),
    Route::delete(
        "/requests",
        "Forgets the requests so far.",
        |simulator, _| {
            simulator.forget_requests();
            Ok(Value::Null)
        },
    ),
    Route::get(
        "/request-counts",
        "",
        "Returns the numbers of requests, including those no longer kept.",
        |simulator, _| {
            let counts = simulator.request_counts();
            Ok(json!({
                "graph": counts.graph, "storage": counts.storage, "token": counts.token,
            }))
        },
    ),
    Route::get(
        "/changes",
        "",
        "Returns the changes that requests have made.",
        |simulator, _| {
            let changes = simulator.changes();
            Ok(json!({ "value": changes.iter().map(change).collect::<Vec<_>>() }))
        },
    ),
    Route::get(
        "/activity",
        "`method`, `path`, `template`, `status`, `changed`",
        "Returns the requests that fit, each with its changes; those of a batch in its place.",
        |simulator, call| Ok(page(&filtered(simulator, call)?)),
    ),
    Route::get(
        "/activity/repeated",
        "`method`, `path`, `template`, `status`, `changed`",
        "Returns those of them that did the same thing as another one.",
        |simulator, call| Ok(page(&filtered(simulator, call)?.repeated())),
    ),
    Route::get(
        "/deliveries",
        "",
        "Returns the notifications that were sent to webhooks.",
        |simulator, _| {
            let deliveries = simulator.deliveries().into_iter().map(|delivery| {
                json!({
                    "url": delivery.url, "body": delivery.body,
                    "status": delivery.status.map(|status| status.as_u16()),
                    "attempt": delivery.attempt,
                })
            });
            Ok(json!({ "value": deliveries.collect::<Vec<_>>() }))
        },
    ),
];

/// Returns the activity that the options of the query select.
fn filtered(simulator: &Simulator, call: &Call<'_>) -> Result<Activity, Problem> {
    let mut options = call.options();
    let mut activity = simulator.activity();
    if let Some(method) = options.method("method")? {
        activity = activity.method(method);
    }
    if let Some(path) = options.text("path")? {
        activity = activity.path(&path);
    }
    if let Some(template) = options.text("template")? {
        activity = activity.template(&template);
    }
    if let Some(status) = options.status("status")? {
        activity = activity.status(status);
    }
    if options.choice("changed", &[("true", true), ("false", false)])? == Some(true) {
        activity = activity.changed();
    }
    options.finish()?;
    Ok(activity)
}

/// Returns the entries, and their text for the message of an assertion.
fn page(activity: &Activity) -> Value {
    let entries = activity.entries().iter().map(entry);
    json!({ "value": entries.collect::<Vec<_>>(), "text": activity.to_string() })
}

fn entry(entry: &ActivityEntry) -> Value {
    let mut json = request(&entry.request);
    let changes: Vec<_> = entry.changes.iter().map(change).collect();
    json["inBatch"] = json!(entry.in_batch);
    json["changes"] = json!(changes);
    json
}

fn request(request: &RecordedRequest) -> Value {
    let host = match request.host {
        Host::Graph => "graph",
        Host::Storage => "storage",
    };
    let mut json = json!({
        "host": host, "method": request.method.as_str(), "target": request.target,
        "path": request.path(), "query": request.query(), "template": request.template,
        "status": request.status.map(|status| status.as_u16()),
        "headers": headers(&request.headers), "text": text(request),
    });
    let body = match (request.json(), std::str::from_utf8(&request.body)) {
        _ if request.body.is_empty() => Value::Null,
        (Some(body), _) => json!({ "json": body }),
        (None, Ok(text)) => json!({ "text": text }),
        (None, Err(_)) => json!({ "base64": STANDARD.encode(&request.body) }),
    };
    json["body"] = body;
    if !request.parts.is_empty() {
        json["parts"] = request.parts.iter().map(self::request).collect();
    }
    json
}

/// Returns the headers. Those that hold a secret have no value.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut json = Map::new();
    for name in headers.keys() {
        let values = headers
            .get_all(name)
            .iter()
            .map(|value| match value.to_str() {
                Ok(text) if !value.is_sensitive() => text,
                _ => "[redacted]",
            });
        let values: Vec<_> = values.collect();
        json.insert(name.as_str().to_owned(), json!(values.join(", ")));
    }
    json
}

fn change(change: &RecordedChange) -> Value {
    json!({
        "kind": change.kind.name(), "method": change.method.as_str(), "target": change.target,
        "clientRequestId": change.client_request_id, "entityType": change.entity_type,
        "id": change.id, "name": change.name, "text": text(change),
    })
}

fn text(line: &impl Display) -> Value {
    json!(line.to_string())
}
