//! A file that is not whole yet.
//!
//! It stands beside the file that it becomes, so that a rename is all that is left to do. Its name tells of which version
//! of the content it is: `.report.pdf.8d2c16e2a0f1b37c.part`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};

use super::hash::Check;
use super::range::Version;
use crate::error::{TransferError, TransferErrorKind};
use crate::{Error, Result};

/// How much is written, or read again, at once.
const BUFFER: usize = 256 * 1024;

const ENDING: &str = ".part";

/// What is left of an earlier try.
pub(super) struct Left {
    path: PathBuf,
    tag: String,
    pub(super) length: u64,
}

/// A file that is being written. It goes with its owner, unless it is kept or finished.
pub(super) struct Partial {
    path: PathBuf,
    file: BufWriter<File>,
    stays: bool,
}

/// What tells a version from others, in a name; `None` where nothing does.
pub(super) fn tag(version: &Version) -> Option<String> {
    let digest = Sha256::digest(version.text()?);
    let hex = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    Some(hex.collect())
}

/// `.report.pdf.`, and the folder that it is in.
fn beginning(target: &Path) -> Result<(OsString, PathBuf)> {
    let name = target.file_name().ok_or_else(|| {
        TransferError::new(
            TransferErrorKind::Target,
            format!("`{}` is no name of a file", target.display()),
        )
    })?;
    let mut beginning = OsString::from(".");
    beginning.push(name);
    beginning.push(".");
    let folder = target.parent().filter(|folder| *folder != Path::new(""));
    Ok((
        beginning,
        folder.unwrap_or_else(|| Path::new(".")).to_owned(),
    ))
}

impl Left {
    /// The largest of what is left of earlier tries.
    pub(super) async fn find(target: &Path) -> Result<Option<Self>> {
        let (beginning, folder) = beginning(target)?;
        let mut entries = tokio::fs::read_dir(folder).await.map_err(unwritable)?;
        let mut largest: Option<Self> = None;
        while let Some(entry) = entries.next_entry().await.map_err(unwritable)? {
            let Some(tag) = tag_in(&entry.file_name(), &beginning) else {
                continue;
            };
            let length = entry.metadata().await.map_err(unwritable)?.len();
            if length > largest.as_ref().map_or(0, |left| left.length) {
                largest = Some(Self {
                    path: entry.path(),
                    tag,
                    length,
                });
            }
        }
        Ok(largest)
    }

    pub(super) fn is_of(&self, version: &Version) -> bool {
        tag(version).is_some_and(|tag| tag == self.tag)
    }

    /// Goes on where it ends; what is there is shown to the check.
    pub(super) async fn open(self, check: Option<&mut Check>) -> Result<Partial> {
        if let Some(check) = check {
            let mut file = File::open(&self.path).await.map_err(unwritable)?;
            let mut buffer = vec![0; BUFFER];
            loop {
                let read = file.read(&mut buffer).await.map_err(unwritable)?;
                match buffer.get(..read).unwrap_or_default() {
                    [] => break,
                    bytes => check.update(bytes),
                }
            }
        }
        let file = OpenOptions::new().append(true).open(&self.path).await;
        Ok(Partial {
            file: BufWriter::with_capacity(BUFFER, file.map_err(unwritable)?),
            path: self.path,
            stays: true,
        })
    }

    /// It is of no use any more.
    pub(super) async fn remove(self) -> Result<()> {
        tokio::fs::remove_file(self.path).await.map_err(unwritable)
    }
}

/// The tag in the name of what is left of an earlier try. A name of another form is somebody else's.
fn tag_in(name: &OsStr, beginning: &OsStr) -> Option<String> {
    let rest = name.to_str()?.strip_prefix(beginning.to_str()?)?;
    let tag = rest.strip_suffix(ENDING)?;
    let is_tag = tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_tag.then(|| tag.to_owned())
}

impl Partial {
    /// An empty one. With a tag it stays where the download ends before its time, and can be found again.
    pub(super) async fn new(target: &Path, tag: Option<String>) -> Result<Self> {
        let (mut name, folder) = beginning(target)?;
        let stays = tag.is_some();
        name.push(tag.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string()));
        name.push(ENDING);
        let path = folder.join(name);
        let file = File::create(&path).await.map_err(unwritable)?;
        Ok(Self {
            path,
            file: BufWriter::with_capacity(BUFFER, file),
            stays,
        })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await.map_err(unwritable)
    }

    /// The download has ended before its time: what came is kept, where that can be of use.
    pub(super) async fn give_up(mut self, error: &Error) {
        let is_wrong = matches!(error, Error::Transfer(error)
            if matches!(error.kind(), TransferErrorKind::HashMismatch | TransferErrorKind::Changed));
        self.stays &= !is_wrong;
        // The error that is told is the one that ended it.
        let _ = self.file.flush().await;
    }

    /// Becomes the file, all at once.
    pub(super) async fn finish(mut self, target: &Path) -> Result<()> {
        self.file.flush().await.map_err(unwritable)?;
        self.file.get_ref().sync_all().await.map_err(unwritable)?;
        tokio::fs::rename(&self.path, target)
            .await
            .map_err(unwritable)?;
        self.stays = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.stays {
            // Nobody is left to hear that this did not work.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

pub(super) fn unwritable(error: io::Error) -> Error {
    TransferError::io(
        TransferErrorKind::Target,
        "the content cannot be written to the file",
        error,
    )
    .into()
}
