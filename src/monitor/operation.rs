//! The state of a long-running operation, read from a response.

use http::StatusCode;
use msgraph_core::long_running_operation::{LongRunningOperation, LongRunningOperationStatus};
use serde_json::{Map, Value};

use crate::call::Response;
use crate::{Result, json};

/// Reads a response; returns `None` where it is empty.
///
/// A response may contain the result of an operation in place of the operation. A response
/// without a `status` is such a result, unless its HTTP status is 202.
///
/// # Errors
///
/// Returns an error when the body has an error of Graph's that is not the operation's own, and
/// when the body is not an object.
pub(super) fn read(response: &Response) -> Result<Option<LongRunningOperation>> {
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
    Ok(Some(LongRunningOperation::new(json, status)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;
    use crate::error::{Error, RequestContext};

    fn read(status: StatusCode, json: &'static str) -> Result<Option<LongRunningOperation>> {
        super::read(&Response {
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
