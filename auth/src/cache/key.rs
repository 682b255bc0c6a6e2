//! The keys of cached tokens.

use std::fmt;
use std::hash::Hash;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Cloud;
use crate::cloud::authority;

/// The key of a token: authority, tenant, client, user, scopes, and the credential that is used to
/// get it. Providers whose keys are equal share their tokens.
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
/// // Who shows another secret shares no token.
/// assert_ne!(ada.clone().credential("hunter2"), ada.clone().credential("hunter3"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    authority: String,
    tenant: String,
    client_id: String,
    /// The scope of the cloud's Graph. It is needed because US Government L4 and L5 have one
    /// authority.
    resource: String,
    user: Option<String>,
    scopes: Vec<String>,
    credential: Option<Digested>,
}

type Digested = [u8; 32];

/// The salt at the beginning of this process's hashes, so that none can be looked up in a
/// precomputed table.
static SALT: LazyLock<[Uuid; 2]> = LazyLock::new(|| [Uuid::new_v4(), Uuid::new_v4()]);

impl CacheKey {
    /// Creates the key of the application's own token in a tenant, for all its permissions there.
    pub fn new(cloud: &Cloud, tenant: &str, client_id: &str) -> Self {
        let key = Self {
            authority: authority(cloud.login()),
            tenant: tenant.to_ascii_lowercase(),
            client_id: client_id.to_ascii_lowercase(),
            resource: cloud.scope().to_ascii_lowercase(),
            user: None,
            scopes: Vec::new(),
            credential: None,
        };
        key.scopes([cloud.scope()])
    }

    /// Sets the user, by a name that distinguishes this user from all others.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the scopes of the token.
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

    /// Returns the unit for which Graph counts calls: an application in a tenant of a cloud.
    #[doc(hidden)]
    pub fn application(&self) -> impl Hash {
        (
            &self.authority,
            &self.tenant,
            &self.client_id,
            &self.resource,
        )
    }

    /// Adds the credential that is used to get the token: a secret, a certificate, an assertion, a
    /// refresh token. If several are added, all of them count, in their order.
    ///
    /// A client with the right secret and a client with a wrong one must share neither tokens nor
    /// refusals. The key holds a hash of the credential, with a salt that differs in each process.
    #[must_use]
    pub fn credential(mut self, credential: impl AsRef<[u8]>) -> Self {
        let mut hash = Sha256::new();
        for salt in &*SALT {
            hash.update(salt.as_bytes());
        }
        hash.update(self.credential.unwrap_or_default());
        hash.update(credential.as_ref());
        self.credential = Some(hash.finalize().into());
        self
    }

    /// Returns the key as text, for stores. The text contains nothing secret. It does not contain
    /// the scopes, because a refresh token is good for any of them.
    pub(crate) fn name(&self) -> String {
        let Self {
            authority,
            tenant,
            client_id,
            resource: _,
            user,
            scopes: _,
            // A refresh token outlives the secret of its application.
            credential: _,
        } = self;
        let user = user.as_deref().unwrap_or_default();
        format!("{authority}/{tenant}/{client_id}/{user}")
    }
}

/// Omits the user, whose name is private, and the credential.
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
    use msgraph_core::cloud::CustomCloud;

    #[test]
    fn authority_aliases_are_one_key() {
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
    fn each_field_distinguishes_keys() {
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
        let with = |credential: &str| key.clone().credential(credential);
        assert_eq!(with("secret"), with("secret"));
        assert_ne!(with("secret"), key);
        assert_ne!(with("secret"), with("another"));
        assert_ne!(with("one").credential("two"), with("two").credential("one"));
        // The name in a store does not contain the credential.
        assert_eq!(with("secret").name(), key.name());
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
