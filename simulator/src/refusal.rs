//! The refusals of Graph, in Graph's words. The texts are those that the service sends. A client
//! must not depend on them, and a test that does would show here.

use chrono::{DateTime, Utc};
use http::header::{ALLOW, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::description::schema::Schemas;
use crate::service::Service;

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    code: String,
    /// The parts that few refusals have.
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, Default)]
struct More {
    target: Option<String>,
    details: Vec<Value>,
    inner_code: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self {
            status,
            code,
            message,
            more: None,
        }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Returns a refusal in the form that most refusals of Graph's own layer have.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// Returns a refusal of a query in the directory's form.
    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    }

    /// Returns another refusal of the directory.
    pub(crate) fn directory(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// Returns a refusal of a body by the OData reader.
    pub(crate) fn body(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "RequestBodyRead", message)
    }

    /// Returns the refusal for a fault of the simulator itself: its description cannot be read.
    pub(crate) fn description(message: &str) -> Self {
        let message = format!("The simulator cannot read its description: {message}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            message,
        )
    }

    /// Returns the refusal of what the simulator does not simulate.
    pub(crate) fn not_simulated(what: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotSimulated",
            format!(
                "The simulator does not simulate {what}. Define the response with \
                 `Simulator::on(method, path, response)`, or with `POST /responses` at the control \
                 interface."
            ),
        )
    }

    pub(crate) fn unknown_segment(segment: &str) -> Self {
        Self::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn method<'a>(allowed: impl Iterator<Item = &'a Method>) -> Self {
        let mut refusal = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        );
        let allowed: Vec<_> = allowed.map(Method::as_str).collect();
        refusal.more().headers.push((ALLOW, allowed.join(", ")));
        refusal
    }

    pub(crate) fn unknown_property(property: &str, type_name: &str) -> Self {
        Self::bad_request(format!(
            "Could not find a property named '{property}' on type '{type_name}'."
        ))
    }

    pub(crate) fn option(name: &str, message: impl std::fmt::Display) -> Self {
        Self::bad_request(format!(
            "The query specified in the URI is not valid. Query option '{name}': {message}"
        ))
    }

    pub(crate) fn option_not_allowed(name: &str) -> Self {
        Self::bad_request(format!(
            "The query specified in the URI is not valid. Query option '{name}' is not allowed. To \
             allow it, set the 'AllowedQueryOptions' property on EnableQueryAttribute or \
             QueryValidationSettings."
        ))
    }

    pub(crate) fn option_twice(name: &str) -> Self {
        Self::bad_request(format!(
            "Query option '{name}' was specified more than once, but it must be specified at most \
             once."
        ))
    }

    pub(crate) fn option_missing(name: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ErrorInvalidParameter",
            format!("This request requires a value for the query parameter '{name}'."),
        )
    }

    /// Returns the refusal of an entity that does not exist, in the words of its service.
    pub(crate) fn not_found(schemas: &Schemas, type_name: &str, key: &str) -> Self {
        let missing = |code, message: &str| Self::new(StatusCode::NOT_FOUND, code, message);
        match Service::of(schemas, type_name) {
            // The directory checks the form of an id before it searches for it. Users are also
            // found by name.
            Service::Directory
                if type_name != "microsoft.graph.user" && !crate::ids::is_guid(key) =>
            {
                Self::directory(format!("Invalid object identifier '{key}'."))
            }
            Service::Directory => missing(
                "Request_ResourceNotFound",
                &format!(
                    "Resource '{key}' does not exist or one of its queried reference-property \
                     objects are not present."
                ),
            ),
            Service::Outlook if is_unsimulated_folder(type_name, key) => {
                Self::not_simulated(format!("the folder `{key}`"))
            }
            // Categories have GUIDs as ids.
            Service::Outlook
                if type_name != "microsoft.graph.outlookCategory"
                    && !crate::ids::is_exchange_id(key) =>
            {
                Self::new(
                    StatusCode::BAD_REQUEST,
                    "ErrorInvalidIdMalformed",
                    "Id is malformed.",
                )
            }
            Service::Outlook => missing(
                "ErrorItemNotFound",
                "The specified object was not found in the store.",
            ),
            Service::Files => missing("itemNotFound", "Item not found"),
            Service::Teams => {
                let mut refusal = missing(
                    "NotFound",
                    &format!("No object was found with the id '{key}'."),
                );
                refusal.more().inner_code = Some("ItemNotFound".into());
                refusal
            }
            Service::Planner => missing("", "The requested item is not found."),
            Service::Other => missing(
                "ResourceNotFound",
                &format!("Resource '{key}' could not be found."),
            ),
        }
    }

    /// Returns the refusal of a navigation property without a target.
    pub(crate) fn nothing_related(schemas: &Schemas, type_name: &str, relation: &str) -> Self {
        match Service::of(schemas, type_name) {
            Service::Directory => Self::new(
                StatusCode::NOT_FOUND,
                "Request_ResourceNotFound",
                format!(
                    "Resource '{relation}' does not exist or one of its queried reference-property \
                     objects are not present."
                ),
            ),
            Service::Outlook => Self::new(
                StatusCode::NOT_FOUND,
                "ErrorItemNotFound",
                "The specified object was not found in the store.",
            ),
            _ => Self::not_found(schemas, type_name, relation),
        }
    }

    pub(crate) fn precondition(service: Service) -> Self {
        match service {
            Service::Files => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "resourceModified",
                "ETag does not match current item's value",
            ),
            Service::Outlook => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "ErrorIrresolvableConflict",
                "The send or update operation could not be performed because the change key passed \
                 in the request does not match the current change key for the item.",
            ),
            _ => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "",
                "The If-Match header contains a stale ETag value.",
            ),
        }
    }

    pub(crate) fn if_match_missing() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "",
            "The If-Match header must be specified for this kind of request.",
        )
    }

    /// Returns the refusal of a token; `challenge` is the value of `WWW-Authenticate`.
    pub(crate) fn token(message: &str, challenge: String) -> Self {
        let mut refusal = Self::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            message,
        );
        refusal.more().headers.push((WWW_AUTHENTICATE, challenge));
        refusal
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.more().headers.push((name, value.to_owned()));
        self
    }

    /// Adds a more exact error code, in `innerError`.
    pub(crate) fn inner_code(mut self, code: &str) -> Self {
        self.more().inner_code = Some(code.to_owned());
        self
    }

    /// Adds the property that was at fault.
    pub(crate) fn detail(mut self, code: &str, target: &str, message: &str) -> Self {
        self.more()
            .details
            .push(json!({ "code": code, "target": target, "message": message }));
        self
    }

    pub(crate) fn target(mut self, target: &str) -> Self {
        self.more().target = Some(target.to_owned());
        self
    }

    /// Returns Graph's error JSON. `innerError` has the time without zone and fraction.
    pub(crate) fn answer(
        &self,
        now: DateTime<Utc>,
        request_id: &str,
        client_request_id: &str,
    ) -> Answer {
        let mut inner = json!({
            "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": request_id,
            "client-request-id": client_request_id,
        });
        if let Some(code) = self.more.as_ref().and_then(|more| more.inner_code.as_ref()) {
            inner["code"] = json!(code);
        }
        let mut error = json!({ "code": self.code, "message": self.message, "innerError": inner });
        if let Some(more) = &self.more {
            if let Some(target) = &more.target {
                error["target"] = json!(target);
            }
            if !more.details.is_empty() {
                error["details"] = json!(more.details);
            }
        }
        let mut answer = Answer::bytes(
            self.status,
            "application/json",
            json!({ "error": error }).to_string(),
        );
        for (name, value) in self.more.iter().flat_map(|more| &more.headers) {
            if let Ok(value) = HeaderValue::from_str(value) {
                answer.headers.insert(name.clone(), value);
            }
        }
        answer
    }
}

/// Checks whether the key is the name of a folder that Exchange has and the simulator lacks.
fn is_unsimulated_folder(type_name: &str, key: &str) -> bool {
    const NAMES: [&str; 8] = [
        "clutter",
        "conflicts",
        "localfailures",
        "recoverableitemsdeletions",
        "scheduled",
        "searchfolders",
        "serverfailures",
        "syncissues",
    ];
    let mut names = NAMES.iter();
    type_name == "microsoft.graph.mailFolder" && names.any(|name| name.eq_ignore_ascii_case(key))
}
