//! Stores of refresh tokens: in memory, in a file, and with several processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use msgraph::auth::{FileStore, MemoryStore, StoreOutcome, Stored, TokenStore};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The text that every secret of these tests contains.
const HUSH: &str = "hush-hush";

/// The variable that tells another process which file to use.
const FILE: &str = "MSGRAPH_TEST_STORE";

/// The number of times that each writer adds one.
const EACH: u64 = 5;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Returns a store of each kind.
fn stores(folder: &TempDir) -> [Arc<dyn TokenStore>; 2] {
    let file = folder.path().join("tokens.json");
    [Arc::new(MemoryStore::new()), Arc::new(FileStore::new(file))]
}

async fn write(store: &dyn TokenStore, key: &str, contents: &str, replaces: Option<u64>) -> u64 {
    match store.store(key, contents.into(), replaces).await.unwrap() {
        StoreOutcome::Stored { version } => version,
        StoreOutcome::Conflict => panic!("nobody else writes"),
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

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn private(path: &Path, contents: &str) {
    std::fs::write(path, contents).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn what_is_kept_comes_back_as_it_was() {
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
async fn whoever_has_not_seen_what_is_there_does_not_replace_it() {
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
async fn fifty_writers_lose_nothing() {
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

/// Runs one of the tests below in a separate process.
fn another_process(test: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--ignored", "--nocapture", test])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("another process")
}

#[tokio::test]
#[ignore = "it is the other process of a test"]
async fn other_process_adds() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let store = FileStore::new(file);
    for _ in 0..EACH {
        add_one(&store).await;
    }
}

#[tokio::test]
async fn processes_at_once_lose_nothing() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let mut others: Vec<_> = (0..2)
        .map(|_| another_process("store::other_process_adds", &file))
        .collect();
    let store = FileStore::new(&file);
    for _ in 0..EACH {
        add_one(&store).await;
    }
    for other in &mut others {
        assert!(other.wait().unwrap().success());
    }
    let count = read(&store, "count").await.unwrap().0;
    assert_eq!(count, (3 * EACH).to_string());
}

#[test]
#[ignore = "it is the other process of a test"]
fn other_process_locks() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let file = std::fs::File::create(file).unwrap();
    fs4::FileExt::lock(&file).unwrap();
    println!("locked");
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn a_process_that_is_ended_leaves_neither_a_lock_nor_half_a_file() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let store = FileStore::new(&file);
    let version = write(&store, "adele", "1", None).await;

    let lock = folder.path().join("tokens.json.lock");
    let mut other = another_process("store::other_process_locks", &lock);
    let said = tokio::process::ChildStdout::from_std(other.stdout.take().unwrap()).unwrap();
    let mut lines = BufReader::new(said).lines();
    while lines.next_line().await.unwrap().expect("a line").trim() != "locked" {}
    // The other process has written a part of a new file.
    private(&folder.path().join("tokens.json.new"), "{\"msgraph_tok");

    let writer = tokio::spawn({
        let store = store.clone();
        async move { write(&store, "adele", "2", Some(version)).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!writer.is_finished());
    assert_eq!(read(&store, "adele").await, Some(("1".to_owned(), version)));
    other.kill().unwrap();
    other.wait().unwrap();
    let version = writer.await.unwrap();
    assert_eq!(read(&store, "adele").await, Some(("2".to_owned(), version)));
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["tokens.json", "tokens.json.lock"]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_user_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder();
    let made = folder.path().join("made");
    let file = made.join("deep").join("tokens.json");
    let store = FileStore::new(&file);
    // Reading leaves no files behind.
    assert_eq!(read(&store, "adele").await, None);
    store.delete("adele").await.unwrap();
    assert!(!made.exists());

    let version = write(&store, "adele", HUSH, None).await;
    assert_eq!((mode(&made), mode(&made.join("deep"))), (0o700, 0o700));
    let lock = made.join("deep").join("tokens.json.lock");
    assert_eq!((mode(&file), mode(&lock)), (0o600, 0o600));
    assert_eq!(std::fs::metadata(&lock).unwrap().len(), 0);

    for others in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(others)).unwrap();
        let expected = format!(
            "the token store `{}` has the permissions {others:04o}, so other users can read it: \
             run `chmod 600` on it, and sign out if another user may have read it",
            file.display()
        );
        let error = store.load("adele").await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = store.store("adele", "new".into(), Some(version)).await;
        assert_eq!(error.unwrap_err().to_string(), expected);
        assert_eq!(
            store.delete("adele").await.unwrap_err().to_string(),
            expected
        );
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let version = write(&store, "adele", "new", Some(version)).await;
    assert_eq!(
        read(&store, "adele").await,
        Some(("new".to_owned(), version))
    );
    assert_eq!(mode(&file), 0o600);
}

/// Returns the error of each method.
#[cfg(unix)]
async fn refusals(store: &FileStore) -> Vec<String> {
    let outcomes = [
        store.load("adele").await.map(drop),
        store.store("adele", "new".into(), None).await.map(drop),
        store.delete("adele").await,
    ];
    outcomes
        .map(|outcome| outcome.unwrap_err().to_string())
        .into()
}

#[cfg(unix)]
#[tokio::test]
async fn folder_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let outer = folder();
    let shared = outer.path().join("shared");
    let store = FileStore::new(shared.join("tokens.json"));
    write(&store, "adele", HUSH, None).await;
    let set = |mode| {
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for open in [0o777, 0o770, 0o722] {
        set(open);
        for error in refusals(&store).await {
            let said = format!("its folder has the permissions {open:04o}, so other users");
            assert!(error.contains(&said), "{error}");
        }
    }
    // Other users cannot replace files of this user where the sticky bit is set, as in `/tmp`.
    set(0o1777);
    assert_eq!(read(&store, "adele").await.unwrap().0, HUSH);
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_link_in_place_of_file_is_refused() {
    let outer = folder();
    let file = outer.path().join("tokens.json");
    let elsewhere = outer.path().join("elsewhere");
    let other = FileStore::new(outer.path().join("other.json"));
    write(&other, "adele", HUSH, None).await;
    std::os::unix::fs::symlink(outer.path().join("other.json"), &file).unwrap();
    let store = FileStore::new(&file);
    for error in refusals(&store).await {
        assert!(
            error.contains("cannot be read: it is a symbolic link"),
            "{error}"
        );
    }
    std::fs::remove_file(&file).unwrap();

    // The lock file is created as well, and must not be created elsewhere.
    let lock = outer.path().join("tokens.json.lock");
    let _ = std::fs::remove_file(&lock);
    std::os::unix::fs::symlink(&elsewhere, &lock).unwrap();
    let error = store.store("adele", "1".into(), None).await.unwrap_err();
    let said = "tokens.json.lock`: it is a symbolic link";
    assert!(error.to_string().contains(said), "{error}");
    std::fs::remove_file(&lock).unwrap();

    // A file that another process left half written is replaced, and never written through.
    std::os::unix::fs::symlink(&elsewhere, outer.path().join("tokens.json.new")).unwrap();
    write(&store, "adele", "1", None).await;
    assert!(!elsewhere.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn file_that_is_a_pipe_is_refused() {
    let outer = folder();
    let file = outer.path().join("tokens.json");
    let made = std::process::Command::new("mkfifo").arg(&file).status();
    assert!(made.unwrap().success());
    for error in refusals(&FileStore::new(&file)).await {
        assert!(
            error.contains("cannot be read: it is not a file"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_folders_of_other_users_are_refused() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

    const OTHER: u32 = 4711;
    let outer = folder();
    let inner = outer.path().join("inner");
    let file = inner.join("tokens.json");
    let store = FileStore::new(&file);
    write(&store, "adele", HUSH, None).await;
    let user = std::fs::metadata(&file).unwrap().uid();
    if chown(&file, Some(OTHER), None).is_err() {
        // Only root can give files away; the pipeline runs this test as root.
        return;
    }
    let said = format!("belongs to the user {OTHER}, but this process runs as the user {user}");
    for error in refusals(&store).await {
        assert!(
            error.contains(&format!("cannot be read: it {said}")),
            "{error}"
        );
    }
    chown(&file, Some(user), None).unwrap();

    let lock = inner.join("tokens.json.lock");
    chown(&lock, Some(OTHER), None).unwrap();
    let error = store.store("adele", "1".into(), None).await.unwrap_err();
    assert!(error.to_string().contains(&said), "{error}");
    chown(&lock, Some(user), None).unwrap();

    chown(&inner, Some(OTHER), None).unwrap();
    for error in refusals(&store).await {
        assert!(error.contains(&format!("its folder {said}")), "{error}");
    }
    chown(&inner, Some(user), None).unwrap();

    // A link of another user leads to a folder of this user.
    let link = outer.path().join("link");
    std::os::unix::fs::symlink(&inner, &link).unwrap();
    let linked = FileStore::new(link.join("tokens.json"));
    assert_eq!(read(&linked, "adele").await.unwrap().0, HUSH);
    std::os::unix::fs::lchown(&link, Some(OTHER), None).unwrap();
    std::fs::set_permissions(outer.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    for error in refusals(&linked).await {
        assert!(error.contains("the symbolic link to the folder"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_store_is_named_and_left_as_it_is() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let store = FileStore::new(&file);
    let damaged = "is not a token store of msgraph, or is damaged at line 1, column ";
    for (contents, said) in [
        (String::new(), damaged.to_owned()),
        (format!("{{\"token\":\"{HUSH}\"}}"), damaged.to_owned()),
        (
            format!(
                "{{\"msgraph_token_store\":1,\"entries\":{{\"a\":{{\"version\":1,\"contents\":\"{HUSH}"
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
async fn what_cannot_be_read_or_written_is_named() {
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
async fn a_store_prints_nothing_that_it_keeps() {
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
