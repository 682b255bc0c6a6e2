//! Clients and their authentication.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::form::{Form, decoded};
use super::redirect::Redirects;
use super::{Platform, SignInError};
use crate::graph::directory::IssuedSecret;
use crate::request::Request;

/// The type of a client assertion (RFC 7523, 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An application that may sign in.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// The client's secret. `None` means a public client, which has no secret.
    pub(crate) secret: Option<String>,
    /// The addresses to which its users return.
    pub(crate) redirects: Redirects,
}

impl Client {
    pub(super) fn is_public(&self) -> bool {
        self.secret.is_none()
    }
}

/// The choice whether a public client, which cannot authenticate, is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Required,
    IfItHasAny,
}

impl Platform<'_> {
    /// Returns the client of this id.
    pub(super) fn known_client(&self, id: &str) -> Result<Client, SignInError> {
        let mut clients = self.identity.clients.iter();
        let client = clients.find(|client| client.id.eq_ignore_ascii_case(id));
        let client = client.cloned().or_else(|| self.registered(id));
        client.ok_or_else(|| {
            SignInError::new(
                "unauthorized_client",
                700_016,
                format!(
                    "Application with identifier '{id}' was not found in the directory 'Contoso'. \
                     This can happen if the application has not been installed by the \
                     administrator of the tenant."
                ),
            )
        })
    }

    /// Returns the client for an application of the directory that has secrets.
    fn registered(&self, id: &str) -> Option<Client> {
        let mut secrets = self.identity.secrets.iter();
        let secret = secrets
            .find(|secret| secret.app_id.eq_ignore_ascii_case(id) && self.is_current(secret))?;
        Some(Client {
            id: secret.app_id.clone(),
            secret: Some(secret.text.clone()),
            redirects: Redirects::none(),
        })
    }

    /// Checks whether the directory has issued this secret for the client.
    fn is_issued(&self, client: &str, sent: &str) -> bool {
        let mut secrets = self.identity.secrets.iter();
        secrets.any(|secret| {
            secret.app_id.eq_ignore_ascii_case(client)
                && secret.text == sent
                && self.is_current(secret)
        })
    }

    /// Checks whether the credential of a secret is still in the directory, and has not expired.
    fn is_current(&self, secret: &IssuedSecret) -> bool {
        let mut entities = self.store.entities().map(|(_, entity)| entity);
        entities.any(|entity| {
            let text = |value: &Value, name: &str| {
                value.get(name).and_then(Value::as_str).map(str::to_owned)
            };
            let valid = |credential: &Value| {
                let end = text(credential, "endDateTime").unwrap_or_default();
                let end = chrono::DateTime::parse_from_rfc3339(&end);
                text(credential, "keyId").as_deref() == Some(secret.key_id.as_str())
                    && end.is_ok_and(|end| end > self.now)
            };
            let credentials = entity.properties.get("passwordCredentials");
            let credentials = credentials.and_then(Value::as_array);
            credentials.into_iter().flatten().any(valid) && entity.below("deletedItems").is_empty()
        })
    }

    /// Returns the client that sends a token request, after it has authenticated. `tenant` has the
    /// form that it has in the path.
    pub(super) fn client(
        &mut self,
        request: &Request,
        form: &Form,
        tenant: &str,
        proof: Proof,
    ) -> Result<Client, SignInError> {
        let basic = request.header("authorization").and_then(|header| {
            let (scheme, text) = header.split_once(' ')?;
            let pair = scheme
                .eq_ignore_ascii_case("basic")
                .then(|| STANDARD.decode(text.trim()).ok())??;
            let pair = String::from_utf8(pair).ok()?;
            let (id, secret) = pair.split_once(':')?;
            Some((decoded(id), decoded(secret)))
        });
        let (in_body, assertion) = (form.get("client_secret"), form.get("client_assertion"));
        if basic.is_some() && in_body.is_some() {
            return Err(SignInError::malformed(
                "Invalid request. The client credentials are sent both in the header and in the \
                 body.",
            ));
        }
        let (id, secret) = match &basic {
            Some((id, secret)) => (id.as_str(), Some(secret.as_str())),
            None => (form.require("client_id")?, in_body),
        };
        let client = self.known_client(id)?;
        if client.is_public() && (secret.is_some() || assertion.is_some()) {
            return Err(SignInError::new(
                "invalid_client",
                700_025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be \
                 presented.",
            ));
        }
        match (&client.secret, secret, assertion) {
            (_, Some(_), Some(_)) => Err(SignInError::malformed(
                "Invalid request. Both 'client_assertion' and 'client_secret' are presented.",
            )),
            (None, None, None) if proof == Proof::IfItHasAny => Ok(client),
            (_, None, None) => Err(SignInError::new(
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or \
                 'client_secret'.",
            )),
            (_, None, Some(assertion)) => {
                let kind = form.require("client_assertion_type")?;
                if kind != ASSERTION_TYPE {
                    return Err(SignInError::malformed(format!(
                        "Invalid request. 'client_assertion_type' is '{kind}', and has to be \
                         '{ASSERTION_TYPE}'."
                    )));
                }
                self.believe(assertion, &client.id, tenant)?;
                Ok(client)
            }
            (Some(own), Some(sent), None) if own == sent || self.is_issued(&client.id, sent) => {
                Ok(client)
            }
            (_, Some(_), None) => Err(SignInError::new(
                "invalid_client",
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request \
                     is the client secret value, not the client secret ID, for a secret added to \
                     app '{id}'."
                ),
            )),
        }
    }
}
