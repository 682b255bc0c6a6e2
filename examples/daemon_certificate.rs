//! Signs in as an application with a certificate: for services and scheduled work.
//!
//! By default, it runs against the simulator. To call the real Microsoft Graph, with the permission
//! `User.Read.All`, set `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_CERTIFICATE_PATH`.
//! The latter is a PEM or PFX file with certificate and key, whose password is in
//! `AZURE_CLIENT_CERTIFICATE_PASSWORD`. `AZURE_CLIENT_SECRET` must not be set.

use std::error::Error;
use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use msgraph::Graph;
use msgraph::auth::{Certificate, ClientCertificateCredential, EnvironmentCredential};
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    let graph = Graph::new(EnvironmentCredential::new());
    match graph.sign_in().await {
        Ok(()) => list(&graph, out).await,
        // The environment does not configure a credential.
        Err(msgraph::Error::SignIn(error)) if error.is_unavailable() => run(out).await,
        Err(error) => Err(error.into()),
    }
}

/// Signs in to a simulated tenant.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    const CERTIFICATE: &str = include_str!("../tests/fixtures/certificates/leaf.pem");
    const KEY: &str = include_str!("../tests/fixtures/certificates/leaf.key");

    let simulator = Simulator::start().await?;
    let known = simulator.credentials();
    // An administrator does this once, in the portal.
    let lines = CERTIFICATE.lines().filter(|line| !line.starts_with("---"));
    simulator.trust_certificate(&BASE64_STANDARD.decode(lines.collect::<String>())?);

    let certificate = Certificate::from_pem([CERTIFICATE, KEY].concat())?;
    writeln!(out, "{certificate:?}")?;
    let credential =
        ClientCertificateCredential::new(&*known.domain, &*known.client_id, certificate);
    let graph = Graph::builder(credential)
        .cloud(simulator.cloud())
        .build()?;
    list(&graph, out).await
}

async fn list(graph: &Graph, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    graph.sign_in().await?;
    writeln!(out, "signed in")?;
    for user in graph.users().list().top(3).await? {
        writeln!(out, "  {}", user.display_name.unwrap_or_default())?;
    }
    Ok(())
}
