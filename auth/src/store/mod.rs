//! Stores that keep users' refresh tokens between runs of a program.

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

/// Keeps users' refresh tokens, and their accounts, between runs of a program.
///
/// | kept in | store |
/// |---|---|
/// | a file that the user alone may read | [`FileStore`] |
/// | the system's secret store | `KeyringStore`, with the feature `keyring` |
/// | memory, for as long as the program runs | [`MemoryStore`] |
/// | a database, a vault … | a custom implementation |
///
/// Several processes may share a store. Each write names the version that it replaces. It is
/// refused if the stored version differs by then, so that no process removes what another has
/// written. An ETag with `If-Match` does the same in HTTP ([RFC 9110,
/// 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)).
///
/// A custom store keeps the contents unchanged and secret, and uses each version of a key only
/// once. If the version of a deleted entry were used again, a writer could replace an entry that it
/// has never read.
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
    /// Loads the entry of a key. Returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// Returns the store's own error if it cannot read the entry.
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError>;

    /// Stores contents under a key, if the stored entry still has the version `replaces`. `None`
    /// stands for no entry. The operation is atomic.
    ///
    /// # Errors
    ///
    /// Returns the store's own error if it cannot write the entry. The old entry is kept in that
    /// case.
    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError>;

    /// Deletes the entry of a key, of any version. The entry need not exist.
    ///
    /// # Errors
    ///
    /// Returns the store's own error if it cannot delete the entry.
    async fn delete(&self, key: &str) -> Result<(), BoxError>;
}

/// The entry that a store keeps under a key.
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
    /// The contents, as they were passed to [`TokenStore::store`].
    pub contents: Secret<String>,
    /// The version of the entry, which changes with each write.
    pub version: u64,
}

impl Stored {
    /// Creates the entry that a custom store returns.
    pub fn new(contents: impl Into<Secret<String>>, version: u64) -> Self {
        Self {
            contents: contents.into(),
            version,
        }
    }
}

/// The outcome of a write: see [`TokenStore::store`].
// Exhaustive, unlike other enums: the contents are stored, or they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a conflict is not an `Err`, and nothing was written"]
pub enum StoreOutcome {
    /// The contents are stored, with this version.
    Stored {
        /// The version that the next write has to name.
        version: u64,
    },
    /// Another process wrote or deleted the entry meanwhile, and the entry stays as it is.
    Conflict,
}

/// Implements the trait for shared stores. Several credentials may share a store, and a store that
/// is chosen at run time is a store as well.
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

/// Returns a version that no other write has: 62 bits of the system's randomness. A counter would
/// have to outlive the deletion of its entry, for which a keyring has no place. It would also have
/// to outlive the deletion of the file by its user.
fn new_version() -> u64 {
    let (_, low) = Uuid::new_v4().as_u64_pair();
    // The highest two bits are the variant of the UUID.
    low & (u64::MAX >> 2)
}

/// Runs work that waits for a disk or another program, which an asynchronous task must not do.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
) -> Result<T, BoxError> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    /// Creates a folder that other users cannot enter, independently of the umask of the test run.
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
