//! Workload identity federation: a token of another issuer, or of a managed identity, authenticates
//! the client.
//!
//! <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>

use serde_json::json;

use super::assertion::{check_time, invalid, refused};
use super::jwt::Presented;
use super::{Platform, SignInError};

/// The audience of such a token.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The lifetime of a token that Kubernetes writes into a file, in seconds.
const LIFE: i64 = 3_600;

impl Platform<'_> {
    /// Returns the issuer: a Kubernetes cluster whose keys are the platform's own.
    fn cluster(&self) -> String {
        format!("{}/kubernetes", self.identity.host)
    }

    /// Returns the issuer of managed identities' tokens: the tenant itself.
    fn tenant_issuer(&self) -> String {
        format!("{}/{}/v2.0", self.identity.host, self.identity.home())
    }

    /// Returns a token as Kubernetes writes it for a service account.
    pub(crate) fn federated_token(&mut self, subject: &str) -> String {
        let issuer = self.cluster();
        self.token_for_exchange(&issuer, subject)
    }

    /// Returns a token of a managed identity, by the id of its principal. An application that
    /// trusts the identity accepts it.
    pub(super) fn managed_identity_token(&mut self, principal_id: &str) -> String {
        let issuer = self.tenant_issuer();
        self.token_for_exchange(&issuer, principal_id)
    }

    fn token_for_exchange(&mut self, issuer: &str, subject: &str) -> String {
        let now = self.now.timestamp();
        let claims = json!({
            "aud": [AUDIENCE], "exp": now + LIFE, "iat": now, "nbf": now, "iss": issuer,
            "jti": self.ids.guid(), "sub": subject,
        });
        self.identity.signer().token(&claims)
    }

    pub(super) fn check_federated(&mut self, token: &Presented<'_>) -> Result<(), SignInError> {
        let unknown = |code, what: &str, value: &str| {
            refused(
                code,
                format!(
                    "No matching federated identity record found for presented assertion {what} \
                     '{value}'. Check your federated identity credential Subject, Audience and \
                     Issuer against the presented assertion."
                ),
            )
        };
        let issuer = token.claim("iss").unwrap_or_default();
        if issuer != self.cluster() && issuer != self.tenant_issuer() {
            return Err(unknown(700_211, "issuer", issuer));
        }
        if !self.identity.signer().has_signed(token) {
            return Err(refused(
                700_027,
                "Client assertion contains an invalid signature. [Reason - The provided signature \
                 value did not match the expected signature value.]",
            ));
        }
        check_time(token, self.now)?;
        if !token.is_for(AUDIENCE) {
            return Err(unknown(700_212, "audience", &token.audience()));
        }
        let Some(subject) = token.claim("sub") else {
            return Err(invalid("It has no 'sub' claim."));
        };
        // The platform compares subjects with case since 2024.
        if self.identity.federated.iter().any(|known| known == subject) {
            return Ok(());
        }
        Err(unknown(700_213, "subject", subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;
    use crate::ids::Ids;
    use crate::store::Store;

    /// Checks a token for another audience. The public methods create none, but a cluster may write
    /// one.
    #[test]
    fn token_for_another_audience_is_refused() {
        let (store, mut ids) = (Store::new(), Ids::default());
        let mut identity = Identity::new("tenant", "contoso.com", Vec::new(), "http://localhost");
        identity.federated.push("mailer".into());
        let mut platform = Platform {
            host: "http://localhost".into(),
            identity: &mut identity,
            store: &store,
            ids: &mut ids,
            now: chrono::DateTime::UNIX_EPOCH,
        };
        let claims = |audience: &str| {
            json!({
                "aud": audience, "exp": 60, "iss": "http://localhost/kubernetes", "sub": "mailer",
            })
        };
        let mut check = |audience: &str| {
            let text = platform.identity.signer().token(&claims(audience));
            let token = Presented::read(&text).expect("a JWT");
            platform.check_federated(&token)
        };
        assert!(check(AUDIENCE).is_ok());
        let refused = check("https://kubernetes.default.svc").expect_err("another audience");
        assert_eq!(refused.code(), 700_212);
    }
}
