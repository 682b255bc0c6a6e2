//! The target file of a download.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;

use crate::error::{TransferError, TransferErrorKind};
use crate::transfer::name_of;
use crate::{Error, Result};

/// The path of a regular file that exists or can be created.
#[derive(Clone, Debug)]
pub(super) struct Target {
    path: PathBuf,
    exists: bool,
}

impl Target {
    /// Follows symbolic links: their target is replaced, and the links stay.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::Target`] for a link without an existing target, and for an
    /// existing path that is not a regular file.
    pub(super) async fn resolve(path: &Path) -> Result<Self> {
        let shown = path.display();
        let mut path = path.to_owned();
        let mut found = look(&path).await?;
        if found.as_ref().is_some_and(Metadata::is_symlink) {
            let real = tokio::fs::canonicalize(&path).await;
            path = real.map_err(|error| {
                let message = format!("`{shown}` is a symbolic link to a file that does not exist");
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
                Err(refuse(format!("`{shown}` is not a file name")))
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

    /// Returns `true` if a file exists that the download replaces.
    ///
    /// Until then, no other user may read the new content, because the old file may be one that
    /// others cannot read.
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
            let message = format!("cannot write `{}`", path.display());
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

    /// The permissions to read, write and execute. The bits that run a file with the rights of its
    /// owner are not copied to content from elsewhere.
    const MODE: u32 = 0o777;
    const GROUP: u32 = 0o070;

    pub(super) async fn hand_down(old: &Metadata, new: &File) -> io::Result<()> {
        let made = new.metadata().await?;
        let mut mode = old.mode() & MODE;
        if made.uid() != old.uid() || made.gid() != old.gid() {
            // Only root can give a file to another user, and only a member of a group can give it
            // to that group.
            let both = fchown(new.as_fd(), Some(old.uid()), Some(old.gid()));
            let group = both.or_else(|_| fchown(new.as_fd(), None, Some(old.gid())));
            if group.is_err() && made.gid() != old.gid() {
                mode = without_group(mode);
            }
        }
        new.set_permissions(Permissions::from_mode(mode)).await
    }

    /// Removes permissions of the group. A group that is not the old file's may do no more than all
    /// other users.
    fn without_group(mode: u32) -> u32 {
        mode & (!GROUP | (mode & 0o007) << 3)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn changed_group_keeps_only_public_permissions() {
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
