//! Refresh tokens: how they are issued, redeemed and revoked.
//!
//! <https://learn.microsoft.com/entra/identity-platform/refresh-tokens>

use serde_json::Value;

use super::client::Proof;
use super::endpoint::{Ask, Granted};
use super::scope::Scopes;
use super::{Identity, Platform, SignInError};
use crate::ids::Ids;
use crate::store::Id;

/// The choice whether the responses to a refresh token carry a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshTokens {
    /// Each response carries a new one, and the old one stays valid, as at Microsoft Entra.
    #[default]
    Renewed,
    /// Each response carries a new one, and the old one is invalid from then on.
    SingleUse,
    /// No response carries one, and the old one stays valid.
    Kept,
}

/// A refresh token. It belongs to a client and a user, but not to a tenant or a resource.
pub(super) struct RefreshToken {
    client: String,
    user: Id,
    /// The default scopes, for a request that names none.
    scopes: Scopes,
    state: Grant,
}

/// The state of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Good,
    Idle,
    Revoked,
}

impl Identity {
    /// Issues a refresh token.
    pub(crate) fn grant(
        &mut self,
        ids: &mut Ids,
        client: &str,
        user: Id,
        scopes: Scopes,
    ) -> String {
        let text = format!("0.AX{}", ids.secret(96));
        let client = client.to_owned();
        let state = Grant::Good;
        let token = RefreshToken {
            client,
            user,
            scopes,
            state,
        };
        self.grants.insert(text.clone(), token);
        text
    }

    /// Revokes all refresh tokens, as an administrator does.
    pub(crate) fn revoke_grants(&mut self) {
        self.grants
            .values_mut()
            .for_each(|grant| grant.state = Grant::Revoked);
    }

    /// Revokes all grants of a user: refresh tokens, and access tokens before they expire.
    pub(crate) fn revoke_user(&mut self, user: Id) {
        self.grants
            .values_mut()
            .filter(|grant| grant.user == user)
            .for_each(|grant| grant.state = Grant::Revoked);
        self.revoke_of(user);
    }

    /// Lets all refresh tokens expire, as they do after 90 days without use.
    pub(crate) fn expire_grants(&mut self) {
        self.grants
            .values_mut()
            .for_each(|grant| grant.state = Grant::Idle);
    }
}

impl Platform<'_> {
    /// Handles the grant `refresh_token`:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>
    pub(super) fn refresh(&mut self, ask: &Ask<'_>) -> Result<Value, SignInError> {
        let client = self.asking(ask, Proof::IfItHasAny)?;
        ask.check_origin()?;
        let text = ask.form.require("refresh_token")?;
        let (user, before) = self.check_grant(text, &client.id)?;
        self.check_person(user)?;
        let scopes = ask.form.get("scope").map_or(before, Scopes::read);
        let granted = Granted {
            client: &client,
            user,
            scopes: &scopes,
            nonce: None,
            capable: false,
            renewable: true,
        };
        let answer = self.grant_answer(ask, &granted)?;
        if self.identity.refresh_tokens == RefreshTokens::SingleUse {
            self.identity.grants.remove(text);
        }
        Ok(answer)
    }

    fn check_grant(&self, text: &str, client: &str) -> Result<(Id, Scopes), SignInError> {
        let dead = |code, description: &str| SignInError::new("invalid_grant", code, description);
        let Some(grant) = self.identity.grants.get(text) else {
            return Err(
                dead(70_000, "Provided grant is invalid or malformed.").suberror("bad_token")
            );
        };
        match grant.state {
            Grant::Idle => Err(dead(
                700_082,
                "The refresh token has expired due to inactivity. The token was inactive for \
                 90.00:00:00.",
            )),
            Grant::Revoked => Err(dead(
                50_173,
                "The provided grant has expired due to it being revoked, a fresh auth token is \
                 needed.",
            )),
            Grant::Good if grant.client != client => Err(dead(
                70_000,
                "The provided value for the input parameter 'refresh_token' was issued to another \
                 client.",
            )
            .suberror("client_mismatch")),
            Grant::Good => Ok((grant.user, grant.scopes.clone())),
        }
    }
}
