//! The file that a download is for.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;

use crate::error::{TransferError, TransferErrorKind};
use crate::transfer::name_of;
use crate::{Error, Result};

/// A path at which a regular file is or can be.
#[derive(Clone, Debug)]
pub(super) struct Target {
    path: PathBuf,
    exists: bool,
}

impl Target {
    /// Follows symbolic links: the file that they lead to is replaced, and they stay.
    ///
    /// # Errors
    ///
    /// [`TransferErrorKind::Target`] for a link that leads to no file, and for everything that is there
    /// and not a regular file.
    pub(super) async fn resolve(path: &Path) -> Result<Self> {
        let shown = path.display();
        let mut path = path.to_owned();
        let mut found = look(&path).await?;
        if found.as_ref().is_some_and(Metadata::is_symlink) {
            let real = tokio::fs::canonicalize(&path).await;
            path = real.map_err(|error| {
                let message = format!("`{shown}` is a symbolic link that leads to no file");
                TransferError::io(TransferErrorKind::Target, &message, error)
            })?;
            found = look(&path).await?;
        }
        match &found {
            Some(found) if !found.is_file() => {
                let name = name_of(found.file_type());
                Err(refuse(format!("`{shown}` is {name}, not a regular file")))
            }
            None if path.file_name().is_none() => {
                Err(refuse(format!("`{shown}` is not the name of a file")))
            }
            _ => Ok(Self {
                path,
                exists: found.is_some(),
            }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn folder(&self) -> &Path {
        let folder = self.path.parent();
        let folder = folder.filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new("."))
    }

    /// Whether there is a file that the download replaces. Until it does, no other user may read the
    /// new content, because the old file may be one that others cannot read.
    pub(super) fn exists(&self) -> bool {
        self.exists
    }

    /// Gives a new file the mode and the owner of the one that it replaces.
    pub(super) async fn hand_down_access(&self, new: &File) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(old) = tokio::fs::symlink_metadata(&self.path)
            .await
            .ok()
            .filter(Metadata::is_file)
        {
            access::hand_down(&old, new).await?;
        }
        #[cfg(not(unix))]
        let _ = new;
        Ok(())
    }
}

async fn look(path: &Path) -> Result<Option<Metadata>> {
    match tokio::fs::symlink_metadata(path).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("`{}` cannot be written", path.display());
            Err(TransferError::io(TransferErrorKind::Target, &message, error).into())
        }
    }
}

pub(super) fn refuse(message: String) -> Error {
    TransferError::new(TransferErrorKind::Target, message).into()
}

#[cfg(unix)]
mod access {
    use std::fs::{Metadata, Permissions};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    use tokio::fs::File;

    /// Read, write and execute. What runs with the rights of its owner is not handed down to content
    /// that came from elsewhere.
    const MODE: u32 = 0o777;
    const GROUP: u32 = 0o070;

    pub(super) async fn hand_down(old: &Metadata, new: &File) -> io::Result<()> {
        let made = new.metadata().await?;
        let mut mode = old.mode() & MODE;
        if made.uid() != old.uid() || made.gid() != old.gid() {
            // Only root can give a file to another user, and only a member can give it to a group.
            let both = fchown(new.as_fd(), Some(old.uid()), Some(old.gid()));
            let group = both.or_else(|_| fchown(new.as_fd(), None, Some(old.gid())));
            if group.is_err() && made.gid() != old.gid() {
                mode = without_group(mode);
            }
        }
        new.set_permissions(Permissions::from_mode(mode)).await
    }

    /// A group that is not the old file's may do no more than everyone else.
    fn without_group(mode: u32) -> u32 {
        mode & (!GROUP | (mode & 0o007) << 3)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn other_group_may_do_what_all_may() {
            for (mode, left) in [
                (0o640, 0o600),
                (0o644, 0o644),
                (0o664, 0o644),
                (0o600, 0o600),
            ] {
                assert_eq!(without_group(mode), left, "{mode:o}");
            }
        }
    }
}
