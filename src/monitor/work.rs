//! What is told of work under way.

use std::fmt;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::call::Response;
use crate::error::OneLine;
use crate::redact::{Json, Text};
use crate::{Result, json};

/// What Graph tells of work that it does.
///
/// Services tell it with different names: what can be asked for here is what they have in common, and [`json`](Self::json) is
/// all of it.
#[derive(Clone, PartialEq)]
pub struct Work {
    json: Map<String, Value>,
    status: WorkStatus,
}

/// How far work has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkStatus {
    /// It has not begun.
    NotStarted,
    /// It is under way.
    Running,
    /// It is done.
    Succeeded,
    /// It has failed: [`Work::error_code`] and [`Work::error_message`] say why.
    Failed,
    /// Somebody has cancelled it.
    Cancelled,
    /// What this crate does not know, as it came. It is taken for being under way.
    Unknown(String),
}

impl Work {
    /// Reads a response; `None` where there is nothing in it.
    ///
    /// What came of an operation may stand in the place of the operation: a response without a status is that, unless its own
    /// status is 202.
    ///
    /// # Errors
    ///
    /// An error of Graph's in the body that is not the operation's own, and a body that is not an object.
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
            Some(text) => WorkStatus::of(text),
            None => {
                response.refuse_any_error()?;
                match is_accepted {
                    true => WorkStatus::Running,
                    false => WorkStatus::Succeeded,
                }
            }
        };
        Ok(Some(Self { json, status }))
    }

    /// Checks whether nothing more will come of it.
    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.status,
            WorkStatus::Succeeded | WorkStatus::Failed | WorkStatus::Cancelled
        )
    }

    /// How far it has come.
    pub fn status(&self) -> &WorkStatus {
        &self.status
    }

    /// How much of it is done, from 0 to 100, where that is told.
    pub fn percentage(&self) -> Option<f64> {
        ["percentageComplete", "percentComplete"]
            .iter()
            .find_map(|name| self.number(name))
    }

    /// The id of what came of it, where that is told: of the copy, of the team.
    pub fn resource_id(&self) -> Option<&str> {
        ["resourceId", "targetResourceId", "id"]
            .iter()
            // Of an operation, `id` is its own; of what came of it, it is what is wanted.
            .filter(|name| **name != "id" || !self.json.contains_key("status"))
            .find_map(|name| self.text(name))
    }

    /// Where what came of it is, as it was told: a path below the version, or a whole URL.
    /// [`Graph::request`](crate::Graph::request) takes either.
    pub fn resource_location(&self) -> Option<&str> {
        ["resourceLocation", "targetResourceLocation"]
            .iter()
            .find_map(|name| self.text(name))
    }

    /// What went wrong, for programs.
    pub fn error_code(&self) -> Option<&str> {
        self.error("code")
    }

    /// What went wrong, for people.
    pub fn error_message(&self) -> Option<&str> {
        self.error("message")
            .or_else(|| self.text("statusDescription"))
    }

    /// All that was told.
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

    /// OneNote tells its percentage as text.
    fn number(&self, name: &str) -> Option<f64> {
        match self.json.get(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim_end_matches('%').trim().parse().ok(),
            _ => None,
        }
    }
}

impl WorkStatus {
    /// The status that a word of Graph's stands for.
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

impl fmt::Display for WorkStatus {
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

/// By the names that were sent, without secrets: Graph sends addresses that need no token, and what
/// came of work may be a credential.
impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Work");
        // A status that is not known may be any text.
        let status = self.status.to_string();
        shown.field("status", &format_args!("{}", Text(&status)));
        for (name, value) in &self.json {
            match value {
                Value::Null => {}
                // `resourceLocation` and its like are addresses of Graph's, and as a rule of no use
                // without a token.
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

    fn read(status: StatusCode, json: &'static str) -> Result<Option<Work>> {
        Work::read(&Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from_static(json.as_bytes()),
            context: RequestContext::new(Method::GET, "{monitorUrl}".to_owned()),
        })
    }

    fn work(json: &'static str) -> Option<Work> {
        read(StatusCode::OK, json).unwrap()
    }

    #[test]
    fn case_5_8_services_tell_the_same_in_different_words() {
        for (json, status, percentage) in [
            (
                r#"{"operation":"ItemCopy","percentageComplete":27.8,"status":"inProgress"}"#,
                WorkStatus::Running,
                Some(27.8),
            ),
            (
                r#"{"status":"Running","percentComplete":"40"}"#,
                WorkStatus::Running,
                Some(40.0),
            ),
            (r#"{"status":"notStarted"}"#, WorkStatus::NotStarted, None),
            (r#"{"status":"Completed"}"#, WorkStatus::Succeeded, None),
            (r#"{"status":"succeeded"}"#, WorkStatus::Succeeded, None),
            (r#"{"status":"failed"}"#, WorkStatus::Failed, None),
            (r#"{"status":"cancelled"}"#, WorkStatus::Cancelled, None),
            (
                r#"{"status":"pondering"}"#,
                WorkStatus::Unknown("pondering".to_owned()),
                None,
            ),
            (r#"{"id":"1","name":"copy"}"#, WorkStatus::Succeeded, None),
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
            assert_eq!(work.status(), &WorkStatus::Running, "{json}");
        }
        let over = read(StatusCode::ACCEPTED, r#"{"status":"completed"}"#)
            .unwrap()
            .unwrap();
        assert!(over.is_over());
    }

    #[test]
    fn an_error_without_a_status_is_not_a_success() {
        let boom = r#"{"error":{"code":"InternalServerError","message":"boom"}}"#;
        let error = read(StatusCode::OK, boom).unwrap_err();
        assert!(error.has_code("InternalServerError"), "{error}");
        let failed = work(r#"{"status":"failed","error":{"code":"c","message":"m"}}"#).unwrap();
        assert_eq!(failed.status(), &WorkStatus::Failed);
        assert_eq!(failed.error_code(), Some("c"));
    }

    #[test]
    fn what_came_of_it_goes_by_several_names() {
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
