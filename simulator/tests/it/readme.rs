//! Tests of the crate's README: its tables, and the commands that it shows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use msgraph_simulator::{ControlOperation, SimulatedOperation};

use crate::client::builder;

/// The variable that rewrites the tables instead of comparing them.
const ACCEPT: &str = "MSGRAPH_ACCEPT";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    std::fs::read_to_string(file()).unwrap()
}

/// Compares what stands between two markers with the right text.
fn check(marker: &str, right: &str) {
    let text = readme();
    let (before, rest) = text.split_once(&format!("<!-- {marker} -->\n")).unwrap();
    let (found, after) = rest.split_once("<!-- end -->").unwrap();
    if found == right {
        return;
    }
    if std::env::var_os(ACCEPT).is_some() {
        let new = format!("{before}<!-- {marker} -->\n{right}<!-- end -->{after}");
        std::fs::write(file(), new).unwrap();
        return;
    }
    panic!(
        "README.md differs from the code at `{marker}`. `{ACCEPT}=1 cargo test -p \
         msgraph-simulator readme -- --test-threads 1` rewrites it:\n{right}"
    );
}

#[test]
fn readme_lists_simulated_operations() {
    let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
    for operation in SimulatedOperation::all() {
        let bound = operation.bound_to.trim_start_matches("microsoft.graph.");
        let many = if operation.collection {
            " (collection)"
        } else {
            ""
        };
        let row = format!("| {} | `{bound}`{many} |", operation.workload);
        match rows.iter_mut().find(|(known, _)| *known == row) {
            Some((_, names)) => names.push(operation.name),
            None => rows.push((row, vec![operation.name])),
        }
    }
    let mut table = "| workload | of | functions and actions |\n|---|---|---|\n".to_owned();
    for (row, mut names) in rows {
        names.sort_unstable();
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "{row} {} |", names.join(", ")).unwrap();
    }
    check("operations", &table);
}

#[test]
fn readme_lists_control_operations() {
    let mut table = "| request | fields | effect |\n|---|---|---|\n".to_owned();
    for operation in ControlOperation::all() {
        let (method, path) = (&operation.method, operation.path);
        let (fields, effect) = (operation.fields, operation.effect);
        writeln!(table, "| `{method} {path}` | {fields} | {effect} |").unwrap();
    }
    check("control", &table);
}

#[test]
fn readme_shows_the_options() {
    let program = env!("CARGO_BIN_EXE_msgraph-simulator");
    let help = Command::new(program).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help.split_once("\n  --").unwrap().1;
    check("options", &format!("```text\n  --{options}```\n"));
}

#[cfg(unix)]
#[test]
fn shell_commands_of_the_readme_work() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: curl is missing");
        return;
    }
    let text = readme();
    let (_, rest) = text.split_once("```sh\n").unwrap();
    let (commands, _) = rest.split_once("```").unwrap();
    let port = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let [first, second] = [port(), port()].map(|socket| socket.local_addr().unwrap().port());
    let commands = commands
        .replace("8400", &first.to_string())
        .replace("8401", &second.to_string());
    let (start, rest) = commands.split_once("&\n").unwrap();
    // The ports are served once the program has printed them.
    let script = format!(
        "set -e\n{start}> \"$LOG\" &\ntrap \"kill $!\" EXIT\n\
         until grep -q 'Ctrl-C stops' \"$LOG\"; do sleep 0.05; done\n{rest}"
    );
    let folder = Path::new(env!("CARGO_BIN_EXE_msgraph-simulator"))
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap();
    let log = std::env::temp_dir().join(format!("readme-{}.log", std::process::id()));
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("LOG", &log)
        .output()
        .unwrap();
    let _ = std::fs::remove_file(log);
    let found = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{found}{error}");
    let found: Vec<_> = found.lines().filter(|line| !line.is_empty()).collect();
    let [adele, status, activity] = found[..] else {
        panic!("{found:?} {error}");
    };
    assert!(adele.contains(r#""displayName":"Adele Brandt""#), "{adele}");
    assert_eq!((status, activity), ("429", "GET /v1.0/users → 429"));
}

#[tokio::test]
async fn seed_of_the_readme_is_accepted() {
    let text = readme();
    let (_, rest) = text.split_once("```json\n").unwrap();
    let (seed, _) = rest.split_once("```").unwrap();
    let simulator = builder().seed_json(seed).start().await.unwrap();
    let ada = "/users/0b1c2d3e-0000-4000-8000-000000000001";
    let user = simulator.read(&format!("{ada}?$expand=manager")).unwrap();
    assert_eq!(user["manager"]["displayName"], "Adele Brandt");
    let inbox = simulator.read(&format!("{ada}/mailFolders/inbox/messages"));
    let message = inbox.unwrap()["value"][0].clone();
    assert_eq!(message["receivedDateTime"], "2026-02-01T09:00:00Z");
    assert_eq!(message["isRead"], false);
    let folder = simulator.read(&format!("{ada}/mailFolders/inbox")).unwrap();
    assert_eq!(folder["unreadItemCount"], 1);
    let file = simulator
        .read(&format!("{ada}/drive/root:/notes.txt"))
        .unwrap();
    assert_eq!(file["size"], 21);
}
