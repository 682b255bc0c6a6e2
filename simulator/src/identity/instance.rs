//! The metadata of the clouds, by which libraries check an authority before they use it.
//!
//! <https://learn.microsoft.com/entra/msal/dotnet/advanced/custom-authority-aliases>

use serde_json::{Value, json};

use super::form::Form;
use super::{Platform, SignInError};
use crate::request::Request;

/// The hosts of each cloud. The first one is preferred on the network, the second one in caches.
const CLOUDS: [(&str, &str, &[&str]); 4] = [
    (
        "login.microsoftonline.com",
        "login.windows.net",
        &[
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
    ),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    ),
    (
        "login.microsoftonline.us",
        "login.microsoftonline.us",
        &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    ),
    (
        "login-us.microsoftonline.com",
        "login-us.microsoftonline.com",
        &["login-us.microsoftonline.com"],
    ),
];

impl Platform<'_> {
    /// Handles `GET /common/discovery/instance`, which says whether an authority exists.
    pub(super) fn instance(&self, request: &Request) -> Result<Value, SignInError> {
        let query = Form::query(request);
        let endpoint = query.require("authorization_endpoint")?;
        let unknown =
            || SignInError::new("invalid_instance", 50_049, "Unknown or invalid instance.");
        let (authority, path) = self.authority(endpoint).ok_or_else(unknown)?;
        let tenant = path.split('/').next().unwrap_or_default();
        if tenant.is_empty() {
            return Err(unknown());
        }
        let version = if path.contains("/v2.0/") { "/v2.0" } else { "" };
        let metadata = CLOUDS.map(|(network, cache, aliases)| {
            json!({ "preferred_network": network, "preferred_cache": cache, "aliases": aliases })
        });
        Ok(json!({
            "tenant_discovery_endpoint":
                format!("{authority}/{tenant}{version}/.well-known/openid-configuration"),
            "api-version": query.get("api-version").unwrap_or("1.1"),
            "metadata": metadata,
        }))
    }

    /// Returns the authority that an endpoint belongs to, and the path below it. It is one of this
    /// simulator's own addresses, or a cloud.
    fn authority<'u>(&self, endpoint: &'u str) -> Option<(&'u str, &'u str)> {
        let own = self.identity.audiences.iter().chain([&self.host]);
        let mut own = own.filter(|own| endpoint.starts_with(own.as_str()));
        let split = |authority: &str| {
            let rest = endpoint.get(authority.len()..)?.strip_prefix('/')?;
            let authority = endpoint.get(..authority.len())?;
            Some((authority, rest))
        };
        if let Some(found) = own.find_map(|own| split(own)) {
            return Some(found);
        }
        let host = endpoint.strip_prefix("https://")?.split('/').next()?;
        let mut hosts = CLOUDS.iter().flat_map(|(_, _, aliases)| aliases.iter());
        let known = hosts.find(|known| known.eq_ignore_ascii_case(host))?;
        split(&format!("https://{known}"))
    }
}
