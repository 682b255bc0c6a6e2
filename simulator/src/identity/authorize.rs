//! The endpoint `GET /{tenant}/oauth2/v2.0/authorize`, at which a browser requests a code. The user
//! who is signed in at the browser agrees without a click.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>

use http::{Method, StatusCode};
use serde_json::Value;

use super::client::Client;
use super::code::Code;
use super::error::Trail;
use super::form::{Form, is_capable};
use super::pkce::Challenge;
use super::redirect::{Mode, page, send_back};
use super::scope::Scopes;
use super::{Platform, SignInError, person};
use crate::answer::Answer;
use crate::request::Request;
use crate::store::Id;

impl Platform<'_> {
    /// Responds to a request of a browser. Until the client and its redirect address are checked,
    /// errors are shown as a page instead of a redirect.
    pub(super) fn authorize(&mut self, request: &Request, tenant: &str, trail: &Trail) -> Answer {
        let query = Form::query(request);
        let checked = self
            .any_tenant(tenant)
            .and_then(|tenant_id| Ok((tenant_id, self.return_address(request, &query)?)));
        let (tenant_id, (client, uri)) = match checked {
            Ok(checked) => checked,
            Err(error) => return error.page(trail),
        };
        let asked = query.get("response_mode").unwrap_or("query");
        let mode = Mode::read(asked);
        let outcome = match (self.identity.refusal.take(), mode) {
            (Some(refusal), _) => Err(refusal),
            (None, None) => Err(SignInError::new(
                "invalid_request",
                70_007,
                format!(
                    "'{asked}' is not a supported value of 'response_mode' when requesting a token."
                ),
            )),
            (None, Some(_)) => self.code(&query, tenant_id, &client, &uri),
        };
        let mut fields = match outcome {
            Ok(Some(fields)) => fields,
            Ok(None) => return page(StatusCode::OK, "Sign in to your account", "Sign in"),
            Err(error) => error.fields(trail),
        };
        fields.extend(query.get("state").map(|state| ("state", state.to_owned())));
        send_back(&uri, mode.unwrap_or(Mode::Query), &fields)
    }

    /// Returns the client that sends a browser, and the address to which the browser returns.
    pub(super) fn return_address(
        &self,
        request: &Request,
        query: &Form,
    ) -> Result<(Client, String), SignInError> {
        if request.method != Method::GET {
            return Err(SignInError::method("GET", &request.method));
        }
        let client = self.known_client(query.require("client_id")?)?;
        let uri = query.get("redirect_uri").unwrap_or_default();
        if client.redirects.allow(uri) {
            return Ok((client, uri.to_owned()));
        }
        Err(SignInError::new(
            "invalid_request",
            50_011,
            format!(
                "The redirect URI '{uri}' specified in the request does not match the redirect \
                 URIs configured for the application '{}'.",
                client.id
            ),
        ))
    }

    /// Returns the fields that go back with a code. Returns `None` if a user has to sign in first.
    fn code(
        &mut self,
        query: &Form,
        tenant_id: String,
        client: &Client,
        uri: &str,
    ) -> Result<Option<Vec<(&'static str, String)>>, SignInError> {
        check_response_type(query.require("response_type")?)?;
        let scopes = Scopes::read(query.require("scope")?);
        self.user_audience(&scopes)?;
        let claims = query.claims()?;
        let challenge = Challenge::read(query)?;
        if client.is_public() && challenge.is_none() {
            return Err(SignInError::new(
                "invalid_request",
                9_002_325,
                "Proof Key for Code Exchange is required for authorization code redemption of \
                 public clients.",
            ));
        }
        let prompt = query.get("prompt").unwrap_or_default();
        if !matches!(
            prompt,
            "" | "login" | "none" | "consent" | "select_account" | "create"
        ) {
            return Err(SignInError::new(
                "invalid_request",
                90_023,
                format!("Unsupported 'prompt' value '{prompt}'."),
            ));
        }
        let Some(user) = self.browsing(query, prompt)? else {
            return Ok(None);
        };
        let person = self
            .person(user)
            .map_err(|error| error.called("access_denied"))?;
        self.agree(user, &claims, prompt)?;
        let text = format!("1.AX{}", self.ids.secret(96));
        let code = Code {
            client: client.id.clone(),
            redirect_uri: uri.to_owned(),
            tenant_id,
            user,
            scopes,
            challenge,
            nonce: query.get("nonce").map(str::to_owned),
            capable: is_capable(&claims),
            issued_at: self.now,
            used: false,
        };
        self.identity.codes.insert(text.clone(), code);
        let mut fields = vec![("code", text)];
        if query.get("client_info") == Some("1") {
            fields.push(("client_info", self.client_info(&person)));
        }
        fields.push(("session_state", self.ids.guid()));
        Ok(Some(fields))
    }

    /// Returns the user at the browser. Returns `None` if a page has to be shown.
    fn browsing(&self, query: &Form, prompt: &str) -> Result<Option<Id>, SignInError> {
        let hinted = query
            .get("login_hint")
            .map(|hint| person::find(self.store, hint));
        match self.identity.browser {
            // With `prompt=none`, a user cannot choose another account, because no page may be
            // shown.
            Some(user) if prompt != "none" || hinted.is_none_or(|hinted| hinted == Some(user)) => {
                Ok(Some(user))
            }
            _ if prompt == "none" => Err(SignInError::new(
                "login_required",
                50_058,
                "A silent sign-in request was sent but no user is signed in.",
            )),
            _ => Ok(None),
        }
    }

    /// Consents and fulfils policies, as far as the request says so.
    fn agree(&mut self, user: Id, claims: &Value, prompt: &str) -> Result<(), SignInError> {
        if prompt == "consent" {
            self.identity.set_consented(true);
        }
        self.check_consent()
            .map_err(|error| error.called("consent_required"))?;
        self.identity.fulfil(user, claims);
        match prompt {
            "none" => self.check_policies(user),
            _ => Ok(()),
        }
    }
}

/// Checks that only a code is requested. Responses with tokens in the URL are not enabled for these
/// applications.
fn check_response_type(response_type: &str) -> Result<(), SignInError> {
    let refused = |code, description: String| {
        Err(SignInError::new(
            "unsupported_response_type",
            code,
            description,
        ))
    };
    let mut words = response_type.split_whitespace();
    match words.find(|word| *word != "code") {
        None => Ok(()),
        Some("id_token") => refused(
            700_054,
            "response_type 'id_token' is not enabled for the application.".into(),
        ),
        Some("token") => refused(
            700_051,
            "response_type 'token' is not enabled for the application.".into(),
        ),
        Some(other) => refused(
            70_005,
            format!("The app returned an unsupported response type '{other}'."),
        ),
    }
}
