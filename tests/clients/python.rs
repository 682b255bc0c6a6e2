//! The clients for Python: Microsoft's SDK, azure-identity, MSAL and O365.

use std::process::Command;

use msgraph_simulator::ChangeKind;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::install::{self, FOLDER, program};
use crate::run::Server;

/// Returns the command that runs a script, unless Python is missing.
fn script(server: &Server, name: &str) -> Option<Command> {
    let python = program("python3", "--version")?;
    let packages = install::python(&python);
    let mut command = python.command();
    command.arg(format!("{FOLDER}/python/{name}.py"));
    command
        .env("PYTHONPATH", packages)
        .env("PYTHONNOUSERSITE", "1");
    // Bytecode of the scripts is not written beside them.
    command.env(
        "PYTHONPYCACHEPREFIX",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/clients/bytecode"),
    );
    command.env("PYTHONUTF8", "1");
    server.prepare(&mut command);
    Some(command)
}

/// Returns the number of token requests with this grant type.
fn grants(server: &Server, grant_type: &str) -> usize {
    let requests = server.simulator.requests();
    let sent = format!("grant_type={grant_type}");
    let forms = requests.iter().filter(|request| request.is_sign_in());
    forms
        .filter(|request| String::from_utf8_lossy(&request.body).contains(&sent))
        .count()
}

#[tokio::test]
async fn python_signs_in_by_every_grant() {
    let server = Server::start().await;
    let certificate = format!("{FOLDER}/../fixtures/certificates/leaf.pem");
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    server.simulator.trust_certificate(&certificate);
    let Some(mut command) = script(&server, "sign_in") else {
        return;
    };
    server.run(&mut command);
    assert!(grants(&server, "client_credentials") >= 3);
    assert!(grants(&server, "refresh_token") >= 2);
    assert_eq!(grants(&server, "authorization_code"), 2);
    let on_behalf = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    assert_eq!(grants(&server, on_behalf), 1);
}

#[tokio::test]
async fn python_sdk_reads_and_changes_the_directory() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "directory") else {
        return;
    };
    server.run(&mut command);
    let changes = server.simulator.changes();
    let zoe = |kind, method: &str| {
        let named = changes
            .iter()
            .filter(|change| change.name.as_deref() == Some("Zoë Ümlaut"));
        let found = named.filter(|change| change.kind == kind && change.method == method);
        found.count()
    };
    assert_eq!(zoe(ChangeKind::Created, "POST"), 1);
    assert_eq!(zoe(ChangeKind::Deleted, "DELETE"), 1);
}

#[tokio::test]
async fn python_sdk_reaches_the_addresses_of_microsoft() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "directory") else {
        return;
    };
    server.proxy(&mut command);
    server.run(command.arg("proxy"));
    let requests = server.simulator.requests();
    for host in ["graph.microsoft.com", "login.microsoftonline.com"] {
        assert!(
            requests
                .iter()
                .any(|request| request.header("host") == Some(host)),
            "{host}"
        );
    }
}

#[tokio::test]
async fn python_sdk_works_with_a_mailbox() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "mail") else {
        return;
    };
    server.run(&mut command);
}

#[tokio::test]
async fn python_sdk_works_with_a_drive() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "drive") else {
        return;
    };
    server.run(&mut command);
    server.check_storage();
}

#[tokio::test]
async fn python_sdk_sends_batches() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "batch") else {
        return;
    };
    server.run(&mut command);
}

#[tokio::test]
async fn python_webhook_receives_a_notification() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "webhook") else {
        return;
    };
    server.run(&mut command);
    assert_eq!(server.simulator.deliveries().len(), 1);
}

#[tokio::test]
async fn o365_works_through_the_proxy() {
    let server = Server::start().await;
    let Some(mut command) = script(&server, "o365") else {
        return;
    };
    server.proxy(&mut command);
    server.run(&mut command);
}
