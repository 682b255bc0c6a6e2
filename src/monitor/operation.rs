//! The state of a long-running operation.

use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::call::Response;
use crate::error::OneLine;
use crate::redact::{Json, Text};
use crate::{Result, json};

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
    /// Reads a response; returns `None` where it is empty.
    ///
    /// A response may contain the result of an operation in place of the operation. A response
    /// without a `status` is such a result, unless its HTTP status is 202.
    ///
    /// # Errors
    ///
    /// Returns an error when the body has an error of Graph's that is not the operation's own, and
    /// when the body is not an object.
    pub(super) fn read(response: &Response) -> Result<Option<Self>> {
        let is_accepted = response.status == StatusCode::ACCEPTED;
        let is_empty = json::trimmed(&response.body).is_empty();
        if is_empty && !is_accepted {
            return Ok(None);
        }
        let json = match is_empty {
            true => Map::new(),
            false => response.object()?,
        };
        let status = match json.get("status").and_then(Value::as_str) {
            Some(text) => LongRunningOperationStatus::of(text),
            None => {
                response.refuse_any_error()?;
                match is_accepted {
                    true => LongRunningOperationStatus::Running,
                    false => LongRunningOperationStatus::Succeeded,
                }
            }
        };
        Ok(Some(Self { json, status }))
    }

    /// Checks whether the operation has ended.
    pub(super) fn is_over(&self) -> bool {
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
    /// absolute URL. [`Graph::request`](crate::Graph::request) takes either.
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
    pub(crate) fn of(text: &str) -> Self {
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::error::{Error, RequestContext};

    fn read(status: StatusCode, json: &'static str) -> Result<Option<LongRunningOperation>> {
        LongRunningOperation::read(&Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from_static(json.as_bytes()),
            context: RequestContext::new(Method::GET, "{monitorUrl}".to_owned()),
        })
    }

    fn work(json: &'static str) -> Option<LongRunningOperation> {
        read(StatusCode::OK, json).unwrap()
    }

    // Reported: microsoftgraph/msgraph-sdk-java#223, microsoftgraph/msgraph-sdk-dotnet#768.
    #[test]
    fn statuses_of_every_service_are_read() {
        for (json, status, percentage) in [
            (
                r#"{"operation":"ItemCopy","percentageComplete":27.8,"status":"inProgress"}"#,
                LongRunningOperationStatus::Running,
                Some(27.8),
            ),
            (
                r#"{"status":"Running","percentComplete":"40"}"#,
                LongRunningOperationStatus::Running,
                Some(40.0),
            ),
            (
                r#"{"status":"notStarted"}"#,
                LongRunningOperationStatus::NotStarted,
                None,
            ),
            (
                r#"{"status":"Completed"}"#,
                LongRunningOperationStatus::Succeeded,
                None,
            ),
            (
                r#"{"status":"succeeded"}"#,
                LongRunningOperationStatus::Succeeded,
                None,
            ),
            (
                r#"{"status":"failed"}"#,
                LongRunningOperationStatus::Failed,
                None,
            ),
            (
                r#"{"status":"cancelled"}"#,
                LongRunningOperationStatus::Cancelled,
                None,
            ),
            (
                r#"{"status":"pondering"}"#,
                LongRunningOperationStatus::Unknown("pondering".to_owned()),
                None,
            ),
            (
                r#"{"id":"1","name":"copy"}"#,
                LongRunningOperationStatus::Succeeded,
                None,
            ),
        ] {
            let work = work(json).unwrap();
            assert_eq!(
                (work.status(), work.percentage()),
                (&status, percentage),
                "{json}"
            );
        }
        assert_eq!(work(""), None);
        for other in ["[]", "<html>"] {
            let error = read(StatusCode::OK, other).unwrap_err();
            assert!(matches!(error, Error::Decode(_)), "{other}: {error}");
        }
    }

    #[test]
    fn a_202_without_a_status_is_still_running() {
        for json in ["", "{}", r#"{"percentageComplete":5}"#] {
            let work = read(StatusCode::ACCEPTED, json).unwrap().unwrap();
            assert_eq!(
                work.status(),
                &LongRunningOperationStatus::Running,
                "{json}"
            );
        }
        let over = read(StatusCode::ACCEPTED, r#"{"status":"completed"}"#)
            .unwrap()
            .unwrap();
        assert!(over.is_over());
    }

    #[test]
    fn error_without_status_is_not_success() {
        let boom = r#"{"error":{"code":"InternalServerError","message":"boom"}}"#;
        let error = read(StatusCode::OK, boom).unwrap_err();
        assert!(error.has_code("InternalServerError"), "{error}");
        let failed = work(r#"{"status":"failed","error":{"code":"c","message":"m"}}"#).unwrap();
        assert_eq!(failed.status(), &LongRunningOperationStatus::Failed);
        assert_eq!(failed.error_code(), Some("c"));
    }

    #[test]
    fn result_is_read_by_each_name() {
        let id = |json| work(json).unwrap().resource_id().map(str::to_owned);
        assert_eq!(
            id(r#"{"status":"completed","resourceId":"1"}"#).as_deref(),
            Some("1")
        );
        assert_eq!(
            id(r#"{"id":"op","status":"succeeded","targetResourceId":"2"}"#).as_deref(),
            Some("2")
        );
        assert_eq!(id(r#"{"id":"op","status":"running"}"#), None);
        assert_eq!(id(r#"{"id":"3","name":"copy"}"#).as_deref(), Some("3"));
    }
}
