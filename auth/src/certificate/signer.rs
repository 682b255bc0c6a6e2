//! A key outside of this process, which signs in a vault, an HSM or a smart card.

use std::future::Future;

use futures_util::future::BoxFuture;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::alg_id::RSA_ENCRYPTION;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::assertion::{Asked, Certificates, signed};
use super::{Algorithm, Fault, identity, pem};
use crate::{BoxError, Secret};

/// The input that a key signs: see [`Certificate::with_signer`](super::Certificate::with_signer).
///
/// It is the signing input of a JWS ([RFC 7515,
/// 5.1](https://www.rfc-editor.org/rfc/rfc7515#section-5.1)). Most services and devices take its
/// [`digest`](Self::digest). Some take [the whole input](Self::as_bytes) and compute the digest
/// themselves.
///
/// ```
/// use msgraph::auth::SigningInput;
///
/// # async fn ask(alg: &str, message: &[u8]) -> std::io::Result<Vec<u8>> { Ok(Vec::new()) }
/// // A service that makes the digest itself.
/// async fn sign(input: SigningInput) -> std::io::Result<Vec<u8>> {
///     ask(input.algorithm(), input.as_bytes()).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SigningInput {
    text: String,
    algorithm: Algorithm,
}

impl SigningInput {
    /// Returns the name of the signature algorithm in [RFC
    /// 7518](https://www.rfc-editor.org/rfc/rfc7518#section-3.1), which Key Vault uses as well. It
    /// is `PS256` (RSASSA-PSS with SHA-256 and a salt of 32 bytes), or `RS256` (RSASSA-PKCS1-v1_5
    /// with SHA-256) after [`Certificate::rs256`](super::Certificate::rs256).
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.name()
    }

    /// Returns the SHA-256 digest of the signing input.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }

    /// Returns the whole signing input.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

type Signature = BoxFuture<'static, Result<Vec<u8>, BoxError>>;

/// A certificate, and the callback that signs with its key.
pub(super) struct Signer {
    certificates: Certificates,
    /// The identity of the callback, because callbacks cannot be compared.
    id: Uuid,
    sign: Box<dyn Fn(SigningInput) -> Signature + Send + Sync>,
}

impl Signer {
    pub(super) fn new<F, R, S, E>(certificates: &[u8], sign: F) -> Result<Self, Fault>
    where
        F: Fn(SigningInput) -> R + Send + Sync + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Vec<u8>>,
        E: Into<BoxError>,
    {
        let mut certificates = match pem::is_pem(certificates) {
            true => pem::certificates(certificates)?,
            false => vec![CertificateDer::from(certificates.to_vec())],
        };
        let keys = certificates
            .iter()
            .map(identity::public_key)
            .collect::<Result<Vec<_>, _>>()?;
        match keys.first() {
            None => return Err(Fault::NoCertificate),
            Some(Some(key)) if !pem::contains(key, &RSA_ENCRYPTION) => return Err(Fault::NotRsa),
            Some(_) => {}
        }
        // The first certificate is the application's own, because there is no key to identify it.
        let own = certificates.remove(0);
        Ok(Self {
            certificates: Certificates {
                own,
                issuers: certificates,
            },
            id: Uuid::new_v4(),
            sign: Box::new(move |input| {
                let signature = sign(input);
                Box::pin(async move { signature.await.map(Into::into).map_err(Into::into) })
            }),
        })
    }

    pub(super) fn thumbprint(&self) -> String {
        self.certificates.thumbprint()
    }

    /// Adds everything that identifies the signer to a hash.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        self.certificates.hash(hash);
        hash.update(self.id);
    }

    pub(super) async fn assertion(&self, asked: Asked<'_>) -> Result<Secret<String>, Fault> {
        let text = self.certificates.unsigned(asked);
        let input = SigningInput {
            text: text.clone(),
            algorithm: asked.algorithm,
        };
        let signature = (self.sign)(input).await.map_err(Fault::SignerFailed)?;
        if signature.is_empty() {
            return Err(Fault::NoSignature);
        }
        Ok(signed(text, &signature))
    }
}
