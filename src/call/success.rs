//! The one place that decides whether a response is a success.
//!
//! A status of 2xx is not enough. Graph's successes can hide three faults, and every call is
//! checked for them here:
//!
//! - a body that is cut off or missing, which the transport's `ExpectedBody` finds before the call
//!   ends, so that the call can be sent again;
//! - an error in the body;
//! - a running long-running operation where its result was expected.
//!
//! None of the checks parses a response that is valid.

use http::StatusCode;
use msgraph_core::decode::decode_error;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::response::Response;
use super::response_kind::ReceivedResponse;
use crate::error::{ApiError, EmptyResponseError, Error};
use crate::model::Declared;
use crate::model::json::Kept;
use crate::monitor::{LongRunningOperationStatus, monitor_address};
use crate::page::Page;
use crate::{Result, json};

/// The position of the declared type in the JSON.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// The type is the whole body.
    Root,
    /// The type is the member `value`, or an item of it.
    Value,
}

impl ReceivedResponse {
    /// Returns the body without surrounding white space, or `None` when it is empty or `null`.
    pub(super) fn body(&self) -> Option<&[u8]> {
        match json::trimmed(&self.response.body) {
            // Graph sometimes sends `null` instead of an empty body.
            b"" | b"null" => None,
            body => Some(body),
        }
    }

    /// Refuses an error in the body, and a long-running operation that is still running. `T` is the
    /// type that the call declares, and `place` is its position.
    pub(super) fn refuse<T: DeserializeOwned>(&self, body: &[u8], place: Place) -> Result<()> {
        self.response.refuse_error::<T>(body, place)?;
        if self.response.status != StatusCode::ACCEPTED {
            return Ok(());
        }
        match object_of(body) {
            Some(root)
                if is_operation(&self.response, &root, Declared::of::<T>().as_ref(), place) =>
            {
                Err(self.empty())
            }
            // The decoder reports a body that is not JSON.
            _ => Ok(()),
        }
    }

    /// Decodes a page of `Item`s. `T` is the type that the call declares. An `Item` may be a part
    /// of it.
    pub(crate) fn page<Item: DeserializeOwned, T: DeserializeOwned>(&self) -> Result<Page<Item>> {
        match self.body() {
            Some(body) => {
                self.refuse::<T>(body, Place::Value)?;
                self.response.decode::<Page<Item>, T>(body)
            }
            None => Err(self.empty()),
        }
    }

    /// Returns the error for a success without the type that the call declares.
    pub(crate) fn empty(&self) -> Error {
        let Response {
            status,
            headers,
            context,
            ..
        } = &self.response;
        let error = EmptyResponseError::within(*status, headers).of(context);
        match json::trimmed(&self.response.body) {
            b"" => error.without_body().into(),
            _ => error.into(),
        }
    }
}

impl Response {
    /// Refuses a Graph error in the body.
    ///
    /// Some types have an `error` property of their own: a long-running operation, or a part of an
    /// action's result. For this reason, the declared type decides. Where that type takes any
    /// object, only an object without properties of its own is an error.
    pub(super) fn refuse_error<T: DeserializeOwned>(
        &self,
        body: &[u8],
        place: Place,
    ) -> Result<()> {
        if !json::has_error_object(body) {
            return Ok(());
        }
        let Some(root) = object_of(body) else {
            return Ok(());
        };
        let declared = Declared::of::<T>();
        match find_error(&root, declared.as_ref(), place) {
            Some(error) => Err(self.refused(error)),
            None => Ok(()),
        }
    }

    /// Refuses a Graph error that is the body or a member of it, for a call that declares no JSON.
    pub(crate) fn refuse_any_error(&self) -> Result<()> {
        let body = json::trimmed(&self.body);
        if !json::has_error_object(body) {
            return Ok(());
        }
        match value_of(body) {
            Ok(root) => match Value::as_object(&root).and_then(own_error) {
                Some(error) => Err(self.refused(error)),
                None => Ok(()),
            },
            Err(error) => match json::prefix(body).as_ref().and_then(own_error) {
                Some(_) => {
                    let error = decode_error(body, "()", &error);
                    Err(self.not_decoded(*error, body).into())
                }
                None => Ok(()),
            },
        }
    }

    /// Decodes a body that has to be an object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>> {
        self.decode::<Map<String, Value>, Map<String, Value>>(&self.body)
    }

    fn refused(&self, error: &Map<String, Value>) -> Error {
        ApiError::within_success(&self.context, self.status, &self.headers, error).into()
    }
}

/// Reads an object, also one with values that `Value` cannot hold: an error beside a number beyond
/// `f64` is still an error.
fn object_of(body: &[u8]) -> Option<Map<String, Value>> {
    match value_of(body).ok()? {
        Value::Object(root) => Some(root),
        _ => None,
    }
}

/// Reads JSON into the nearest value that there is.
fn value_of(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| {
        let text = std::str::from_utf8(body).ok();
        let kept = text.and_then(|text| Kept::read(text).ok());
        kept.map(|kept| kept.value).ok_or(error)
    })
}

/// Finds the error in a success, at any position.
fn find_error<'v>(
    root: &'v Map<String, Value>,
    declared: Option<&Declared>,
    place: Place,
) -> Option<&'v Map<String, Value>> {
    if place == Place::Root {
        // An object with only an `error` is an error, even for a type that has an `error` property.
        // An entity of such a type has other members too.
        let is_bare = root.len() == 1;
        return own_error(root).filter(|_| is_bare || is_refused(root, declared));
    }
    let items = match root.get("value") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    // A page does not have an `error` property of its own.
    own_error(root).or_else(|| {
        let mut items = items.iter().filter_map(Value::as_object);
        items.find_map(|item| own_error(item).filter(|_| is_refused(item, declared)))
    })
}

/// Returns the member `error` of an object if it has the form of a Graph error.
fn own_error(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let error = object.get("error")?.as_object()?;
    error.get("code")?.is_string().then_some(error)
}

/// Checks whether the `error` of an object is a refusal and not a property.
fn is_refused(object: &Map<String, Value>, declared: Option<&Declared>) -> bool {
    let is_other_type = |declared: &Declared| {
        let odata_type = object.get("@odata.type").and_then(Value::as_str);
        odata_type.is_some_and(|odata_type| !declared.is_called(odata_type))
    };
    match declared {
        Some(declared) if declared.has("error") => false,
        Some(declared) if !is_other_type(declared) => true,
        // The properties of the object are not known.
        _ => object
            .keys()
            .all(|name| name.contains('@') || name == "error" || name == "value"),
    }
}

/// Checks whether the body of a 202 describes a running long-running operation, and not the type
/// that the call declares.
///
/// A 202 with the entity itself is a success. Graph responds so when licenses are assigned and when
/// calls are muted.
fn is_operation(
    response: &Response,
    root: &Map<String, Value>,
    declared: Option<&Declared>,
    place: Place,
) -> bool {
    if root.is_empty() {
        return true;
    }
    let is_declared = match place {
        Place::Root => declared.is_none_or(|declared| declared.has("status")),
        Place::Value => root.contains_key("value"),
    };
    let has_status = || {
        let status = root.get("status").and_then(Value::as_str);
        status.is_some_and(|status| {
            !matches!(
                LongRunningOperationStatus::of(status),
                LongRunningOperationStatus::Unknown(_)
            )
        })
    };
    !is_declared && (monitor_address(response).is_some() || has_status())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bytes::Bytes;
    use http::header::LOCATION;
    use http::{HeaderMap, HeaderValue, Method};
    use serde::Deserialize;

    use super::*;
    use crate::call::{Collection, CountOf, Entity, MaybeEntity, Nothing, ResponseKind};
    use crate::error::RequestContext;
    use crate::models::{DirectoryObject, MailTips, Team, TeamsAsyncOperation, User};

    const BOOM: &str = r#"{"code":"InternalServerError","message":"boom"}"#;

    fn received(status: u16, body: &str) -> ReceivedResponse {
        let context = RequestContext::new(Method::GET, "/users".to_owned());
        ReceivedResponse::new(Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.replace("BOOM", BOOM).as_bytes()),
            context,
        })
    }

    fn refused<A: ResponseKind>(body: &str) -> bool {
        match A::read(received(200, body)) {
            Ok(_) => false,
            Err(Error::Api(error)) => {
                assert_eq!(error.code(), Some("InternalServerError"), "{body}");
                assert_eq!(error.message(), Some("boom"), "{body}");
                assert_eq!(error.status(), StatusCode::OK);
                true
            }
            Err(error) => panic!("{body}: {error}"),
        }
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Badge {
        id: Option<String>,
    }

    #[test]
    fn error_in_success_is_found_at_any_position() {
        let alone = r#"{"error":BOOM}"#;
        let beside = r#"{"@odata.context":"c","id":"1","error":BOOM}"#;
        for body in [alone, beside, r#"{"error" : BOOM, "id":null}"#] {
            assert!(refused::<Entity<User>>(body), "{body}");
            assert!(refused::<MaybeEntity<User>>(body), "{body}");
            assert!(refused::<Entity<Badge>>(body), "{body}");
            assert!(refused::<Nothing>(body), "{body}");
        }
        for body in [
            alone,
            r#"{"error":BOOM,"value":[{"id":"1"}]}"#,
            r#"{"value":[{"id":"1"}],"error":BOOM}"#,
            r#"{"value":[{"id":"1"},{"error":BOOM},{"id":"3"}]}"#,
            r#"{"value":[{"id":"1","displayName":"a","error":BOOM}]}"#,
            r#"{"value":[{"id":"1","city":"half \ud83d"},{"error":BOOM}]}"#,
            r#"{"value":[{"id":"1","brandNew":1e999},{"error":BOOM}]}"#,
        ] {
            assert!(refused::<Collection<User>>(body), "{body}");
            assert!(refused::<crate::call::Value<Vec<User>>>(body), "{body}");
        }
        assert!(refused::<Collection<Value>>(
            r#"{"value":[{"error":BOOM}]}"#
        ));
        assert!(refused::<crate::call::Value<User>>(
            r#"{"value":{"error":BOOM}}"#
        ));
        assert!(refused::<Entity<Value>>(alone));
        assert!(refused::<Entity<Value>>(r#"{"error":BOOM,"value":[]}"#));
        assert!(refused::<CountOf>(alone));
        assert!(refused::<Entity<TeamsAsyncOperation>>(alone));
    }

    #[test]
    fn declared_error_property_is_data() {
        let operation = r#"{"@odata.context":"c","id":"1","status":"failed","error":BOOM}"#;
        assert!(!refused::<Entity<TeamsAsyncOperation>>(operation));
        assert!(!refused::<Entity<TeamsAsyncOperation>>(
            r#"{"@odata.context":"c","error":BOOM}"#
        ));
        assert!(!refused::<Entity<Value>>(operation));
        assert!(!refused::<Entity<HashMap<String, Value>>>(operation));
        for body in [
            r#"{"value":[{"emailAddress":{"address":"a"},"error":BOOM}]}"#,
            r#"{"value":[{"error":BOOM}]}"#,
        ] {
            assert!(!refused::<Collection<MailTips>>(body), "{body}");
            assert!(
                !refused::<crate::call::Value<Vec<MailTips>>>(body),
                "{body}"
            );
        }
        let derived = r##"{"value":[{"@odata.type":"#microsoft.graph.teamsAsyncOperation","id":"1",
                         "error":BOOM}]}"##;
        assert!(!refused::<Collection<DirectoryObject>>(derived));
        assert!(!refused::<Collection<Value>>(
            r#"{"value":[{"id":"1","error":BOOM}]}"#
        ));
        for body in [
            r#"{"id":"1","error":null}"#,
            r#"{"id":"1","error":"None"}"#,
            r#"{"id":"1","error":{"number":5}}"#,
            r#"{"id":"1","more":{"error":BOOM}}"#,
        ] {
            assert!(!refused::<Entity<User>>(body), "{body}");
        }
    }

    #[test]
    fn accepted_status_is_not_the_entity() {
        let outcome = |status, body: &str, location: bool| {
            let mut received = received(status, body);
            if location {
                let address = HeaderValue::from_static("/teams('1')/operations('2')");
                received.response.headers.insert(LOCATION, address);
            }
            Entity::<Team>::read(received)
        };
        for (body, location) in [
            (r#"{"id":"OPERATION","status":"running"}"#, false),
            (r#"{"id":"OPERATION","status":"notStarted"}"#, false),
            (r#"{"id":"OPERATION"}"#, true),
            ("{}", false),
            ("", false),
            ("null", true),
        ] {
            let error = outcome(202, body, location).unwrap_err();
            assert!(
                error.to_string().contains("`.monitor()`"),
                "{body}: {error}"
            );
            assert!(!error.is_retryable(), "{body}");
        }
        let team = r#"{"id":"1","displayName":"Contoso"}"#;
        assert_eq!(outcome(202, team, false).unwrap().id.as_deref(), Some("1"));
        assert_eq!(outcome(201, team, true).unwrap().id.as_deref(), Some("1"));
        assert!(outcome(200, "{}", false).is_ok());
    }

    #[test]
    fn accepted_body_is_read_where_declared() {
        let operation = r#"{"id":"1","status":"notStarted"}"#;
        let read = Entity::<TeamsAsyncOperation>::read(received(202, operation));
        assert_eq!(read.unwrap().id.as_deref(), Some("1"));
        assert!(Entity::<Value>::read(received(202, operation)).is_ok());
        assert!(Collection::<User>::read(received(202, operation)).is_err());
        assert!(MaybeEntity::<User>::read(received(202, operation)).is_err());
        for nothing in ["", "{}", "null"] {
            assert!(
                MaybeEntity::<User>::read(received(202, nothing))
                    .unwrap()
                    .is_none()
            );
        }
        assert!(Nothing::read(received(202, operation)).is_ok());
    }
}
