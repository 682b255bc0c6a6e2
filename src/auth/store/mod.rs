//! Where users' refresh tokens are kept between runs of a program.

mod file;
mod folder;
#[cfg(feature = "keyring")]
mod keyring;
mod lock;
mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::file::FileStore;
#[cfg(feature = "keyring")]
pub use self::keyring::KeyringStore;
pub use self::memory::MemoryStore;
use super::{BoxError, Secret};

/// Keeps users' refresh tokens, and whose they are, between runs of a program.
///
/// | kept in | store |
/// |---|---|
/// | a file that the user alone may read | [`FileStore`] |
/// | the system's store of secrets | `KeyringStore`, with the feature `keyring` |
/// | memory, for as long as the program runs | [`MemoryStore`] |
/// | a database, a vault … | one of your own |
///
/// Several processes may share a store. Each write names the version that it replaces, and is refused where there is another one
/// meanwhile, so that none takes away what another has written: the same as an ETag with `If-Match` in HTTP
/// ([RFC 9110, 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)).
///
/// A store of one's own keeps the contents as they are and secret, and gives a key each version only once: a number that
/// was the version of something that is gone since would let a writer replace what it has never seen.
///
/// ```
/// use msgraph::auth::{MemoryStore, StoreOutcome, TokenStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let store = MemoryStore::new();
/// let first = store.store("adele", "token-1".into(), None).await?;
/// let StoreOutcome::Stored { version } = first else { unreachable!() };
///
/// let second = store.store("adele", "token-2".into(), Some(version)).await?;
/// assert_ne!(second, StoreOutcome::Conflict);
/// let late = store.store("adele", "token-3".into(), Some(version)).await?;
/// assert_eq!(late, StoreOutcome::Conflict);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// What is kept under a key; none where nothing is.
    ///
    /// # Errors
    ///
    /// Whatever stands between the store and what it keeps.
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError>;

    /// Keeps contents under a key, if what is there is still of the version `replaces` (none: nothing is there). Atomic.
    ///
    /// # Errors
    ///
    /// Whatever stands between the store and what it keeps. What was there is still there then.
    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError>;

    /// Forgets what is kept under a key, of whatever version; there need not be anything.
    ///
    /// # Errors
    ///
    /// Whatever stands between the store and what it keeps.
    async fn delete(&self, key: &str) -> Result<(), BoxError>;
}

/// What a store keeps under a key.
///
/// ```
/// use msgraph::auth::Stored;
///
/// let stored = Stored::new("refresh token", 1);
/// assert_eq!(stored.contents.expose(), "refresh token");
/// assert!(format!("{stored:?}").contains("[redacted]"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// As they were given to [`TokenStore::store`].
    pub contents: Secret<String>,
    /// Changes with each write.
    pub version: u64,
}

impl Stored {
    /// What a store of one's own answers with.
    pub fn new(contents: impl Into<Secret<String>>, version: u64) -> Self {
        Self {
            contents: contents.into(),
            version,
        }
    }
}

/// What became of a write: see [`TokenStore::store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict is no error, and nothing is written then"]
pub enum StoreOutcome {
    /// The contents are kept, and are of this version.
    Stored {
        /// What the next write has to name.
        version: u64,
    },
    /// Another process wrote or deleted meanwhile, and what is there stays.
    Conflict,
}

/// Several credentials may share a store, and one that is chosen at run time is a store as well.
#[async_trait]
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError> {
        (**self).load(key).await
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError> {
        (**self).store(key, contents, replaces).await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        (**self).delete(key).await
    }
}

/// A version that no other write has: 62 bits of the system's randomness. A counter would have to outlive the deletion of what it counts,
/// for which a keyring has no place, and the deletion of the file by its user.
fn new_version() -> u64 {
    let (_, low) = Uuid::new_v4().as_u64_pair();
    // The highest two bits are the variant of the UUID.
    low & (u64::MAX >> 2)
}

/// Runs what waits for a disk or another program, which no task of the runtime's may do.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
) -> Result<T, BoxError> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    /// Makes a folder that other users cannot enter, whatever the umask of the test run is.
    pub(super) fn own_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            let mode = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(folder.path(), mode).unwrap();
        }
        folder
    }
}
