//! The permissions that an access token names.

use http::HeaderValue;
use serde::Deserialize;

use super::jwt::Jwt;
use crate::permissions::PermissionScheme;

/// The tenant of all personal accounts
/// (<https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>, `tid`).
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The permissions of a token.
///
/// An access token is meant for Graph and not for the application that sends it, and it need not be
/// readable (<https://learn.microsoft.com/entra/identity-platform/access-tokens>). Therefore it is
/// read only for the text of an error, and nothing depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// The kind of token, if the token shows it.
    pub scheme: Option<PermissionScheme>,
    pub permissions: Vec<String>,
}

/// The claims that are read
/// (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>).
#[derive(Deserialize)]
struct Claims {
    /// The delegated permissions, separated by spaces.
    scp: Option<String>,
    /// The application permissions.
    roles: Option<Vec<String>>,
    /// The type of the token's owner: `app` or `user`.
    idtyp: Option<String>,
    /// The tenant.
    tid: Option<String>,
}

impl Granted {
    /// Reads the header that carries a token. Returns `None` if the token is not a JSON Web Token.
    #[doc(hidden)]
    pub fn read(header: &HeaderValue) -> Option<Self> {
        let (_, token) = header.to_str().ok()?.split_once(' ')?;
        let claims: Claims = Jwt::split(token)?.claims()?;
        let is_application = claims.idtyp.as_deref() == Some("app");
        let scopes = claims.scp.as_deref().unwrap_or_default().split_whitespace();
        Some(match (claims.scp.is_some(), claims.roles) {
            // A user's token may also carry the roles of the user, which are not permissions.
            (true, _) if !is_application => Self {
                scheme: Some(match claims.tid.as_deref() {
                    Some(PERSONAL_ACCOUNTS) => PermissionScheme::DelegatedPersonal,
                    _ => PermissionScheme::DelegatedWork,
                }),
                permissions: scopes.map(str::to_owned).collect(),
            },
            (_, Some(roles)) => Self {
                scheme: Some(PermissionScheme::Application),
                permissions: roles,
            },
            (_, None) => Self {
                scheme: is_application.then_some(PermissionScheme::Application),
                permissions: Vec::new(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn read(claims: &str) -> Option<Granted> {
        let token = format!("Bearer e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims));
        Granted::read(&HeaderValue::from_str(&token).expect("a header"))
    }

    // Reported: microsoftgraph/msgraph-sdk-powershell#2873.
    #[test]
    fn token_kind_is_read_from_claims() {
        use PermissionScheme::*;
        for (claims, scheme, permissions) in [
            (
                r#"{"roles":["Mail.Read","User.Read.All"]}"#,
                Some(Application),
                &["Mail.Read", "User.Read.All"][..],
            ),
            (
                r#"{"scp":"Mail.Read openid","roles":["Approver"]}"#,
                Some(DelegatedWork),
                &["Mail.Read", "openid"],
            ),
            (
                r#"{"scp":"Mail.Read","tid":"9188040d-6c67-4c5b-b112-36a304b66dad"}"#,
                Some(DelegatedPersonal),
                &["Mail.Read"],
            ),
            (r#"{"idtyp":"app"}"#, Some(Application), &[]),
            (r#"{"aud":"https://graph.microsoft.com"}"#, None, &[]),
        ] {
            let granted = read(claims).expect("claims");
            assert_eq!(
                (granted.scheme, granted.permissions.as_slice()),
                (
                    scheme,
                    &permissions
                        .iter()
                        .map(|p| (*p).to_owned())
                        .collect::<Vec<_>>()[..]
                ),
                "{claims}"
            );
        }
    }

    #[test]
    fn opaque_token_is_not_read() {
        for header in ["Bearer token", "Bearer a.b.c", "Bearer a.e30", "Basic", ""] {
            let granted = Granted::read(&HeaderValue::from_str(header).expect("a header"));
            assert_eq!(granted, None, "{header}");
        }
        assert_eq!(read("[]"), None);
        assert_eq!(read(r#"{"roles":"Mail.Read"}"#), None);
    }
}
