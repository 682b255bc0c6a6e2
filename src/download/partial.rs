//! Unfinished files of downloads.
//!
//! An unfinished file is in the folder of its target, so that a rename finishes it. Its name
//! identifies the version of the content: `.report.pdf.8d2c16e2a0f1b37c.part`.
//!
//! A file that can be resumed is locked while it is written, because other downloads know its name.
//! The system releases the lock when the process ends, even after a crash. All other unfinished
//! files have unique names.

use std::ffi::{OsStr, OsString};
use std::fs::File as StdFile;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use msgraph_io::lock_within;
use same_file::Handle;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};

use super::HashKind;
use super::hash::Check;
use super::range::Version;
use super::target::{Target, refuse};
use crate::error::{TransferError, TransferErrorKind};
use crate::transfer::name_of;
use crate::{Error, Result};

/// The number of bytes that are written, or read back, at once.
const BUFFER: usize = 256 * 1024;

const ENDING: &str = ".part";

/// The maximum wait for the lock. A download that was just dropped may still have one last write to
/// do. Any other download keeps the lock for longer than a caller waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// The maximum number of attempts to open a file that other downloads remove or finish at the same
/// time.
const MOST_ATTEMPTS: usize = 10;

/// An unfinished file of an earlier download. The lock keeps other downloads from writing to it.
pub(super) struct Left {
    path: PathBuf,
    tag: String,
    pub(super) length: u64,
    file: StdFile,
}

/// An unfinished file that is being written. It is removed when it is dropped, unless it is kept or
/// finished.
pub(super) struct Partial {
    path: PathBuf,
    file: BufWriter<File>,
    stays: bool,
    /// `true` if a write has failed, so that no bytes may be written after it.
    has_failed: bool,
}

/// Returns a text for a name that only this version has; `None` if the version has no
/// identification.
pub(super) fn tag(version: &Version) -> Option<String> {
    let digest = Sha256::digest(version.text()?);
    let hex = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    Some(hex.collect())
}

/// Returns the beginning of the name, `.report.pdf.`.
fn beginning(target: &Target) -> OsString {
    let mut beginning = OsString::from(".");
    beginning.push(target.path().file_name().unwrap_or_default());
    beginning.push(".");
    beginning
}

impl Left {
    /// Takes the largest of the unfinished files of earlier downloads.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::Busy`] if another download is writing it.
    pub(super) async fn find(target: &Target) -> Result<Option<Self>> {
        let beginning = beginning(target);
        let folder = target.folder().to_owned();
        blocking(move || {
            for _ in 0..MOST_ATTEMPTS {
                let Some((path, tag)) = largest(&folder, &beginning)? else {
                    return Ok(None);
                };
                if let Some(file) = open_locked(&path)? {
                    let length = file.metadata().map_err(unwritable)?.len();
                    return Ok(Some(Self {
                        path,
                        tag,
                        length,
                        file,
                    }));
                }
            }
            Err(busy(&folder))
        })
        .await
    }

    pub(super) fn is_of(&self, version: &Version) -> bool {
        tag(version).is_some_and(|tag| tag == self.tag)
    }

    /// Opens the file to continue at its end.
    pub(super) async fn open(self, target: &Target) -> Result<Partial> {
        let mut file = File::from_std(self.file);
        #[cfg(unix)]
        if target.exists() {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(PRIVATE);
            file.set_permissions(private).await.map_err(unwritable)?;
        }
        #[cfg(not(unix))]
        let _ = target;
        let place = SeekFrom::Start(self.length);
        file.seek(place).await.map_err(unwritable)?;
        Ok(Partial::of(self.path, file, true))
    }

    /// Removes a file that is no longer useful.
    pub(super) async fn remove(self) -> Result<()> {
        match tokio::fs::remove_file(&self.path).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(error)),
            _ => Ok(()),
        }
    }
}

/// Returns the largest unfinished file with content, and its tag.
fn largest(folder: &Path, beginning: &OsStr) -> Result<Option<(PathBuf, String)>> {
    let mut largest = None;
    let mut most = 0;
    for entry in std::fs::read_dir(folder).map_err(|error| no_file_in(folder, error))? {
        let entry = entry.map_err(unwritable)?;
        let Some(tag) = tag_in(&entry.file_name(), beginning) else {
            continue;
        };
        // Links are not followed. A file that another download has just finished no longer exists.
        let Some(found) = entry.metadata().ok().filter(|found| found.is_file()) else {
            continue;
        };
        if found.len() > most {
            most = found.len();
            largest = Some((entry.path(), tag));
        }
    }
    Ok(largest)
}

/// Returns the tag in the name of an unfinished file. A name of another form belongs to another
/// program.
fn tag_in(name: &OsStr, beginning: &OsStr) -> Option<String> {
    let rest = name.as_encoded_bytes();
    let rest = rest.strip_prefix(beginning.as_encoded_bytes())?;
    let tag = rest.strip_suffix(ENDING.as_bytes())?;
    let is_tag = tag.len() == 16 && tag.iter().all(u8::is_ascii_hexdigit);
    is_tag.then(|| String::from_utf8_lossy(tag).into_owned())
}

/// Opens an existing unfinished file, and locks it. Returns `None` if it no longer exists.
fn open_locked(path: &Path) -> Result<Option<StdFile>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            let name = name_of(found.file_type());
            let shown = path.display();
            return Err(refuse(format!("`{shown}` is {name}, not a regular file")));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    match StdFile::options().read(true).write(true).open(path) {
        Ok(file) => lock(file, path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unwritable(error)),
    }
}

/// Locks an open file. Returns `None` if another file is at its path now, because the previous
/// holder of the lock may have finished or removed it.
fn lock(file: StdFile, path: &Path) -> Result<Option<StdFile>> {
    let is_locked = lock_within(&file, PATIENCE).map_err(|error| {
        let message = format!("cannot lock `{}`", path.display());
        TransferError::io(TransferErrorKind::Target, &message, error)
    })?;
    if !is_locked {
        return Err(busy(path));
    }
    let is_regular = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let is_same = is_regular && is_at(&file, path).map_err(unwritable)?;
    Ok(is_same.then_some(file))
}

fn is_at(file: &StdFile, path: &Path) -> io::Result<bool> {
    let ours = Handle::from_file(file.try_clone()?)?;
    match Handle::from_path(path) {
        Ok(there) => Ok(ours == there),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
const PRIVATE: u32 = 0o600;

/// Creates a new file. A file that replaces another one is private until it has the mode of that
/// file.
fn create_new(path: &Path, is_private: bool) -> io::Result<StdFile> {
    let mut options = StdFile::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if is_private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    }
    #[cfg(not(unix))]
    let _ = is_private;
    options.open(path)
}

/// Creates the file of a version, or replaces an existing one by an empty file. Either way it is
/// locked.
fn create_locked(path: &Path, is_private: bool) -> Result<StdFile> {
    for _ in 0..MOST_ATTEMPTS {
        let locked = match create_new(path, is_private) {
            Ok(file) => lock(file, path)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // The existing file may have another mode, so it is not reused.
                let left = open_locked(path)?;
                if left.is_some() {
                    std::fs::remove_file(path).map_err(unwritable)?;
                }
                continue;
            }
            Err(error) => {
                let folder = path.parent().unwrap_or(path);
                return Err(no_file_in(folder, error));
            }
        };
        if let Some(file) = locked {
            return Ok(file);
        }
    }
    Err(busy(path))
}

impl Partial {
    /// Creates an empty file. With a tag, it stays if the download ends early, and a later download
    /// can find it.
    pub(super) async fn new(target: &Target, tag: Option<String>) -> Result<Self> {
        let mut name = beginning(target);
        let stays = tag.is_some();
        name.push(tag.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string()));
        name.push(ENDING);
        let (folder, is_private) = (target.folder().to_owned(), target.exists());
        let path = folder.join(name);
        let created = path.clone();
        let file = blocking(move || match stays {
            true => create_locked(&created, is_private),
            false => create_new(&created, is_private).map_err(|error| no_file_in(&folder, error)),
        })
        .await?;
        Ok(Self::of(path, File::from_std(file), stays))
    }

    fn of(path: PathBuf, file: File, stays: bool) -> Self {
        Self {
            path,
            file: BufWriter::with_capacity(BUFFER, file),
            stays,
            has_failed: false,
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes).await;
        self.has_failed |= written.is_err();
        written.map_err(unwritable)
    }

    /// Ends the download early, and keeps the bytes that arrived if they are useful.
    pub(super) async fn give_up(mut self, error: &Error) {
        let is_wrong = matches!(error, Error::Transfer(error)
            if matches!(error.kind(), TransferErrorKind::Changed | TransferErrorKind::Range));
        self.stays &= !is_wrong;
        // After a failed write, further bytes would be at the wrong position.
        if !self.has_failed {
            // The caller gets the error that ended the download, not that of the flush.
            let _ = self.file.flush().await;
        }
    }

    /// Verifies the content of the file, and then renames it to the target in one step.
    pub(super) async fn finish(
        mut self,
        target: &Target,
        length: u64,
        check: Option<Check>,
    ) -> Result<Option<HashKind>> {
        self.file.flush().await.map_err(unwritable)?;
        let compared = self.compare(length, check).await;
        self.stays &= compared.is_ok();
        let verified = compared?;
        let file = self.file.get_ref();
        target.hand_down_access(file).await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        tokio::fs::rename(&self.path, target.path())
            .await
            .map_err(unwritable)?;
        self.stays = true;
        Ok(verified)
    }

    async fn compare(&mut self, length: u64, check: Option<Check>) -> Result<Option<HashKind>> {
        let file = self.file.get_mut();
        let there = file.metadata().await.map_err(unwritable)?.len();
        if there != length {
            let message = format!(
                "the partial file has {there} bytes after {length} bytes were written: another \
                 program may have changed it"
            );
            return Err(TransferError::new(TransferErrorKind::SizeMismatch, message).into());
        }
        let Some(mut check) = check else {
            return Ok(None);
        };
        file.rewind().await.map_err(unwritable)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = file.read(&mut buffer).await.map_err(unwritable)?;
            match buffer.get(..read).unwrap_or_default() {
                [] => return Ok(Some(check.finish()?)),
                bytes => check.update(bytes),
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.stays {
            // A drop has no caller to report an error to.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Runs blocking system calls on a thread that may block.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(error) => Err(unwritable(io::Error::other(error))),
    }
}

fn busy(path: &Path) -> Error {
    let message = format!(
        "another download is writing `{}`: wait until it ends, or download without `resume`",
        path.display()
    );
    TransferError::new(TransferErrorKind::Busy, message).into()
}

fn no_file_in(folder: &Path, error: io::Error) -> Error {
    let message = format!("cannot create a file in `{}`", folder.display());
    TransferError::io(TransferErrorKind::Target, &message, error).into()
}

pub(super) fn unwritable(error: io::Error) -> Error {
    TransferError::io(
        TransferErrorKind::Target,
        "cannot write the content to the file",
        error,
    )
    .into()
}
