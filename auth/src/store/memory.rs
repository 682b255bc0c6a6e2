//! A store that lasts as long as the program runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{BoxError, Secret, StoreOutcome, Stored, TokenStore, new_version};

/// Keeps all entries in memory, until its last clone is dropped. It serves for tests, and for
/// several clients of one program.
///
/// ```
/// use msgraph::auth::{MemoryStore, StoreOutcome, TokenStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let store = MemoryStore::new();
/// let outcome = store.store("adele", "refresh token".into(), None).await?;
/// assert_ne!(outcome, StoreOutcome::Conflict);
/// assert!(store.clone().load("adele").await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<String, Stored>>>);

impl MemoryStore {
    /// Creates an empty store. Its clones share their entries.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError> {
        Ok(self.lock().get(key).cloned())
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError> {
        let mut kept = self.lock();
        if kept.get(key).map(|stored| stored.version) != replaces {
            return Ok(StoreOutcome::Conflict);
        }
        let version = new_version();
        kept.insert(key.to_owned(), Stored::new(contents, version));
        Ok(StoreOutcome::Stored { version })
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        self.lock().remove(key);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("entries", &self.lock().len())
            .finish()
    }
}
