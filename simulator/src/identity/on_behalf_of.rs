//! The on-behalf-of flow: a service that was called with a user's token calls another service for
//! that user.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>

use serde_json::Value;

use super::client::Proof;
use super::endpoint::{Ask, Granted};
use super::jwt::Presented;
use super::scope::Scopes;
use super::{Issue, Platform, SignInError};
use crate::resource::Caller;
use crate::store::Id;

fn refused(code: u32, description: impl Into<String>) -> SignInError {
    SignInError::new("invalid_grant", code, description)
}

impl Platform<'_> {
    /// Returns a token with which a user or an application calls the application.
    pub(crate) fn incoming_token(&mut self, client: &str, caller: Caller) -> String {
        let (tenant_id, audience) = (
            self.identity.home().to_owned(),
            format!("api://{}", self.identity.application),
        );
        let issue = Issue {
            tenant_id: &tenant_id,
            audience: &audience,
            client,
            caller,
            capable: false,
        };
        self.identity.issue(self.ids, self.now, issue)
    }

    pub(super) fn on_behalf_of(&mut self, ask: &Ask<'_>) -> Result<Value, SignInError> {
        let client = self.asking(ask, Proof::Required)?;
        match ask.form.require("requested_token_use")? {
            "on_behalf_of" => {}
            other => {
                return Err(SignInError::malformed(format!(
                    "Invalid request. 'requested_token_use' is '{other}', and has to be \
                     'on_behalf_of'."
                )));
            }
        }
        let user = self.check_incoming(ask.form.require("assertion")?)?;
        let scopes = Scopes::read(ask.form.require("scope")?);
        self.check_person(user)?;
        let granted = Granted {
            client: &client,
            user,
            scopes: &scopes,
            nonce: None,
            capable: false,
            renewable: scopes.has("offline_access"),
        };
        self.grant_answer(ask, &granted)
    }

    /// Returns the user of a token that the application was called with.
    fn check_incoming(&mut self, assertion: &str) -> Result<Id, SignInError> {
        let application = self.identity.application.clone();
        let audience = |own: &str| {
            refused(
                500_131,
                format!(
                    "Assertion audience does not match the Client app presenting the assertion. \
                     The audience in the assertion was '{own}' and the expected audience is \
                     '{application}' or one of the Application Uris of this application with App \
                     ID '{application}'."
                ),
            )
        };
        let Some(token) = self.identity.issued(assertion) else {
            // An id token is for the application as well, but it identifies the user and does not
            // authorize calls.
            let id_token =
                Presented::read(assertion).filter(|token| self.identity.signer().has_signed(token));
            return Err(match id_token {
                Some(token) => audience(&token.audience()),
                None => refused(
                    50_013,
                    "Assertion failed signature validation. [Reason - The key was not found.]",
                ),
            });
        };
        if !self.is_application(&token.audience) {
            return Err(audience(&token.audience));
        }
        if token.expires_at <= self.now {
            return Err(refused(
                500_133,
                "Assertion is not within its valid time range. Ensure that the access token is not \
                 expired before using it for user assertion, or request a new token.",
            ));
        }
        if token.revoked {
            return Err(refused(
                50_173,
                "The provided grant has expired due to it being revoked, a fresh auth token is \
                 needed.",
            ));
        }
        match token.caller {
            Caller::User(user) => Ok(user),
            Caller::Application => Err(refused(
                50_013,
                "Assertion contains no user: the on-behalf-of flow does not support application \
                 tokens.",
            )),
        }
    }
}
