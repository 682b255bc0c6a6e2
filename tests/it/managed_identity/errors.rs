//! Refusals of an endpoint, and the errors that explain them.

use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};
use serde_json::json;

use super::{HUSH, app_service, imds, sign_in, sign_in_error, token};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn unsupported_identity_id_is_refused_unsent() {
    let recorder = Recorder::always(token()).await;
    let url = recorder.url();
    let new = ManagedIdentityCredential::new;
    for (identity, source, says) in [
        (
            new().client_id("c"),
            ManagedIdentitySource::azure_arc(url),
            "Azure Arc does not support user-assigned identities: do not set one",
        ),
        (
            new().object_id("o"),
            ManagedIdentitySource::cloud_shell(url),
            "Cloud Shell does not support user-assigned identities: do not set one",
        ),
        (
            new().resource_id("r"),
            ManagedIdentitySource::service_fabric(
                url.replace("http:", "https:"),
                HUSH,
                "00".repeat(20),
            ),
            "on Service Fabric the deployment chooses the identity of an application: do not set \
             one in the program",
        ),
        (
            new().object_id("o"),
            ManagedIdentitySource::azure_ml(url, HUSH),
            "Azure Machine Learning selects a user-assigned identity only by its client id: use \
             `client_id` instead of `object_id`",
        ),
        (
            new(),
            ManagedIdentitySource::app_service(url, "hush\nhush"),
            "the secret of App Service contains characters that an HTTP header cannot contain",
        ),
        (
            new(),
            ManagedIdentitySource::service_fabric(url, HUSH, "00".repeat(20)),
            &format!("the address of Service Fabric, `{url}`, is not https"),
        ),
        (
            new(),
            ManagedIdentitySource::service_fabric("https://127.0.0.1:1", HUSH, "AB"),
            "`AB` is not a certificate thumbprint (40 hexadecimal digits)",
        ),
        (
            new(),
            ManagedIdentitySource::imds_at("http://imds.example/token"),
            "the address of the metadata service (IMDS), `http://imds.example/token`, is not an \
             address of this machine",
        ),
    ] {
        let error = sign_in_error(sign_in(identity, source).await);
        assert_eq!(error.to_string(), format!("sign-in failed: {says}"));
        assert!(!error.is_unavailable() && !error.is_retryable());
    }
    assert_eq!(recorder.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn endpoint_refusal_error_names_the_remedy() {
    let said = |error: &str, description: &str| {
        Answer::json(json!({ "error": error, "error_description": description }))
    };
    let assigned = "check that an identity is assigned to this machine; if there are several, \
                    choose one with `ManagedIdentityCredential::client_id`";
    let of_imds = "in the token request to the metadata service (IMDS)";
    let new = ManagedIdentityCredential::new;
    for (identity, answer, says) in [
        (
            new(),
            said("invalid_request", "Identity not found").with_status(400),
            format!("400 invalid_request: Identity not found: {of_imds}: {assigned}"),
        ),
        (
            new().client_id("c"),
            said("invalid_request", "Identity not found").with_status(400),
            format!(
                "400 invalid_request: Identity not found: {of_imds}: check that a user-assigned \
                 identity with the client id `c` is assigned to this machine"
            ),
        ),
        (
            new(),
            said("invalid_resource", "AADSTS50001: The application named … was not found.")
                .with_status(400),
            "400 invalid_resource AADSTS50001: The application named … was not found: the metadata \
             service (IMDS) does not know the client's cloud: check `GraphBuilder::cloud`"
                .to_owned(),
        ),
        (
            new(),
            said("bad_request_102", "Required metadata header not specified").with_status(400),
            format!(
                "400 bad_request_102: Required metadata header not specified: {of_imds}: {assigned}"
            ),
        ),
        (
            new(),
            said("unknown_source", "Unknown Source").with_status(401),
            format!("401 unknown_source: Unknown Source: {of_imds}"),
        ),
        (
            new(),
            Answer::status(404),
            format!("404 Not Found: {of_imds}: {assigned}"),
        ),
        (new(), Answer::status(410), format!("410 Gone: {of_imds}")),
        (
            new(),
            Answer::status(502).body("<html>hush-hush</html>"),
            format!("502 Bad Gateway: {of_imds}"),
        ),
        (
            new(),
            Answer::status(302).header("Location", "/x"),
            format!("302 Found: {of_imds}"),
        ),
    ] {
        let recorder = Recorder::always(answer).await;
        let error = sign_in_error(sign_in(identity, imds(&recorder)).await);
        assert_eq!(error.to_string(), format!("sign-in refused: {says}"));
        // The caller named this source, so no other source is asked.
        assert!(!error.is_unavailable());
        assert!(!format!("{error:?}").contains(HUSH), "{error:?}");
    }
    let recorder = Recorder::always(
        Answer::json(json!({ "statusCode": 400,
            "message": "No User Assigned Managed Identity found.", "correlationId": "c-1" }))
        .with_status(400),
    )
    .await;
    let error = sign_in_error(sign_in(new().client_id("c"), app_service(&recorder)).await);
    assert_eq!(
        error.to_string(),
        "sign-in refused: 400 Bad Request: No User Assigned Managed Identity found: in the token \
         request to App Service: check that a user-assigned identity with the client id `c` is \
         assigned to this machine, correlation-id c-1"
    );
    assert_eq!(error.correlation_id(), Some("c-1"));
}

#[tokio::test]
async fn success_without_token_is_redacted_error() {
    for answer in [
        Answer::json(json!({ "access_token": [HUSH] })),
        Answer::json(json!({ "access_token": HUSH, "token_type": "pop" })),
        Answer::json(format!(r#"{{"access_token":"{HUSH}""#)),
        Answer::status(200).body(format!("<html>{HUSH}")),
        Answer::status(200),
    ] {
        let recorder = Recorder::always(answer).await;
        let error =
            sign_in_error(sign_in(ManagedIdentityCredential::new(), app_service(&recorder)).await);
        assert_eq!(
            error.to_string(),
            "sign-in failed: the response of App Service contains no token"
        );
        assert!(!format!("{error:?}").contains(HUSH) && error.raw_body().is_empty());
        recorder.only();
    }
}

#[test]
fn managed_identity_debug_prints_no_secret() {
    let at = "http://127.0.0.1:1/token";
    for source in [
        ManagedIdentitySource::app_service(at, HUSH),
        ManagedIdentitySource::azure_ml(at, HUSH),
        ManagedIdentitySource::service_fabric(at, HUSH, "AB"),
    ] {
        let identity = ManagedIdentityCredential::new()
            .client_id("client")
            .source(source.clone());
        let printed = format!("{source:?} {source:#?} {identity:?} {identity:#?}");
        assert!(!printed.contains(HUSH), "{printed}");
        assert!(
            printed.contains("[redacted]") && printed.contains("client"),
            "{printed}"
        );
    }
}
