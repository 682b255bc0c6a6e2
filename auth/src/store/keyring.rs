//! A store in the system's secret store.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::mem::{self, ManuallyDrop};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use keyring_core::{CredentialStore, Entry, Error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::folder::{self, Folder, Trust};
use super::lock::{Lock, PATIENCE};
use super::{BoxError, Secret, StoreOutcome, Stored, TokenStore, blocking, new_version};

/// Keeps all entries in the system's secret store. That is Keychain on macOS, Credential Manager on
/// Windows, and the Secret Service (GNOME Keyring, KWallet) on Linux and other Unix. A server
/// without a user session has none, and uses [`FileStore`](super::FileStore) instead.
///
/// Such a store cannot replace a value on the condition that it is unchanged. Processes that use
/// this type therefore lock a file while they read or write. It is empty, has a name like
/// `3f0c….lock`, and lies in a folder of its own that the user alone may see. The folder is
/// `msgraph` in `XDG_RUNTIME_DIR`, or else `.local/state/msgraph` in the user's home. On Windows it
/// is `msgraph` in `LOCALAPPDATA`.
///
/// Credential Manager keeps up to 2,560 bytes in a value. Longer contents are kept in several
/// values.
///
/// ```no_run
/// use msgraph::auth::{KeyringStore, TokenStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let store = KeyringStore::new("com.contoso.inventory");
/// let stored = store.load("adele").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Its methods return an error in these cases:
///
/// - The system has no such store, or the user does not unlock it.
/// - The stored value was not written by this type.
/// - The folder of the lock cannot be created, or belongs to another user.
/// - Another process keeps the lock for half a minute.
#[derive(Clone)]
pub struct KeyringStore(Arc<Shared>);

struct Shared {
    service: String,
    opened: Mutex<Option<Arc<CredentialStore>>>,
    /// The path of the lock. `None` if the user has no folder for it.
    lock: Option<PathBuf>,
    /// The greatest length of a value, in bytes.
    longest: usize,
}

/// The version of the value format.
const FORM: u64 = 1;

/// The value of `CRED_MAX_CREDENTIAL_BLOB_SIZE`:
/// <https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw>.
const LONGEST: usize = if cfg!(windows) { 5 * 512 } else { usize::MAX };

/// The value of a key. It is written last and deleted first, so it is authoritative, independently
/// of the parts that exist.
#[derive(Deserialize, Serialize)]
struct Value {
    msgraph_token_store: u64,
    version: u64,
    #[serde(flatten)]
    kept: Kept,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Contents(Zeroizing<String>),
    Parts(Parts),
}

/// Contents that are too long for one value. There are two sets of parts. One set is current and
/// the other is written to. A process that is ended in between can therefore leave no more than one
/// set behind.
#[derive(Clone, Copy, Deserialize, Serialize)]
struct Parts {
    set: u8,
    count: usize,
}

impl KeyringStore {
    /// Creates a store for this program. The user sees the service in the system's list of secrets.
    /// It is commonly the program's name or domain.
    pub fn new(service: impl Into<String>) -> Self {
        let service = service.into();
        let lock = lock_of(&service, &|name| std::env::var_os(name));
        Self(Arc::new(Shared {
            service,
            opened: Mutex::new(None),
            lock,
            longest: LONGEST,
        }))
    }

    /// Works on the store while no other process does.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let shared = Arc::clone(&self.0);
        blocking(move || {
            let lock = shared.lock()?;
            let done = work(&shared);
            drop(lock);
            done
        })
        .await
    }
}

#[async_trait]
impl TokenStore for KeyringStore {
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError> {
        let key = name_of(key);
        self.alone(move |shared| {
            let Some(value) = shared.value(&key)? else {
                return Ok(None);
            };
            let contents = match value.kept {
                Kept::Contents(mut contents) => mem::take(&mut *contents),
                Kept::Parts(parts) => shared.joined(&key, parts)?,
            };
            Ok(Some(Stored::new(contents, value.version)))
        })
        .await
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError> {
        let key = name_of(key);
        self.alone(move |shared| {
            let old = shared.value(&key)?;
            if old.as_ref().map(|old| old.version) != replaces {
                return Ok(StoreOutcome::Conflict);
            }
            let old = match old.map(|old| old.kept) {
                Some(Kept::Parts(parts)) => Some(parts),
                _ => None,
            };
            let version = new_version();
            let contents = contents.expose();
            let whole = shared.text(version, Kept::Contents(contents.clone().into()))?;
            let text = if whole.len() <= shared.longest {
                whole
            } else {
                let set = old.map_or(0, |old| 1 - old.set.min(1));
                let parts = pieces(contents, shared.longest);
                for (at, part) in parts.iter().enumerate() {
                    shared.set(&part_of(&key, set, at), part.as_bytes())?;
                }
                let count = parts.len();
                shared.text(version, Kept::Parts(Parts { set, count }))?
            };
            shared.set(&key, &text)?;
            if let Some(old) = old {
                // Parts that are not deleted now are overwritten some day, and are never read.
                let _ = shared.delete_parts(&key, old.set);
            }
            Ok(StoreOutcome::Stored { version })
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        let key = name_of(key);
        self.alone(move |shared| {
            shared.delete(&key)?;
            shared.delete_parts(&key, 0)?;
            shared.delete_parts(&key, 1)
        })
        .await
    }
}

impl Shared {
    /// Waits until no other process of the user uses the service.
    fn lock(&self) -> Result<Lock, BoxError> {
        let path = self.lock.as_deref().ok_or(
            "cannot place the keyring's lock file: neither `XDG_RUNTIME_DIR` nor `HOME` is set",
        )?;
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(
                format!("`{}` is not a usable path for a lock file", path.display()).into(),
            );
        };
        let unusable = |error: io::Error| -> BoxError {
            format!("cannot use the lock file `{}`: {error}", path.display()).into()
        };
        folder::make(above).map_err(unusable)?;
        let opened = Folder::open(above, Trust::Own).map_err(unusable)?;
        let folder = opened.ok_or_else(|| unusable(io::ErrorKind::NotFound.into()))?;
        Lock::wait(&folder, name, path, PATIENCE)
    }

    fn value(&self, key: &str) -> Result<Option<Value>, BoxError> {
        /// The part that every format version has.
        #[derive(Deserialize)]
        struct Form {
            msgraph_token_store: u64,
        }

        let Some(text) = self.get(key)? else {
            return Ok(None);
        };
        // The parser's message may quote the stored contents.
        let foreign = || self.fault("was not written by msgraph: delete it, and sign in again");
        let form: Form = serde_json::from_slice(&text).map_err(|_| foreign())?;
        if form.msgraph_token_store != FORM {
            let what = format!(
                "has format {}, but this version of msgraph reads format {FORM}",
                form.msgraph_token_store
            );
            return Err(self.fault(&what));
        }
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|_| foreign())
    }

    fn text(&self, version: u64, kept: Kept) -> Result<Zeroizing<Vec<u8>>, BoxError> {
        let value = Value {
            msgraph_token_store: FORM,
            version,
            kept,
        };
        Ok(Zeroizing::new(serde_json::to_vec(&value)?))
    }

    fn joined(&self, key: &str, parts: Parts) -> Result<String, BoxError> {
        let mut contents = Zeroizing::new(Vec::new());
        for at in 0..parts.count {
            let part = self
                .get(&part_of(key, parts.set, at))?
                .ok_or_else(|| self.fault("is incomplete: delete it, and sign in again"))?;
            contents.extend_from_slice(&part);
        }
        let text = str::from_utf8(&contents)
            .map_err(|_| self.fault("is not UTF-8 text: delete it, and sign in again"))?;
        Ok(text.to_owned())
    }

    fn delete_parts(&self, key: &str, set: u8) -> Result<(), BoxError> {
        let mut at = 0;
        while self.delete(&part_of(key, set, at))? {
            at += 1;
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, BoxError> {
        match self.entry(key)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(self.failed("cannot be read", &error)),
        }
    }

    fn set(&self, key: &str, secret: &[u8]) -> Result<(), BoxError> {
        self.entry(key)?
            .set_secret(secret)
            .map_err(|error| self.failed("cannot be written", &error))
    }

    /// Deletes a value. Returns whether it existed.
    fn delete(&self, key: &str) -> Result<bool, BoxError> {
        match self.entry(key)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(self.failed("cannot be deleted", &error)),
        }
    }

    fn entry(&self, key: &str) -> Result<Entry, BoxError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match &*opened {
            Some(store) => Arc::clone(store),
            None => Arc::clone(opened.insert(open()?)),
        };
        // Two threads may use one store.
        drop(opened);
        Entry::new_in_store(&store, &self.service, key)
            .map_err(|error| self.failed("has an invalid name", &error))
    }

    /// Returns the error for a failure of the system's store. The store is opened again next time,
    /// because the service behind it may have been restarted.
    fn failed(&self, what: &str, error: &Error) -> BoxError {
        if matches!(error, Error::PlatformFailure(_) | Error::NoStorageAccess(_)) {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            *opened = None;
        }
        self.fault(&format!("{what}: {}", said(error)))
    }

    /// Returns an error without the key, because the key may contain a user's name.
    fn fault(&self, what: &str) -> BoxError {
        let service = &self.service;
        format!("a secret of `{service}` in the system's credential store {what}").into()
    }
}

/// Closes the connection outside Tokio. A D-Bus connection waits until it is closed, and that
/// panics within a Tokio task.
impl Drop for Shared {
    fn drop(&mut self) {
        let opened = self
            .opened
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.take() {
            // If no thread can be started, the connection stays open. It must not be closed here.
            let store = ManuallyDrop::new(store);
            let _ = thread::Builder::new().spawn(|| drop(ManuallyDrop::into_inner(store)));
        }
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyringStore")
            .field(&self.0.service)
            .finish()
    }
}

/// Opens the system's store, and not the one that the process may have set as its default for
/// others.
fn open() -> Result<Arc<CredentialStore>, BoxError> {
    #[cfg(target_os = "macos")]
    let opened = apple_native_keyring_store::keychain::Store::new();
    #[cfg(windows)]
    let opened = windows_native_keyring_store::Store::new();
    #[cfg(all(
        unix,
        not(any(target_os = "macos", target_os = "ios", target_os = "android"))
    ))]
    let opened = zbus_secret_service_keyring_store::Store::new();
    #[cfg(not(any(
        target_os = "macos",
        windows,
        all(unix, not(any(target_os = "ios", target_os = "android")))
    )))]
    let opened: Result<Arc<CredentialStore>, _> = Err(Error::NotSupportedByStore(
        "msgraph supports no credential store on this system".to_owned(),
    ));
    match opened {
        Ok(store) => Ok(store),
        Err(error) => {
            let error = said(&error);
            Err(format!("cannot open the system's credential store: {error}").into())
        }
    }
}

/// Returns the message of an error. The error itself is not passed on, because some errors hold the
/// secret and print it in their `Debug` output.
fn said(error: &Error) -> String {
    match error {
        Error::BadDataFormat(..) => "its data is malformed".to_owned(),
        error => error.to_string(),
    }
}

/// Returns the name of a key in the system's store. Its parts have the same name with one more `#`,
/// so no key has the name of another key's part.
fn name_of(key: &str) -> String {
    key.replace('#', "##")
}

fn part_of(key: &str, set: u8, at: usize) -> String {
    format!("{key}#{set}.{at}")
}

/// Cuts a text into pieces of at most `longest` bytes. This must be at least four, the length of
/// the longest character.
fn pieces(text: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = longest.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Returns the path of the lock of a service. It is in a folder of this user, where no other user
/// can have created it before.
fn lock_of(service: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| {
        let path = variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let folder = match cfg!(windows) {
        true => set("LOCALAPPDATA").map(|profile| profile.join("msgraph")),
        false => set("XDG_RUNTIME_DIR").map(|folder| folder.join("msgraph")),
    };
    let state = || {
        Some(
            set("HOME")
                .or_else(std::env::home_dir)?
                .join(".local/state/msgraph"),
        )
    };
    let digest = Sha256::digest(service);
    let name: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(folder.or_else(state)?.join(format!("{name}.lock")))
}

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::collections::HashMap;

    use keyring_core::api::CredentialStoreApi;
    use keyring_core::mock::{self, Cred};

    use super::super::tests::own_folder;
    use super::*;

    const LONGEST: usize = 120;

    struct Fixture {
        mock: Arc<mock::Store>,
        /// The stores of two processes.
        stores: [KeyringStore; 2],
        _folder: tempfile::TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = own_folder();
            let mock = mock::Store::new().unwrap();
            let store = || {
                KeyringStore(Arc::new(Shared {
                    service: "inventory".to_owned(),
                    opened: Mutex::new(Some(Arc::clone(&mock) as Arc<CredentialStore>)),
                    lock: Some(folder.path().join("lock")),
                    longest: LONGEST,
                }))
            };
            Self {
                stores: [store(), store()],
                mock,
                _folder: folder,
            }
        }

        /// Returns the names of the stored values, sorted.
        fn names(&self) -> Vec<String> {
            let creds = self.creds();
            let mut names: Vec<_> = creds
                .iter()
                .filter(|cred| cred.inner.lock().unwrap().borrow().secret.is_some())
                .map(|cred| cred.specifiers.1.clone())
                .collect();
            names.sort();
            names
        }

        fn creds(&self) -> Vec<Arc<Cred>> {
            self.mock.inner.lock().unwrap().borrow().clone()
        }

        fn cred(&self, name: &str) -> Arc<Cred> {
            let creds = self.creds();
            let cred = creds.iter().find(|cred| cred.specifiers.1 == name);
            Arc::clone(cred.expect("a secret of this name"))
        }

        fn put(&self, name: &str, secret: Option<&str>) {
            let secret = secret.map(|secret| secret.as_bytes().to_vec());
            self.cred(name).inner.lock().unwrap().get_mut().secret = secret;
        }
    }

    async fn write(store: &KeyringStore, contents: &str, replaces: Option<u64>) -> u64 {
        match store.store("adele", contents.into(), replaces).await {
            Ok(StoreOutcome::Stored { version }) => version,
            other => panic!("no other process writes: {other:?}"),
        }
    }

    async fn read(store: &KeyringStore) -> Option<(String, u64)> {
        let stored = store.load("adele").await.unwrap();
        stored.map(|stored| (stored.contents.expose().clone(), stored.version))
    }

    #[tokio::test]
    async fn short_and_long_entries_replace_each_other() {
        let fixture = Fixture::new();
        let [one, two] = &fixture.stores;
        assert_eq!(read(one).await, None);
        // The characters have several bytes, so some would be cut.
        let long = "aé€🔑".repeat(30);
        let mut version = None;
        for (contents, names) in [
            ("short", &["adele"][..]),
            (&long[..], &["adele", "adele#0.0", "adele#0.1", "adele#0.2"]),
            (&long[..200], &["adele", "adele#1.0", "adele#1.1"]),
            (&long[..], &["adele", "adele#0.0", "adele#0.1", "adele#0.2"]),
            ("", &["adele"]),
        ] {
            let written = write(one, contents, version).await;
            assert_eq!(fixture.names(), names);
            assert_eq!(read(two).await, Some((contents.to_owned(), written)));
            version = Some(written);
        }
        for cred in fixture.creds() {
            let secret = cred.inner.lock().unwrap().borrow().secret.clone();
            assert!(secret.unwrap_or_default().len() <= LONGEST);
        }
        write(one, &long, version).await;
        one.delete("adele").await.unwrap();
        one.delete("adele").await.unwrap();
        assert_eq!(fixture.names(), [""; 0]);
    }

    #[tokio::test]
    async fn key_that_resembles_part_name_is_kept() {
        let fixture = Fixture::new();
        let store = &fixture.stores[0];
        let long = "x".repeat(200);
        write(store, &long, None).await;
        for key in ["adele#0.0", "adele#"] {
            let outcome = store.store(key, long.clone().into(), None).await.unwrap();
            assert_ne!(outcome, StoreOutcome::Conflict);
        }
        assert_eq!(
            fixture.names(),
            [
                "adele",
                "adele##",
                "adele###0.0",
                "adele###0.1",
                "adele##0.0",
                "adele##0.0#0.0",
                "adele##0.0#0.1",
                "adele#0.0",
                "adele#0.1",
            ]
        );
        store.delete("adele").await.unwrap();
        for key in ["adele#0.0", "adele#"] {
            let stored = store.load(key).await.unwrap().unwrap();
            assert_eq!(*stored.contents.expose(), long);
        }
    }

    #[tokio::test]
    async fn writer_with_old_version_does_not_replace() {
        let fixture = Fixture::new();
        let [one, two] = &fixture.stores;
        let first = write(one, "1", None).await;
        let second = write(two, "2", Some(first)).await;
        for replaces in [None, Some(first)] {
            let outcome = one.store("adele", "lost".into(), replaces).await.unwrap();
            assert_eq!(outcome, StoreOutcome::Conflict);
        }
        assert_eq!(read(one).await, Some(("2".to_owned(), second)));
        two.delete("adele").await.unwrap();
        let third = write(two, "3", None).await;
        for replaces in [first, second] {
            let outcome = one.store("adele", "lost".into(), Some(replaces)).await;
            assert_eq!(outcome.unwrap(), StoreOutcome::Conflict);
        }
        assert_eq!(read(one).await, Some(("3".to_owned(), third)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fifty_concurrent_writers_lose_nothing() {
        let fixture = Fixture::new();
        let writers = (0..50).map(|at| {
            let store = fixture.stores[at % 2].clone();
            tokio::spawn(async move {
                loop {
                    let kept = read(&store).await;
                    let version = kept.as_ref().map(|(_, version)| *version);
                    let contents = kept.map(|(contents, _)| contents).unwrap_or_default() + "x";
                    let outcome = store.store("adele", contents.into(), version).await;
                    if outcome.unwrap() != StoreOutcome::Conflict {
                        return;
                    }
                }
            })
        });
        for outcome in futures_util::future::join_all(writers).await {
            outcome.unwrap();
        }
        assert_eq!(read(&fixture.stores[0]).await.unwrap().0, "x".repeat(50));
    }

    #[tokio::test]
    async fn failed_write_keeps_the_old_entry() {
        let fixture = Fixture::new();
        let store = &fixture.stores[0];
        let long = "x".repeat(200);
        let first = write(store, &long, None).await;
        let second = write(store, &long, Some(first)).await;
        assert_eq!(fixture.names(), ["adele", "adele#1.0", "adele#1.1"]);
        // The second part cannot be written.
        let fail = || Error::Invalid("secret".to_owned(), "full".to_owned());
        fixture.cred("adele#0.1").set_error(fail());
        let error = store
            .store("adele", "y".repeat(200).into(), Some(second))
            .await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "a secret of `inventory` in the system's credential store cannot be written: Value of \
             'secret' is invalid: full"
        );
        assert_eq!(read(store).await, Some((long.clone(), second)));
        // Parts that were left over are overwritten.
        write(store, &long, Some(second)).await;
        assert_eq!(fixture.names(), ["adele", "adele#0.0", "adele#0.1"]);
        fixture.cred("adele").set_error(fail());
        let error = store.load("adele").await.unwrap_err().to_string();
        assert!(error.contains("of `inventory`"), "{error}");
        assert!(error.contains("cannot be read: "), "{error}");

        // A store that does not respond is opened again the next time.
        assert!(store.0.opened.lock().unwrap().is_some());
        let gone = Error::PlatformFailure("the service has ended".into());
        fixture.cred("adele").set_error(gone);
        let error = store.delete("adele").await.unwrap_err().to_string();
        assert!(
            error.ends_with("cannot be deleted: Platform failure: the service has ended"),
            "{error}"
        );
        assert!(store.0.opened.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn foreign_keyring_entry_is_named_and_unchanged() {
        let fixture = Fixture::new();
        let store = &fixture.stores[0];
        write(store, "1", None).await;
        let foreign = "was not written by msgraph: delete it, and sign in again";
        for (secret, said) in [
            ("hush-hush", foreign),
            (
                r#"{"msgraph_token_store":1,"version":"hush-hush"}"#,
                foreign,
            ),
            (r#"{"msgraph_token_store":1,"version":1}"#, foreign),
            (
                r#"{"msgraph_token_store":2,"secret":"hush-hush"}"#,
                "has format 2, but this version of msgraph reads format 1",
            ),
        ] {
            fixture.put("adele", Some(secret));
            let expected =
                format!("a secret of `inventory` in the system's credential store {said}");
            for error in [
                store.load("adele").await.unwrap_err(),
                store.store("adele", "new".into(), None).await.unwrap_err(),
            ] {
                assert_eq!(error.to_string(), expected);
                assert!(!format!("{error:?}").contains("hush"), "{error:?}");
            }
            assert_eq!(fixture.names(), ["adele"]);
        }
        store.delete("adele").await.unwrap();
        write(store, &"x".repeat(200), None).await;
        fixture.put("adele#0.1", None);
        let error = store.load("adele").await.unwrap_err().to_string();
        assert!(error.contains("is incomplete: delete it"), "{error}");
        store.delete("adele").await.unwrap();
        assert_eq!(fixture.names(), [""; 0]);
    }

    /// A store that tells whether it is dropped on a thread that may block.
    struct Closing(std::sync::mpsc::Sender<bool>);

    impl CredentialStoreApi for Closing {
        fn vendor(&self) -> String {
            String::new()
        }

        fn id(&self) -> String {
            String::new()
        }

        fn build(
            &self,
            _: &str,
            _: &str,
            _: Option<&HashMap<&str, &str>>,
        ) -> keyring_core::Result<Entry> {
            Err(Error::NoEntry)
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    impl Drop for Closing {
        fn drop(&mut self) {
            let may_wait = tokio::runtime::Handle::try_current().is_err();
            let _ = self.0.send(may_wait);
        }
    }

    #[tokio::test]
    async fn keyring_is_dropped_on_blocking_thread() {
        let (sender, closed) = std::sync::mpsc::channel();
        let store = KeyringStore::new("inventory");
        *store.0.opened.lock().unwrap() = Some(Arc::new(Closing(sender)));
        drop(store);
        assert!(closed.recv().unwrap());
    }

    #[tokio::test]
    async fn keyring_store_debug_prints_no_secret() {
        let fixture = Fixture::new();
        write(&fixture.stores[0], "hush-hush", None).await;
        assert_eq!(
            format!("{:?}", fixture.stores[0]),
            "KeyringStore(\"inventory\")"
        );
        let error = Error::BadDataFormat(b"hush-hush".to_vec(), "hush-hush".into());
        assert_eq!(said(&error), "its data is malformed");
        let error = Error::BadEncoding(b"hush-hush".to_vec());
        assert!(!said(&error).contains("hush"));
    }

    #[cfg(not(windows))]
    #[test]
    fn each_service_has_lock_in_own_folder() {
        let runtime = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| "/run/user/7".into());
        let one = lock_of("one", &runtime).unwrap();
        assert_eq!(lock_of("one", &runtime).as_ref(), Some(&one));
        assert_ne!(lock_of("two", &runtime).as_ref(), Some(&one));
        assert_eq!(one.parent(), Some("/run/user/7/msgraph".as_ref()));
        let home = |name: &str| (name == "HOME").then(|| "/home/adele".into());
        let one = lock_of("one", &home).unwrap();
        assert_eq!(
            one.parent(),
            Some("/home/adele/.local/state/msgraph".as_ref())
        );
        // A relative path would be another folder in each process.
        let relative = |name: &str| match name {
            "XDG_RUNTIME_DIR" => Some("run".into()),
            "HOME" => Some("/home/adele".into()),
            _ => None,
        };
        assert_eq!(lock_of("one", &relative), Some(one));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn lock_folder_of_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let fixture = Fixture::new();
        let store = &fixture.stores[0];
        let made = tempfile::tempdir().unwrap();
        let folder = made.path().join("msgraph");
        let shared = Shared {
            service: "inventory".to_owned(),
            opened: Mutex::new(None),
            lock: Some(folder.join("lock")),
            longest: LONGEST,
        };
        drop(shared.lock().unwrap());
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        for open in [0o755, 0o770, 0o777, 0o1777] {
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(open)).unwrap();
            let error = shared.lock().unwrap_err().to_string();
            assert!(
                error.contains(&format!("has the permissions {open:04o}")),
                "{error}"
            );
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::remove_file(folder.join("lock")).unwrap();
        std::os::unix::fs::symlink(made.path().join("elsewhere"), folder.join("lock")).unwrap();
        let error = shared.lock().unwrap_err().to_string();
        assert!(error.contains("is a symbolic link"), "{error}");
        assert!(!made.path().join("elsewhere").exists());
        write(store, "1", None).await;
    }

    #[test]
    fn long_entry_is_split_between_characters() {
        let text = "aé€🔑".repeat(5);
        for longest in 4..=text.len() + 1 {
            let pieces = pieces(&text, longest);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| piece.len() <= longest));
        }
        assert_eq!(pieces("", 4), [""; 0]);
    }
}
