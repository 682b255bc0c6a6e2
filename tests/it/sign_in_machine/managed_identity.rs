//! Managed identities on each platform.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};
use msgraph::error::{SignInError, SignInReason};
use msgraph::{CustomCloud, Error, Graph};
use msgraph_simulator::{ExpiresOn, Fault, RetryAfter, Simulator};
use tokio::time::Instant;

use super::{
    APP_SERVICE, CLIENT_ID, IMDS, OBJECT_ID, RESOURCE_ID, UNKNOWN, calls_as, client, front, imds,
    own_id, refusal, refused,
};
use crate::support::simulator;

fn app_service(simulator: &Simulator) -> ManagedIdentitySource {
    let endpoint = format!("{}{APP_SERVICE}", simulator.login_url());
    ManagedIdentitySource::app_service(endpoint, simulator.identity_header())
}

fn azure_ml(simulator: &Simulator) -> ManagedIdentitySource {
    let endpoint = format!("{}{APP_SERVICE}", simulator.login_url());
    ManagedIdentitySource::azure_ml(endpoint, simulator.identity_header())
}

fn cloud_shell(simulator: &Simulator) -> ManagedIdentitySource {
    ManagedIdentitySource::cloud_shell(format!("{}/cloudshell/token", simulator.login_url()))
}

#[tokio::test]
async fn system_assigned_identity_calls_graph_on_every_platform() {
    let simulator = simulator().await;
    let own = own_id(&simulator);
    for source in [imds, app_service, azure_ml, cloud_shell] {
        let source = source(&simulator);
        let shown = format!("{source:?}");
        let graph = client(&simulator, ManagedIdentityCredential::new().source(source));
        let end = calls_as(&graph, &own).await;
        let left = end.duration_since(SystemTime::now()).unwrap().as_secs();
        assert!((3590..=3599).contains(&left), "{shown}: {left}");
    }
}

#[tokio::test]
async fn app_service_expiry_is_read_in_any_form() {
    let simulator = simulator().await;
    let own = own_id(&simulator);
    simulator.set_token_lifetime(Duration::from_secs(1800));
    for form in [
        ExpiresOn::Epoch,
        ExpiresOn::EpochText,
        ExpiresOn::UsDateTime,
        ExpiresOn::DateTime,
        ExpiresOn::Rfc3339,
    ] {
        simulator.set_expires_on(form);
        for source in [app_service, azure_ml] {
            let identity = ManagedIdentityCredential::new().source(source(&simulator));
            let end = calls_as(&client(&simulator, identity), &own).await;
            let left = end.duration_since(SystemTime::now()).unwrap().as_secs();
            assert!((1790..=1800).contains(&left), "{form:?}: {left}");
        }
    }
}

#[tokio::test]
async fn user_assigned_identity_is_found_by_each_id() {
    let simulator = simulator().await;
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let new = ManagedIdentityCredential::new;
    for identity in [
        new().client_id(CLIENT_ID).source(imds(&simulator)),
        new().object_id(OBJECT_ID).source(imds(&simulator)),
        new().resource_id(RESOURCE_ID).source(imds(&simulator)),
        new().client_id(CLIENT_ID).source(app_service(&simulator)),
        new().object_id(OBJECT_ID).source(app_service(&simulator)),
        new()
            .resource_id(RESOURCE_ID)
            .source(app_service(&simulator)),
        new().client_id(CLIENT_ID).source(azure_ml(&simulator)),
    ] {
        calls_as(&client(&simulator, identity), CLIENT_ID).await;
    }
}

#[tokio::test]
async fn missing_identity_is_named_in_refusal() {
    let simulator = simulator().await;
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let new = ManagedIdentityCredential::new;
    let resource = RESOURCE_ID.replace("mailer", "unassigned");
    for (identity, says) in [
        (
            new().client_id(UNKNOWN).source(imds(&simulator)),
            format!(
                "sign-in refused: 400 invalid_request: Identity not found: in the token request to \
                 the metadata service (IMDS): check that a user-assigned identity with the client \
                 id `{UNKNOWN}` is assigned to this machine"
            ),
        ),
        (
            // The id is of another kind.
            new().object_id(CLIENT_ID).source(imds(&simulator)),
            format!(
                "sign-in refused: 400 invalid_request: Identity not found: in the token request to \
                 the metadata service (IMDS): check that a user-assigned identity with the object \
                 id `{CLIENT_ID}` is assigned to this machine"
            ),
        ),
        (
            new().resource_id(&resource).source(app_service(&simulator)),
            format!(
                "sign-in refused: 400 Bad Request: Identity not found: in the token request to App \
                 Service: check that a user-assigned identity with the resource id `{resource}` is \
                 assigned to this machine, correlation-id "
            ),
        ),
        (
            new().client_id(UNKNOWN).source(azure_ml(&simulator)),
            format!(
                "sign-in refused: 400 Bad Request: Identity not found: in the token request to \
                 Azure Machine Learning: check that a user-assigned identity with the client id \
                 `{UNKNOWN}` is assigned to this machine, correlation-id "
            ),
        ),
    ] {
        let error = refused(&client(&simulator, identity)).await;
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(!error.is_unavailable() && !error.is_retryable());
    }
}

#[tokio::test]
async fn identity_header_of_another_machine_is_refused() {
    let simulator = simulator().await;
    let endpoint = format!("{}{APP_SERVICE}", simulator.login_url());
    for (source, header) in [
        (
            ManagedIdentitySource::app_service(&endpoint, "stolen"),
            "x-identity-header",
        ),
        (
            ManagedIdentitySource::azure_ml(&endpoint, "stolen"),
            "secret",
        ),
    ] {
        let graph = client(&simulator, ManagedIdentityCredential::new().source(source));
        let error = refused(&graph).await;
        let says = format!(
            "sign-in refused: 401 Unauthorized: The header '{header}' is missing or does not match \
             this machine's value: in the token request to "
        );
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(!format!("{error:?}").contains("stolen"));
    }
}

#[tokio::test]
async fn azure_arc_key_outside_its_folder_is_refused() {
    let simulator = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("1.key");
    std::fs::write(&key, "hush-hush").unwrap();
    simulator.arc_key_file(&key);
    let source = ManagedIdentitySource::azure_arc(format!("{}/arc{IMDS}", simulator.login_url()));
    let graph = client(&simulator, ManagedIdentityCredential::new().source(source));
    let error = refused(&graph).await.to_string();
    assert!(error.contains("it is not in the folder `"), "{error}");
    let requests = simulator.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].headers.get("authorization").is_none());
}

#[tokio::test]
async fn machine_of_another_cloud_gets_no_token() {
    let simulator = simulator().await;
    let elsewhere = CustomCloud::new("https://graph.microsoft.us", simulator.login_url());
    let graph = Graph::builder(ManagedIdentityCredential::new().source(imds(&simulator)))
        .cloud(elsewhere)
        .build()
        .unwrap();
    let error = refused(&graph).await;
    assert_eq!(
        refusal(&error),
        (
            Some(400),
            Some("invalid_resource"),
            &[500_011][..],
            Some(SignInReason::ResourceNotFound)
        )
    );
    let says = "the metadata service (IMDS) does not know the client's cloud";
    assert!(error.to_string().contains(says), "{error}");
}

/// Signs in on a machine after these faults. Returns the outcome, the time in seconds, and the
/// number of requests.
async fn after(
    path: &str,
    source: impl Fn(String, &Simulator) -> ManagedIdentitySource,
    faults: Vec<Fault>,
) -> (Result<(), SignInError>, u64, usize) {
    let simulator = Arc::new(simulator().await);
    for fault in faults {
        simulator.fault(fault.at(path));
    }
    let front = front(&simulator).await;
    let source = source(format!("{}{path}", front.url()), &simulator);
    let graph = client(&simulator, ManagedIdentityCredential::new().source(source));
    let start = Instant::now();
    let outcome = match graph.sign_in().await {
        Ok(()) => Ok(()),
        Err(Error::SignIn(error)) => Err(*error),
        Err(other) => panic!("{other}"),
    };
    let waited = start.elapsed().as_secs();
    (outcome, waited, simulator.requests().len())
}

#[tokio::test(start_paused = true)]
async fn busy_or_updating_metadata_service_is_retried() {
    let status = |status: u16| Fault::status(StatusCode::from_u16(status).unwrap());
    let imds = |endpoint, _: &Simulator| ManagedIdentitySource::imds_at(endpoint);
    for (fault, waited) in [
        (status(404), 1),
        (status(429), 1),
        (status(500), 1),
        (status(503), 1),
        (status(410), 10),
        (Fault::throttled(RetryAfter::Seconds(5)), 5),
    ] {
        let outcome = after(IMDS, imds, vec![fault]).await;
        assert!(
            matches!(outcome, (Ok(()), seconds, 2) if seconds == waited),
            "{outcome:?}"
        );
    }
    // An update takes 70 seconds at most.
    let outcome = after(IMDS, imds, vec![status(410).times(7)]).await;
    assert!(matches!(outcome, (Ok(()), 70, 8)), "{outcome:?}");
    let (outcome, waited, requests) = after(IMDS, imds, vec![status(410).always()]).await;
    assert_eq!((waited, requests), (70, 8));
    let error = outcome.unwrap_err();
    let says = "sign-in refused: 410 gone: The service is being updated. Try again later: in the \
                token request to the metadata service (IMDS)";
    assert_eq!(error.to_string(), says);

    let (outcome, waited, requests) = after(IMDS, imds, vec![status(503).always()]).await;
    assert_eq!((waited, requests), (1 + 2 + 4, 4));
    let error = outcome.unwrap_err();
    assert!(error.is_retryable() && !error.is_unavailable());
    assert_eq!(refusal(&error), (Some(503), Some("unknown"), &[][..], None));
}

#[tokio::test(start_paused = true)]
async fn app_service_is_retried_except_for_missing_identity() {
    let status = |status: u16| Fault::status(StatusCode::from_u16(status).unwrap());
    let app_service = |endpoint, simulator: &Simulator| {
        ManagedIdentitySource::app_service(endpoint, simulator.identity_header())
    };
    let outcome = after(APP_SERVICE, app_service, vec![status(500).times(3)]).await;
    assert!(matches!(outcome, (Ok(()), 7, 4)), "{outcome:?}");
    let outcome = after(APP_SERVICE, app_service, vec![status(404)]).await;
    assert!(matches!(outcome, (Err(_), 0, 1)), "{outcome:?}");
    // Longer waits are left to the calls.
    let throttled = Fault::throttled(RetryAfter::Seconds(60));
    let (outcome, waited, requests) = after(APP_SERVICE, app_service, vec![throttled]).await;
    assert_eq!((waited, requests), (0, 1));
    let error = outcome.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn refused_machine_token_is_requested_again() {
    let simulator = simulator().await;
    let own = own_id(&simulator);
    let identity = ManagedIdentityCredential::new().source(imds(&simulator));
    let graph = client(&simulator, identity);
    calls_as(&graph, &own).await;
    simulator.revoke_tokens();
    calls_as(&graph, &own).await;
    let requests = simulator.requests();
    let asked = requests.iter().filter(|request| request.path() == IMDS);
    assert_eq!(asked.count(), 2);
}
