//! Workloads in a cluster.

use std::time::Duration;

use msgraph::Error;
use msgraph::error::SignInReason;

use super::{SUBJECT, Workload, calls_as, refusal, refused};
use crate::support::simulator;

#[tokio::test]
async fn workload_signs_in_with_its_token_file() {
    let simulator = simulator().await;
    simulator.federate(SUBJECT);
    let workload = Workload::new(&simulator.federated_token(SUBJECT));
    let graph = workload.client(&simulator);
    let application = &simulator.credentials().client_id;
    calls_as(&graph, application).await;

    // The assertion has expired for the platform, and Graph's token is revoked.
    simulator.advance(Duration::from_secs(3600 + 301));
    simulator.revoke_tokens();
    let error = graph.users().list().await.unwrap_err();
    let Error::SignIn(error) = error else {
        panic!("a sign-in error was expected: {error}");
    };
    assert_eq!(
        refusal(&error),
        (
            Some(401),
            Some("invalid_client"),
            &[700_024][..],
            Some(SignInReason::AssertionOutOfTime)
        )
    );
    assert!(!error.is_retryable() && !error.needs_user());

    // The cluster writes a new one.
    workload.replace(&simulator.federated_token(SUBJECT));
    calls_as(&graph, application).await;
}

#[tokio::test]
async fn untrusted_workload_is_refused_by_its_subject() {
    let simulator = simulator().await;
    // The comparison is case-sensitive.
    simulator.federate(&SUBJECT.to_uppercase());
    let workload = Workload::new(&simulator.federated_token(SUBJECT));
    let error = refused(&workload.client(&simulator)).await;
    assert_eq!(
        refusal(&error),
        (
            Some(401),
            Some("invalid_client"),
            &[700_213][..],
            Some(SignInReason::FederationMismatch)
        )
    );
    let says = format!(
        "sign-in refused: 401 invalid_client AADSTS700213: No matching federated identity record \
         found for presented assertion subject '{SUBJECT}'. Check your federated identity \
         credential Subject, Audience and Issuer against the presented assertion, correlation-id "
    );
    assert!(error.to_string().starts_with(&says), "{error}");
    assert!(!error.is_unavailable());
}
