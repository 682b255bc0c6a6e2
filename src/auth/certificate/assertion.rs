//! What is signed: an assertion that the client is the one that has a certificate's key.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Algorithm;
use crate::auth::Secret;

/// How long an assertion is good: what Microsoft's page calls reasonable at the most.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// A certificate, and those of its issuers.
pub(super) struct Certificates {
    pub(super) own: CertificateDer<'static>,
    pub(super) issuers: Vec<CertificateDer<'static>>,
}

/// Whom an assertion is for, and in which form.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) sends_chain: bool,
}

/// [RFC 7515, 4.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1)
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

/// [RFC 7523, 3](https://www.rfc-editor.org/rfc/rfc7523#section-3)
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
    /// As the portal shows it: the SHA-1 of the certificate, in hexadecimal digits.
    pub(super) fn thumbprint(&self) -> String {
        let digest = Sha1::digest(&self.own);
        digest.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Adds all of them to a hash.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        hash.update(&self.own);
        for issuer in &self.issuers {
            hash.update(Sha256::digest(issuer));
        }
    }

    /// Header and claims, which the key is to sign.
    pub(super) fn unsigned(&self, asked: Asked<'_>) -> String {
        // The thumbprint goes with the algorithm: whoever knows the older of the one knows the older of the other alone.
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
        // A clock that stands before 1970 is told so by the platform, as one that is wrong by an hour is.
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

/// The whole assertion.
pub(super) fn signed(mut unsigned: String, signature: &[u8]) -> Secret<String> {
    unsigned.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut unsigned);
    unsigned.into()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn json(part: &impl Serialize) -> String {
    // Text and numbers alone, which JSON has a form for.
    base64url(serde_json::to_vec(part).unwrap_or_default())
}
