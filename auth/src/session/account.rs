//! The account of a signed-in user.

use std::fmt;

use msgraph_core::jwt::Jwt;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::error::SignInError;

/// A signed-in user, as described by the identity platform.
///
/// It prints as its [`id`](Self::id), without the names, which are personal.
///
/// ```
/// # fn example(session: &msgraph::auth::UserSession) {
/// if let Some(account) = session.account() {
///     println!("signed in as {}", account.username().unwrap_or("an unnamed user"));
/// }
/// # }
/// ```
///
/// <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    object_id: String,
    tenant_id: String,
    username: Option<String>,
    name: Option<String>,
}

/// The claims that are read.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    oid: Option<String>,
    /// The user's id for this application alone, for the case that the identity platform sends no
    /// object id.
    sub: String,
    tid: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    nonce: Option<String>,
}

impl Account {
    /// Returns the user's id in the directory, as used by `users().id(..)`.
    pub fn object_id(&self) -> &str {
        &self.object_id
    }

    /// Returns the tenant that the user signed in to.
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// Returns the name that the user signs in with, for display. It may change, so it must not
    /// serve as a key.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Returns the user's name, for display.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the text that distinguishes this user from all others: object id and tenant id.
    pub fn id(&self) -> String {
        format!("{}.{}", self.object_id, self.tenant_id)
    }

    /// Reads an id token that came from the token endpoint itself, over TLS. In that case its
    /// signature need not be checked
    /// (<https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>, 6).
    ///
    /// # Errors
    ///
    /// Returns an error if the id token cannot be read, or belongs to another application or
    /// another sign-in.
    pub(super) fn read(id_token: &str, client_id: &str, nonce: Option<&str>) -> Result<Self> {
        let wrong = |what: &str| SignInError::new(format!("the id token {what}"));
        let claims: Claims = Jwt::split(id_token)
            .and_then(|token| token.claims())
            .ok_or_else(|| wrong("cannot be read"))?;
        if !claims.aud.eq_ignore_ascii_case(client_id) {
            return Err(wrong("is for another application").into());
        }
        if nonce.is_some() && claims.nonce.as_deref() != nonce {
            return Err(wrong("belongs to another sign-in: its `nonce` differs").into());
        }
        Ok(Self {
            object_id: claims.oid.unwrap_or(claims.sub),
            tenant_id: claims.tid.unwrap_or_default(),
            username: claims.preferred_username,
            name: claims.name,
        })
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("object_id", &self.object_id)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn read(claims: &str, nonce: Option<&str>) -> Result<Account> {
        let token = format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims));
        Account::read(&token, "client", nonce)
    }

    #[test]
    fn account_is_read_from_the_id_token() {
        let account = read(
            r#"{"aud":"client","oid":"o","tid":"t","sub":"s","preferred_username":"ada@contoso.com",
               "name":"Ada","nonce":"n"}"#,
            Some("n"),
        )
        .unwrap();
        assert_eq!(account.id(), "o.t");
        assert_eq!(account.username(), Some("ada@contoso.com"));
        assert_eq!(account.name(), Some("Ada"));
        assert!(
            !format!("{account:?} {account}")
                .to_lowercase()
                .contains("ada")
        );
        let bare = read(r#"{"aud":"CLIENT","sub":"s"}"#, None).unwrap();
        assert_eq!(bare.id(), "s.");
    }

    #[test]
    fn id_token_of_another_client_is_refused() {
        for (claims, wrong) in [
            (
                r#"{"aud":"another","sub":"s","nonce":"n"}"#,
                "another application",
            ),
            (
                r#"{"aud":"client","sub":"s","nonce":"m"}"#,
                "`nonce` differs",
            ),
            (r#"{"aud":"client","sub":"s"}"#, "`nonce` differs"),
            ("[]", "cannot be read"),
        ] {
            let error = read(claims, Some("n")).unwrap_err().to_string();
            assert!(error.contains(wrong), "{claims}: {error}");
        }
        assert!(Account::read("no token", "client", None).is_err());
    }
}
