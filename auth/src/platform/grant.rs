//! The response of the token endpoint that grants tokens.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{Scope, TokenResponse};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::super::seconds::Seconds;
use super::super::{AccessToken, Secret};
use crate::error::SignInError;

/// A success ([RFC 6749, 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), with the
/// platform's `refresh_in`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Grant {
    access_token: oauth2::AccessToken,
    #[serde(
        default = "bearer_token",
        deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive"
    )]
    token_type: BasicTokenType,
    #[serde(default, skip_serializing)]
    expires_in: Seconds,
    #[serde(default, skip_serializing)]
    refresh_in: Seconds,
    #[serde(default)]
    refresh_token: Option<oauth2::RefreshToken>,
    /// The identity of the user, if `openid` was requested
    /// (<https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse>).
    #[serde(default, skip_serializing)]
    id_token: Option<String>,
}

impl Drop for Grant {
    fn drop(&mut self) {
        let none = oauth2::AccessToken::new(String::new());
        std::mem::replace(&mut self.access_token, none)
            .into_secret()
            .zeroize();
        if let Some(token) = self.refresh_token.take() {
            token.into_secret().zeroize();
        }
        self.id_token.zeroize();
    }
}

/// Omits the tokens, which are secrets, and the id token, which contains the user's names.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl Grant {
    pub(crate) fn token(&self) -> AccessToken {
        let mut token = AccessToken::new(self.access_token.secret().clone());
        if let Some(life) = self.expires_in.time() {
            token = token.expires_in(life);
        }
        // This is advice, which is ignored if it cannot be read.
        if let Some(age) = self.refresh_in.time() {
            token = token.renew_in(age);
        }
        token
    }

    pub(crate) fn refresh_token(&self) -> Option<Secret<String>> {
        let token = self.refresh_token.as_ref()?.secret();
        (!token.is_empty()).then(|| Secret::new(token.clone()))
    }

    pub(crate) fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }

    pub(super) fn is_bearer(&self) -> bool {
        self.token_type == BasicTokenType::Bearer
    }

    /// Checks that the lifetime of the token is readable, if the response has one.
    ///
    /// # Errors
    ///
    /// Returns an error if the lifetime in the response cannot be read.
    pub(super) fn has_readable_life(&self) -> Result<(), Box<SignInError>> {
        self.expires_in
            .checked("the token response", "expires_in")
            .map(drop)
    }
}

impl TokenResponse for Grant {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.time()
    }

    fn refresh_token(&self) -> Option<&oauth2::RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        // The response's scopes are informational. They may be more or fewer than requested, with
        // short or full names.
        None
    }
}

fn bearer_token() -> BasicTokenType {
    BasicTokenType::Bearer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(json: &str) -> Grant {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn unreadable_token_lifetime_is_an_error() {
        let with_life =
            |life: &str| grant(&format!(r#"{{"access_token":"t","expires_in":{life}}}"#));
        for life in ["3599", "\"3599\"", "3599.5", "0", "null", "\"\"", "1e300"] {
            assert!(with_life(life).has_readable_life().is_ok(), "{life}");
        }
        for life in ["-5", "-0.1", "\"soon\"", "true", "{}"] {
            let error = with_life(life).has_readable_life().unwrap_err().to_string();
            assert!(error.contains("invalid `expires_in`"), "{life}: {error}");
        }
    }

    #[test]
    fn token_type_ignores_case() {
        for written in ["Bearer", "bearer", "BEARER"] {
            let grant = grant(&format!(
                r#"{{"token_type":"{written}","access_token":"t","ext_expires_in":3599,"foci":"1",
                   "scope":null}}"#
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
    fn empty_refresh_token_is_absent() {
        assert!(
            grant(r#"{"access_token":"t","refresh_token":""}"#)
                .refresh_token()
                .is_none()
        );
        assert!(grant(r#"{"access_token":"t"}"#).refresh_token().is_none());
        let there = grant(r#"{"access_token":"t","refresh_token":"r"}"#);
        assert_eq!(there.refresh_token().unwrap().expose(), "r");
    }
}
