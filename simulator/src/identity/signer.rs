//! The signing key of the identity platform: the tokens signed with it, and the public key that
//! checks them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs1v15::SigningKey;
use rsa::rand_core::OsRng;
use rsa::signature::{SignatureEncoding, Signer as _};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::jwt::Presented;

/// The length of the key, in bits.
const BITS: usize = 2_048;

/// A key for signatures.
pub(crate) struct Signer {
    /// The key. `None` if the system has no random numbers: tokens are then not signed.
    key: Option<SigningKey<Sha256>>,
    public: Option<RsaPublicKey>,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let key = RsaPrivateKey::new(&mut OsRng, BITS).ok();
        let public = key.as_ref().map(RsaPublicKey::from);
        Self {
            key: key.map(SigningKey::new),
            public,
        }
    }

    /// Returns the key's name.
    fn id(&self) -> String {
        let modulus = self.public.as_ref().map(|key| key.n().to_bytes_be());
        URL_SAFE_NO_PAD.encode(Sha256::digest(modulus.unwrap_or_default()))
    }

    /// Returns a JWT with these claims (RFC 7519).
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id() });
        let text = unsigned(&header, claims);
        let signature = self
            .key
            .as_ref()
            .and_then(|key| key.try_sign(text.as_bytes()).ok());
        let signature = signature
            .map(|signature| signature.to_vec())
            .unwrap_or_default();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Checks whether a token was signed with this key.
    pub(super) fn has_signed(&self, token: &Presented<'_>) -> bool {
        let public = self.public.as_ref();
        public.is_some_and(|key| token.is_signed_with(key))
    }

    /// Returns the public key, as a JSON Web Key Set (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        let Some(public) = &self.public else {
            return json!({ "keys": [] });
        };
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id(), "x5t": self.id(),
            "n": URL_SAFE_NO_PAD.encode(public.n().to_bytes_be()),
            "e": URL_SAFE_NO_PAD.encode(public.e().to_bytes_be()),
        }] })
    }
}

/// Returns header and claims of a token, without its signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
