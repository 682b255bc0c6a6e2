//! What the token endpoint gives.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use zeroize::Zeroize;

use super::super::{Secret, Token};

/// A success ([RFC 6749, 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), with the platform's `refresh_in`.
#[derive(Deserialize, Serialize)]
pub(in crate::auth) struct Grant {
    access_token: AccessToken,
    #[serde(
        default = "bearer_token",
        deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive"
    )]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<Duration>,
    #[serde(default)]
    refresh_token: Option<oauth2::RefreshToken>,
    /// Who signed in, where `openid` was asked for
    /// (<https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse>).
    #[serde(default, skip_serializing)]
    id_token: Option<String>,
}

impl Drop for Grant {
    fn drop(&mut self) {
        let none = AccessToken::new(String::new());
        std::mem::replace(&mut self.access_token, none)
            .into_secret()
            .zeroize();
        if let Some(token) = self.refresh_token.take() {
            token.into_secret().zeroize();
        }
        self.id_token.zeroize();
    }
}

/// The tokens are secrets, and the id token has the user's names.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl Grant {
    pub(in crate::auth) fn token(&self) -> Token {
        let mut token = Token::new(self.access_token.secret().clone());
        if let Some(life) = self.expires_in {
            token = token.expires_in(life);
        }
        if let Some(age) = self.refresh_in {
            token = token.renew_in(age);
        }
        token
    }

    pub(in crate::auth) fn refresh_token(&self) -> Option<Secret<String>> {
        let token = self.refresh_token.as_ref()?.secret();
        (!token.is_empty()).then(|| Secret::new(token.clone()))
    }

    pub(in crate::auth) fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }

    pub(super) fn is_bearer(&self) -> bool {
        self.token_type == BasicTokenType::Bearer
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

fn bearer_token() -> BasicTokenType {
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
}
