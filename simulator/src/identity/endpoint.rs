//! `POST /{tenant}/oauth2/v2.0/token`, with the errors of the identity platform.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, HeaderName, PRAGMA};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{GRAPH, Grant, Identity, Issue, RefreshTokens};
use crate::answer::Answer;
use crate::ids::{Ids, is_guid};
use crate::request::Request;
use crate::resource::Caller;

/// Resources beside Graph that the tenant has: tokens for them are issued, and Graph refuses them.
const OTHERS: [&str; 5] = [
    "https://vault.azure.net",
    "https://management.azure.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// Scopes of OpenID Connect, which belong to no resource.
const OPENID: [&str; 4] = ["openid", "offline_access", "profile", "email"];

/// What the endpoint says no with.
pub(crate) struct SignInError {
    status: StatusCode,
    error: &'static str,
    code: u32,
    description: String,
    suberror: Option<&'static str>,
}

impl SignInError {
    pub(crate) fn new(error: &'static str, code: u32, description: impl Into<String>) -> Self {
        let status = if error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Self {
            status,
            error,
            code,
            description: description.into(),
            suberror: None,
        }
    }

    fn missing(parameter: &str) -> Self {
        let description =
            format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new("invalid_request", 900_144, description)
    }

    fn suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    /// The error's JSON.
    fn answer(&self, host: &str, now: DateTime<Utc>, trace: &str, correlation: &str) -> Answer {
        let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{}: {}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}",
            self.code, self.description
        );
        let mut body = json!({
            "error": self.error, "error_description": description, "error_codes": [self.code], "timestamp": timestamp,
            "trace_id": trace, "correlation_id": correlation, "error_uri": format!("{host}/error?code={}", self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        Answer::bytes(
            self.status,
            "application/json; charset=utf-8",
            body.to_string(),
        )
    }
}

/// The fields of a token request.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(request: &Request) -> Self {
        let form = request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
        let body = if form {
            String::from_utf8_lossy(&request.body).into_owned()
        } else {
            String::new()
        };
        let pairs = body.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decoded(name), form_decoded(value))
        });
        Self(pairs.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let value = self
            .0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    fn require(&self, name: &str) -> Result<&str, SignInError> {
        self.get(name).ok_or_else(|| SignInError::missing(name))
    }
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

impl Identity {
    /// Answers a request to a tenant's token endpoint.
    pub(crate) fn token(
        &mut self,
        request: &Request,
        tenant: &str,
        ids: &mut Ids,
        now: DateTime<Utc>,
    ) -> Answer {
        let trace = ids.guid();
        let correlation = request
            .header("client-request-id")
            .unwrap_or_else(|| ids.guid());
        let answer = match self.sign_in(request, tenant, ids, now) {
            Ok(body) => Answer::bytes(
                StatusCode::OK,
                "application/json; charset=utf-8",
                body.to_string(),
            ),
            Err(error) => error.answer(&self.host, now, &trace, &correlation),
        };
        let answer = answer
            .with(CACHE_CONTROL, "no-store, no-cache")
            .with(PRAGMA, "no-cache")
            .with(HeaderName::from_static("x-ms-request-id"), &trace);
        if request.header("return-client-request-id").as_deref() == Some("true") {
            return answer.with(HeaderName::from_static("client-request-id"), &correlation);
        }
        answer
    }

    fn sign_in(
        &mut self,
        request: &Request,
        tenant: &str,
        ids: &mut Ids,
        now: DateTime<Utc>,
    ) -> Result<Value, SignInError> {
        if request.method != Method::POST {
            let method = &request.method;
            return Err(SignInError::new(
                "invalid_request",
                900_561,
                format!("The endpoint only accepts POST requests. Received a {method} request."),
            ));
        }
        let form = Form::read(request);
        let grant_type = form.require("grant_type")?;
        self.check_tenant(tenant, grant_type)?;
        if form.get("resource").is_some() {
            return Err(SignInError::new(
                "invalid_request",
                901_002,
                "The 'resource' request parameter is not supported.",
            ));
        }
        let capable = match form.get("claims") {
            None => false,
            Some(claims) => {
                let claims: Value = serde_json::from_str(claims).map_err(|_| {
                    SignInError::new(
                        "invalid_request",
                        900_093,
                        "The 'claims' parameter is not valid JSON.",
                    )
                })?;
                claims.to_string().contains("\"cp1\"")
            }
        };
        match grant_type {
            "client_credentials" => {
                let client = self.client(request, &form, true)?;
                let audience = self.app_audience(&form)?;
                let caller = Caller::Application;
                let issue = Issue {
                    audience: &audience,
                    client: &client,
                    caller,
                    capable,
                };
                let token = self.issue(ids, now, issue);
                Ok(self.answer(&token))
            }
            "refresh_token" => {
                let client = self.client(request, &form, false)?;
                let text = form.require("refresh_token")?.to_owned();
                let user = self.check_grant(&text, &client)?;
                let audience = self.user_audience(&form)?;
                let caller = Caller::User(user);
                let issue = Issue {
                    audience: &audience,
                    client: &client,
                    caller,
                    capable,
                };
                let token = self.issue(ids, now, issue);
                let mut answer = self.answer(&token);
                answer["scope"] = json!(form.get("scope").unwrap_or("User.Read Mail.ReadWrite"));
                if self.refresh_tokens != RefreshTokens::Kept {
                    answer["refresh_token"] = json!(self.grant(ids, &client, user));
                }
                if self.refresh_tokens == RefreshTokens::SingleUse {
                    self.grants.remove(&text);
                }
                Ok(answer)
            }
            other => Err(SignInError::new(
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{other}'."),
            )),
        }
    }

    fn answer(&self, token: &str) -> Value {
        let seconds = self.lifetime.as_secs();
        let lifetime = if self.text_lifetime {
            json!(seconds.to_string())
        } else {
            json!(seconds)
        };
        json!({ "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token })
    }

    fn check_tenant(&self, tenant: &str, grant_type: &str) -> Result<(), SignInError> {
        if matches!(tenant, "common" | "organizations" | "consumers") {
            if grant_type != "client_credentials" {
                return Ok(());
            }
            return Err(SignInError::new(
                "invalid_request",
                9_001_023,
                format!(
                    "The grant type is not supported over the /{tenant} endpoint. Please use a tenant-specific endpoint."
                ),
            ));
        }
        if tenant.eq_ignore_ascii_case(&self.tenant_id) || tenant.eq_ignore_ascii_case(&self.domain)
        {
            return Ok(());
        }
        if is_guid(tenant) || tenant.contains('.') {
            return Err(SignInError::new(
                "invalid_request",
                90_002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing \
                     into the correct cloud."
                ),
            ));
        }
        Err(SignInError::new(
            "invalid_request",
            900_021,
            format!(
                "Requested tenant identifier '{tenant}' is not valid. Tenant identifiers may not be an empty GUID."
            ),
        ))
    }

    /// The client's id, once it has shown its secret. `confidential`: a client without one is refused.
    fn client(
        &self,
        request: &Request,
        form: &Form,
        confidential: bool,
    ) -> Result<String, SignInError> {
        let basic = request.header("authorization").and_then(|header| {
            let (scheme, text) = header.split_once(' ')?;
            let pair = scheme
                .eq_ignore_ascii_case("basic")
                .then(|| STANDARD.decode(text.trim()).ok())??;
            let pair = String::from_utf8(pair).ok()?;
            let (id, secret) = pair.split_once(':')?;
            Some((form_decoded(id), form_decoded(secret)))
        });
        if basic.is_some() && form.get("client_secret").is_some() {
            return Err(SignInError::new(
                "invalid_request",
                9_002_313,
                "Invalid request. The client credentials are sent both in the header and in the body.",
            ));
        }
        let (id, secret) = match &basic {
            Some((id, secret)) => (id.as_str(), Some(secret.as_str())),
            None => (form.require("client_id")?, form.get("client_secret")),
        };
        let client = self.clients.iter().find(|client| client.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
            SignInError::new(
                "unauthorized_client",
                700_016,
                format!(
                    "Application with identifier '{id}' was not found in the directory 'Contoso'. This can happen if \
                     the application has not been installed by the administrator of the tenant."
                ),
            )
        })?;
        match (&client.secret, secret) {
            (None, Some(_)) => Err(SignInError::new(
                "invalid_client",
                700_025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )),
            (None, None) if !confidential => Ok(client.id.clone()),
            (_, None) => Err(SignInError::new(
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )),
            (Some(own), Some(sent)) if own == sent => Ok(client.id.clone()),
            (Some(_), Some(_)) => Err(SignInError::new(
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                     value, not the client secret ID, for a secret added to app '{id}'."
                ),
            )),
        }
    }

    fn check_grant(&self, text: &str, client: &str) -> Result<super::Id, SignInError> {
        let dead =
            |code, description: &str| Err(SignInError::new("invalid_grant", code, description));
        let Some(grant) = self.grants.get(text) else {
            return Err(SignInError::new(
                "invalid_grant",
                70_000,
                "Provided grant is invalid or malformed.",
            )
            .suberror("bad_token"));
        };
        match grant.state {
            Grant::Idle => dead(
                700_082,
                "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.",
            ),
            Grant::Revoked => dead(50_173, "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
            Grant::Good if grant.client != client => Err(SignInError::new(
                "invalid_grant",
                70_000,
                "The provided value for the input parameter 'refresh_token' was issued to another client.",
            )
            .suberror("client_mismatch")),
            Grant::Good => Ok(grant.user),
        }
    }

    /// The resource that an application asks for: all that it was granted there, and nothing by name.
    fn app_audience(&self, form: &Form) -> Result<String, SignInError> {
        let scope = form.require("scope")?;
        let invalid =
            |code, description: String| SignInError::new("invalid_scope", code, description);
        let scopes: Vec<_> = scope
            .split_whitespace()
            .filter(|scope| !OPENID.contains(scope))
            .collect();
        let resources: Option<Vec<_>> = scopes
            .iter()
            .map(|scope| scope.strip_suffix("/.default"))
            .collect();
        match resources.as_deref() {
            Some([]) => Err(invalid(
                700_023,
                format!("The scope '{scope}' names no resource."),
            )),
            Some([resource]) => self.resource(resource),
            Some(_) => Err(invalid(
                70_011,
                format!(
                    "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' names more than one resource."
                ),
            )),
            None if scopes.len() > 1 => Err(invalid(
                70_011,
                format!(
                    "The provided value for the input parameter 'scope' is not valid. '.default' does not combine with other scopes: '{scope}'."
                ),
            )),
            None => Err(invalid(
                1_002_012,
                format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
                ),
            )),
        }
    }

    /// The resource that a user's token is for: that of the first scope.
    fn user_audience(&self, form: &Form) -> Result<String, SignInError> {
        let scopes = form.get("scope").unwrap_or_default();
        let first = scopes
            .split_whitespace()
            .find(|scope| !OPENID.contains(scope));
        match first.and_then(|scope| scope.rsplit_once('/')) {
            Some((resource, _)) if resource.contains("://") || is_guid(resource) => {
                self.resource(resource)
            }
            // A short name means Graph.
            _ => Ok(GRAPH.to_owned()),
        }
    }

    fn resource(&self, resource: &str) -> Result<String, SignInError> {
        if self.is_graph(resource) || OTHERS.contains(&resource) {
            return Ok(resource.to_owned());
        }
        Err(SignInError::new(
            "invalid_resource",
            500_011,
            format!(
                "The resource principal named {resource} was not found in the tenant named Contoso. This can happen if \
                 the application has not been installed by the administrator of the tenant or consented to by any user \
                 in the tenant."
            ),
        ))
    }
}
