//! Locks on files that other processes may hold.

use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

/// The pause between two attempts. No system has a wait for a lock that ends after some time.
const PAUSE: Duration = Duration::from_millis(5);

/// Locks a file, on a thread that may block. Returns `false` if another holder still has the lock
/// after this time. The operating system releases the lock when the file is closed, also when the
/// process ends in any way.
///
/// # Errors
///
/// Returns the error of a file system that cannot lock the file.
pub fn lock_within(file: &File, patience: Duration) -> io::Result<bool> {
    let begin = Instant::now();
    loop {
        match FileExt::try_lock(file) {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if begin.elapsed() < patience => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_waits_until_its_holder_is_done() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let open = || File::options().write(true).open(path.path()).unwrap();
        let (holder, other) = (open(), open());
        assert!(lock_within(&holder, Duration::ZERO).unwrap());
        assert!(!lock_within(&other, Duration::ZERO).unwrap());
        let waiting = thread::spawn(move || lock_within(&other, Duration::from_secs(60)));
        drop(holder);
        assert!(waiting.join().unwrap().unwrap());
    }
}
