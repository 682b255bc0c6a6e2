//! The faults of a certificate.

use rustls::pki_types::pem;

use crate::Error;
use crate::auth::BoxError;
use crate::error::SignInError;

/// The reason why a certificate cannot be used. It contains nothing of the key or the password.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    #[error("it is neither PEM nor PFX")]
    NeitherPemNorPfx,
    #[cfg(not(feature = "pfx"))]
    #[error(
        "it is a PFX file, or another that is not PEM: the feature `pfx` of msgraph reads those"
    )]
    NeedsFeature,
    #[error("it is no PEM that can be read: {0}")]
    BadPem(&'static str),
    #[cfg(feature = "pfx")]
    #[error("it is no PFX file that can be read: {0}")]
    BadPfx(p12_keystore::error::Error),
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("there is no private key in it")]
    NoKey,
    #[error("a certificate in it is damaged")]
    BadCertificate,
    #[error(
        "the private key is encrypted, and no password was given (`from_pem_with_password`, `from_file_with_password`, with the \
         feature `pfx` of msgraph)"
    )]
    Encrypted,
    #[error(
        "the private key is encrypted in a form that is not read: `openssl pkcs8 -topk8` writes it in the one that is"
    )]
    EncryptedInOldForm,
    #[cfg(feature = "pfx")]
    #[error("the private key cannot be decrypted: {0}")]
    BadEncryption(pkcs8::Error),
    #[cfg(feature = "pfx")]
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the private key cannot be read; it has to be an RSA key of 2048 to 4096 bits")]
    BadKey,
    #[error("the private key is not RSA, which the identity platform asks for")]
    NotRsa,
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    #[error("the private key cannot sign: {0}")]
    CannotSign(rustls::Error),
    #[error("what signs for it has failed: {0}")]
    SignerFailed(#[source] BoxError),
    #[error("what signs for it gave no signature")]
    NoSignature,
}

/// Drops the message of the error, because it may quote the file.
impl From<pem::Error> for Fault {
    fn from(error: pem::Error) -> Self {
        Self::BadPem(match error {
            pem::Error::MissingSectionEnd { .. } => "a section has no end",
            pem::Error::IllegalSectionStart { .. } => "a section begins as none does",
            pem::Error::Base64Decode(_) => "a section is not base64",
            _ => "it is too long",
        })
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        SignInError::new("the certificate cannot be used")
            .with_source(fault)
            .into()
    }
}
