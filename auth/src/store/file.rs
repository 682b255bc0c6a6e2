//! A store in a file.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::folder::{self, Folder, Trust};
use super::lock::{Lock, PATIENCE};
use super::{BoxError, Secret, StoreOutcome, Stored, TokenStore, blocking, new_version};

/// Keeps all entries in one file that its user alone may read.
///
/// The file is JSON and is not encrypted. Any program that runs as the user can read it. If the
/// system has a secret store, `KeyringStore` (with the feature `keyring`) is better.
///
/// On Unix the file has the permissions 0600, and folders that are created for it have 0700. The
/// store refuses a file that others may read, a file of another user, and a symbolic link in its
/// place. It also refuses a folder that other users may write to, unless the folder has the sticky
/// bit, as `/tmp` has.
///
/// On Windows, files and folders have the permissions of the parent folder, which in a user's
/// profile are the user's. Symbolic links are refused, and owners are not compared.
///
/// A write creates a new file that replaces the old one atomically. A program that is ended in
/// between leaves the old one. Several processes may use the file. A process that writes holds a
/// lock on the file of the same name that ends in `.lock`. The lock file stays there, and is empty.
///
/// ```no_run
/// use msgraph::auth::{FileStore, TokenStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let store = FileStore::new("/home/adele/.local/state/inventory/tokens.json");
/// let stored = store.load("adele").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Its methods return an error that names the file in these cases:
///
/// - The file cannot be read or written.
/// - The file is not a store, or is a store of a later version of this crate. Neither is
///   overwritten.
/// - Other users may read or exchange the file.
/// - Another process keeps it locked for half a minute.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    patience: Duration,
    /// The queue of this process's tasks, in which a waiting task does not block a thread.
    turn: Arc<Mutex<()>>,
}

/// The number of bytes that are read of a file at most. A store of tokens has some KiB for each
/// user.
const LARGEST: usize = 64 * 1024 * 1024;

/// Spare capacity, because `Vec` grows when it is full, even if no more bytes follow.
const ROOM_FOR_THE_END: usize = 64;

/// The version of the file format.
const FORM: u64 = 1;

#[derive(Deserialize, Serialize)]
struct Contents {
    /// The value of [`FORM`], under a name that no other file has.
    msgraph_token_store: u64,
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    version: u64,
    contents: Zeroizing<String>,
}

/// The part that every format version has.
#[derive(Deserialize)]
struct Form {
    msgraph_token_store: u64,
}

impl FileStore {
    /// Creates a store in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with_patience(path.into(), PATIENCE)
    }

    fn with_patience(path: PathBuf, patience: Duration) -> Self {
        Self(Arc::new(Shared {
            path,
            patience,
            turn: Arc::default(),
        }))
    }

    /// Works on the file while no other task or process does.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &Folder) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let shared = Arc::clone(&self.0);
        // The work itself holds the turn, because it continues if the call is dropped.
        let turn = Arc::clone(&shared.turn).lock_owned().await;
        blocking(move || {
            let folder = shared.make_folder()?;
            let path = shared.beside(".lock");
            let lock = Lock::wait(&folder, shared.name(&path)?, &path, shared.patience)?;
            let done = work(&shared, &folder);
            drop((lock, turn));
            done
        })
        .await
    }
}

#[async_trait]
impl TokenStore for FileStore {
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError> {
        let key = key.to_owned();
        let shared = Arc::clone(&self.0);
        // A reader needs no lock, because the file is replaced atomically.
        blocking(move || {
            let Some(folder) = shared.open_folder("cannot be read")? else {
                return Ok(None);
            };
            let mut contents = shared.read(&folder)?;
            let entry = contents.entries.remove(&key);
            Ok(entry.map(|mut entry| Stored::new(mem::take(&mut *entry.contents), entry.version)))
        })
        .await
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError> {
        let key = key.to_owned();
        self.alone(move |shared, folder| {
            let mut file = shared.read(folder)?;
            if file.entries.get(&key).map(|entry| entry.version) != replaces {
                return Ok(StoreOutcome::Conflict);
            }
            let version = new_version();
            let contents = Zeroizing::new(contents.expose().clone());
            file.entries.insert(key, Entry { version, contents });
            shared.write(folder, &file)?;
            Ok(StoreOutcome::Stored { version })
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        // The deletion of a missing entry leaves neither a file nor a folder behind.
        if self.load(key).await?.is_none() {
            return Ok(());
        }
        let key = key.to_owned();
        self.alone(move |shared, folder| {
            let mut file = shared.read(folder)?;
            if file.entries.remove(&key).is_some() {
                shared.write(folder, &file)?;
            }
            Ok(())
        })
        .await
    }
}

impl Shared {
    fn read(&self, folder: &Folder) -> Result<Contents, BoxError> {
        let unreadable = |error: io::Error| self.fault(format!("cannot be read: {error}"));
        let opened = folder.read(self.name(&self.path)?).map_err(unreadable)?;
        let Some(mut file) = opened else {
            return Ok(Contents {
                msgraph_token_store: FORM,
                entries: BTreeMap::new(),
            });
        };
        self.is_private(&file)?;
        // The capacity is enough for all of it, because a buffer that grows leaves copies behind
        // that are not overwritten.
        let length = file.metadata().map_err(unreadable)?.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(LARGEST);
        let mut text = Zeroizing::new(Vec::with_capacity(length.saturating_add(ROOM_FOR_THE_END)));
        let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
        (&mut file)
            .take(limit)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        // The parser's own message may quote the stored contents.
        let place = |error: &serde_json::Error| {
            format!("at line {}, column {}", error.line(), error.column())
        };
        let form: Form = serde_json::from_slice(&text).map_err(|error| {
            self.fault(format!(
                "is not a token store of msgraph, or is damaged {}: move the file away, and sign \
                 in again",
                place(&error)
            ))
        })?;
        if form.msgraph_token_store != FORM {
            return Err(self.fault(format!(
                "has format {}, but this version of msgraph reads format {FORM}",
                form.msgraph_token_store
            )));
        }
        serde_json::from_slice(&text).map_err(|error| {
            self.fault(format!(
                "is damaged {}: move the file away, and sign in again",
                place(&error)
            ))
        })
    }

    /// Checks that other users cannot read the file. If they could, they may have done so. The user
    /// has to know that, so it is not fixed silently.
    #[cfg(unix)]
    fn is_private(&self, file: &File) -> Result<(), BoxError> {
        use std::os::unix::fs::PermissionsExt as _;

        let metadata = file
            .metadata()
            .map_err(|error| self.fault(format!("cannot be read: {error}")))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        Err(self.fault(format!(
            "has the permissions {mode:04o}, so other users can read it: run `chmod 600` on it, \
             and sign out if another user may have read it"
        )))
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "the function for Unix can fail")]
    fn is_private(&self, _: &File) -> Result<(), BoxError> {
        Ok(())
    }

    /// Writes the file. The caller holds the lock, so the new file can have a fixed name. A new
    /// file left by a process that was ended is replaced, and never stays.
    fn write(&self, folder: &Folder, contents: &Contents) -> Result<(), BoxError> {
        let text = in_one_buffer(contents)?;
        let (name, path) = (self.name(&self.path)?, self.beside(".new"));
        let new = self.name(&path)?;
        let write = || -> io::Result<()> {
            folder.remove(new)?;
            let mut file = folder.create(new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            drop(file);
            folder.replace(new, name)
        };
        write().map_err(|error| self.fault(format!("cannot be written: {error}")))
    }

    fn make_folder(&self) -> Result<Folder, BoxError> {
        let unmade = |error: io::Error| {
            let folder = self.folder().display();
            self.fault(format!(
                "cannot be written: cannot create the folder `{folder}`: {error}"
            ))
        };
        folder::make(self.folder()).map_err(unmade)?;
        let folder = self.open_folder("cannot be written")?;
        folder.ok_or_else(|| unmade(io::ErrorKind::NotFound.into()))
    }

    fn open_folder(&self, fault: &str) -> Result<Option<Folder>, BoxError> {
        Folder::open(self.folder(), Trust::Shared)
            .map_err(|error| self.fault(format!("{fault}: {error}")))
    }

    /// Returns the name of a file in the folder.
    fn name<'p>(&self, path: &'p Path) -> Result<&'p OsStr, BoxError> {
        path.file_name()
            .ok_or_else(|| self.fault("has no file name".to_owned()))
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Returns the path of the file with `end` appended to its name.
    fn beside(&self, end: &str) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(end);
        path.into()
    }

    fn fault(&self, what: String) -> BoxError {
        format!("the token store `{}` {what}", self.path.display()).into()
    }
}

/// Writes the contents into a buffer that does not grow, because a growing buffer leaves copies of
/// tokens behind.
fn in_one_buffer(contents: &Contents) -> Result<Zeroizing<Vec<u8>>, BoxError> {
    let mut length = Counter(0);
    serde_json::to_writer_pretty(&mut length, contents)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer_pretty(&mut *text, contents)?;
    Ok(text)
}

/// Counts the bytes that are written.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileStore").field(&self.0.path).finish()
    }
}
