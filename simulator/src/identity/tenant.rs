//! The tenants: the one that is served, and others that the application may sign in to.

use serde_json::{Value, json};

use super::{Identity, Platform, SignInError};
use crate::ids::is_guid;

/// The tenants. The first one is the users' own.
pub(super) struct Tenants(Vec<Tenant>);

struct Tenant {
    id: String,
    domain: String,
}

impl Tenants {
    pub(super) fn new(id: &str, domain: &str) -> Self {
        let mut tenants = Self(Vec::new());
        tenants.add(id, domain);
        tenants
    }

    fn add(&mut self, id: &str, domain: &str) {
        let (id, domain) = (id.to_owned(), domain.to_owned());
        self.0.push(Tenant { id, domain });
    }

    /// Returns the id of the users' own tenant.
    pub(super) fn home(&self) -> &str {
        self.0.first().map_or("", |tenant| tenant.id.as_str())
    }

    /// Returns the id of the tenant that has this id or domain.
    fn find(&self, name: &str) -> Option<&str> {
        let is_named = |tenant: &&Tenant| {
            name.eq_ignore_ascii_case(&tenant.id) || name.eq_ignore_ascii_case(&tenant.domain)
        };
        self.0
            .iter()
            .find(is_named)
            .map(|tenant| tenant.id.as_str())
    }
}

/// The tenant of personal accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Checks whether the name stands for any tenant (`common`, `organizations` or `consumers`).
fn is_any(tenant: &str) -> bool {
    matches!(tenant, "common" | "organizations" | "consumers")
}

impl Identity {
    pub(crate) fn add_tenant(&mut self, id: &str, domain: &str) {
        self.tenants.add(id, domain);
    }

    /// Returns the id of the users' own tenant.
    pub(crate) fn home(&self) -> &str {
        self.tenants.home()
    }
}

/// Returns the issuer of the id tokens of a tenant.
pub(super) fn issuer(tenant_id: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant_id}/v2.0")
}

impl Platform<'_> {
    /// Returns the endpoints of a tenant (OpenID Connect Discovery 1.0).
    pub(super) fn configuration(&self, tenant: &str) -> Result<Value, SignInError> {
        let base = format!("{}/{tenant}", self.host);
        // The metadata of several tenants has a placeholder for the tenant of a user.
        let id = match tenant {
            "common" | "organizations" => "{tenantid}".to_owned(),
            "consumers" => CONSUMERS.to_owned(),
            tenant => {
                let found = self.tenant(tenant);
                found.map_err(|error| error.called("invalid_tenant"))?
            }
        };
        Ok(json!({
            "issuer": issuer(&id),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "private_key_jwt", "client_secret_basic",
            ],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code", "id_token", "code id_token"],
            "scopes_supported": super::scope::OPENID,
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "EU",
        }))
    }

    /// Returns the id of the tenant that a user signs in to.
    pub(super) fn any_tenant(&self, tenant: &str) -> Result<String, SignInError> {
        if is_any(tenant) {
            return Ok(self.identity.home().to_owned());
        }
        self.tenant(tenant)
    }

    /// Returns the id of the tenant that an application signs in to. An application has to name
    /// one.
    pub(super) fn own_tenant(&self, tenant: &str) -> Result<String, SignInError> {
        if is_any(tenant) {
            return Err(SignInError::new(
                "invalid_request",
                9_001_023,
                format!(
                    "The grant type is not supported over the /{tenant} endpoint. Please use a \
                     tenant-specific endpoint."
                ),
            ));
        }
        self.tenant(tenant)
    }

    fn tenant(&self, tenant: &str) -> Result<String, SignInError> {
        if let Some(id) = self.identity.tenants.find(tenant) {
            return Ok(id.to_owned());
        }
        if is_guid(tenant) || tenant.contains('.') {
            return Err(SignInError::new(
                "invalid_request",
                90_002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant \
                     ID and are signing into the correct cloud."
                ),
            ));
        }
        Err(SignInError::new(
            "invalid_request",
            900_021,
            format!(
                "Requested tenant identifier '{tenant}' is not valid. Tenant identifiers may not \
                 be an empty GUID."
            ),
        ))
    }
}
