//! The program `msgraph-simulator` with the same clients, controlled over HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::install::{self, FOLDER, program};
use crate::run::{facts, run, trust};

/// A program that serves https, a proxy and the control interface.
struct Program {
    child: Child,
    /// The host and port of the control interface.
    control: String,
    credentials: Value,
    folder: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the program, which `cargo test --workspace` builds beside the tests.
fn built() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("`target/debug`");
    let name = format!("msgraph-simulator{}", std::env::consts::EXE_SUFFIX);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var_os("MSGRAPH_CLIENTS").is_some();
    assert!(!required, "{} was not built", path.display());
    println!("skipped: build {} first", path.display());
    None
}

impl Program {
    /// Starts the program at any free ports, and reads the addresses that it prints.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let certificate = folder.path().join("authority.pem");
        let mut child = Command::new(built()?)
            .args(["--proxy-port", "0", "--control-port", "0", "--certificate"])
            .arg(&certificate)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut printed = String::new();
        while !printed.contains("Ctrl-C stops") {
            printed.push_str(&lines.next().expect("addresses").expect("text"));
            printed.push('\n');
        }
        let address = |label: &str| {
            let line = printed.lines().find(|line| line.starts_with(label));
            let words = line.and_then(|line| line.split_whitespace().nth(1));
            words
                .unwrap_or_else(|| panic!("no {label}: {printed}"))
                .to_owned()
        };
        let control = address("control").trim_start_matches("http://").to_owned();
        let mut program = Self {
            child,
            control,
            credentials: Value::Null,
            folder,
        };
        program.credentials = program.ask("GET", "/credentials", &Value::Null);
        assert_eq!(program.credentials["proxyUrl"], address("proxy"));
        let written = fs::read_to_string(certificate).expect("a certificate");
        assert_eq!(program.credentials["certificate"], written);
        Some(program)
    }

    /// Sends a request to the control interface.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(&self.control).expect("the program listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: application/json\r\n\r\n{body}",
            self.control,
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("the request is sent");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("a response in UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a response");
        let ok = ["HTTP/1.1 200 ", "HTTP/1.1 204 "]
            .iter()
            .any(|ok| head.starts_with(ok));
        assert!(ok, "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    /// Runs a client, as [`Server::run`](crate::run::Server::run) does.
    fn run(&self, command: &mut Command) -> String {
        let path = self.folder.path();
        facts(command, &self.credentials, path);
        trust(command, path);
        let approve = |code: &str| {
            self.ask("POST", "/devices/approve", &json!({ "userCode": code }));
        };
        run(command, approve, || {
            self.ask("GET", "/activity", &Value::Null).to_string()
        })
    }
}

/// Returns the code of a language in the simulator's README.
fn example(language: &str) -> String {
    let file = format!("{FOLDER}/../../simulator/README.md");
    let text = fs::read_to_string(file).expect("the README");
    let from = format!("```{language}\n");
    let (_, rest) = text.split_once(&from).expect("an example");
    let (code, _) = rest.split_once("```").expect("its end");
    code.to_owned()
}

fn python_command() -> Option<Command> {
    let python = program("python3", "--version")?;
    let packages = install::python(&python);
    let mut command = python.command();
    command
        .env("PYTHONPATH", packages)
        .env("PYTHONNOUSERSITE", "1");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

#[test]
fn readme_example_of_python_runs() {
    let (Some(program), Some(mut python)) = (Program::start(), python_command()) else {
        return;
    };
    let proxy = program.credentials["proxyUrl"].as_str().expect("a proxy");
    python.args(["-c", &example("python")]);
    let printed = program.run(python.env("HTTPS_PROXY", proxy).env("https_proxy", proxy));
    assert_eq!(printed, "Adele Brandt\n");
}

#[test]
fn readme_example_of_javascript_runs() {
    let (Some(simulator), Some(node)) = (Program::start(), program("node", "--version")) else {
        return;
    };
    let packages = install::javascript(&node);
    let folder = tempfile::tempdir_in(packages).expect("a folder");
    let script = folder.path().join("example.mjs");
    let address = simulator.credentials["loginUrl"]
        .as_str()
        .expect("an address");
    let code = example("javascript").replace("https://127.0.0.1:8400", address);
    fs::write(&script, code).expect("a script");
    let printed = simulator.run(node.command().arg(script));
    assert_eq!(printed, "Adele Brandt\n");
}

#[test]
fn program_signs_in_controlled_over_http() {
    let (Some(program), Some(mut python)) = (Program::start(), python_command()) else {
        return;
    };
    let pem = format!("{FOLDER}/../fixtures/certificates/leaf.pem");
    let pem = fs::read_to_string(pem).expect("a certificate");
    program.ask("POST", "/certificates", &json!({ "pem": pem }));
    program.ask("POST", "/settings", &json!({ "deviceIntervalSeconds": 0 }));
    program.run(python.arg(format!("{FOLDER}/python/sign_in.py")));
    let refused = program.ask("GET", "/activity?status=401", &Value::Null);
    let refused = refused["value"].as_array().expect("requests");
    // The two secrets that were wrong.
    assert_eq!(refused.len(), 2, "{refused:?}");
}

#[test]
fn program_serves_an_unchanged_client() {
    let (Some(program), Some(mut python)) = (Program::start(), python_command()) else {
        return;
    };
    let proxy = program.credentials["proxyUrl"].as_str().expect("a proxy");
    let script = format!("{FOLDER}/python/directory.py");
    program.run(
        python
            .args([&script, "proxy"])
            .env("HTTPS_PROXY", proxy)
            .env("https_proxy", proxy),
    );
    let created = program.ask(
        "GET",
        "/activity?method=POST&path=/v1.0/groups",
        &Value::Null,
    );
    assert_eq!(
        created["value"].as_array().map(Vec::len),
        Some(1),
        "{created}"
    );
}
