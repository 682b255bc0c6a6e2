//! What is told of work under way.

use std::fmt;

use serde_json::{Map, Value};

use crate::call::Response;

/// What Graph tells of work that it does.
///
/// Services tell it with different names: what can be asked for here is what they have in common, and [`json`](Self::json) is
/// all of it.
#[derive(Clone, Debug, PartialEq)]
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
    /// Reads an answer; `None` where there is nothing in it.
    ///
    /// Work that is over may be told of by what came of it: an answer without a status is that.
    pub(super) fn read(answer: &Response) -> Option<Self> {
        let Ok(Value::Object(json)) = serde_json::from_slice(&answer.body) else {
            return None;
        };
        let text = json.get("status").and_then(Value::as_str);
        let status = match text.map(str::to_ascii_lowercase).as_deref() {
            None => WorkStatus::Succeeded,
            Some("notstarted") => WorkStatus::NotStarted,
            Some(
                "running" | "inprogress" | "waiting" | "updating" | "deleting" | "cancelpending",
            ) => WorkStatus::Running,
            Some("completed" | "succeeded") => WorkStatus::Succeeded,
            Some("failed") => WorkStatus::Failed,
            Some("cancelled" | "canceled" | "deletefailed") => WorkStatus::Cancelled,
            Some(_) => WorkStatus::Unknown(text.unwrap_or_default().to_owned()),
        };
        Some(Self { json, status })
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

impl fmt::Display for WorkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "not started",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown(status) => status,
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn work(json: &'static str) -> Option<Work> {
        Work::read(&Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(json.as_bytes()),
        })
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
        for nothing in ["", "[]", "<html>"] {
            assert_eq!(work(nothing), None);
        }
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
