//! The state of a long-running operation.

use std::fmt;

use serde_json::{Map, Value};

use crate::redact::{Json, OneLine, Text};

/// The state of a long-running operation, as Graph reports it.
///
/// Services use different names. The methods cover the properties that they have in common, and
/// [`json`](Self::json) has all properties.
#[derive(Clone, PartialEq)]
pub struct LongRunningOperation {
    json: Map<String, Value>,
    status: LongRunningOperationStatus,
}

/// The status of a long-running operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LongRunningOperationStatus {
    /// The operation has not begun.
    NotStarted,
    /// The operation is under way.
    Running,
    /// The operation is complete.
    Succeeded,
    /// The operation has failed: [`LongRunningOperation::error_code`] and
    /// [`LongRunningOperation::error_message`] say why.
    Failed,
    /// The operation was cancelled.
    Cancelled,
    /// A status that this crate does not know, as Graph sent it. It counts as running.
    Unknown(String),
}

impl LongRunningOperation {
    /// Creates the state from the properties that the service sent.
    #[doc(hidden)]
    pub fn new(json: Map<String, Value>, status: LongRunningOperationStatus) -> Self {
        Self { json, status }
    }

    /// Checks whether the operation has ended.
    #[doc(hidden)]
    pub fn is_over(&self) -> bool {
        matches!(
            self.status,
            LongRunningOperationStatus::Succeeded
                | LongRunningOperationStatus::Failed
                | LongRunningOperationStatus::Cancelled
        )
    }

    /// Returns the status.
    pub fn status(&self) -> &LongRunningOperationStatus {
        &self.status
    }

    /// Returns the percentage that is done, from 0 to 100, where the service reports it.
    pub fn percentage(&self) -> Option<f64> {
        ["percentageComplete", "percentComplete"]
            .iter()
            .find_map(|name| self.number(name))
    }

    /// Returns the id of the result, such as the copy or the team, where the service reports it.
    pub fn resource_id(&self) -> Option<&str> {
        ["resourceId", "targetResourceId", "id"]
            .iter()
            // The `id` of an operation is its own; the `id` of a result is the one that is wanted.
            .filter(|name| **name != "id" || !self.json.contains_key("status"))
            .find_map(|name| self.text(name))
    }

    /// Returns the location of the result as the service sent it: a path below the version, or an
    /// absolute URL. `Graph::request` takes either.
    pub fn resource_location(&self) -> Option<&str> {
        ["resourceLocation", "targetResourceLocation"]
            .iter()
            .find_map(|name| self.text(name))
    }

    /// Returns the error code, for programs.
    pub fn error_code(&self) -> Option<&str> {
        self.error("code")
    }

    /// Returns the error message, for people.
    pub fn error_message(&self) -> Option<&str> {
        self.error("message")
            .or_else(|| self.text("statusDescription"))
    }

    /// Returns all properties that the service sent.
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.json.get("error")?.get(name)?.as_str()
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.json.get(name)?.as_str()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// Returns a number. OneNote writes its percentage as text.
    fn number(&self, name: &str) -> Option<f64> {
        match self.json.get(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim_end_matches('%').trim().parse().ok(),
            _ => None,
        }
    }
}

impl LongRunningOperationStatus {
    /// Returns the status for one of Graph's words.
    #[doc(hidden)]
    pub fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "notstarted" => Self::NotStarted,
            "running" | "inprogress" | "waiting" | "updating" | "deleting" | "cancelpending" => {
                Self::Running
            }
            "completed" | "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "cancelled" | "canceled" | "deletefailed" => Self::Cancelled,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

impl fmt::Display for LongRunningOperationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "not started",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown(status) => return write!(f, "{}", OneLine(status)),
        })
    }
}

/// Prints the properties by the names that Graph sent, without secrets. Graph sends addresses that
/// need no token, and the result of an operation may be a credential.
impl fmt::Debug for LongRunningOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("LongRunningOperation");
        // An unknown status may be any text.
        let status = self.status.to_string();
        shown.field("status", &format_args!("{}", Text(&status)));
        for (name, value) in &self.json {
            match value {
                Value::Null => {}
                // `resourceLocation` and similar properties are addresses of Graph's. As a rule
                // they are useless without a token.
                Value::String(text) if name.ends_with("Location") => {
                    shown.field(name, &Text(text));
                }
                _ if name == "status" => {}
                value => {
                    shown.field(name, &Json { name, value });
                }
            }
        }
        shown.finish()
    }
}
