//! Certificates, against a platform that verifies their signatures.

use std::path::Path;
use std::time::Duration;

use base64::prelude::BASE64_STANDARD;
use msgraph::auth::{Certificate, ClientCertificateCredential, RefreshTokenCredential};
use msgraph::error::SignInReason;
use msgraph_simulator::Simulator;

use super::*;
use crate::support;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/certificates");
    std::fs::read_to_string(folder.join(name)).expect("a fixture")
}

fn leaf() -> Certificate {
    Certificate::from_pem(fixture("leaf.pem") + &fixture("leaf.key")).unwrap()
}

/// Registers a certificate for the simulator's confidential client, and returns it.
pub fn registered(simulator: &Simulator) -> Certificate {
    let pem = fixture("leaf.pem");
    let lines: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    simulator.trust_certificate(&BASE64_STANDARD.decode(lines).unwrap());
    leaf()
}

fn provider(simulator: &Simulator, certificate: Certificate) -> ClientCertificateCredential {
    let who = simulator.credentials();
    ClientCertificateCredential::new(who.domain.as_str(), who.client_id.as_str(), certificate)
}

#[tokio::test]
async fn application_signs_in_with_its_certificate() {
    let simulator = support::simulator().await;
    let certificate = registered(&simulator);
    let graph = client_of(&simulator, provider(&simulator, certificate));
    graph.request(Method::GET, "/users").await.unwrap();
    simulator.expire_tokens();
    graph.request(Method::GET, "/users").await.unwrap();
    let requests = token_requests(&simulator);
    assert_eq!(requests.len(), 2);
    let assertion = |at: usize| value(&requests[at], "client_assertion").unwrap();
    assert_ne!(assertion(0), assertion(1));
    for request in &requests {
        assert_eq!(
            value(request, "client_assertion_type"),
            Some(ASSERTION_TYPE)
        );
        assert_eq!(value(request, "client_secret"), None);
    }
}

#[tokio::test]
async fn unregistered_certificate_is_refused() {
    let simulator = support::simulator().await;
    let graph = client_of(&simulator, provider(&simulator, leaf()));
    let error = sign_in_error(graph.sign_in().await.unwrap_err());
    assert_eq!(
        (error.error(), error.codes(), error.reason()),
        (
            Some("invalid_client"),
            &[700_027][..],
            Some(SignInReason::WrongAssertion)
        )
    );
    assert!(!error.is_retryable() && !error.needs_user());
    assert_eq!(token_requests(&simulator).len(), 1);
}

#[tokio::test]
async fn assertion_from_wrong_clock_is_refused() {
    let simulator = support::simulator().await;
    let certificate = registered(&simulator);
    simulator.advance(Duration::from_secs(60 * 60));
    let graph = client_of(&simulator, provider(&simulator, certificate));
    let error = sign_in_error(graph.sign_in().await.unwrap_err());
    assert_eq!(
        (error.codes(), error.reason()),
        (&[700_024][..], Some(SignInReason::AssertionOutOfTime))
    );
}

#[tokio::test]
async fn refresh_token_request_is_signed_by_certificate() {
    let simulator = support::simulator().await;
    let application = bare(&simulator).certificate(registered(&simulator));
    let token = simulator.credentials().refresh_token.as_str();
    let graph = client_of(
        &simulator,
        RefreshTokenCredential::from_application(application, token),
    );
    assert_eq!(who(&graph).await.unwrap(), "adele@contoso.com");
    let without = client_of(
        &simulator,
        RefreshTokenCredential::from_application(bare(&simulator), token),
    );
    let error = who(&without).await.unwrap_err();
    assert_eq!(
        said(error),
        ("invalid_client".into(), vec![7_000_218], false)
    );
}
