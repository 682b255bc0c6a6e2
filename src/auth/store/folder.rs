//! A folder in which a store keeps its files, opened in such a way that no other user can exchange
//! what is in it.
//!
//! On Unix the folder is opened once, judged, and everything in it is named below the open folder:
//! no symbolic link is followed. On Windows the folder's own access control list decides, as for any
//! file in the user's profile; symbolic links are refused as well.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::Path;

#[cfg(not(unix))]
pub(super) use self::other::Folder;
#[cfg(unix)]
pub(super) use self::unix::Folder;

/// Who may write to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The user, or in a folder with the sticky bit others as well, who cannot take away or exchange
    /// the user's files there.
    Shared,
    /// The user alone, who alone may see what is there.
    #[cfg_attr(
        not(feature = "keyring"),
        allow(dead_code, reason = "locks of keyrings")
    )]
    Own,
}

/// Makes a folder for the user alone, with the folders above it. What is there stays as it is.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// An error that says what is wrong with a file or folder.
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

    /// An open folder that was judged.
    pub(in super::super) struct Folder(OwnedFd);

    impl Folder {
        /// Opens a folder; `None` where there is none.
        ///
        /// # Errors
        ///
        /// Where another user could exchange what is in it.
        pub(in super::super) fn open(path: &Path, trust: Trust) -> io::Result<Option<Self>> {
            // Another user's link may lead to any folder of this user's.
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
                    "its folder has the permissions {mode:04o}, so that other users could exchange \
                     the file: `{remedy}` it"
                )));
            }
            Ok(Some(Self(folder.into())))
        }

        /// Opens a file to read it; `None` where there is none.
        ///
        /// # Errors
        ///
        /// For a symbolic link, for what is not a file, and for a file of another user.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<Option<File>> {
            match self.at(name, OFlags::RDONLY) {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }

        /// Opens a file to lock it, and makes it where there is none.
        ///
        /// # Errors
        ///
        /// As those of [`read`](Self::read).
        pub(in super::super) fn lock_file(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OFlags::WRONLY | OFlags::CREATE)
        }

        /// Makes a new file for the user alone. It must not be there.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
        }

        /// Removes a file, if it is there.
        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }

        /// Gives a file the name of another one, which is replaced.
        pub(in super::super) fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            rustix::fs::renameat(&self.0, from, &self.0, to)?;
            // The new name has to reach the disk as well. Some file systems cannot do that, and the
            // file is replaced all the same.
            let _ = rustix::fs::fsync(&self.0);
            Ok(())
        }

        fn at(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
            // A pipe that nobody reads must not keep this waiting.
            let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            let mode = Mode::RUSR | Mode::WUSR;
            let file = match rustix::fs::openat(&self.0, name, flags, mode) {
                Ok(file) => File::from(file),
                // What `O_NOFOLLOW` says of a symbolic link; FreeBSD has another word for it.
                Err(Errno::LOOP | Errno::MLINK) => {
                    return Err(refused(
                        "it is a symbolic link, which is not followed".to_owned(),
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

    /// The owner may change permissions at any time: what belongs to others is theirs.
    fn owner_is_trusted(what: &str, owner: u32, trust: Trust) -> io::Result<()> {
        let user = rustix::process::geteuid().as_raw();
        // root can read and exchange everything anyway.
        if owner == user || owner == 0 && trust == Trust::Shared {
            return Ok(());
        }
        Err(refused(format!(
            "{what} belongs to the user {owner}, and this process runs as the user {user}"
        )))
    }
}

#[cfg(not(unix))]
mod other {
    use std::ffi::OsStr;
    use std::fs::{self, OpenOptions};
    use std::path::PathBuf;

    use super::{File, Path, Trust, io, refused};

    /// A folder that is there.
    pub(in super::super) struct Folder(PathBuf);

    impl Folder {
        /// Opens a folder; `None` where there is none.
        #[allow(clippy::unnecessary_wraps, reason = "that of Unix can fail")]
        pub(in super::super) fn open(path: &Path, _: Trust) -> io::Result<Option<Self>> {
            Ok(path.is_dir().then(|| Self(path.to_owned())))
        }

        /// Opens a file to read it; `None` where there is none.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<Option<File>> {
            match self.at(name, OpenOptions::new().read(true)) {
                Ok(file) => Ok(Some(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }

        /// Opens a file to lock it, and makes it where there is none.
        pub(in super::super) fn lock_file(&self, name: &OsStr) -> io::Result<File> {
            let mut options = OpenOptions::new();
            self.at(name, options.create(true).truncate(false).write(true))
        }

        /// Makes a new file. It must not be there.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            self.at(name, OpenOptions::new().create_new(true).write(true))
        }

        /// Removes a file, if it is there.
        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        }

        /// Gives a file the name of another one, which is replaced.
        pub(in super::super) fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            fs::rename(self.0.join(from), self.0.join(to))
        }

        fn at(&self, name: &OsStr, options: &OpenOptions) -> io::Result<File> {
            let path = self.0.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|link| link.is_symlink()) {
                return Err(refused(
                    "it is a symbolic link, which is not followed".to_owned(),
                ));
            }
            options.open(path)
        }
    }
}
