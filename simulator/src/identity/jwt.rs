//! JSON Web Tokens that clients present (RFC 7519), and their signatures.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use serde_json::{Map, Value};

/// Base64 of either alphabet, padded or not, because clients send all four forms.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A token whose signature was not checked yet.
pub(super) struct Presented<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// The text that is signed.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Presented<'a> {
    /// Parses a JWT. Returns `None` if the text is not a JWT.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&bytes(part)?).ok();
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: bytes(signature)?,
        })
    }

    /// Returns a text of the header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// Returns a text of the claims.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// Returns a time of the claims, in seconds since 1970. A fraction is allowed, and dropped.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// Checks whether the token is for this audience: its only one, or one of several.
    pub(super) fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(own)) => own == audience,
            Some(Value::Array(several)) => several.iter().any(|own| own == audience),
            _ => false,
        }
    }

    /// Returns the audience, in a form for error messages.
    pub(super) fn audience(&self) -> String {
        match self.claims.get("aud") {
            Some(Value::String(own)) => own.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// Checks whether this RSA key (PKCS #1) made the signature. It is RS256, or PS256 with a salt
    /// as long as the hash (RFC 7518, 3.3 and 3.5).
    pub(super) fn is_signed_with(&self, key: &[u8]) -> bool {
        let algorithm: &RsaParameters = match self.header("alg") {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }
}

/// Decodes base64 of either alphabet, padded or not.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL.decode(text.replace('+', "-").replace('/', "_")).ok()
}
