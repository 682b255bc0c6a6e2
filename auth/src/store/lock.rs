//! A lock that one process holds at a time.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use msgraph_io::lock_within;

use super::folder::Folder;
use crate::BoxError;

/// The time that a process waits for another. A process that holds the lock longer is stopped, or
/// waits for its user.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A lock on an empty file. The operating system releases it when it is dropped, and also when the
/// process ends in any way. The file stays. If it were deleted while another process waits for it,
/// two processes could hold the lock.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "dropping it releases the lock")] File);

impl Lock {
    /// Waits for the lock, on a thread that may block. `path` is the full path of the file, for
    /// errors.
    pub(super) fn wait(
        folder: &Folder,
        name: &OsStr,
        path: &Path,
        patience: Duration,
    ) -> Result<Self, BoxError> {
        let shown = path.display();
        let file = folder
            .lock_file(name)
            .map_err(|error| format!("cannot open `{shown}`: {error}"))?;
        match lock_within(&file, patience) {
            Ok(true) => Ok(Self(file)),
            Ok(false) => {
                let seconds = patience.as_secs();
                Err(format!(
                    "another process has locked `{shown}` for {seconds} s: it may be \
                     suspended, or be waiting for its user"
                )
                .into())
            }
            Err(error) => Err(format!("`{shown}` cannot be locked: {error}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::folder::Trust;
    use super::super::tests::own_folder;
    use super::*;

    #[test]
    fn lock_timeout_error_names_the_file() {
        let made = own_folder();
        let folder = Folder::open(made.path(), Trust::Own).unwrap().unwrap();
        let name = OsStr::new("tokens.json.lock");
        let path = made.path().join(name);
        let held = Lock::wait(&folder, name, &path, Duration::ZERO).unwrap();
        let error = Lock::wait(&folder, name, &path, Duration::ZERO).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "another process has locked `{}` for 0 s: it may be suspended, or be waiting for \
                 its user",
                path.display()
            )
        );
        drop(held);
        Lock::wait(&folder, name, &path, Duration::ZERO).unwrap();
        std::fs::create_dir(made.path().join("below")).unwrap();
        let error = Lock::wait(&folder, OsStr::new("below"), &path, Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("cannot open"), "{error}");
    }
}
