//! The folder in which a store keeps its files, opened so that no other user can exchange its
//! contents.
//!
//! On Unix the folder is opened once and checked, and all files are opened relative to the open
//! folder. No symbolic link is followed. On Windows the folder's own access control list decides,
//! as for any file in the user's profile. Symbolic links are refused as well.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::Path;

#[cfg(not(unix))]
pub(super) use self::other::Folder;
#[cfg(unix)]
pub(super) use self::unix::Folder;

/// The users that may write to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The user may write. In a folder with the sticky bit, others may write as well, but cannot
    /// remove or exchange the user's files there.
    Shared,
    /// The user alone may write, and the user alone may see the contents.
    #[cfg_attr(
        not(feature = "keyring"),
        allow(dead_code, reason = "locks of keyrings")
    )]
    Own,
}

/// Creates a folder for the user alone, with its parent folders. Existing folders stay as they are.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Returns an error that describes the fault of a file or folder.
fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{AtFlags, Mode, OFlags};
    use rustix::io::Errno;

    use super::{File, Path, Trust, io, refused};

    const STICKY: u32 = 0o1000;

    /// An open folder that was checked.
    pub(in super::super) struct Folder(OwnedFd);

    impl Folder {
        /// Opens a folder. Returns `None` if it does not exist.
        ///
        /// # Errors
        ///
        /// Returns an error if another user could exchange its contents.
        pub(in super::super) fn open(path: &Path, trust: Trust) -> io::Result<Option<Self>> {
            // A link of another user may lead to any folder of this user.
            let link = match std::fs::symlink_metadata(path) {
                Ok(link) => link,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            if link.is_symlink() {
                owner_is_trusted("the symbolic link to the folder", link.uid(), trust)?;
            }
            let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
            let folder = match rustix::fs::open(path, flags, Mode::empty()) {
                Ok(folder) => folder,
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let folder = File::from(folder);
            let metadata = folder.metadata()?;
            let mode = metadata.mode() & 0o7777;
            owner_is_trusted("its folder", metadata.uid(), trust)?;
            let (is_safe, remedy) = match trust {
                Trust::Shared => (mode & 0o022 == 0 || mode & STICKY != 0, "chmod go-w"),
                Trust::Own => (mode & 0o077 == 0, "chmod 700"),
            };
            if !is_safe {
                return Err(refused(format!(
                    "its folder has the permissions {mode:04o}, so other users could replace the \
                     file: run `{remedy}` on the folder"
                )));
            }
            Ok(Some(Self(folder.into())))
        }

        /// Opens a file to read it. Returns `None` if it does not exist.
        ///
        /// # Errors
        ///
        /// Returns an error for a symbolic link, for anything else that is not a file, and for a
        /// file of another user.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<Option<File>> {
            match self.at(name, OFlags::RDONLY) {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }

        /// Opens a file to lock it, and creates it if it does not exist.
        ///
        /// # Errors
        ///
        /// Returns the same errors as [`read`](Self::read).
        pub(in super::super) fn lock_file(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OFlags::WRONLY | OFlags::CREATE)
        }

        /// Creates a new file for the user alone. The file must not exist.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
        }

        /// Removes a file, if it exists.
        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }

        /// Renames a file, and replaces the file that has the new name.
        pub(in super::super) fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            rustix::fs::renameat(&self.0, from, &self.0, to)?;
            // The new name has to reach the disk as well. Some file systems cannot do that, and the
            // file is replaced all the same.
            let _ = rustix::fs::fsync(&self.0);
            Ok(())
        }

        fn at(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
            // A pipe without a reader must not block this call.
            let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let mode = Mode::RUSR | Mode::WUSR;
            let file = match rustix::fs::openat(&self.0, name, flags, mode) {
                Ok(file) => File::from(file),
                // `O_NOFOLLOW` returns `LOOP` for a symbolic link, and FreeBSD returns `MLINK`.
                Err(Errno::LOOP | Errno::MLINK) => {
                    return Err(refused(
                        "it is a symbolic link, which msgraph does not follow".to_owned(),
                    ));
                }
                Err(error) => return Err(error.into()),
            };
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(refused("it is not a file".to_owned()));
            }
            owner_is_trusted("it", metadata.uid(), Trust::Own)?;
            Ok(file)
        }
    }

    /// Checks that the owner is trusted. The owner may change permissions at any time, so others
    /// control what belongs to them.
    fn owner_is_trusted(what: &str, owner: u32, trust: Trust) -> io::Result<()> {
        let user = rustix::process::geteuid().as_raw();
        // The user root can read and exchange everything anyway.
        if owner == user || owner == 0 && trust == Trust::Shared {
            return Ok(());
        }
        Err(refused(format!(
            "{what} belongs to the user {owner}, but this process runs as the user {user}"
        )))
    }
}

#[cfg(not(unix))]
mod other {
    use std::ffi::OsStr;
    use std::fs::{self, OpenOptions};
    use std::path::PathBuf;

    use super::{File, Path, Trust, io, refused};

    /// An existing folder.
    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        /// Opens a folder. Returns `None` if it does not exist.
        #[allow(clippy::unnecessary_wraps, reason = "the function for Unix can fail")]
        pub(in super::super) fn open(path: &Path, _: Trust) -> io::Result<Option<Self>> {
            Ok(path.is_dir().then(|| Self(path.to_owned())))
        }

        /// Opens a file to read it. Returns `None` if it does not exist.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<Option<File>> {
            match self.at(name, OpenOptions::new().read(true)) {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }

        /// Opens a file to lock it, and creates it if it does not exist.
        pub(in super::super) fn lock_file(&self, name: &OsStr) -> io::Result<File> {
            let mut options = OpenOptions::new();
            self.at(name, options.create(true).truncate(false).write(true))
        }

        /// Creates a new file. The file must not exist.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OpenOptions::new().create_new(true).write(true))
        }

        /// Removes a file, if it exists.
        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        }

        /// Renames a file, and replaces the file that has the new name.
        pub(in super::super) fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            fs::rename(self.0.join(from), self.0.join(to))
        }

        fn at(&self, name: &OsStr, options: &OpenOptions) -> io::Result<File> {
            let path = self.0.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|link| link.is_symlink()) {
                return Err(refused(
                    "it is a symbolic link, which msgraph does not follow".to_owned(),
                ));
            }
            options.open(path)
        }
    }
}
