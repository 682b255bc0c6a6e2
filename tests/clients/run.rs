//! The run of a program against a simulator.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use msgraph_simulator::Simulator;
use serde_json::json;
use tempfile::TempDir;

use crate::install::FOLDER;

/// The longest time that a program may run.
const LONGEST: Duration = Duration::from_secs(180);

/// A simulator that serves https, with its certificate in a file.
pub struct Server {
    pub simulator: Simulator,
    folder: TempDir,
}

impl Server {
    /// Starts a simulator, also as a proxy for clients whose hosts are fixed.
    pub async fn start() -> Self {
        let simulator = Simulator::builder().proxy_port(0).start().await;
        let simulator = simulator.expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        let certificate = simulator.certificate().expect("https");
        std::fs::write(folder.path().join("authority.pem"), certificate).expect("a file");
        // Nothing but the test waits for the device code.
        simulator.set_device_interval(Duration::ZERO);
        Self { simulator, folder }
    }

    /// Returns the path of a new file or folder.
    pub fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str()
            .expect("a temporary folder in UTF-8")
            .to_owned()
    }

    /// Prepares a program: it trusts the simulator, and finds its addresses and credentials in
    /// `SIMULATOR`, as JSON.
    pub fn prepare(&self, command: &mut Command) {
        let who = self.simulator.credentials();
        let certificates = format!("{FOLDER}/../fixtures/certificates");
        let facts = json!({
            "graph": self.simulator.url(), "login": self.simulator.login_url(),
            "storage": self.simulator.storage_url(), "tenant": who.tenant_id,
            "domain": who.domain, "client": who.client_id, "secret": who.client_secret,
            "public": who.public_client_id, "user": who.user_principal_name,
            "refresh_token": who.public_refresh_token, "folder": self.path(""),
            "certificate": format!("{certificates}/leaf.pem"),
            "key": format!("{certificates}/leaf.key"),
        });
        command.env("SIMULATOR", facts.to_string());
        command
            .env("HOME", self.path(""))
            .current_dir(self.path(""));
        let authority = self.path("authority.pem");
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            command.env(name, &authority);
        }
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command
                .env_remove(name)
                .env_remove(name.to_ascii_lowercase());
        }
    }

    /// Lets a program reach Microsoft's hosts at the simulator.
    pub fn proxy(&self, command: &mut Command) {
        let proxy = self.simulator.proxy_url().expect("a proxy");
        command.env("HTTPS_PROXY", proxy).env("https_proxy", proxy);
    }

    /// Runs a program until its end, and returns its output. It can print `approve CODE`, to have
    /// the code of a device entered.
    ///
    /// # Panics
    /// Panics if the program fails or takes too long.
    pub fn run(&self, command: &mut Command) -> String {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut errors = child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            // The receiver is gone if the program took too long.
            lines.for_each(|line| sender.send(line).unwrap_or_default());
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = errors.read_to_end(&mut text);
            read.map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let deadline = Instant::now() + LONGEST;
        let mut printed = String::new();
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(code) = line.strip_prefix("approve ") {
                        assert!(self.simulator.approve_device(code), "no device has {code}");
                    }
                    printed.push_str(&line);
                    printed.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    child.kill().expect("the program can be stopped");
                    panic!("{command:?} takes more than {LONGEST:?}:\n{printed}");
                }
            }
        }
        let status = child.wait().expect("the program ends");
        let errors = errors.join().expect("the pipe is read").unwrap_or_default();
        assert!(
            status.success(),
            "the program failed ({status}):\n{printed}\n{errors}\n{}",
            self.last_requests()
        );
        printed
    }

    /// Returns the last requests and their status, for the message of a failure.
    fn last_requests(&self) -> String {
        let requests = self.simulator.requests();
        let last = requests.iter().skip(requests.len().saturating_sub(8));
        let lines = last.map(|request| {
            let status = request.status.map_or(0, |status| status.as_u16());
            format!("{} {} → {status}\n", request.method, request.target)
        });
        lines.collect()
    }
}
