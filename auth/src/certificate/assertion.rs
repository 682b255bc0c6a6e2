//! The signed assertion that proves that the client has the key of a certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Algorithm;
use crate::Secret;

/// The lifetime of an assertion. It is the longest that Microsoft's documentation calls reasonable.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// A certificate, and those of its issuers.
pub(super) struct Certificates {
    pub(super) own: CertificateDer<'static>,
    pub(super) issuers: Vec<CertificateDer<'static>>,
}

/// The audience and the form of an assertion.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) sends_chain: bool,
}

/// The JWS header, [RFC 7515, 4.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1).
#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
    #[serde(rename = "x5t", skip_serializing_if = "Option::is_none")]
    sha1: Option<String>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(rename = "x5c", skip_serializing_if = "Option::is_none")]
    chain: Option<Vec<String>>,
}

/// The claims, [RFC 7523, 3](https://www.rfc-editor.org/rfc/rfc7523#section-3).
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: Uuid,
    nbf: u64,
    iat: u64,
    exp: u64,
}

impl Certificates {
    /// Returns the thumbprint as the portal shows it: the SHA-1 of the certificate, in hexadecimal
    /// digits.
    pub(super) fn thumbprint(&self) -> String {
        let digest = Sha1::digest(&self.own);
        digest.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Adds all certificates to a hash.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        hash.update(&self.own);
        for issuer in &self.issuers {
            hash.update(Sha256::digest(issuer));
        }
    }

    /// Returns the header and claims that the key signs.
    pub(super) fn unsigned(&self, asked: Asked<'_>) -> String {
        // The thumbprint depends on the algorithm: a service that knows only the older algorithm
        // knows only the older thumbprint.
        let (sha1, sha256) = match asked.algorithm {
            Algorithm::Ps256 => (None, Some(base64url(Sha256::digest(&self.own)))),
            Algorithm::Rs256 => (Some(base64url(Sha1::digest(&self.own))), None),
        };
        let chain = asked.sends_chain.then(|| {
            let chain = std::iter::once(&self.own).chain(&self.issuers);
            chain
                .map(|certificate| BASE64_STANDARD.encode(certificate))
                .collect()
        });
        let header = Header {
            alg: asked.algorithm.name(),
            typ: "JWT",
            sha1,
            sha256,
            chain,
        };
        // A clock before 1970 gives an invalid assertion, which the platform refuses like one of a
        // clock that is wrong by an hour.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let claims = Claims {
            aud: asked.audience,
            iss: asked.client_id,
            sub: asked.client_id,
            jti: Uuid::new_v4(),
            nbf: now.as_secs(),
            iat: now.as_secs(),
            exp: (now + LIFE).as_secs(),
        };
        format!("{}.{}", json(&header), json(&claims))
    }
}

/// Returns the complete assertion.
pub(super) fn signed(mut unsigned: String, signature: &[u8]) -> Secret<String> {
    unsigned.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut unsigned);
    unsigned.into()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn json(part: &impl Serialize) -> String {
    // The parts contain only text and numbers, which JSON can always represent.
    base64url(serde_json::to_vec(part).unwrap_or_default())
}
