//! Authorization codes, which can be redeemed once.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token>

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::client::Proof;
use super::endpoint::{Ask, Granted};
use super::pkce::Challenge;
use super::scope::Scopes;
use super::{Platform, SignInError};
use crate::store::Id;

/// The lifetime of a code.
const LIFE: TimeDelta = TimeDelta::minutes(10);

/// A code, and the parameters of the request for it.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) tenant_id: String,
    pub(super) user: Id,
    pub(super) scopes: Scopes,
    pub(super) challenge: Option<Challenge>,
    pub(super) nonce: Option<String>,
    pub(super) capable: bool,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) used: bool,
}

fn dead(code: u32, description: impl Into<String>) -> SignInError {
    SignInError::new("invalid_grant", code, description)
}

impl Platform<'_> {
    /// Redeems a code.
    pub(super) fn redeem(&mut self, ask: &Ask<'_>) -> Result<Value, SignInError> {
        let client = self.asking(ask, Proof::IfItHasAny)?;
        ask.check_origin()?;
        let text = ask.form.require("code")?;
        let code = self.check_code(ask, text, &client.id)?;
        let scopes = match ask.form.get("scope") {
            None => code.scopes.clone(),
            Some(scope) => {
                let scopes = Scopes::read(scope);
                self.check_subset(&scopes, &code.scopes)?;
                scopes
            }
        };
        self.check_consent()?;
        let granted = Granted {
            client: &client,
            user: code.user,
            scopes: &scopes,
            nonce: code.nonce.as_deref(),
            capable: code.capable,
            renewable: code.scopes.has("offline_access"),
        };
        let answer = self.grant_answer(ask, &granted)?;
        if let Some(code) = self.identity.codes.get_mut(text) {
            code.used = true;
        }
        Ok(answer)
    }

    fn check_code(&self, ask: &Ask<'_>, text: &str, client: &str) -> Result<Code, SignInError> {
        let Some(code) = self.identity.codes.get(text) else {
            return Err(dead(
                9_002_313,
                "Invalid request. Request is malformed or invalid.",
            ));
        };
        if code.client != client {
            return Err(dead(
                70_000,
                "The provided value for the input parameter 'code' was issued to another client.",
            )
            .suberror("client_mismatch"));
        }
        if code.used {
            return Err(dead(
                54_005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid \
                 code or use an existing refresh token.",
            ));
        }
        if self.now >= code.issued_at + LIFE {
            return Err(dead(
                70_008,
                "The provided authorization code or refresh token has expired due to inactivity. \
                 Send a new interactive authorization request for this user and resource.",
            ));
        }
        if code.tenant_id != ask.tenant_id {
            return Err(dead(
                700_005,
                "Provided Authorization Code is intended to use against other tenant, thus \
                 rejected.",
            ));
        }
        let uri = ask.form.require("redirect_uri")?;
        if code.redirect_uri != uri {
            return Err(SignInError::new(
                "invalid_request",
                500_112,
                format!(
                    "The reply address '{uri}' does not match the reply address '{}' provided when \
                     requesting Authorization code.",
                    code.redirect_uri
                ),
            ));
        }
        let met = match (&code.challenge, ask.form.get("code_verifier")) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !met {
            return Err(dead(
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization \
                 request.",
            ));
        }
        Ok(code.clone())
    }
}
