//! Errors of the identity platform and of token providers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chrono::Utc;
use http::HeaderValue;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use super::retry_after::retry_after;
use super::sign_in_reason::SignInReason;
use super::{Source, TransportError, is_passing};
use crate::redact::OneLine;
use crate::redact::Text;

/// The number of bytes of a body that is kept when it is not an error in the platform's form.
const KEPT_OF_BODY: usize = 1024;

/// A sign-in that gave no token, because the identity platform refused or the token provider
/// failed.
///
/// The identity platform's errors are explained at
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>. Act on
/// [`error`](Self::error) and [`suberror`](Self::suberror), show the code, and give Microsoft's
/// support the correlation id. It prints as one line: `sign-in refused: 401 invalid_client
/// AADSTS7000215: Invalid client secret provided. …, correlation-id …, trace-id …`.
#[derive(Clone, Default)]
pub struct SignInError {
    /// The description of the fault, if it does not come from the platform.
    message: Option<String>,
    status: Option<StatusCode>,
    /// Large fields are boxed, so that results stay small.
    headers: Box<HeaderMap>,
    said: Box<ErrorBody>,
    body: Bytes,
    source: Option<Source>,
    transport: Option<Box<TransportError>>,
    /// `true` if only the user can help, although the platform has not said so.
    user_needed: bool,
    /// The address where the user signs in, if the user can help.
    interaction_url: Option<Arc<Url>>,
    is_unavailable: bool,
    /// The time that this client waits before the next request to the platform.
    held_for: Option<Duration>,
}

/// The members of the platform's error.
#[derive(Clone, Default)]
struct ErrorBody {
    error: Option<String>,
    description: Option<String>,
    codes: Vec<u64>,
    suberror: Option<String>,
    correlation_id: Option<String>,
    trace_id: Option<String>,
    timestamp: Option<String>,
    error_uri: Option<String>,
    claims: Option<String>,
}

impl SignInError {
    /// Creates an error of a custom token provider.
    ///
    /// ```
    /// use msgraph::auth::{AccessToken, TokenRequest};
    /// use msgraph::error::SignInError;
    ///
    /// let provider = |_: TokenRequest| async {
    ///     let text = std::fs::read_to_string("/run/secrets/graph-token")
    ///         .map_err(|error| SignInError::new("no token in /run/secrets").with_source(error))?;
    ///     Ok(AccessToken::new(text))
    /// };
    /// # let _ = msgraph::Graph::new(provider);
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Creates an error of a token provider whose user has to sign in again:
    /// [`needs_user`](Self::needs_user) returns `true` for it.
    ///
    /// ```
    /// use msgraph::error::SignInError;
    ///
    /// let error = SignInError::user_needed("no user is signed in at the broker");
    /// assert!(error.needs_user() && !error.is_retryable());
    /// ```
    pub fn user_needed(message: impl Into<String>) -> Self {
        Self {
            user_needed: true,
            ..Self::new(message)
        }
    }

    /// Creates the error from the redirect with which a browser returned ([RFC 6749,
    /// 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    #[doc(hidden)]
    pub fn from_redirect<'a>(error: &str, get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut said: Map<String, Value> = ["error_description", "error_uri", "suberror", "claims"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), get(name)?.into())))
            .collect();
        said.insert("error".to_owned(), error.into());
        // Here the ids are only in the text, each on its own line.
        let lines = get("error_description").unwrap_or_default().lines();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = match name {
                "Trace ID" => "trace_id",
                "Correlation ID" => "correlation_id",
                "Timestamp" => "timestamp",
                _ => continue,
            };
            said.insert(name.to_owned(), value.into());
        }
        Self {
            said: Box::new(ErrorBody::from_members(&said)),
            ..Self::default()
        }
    }

    /// Creates an error of a token provider that has no means to sign in where the program runs.
    /// Examples: no configuration, a tool that is not installed, no user signed in with it.
    ///
    /// A `ChainedCredential` continues with its next provider
    /// after this error, and after no other.
    ///
    /// ```
    /// use msgraph::error::SignInError;
    ///
    /// let error = SignInError::unavailable("no broker runs on this machine");
    /// assert!(error.is_unavailable() && !error.is_retryable());
    /// ```
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(message).into_unavailable()
    }

    /// Adds the cause. Its text is printed after the message, so it must not contain a secret.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Creates the error from any response of a token endpoint that is not a token.
    #[doc(hidden)]
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        Self {
            status: Some(status),
            headers: Box::new(headers.clone()),
            said: Box::new(ErrorBody::read(body)),
            body: Bytes::copy_from_slice(body.get(..KEPT_OF_BODY).unwrap_or(body)),
            ..Self::default()
        }
    }

    /// Creates the error for a token request that was lost, or whose response was lost.
    #[doc(hidden)]
    pub fn from_transport(error: TransportError) -> Self {
        Self {
            transport: Some(Box::new(error)),
            ..Self::default()
        }
    }

    /// Sets the correlation id that the request was sent with, unless the response contained one.
    #[doc(hidden)]
    pub fn or_correlation_id(mut self, id: Uuid) -> Self {
        self.said
            .correlation_id
            .get_or_insert_with(|| id.to_string());
        self
    }

    /// Sets the description of the fault, if the platform did not give one.
    #[doc(hidden)]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds the name of the provider in a chain that failed.
    #[doc(hidden)]
    pub fn of_link(mut self, name: &str) -> Self {
        let link = format!("`{name}` failed, and the chain does not continue after this error");
        self.message = Some(match self.message {
            Some(message) => format!("{message} ({link})"),
            None => link,
        });
        self
    }

    /// Marks the error as unavailable: it is not a refusal, but there are no means to sign in.
    #[doc(hidden)]
    pub fn into_unavailable(mut self) -> Self {
        self.is_unavailable = true;
        self
    }

    /// Returns the status of the platform's response. Returns `None` if the platform did not
    /// respond, or received no request.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the error code for programs ([RFC 6749,
    /// 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)): `invalid_client`,
    /// `invalid_grant`, `interaction_required` …
    pub fn error(&self) -> Option<&str> {
        self.said.error.as_deref()
    }

    /// Returns the numbers after `AADSTS`, the specific one first: `7000215` for a wrong secret.
    pub fn codes(&self) -> &[u64] {
        &self.said.codes
    }

    /// Returns the reason of the failure, if the number identifies it: a wrong secret, a missing
    /// consent, a policy of Conditional Access …
    ///
    /// ```
    /// use msgraph::Error;
    /// use msgraph::error::SignInReason;
    ///
    /// fn advice(error: &Error) -> &'static str {
    ///     match error {
    ///         Error::SignIn(error) => match error.reason() {
    ///             Some(SignInReason::ExpiredSecret) => "make a new secret in the portal",
    ///             Some(SignInReason::ConsentRequired) => "open the address of admin consent",
    ///             _ => "see the code",
    ///         },
    ///         _ => "",
    ///     }
    /// }
    /// ```
    pub fn reason(&self) -> Option<SignInReason> {
        SignInReason::of(&self.said.codes)
    }

    /// Returns the description for people. The platform's ids and a time follow on further lines.
    pub fn description(&self) -> Option<&str> {
        self.said.description.as_deref()
    }

    /// Returns the detail that tells what to do about the error: `bad_token`, `consent_required`,
    /// `message_only` …
    pub fn suberror(&self) -> Option<&str> {
        self.said.suberror.as_deref()
    }

    /// Returns the id that Microsoft's support asks for, which is also in the platform's sign-in
    /// logs. If the response had none, or was lost, it is the id that the request was sent with.
    pub fn correlation_id(&self) -> Option<&str> {
        self.said.correlation_id.as_deref()
    }

    /// Returns the platform's own id of the request.
    pub fn trace_id(&self) -> Option<&str> {
        self.said.trace_id.as_deref()
    }

    /// Returns the time of the error by the platform's clock: `2026-01-02 03:04:05Z`.
    pub fn timestamp(&self) -> Option<&str> {
        self.said.timestamp.as_deref()
    }

    /// Returns the address of the platform's page about the code.
    pub fn error_uri(&self) -> Option<&str> {
        self.said.error_uri.as_deref()
    }

    /// Returns the claims that the user has to meet, as JSON. Pass them to the next interactive
    /// sign-in (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).
    pub fn claims(&self) -> Option<&str> {
        self.said.claims.as_deref()
    }

    /// Returns the address, to open in a browser, where the user can meet the requirement,
    /// including the claims. It exists if only the user can help ([`needs_user`](Self::needs_user))
    /// and the platform has said so. A program that needs the user to return afterwards starts a
    /// sign-in instead
    /// (`AuthorizationCodeFlow::claims`).
    pub fn interaction_url(&self) -> Option<&Url> {
        self.interaction_url.as_deref()
    }

    #[doc(hidden)]
    pub fn with_interaction_url(mut self, url: Url) -> Self {
        self.interaction_url = Some(Arc::new(url));
        self
    }

    /// Returns the `WWW-Authenticate` header of the 401 with which a web API responds to its
    /// caller. It is for a user who has to meet more claims than the caller's token does, because
    /// only the caller can ask the user. Returns `None` if there are no claims.
    ///
    /// ```
    /// # use msgraph::Error;
    /// fn challenge(error: &Error) -> Option<http::HeaderValue> {
    ///     match error {
    ///         Error::SignIn(error) => error.www_authenticate(),
    ///         _ => None,
    ///     }
    /// }
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide>
    pub fn www_authenticate(&self) -> Option<HeaderValue> {
        let claims = BASE64_STANDARD.encode(self.claims()?);
        let challenge =
            format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{claims}\"");
        HeaderValue::try_from(challenge).ok()
    }

    /// Returns how long to wait before the next attempt: `Retry-After`, rounded up to whole
    /// seconds.
    ///
    /// If the platform was unreachable or overloaded and did not say how long, the client waits a
    /// moment before its next request. A call that fails during this wait returns the remaining
    /// time.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = || retry_after(self.status?, &self.headers, Utc::now());
        self.held_for.or_else(asked)
    }

    #[doc(hidden)]
    pub fn with_retry_after(mut self, time: Duration) -> Self {
        self.held_for = Some(time);
        self
    }

    /// Returns the first KiB of the unchanged response, if it was not a token. This crate never
    /// prints it, because it may hold a secret. Programs should take the same care.
    pub fn raw_body(&self) -> &[u8] {
        &self.body
    }

    /// Checks whether only the user can help, by signing in again. Reasons are consent, a second
    /// factor, an invalid refresh token, or a sign-in that the user declined or let expire.
    pub fn needs_user(&self) -> bool {
        let by_word = matches!(
            self.error(),
            Some(
                "interaction_required"
                    | "consent_required"
                    | "login_required"
                    | "invalid_grant"
                    | "access_denied"
                    | "authorization_declined"
                    | "expired_token"
            )
        );
        // The platform reports too many requests with the code of an invalid refresh token
        // (AADSTS50196). The user cannot fix that.
        self.user_needed || (by_word && self.reason() != Some(SignInReason::Throttled))
    }

    /// Checks whether the same sign-in may succeed later, with nothing changed.
    ///
    /// `invalid_grant`, `invalid_client` and `interaction_required` never do.
    pub fn is_retryable(&self) -> bool {
        /// The codes of temporary faults that have an `error` value of their own.
        const PASSING: [u64; 4] = [90006, 90024, 90033, 90090];
        if let Some(transport) = &self.transport {
            return transport.is_retryable();
        }
        match self.error() {
            Some("temporarily_unavailable" | "server_error") => true,
            Some("invalid_grant" | "invalid_client" | "interaction_required") => false,
            _ => {
                self.codes().iter().any(|code| PASSING.contains(code))
                    || self.status().is_some_and(is_passing)
            }
        }
    }

    /// Checks whether there are no means to sign in where the program runs, so that another
    /// provider may be tried: see [`unavailable`](Self::unavailable).
    pub fn is_unavailable(&self) -> bool {
        self.is_unavailable
    }

    #[doc(hidden)]
    pub fn is_timeout(&self) -> bool {
        self.transport
            .as_ref()
            .is_some_and(|transport| transport.is_timeout())
    }
}

impl ErrorBody {
    fn read(body: &[u8]) -> Self {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        match serde_json::from_slice(body) {
            Ok(Value::Object(said)) => Self::from_members(&said),
            _ => Self::default(),
        }
    }

    fn from_members(said: &Map<String, Value>) -> Self {
        // Endpoints of managed identities use members of their own for the same content: App
        // Service uses `message`, Service Fabric and Cloud Shell use a nested object.
        let within = said.get("error").and_then(Value::as_object);
        let within = |name| within.and_then(|error| string(error, name));
        let description = string(said, "error_description")
            .or_else(|| within("message"))
            .or_else(|| string(said, "message"));
        let mut codes: Vec<u64> = said
            .get("error_codes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()))
            .collect();
        if codes.is_empty() {
            let (code, _) = split_code(description.as_deref().unwrap_or_default());
            codes.extend(code);
        }
        Self {
            error: string(said, "error").or_else(|| within("code")),
            codes,
            suberror: string(said, "suberror"),
            correlation_id: string(said, "correlation_id")
                .or_else(|| within("correlationId"))
                .or_else(|| string(said, "correlationId")),
            trace_id: string(said, "trace_id"),
            timestamp: string(said, "timestamp"),
            error_uri: string(said, "error_uri"),
            // The claims are JSON text inside the JSON. No service is known to send an object, but
            // it would mean the same.
            claims: match said.get("claims") {
                Some(claims @ Value::Object(_)) => Some(claims.to_string()),
                _ => string(said, "claims"),
            },
            description,
        }
    }
}

/// Splits `AADSTS50034: No such user.` into the number and the rest.
fn split_code(description: &str) -> (Option<u64>, &str) {
    let split = || {
        let rest = description.strip_prefix("AADSTS")?;
        let (number, rest) = rest.split_once(':')?;
        Some((number.parse().ok()?, rest.trim_start()))
    };
    match split() {
        Some((number, rest)) => (Some(number), rest),
        None => (None, description),
    }
}

fn string(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            status,
            said,
            source,
            transport,
            ..
        } = self;
        match status {
            Some(status) if !status.is_success() => {
                write!(f, "sign-in refused: {}", status.as_u16())?;
                match (&said.error, status.canonical_reason()) {
                    (Some(error), _) => write!(f, " {}", OneLine(error))?,
                    (None, Some(reason)) => write!(f, " {reason}")?,
                    (None, None) => {}
                }
            }
            _ => match &said.error {
                Some(error) => write!(f, "sign-in refused: {}", OneLine(error))?,
                None => f.write_str("sign-in failed")?,
            },
        }
        for code in &said.codes {
            write!(f, " AADSTS{code}")?;
        }
        if let Some(suberror) = &said.suberror {
            write!(f, " ({})", OneLine(suberror))?;
        }
        if let Some(description) = &said.description {
            // Ids and time follow on lines of their own, and have members of their own.
            let (_, sentence) = split_code(description.lines().next().unwrap_or_default());
            write!(f, ": {}", OneLine(sentence.trim_end_matches('.')))?;
        }
        if let Some(message) = message {
            write!(f, ": {}", OneLine(message))?;
        }
        if let Some(transport) = transport {
            write!(f, ": {transport}")?;
        }
        if let Some(source) = source {
            write!(f, ": {}", OneLine(&source.to_string()))?;
        }
        if let Some(id) = &said.correlation_id {
            write!(f, ", correlation-id {}", OneLine(id))?;
        }
        if let Some(id) = &said.trace_id {
            write!(f, ", trace-id {}", OneLine(id))?;
        }
        Ok(())
    }
}

/// Omits the headers and the body, because they have not been checked for secrets.
impl fmt::Debug for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInError")
            .field("message", &self.message.as_deref().map(Text))
            .field("status", &self.status)
            .field("error", &self.error())
            .field("codes", &self.codes())
            .field("suberror", &self.suberror())
            .field("description", &self.description().map(Text))
            .field("correlation_id", &self.correlation_id())
            .field("trace_id", &self.trace_id())
            .field("claims", &self.claims())
            .field("transport", &self.transport)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for SignInError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match (&self.source, &self.transport) {
            (Some(source), _) => Some(&**source as &(dyn std::error::Error + 'static)),
            (None, Some(transport)) => Some(&**transport),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> SignInError {
        SignInError::from_response(
            StatusCode::from_u16(status).unwrap(),
            &HeaderMap::new(),
            body.as_bytes(),
        )
    }

    #[test]
    fn sign_in_error_keeps_all_details() {
        let error = refused(
            400,
            &serde_json::json!({
                "error": "invalid_grant",
                "error_description":
                    "AADSTS70008: The refresh token has expired.\r\nTrace ID: t\r\n\
                     Correlation ID: c\r\nTimestamp: 2026-01-02 03:04:05Z",
                "error_codes": [70008],
                "timestamp": "2026-01-02 03:04:05Z",
                "trace_id": "t",
                "correlation_id": "c",
                "error_uri": "https://login.microsoftonline.com/error?code=70008",
                "suberror": "bad_token",
                "claims": "{\"access_token\":{}}",
            })
            .to_string(),
        );
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(error.error(), Some("invalid_grant"));
        assert_eq!(error.codes(), [70008]);
        assert_eq!(error.suberror(), Some("bad_token"));
        assert_eq!(error.correlation_id(), Some("c"));
        assert_eq!(error.trace_id(), Some("t"));
        assert_eq!(error.timestamp(), Some("2026-01-02 03:04:05Z"));
        assert_eq!(
            error.error_uri(),
            Some("https://login.microsoftonline.com/error?code=70008")
        );
        assert_eq!(error.claims(), Some(r#"{"access_token":{}}"#));
        assert!(error.needs_user() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            "sign-in refused: 400 invalid_grant AADSTS70008 (bad_token): The refresh token has \
             expired, correlation-id c, trace-id t"
        );
    }

    #[test]
    fn transport_error_is_source_of_sign_in_error() {
        let error = SignInError::from_transport(TransportError::new("no connection"));
        let source = std::error::Error::source(&error).expect("a source");
        assert!(source.is::<TransportError>());
    }

    #[test]
    fn missing_code_is_read_from_description() {
        let error = refused(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Wrong secret."}"#,
        );
        assert_eq!(error.codes(), [7000215]);
        assert_eq!(
            error.to_string(),
            "sign-in refused: 401 invalid_client AADSTS7000215: Wrong secret"
        );
    }

    #[test]
    fn managed_identity_errors_are_read_in_their_forms() {
        let app_service = refused(
            400,
            r#"{"statusCode":400,"message":"Not found.","correlationId":"c"}"#,
        );
        assert_eq!(
            app_service.to_string(),
            "sign-in refused: 400 Bad Request: Not found, correlation-id c"
        );
        let service_fabric = refused(
            401,
            r#"{"error":{"correlationId":"c","code":"SecretHeaderNotFound",
               "message":"Secret is not found."}}"#,
        );
        assert_eq!(service_fabric.error(), Some("SecretHeaderNotFound"));
        assert_eq!(
            service_fabric.to_string(),
            "sign-in refused: 401 SecretHeaderNotFound: Secret is not found, correlation-id c"
        );
    }

    #[test]
    fn unavailable_credential_is_not_a_refusal() {
        let error = SignInError::unavailable("no broker").with_source("not found");
        assert!(error.is_unavailable() && !error.is_retryable());
        assert_eq!(error.to_string(), "sign-in failed: no broker: not found");
        assert!(!SignInError::new("no broker").is_unavailable());
        assert!(!refused(400, "").is_unavailable());
        assert!(refused(400, "").into_unavailable().is_unavailable());
    }

    #[test]
    fn non_json_error_keeps_its_status() {
        for body in [
            "",
            "<html>token=secret</html>",
            r#"{"error":{"x":1}}"#,
            r#"{"error":"#,
        ] {
            let error = refused(503, body);
            assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
            assert_eq!(error.raw_body(), body.as_bytes());
            assert_eq!(
                error.to_string(),
                "sign-in refused: 503 Service Unavailable"
            );
            assert!(error.is_retryable());
            assert!(!format!("{error:?}").contains("secret"));
        }
    }

    #[test]
    fn transient_errors_differ_from_final_ones() {
        assert!(refused(400, r#"{"error":"temporarily_unavailable"}"#).is_retryable());
        assert!(
            refused(400, r#"{"error":"invalid_request","error_codes":[90033]}"#).is_retryable()
        );
        assert!(refused(429, "").is_retryable());
        assert!(!refused(401, r#"{"error":"invalid_client"}"#).is_retryable());
        assert!(!refused(400, r#"{"error":"invalid_grant","error_codes":[50196]}"#).is_retryable());
        assert!(!SignInError::new("no token in the vault").is_retryable());
    }
}
