//! Entries of a store, and concurrent writers.

use std::sync::Arc;

use futures_util::future::join_all;
use msgraph::auth::{FileStore, MemoryStore, StoreOutcome, TokenStore};
use tempfile::TempDir;

use super::{HUSH, add_one, folder, private, read, write};

/// Returns a store of each kind.
fn stores(folder: &TempDir) -> [Arc<dyn TokenStore>; 2] {
    let file = folder.path().join("tokens.json");
    [Arc::new(MemoryStore::new()), Arc::new(FileStore::new(file))]
}

#[tokio::test]
async fn stored_entry_is_read_unchanged() {
    let folder = folder();
    for store in stores(&folder) {
        assert_eq!(read(&store, "adele").await, None);
        let contents = "0.AX\"\\\n\u{1F511} é\u{0}";
        let first = write(&store, "adele", contents, None).await;
        assert_eq!(
            read(&store, "adele").await,
            Some((contents.to_owned(), first))
        );
        let other = write(&store, "", "other", None).await;
        let second = write(&store, "adele", "", Some(first)).await;
        assert_ne!(first, second);
        assert_eq!(read(&store, "adele").await, Some((String::new(), second)));
        store.delete("adele").await.unwrap();
        store.delete("adele").await.unwrap();
        assert_eq!(read(&store, "adele").await, None);
        assert_eq!(read(&store, "").await, Some(("other".to_owned(), other)));
    }
    // Another process reads it later.
    let store = FileStore::new(folder.path().join("tokens.json"));
    assert_eq!(read(&store, "").await.unwrap().0, "other");
}

#[tokio::test]
async fn writer_with_old_version_does_not_replace() {
    let folder = folder();
    for store in stores(&folder) {
        let stale = write(&store, "adele", "1", None).await;
        let conflict = |replaces| {
            let store = Arc::clone(&store);
            async move {
                let outcome = store.store("adele", "lost".into(), replaces).await.unwrap();
                assert_eq!(outcome, StoreOutcome::Conflict, "{replaces:?}");
            }
        };
        conflict(None).await;
        conflict(Some(stale.wrapping_add(1))).await;
        let second = write(&store, "adele", "2", Some(stale)).await;
        conflict(Some(stale)).await;
        assert_eq!(read(&store, "adele").await, Some(("2".to_owned(), second)));

        // The entry was deleted and written anew. It has none of the earlier versions.
        store.delete("adele").await.unwrap();
        conflict(Some(second)).await;
        assert_eq!(read(&store, "adele").await, None);
        let third = write(&store, "adele", "3", None).await;
        assert!(third != second && third != stale);
        conflict(Some(stale)).await;
        conflict(Some(second)).await;
        assert_eq!(read(&store, "adele").await, Some(("3".to_owned(), third)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_concurrent_writers_lose_nothing() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let memory = Arc::new(MemoryStore::new());
    for pair in [
        [
            Arc::clone(&memory) as Arc<dyn TokenStore>,
            memory as Arc<dyn TokenStore>,
        ],
        // The stores act as two processes that do not know each other.
        [
            Arc::new(FileStore::new(&file)),
            Arc::new(FileStore::new(&file)),
        ],
    ] {
        let writers = (0..50).map(|at| {
            let store = Arc::clone(&pair[at % 2]);
            tokio::spawn(async move { add_one(&store).await })
        });
        for outcome in join_all(writers).await {
            outcome.unwrap();
        }
        assert_eq!(read(&pair[0], "count").await.unwrap().0, "50");
    }
}

#[tokio::test]
async fn foreign_file_is_named_and_left_unchanged() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let store = FileStore::new(&file);
    let damaged = "is not a token store of msgraph, or is damaged at line 1, column ";
    for (contents, said) in [
        (String::new(), damaged.to_owned()),
        (format!("{{\"token\":\"{HUSH}\"}}"), damaged.to_owned()),
        (
            format!(
                r#"{{"msgraph_token_store":1,"entries":{{"a":{{"version":1,"contents":"{HUSH}"#
            ),
            damaged.to_owned(),
        ),
        (
            format!("{{\"msgraph_token_store\":1,\"entries\":{{\"a\":\"{HUSH}\"}}}}"),
            "is damaged at line 1, column ".to_owned(),
        ),
        (
            format!("{{\"msgraph_token_store\":2,\"vault\":\"{HUSH}\"}}"),
            "has format 2, but this version of msgraph reads format 1".to_owned(),
        ),
    ] {
        private(&file, &contents);
        let begin = format!("the token store `{}` {said}", file.display());
        for error in [
            store.load("a").await.unwrap_err(),
            store.store("a", "new".into(), None).await.unwrap_err(),
            store.delete("a").await.unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(&begin), "{error}");
            assert!(!format!("{error} {error:?}").contains(HUSH), "{error:?}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), contents);
    }
}

#[tokio::test]
async fn unreadable_or_unwritable_file_is_named() {
    let folder = folder();
    let store = FileStore::new(folder.path());
    let error = store.load("adele").await.unwrap_err().to_string();
    let begin = format!("the token store `{}` ", folder.path().display());
    assert!(error.starts_with(&begin), "{error}");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let store = FileStore::new(file.join("tokens.json"));
    let error = store.store("adele", "1".into(), None).await.unwrap_err();
    let file = file.display();
    let begin = format!(
        "the token store `{file}/tokens.json` cannot be written: cannot create the folder \
         `{file}`: "
    );
    if cfg!(unix) {
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
}

#[tokio::test]
async fn store_debug_prints_no_entry() {
    let folder = folder();
    let memory = MemoryStore::new();
    write(&memory, HUSH, HUSH, None).await;
    assert_eq!(format!("{memory:?}"), "MemoryStore { entries: 1 }");
    let file = FileStore::new(folder.path().join("tokens.json"));
    write(&file, HUSH, HUSH, None).await;
    let printed = format!("{file:?}");
    assert!(
        printed.contains("tokens.json") && !printed.contains(HUSH),
        "{printed}"
    );
    let stored = file.load(HUSH).await.unwrap().unwrap();
    let printed = format!("{stored:?}");
    assert!(
        printed.contains("[redacted]") && !printed.contains(HUSH),
        "{printed}"
    );
}
