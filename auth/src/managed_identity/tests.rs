//! Tests with sources that only this module can create: a guessed one, and an Azure Arc with keys
//! elsewhere.

use std::sync::Arc;

use msgraph_test_support::recorder::{Answer, Recorder};
use tokio::time::Instant;

use super::*;
use crate::Cloud;
use crate::error::{Error, SignInError};
use crate::tests::plain_client;

async fn token(identity: &ManagedIdentityCredential) -> Result<AccessToken> {
    let request = TokenRequest::new(Arc::new(Cloud::Global), plain_client(), None);
    identity.token(request).await
}

async fn refused(identity: &ManagedIdentityCredential) -> SignInError {
    match token(identity).await {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

fn guessed(at: &str) -> ManagedIdentityCredential {
    ManagedIdentityCredential::new().source(ManagedIdentitySource::guessed_at(at))
}

fn granted() -> Answer {
    Answer::json(r#"{"access_token":"token","expires_in":"3599"}"#)
}

/// Creates a metadata service, which refuses requests without its header.
async fn imds(response: Answer) -> Recorder {
    Recorder::new(move |request| match request.header("metadata") {
        Some("true") => response.clone(),
        _ => Answer::json(r#"{"error":"invalid_request"}"#).with_status(400),
    })
    .await
}

#[test]
fn equal_identities_have_one_cache_key() {
    let new = ManagedIdentityCredential::new;
    let key =
        |identity: ManagedIdentityCredential| identity.cache_key(&Cloud::Global).expect("a key");
    let app_service = |at: &str, header: &str| ManagedIdentitySource::app_service(at, header);
    let here = "http://127.0.0.1:1/";
    let different = [
        new(),
        new().client_id("1"),
        new().object_id("1"),
        new().resource_id("1"),
        new().source(ManagedIdentitySource::imds()),
        new().source(ManagedIdentitySource::imds_at(here)),
        new().source(ManagedIdentitySource::cloud_shell(here)),
        new().source(app_service(here, "hush")),
        new().source(app_service("http://127.0.0.1:1/A", "hush")),
        new().source(app_service("http://127.0.0.1:1/a", "hush")),
        new().source(app_service(here, "hush")).client_id("1"),
    ];
    for (at, one) in different.iter().enumerate() {
        for (beside, other) in different.iter().enumerate() {
            let is_same = key(one.clone()) == key(other.clone());
            assert_eq!(is_same, at == beside, "{one:?} {other:?}");
        }
        assert_ne!(
            one.cache_key(&Cloud::UsGovL4),
            one.cache_key(&Cloud::UsGovL5)
        );
    }
    assert_eq!(
        key(new().client_id("AB").source(app_service(here, "hush"))),
        key(new().source(app_service(here, "hush")).client_id("ab"))
    );
    // The identity differs from every application of a tenant, and the header stays private.
    let application = CacheKey::new(&Cloud::Global, "contoso.com", "client id 1");
    assert_ne!(key(new().client_id("1")), application);
    assert!(!format!("{:?}", key(new().source(app_service(here, "hush")))).contains("hush"));
}

#[tokio::test]
async fn guessed_metadata_service_is_probed_once() {
    let imds = imds(granted()).await;
    let identity = guessed(imds.url());
    for _ in 0..2 {
        token(&identity).await.unwrap();
    }
    let asked = "/?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
    assert_eq!(imds.targets(), ["/", asked, asked]);
}

#[tokio::test(start_paused = true)]
async fn absent_metadata_service_is_unavailable_at_once() {
    let start = Instant::now();
    let seems = "sign-in failed: no managed identity endpoint found on this machine: the \
                 environment variables name none, and the metadata service (IMDS)";
    let error = refused(&guessed("http://127.0.0.1:1/token")).await;
    let silent = format!("{seems} does not respond: cannot connect: ");
    assert!(error.to_string().starts_with(&silent), "{error}");
    assert!(error.is_unavailable() && !error.is_retryable());

    // Other clouds have services at the same address.
    for status in [200, 302, 401, 403, 404] {
        let other = Recorder::always(Answer::status(status)).await;
        let error = refused(&guessed(other.url())).await;
        assert_eq!(
            error.to_string(),
            format!("{seems} responded with an unexpected status ({status})")
        );
        assert!(error.is_unavailable() && !error.is_retryable());
        // The service may start later, so it is probed again.
        refused(&guessed(other.url())).await;
        assert_eq!(other.targets(), ["/", "/"]);
    }
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn silent_metadata_probe_times_out() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let start = Instant::now();
    let error = refused(&guessed(&format!(
        "http://{}/",
        silent.local_addr().unwrap()
    )))
    .await;
    assert!(error.is_unavailable(), "{error}");
    assert!(
        error
            .to_string()
            .ends_with(": timed out waiting for the response"),
        "{error}"
    );
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn machine_without_identity_is_skipped_unless_required() {
    let response =
        Answer::json(r#"{"error":"invalid_request","error_description":"Identity not found"}"#);
    let imds = imds(response.with_status(400)).await;
    let error = refused(&guessed(imds.url())).await;
    assert!(error.is_unavailable(), "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    let error = refused(&guessed(imds.url()).client_id("client")).await;
    assert!(!error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn azure_arc_gets_the_requested_key() {
    let keys = tempfile::tempdir().unwrap();
    let file = keys.path().join("1.key");
    std::fs::write(&file, "the-key").unwrap();
    let challenge = format!("Basic realm={}", file.display());
    let arc = Recorder::new(move |request| match request.header("authorization") {
        Some("Basic the-key") => granted(),
        _ => Answer::status(401).header("WWW-Authenticate", &challenge),
    })
    .await;
    let source = || ManagedIdentitySource::arc_with_keys(arc.url(), keys.path());
    token(&ManagedIdentityCredential::new().source(source()))
        .await
        .unwrap();
    let [first, second] = arc.requests().try_into().expect("two requests");
    assert_eq!(first.header("authorization"), None);
    assert_eq!(second.header("authorization"), Some("Basic the-key"));
    for request in [first, second] {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("metadata"), Some("true"));
        assert_eq!(
            request.target,
            "/?api-version=2020-06-01&resource=https%3A%2F%2Fgraph.microsoft.com"
        );
    }
    // A refused key is not sent again.
    std::fs::write(&file, "another-key").unwrap();
    arc.clear();
    let error = refused(&ManagedIdentityCredential::new().source(source())).await;
    assert_eq!(
        error.to_string(),
        "sign-in refused: 401 Unauthorized: in the token request to Azure Arc"
    );
    assert_eq!(arc.requests().len(), 2);
    assert!(!format!("{error:?}").contains("another-key"));
}

#[tokio::test]
async fn simulated_azure_arc_gets_its_key() {
    let simulator = msgraph_simulator::Simulator::start().await.unwrap();
    let keys = tempfile::tempdir().unwrap();
    let file = keys.path().join("1.key");
    std::fs::write(&file, "the-key").unwrap();
    simulator.arc_key_file(&file);
    let endpoint = format!(
        "{}/arc/metadata/identity/oauth2/token",
        simulator.login_url()
    );
    let source = || ManagedIdentitySource::arc_with_keys(&endpoint, keys.path());
    token(&ManagedIdentityCredential::new().source(source()))
        .await
        .unwrap();
    let statuses: Vec<_> = simulator
        .requests()
        .iter()
        .map(|request| request.status.map(|status| status.as_u16()))
        .collect();
    assert_eq!(statuses, [Some(401), Some(200)]);
    // Azure Arc has only the machine's own identity, and nothing is sent for another one.
    simulator.forget_requests();
    let error = refused(
        &ManagedIdentityCredential::new()
            .source(source())
            .client_id("client"),
    )
    .await;
    assert!(
        error
            .to_string()
            .contains("Azure Arc does not support user-assigned identities")
    );
    assert!(simulator.requests().is_empty());
}

/// Checks that nothing is sent without rustls, because the server cannot be identified.
#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))]
#[tokio::test]
async fn service_fabric_needs_rustls() {
    let source =
        ManagedIdentitySource::service_fabric("https://127.0.0.1:1", "hush", "00".repeat(20));
    let error = refused(&ManagedIdentityCredential::new().source(source)).await;
    assert_eq!(
        error.to_string(),
        "sign-in failed: Service Fabric needs the feature `rustls-ring` or `rustls-aws-lc-rs` of \
         msgraph, because its certificate is checked by thumbprint"
    );
}
