//! Stores of refresh tokens: in memory, in a file, and with several processes.

mod entries;
mod permissions;
mod processes;

use std::path::Path;

use msgraph::auth::{StoreOutcome, Stored, TokenStore};
use tempfile::TempDir;

/// The text that every secret of these tests contains.
const HUSH: &str = "hush-hush";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

async fn write(store: &dyn TokenStore, key: &str, contents: &str, replaces: Option<u64>) -> u64 {
    match store.store(key, contents.into(), replaces).await.unwrap() {
        StoreOutcome::Stored { version } => version,
        StoreOutcome::Conflict => panic!("no other process writes"),
    }
}

async fn read(store: &dyn TokenStore, key: &str) -> Option<(String, u64)> {
    let stored = store.load(key).await.unwrap();
    stored.map(
        |Stored {
             contents, version, ..
         }| (contents.expose().clone(), version),
    )
}

/// Adds one to the stored number, even if others do so at the same time.
async fn add_one(store: &dyn TokenStore) {
    loop {
        let stored = read(store, "count").await;
        let (number, version) = match stored {
            Some((number, version)) => (number.parse::<u64>().unwrap(), Some(version)),
            None => (0, None),
        };
        let number = (number + 1).to_string();
        let outcome = store.store("count", number.into(), version).await.unwrap();
        if outcome != StoreOutcome::Conflict {
            return;
        }
    }
}

fn private(path: &Path, contents: &str) {
    std::fs::write(path, contents).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
