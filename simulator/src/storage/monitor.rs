//! Long work: what is told of it until it is done, at a monitor's URL or at an operation of Graph.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// How the work ended: the id of what was made, or a code and a message.
pub(crate) type Outcome = Result<String, (String, String)>;

/// Work that is watched at a URL without a token.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) operation: &'static str,
    pub(crate) polls: u32,
    pub(crate) polled: u32,
    pub(crate) outcome: Outcome,
}

impl Monitor {
    /// What is told this time.
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

/// An operation of Graph that is under way: what it says meanwhile, and in the end.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) left: u32,
    /// The word for work that is being done.
    pub(crate) running: &'static str,
    pub(crate) end: Map<String, Value>,
}
