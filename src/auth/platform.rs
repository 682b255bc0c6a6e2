//! The identity platform's token endpoint, spoken to by the oauth2 crate.
//!
//! That crate builds the requests and reads the answers; this module gives it a way to send them and types that take what
//! the platform really sends: `expires_in` as a number or as text, members that nobody knows, errors without JSON.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use oauth2::basic::{
    BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, ClientId, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, RequestTokenError, Scope, StandardRevocableToken, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use tokio::time::sleep;
use tracing::Instrument;
use url::Url;

use super::claims::claims;
use super::{Secret, Token, TokenRequest};
use crate::error::{SignInError, TransportError, kind_of_loss};
use crate::transport::{self, trace};
use crate::{Cloud, Result};

/// An application as the identity platform knows it.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) tenant: String,
    pub(super) client_id: String,
    /// None for a public client.
    pub(super) secret: Option<Secret<String>>,
}

impl App {
    /// An application without a secret: a public client, or one that an assertion speaks for.
    pub(super) fn public(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            secret: None,
        }
    }

    /// An application signs in to a tenant of its own. The platform refuses these names as well, in words that do not name the
    /// tenant (AADSTS9001023 and others).
    ///
    /// # Errors
    ///
    /// When the tenant stands for whichever one a user is of.
    pub(super) fn has_own_tenant(&self) -> Result<()> {
        match self.tenant.to_ascii_lowercase().as_str() {
            tenant @ ("common" | "organizations" | "consumers") => Err(SignInError::new(format!(
                "an application signs in to a tenant of its own, not to `{tenant}`: give the tenant's id or domain"
            ))
            .into()),
            _ => Ok(()),
        }
    }
}

/// What an assertion is of: <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Client = oauth2::Client<
    Refusal,
    Grant,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The token endpoint of an application's tenant.
pub(super) struct Platform<'a> {
    client: Client,
    request: &'a TokenRequest,
}

/// # Errors
///
/// When the tenant's name cannot stand in the endpoint's URL.
pub(super) fn platform<'a>(app: &App, request: &'a TokenRequest) -> Result<Platform<'a>> {
    let client = oauth2::Client::new(ClientId::new(app.client_id.clone()))
        .set_token_uri(TokenUrl::from_url(endpoint(request.cloud(), &app.tenant)?))
        .set_auth_type(AuthType::RequestBody);
    let client = match &app.secret {
        Some(secret) => {
            client.set_client_secret(oauth2::ClientSecret::new(secret.expose().clone()))
        }
        None => client,
    };
    Ok(Platform { client, request })
}

pub(super) fn endpoint(cloud: &Cloud, tenant: &str) -> Result<Url> {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    if tenant.is_empty() || !tenant.chars().all(is_name) || tenant.chars().all(|sign| sign == '.') {
        let message = format!(
            "`{}` is neither the id nor a domain of a tenant",
            tenant.escape_debug()
        );
        return Err(SignInError::new(message).into());
    }
    let url = format!("{}/{tenant}/oauth2/v2.0/token", cloud.login());
    Url::parse(&url).map_err(|error| {
        SignInError::new(format!("the token endpoint `{url}` is no URL"))
            .with_source(error)
            .into()
    })
}

impl Platform<'_> {
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
    ///
    /// Without a secret, an assertion says who the application is.
    pub(super) async fn client_credentials(
        &self,
        assertion: Option<&Secret<String>>,
    ) -> Result<Grant> {
        let endpoint = Endpoint::new(self.request);
        let mut exchange = self
            .client
            .exchange_client_credentials()
            .add_scope(Scope::new(self.request.scope().to_owned()))
            .add_extra_param("claims", claims(self.request.claims()));
        if let Some(assertion) = assertion {
            exchange = exchange
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion.expose().as_str());
        }
        let granted = exchange.request_async(&endpoint).await;
        endpoint.judge(granted)
    }

    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>
    pub(super) async fn refresh_token(&self, token: &Secret<String>, scope: &str) -> Result<Grant> {
        let endpoint = Endpoint::new(self.request);
        let token = oauth2::RefreshToken::new(token.expose().clone());
        let granted = self
            .client
            .exchange_refresh_token(&token)
            .add_scope(Scope::new(scope.to_owned()))
            .add_extra_param("claims", claims(self.request.claims()))
            .request_async(&endpoint)
            .await;
        endpoint.judge(granted)
    }
}

/// A success ([RFC 6749, 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), with the platform's `refresh_in`.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Grant {
    access_token: AccessToken,
    #[serde(
        default = "bearer",
        deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive"
    )]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<Duration>,
    #[serde(default)]
    refresh_token: Option<oauth2::RefreshToken>,
}

impl Grant {
    pub(super) fn token(&self) -> Token {
        let mut token = Token::new(self.access_token.secret().clone());
        if let Some(life) = self.expires_in {
            token = token.expires_in(life);
        }
        if let Some(age) = self.refresh_in {
            token = token.renew_in(age);
        }
        token
    }

    pub(super) fn refresh_token(&self) -> Option<Secret<String>> {
        let token = self.refresh_token.as_ref()?.secret();
        (!token.is_empty()).then(|| Secret::new(token.clone()))
    }
}

impl TokenResponse for Grant {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    fn refresh_token(&self) -> Option<&oauth2::RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        // Told for information: it may hold more or less than was asked for, in short names or full ones.
        None
    }
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

/// A number of seconds, as a number or as text. What is neither says nothing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// A refusal ([RFC 6749, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)). Its members are read by
/// [`SignInError`], which takes them from the answer itself: they may be missing, or of another type.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
struct Refusal(Map<String, Value>);

impl oauth2::ErrorResponse for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the identity platform refused")
    }
}

/// What stands in traces for the address of a token endpoint.
const TEMPLATE: &str = "/{tenant}/oauth2/v2.0/token";

/// How long a token request waits before it is made once more: what Microsoft's libraries wait.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_secs(1);

/// Whether a token request may do better the second time, and is not asked to wait longer: then the calls that need it wait.
/// It may be made again whatever became of the first one, since a refresh token stays good after its use.
fn is_worth_another_try(answer: &Result<Answer, TransportError>) -> bool {
    match answer {
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => false,
        Ok(answer) if answer.status.is_success() => false,
        Ok(answer) => {
            let error = SignInError::from_response(answer.status, &answer.headers, &answer.body);
            error.is_retryable() && error.retry_after().is_none()
        }
        Err(lost) => lost.is_retryable(),
    }
}

/// Sends one token request, and keeps the answer for what the oauth2 crate does not tell of it.
struct Endpoint<'a> {
    request: &'a TokenRequest,
    answer: Mutex<Option<Answer>>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl<'a> Endpoint<'a> {
    fn new(request: &'a TokenRequest) -> Self {
        Self {
            request,
            answer: Mutex::new(None),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut answer = self.post(request.clone()).await;
        if is_worth_another_try(&answer) {
            sleep(BEFORE_ANOTHER_TRY).await;
            answer = self.post(request).await;
        }
        let answer = answer?;
        let mut response = http::Response::new(answer.body.clone());
        *response.status_mut() = answer.status;
        // The oauth2 crate reads nothing that calls itself otherwise, and some gateways do.
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(response)
    }

    async fn post(&self, request: HttpRequest) -> Result<Answer, TransportError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|error| {
            TransportError::new(format!("the token endpoint is no URL: {error}"))
        })?;
        let mut post = reqwest::Request::new(head.method, url.clone());
        *post.headers_mut() = head.headers;
        // A body that cannot be cloned: whatever the redirect policy of a client of the user's is, it cannot send the
        // secret on to where a 307 points.
        *post.body_mut() = Some(reqwest::Body::wrap(reqwest::Body::from(body)));
        *post.timeout_mut() = self.request.timeout();
        let span = trace::request(&post, Some(TEMPLATE), 0);
        let http = self.request.http_client();
        let response = http.execute(post).instrument(span.clone()).await;
        let outcome = response.as_ref();
        trace::record(&span, outcome.map_err(|error| kind_of_loss(error)));
        let response = response.map_err(TransportError::from_reqwest)?;
        if !transport::is_answer_of(&response, &url) {
            return Err(transport::followed_a_redirect());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, lost) = transport::read(response).await;
        match lost {
            Some(lost) if status.is_success() => Err(lost),
            // Of a refusal, what came is what there is.
            _ => Ok(Answer {
                status,
                headers,
                body: without_bom(body.to_vec()),
            }),
        }
    }

    /// What came of the request, in this crate's words.
    fn judge(
        self,
        granted: Result<Grant, RequestTokenError<TransportError, Refusal>>,
    ) -> Result<Grant> {
        let error = match granted {
            Ok(grant) if grant.token_type != BasicTokenType::Bearer => SignInError::new(
                "the identity platform gave a token that is no bearer token, which Graph alone could not take",
            ),
            Ok(grant) => return Ok(grant),
            Err(RequestTokenError::Request(lost)) => SignInError::from_transport(lost),
            Err(
                RequestTokenError::Other(_)
                | RequestTokenError::Parse(..)
                | RequestTokenError::ServerResponse(_),
            ) => {
                let answer = self
                    .answer
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner);
                match answer {
                    // Neither the body nor the parser's words go on: either may hold a token.
                    Some(answer) if answer.status.is_success() => {
                        SignInError::from_response(answer.status, &answer.headers, &[])
                            .with_message("the answer of the token endpoint holds no token")
                    }
                    Some(answer) => {
                        SignInError::from_response(answer.status, &answer.headers, &answer.body)
                    }
                    None => SignInError::new("the token request could not be built"),
                }
            }
        };
        Err(error.into())
    }
}

impl<'c> AsyncHttpClient<'c> for Endpoint<'_> {
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn without_bom(body: Vec<u8>) -> Vec<u8> {
    match body.strip_prefix("\u{feff}".as_bytes()) {
        Some(body) => body.to_vec(),
        None => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(json: &str) -> Grant {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn times_come_as_numbers_or_as_text() {
        for (written, read) in [
            ("3599", Some(3599)),
            ("\"3599\"", Some(3599)),
            ("\" 3599 \"", Some(3599)),
            ("3599.0", Some(3599)),
            ("null", None),
            ("\"soon\"", None),
            ("-1", None),
            ("1e300", None),
        ] {
            let grant = grant(&format!(
                r#"{{"access_token":"t","token_type":"Bearer","expires_in":{written}}}"#
            ));
            assert_eq!(grant.expires_in, read.map(Duration::from_secs), "{written}");
        }
    }

    #[test]
    fn the_token_type_has_no_case_and_unknown_members_are_no_fault() {
        for written in ["Bearer", "bearer", "BEARER"] {
            let grant = grant(&format!(
                r#"{{"token_type":"{written}","access_token":"t","ext_expires_in":3599,"foci":"1","scope":null}}"#
            ));
            assert_eq!(grant.token_type, BasicTokenType::Bearer);
        }
        assert_eq!(
            grant(r#"{"access_token":"t"}"#).token_type,
            BasicTokenType::Bearer
        );
        assert_ne!(
            grant(r#"{"access_token":"t","token_type":"pop"}"#).token_type,
            BasicTokenType::Bearer
        );
    }

    #[test]
    fn an_empty_refresh_token_is_none() {
        assert!(
            grant(r#"{"access_token":"t","refresh_token":""}"#)
                .refresh_token()
                .is_none()
        );
        assert!(grant(r#"{"access_token":"t"}"#).refresh_token().is_none());
        let there = grant(r#"{"access_token":"t","refresh_token":"r"}"#);
        assert_eq!(there.refresh_token().unwrap().expose(), "r");
    }

    #[test]
    fn a_tenant_that_would_lead_elsewhere_is_refused() {
        let good = endpoint(&Cloud::UsGovL4, "contoso.onmicrosoft.us").unwrap();
        assert_eq!(
            good.as_str(),
            "https://login.microsoftonline.us/contoso.onmicrosoft.us/oauth2/v2.0/token"
        );
        for tenant in [
            "", "a/b", "..", "a b", "a?b", "a#b", "é", "a%2fb", "x@y", "a\nb",
        ] {
            let error = endpoint(&Cloud::Global, tenant).unwrap_err().to_string();
            assert!(
                error.contains("neither the id nor a domain"),
                "{tenant:?}: {error}"
            );
        }
    }
}
