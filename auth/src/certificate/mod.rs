//! An application's certificate, and the assertions that its key signs.

mod assertion;
mod fault;
mod file;
mod identity;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;
mod signer;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use self::assertion::Asked;
use self::fault::Fault;
use self::file::CertificateFile;
use self::identity::Identity;
use self::signer::Signer;
pub use self::signer::SigningInput;
use super::{BoxError, Secret};
use crate::Result;

/// An application's certificate with its private key, for the client authentication of
/// [`ClientCertificateCredential`](super::ClientCertificateCredential).
///
/// The key signs an assertion for each token request
/// (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>). It is never
/// sent. It must be an RSA key. If the key cannot leave a vault or a smart card,
/// [`with_signer`](Self::with_signer) signs there.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::{Certificate, ClientCertificateCredential};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::new(ClientCertificateCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     Certificate::from_file("/run/secrets/graph.pem")?,
/// ));
/// # Ok(())
/// # }
/// ```
///
/// It prints as its thumbprint, in the form that the portal shows, never with the key.
#[derive(Clone)]
pub struct Certificate {
    origin: Origin,
    algorithm: Algorithm,
    sends_chain: bool,
}

#[derive(Clone)]
enum Origin {
    Memory(Arc<Identity>),
    File(Arc<CertificateFile>),
    Signer(Arc<Signer>),
}

/// The signature algorithm of an assertion ([RFC 7518,
/// 3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
#[derive(Clone, Copy, Debug)]
enum Algorithm {
    Ps256,
    Rs256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

impl Certificate {
    /// Reads a certificate and its key in PEM (`-----BEGIN CERTIFICATE-----`), in any order. The
    /// key is in PKCS#8 or PKCS#1. Further certificates are those of its issuers, each followed by
    /// its own: see [`send_chain`](Self::send_chain).
    ///
    /// ```
    /// use msgraph::auth::Certificate;
    ///
    /// # fn example(certificate: String, key: String) -> msgraph::Result<()> {
    /// let certificate = Certificate::from_pem(format!("{certificate}\n{key}"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if a certificate or a key is missing, unreadable or
    /// encrypted. It also fails if the key is not RSA, or does not belong to the certificate.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        Ok(Self::in_memory(pem::read(pem.as_ref(), None)?))
    }

    /// Reads the same as [`from_pem`](Self::from_pem), with a key that a password encrypts
    /// (`-----BEGIN ENCRYPTED PRIVATE KEY-----`).
    ///
    /// This takes a while, because the encryption is slow on purpose.
    ///
    /// ```
    /// use msgraph::auth::Certificate;
    ///
    /// # fn example(pem: &[u8], password: String) -> msgraph::Result<()> {
    /// let certificate = Certificate::from_pem_with_password(pem, password)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`from_pem`](Self::from_pem), and if the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_pem_with_password(
        pem: impl AsRef<[u8]>,
        password: impl Into<Secret<String>>,
    ) -> Result<Self> {
        let identity = pem::read(pem.as_ref(), Some(&password.into()))?;
        Ok(Self::in_memory(identity))
    }

    /// Reads a certificate and its key from a PFX file (`.pfx`, `.p12`:
    /// [PKCS#12](https://www.rfc-editor.org/rfc/rfc7292)), as Windows and Key Vault export them.
    /// Use an empty password if the file has none.
    ///
    /// This takes a while, because the encryption is slow on purpose.
    ///
    /// ```
    /// use msgraph::auth::Certificate;
    ///
    /// # fn example(pfx: &[u8], password: String) -> msgraph::Result<()> {
    /// let certificate = Certificate::from_pfx(pfx, password)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`from_pem`](Self::from_pem), and if the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_pfx(pfx: impl AsRef<[u8]>, password: impl Into<Secret<String>>) -> Result<Self> {
        Ok(Self::in_memory(pfx::read(pfx.as_ref(), &password.into())?))
    }

    /// Reads a certificate and its key from a file. Its contents determine whether it is PEM or
    /// PFX.
    ///
    /// The file is read now, and again for each assertion, so that a replaced certificate takes
    /// effect. While the file is missing, incomplete or otherwise invalid, the previous certificate
    /// stays in use. Certificates overlap when they are replaced, and calls should not fail for a
    /// temporary fault. Each time, a warning is traced.
    ///
    /// ```no_run
    /// use msgraph::auth::Certificate;
    ///
    /// # fn example() -> msgraph::Result<()> {
    /// let certificate = Certificate::from_file("/run/secrets/graph.pem")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`from_pem`](Self::from_pem), and if the file cannot be read.
    /// The errors name the file.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self::in_file(CertificateFile::open(path.into(), None)?))
    }

    /// Reads the same as [`from_file`](Self::from_file), with the password of the file.
    ///
    /// ```no_run
    /// use msgraph::auth::Certificate;
    ///
    /// # fn example(password: String) -> msgraph::Result<()> {
    /// let certificate = Certificate::from_file_with_password("/run/secrets/graph.pfx", password)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`from_file`](Self::from_file), and if the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_file_with_password(
        path: impl Into<PathBuf>,
        password: impl Into<Secret<String>>,
    ) -> Result<Self> {
        let file = CertificateFile::open(path.into(), Some(password.into()))?;
        Ok(Self::in_file(file))
    }

    /// Creates a certificate whose key signs elsewhere: in Key Vault, in an HSM, on a smart card.
    /// `certificate` is DER, or PEM in which the certificates of its issuers may follow. The
    /// callback receives the input to sign for each token request. It returns the bytes of the
    /// signature, not base64.
    ///
    /// ```
    /// use msgraph::auth::Certificate;
    ///
    /// # async fn keys_sign(alg: &str, value: [u8; 32]) -> std::io::Result<Vec<u8>> {
    /// #     Ok(Vec::new())
    /// # }
    /// # fn example(certificate: &[u8]) -> msgraph::Result<()> {
    /// let certificate = Certificate::with_signer(certificate, |input| async move {
    ///     // Key Vault's operation `sign` takes both by these names.
    ///     keys_sign(input.algorithm(), input.digest()).await
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign>
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if the certificate is missing or unreadable. If the
    /// callback fails later, the sign-in fails with its error.
    pub fn with_signer<F, R, S, E>(certificate: impl AsRef<[u8]>, sign: F) -> Result<Self>
    where
        F: Fn(SigningInput) -> R + Send + Sync + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Vec<u8>>,
        E: Into<BoxError>,
    {
        let signer = Signer::new(certificate.as_ref(), sign)?;
        Ok(Self::new(Origin::Signer(Arc::new(signer))))
    }

    /// Signs with RS256 and the certificate's SHA-1, as was usual before 2025, in place of PS256
    /// and its SHA-256. This is for services that do not know the newer form, such as AD FS.
    ///
    /// ```
    /// # fn example(certificate: msgraph::auth::Certificate) {
    /// let certificate = certificate.rs256();
    /// # }
    /// ```
    #[must_use]
    pub fn rs256(mut self) -> Self {
        self.algorithm = Algorithm::Rs256;
        self
    }

    /// Sends the certificate and those of its issuers with the assertion (`x5c`). An application
    /// that trusts a subject name and an issuer then accepts each of their certificates, and a new
    /// one need not be registered. Only Microsoft's own applications can be configured that way.
    ///
    /// ```
    /// # fn example(certificate: msgraph::auth::Certificate) {
    /// let certificate = certificate.send_chain();
    /// # }
    /// ```
    #[must_use]
    pub fn send_chain(mut self) -> Self {
        self.sends_chain = true;
        self
    }

    /// Creates a new assertion that the client has this key. It is valid only for this endpoint,
    /// and for minutes.
    ///
    /// # Errors
    ///
    /// Fails if the key cannot sign.
    pub(super) async fn assertion(
        &self,
        client_id: &str,
        audience: &str,
    ) -> Result<Secret<String>> {
        let asked = Asked {
            client_id,
            audience,
            algorithm: self.algorithm,
            sends_chain: self.sends_chain,
        };
        Ok(match &self.origin {
            Origin::Memory(identity) => identity.assertion(asked),
            Origin::File(file) => file.current().await.assertion(asked),
            Origin::Signer(signer) => signer.assertion(asked).await,
        }?)
    }

    /// Returns a hash of the certificate and of its signer. For a file, it covers the contents that
    /// were read last, because the tokens of a replaced certificate are not those of the previous
    /// one.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        match &self.origin {
            Origin::Memory(identity) => identity.hash(&mut hash),
            Origin::File(file) => file.kept().hash(&mut hash),
            Origin::Signer(signer) => signer.hash(&mut hash),
        }
        hash.update(self.algorithm.name());
        hash.update([u8::from(self.sends_chain)]);
        hash.finalize().into()
    }

    fn in_memory(identity: Identity) -> Self {
        Self::new(Origin::Memory(Arc::new(identity)))
    }

    fn in_file(file: CertificateFile) -> Self {
        Self::new(Origin::File(Arc::new(file)))
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            algorithm: Algorithm::Ps256,
            sends_chain: false,
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Certificate");
        match &self.origin {
            Origin::Memory(identity) => debug.field("thumbprint", &identity.thumbprint()),
            Origin::File(file) => debug
                .field("file", &file.path())
                .field("thumbprint", &file.kept().thumbprint()),
            Origin::Signer(signer) => debug.field("thumbprint", &signer.thumbprint()),
        };
        debug
            .field("algorithm", &self.algorithm)
            .field("sends_chain", &self.sends_chain)
            .finish_non_exhaustive()
    }
}

/// Reads PEM or PFX, depending on the contents.
fn read(contents: &[u8], password: Option<&Secret<String>>) -> Result<Identity, Fault> {
    /// The tag of a SEQUENCE, with which each PFX file begins.
    const SEQUENCE: u8 = 0x30;
    if pem::is_pem(contents) {
        pem::read(contents, password)
    } else if contents.first() == Some(&SEQUENCE) {
        #[cfg(feature = "pfx")]
        return pfx::read(contents, password.unwrap_or(&Secret::from("")));
        #[cfg(not(feature = "pfx"))]
        Err(Fault::NeedsFeature)
    } else {
        Err(Fault::NeitherPemNorPfx)
    }
}
