//! Several processes with one file.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use msgraph::auth::FileStore;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{add_one, folder, private, read, write};

/// The variable that tells another process which file to use.
const FILE: &str = "MSGRAPH_TEST_STORE";

/// The number of times that each writer adds one.
const EACH: u64 = 5;

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
async fn concurrent_processes_lose_nothing() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let mut others: Vec<_> = (0..2)
        .map(|_| another_process("store::processes::other_process_adds", &file))
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
async fn killed_process_leaves_no_lock_or_partial_file() {
    let folder = folder();
    let file = folder.path().join("tokens.json");
    let store = FileStore::new(&file);
    let version = write(&store, "adele", "1", None).await;

    let lock = folder.path().join("tokens.json.lock");
    let mut other = another_process("store::processes::other_process_locks", &lock);
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
