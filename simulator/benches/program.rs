//! The time until the program serves, and its peak memory.
//!
//! Prints a line with the figures, and fails if one is beyond its limit.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 10;
const MOST_TIME: Duration = Duration::from_millis(100);
const MOST_MEGABYTES: f64 = 60.0;

/// One path of each large workload of the description.
const PATHS: [&str; 8] = [
    "/users",
    "/users/adele@contoso.com/messages",
    "/groups",
    "/drives",
    "/sites",
    "/teams",
    "/applications",
    "/deviceManagement/managedDevices",
];

fn main() -> ExitCode {
    let mut times = Vec::new();
    let mut memory = (None, None);
    for _ in 0..STARTS {
        let begin = Instant::now();
        let program = Command::new(env!("CARGO_BIN_EXE_msgraph-simulator"))
            .stdout(Stdio::piped())
            .spawn();
        let mut program = program.expect("the program starts");
        let lines = BufReader::new(program.stdout.take().expect("its output"));
        let mut lines = lines.lines().map(|line| line.expect("text"));
        let address = lines.next().expect("the address of Graph");
        times.push(begin.elapsed());
        let address = address.rsplit("http://").next().expect("an address");
        let host = address.split('/').next().expect("a host").to_owned();
        let values: Vec<_> = lines
            .take_while(|line| !line.starts_with("Try it"))
            .collect();
        let value = |name: &str| {
            let line = values.iter().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().last())
                .unwrap_or_else(|| panic!("no {name}"))
                .to_owned()
        };
        let form = format!(
            "grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id={}\
             &client_secret={}",
            value("client id"),
            value("client secret"),
        );
        let started = peak(&program);
        let token = send(&host, "POST /contoso.com/oauth2/v2.0/token", "", &form);
        let (_, token) = token.split_once("\"access_token\":\"").expect("a token");
        let token = token.split('"').next().expect("a token");
        for path in PATHS {
            let authorization = format!("authorization: Bearer {token}\r\n");
            let answer = send(&host, &format!("GET /v1.0{path}"), &authorization, "");
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        }
        memory = (started, peak(&program));
        program.kill().expect("the program ends");
        program.wait().expect("the program has ended");
    }
    times.sort_unstable();
    let middle = times[STARTS / 2];
    let shown = |megabytes: Option<f64>| {
        megabytes.map_or("unknown".to_owned(), |megabytes| format!("{megabytes:.1}"))
    };
    println!(
        "simulator_start_ms {:.1} simulator_start_peak_mb {} simulator_calls_peak_mb {}",
        middle.as_secs_f64() * 1_000.0,
        shown(memory.0),
        shown(memory.1),
    );
    if middle > MOST_TIME || memory.1.is_some_and(|megabytes| megabytes > MOST_MEGABYTES) {
        eprintln!("beyond {MOST_TIME:?} or {MOST_MEGABYTES} MB");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Sends a request, and returns the response with its head.
fn send(host: &str, request: &str, headers: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(host).expect("the program listens");
    let length = form.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    );
    stream.write_all(text.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("a response");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns the peak memory of the program in megabytes, on Linux.
fn peak(program: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1_024.0)
}
