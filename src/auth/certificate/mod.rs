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

/// An application's certificate with its private key, by which the application shows who it is: see
/// [`ClientCertificate`](super::ClientCertificate).
///
/// The key signs an assertion for each token that is asked for
/// (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>); it is sent nowhere. It has to be an RSA key. Where
/// it cannot leave a vault or a smart card, [`with_signer`](Self::with_signer) has that sign.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::{Certificate, ClientCertificate};
///
/// # fn main() -> msgraph::Result<()> {
/// let graph = Graph::new(ClientCertificate::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     Certificate::from_file("/run/secrets/graph.pem")?,
/// ));
/// # Ok(())
/// # }
/// ```
///
/// It prints as its thumbprint, which is how the portal shows it, never with the key.
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

/// How an assertion is signed ([RFC 7518, 3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
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
    /// A certificate and its key in PEM (`-----BEGIN CERTIFICATE-----`), in any order, as PKCS#8 or PKCS#1. Further certificates are
    /// those of its issuers, each followed by its own: see [`send_chain`](Self::send_chain).
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
    /// [`Error::SignIn`](crate::Error::SignIn) when a certificate or a key is missing, cannot be read or is encrypted, when the key is
    /// not RSA, and when it does not belong to the certificate.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        Ok(Self::in_memory(pem::read(pem.as_ref(), None)?))
    }

    /// As [`from_pem`](Self::from_pem), where a password encrypts the key (`-----BEGIN ENCRYPTED PRIVATE KEY-----`).
    ///
    /// This takes a while, as the password's encryption means it to.
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
    /// As those of [`from_pem`](Self::from_pem), and when the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_pem_with_password(
        pem: impl AsRef<[u8]>,
        password: impl Into<Secret<String>>,
    ) -> Result<Self> {
        let identity = pem::read(pem.as_ref(), Some(&password.into()))?;
        Ok(Self::in_memory(identity))
    }

    /// A certificate and its key in a PFX file (`.pfx`, `.p12`: [PKCS#12](https://www.rfc-editor.org/rfc/rfc7292)), as Windows and Key
    /// Vault export them. Where there is no password, it is the empty one.
    ///
    /// This takes a while, as the password's encryption means it to.
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
    /// As those of [`from_pem`](Self::from_pem), and when the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_pfx(pfx: impl AsRef<[u8]>, password: impl Into<Secret<String>>) -> Result<Self> {
        Ok(Self::in_memory(pfx::read(pfx.as_ref(), &password.into())?))
    }

    /// A certificate and its key in a file, PEM or PFX, which its contents tell.
    ///
    /// The file is read now, and again for each assertion, so that a certificate that is replaced there is taken up. While the file
    /// is missing, half written or wrong in another way, the certificate that was there before goes on: certificates overlap when
    /// they are replaced, and calls should not fail for what is mended a moment later. A warning is traced each time.
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
    /// As those of [`from_pem`](Self::from_pem), and when the file cannot be read; they name the file.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self::in_file(CertificateFile::open(path.into(), None)?))
    }

    /// As [`from_file`](Self::from_file), with the password of the file.
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
    /// As those of [`from_file`](Self::from_file), and when the password is wrong.
    #[cfg(feature = "pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "pfx")))]
    pub fn from_file_with_password(
        path: impl Into<PathBuf>,
        password: impl Into<Secret<String>>,
    ) -> Result<Self> {
        let file = CertificateFile::open(path.into(), Some(password.into()))?;
        Ok(Self::in_file(file))
    }

    /// A certificate whose key signs elsewhere: in Key Vault, in an HSM, on a smart card. `certificate` is DER, or PEM in which those of
    /// its issuers may follow it. The callback is given what to sign, for each token that is asked for, and gives the signature: its bytes,
    /// not base64.
    ///
    /// ```
    /// use msgraph::auth::Certificate;
    ///
    /// # async fn keys_sign(alg: &str, value: [u8; 32]) -> std::io::Result<Vec<u8>> { Ok(Vec::new()) }
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
    /// [`Error::SignIn`](crate::Error::SignIn) when there is no certificate, or none that can be read. Where the callback fails later, the
    /// sign-in does, with its error.
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

    /// Signs as was usual before 2025, with RS256 and the certificate's SHA-1, in place of PS256 and its SHA-256: for what does not
    /// know the newer form, such as AD FS.
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

    /// Sends the certificate and those of its issuers along (`x5c`). With that, an application that trusts a subject name and an issuer
    /// takes each certificate of theirs, and a new one need not be registered. Only Microsoft's own applications can be set up so.
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

    /// A new assertion that the client is the one that has this key, for the endpoint alone and for minutes.
    ///
    /// # Errors
    ///
    /// When the key cannot sign.
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

    /// Returns a hash of the certificate and of what signs with it. Of a file, it is what was read
    /// last: tokens of the certificate that is there now are not those of one that was there
    /// before.
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

/// Reads what is PEM or PFX, whichever it is.
fn read(contents: &[u8], password: Option<&Secret<String>>) -> Result<Identity, Fault> {
    /// A SEQUENCE, with which each PFX file begins.
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
