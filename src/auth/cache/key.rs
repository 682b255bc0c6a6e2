//! What a token is of.

use std::fmt;
use std::hash::Hash;

use crate::Cloud;

/// What a token is of: authority, tenant, client, user and scopes. Where two keys are equal, so are the tokens.
///
/// ```
/// use msgraph::Cloud;
/// use msgraph::auth::CacheKey;
///
/// let ada = CacheKey::new(&Cloud::Global, "contoso.com", "11111111-1111-1111-1111-111111111111")
///     .user("ada@contoso.com")
///     .scopes(["Mail.Read", "User.Read"]);
/// assert_ne!(ada, ada.clone().user("grace@contoso.com"));
/// // The order of scopes says nothing.
/// assert_eq!(ada, ada.clone().scopes(["User.Read", "Mail.Read"]));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    authority: String,
    tenant: String,
    client_id: String,
    /// The scope of the cloud's Graph: US Government L4 and L5 have one authority.
    resource: String,
    user: Option<String>,
    scopes: Vec<String>,
}

impl CacheKey {
    /// The application's own token in a tenant, for all that it may do there.
    pub fn new(cloud: &Cloud, tenant: &str, client_id: &str) -> Self {
        let key = Self {
            authority: authority(cloud.login()),
            tenant: tenant.to_ascii_lowercase(),
            client_id: client_id.to_ascii_lowercase(),
            resource: cloud.scope().to_ascii_lowercase(),
            user: None,
            scopes: Vec::new(),
        };
        key.scopes([cloud.scope()])
    }

    /// A user's token: by whatever tells this user from all others.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// A token with these scopes.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes
            .into_iter()
            .flat_map(|scopes| {
                let scopes = scopes.as_ref().split_whitespace();
                scopes.map(str::to_ascii_lowercase).collect::<Vec<_>>()
            })
            .collect();
        self.scopes.sort();
        self.scopes.dedup();
        self
    }

    /// What Graph counts calls for: an application in a tenant of a cloud.
    pub(crate) fn application(&self) -> impl Hash {
        (
            &self.authority,
            &self.tenant,
            &self.client_id,
            &self.resource,
        )
    }

    /// The key as text, for stores: it says nothing that is secret, and nothing of the scopes, since a refresh token is good for any.
    pub(in crate::auth) fn name(&self) -> String {
        let Self {
            authority,
            tenant,
            client_id,
            resource: _,
            user,
            scopes: _,
        } = self;
        let user = user.as_deref().unwrap_or_default();
        format!("{authority}/{tenant}/{client_id}/{user}")
    }
}

/// The identity platform by one of its names: those of the others are aliases
/// (<https://learn.microsoft.com/entra/msal/dotnet/advanced/instance-discovery>).
pub(in crate::auth) fn authority(login: &str) -> String {
    let login = login.to_ascii_lowercase();
    let host = login.trim_start_matches("https://").trim_end_matches('/');
    let host = match host {
        "login.windows.net" | "login.microsoft.com" | "sts.windows.net" => {
            "login.microsoftonline.com"
        }
        "login.usgovcloudapi.net" => "login.microsoftonline.us",
        "login.chinacloudapi.cn" => "login.partner.microsoftonline.cn",
        _ => host,
    };
    host.to_owned()
}

/// Without the user, whose name is nobody else's business.
impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheKey")
            .field("authority", &self.authority)
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CustomCloud;

    #[test]
    fn aliases_of_an_authority_are_one() {
        let of = |login: &str| {
            let cloud = CustomCloud::new("https://graph.microsoft.com", login).into();
            CacheKey::new(&cloud, "contoso.com", "client")
        };
        let global = CacheKey::new(&Cloud::Global, "Contoso.com", "Client");
        for alias in [
            "https://login.windows.net",
            "https://login.microsoft.com",
            "https://sts.windows.net",
            "https://LOGIN.microsoftonline.com",
        ] {
            assert_eq!(of(alias), global, "{alias}");
        }
        assert_ne!(of("https://login.microsoftonline.us"), global);
    }

    #[test]
    fn each_part_tells_keys_apart() {
        let key = CacheKey::new(&Cloud::Global, "contoso.com", "client");
        let others = [
            CacheKey::new(&Cloud::China, "contoso.com", "client"),
            CacheKey::new(&Cloud::Global, "fabrikam.com", "client"),
            CacheKey::new(&Cloud::Global, "contoso.com", "another"),
            key.clone().user("ada"),
            key.clone().scopes(["User.Read"]),
        ];
        for other in &others {
            assert_ne!(*other, key);
        }
        // US Government L4 and L5 have one authority.
        let of = |cloud| CacheKey::new(&cloud, "contoso.us", "client");
        assert_ne!(of(Cloud::UsGovL4), of(Cloud::UsGovL5));
        assert_ne!(
            of(Cloud::UsGovL4).scopes(["User.Read"]),
            of(Cloud::UsGovL5).scopes(["User.Read"])
        );
        assert!(!format!("{:?}", key.user("ada")).contains("ada"));
    }
}
