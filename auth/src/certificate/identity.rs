//! A certificate and its key.

use std::sync::Arc;

// Uses ring if both libraries are present, as TLS does.
#[cfg(not(feature = "rustls-ring"))]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(feature = "rustls-ring")]
use rustls::crypto::ring as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::SigningKey;
use rustls::{CertificateError, SignatureAlgorithm, SignatureScheme};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::assertion::{Asked, Certificates, signed};
use super::{Algorithm, Fault};
use crate::Secret;

/// A private key as it was read.
pub(super) type Key = Zeroizing<PrivateKeyDer<'static>>;

/// A certificate and the key that belongs to it.
pub(super) struct Identity {
    key: Arc<dyn SigningKey>,
    /// The digest of the key as it was read, because not every certificate identifies its key.
    key_digest: [u8; 32],
    certificates: Certificates,
}

impl Identity {
    /// Finds the certificate of the key. The others belong to its issuers, and need not follow it.
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
        for read in keys {
            let key = match signing_key(read) {
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
                // The certificate's key cannot be read here. The platform will check it.
                (None, [None]) => 0,
                (None, _) => {
                    fault = Fault::OtherKey;
                    continue;
                }
            };
            let own = certificates.remove(at);
            return Ok(Self {
                key,
                key_digest: Sha256::digest(read.secret_der()).into(),
                certificates: Certificates {
                    own,
                    issuers: certificates,
                },
            });
        }
        Err(fault)
    }

    pub(super) fn thumbprint(&self) -> String {
        self.certificates.thumbprint()
    }

    /// Adds everything that identifies the certificate and its key to a hash.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        self.certificates.hash(hash);
        hash.update(self.key_digest);
    }

    pub(super) fn assertion(&self, asked: Asked<'_>) -> Result<Secret<String>, Fault> {
        let scheme = match asked.algorithm {
            Algorithm::Ps256 => SignatureScheme::RSA_PSS_SHA256,
            Algorithm::Rs256 => SignatureScheme::RSA_PKCS1_SHA256,
        };
        let text = self.certificates.unsigned(asked);
        let signer = self.key.choose_scheme(&[scheme]).ok_or(Fault::NotRsa)?;
        let signature = signer.sign(text.as_bytes()).map_err(Fault::CannotSign)?;
        Ok(signed(text, &signature))
    }
}

fn signing_key(key: &Key) -> Result<Arc<dyn SigningKey>, Fault> {
    let key = provider::sign::any_supported_type(key).map_err(|_| Fault::BadKey)?;
    match key.algorithm() {
        SignatureAlgorithm::RSA => Ok(key),
        _ => Err(Fault::NotRsa),
    }
}

/// Returns the key of a certificate (its SubjectPublicKeyInfo). Returns `None` if rustls does not
/// know the certificate's form, which the identity platform may know. X.509 version 1 is an
/// example.
pub(super) fn public_key(certificate: &CertificateDer<'_>) -> Result<Option<Vec<u8>>, Fault> {
    match ParsedCertificate::try_from(certificate) {
        Ok(parsed) => Ok(Some(parsed.subject_public_key_info().to_vec())),
        Err(rustls::Error::InvalidCertificate(CertificateError::BadEncoding)) => {
            Err(Fault::BadCertificate)
        }
        Err(_) => Ok(None),
    }
}
