//! The token cache, with one token for each authority, tenant, client, user and scope.

mod bearer;
mod key;
mod slot;
mod tokens;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::moment::Moment;

pub use bearer::Bearer;
pub use key::CacheKey;
use slot::CacheEntry;
pub use tokens::Tokens;

/// The default number of cached tokens, of a few kilobytes each.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The number of entries that are checked when a new entry is made. It is greater than one, so that
/// unused entries become fewer.
const LOOKED_AT: usize = 4;

/// Keeps access tokens in memory, for all clients that use this cache.
///
/// Each `client` has a cache of its own. Clients made by
/// `Graph::with_provider` share it. A program that builds several
/// clients for the same users gives each of them the same cache, so that they request one token.
///
/// For each key there is one token request at a time, however many clients and calls wait. Beyond
/// its capacity, the cache drops the key for which a client was made least recently. Clients that
/// hold its token keep it. The key has a hash of the credential, so that clients with different
/// secrets or certificates share neither tokens nor refusals.
///
/// Access tokens live for an hour or a day. The refresh token outlives the program, and a
/// [`TokenStore`](super::TokenStore) keeps it.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{ClientSecretCredential, TokenCache};
///
/// # fn example(secret: &str) -> msgraph::Result<()> {
/// let cache = TokenCache::default();
/// let secret = ClientSecretCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     secret,
/// );
/// let patient = Graph::builder(secret.clone())
///     .token_cache(cache.clone())
///     .build()?;
/// let hasty = Graph::builder(secret)
///     .token_cache(cache)
///     .retry(msgraph::RetryPolicy::none())
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenCache {
    /// The LRU cache is unbounded, because a bounded one would allocate all of its memory at once.
    slots: Arc<Mutex<LruCache<CacheKey, Arc<CacheEntry>>>>,
    capacity: NonZeroUsize,
}

impl TokenCache {
    /// Creates a cache that keeps up to this many tokens.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use msgraph::auth::TokenCache;
    ///
    /// let cache = TokenCache::with_capacity(NonZeroUsize::new(100_000).expect("not zero"));
    /// ```
    pub fn with_capacity(tokens: NonZeroUsize) -> Self {
        Self {
            slots: Arc::new(Mutex::new(LruCache::unbounded())),
            capacity: tokens,
        }
    }

    /// Returns the entry of a key, and makes it if it does not exist.
    fn slot(&self, key: &CacheKey) -> Arc<CacheEntry> {
        let mut slots = self.lock();
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        remove_unused(&mut slots);
        let slot = Arc::<CacheEntry>::default();
        slots.put(key.clone(), Arc::clone(&slot));
        while slots.len() > self.capacity.get() {
            slots.pop_lru();
        }
        slot
    }

    /// Forgets the token of a key. Its entry stays, so that the clients that use it still share a
    /// token.
    #[doc(hidden)]
    pub fn forget(&self, key: &CacheKey) {
        if let Some(slot) = self.lock().peek(key) {
            slot.clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<CacheKey, Arc<CacheEntry>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes some entries that no client uses and that hold no valid token.
///
/// Keys come and go, with users and with replaced secrets. An unused entry must not stay until the
/// cache is full.
fn remove_unused(slots: &mut LruCache<CacheKey, Arc<CacheEntry>>) {
    for _ in 0..LOOKED_AT.min(slots.len()) {
        let Some((key, slot)) = slots.peek_lru() else {
            return;
        };
        if Arc::strong_count(slot) > 1 {
            let key = key.clone();
            slots.promote(&key);
        } else if slot.is_over(Moment::now()) {
            slots.pop_lru();
        } else {
            return;
        }
    }
}

/// Creates a cache of 10,000 tokens. It allocates memory as it fills.
impl Default for TokenCache {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

/// Prints the number of tokens, and none of the tokens.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("tokens", &self.lock().len())
            .field("capacity", &self.capacity)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cloud;

    fn key(tenant: &str) -> CacheKey {
        CacheKey::new(&Cloud::Global, tenant, "client")
    }

    #[test]
    fn one_key_has_one_entry() {
        let cache = TokenCache::default();
        let first = cache.slot(&key("contoso.com"));
        assert!(Arc::ptr_eq(&first, &cache.slot(&key("contoso.com"))));
        assert!(Arc::ptr_eq(
            &first,
            &cache.clone().slot(&key("contoso.com"))
        ));
        assert!(!Arc::ptr_eq(&first, &cache.slot(&key("fabrikam.com"))));
        cache.forget(&key("contoso.com"));
        assert!(Arc::ptr_eq(&first, &cache.slot(&key("contoso.com"))));
    }

    #[test]
    fn unused_entries_without_token_are_removed() {
        let cache = TokenCache::default();
        let held = cache.slot(&key("held"));
        for at in 0..100 {
            cache.slot(&key(&at.to_string()));
        }
        assert!(Arc::ptr_eq(&held, &cache.slot(&key("held"))));
        assert!(cache.lock().len() < 10, "{cache:?}");
    }

    #[test]
    fn least_recently_used_entry_is_evicted() {
        let cache = TokenCache::with_capacity(NonZeroUsize::new(2).expect("not zero"));
        let first = cache.slot(&key("a"));
        let second = cache.slot(&key("b"));
        cache.slot(&key("a"));
        cache.slot(&key("c"));
        assert_eq!(
            format!("{cache:?}"),
            "TokenCache { tokens: 2, capacity: 2 }"
        );
        assert!(Arc::ptr_eq(&first, &cache.slot(&key("a"))));
        assert!(!Arc::ptr_eq(&second, &cache.slot(&key("b"))));
    }
}
