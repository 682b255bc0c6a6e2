//! The permissions of the file and its folder.

use std::path::Path;

use msgraph::auth::{FileStore, TokenStore};

use super::{HUSH, folder, read, write};

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
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
