//! Content that is saved to a file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use http::StatusCode;
use msgraph::Graph;
use msgraph::download::HashKind;
use msgraph::error::TransferErrorKind;
use msgraph_simulator::{Fault, Host, Simulator};

use super::{Folder, asked, file, kind, to_file};
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn failed_download_leaves_no_partial_file() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("whole");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let saved = to_file(&graph, "a.bin", &path)
        .verify(&item)
        .on_progress(move |progress| tell.lock().unwrap().push(progress))
        .await
        .unwrap();
    assert_eq!(
        (saved.bytes, saved.verified),
        (100_000, Some(HashKind::QuickXor))
    );
    assert_eq!(
        saved.content_type.as_deref(),
        Some("application/octet-stream")
    );
    assert_eq!(std::fs::read(&path).unwrap(), data);
    let last = *told.lock().unwrap().last().unwrap();
    assert_eq!((last.done, last.total), (100_000, Some(100_000)));

    // A failed download leaves the old file, and no other file.
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    file(&graph, "a.bin", bytes(50_000)).await;
    let error = to_file(&graph, "a.bin", &path).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);
    let wrong = to_file(&graph, "a.bin", &path).verify(&item).await;
    assert_eq!(kind(wrong), TransferErrorKind::HashMismatch);
    assert_eq!(folder.names(), ["a.bin"]);
    let nowhere = to_file(&graph, "a.bin", &folder.0.join("no/such/folder")).await;
    assert_eq!(kind(nowhere), TransferErrorKind::Target);
    to_file(&graph, "a.bin", &path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes(50_000));
}

#[tokio::test]
async fn download_to_file_resumes_after_restart() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("resume");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    let item = file(&graph, "a.bin", data.clone()).await;
    let break_off = || {
        simulator.fault(Fault::truncated().at("/download/*"));
        simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    };
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    let names = folder.names();
    assert!(
        names.len() == 1 && names[0].starts_with(".a.bin.") && names[0].ends_with(".part"),
        "{names:?}"
    );

    simulator.forget_requests();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let saved = to_file(&graph, "a.bin", &path)
        .resume()
        .verify(&item)
        .on_progress(move |progress| tell.lock().unwrap().push(progress.done))
        .await
        .unwrap();
    assert_eq!(
        (saved.bytes, saved.verified),
        (100_000, Some(HashKind::QuickXor))
    );
    let ranges: Vec<_> = asked(&simulator)
        .into_iter()
        .filter_map(|(host, range)| (host == Host::Storage).then_some(range))
        .collect();
    assert_eq!(ranges, [Some("bytes=50000-".to_owned())]);
    assert!(told.lock().unwrap().iter().all(|done| *done > 50_000));
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);

    // The unfinished file of another version is not used.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    let other = vec![9; 80_000];
    file(&graph, "a.bin", other.clone()).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), other);
    assert_eq!(folder.names(), ["a.bin"]);

    // An unfinished file that is longer than the current content is not used either.
    break_off();
    to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    file(&graph, "a.bin", bytes(10)).await;
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes(10));
    assert_eq!(folder.names(), ["a.bin"]);
}

/// Leaves the first half of a download in an unfinished file.
async fn leave_half(simulator: &Simulator, graph: &Graph, folder: &Folder) -> PathBuf {
    simulator.fault(Fault::truncated().at("/download/*"));
    simulator.fault(Fault::status(StatusCode::FORBIDDEN).at("/download/*"));
    let download = to_file(graph, "a.bin", &folder.0.join("a.bin")).resume();
    download.await.unwrap_err();
    let names = folder.names();
    let left = names.iter().find(|name| name.ends_with(".part"));
    folder.0.join(left.unwrap())
}

#[tokio::test]
async fn unfinished_file_has_one_writer() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("one-writer");
    let path = folder.0.join("a.bin");
    let data = bytes(100_000);
    file(&graph, "a.bin", data.clone()).await;
    let left = leave_half(&simulator, &graph, &folder).await;
    // The lock is held as another process would hold it.
    let held = std::fs::File::options().write(true).open(&left).unwrap();
    fs4::FileExt::lock(&held).unwrap();
    let error = to_file(&graph, "a.bin", &path).resume().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("another download is writing `"),
        "{error}"
    );
    assert_eq!(kind::<()>(Err(error)), TransferErrorKind::Busy);
    assert!(left.exists());
    // Without `resume`, the download has its own unfinished file.
    to_file(&graph, "a.bin", &path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), data);
    drop(held);
    to_file(&graph, "a.bin", &path).resume().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(folder.names(), ["a.bin"]);
}

#[tokio::test]
async fn unfinished_file_changed_by_others_is_not_saved() {
    use std::io::{Seek, SeekFrom, Write};

    let (_simulator, graph) = start().await;
    let folder = Folder::new("changed");
    let path = folder.0.join("a.bin");
    let item = file(&graph, "a.bin", bytes(1_000_000)).await;
    for (place, wanted) in [
        (SeekFrom::End(0), TransferErrorKind::SizeMismatch),
        (SeekFrom::Start(0), TransferErrorKind::HashMismatch),
    ] {
        let names = folder.0.clone();
        let change = move |progress: msgraph::transfer::Progress| {
            if Some(progress.done) != progress.total {
                return;
            }
            let entry = std::fs::read_dir(&names).unwrap().next().unwrap().unwrap();
            let mut part = std::fs::File::options()
                .write(true)
                .open(entry.path())
                .unwrap();
            part.seek(place).unwrap();
            // These bytes are more than the rest of the download can overwrite.
            part.write_all(&[7; 600_000]).unwrap();
            if place == SeekFrom::End(0) {
                part.set_len(2_000_000).unwrap();
            }
        };
        let download = to_file(&graph, "a.bin", &path).resume().verify(&item);
        assert_eq!(kind(download.on_progress(change).await), wanted);
        assert!(folder.names().is_empty(), "{:?}", folder.names());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn saved_file_keeps_mode_of_old_file() {
    use std::os::unix::fs::PermissionsExt;

    let (simulator, graph) = start().await;
    let folder = Folder::new("mode");
    let path = folder.0.join("a.bin");
    let data = bytes(300_000);
    file(&graph, "a.bin", data.clone()).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    to_file(&graph, "a.bin", &path).await.unwrap();
    let usual = folder.0.join("usual");
    std::fs::write(&usual, "").unwrap();
    assert_eq!(mode(&path), mode(&usual));
    std::fs::remove_file(usual).unwrap();
    for kept in [0o600, 0o640, 0o444, 0o755] {
        for resumes in [false, true] {
            if resumes {
                // The unfinished file has the mode of a new file.
                std::fs::remove_file(&path).unwrap();
                leave_half(&simulator, &graph, &folder).await;
            }
            std::fs::write(&path, "old").ok();
            let permissions = std::fs::Permissions::from_mode(kept);
            std::fs::set_permissions(&path, permissions).unwrap();
            let (part_of, told) = (folder.0.clone(), Arc::new(Mutex::new(Vec::new())));
            let tell = Arc::clone(&told);
            let download = to_file(&graph, "a.bin", &path).on_progress(move |_| {
                let parts = std::fs::read_dir(&part_of).unwrap().map(Result::unwrap);
                let part = parts.map(|part| part.path()).find(|part| {
                    part.extension()
                        .is_some_and(|extension| extension == "part")
                });
                tell.lock().unwrap().push(mode(&part.unwrap()));
            });
            let download = if resumes { download.resume() } else { download };
            download.await.unwrap();
            assert_eq!(mode(&path), kept, "{kept:o} {resumes}");
            assert!(told.lock().unwrap().iter().all(|mode| *mode == 0o600));
            assert_eq!(std::fs::read(&path).unwrap(), data);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_link_stays_and_its_file_is_replaced() {
    use std::os::unix::fs::symlink;

    let (_simulator, graph) = start().await;
    let folder = Folder::new("links");
    let data = bytes(1000);
    file(&graph, "a.bin", data.clone()).await;
    let at = |name: &str| folder.0.join(name);
    std::fs::create_dir(at("there")).unwrap();
    std::fs::write(at("there/a.bin"), "old").unwrap();
    symlink("there/a.bin", at("link")).unwrap();
    symlink(at("link"), at("link-to-link")).unwrap();
    for name in ["link", "link-to-link"] {
        std::fs::write(at("there/a.bin"), "old").unwrap();
        to_file(&graph, "a.bin", &at(name)).resume().await.unwrap();
        assert!(at(name).is_symlink());
        assert_eq!(std::fs::read(at("there/a.bin")).unwrap(), data);
    }
    assert_eq!(std::fs::read_dir(at("there")).unwrap().count(), 1);

    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("there", at("folder-link")).unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, message) in [
        (
            "dangling",
            "is a symbolic link to a file that does not exist: ",
        ),
        ("loop", "is a symbolic link to a file that does not exist: "),
        ("there", "is a directory, not a regular file"),
        ("folder-link", "is a directory, not a regular file"),
        ("socket", "is a socket, not a regular file"),
        ("no/folder", "cannot create a file in `"),
        ("..", "is a directory, not a regular file"),
    ] {
        let error = to_file(&graph, "a.bin", &at(name)).await.unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert_eq!(kind::<()>(Err(error)), TransferErrorKind::Target);
    }
    assert_eq!(at("dangling").read_link().unwrap(), Path::new("nowhere"));
    assert!(!at("nowhere").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn read_only_folder_is_named_in_error() {
    use std::os::unix::fs::PermissionsExt;

    let (_simulator, graph) = start().await;
    let folder = Folder::new("read-only");
    file(&graph, "a.bin", bytes(10)).await;
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&folder.0, permissions).unwrap();
    };
    mode(0o500);
    // Root can write anywhere.
    if std::fs::write(folder.0.join("b"), "").is_err() {
        for resumes in [false, true] {
            let download = to_file(&graph, "a.bin", &folder.0.join("a.bin"));
            let download = if resumes { download.resume() } else { download };
            let error = download.await.unwrap_err();
            assert!(
                error.to_string().starts_with("cannot create a file in `"),
                "{error}"
            );
        }
    }
    mode(0o700);
}

#[cfg(unix)]
#[tokio::test]
async fn link_replacing_unfinished_file_is_not_followed() {
    let (simulator, graph) = start().await;
    let folder = Folder::new("planted");
    file(&graph, "a.bin", bytes(100_000)).await;
    let left = leave_half(&simulator, &graph, &folder).await;
    let victim = folder.0.join("victim");
    std::fs::rename(&left, &victim).unwrap();
    let before = std::fs::read(&victim).unwrap();
    std::os::unix::fs::symlink(&victim, &left).unwrap();
    let result = to_file(&graph, "a.bin", &folder.0.join("a.bin"))
        .resume()
        .await;
    assert_eq!(kind(result), TransferErrorKind::Target);
    assert_eq!(std::fs::read(&victim).unwrap(), before);
}
