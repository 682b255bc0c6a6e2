//! Long-running operations: their progress until they are done, at a monitor's URL or at an
//! operation of Graph.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// The outcome of the operation: the id of the created object, or a code and a message.
pub(crate) type Outcome = Result<String, (String, String)>;

/// A long-running operation with a monitor URL, which needs no token.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) operation: &'static str,
    pub(crate) polls: u32,
    pub(crate) polled: u32,
    pub(crate) outcome: Outcome,
}

impl Monitor {
    /// Returns the progress at this poll.
    pub(crate) fn poll(&mut self) -> (StatusCode, Value) {
        if self.polled < self.polls {
            let percentage = f64::from(self.polled) * 100.0 / f64::from(self.polls);
            let status = match self.polled {
                0 => "notStarted",
                _ => "inProgress",
            };
            self.polled += 1;
            let percentage = (percentage * 10.0).round() / 10.0;
            let body = json!({
                "operation": self.operation, "percentageComplete": percentage, "status": status,
            });
            return (StatusCode::ACCEPTED, body);
        }
        let body = match &self.outcome {
            Ok(id) => {
                json!({ "percentageComplete": 100.0, "resourceId": id, "status": "completed" })
            }
            Err((code, message)) => json!({
                "operation": self.operation, "percentageComplete": 0.0, "status": "failed",
                "error": { "code": code, "message": message },
            }),
        };
        (StatusCode::OK, body)
    }
}

/// An operation of Graph that is in progress, with its present and its final content.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) left: u32,
    /// The status of a running operation.
    pub(crate) running: &'static str,
    pub(crate) end: Map<String, Value>,
}
