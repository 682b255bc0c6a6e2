//! rclone, whose hosts are fixed, so the simulator's proxy serves them.

use std::fs;
use std::path::Path;
use std::process::Command;

use http::Method;
use msgraph_simulator::Host;

use crate::install::{self, program};
use crate::run::Server;

/// The files of a tree, by path. Two are larger than a slice.
const FILES: [(&str, usize); 8] = [
    ("empty.txt", 0),
    ("one.txt", 1),
    ("with space & ünïcode.txt", 1_000),
    ("folder/nested/deep.bin", 70_000),
    ("folder/nested/other.bin", 70_001),
    ("folder/large.bin", 5_000_000),
    ("folder/larger.bin", 11_000_000),
    ("reports/2026/11.csv", 12_345),
];

fn content(path: &str, length: usize) -> Vec<u8> {
    let first = path.len();
    (first..first + length)
        .map(|at| (at * at % 251) as u8)
        .collect()
}

/// Returns the command of rclone with the configuration of a user who has signed in.
fn command(server: &Server, drive: &str) -> Option<Command> {
    let python = program("python3", "--version")?;
    let rclone = install::rclone(&python);
    let who = server.simulator.credentials();
    let token = format!(
        r#"{{"access_token":"expired","token_type":"Bearer","refresh_token":"{}","expiry":"2020-01-01T00:00:00Z"}}"#,
        who.refresh_token
    );
    let config = format!(
        "[onedrive]\ntype = onedrive\nclient_id = {}\nclient_secret = {}\ntoken = {token}\n\
         drive_id = {drive}\ndrive_type = business\nchunk_size = 2.5M\n",
        who.client_id, who.client_secret
    );
    let file = server.path("rclone.conf");
    fs::write(&file, config).expect("a file");
    let mut command = Command::new(rclone);
    command.args([
        "--config",
        &file,
        "--retries",
        "1",
        "--cache-dir",
        &server.path("cache"),
    ]);
    server.prepare(&mut command);
    server.proxy(&mut command);
    Some(command)
}

#[tokio::test]
async fn rclone_copies_a_tree_and_finds_it_equal() {
    let server = Server::start().await;
    let drive = server.simulator.read("/me/drive").expect("a drive");
    let drive = drive["id"].as_str().expect("an id").to_owned();
    let tree = server.path("tree");
    for (path, length) in FILES {
        let file = Path::new(&tree).join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, content(path, length)).expect("a file");
    }
    let run = |arguments: &[&str]| {
        let mut command = command(&server, &drive)?;
        Some(server.run(command.args(arguments)))
    };
    let Some(_) = run(&["copy", &tree, "onedrive:Backup"]) else {
        return;
    };
    // The hashes of both sides are equal, and those of the downloaded bytes.
    run(&["check", &tree, "onedrive:Backup"]);
    run(&["check", "--download", &tree, "onedrive:Backup"]);
    for (path, length) in FILES {
        let at = path
            .replace('%', "%25")
            .replace(' ', "%20")
            .replace('&', "%26");
        let item = server
            .simulator
            .read(&format!("/me/drive/root:/Backup/{at}"));
        assert_eq!(item.expect("a file")["size"], length, "{path}");
    }
    let uploaded = server.simulator.changes().len();
    // A second copy changes nothing, because sizes, times and hashes are equal.
    run(&["copy", &tree, "onedrive:Backup"]);
    assert_eq!(server.simulator.changes().len(), uploaded);

    run(&[
        "moveto",
        "onedrive:Backup/one.txt",
        "onedrive:Backup/moved/first.txt",
    ]);
    run(&[
        "copyto",
        "onedrive:Backup/folder/large.bin",
        "onedrive:Backup/copied.bin",
    ]);
    run(&["deletefile", "onedrive:Backup/empty.txt"]);
    let list = run(&["lsf", "-R", "--files-only", "onedrive:Backup"]).expect("rclone");
    let mut list: Vec<_> = list.lines().collect();
    list.sort_unstable();
    let mut expected: Vec<_> = FILES.map(|(path, _)| path).to_vec();
    expected.retain(|path| !["one.txt", "empty.txt"].contains(path));
    expected.extend(["moved/first.txt", "copied.bin"]);
    expected.sort_unstable();
    assert_eq!(list, expected);

    let requests = server.simulator.requests();
    let slices = requests
        .iter()
        .filter(|request| request.host == Host::Storage && request.method == Method::PUT);
    // Each of seven files has a session. A slice has 2.5 MiB.
    assert_eq!(slices.count(), 5 + 2 + 5);
    let graph = requests
        .iter()
        .filter(|request| request.host == Host::Graph);
    for request in graph.filter(|request| request.path().starts_with("/v1.0")) {
        assert_eq!(request.header("host"), Some("graph.microsoft.com"));
    }
}
