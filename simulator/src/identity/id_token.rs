//! Id tokens, which name the user who has signed in.
//!
//! <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Platform;
use super::person::Person;
use super::tenant::issuer;

impl Platform<'_> {
    /// Returns a token that names the user who has signed in, signed with the published key.
    pub(super) fn id_token(
        &mut self,
        tenant_id: &str,
        client: &str,
        person: &Person,
        nonce: Option<&str>,
    ) -> String {
        let now = self.now.timestamp();
        // The same user has a different subject at each client.
        let subject = Sha256::digest(format!("{client} {}", person.object_id));
        let mut claims = json!({
            "ver": "2.0", "iss": issuer(tenant_id), "aud": client, "tid": tenant_id,
            "sub": URL_SAFE_NO_PAD.encode(subject), "oid": person.object_id, "name": person.name,
            "preferred_username": person.principal_name, "uti": self.ids.secret(16),
            "iat": now, "nbf": now, "exp": self.identity.expiry(self.now).timestamp(),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.identity.signer().token(&claims)
    }

    /// Returns the user id and tenant id under which libraries cache a user's tokens.
    pub(super) fn client_info(&self, person: &Person) -> String {
        let info = json!({ "uid": person.object_id, "utid": self.identity.home() });
        URL_SAFE_NO_PAD.encode(info.to_string())
    }
}
