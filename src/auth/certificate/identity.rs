//! A certificate, its key, and what the key signs.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
// As TLS does: ring where both are there.
#[cfg(not(feature = "rustls-ring"))]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(feature = "rustls-ring")]
use rustls::crypto::ring as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;
use rustls::{CertificateError, SignatureAlgorithm, SignatureScheme};
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Algorithm, Fault};
use crate::auth::Secret;

/// A private key as it was read.
pub(super) type Key = Zeroizing<PrivateKeyDer<'static>>;

/// How long an assertion is good: what Microsoft's page calls reasonable at the most.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// A certificate and the key that belongs to it.
pub(super) struct Identity {
    key: Arc<dyn SigningKey>,
    certificate: CertificateDer<'static>,
    issuers: Vec<CertificateDer<'static>>,
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

impl Identity {
    /// Finds the certificate that the key belongs to: the others are those of its issuers, and need not come after it.
    pub(super) fn new(
        mut certificates: Vec<CertificateDer<'static>>,
        keys: &[Key],
    ) -> Result<Self, Fault> {
        if certificates.is_empty() {
            return Err(Fault::NoCertificate);
        }
        let public_keys = certificates
            .iter()
            .map(public_key)
            .collect::<Result<Vec<_>, _>>()?;
        let mut fault = Fault::NoKey;
        for key in keys {
            let key = match signing_key(key) {
                Ok(key) => key,
                Err(bad) => {
                    fault = bad;
                    continue;
                }
            };
            let own = key.public_key();
            let own = own.as_deref();
            let at = public_keys
                .iter()
                .position(|public_key| public_key.as_deref() == own);
            let at = match (at, public_keys.as_slice()) {
                (Some(at), _) => at,
                // Which key it is of cannot be told: the platform will.
                (None, [None]) => 0,
                (None, _) => {
                    fault = Fault::OtherKey;
                    continue;
                }
            };
            let certificate = certificates.remove(at);
            return Ok(Self {
                key,
                certificate,
                issuers: certificates,
            });
        }
        Err(fault)
    }

    /// As the portal shows it: the SHA-1 of the certificate, in hexadecimal digits.
    pub(super) fn thumbprint(&self) -> String {
        let digest = Sha1::digest(&self.certificate);
        digest.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    pub(super) fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        algorithm: Algorithm,
        sends_chain: bool,
    ) -> Result<Secret<String>, Fault> {
        let certificate = &self.certificate;
        // The thumbprint goes with the algorithm: whoever knows the older of the one knows the older of the other alone.
        let (alg, scheme, sha1, sha256) = match algorithm {
            Algorithm::Ps256 => {
                let sha256 = base64url(Sha256::digest(certificate));
                ("PS256", SignatureScheme::RSA_PSS_SHA256, None, Some(sha256))
            }
            Algorithm::Rs256 => {
                let sha1 = base64url(Sha1::digest(certificate));
                ("RS256", SignatureScheme::RSA_PKCS1_SHA256, Some(sha1), None)
            }
        };
        let chain = sends_chain.then(|| {
            let chain = std::iter::once(certificate).chain(&self.issuers);
            chain
                .map(|certificate| BASE64_STANDARD.encode(certificate))
                .collect()
        });
        let header = Header {
            alg,
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
            aud: audience,
            iss: client_id,
            sub: client_id,
            jti: Uuid::new_v4(),
            nbf: now.as_secs(),
            iat: now.as_secs(),
            exp: (now + LIFE).as_secs(),
        };
        let mut assertion = format!("{}.{}", json(&header), json(&claims));
        let signer = self.key.choose_scheme(&[scheme]).ok_or(Fault::NotRsa)?;
        let signature = signer
            .sign(assertion.as_bytes())
            .map_err(Fault::CannotSign)?;
        assertion.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut assertion);
        Ok(assertion.into())
    }
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn json(part: &impl Serialize) -> String {
    // Text and numbers alone, which JSON has a form for.
    base64url(serde_json::to_vec(part).unwrap_or_default())
}

fn signing_key(key: &Key) -> Result<Arc<dyn SigningKey>, Fault> {
    let key = provider::sign::any_supported_type(key).map_err(|_| Fault::BadKey)?;
    match key.algorithm() {
        SignatureAlgorithm::RSA => Ok(key),
        _ => Err(Fault::NotRsa),
    }
}

/// The key that a certificate is for (its SubjectPublicKeyInfo); none where it is of a form that rustls does not know, as version 1 of
/// X.509 is, which the identity platform may.
fn public_key(certificate: &CertificateDer<'_>) -> Result<Option<Vec<u8>>, Fault> {
    match ParsedCertificate::try_from(certificate) {
        Ok(parsed) => Ok(Some(parsed.subject_public_key_info().to_vec())),
        Err(rustls::Error::InvalidCertificate(CertificateError::BadEncoding)) => {
            Err(Fault::BadCertificate)
        }
        Err(_) => Ok(None),
    }
}
