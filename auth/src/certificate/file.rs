//! A certificate in a file that may be replaced.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Fault, Identity};
use crate::Result;
use crate::Secret;
use crate::error::SignInError;

/// The last contents of a file, and the path to read it again.
pub(super) struct CertificateFile {
    path: PathBuf,
    password: Option<Secret<String>>,
    kept: Mutex<Kept>,
}

#[derive(Clone)]
struct Kept {
    identity: Arc<Identity>,
    /// The digest of the file's contents. The date or the length may stay the same when they
    /// change.
    digest: Digested,
}

type Digested = [u8; 32];

impl CertificateFile {
    pub(super) fn open(path: PathBuf, password: Option<Secret<String>>) -> Result<Self> {
        let read = || {
            let contents = Zeroizing::new(std::fs::read(&path).map_err(Fault::Unreadable)?);
            Kept::read(&contents, password.as_ref())
        };
        let kept = read().map_err(|fault| {
            let message = format!("cannot use the certificate in `{}`", path.display());
            SignInError::new(message).with_source(fault)
        })?;
        Ok(Self {
            path,
            password,
            kept: Mutex::new(kept),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the certificate that was read last.
    pub(super) fn kept(&self) -> Arc<Identity> {
        Arc::clone(&self.lock().identity)
    }

    /// Returns the certificate that is in the file now, or the previous one if that cannot be used.
    pub(super) async fn current(self: &Arc<Self>) -> Arc<Identity> {
        let file = Arc::clone(self);
        // Decrypting takes time.
        let read = tokio::task::spawn_blocking(move || file.read_again()).await;
        match read {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.warn(&fault),
            Err(panicked) => self.warn(&panicked),
        }
        self.kept()
    }

    fn read_again(&self) -> Result<(), Fault> {
        let contents = Zeroizing::new(std::fs::read(&self.path).map_err(Fault::Unreadable)?);
        if digest(&contents) != self.lock().digest {
            *self.lock() = Kept::read(&contents, self.password.as_ref())?;
        }
        Ok(())
    }

    fn warn(&self, error: &dyn std::error::Error) {
        tracing::warn!(
            target: "msgraph",
            file = %self.path.display(),
            error = %error,
            "cannot reload the certificate; continuing with the previous one"
        );
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn read(contents: &[u8], password: Option<&Secret<String>>) -> Result<Self, Fault> {
        Ok(Self {
            identity: Arc::new(super::read(contents, password)?),
            digest: digest(contents),
        })
    }
}

fn digest(contents: &[u8]) -> Digested {
    Sha256::digest(contents).into()
}
