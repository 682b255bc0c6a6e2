//! Client secrets, right and wrong.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use msgraph::auth::ClientSecretCredential;
use msgraph::error::SignInReason;
use msgraph::{CustomCloud, Graph, RetryPolicy};
use msgraph_simulator::{Fault, RetryAfter};
use tokio::time::Instant;

use super::{UNKNOWN, calls_as, client, cloud, front, refusal, refused};
use crate::auth::CLOUDS;
use crate::support::simulator;

const TOKEN: &str = "/*/oauth2/v2.0/token";

#[tokio::test]
async fn only_the_right_secret_signs_in() {
    let simulator = simulator().await;
    let known = simulator.credentials();
    let (tenant, id, secret) = (&*known.domain, &*known.client_id, &*known.client_secret);
    calls_as(
        &client(&simulator, ClientSecretCredential::new(tenant, id, secret)),
        id,
    )
    .await;
    // The tenant can also be given by its id.
    let by_id = ClientSecretCredential::new(&*known.tenant_id, id, secret);
    calls_as(&client(&simulator, by_id), id).await;
    simulator.forget_requests();

    for (provider, expected) in [
        (
            ClientSecretCredential::new(tenant, id, "its id"),
            (
                Some(401),
                Some("invalid_client"),
                &[7_000_215][..],
                Some(SignInReason::WrongSecret),
            ),
        ),
        (
            ClientSecretCredential::new(tenant, id, ""),
            (
                Some(401),
                Some("invalid_client"),
                &[7_000_218],
                Some(SignInReason::SecretMissing),
            ),
        ),
        (
            ClientSecretCredential::new(tenant, &*known.public_client_id, secret),
            (
                Some(401),
                Some("invalid_client"),
                &[700_025],
                Some(SignInReason::PublicClient),
            ),
        ),
        (
            ClientSecretCredential::new(tenant, UNKNOWN, secret),
            (
                Some(400),
                Some("unauthorized_client"),
                &[700_016],
                Some(SignInReason::ApplicationNotFound),
            ),
        ),
        (
            ClientSecretCredential::new("fabrikam.com", id, secret),
            (
                Some(400),
                Some("invalid_request"),
                &[90_002],
                Some(SignInReason::TenantNotFound),
            ),
        ),
    ] {
        let error = refused(&client(&simulator, provider)).await;
        assert_eq!(refusal(&error), expected, "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret), "{shown}");
        assert!(!error.is_retryable() && !error.is_unavailable());
    }
    // None of the requests was repeated.
    assert_eq!(simulator.requests().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn failing_platform_is_retried_once() {
    let simulator = Arc::new(simulator().await);
    let front = front(&simulator).await;
    let known = simulator.credentials();
    let client = || {
        let secret =
            ClientSecretCredential::new(&*known.domain, &*known.client_id, &*known.client_secret);
        Graph::builder(secret)
            .cloud(CustomCloud::new(simulator.login_url(), front.url()))
            .retry(RetryPolicy::none())
            .build()
            .unwrap()
    };
    for fault in [
        Fault::status(StatusCode::SERVICE_UNAVAILABLE),
        Fault::html(StatusCode::BAD_GATEWAY),
    ] {
        simulator.forget_requests();
        simulator.fault(fault.at(TOKEN));
        let start = Instant::now();
        client().sign_in().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 1);
        assert_eq!(simulator.requests().len(), 2);
    }
    simulator.forget_requests();
    let throttled = Fault::throttled(RetryAfter::Seconds(17));
    simulator.fault(throttled.at(TOKEN));
    let error = refused(&client()).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert_eq!(simulator.requests().len(), 1);
}

#[tokio::test]
async fn simulator_issues_tokens_for_each_cloud() {
    let simulator = simulator().await;
    let known = simulator.credentials();
    for (named, ..) in CLOUDS {
        let cloud = cloud(&simulator).scope(named.scope());
        let secret =
            ClientSecretCredential::new(&*known.domain, &*known.client_id, &*known.client_secret);
        let graph = Graph::builder(secret).cloud(cloud).build().unwrap();
        let signed_in = graph.sign_in().await;
        assert!(signed_in.is_ok(), "{named:?}: {signed_in:?}");
    }
}
