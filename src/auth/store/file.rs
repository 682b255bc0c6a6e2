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

/// Keeps everything in one file that its user alone may read.
///
/// The file is JSON, not encrypted: whoever can act as the user can read it. Where the system has a store of secrets, `KeyringStore`
/// (with the feature `keyring`) is better.
///
/// On Unix the file has the permissions 0600, and folders that are made for it have 0700. A file that others may read is refused, and so
/// are a file of another user, a symbolic link in its place, and a folder that other users may write to, unless it has the sticky bit, as
/// `/tmp` has. On Windows files and folders have the permissions of the folder above, which in a user's profile are the user's; symbolic
/// links are refused, and owners are not compared.
///
/// A write makes a new file that takes the place of the old one at once, so that a program that is ended in between leaves the old one.
/// Several processes may use the file: while one writes, it keeps the file of the same name with `.lock` at its end locked. That one
/// stays there, and is empty.
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
/// Its methods fail, and name the file, when it cannot be read or written; when it is no store, or one of a later version of this crate,
/// neither of which is overwritten; when others may read or exchange it; and when another process keeps it locked for half a minute.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    patience: Duration,
    /// Tasks of this process wait here, where they keep no thread waiting.
    turn: Arc<Mutex<()>>,
}

/// As much as is read of a file: a store of tokens has some KiB for each user.
const LARGEST: usize = 64 * 1024 * 1024;

/// `Vec` grows when it is full, even where nothing follows.
const ROOM_FOR_THE_END: usize = 64;

/// The version of the file's form.
const FORM: u64 = 1;

#[derive(Deserialize, Serialize)]
struct Contents {
    /// [`FORM`], under a name that no other file has.
    msgraph_token_store: u64,
    entries: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    version: u64,
    contents: Zeroizing<String>,
}

/// What each form has.
#[derive(Deserialize)]
struct Form {
    msgraph_token_store: u64,
}

impl FileStore {
    /// A store in this file, which need not be there yet.
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

    /// Does work on the file while nobody else does.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &Folder) -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let shared = Arc::clone(&self.0);
        // Held by the work itself, which goes on where the call is given up.
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
        // Needs no lock: a file takes the place of the other at once.
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
        // What is not there leaves neither file nor folder behind.
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
        // With room for all of it: a buffer that grows leaves copies behind that nobody overwrites.
        let length = file.metadata().map_err(unreadable)?.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(LARGEST);
        let mut text = Zeroizing::new(Vec::with_capacity(length.saturating_add(ROOM_FOR_THE_END)));
        let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
        (&mut file)
            .take(limit)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        // The parser's own words may quote what is kept.
        let place = |error: &serde_json::Error| {
            format!("at line {}, column {}", error.line(), error.column())
        };
        let form: Form = serde_json::from_slice(&text).map_err(|error| {
            self.fault(format!(
                "is no token store, or is damaged {}: move it away, and sign in again",
                place(&error)
            ))
        })?;
        if form.msgraph_token_store != FORM {
            return Err(self.fault(format!(
                "is of form {}, and this version of msgraph reads form {FORM}",
                form.msgraph_token_store
            )));
        }
        serde_json::from_slice(&text).map_err(|error| {
            self.fault(format!(
                "is damaged {}: move it away, and sign in again",
                place(&error)
            ))
        })
    }

    /// Others who could read it may have done so: that is for the user to know, and not to be mended in silence.
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
            "has the permissions {mode:04o}, so that others may read it: `chmod 600` it, and if others may have, sign out"
        )))
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
    fn is_private(&self, _: &File) -> Result<(), BoxError> {
        Ok(())
    }

    /// Whoever calls this has the lock, so that the new file can have a name of its own: what a writer that was ended left of one is
    /// replaced, and never stays.
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
                "cannot be written: the folder `{folder}` cannot be made: {error}"
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

    /// The name of a file in the folder.
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

    /// A file of the same name with this at its end.
    fn beside(&self, end: &str) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(end);
        path.into()
    }

    fn fault(&self, what: String) -> BoxError {
        format!("the token store `{}` {what}", self.path.display()).into()
    }
}

/// Writes the contents into a buffer that does not grow: one that does leaves copies of tokens behind.
fn in_one_buffer(contents: &Contents) -> Result<Zeroizing<Vec<u8>>, BoxError> {
    let mut length = Counter(0);
    serde_json::to_writer_pretty(&mut length, contents)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer_pretty(&mut *text, contents)?;
    Ok(text)
}

/// Counts what is written.
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
