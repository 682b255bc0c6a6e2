//! A managed identity that authenticates an application: the requests to it, and the assertions for
//! the identity platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use msgraph::auth::{
    Application, AuthorizationCodeFlow, ManagedIdentityCredential, ManagedIdentitySource,
    OnBehalfOfCredential, TokenProvider, TokenRequest, WorkloadIdentityCredential,
};
use msgraph::error::SignInError;
use msgraph::{Cloud, CustomCloud, Error, Graph, RetryPolicy};
use serde_json::{Value, json};

use crate::support::recorder::{Answer, Recorded, Recorder};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
const SCOPE: &str = "https://graph.microsoft.com/.default";

/// Starts a metadata service that issues `identity-1`, `identity-2` …
async fn imds() -> Recorder {
    let count = AtomicUsize::new(0);
    Recorder::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        Answer::json(json!({
            "access_token": format!("identity-{number}"), "token_type": "Bearer",
            "expires_in": "86399",
        }))
    })
    .await
}

/// Starts a platform that issues `token-1`, `token-2` …
async fn platform() -> Recorder {
    let count = AtomicUsize::new(0);
    Recorder::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        Answer::json(json!({
            "access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3599,
            "refresh_token": "refresh",
        }))
    })
    .await
}

fn identity(imds: &Recorder) -> ManagedIdentityCredential {
    let endpoint = format!("{}/metadata/identity/oauth2/token", imds.url());
    ManagedIdentityCredential::new()
        .client_id("identity")
        .source(ManagedIdentitySource::imds_at(endpoint))
}

fn application(imds: &Recorder) -> Application {
    Application::new("fabrikam.com", "client").managed_identity(identity(imds))
}

fn client(provider: impl TokenProvider, cloud: impl Into<Cloud>) -> Graph {
    Graph::builder(provider)
        .cloud(cloud)
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

fn cloud(graph: &str, login: &Recorder) -> CustomCloud {
    CustomCloud::new(graph, login.url()).scope(SCOPE)
}

/// An address without a server.
const NOWHERE: &str = "http://127.0.0.1:1";

fn form(request: &Recorded) -> Vec<(String, String)> {
    let form = url::form_urlencoded::parse(&request.body);
    let mut form: Vec<_> = form.into_owned().collect();
    form.sort();
    form
}

fn field(request: &Recorded, name: &str) -> Option<String> {
    let form = form(request);
    form.into_iter()
        .find_map(|(field, value)| (field == name).then_some(value))
}

async fn refused(graph: &Graph) -> SignInError {
    match graph.sign_in().await {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

#[tokio::test]
async fn federated_assertion_is_requested_for_each_token() {
    let (imds, login) = (imds().await, platform().await);
    let provider =
        WorkloadIdentityCredential::managed_identity("fabrikam.com", "client", identity(&imds));
    let provider = Arc::new(provider);
    for number in 1..=2 {
        // A new client has no token yet.
        let graph = client(Arc::clone(&provider), cloud(NOWHERE, &login));
        graph.sign_in().await.unwrap();
        let asked = imds.requests().pop().unwrap();
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str()),
            (
                "GET",
                "/metadata/identity/oauth2/token?api-version=2018-02-01\
                 &resource=api%3A%2F%2FAzureADTokenExchange&client_id=identity"
            )
        );
        assert_eq!(asked.header("metadata"), Some("true"));
        let shown = login.requests().pop().unwrap();
        assert_eq!(shown.target, "/fabrikam.com/oauth2/v2.0/token");
        let expected = [
            ("claims", CAPABILITY),
            ("client_assertion", &format!("identity-{number}")),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_id", "client"),
            ("grant_type", "client_credentials"),
            ("scope", SCOPE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(form(&shown), expected);
    }
    assert_eq!((imds.requests().len(), login.requests().len()), (2, 2));
    let shown = format!("{provider:?}");
    assert!(!shown.contains("identity-"), "{shown}");
}

#[tokio::test]
async fn federated_audience_is_documented_and_refusal_is_error() {
    let answer = Answer::json(json!({
        "error": "invalid_request", "error_description": "Identity not found",
    }));
    let imds = Recorder::always(answer.with_status(400)).await;
    let login = platform().await;
    for (cloud, resource) in [
        (Cloud::Global, "api%3A%2F%2FAzureADTokenExchange"),
        (Cloud::UsGovL4, "api%3A%2F%2FAzureADTokenExchangeUSGov"),
        (Cloud::UsGovL5, "api%3A%2F%2FAzureADTokenExchangeUSGov"),
        (Cloud::China, "api%3A%2F%2FAzureADTokenExchangeChina"),
        (Cloud::Bleu, "api%3A%2F%2FAzureADTokenExchange"),
        (
            cloud(NOWHERE, &login).into(),
            "api%3A%2F%2FAzureADTokenExchange",
        ),
    ] {
        imds.clear();
        let provider =
            WorkloadIdentityCredential::managed_identity("fabrikam.com", "client", identity(&imds));
        let error = refused(&client(provider, cloud.clone())).await;
        assert_eq!(imds.only().query()[1], ("resource", resource), "{cloud:?}");
        assert_eq!(
            error.to_string(),
            "sign-in refused: 400 invalid_request: Identity not found: in the token request to the \
             metadata service (IMDS): check that a user-assigned identity with the client id \
             `identity` is assigned to this machine"
        );
        assert!(!error.is_unavailable());
    }
    assert_eq!(login.requests().len(), 0);
}

#[tokio::test]
async fn claims_challenge_goes_to_token_endpoint_only() {
    // The claims are {"access_token":{"nbf":{"essential":true, "value":"1726258122"}}}
    const CHALLENGE: &str = "Bearer realm=\"\", error=\"insufficient_claims\", \
        claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoi\
        MTcyNjI1ODEyMiJ9fX0=\"";
    let (imds, login) = (imds().await, platform().await);
    let graph = Recorder::new(|request| match request.header("authorization") {
        Some("Bearer token-2") => Answer::json("{}"),
        _ => Answer::status(401).header("WWW-Authenticate", CHALLENGE),
    })
    .await;
    let provider =
        WorkloadIdentityCredential::managed_identity("fabrikam.com", "client", identity(&imds));
    let client = client(provider, cloud(graph.url(), &login));
    client.request(Method::GET, "/users").await.unwrap();

    let claims: Vec<Value> = login
        .requests()
        .iter()
        .map(|request| serde_json::from_str(&field(request, "claims").unwrap()).unwrap())
        .collect();
    let capability = json!({ "values": ["cp1"] });
    assert_eq!(
        claims,
        [
            json!({ "access_token": { "xms_cc": capability } }),
            json!({ "access_token": {
                "xms_cc": capability, "nbf": { "essential": true, "value": "1726258122" },
            } }),
        ]
    );
    let targets = imds.targets();
    assert_eq!(targets.len(), 2);
    assert_eq!(targets[0], targets[1]);
    assert!(!targets[1].contains("claims"), "{targets:?}");
}

#[tokio::test]
async fn federated_assertion_authenticates_api_and_web_app() {
    let (imds, login) = (imds().await, platform().await);
    let no_token = |_: TokenRequest| async { Err(SignInError::new("no token").into()) };
    let graph = client(no_token, cloud(NOWHERE, &login));

    let api = OnBehalfOfCredential::new(application(&imds), "incoming");
    graph.with_provider(api).sign_in().await.unwrap();
    let request = login.requests().pop().unwrap();
    assert_eq!(
        field(&request, "grant_type").as_deref(),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    );
    let shown = |request: &Recorded| {
        let shown = ["client_assertion_type", "client_assertion", "client_id"];
        shown.map(|name| field(request, name).unwrap_or_default())
    };
    assert_eq!(shown(&request), [ASSERTION_TYPE, "identity-1", "client"]);

    let site = AuthorizationCodeFlow::new(application(&imds), "https://app.fabrikam.com/signed-in");
    let pending = site.begin(&graph).unwrap();
    let state = pending
        .url()
        .query_pairs()
        .find(|(name, _)| name == "state");
    let (_, state) = state.unwrap();
    let answer = format!("code=the-code&state={state}");
    // The recorder sends no id token. That is checked after the request.
    let error = site
        .finish(&graph, pending.clone(), &answer)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no ID token"), "{error}");
    let request = login.requests().pop().unwrap();
    assert_eq!(
        field(&request, "grant_type").as_deref(),
        Some("authorization_code")
    );
    assert_eq!(shown(&request), [ASSERTION_TYPE, "identity-2", "client"]);
    assert_eq!(imds.requests().len(), 2);
}

#[tokio::test]
async fn platform_accepts_trusted_federated_identity() {
    const PRINCIPAL: &str = "bbbbbbbb-0000-4000-8000-000000000002";
    let simulator = crate::support::simulator().await;
    let known = simulator.credentials();
    let resource = "/subscriptions/s/resourceGroups/g/providers/\
        Microsoft.ManagedIdentity/userAssignedIdentities/mailer";
    simulator.managed_identity("aaaaaaaa-0000-4000-8000-000000000001", PRINCIPAL, resource);
    let endpoint = format!("{}/metadata/identity/oauth2/token", simulator.login_url());
    let graph = || {
        let identity = ManagedIdentityCredential::new()
            .object_id(PRINCIPAL)
            .source(ManagedIdentitySource::imds_at(&endpoint));
        let (tenant, client_id) = (known.domain.as_str(), known.client_id.as_str());
        let credential = WorkloadIdentityCredential::managed_identity(tenant, client_id, identity);
        let login = simulator.login_url();
        client(credential, CustomCloud::new(login, login))
    };
    // The application does not trust the identity yet.
    let error = refused(&graph()).await;
    assert_eq!(
        (error.error(), error.codes()),
        (Some("invalid_client"), &[700_213][..])
    );
    assert!(error.to_string().contains(PRINCIPAL), "{error}");

    simulator.federate(PRINCIPAL);
    let users = graph()
        .request(Method::GET, "/users")
        .json::<Value>()
        .await
        .unwrap();
    assert!(
        users["value"]
            .as_array()
            .is_some_and(|users| !users.is_empty())
    );
}
