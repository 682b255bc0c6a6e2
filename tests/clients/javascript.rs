//! The clients for JavaScript: Microsoft's Graph client, @azure/identity and MSAL.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;

use crate::install::{self, FOLDER, program};
use crate::run::Server;

/// Returns the command that runs a script, unless Node.js is missing. The script is in the folder,
/// which is deleted when it is dropped.
fn script(server: &Server, name: &str) -> Option<(Command, TempDir)> {
    let node = program("node", "--version")?;
    let packages = install::javascript(&node);
    // Node.js looks for packages beside the script and above it.
    let folder = Path::new(FOLDER).join("javascript");
    let copy = tempfile::tempdir_in(packages).expect("a folder");
    for script in [name, "common"].map(|name| format!("{name}.mjs")) {
        fs::copy(folder.join(&script), copy.path().join(&script)).expect("a script");
    }
    let mut command = node.command();
    command.arg(copy.path().join(format!("{name}.mjs")));
    server.prepare(&mut command);
    Some((command, copy))
}

#[tokio::test]
async fn javascript_signs_in_by_every_grant() {
    let server = Server::start().await;
    let certificate = format!("{FOLDER}/../fixtures/certificates/leaf.pem");
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    server.simulator.trust_certificate(&certificate);
    let Some((mut command, _folder)) = script(&server, "sign_in") else {
        return;
    };
    server.run(&mut command);
}

#[tokio::test]
async fn javascript_client_reads_and_changes_the_directory() {
    let server = Server::start().await;
    let Some((mut command, _folder)) = script(&server, "directory") else {
        return;
    };
    server.run(&mut command);
}

#[tokio::test]
async fn javascript_client_works_with_a_mailbox() {
    let server = Server::start().await;
    let Some((mut command, _folder)) = script(&server, "mail") else {
        return;
    };
    server.run(&mut command);
}

#[tokio::test]
async fn javascript_client_works_with_a_drive() {
    let server = Server::start().await;
    let Some((mut command, _folder)) = script(&server, "drive") else {
        return;
    };
    server.run(&mut command);
    server.check_storage();
}
