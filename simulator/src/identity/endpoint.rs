//! The endpoint `POST /{tenant}/oauth2/v2.0/token`: the choice of the grant, and the response that
//! all grants share.
//!
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5>

use http::Method;
use serde_json::{Value, json};

use super::client::{Client, Proof};
use super::form::{Form, is_capable};
use super::refresh::RefreshTokens;
use super::scope::Scopes;
use super::{Issue, Platform, SignInError};
use crate::request::Request;
use crate::resource::Caller;
use crate::store::Id;

/// The grant type of on-behalf-of: <https://www.rfc-editor.org/rfc/rfc7523#section-2.1>
const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The grant type of the device code flow: <https://www.rfc-editor.org/rfc/rfc8628#section-3.4>
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The older name of the same grant type, which MSAL for Node.js sends.
const DEVICE_CODE_OF_MSAL: &str = "device_code";

/// The parts of a token request that all grants have.
pub(super) struct Ask<'a> {
    pub(super) request: &'a Request,
    pub(super) form: &'a Form,
    /// The tenant, in the form that it has in the path.
    pub(super) tenant: &'a str,
    pub(super) tenant_id: String,
    /// `true` if the client can handle a claims challenge.
    pub(super) capable: bool,
}

impl Ask<'_> {
    /// Refuses requests of scripts from other origins, because no client here is registered as a
    /// single-page application.
    pub(super) fn check_origin(&self) -> Result<(), SignInError> {
        match self.request.header("origin") {
            None => Ok(()),
            Some(origin) => Err(SignInError::new(
                "invalid_request",
                9_002_326,
                format!(
                    "Cross-origin token redemption is permitted only for the 'Single-Page \
                     Application' client-type. Request origin: '{origin}'."
                ),
            )),
        }
    }
}

/// The permissions that a user has granted to a client.
pub(super) struct Granted<'a> {
    pub(super) client: &'a Client,
    pub(super) user: Id,
    pub(super) scopes: &'a Scopes,
    pub(super) nonce: Option<&'a str>,
    pub(super) capable: bool,
    /// `true` if the response has a refresh token.
    pub(super) renewable: bool,
}

impl Platform<'_> {
    /// Responds to a request to a tenant's token endpoint.
    pub(super) fn token(&mut self, request: &Request, tenant: &str) -> Result<Value, SignInError> {
        if request.method != Method::POST {
            return Err(SignInError::method("POST", &request.method));
        }
        let form = Form::body(request);
        let grant_type = form.require("grant_type")?;
        let tenant_id = match grant_type {
            "client_credentials" | ON_BEHALF_OF => self.own_tenant(tenant)?,
            _ => self.any_tenant(tenant)?,
        };
        if form.get("resource").is_some() {
            return Err(SignInError::new(
                "invalid_request",
                901_002,
                "The 'resource' request parameter is not supported.",
            ));
        }
        let capable = is_capable(&form.claims()?);
        let ask = Ask {
            request,
            form: &form,
            tenant,
            tenant_id,
            capable,
        };
        match grant_type {
            "client_credentials" => self.client_credentials(&ask),
            "authorization_code" => self.redeem(&ask),
            "refresh_token" => self.refresh(&ask),
            DEVICE_CODE | DEVICE_CODE_OF_MSAL => self.poll(&ask),
            ON_BEHALF_OF => self.on_behalf_of(&ask),
            other => Err(SignInError::new(
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{other}'."),
            )),
        }
    }

    /// Returns the client that sends the request.
    pub(super) fn asking(&mut self, ask: &Ask<'_>, proof: Proof) -> Result<Client, SignInError> {
        self.client(ask.request, ask.form, ask.tenant, proof)
    }

    /// Handles the grant `client_credentials`:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
    fn client_credentials(&mut self, ask: &Ask<'_>) -> Result<Value, SignInError> {
        let client = self.asking(ask, Proof::Required)?;
        let audience = self.app_audience(ask.form)?;
        let issue = Issue {
            tenant_id: &ask.tenant_id,
            audience: &audience,
            client: &client.id,
            caller: Caller::Application,
            capable: ask.capable,
        };
        let token = self.identity.issue(self.ids, self.now, issue);
        Ok(self.bearer(&token))
    }

    /// Returns the fields that all responses have.
    fn bearer(&self, token: &str) -> Value {
        let seconds = self.identity.lifetime.as_secs();
        let lifetime = if self.identity.text_lifetime {
            json!(seconds.to_string())
        } else {
            json!(seconds)
        };
        json!({
            "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime,
            "access_token": token,
        })
    }

    /// Returns the response to a user's grant.
    pub(super) fn grant_answer(
        &mut self,
        ask: &Ask<'_>,
        granted: &Granted<'_>,
    ) -> Result<Value, SignInError> {
        let person = self.person(granted.user)?;
        let audience = self.user_audience(granted.scopes)?;
        let issue = Issue {
            tenant_id: &ask.tenant_id,
            audience: &audience,
            client: &granted.client.id,
            caller: Caller::User(granted.user),
            capable: ask.capable || granted.capable,
        };
        let token = self.identity.issue(self.ids, self.now, issue);
        let mut answer = self.bearer(&token);
        answer["scope"] = json!(granted.scopes.granted());
        if granted.renewable && self.identity.refresh_tokens != RefreshTokens::Kept {
            let (client, scopes) = (&granted.client.id, granted.scopes);
            let grant = self
                .identity
                .grant(self.ids, client, granted.user, scopes.clone());
            answer["refresh_token"] = json!(grant);
        }
        if granted.scopes.has("openid") {
            let (client, nonce) = (&granted.client.id, granted.nonce);
            answer["id_token"] = json!(self.id_token(&ask.tenant_id, client, &person, nonce));
        }
        if ask.form.get("client_info") == Some("1") {
            answer["client_info"] = json!(self.client_info(&person));
        }
        Ok(answer)
    }
}
