//! The run of a program against a simulator.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use msgraph_simulator::{Host, Simulator};
use serde_json::{Value, json};
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

    /// Prepares a program: it trusts the simulator, and knows its addresses and credentials.
    pub fn prepare(&self, command: &mut Command) {
        let who = self.simulator.credentials();
        let credentials = json!({
            "graphUrl": self.simulator.url(), "loginUrl": self.simulator.login_url(),
            "tenantId": who.tenant_id, "clientId": who.client_id,
            "clientSecret": who.client_secret, "publicClientId": who.public_client_id,
            "publicRefreshToken": who.public_refresh_token,
            "userPrincipalName": who.user_principal_name,
        });
        facts(command, &credentials, self.folder.path());
        trust(command, self.folder.path());
    }

    /// Lets a program reach Microsoft's hosts at the simulator.
    pub fn proxy(&self, command: &mut Command) {
        let proxy = self.simulator.proxy_url().expect("a proxy");
        command.env("HTTPS_PROXY", proxy).env("https_proxy", proxy);
    }

    /// Runs a program until its end, and returns its output.
    ///
    /// # Panics
    /// Panics if the program fails or takes too long.
    pub fn run(&self, command: &mut Command) -> String {
        let approve = |code: &str| {
            assert!(self.simulator.approve_device(code), "no device has {code}");
        };
        run(command, approve, || self.last_requests())
    }

    /// Checks that files were uploaded to the storage host, and that no token reached it.
    ///
    /// # Panics
    /// Panics if that is not so.
    pub fn check_storage(&self) {
        let requests = self.simulator.requests();
        let storage = requests
            .iter()
            .filter(|request| request.host == Host::Storage);
        let storage: Vec<_> = storage.collect();
        assert!(
            storage
                .iter()
                .any(|request| request.path().starts_with("/upload/"))
        );
        assert!(
            storage
                .iter()
                .all(|request| request.header("authorization").is_none())
        );
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

/// Tells a program the simulator's addresses and credentials, as JSON in `SIMULATOR`. They have
/// the names of the control interface.
pub fn facts(command: &mut Command, credentials: &Value, folder: &Path) {
    let certificates = format!("{FOLDER}/../fixtures/certificates");
    let mut facts = credentials.clone();
    facts["folder"] = json!(folder);
    facts["clientCertificate"] = json!(format!("{certificates}/leaf.pem"));
    facts["clientKey"] = json!(format!("{certificates}/leaf.key"));
    command.env("SIMULATOR", facts.to_string());
}

/// Lets a program trust the certificate in a folder, and work there. It inherits no proxy.
pub fn trust(command: &mut Command, folder: &Path) {
    command.env("HOME", folder).current_dir(folder);
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        command.env(name, folder.join("authority.pem"));
    }
    for name in ["HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command
            .env_remove(name)
            .env_remove(name.to_ascii_lowercase());
    }
    let set = |name: &str| {
        command
            .get_envs()
            .any(|(own, value)| own == name && value.is_some())
    };
    if !set("HTTPS_PROXY") {
        command.env_remove("HTTPS_PROXY").env_remove("https_proxy");
    }
}

/// Runs a program until its end, and returns its output. The program can print `approve CODE`, to
/// have the code of a device entered.
///
/// # Panics
/// Panics if the program fails or takes too long. The message ends with the last requests.
pub fn run(
    command: &mut Command,
    approve: impl Fn(&str),
    last_requests: impl Fn() -> String,
) -> String {
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
                    approve(code);
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
        last_requests()
    );
    printed
}
