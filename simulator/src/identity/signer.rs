//! The signing keys of the identity platform: the tokens signed with them, and the public key that
//! checks them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::jwt::Presented;

/// The key of all simulators. It is not a secret, and protects nothing.
const PUBLISHED: &[u8] = include_bytes!("keys/published.der");

/// A key that no simulator publishes, for forged tokens.
const UNPUBLISHED: &[u8] = include_bytes!("keys/unpublished.der");

/// A key for signatures.
pub(crate) struct Signer(KeyPair);

impl Signer {
    /// Returns the key that the platform publishes.
    pub(crate) fn published() -> Self {
        Self::read(PUBLISHED)
    }

    /// Returns another key, which the platform does not publish.
    pub(crate) fn unpublished() -> Self {
        Self::read(UNPUBLISHED)
    }

    fn read(der: &[u8]) -> Self {
        Self(KeyPair::from_pkcs8(der).expect("the keys of this crate are valid"))
    }

    /// Returns the key's name.
    fn id(&self) -> String {
        let PublicKeyComponents { n, .. } = self.components();
        URL_SAFE_NO_PAD.encode(Sha256::digest(n))
    }

    fn components(&self) -> PublicKeyComponents<Vec<u8>> {
        self.0.public().into()
    }

    /// Returns a JWT with these claims (RFC 7519). It is not signed if the system has no random
    /// numbers.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id() });
        let text = unsigned(&header, claims);
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        if signed.is_err() {
            signature.clear();
        }
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Checks whether a token was signed with this key.
    pub(super) fn has_signed(&self, token: &Presented<'_>) -> bool {
        token.is_signed_with(self.0.public().as_ref())
    }

    /// Returns the public key, as a JSON Web Key Set (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        let PublicKeyComponents { n, e } = self.components();
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id(), "x5t": self.id(),
            "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
        }] })
    }
}

/// Returns header and claims of a token, without its signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
