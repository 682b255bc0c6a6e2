//! The faults of a certificate.

use rustls::pki_types::pem;

use crate::BoxError;
use crate::Error;
use crate::error::SignInError;

/// The reason why a certificate cannot be used. It contains nothing of the key or the password.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("cannot read it: {0}")]
    Unreadable(#[source] std::io::Error),
    #[error("it is neither PEM nor PFX")]
    NeitherPemNorPfx,
    #[cfg(not(feature = "pfx"))]
    #[error("it is not PEM: to read a PFX file, enable the feature `pfx` of msgraph")]
    NeedsFeature,
    #[error("it is not valid PEM: {0}")]
    BadPem(&'static str),
    #[cfg(feature = "pfx")]
    #[error("it is not a valid PFX file: {0}")]
    BadPfx(p12_keystore::error::Error),
    #[error("it contains no certificate")]
    NoCertificate,
    #[error("it contains no private key")]
    NoKey,
    #[error("it contains a damaged certificate")]
    BadCertificate,
    #[error(
        "the private key is encrypted: pass its password to `from_pem_with_password` or \
         `from_file_with_password` (feature `pfx` of msgraph)"
    )]
    Encrypted,
    #[error(
        "the private key is encrypted in an unsupported format: convert it to PKCS #8 with \
         `openssl pkcs8 -topk8`"
    )]
    EncryptedInOldForm,
    #[cfg(feature = "pfx")]
    #[error("cannot decrypt the private key: {0}")]
    BadEncryption(pkcs8::Error),
    #[cfg(feature = "pfx")]
    #[error("the password is wrong")]
    WrongPassword,
    #[error("cannot read the private key: it must be an RSA key of 2048 to 4096 bits")]
    BadKey,
    #[error("the private key is not RSA, which the identity platform requires")]
    NotRsa,
    #[error("the private key does not match the certificate")]
    OtherKey,
    #[error("cannot sign with the private key: {0}")]
    CannotSign(rustls::Error),
    #[error("the certificate's signer failed: {0}")]
    SignerFailed(#[source] BoxError),
    #[error("the certificate's signer returned an empty signature")]
    NoSignature,
}

/// Drops the message of the error, because it may quote the file.
impl From<pem::Error> for Fault {
    fn from(error: pem::Error) -> Self {
        Self::BadPem(match error {
            pem::Error::MissingSectionEnd { .. } => "a section has no `END` line",
            pem::Error::IllegalSectionStart { .. } => "a section has an invalid `BEGIN` line",
            pem::Error::Base64Decode(_) => "a section is not base64",
            _ => "it is too long",
        })
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        SignInError::new("cannot use the certificate")
            .with_source(fault)
            .into()
    }
}
