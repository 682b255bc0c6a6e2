//! Sign-in over the wire: the requests to the token endpoint and to Graph, and the results of their
//! responses.

mod cache;
mod challenge;
mod clouds;
mod credentials;
mod errors;
mod refresh_token;
mod token_request_retries;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use msgraph::auth::{ClientSecretCredential, TokenProvider};
use msgraph::error::SignInError;
use msgraph::{Cloud, CustomCloud, Error, Graph};
use serde_json::json;

use crate::support::recorder::{Answer, Recorded, Recorder};

pub const SCOPE: &str = "https://graph.microsoft.com/.default";
pub const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// Creates a client with two recorders, one for Graph and one for the identity platform.
pub fn client(provider: impl TokenProvider, graph: &Recorder, login: &Recorder) -> Graph {
    let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
    Graph::builder(provider)
        .cloud(cloud)
        .build()
        .expect("a client can be built")
}

fn secret() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", "the secret/+&")
}

/// Starts a platform that issues `token-1`, `token-2` …, each with the properties of `more`.
pub async fn platform(more: serde_json::Value) -> Recorder {
    let count = AtomicUsize::new(0);
    Recorder::new(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = json!({ "token_type": "Bearer", "expires_in": 3599,
            "access_token": format!("token-{n}") });
        if let (Some(answer), Some(more)) = (answer.as_object_mut(), more.as_object()) {
            answer.extend(more.clone());
        }
        Answer::json(answer)
    })
    .await
}

/// Starts a platform that issues tokens, and a Graph that responds to each request with `{}`.
pub async fn platform_and_graph() -> (Recorder, Recorder) {
    (
        platform(json!({})).await,
        Recorder::always(Answer::json("{}")).await,
    )
}

/// Checks that a request for a token is a form, sent to the endpoint of the tenant `contoso.com`.
#[track_caller]
pub fn assert_token_request(request: &Recorded) {
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/contoso.com/oauth2/v2.0/token")
    );
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(request.header("accept"), Some("application/json"));
}

/// Starts a Graph that refuses these tokens and accepts any other.
pub async fn refusing(refused: &'static [&'static str], header: &'static str) -> Recorder {
    Recorder::new(move |request| {
        let token = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        match token {
            Some(token) if !refused.contains(&token) => Answer::json(json!({ "by": token })),
            _ => Answer::json(
                json!({ "error": { "code": "InvalidAuthenticationToken", "message": "Refused." } }),
            )
            .with_status(401)
            .header("WWW-Authenticate", header),
        }
    })
    .await
}

/// Returns the fields of a form, decoded and sorted.
pub fn form(request: &Recorded) -> Vec<(String, String)> {
    let mut fields: Vec<_> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    fields.sort();
    fields
}

pub fn field(request: &Recorded, name: &str) -> Option<String> {
    form(request)
        .into_iter()
        .find_map(|(field, value)| (field == name).then_some(value))
}

pub fn fields(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn tokens(graph: &Recorder) -> Vec<String> {
    let requests = graph.requests();
    let token = |request: &Recorded| request.header("authorization").unwrap_or("none").to_owned();
    requests.iter().map(token).collect()
}

pub async fn me(graph: &Graph) -> msgraph::Result<()> {
    graph.request(Method::GET, "/me").await.map(drop)
}

#[track_caller]
pub fn sign_in_error(error: Error) -> SignInError {
    match error {
        Error::SignIn(error) => *error,
        error => panic!("a sign-in error was expected: {error:?}"),
    }
}

/// The assertion type that the platform expects:
/// <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The clouds, each with its Graph host and its identity platform host.
pub const CLOUDS: [(Cloud, &str, &str); 7] = [
    (
        Cloud::Global,
        "graph.microsoft.com",
        "login.microsoftonline.com",
    ),
    (
        Cloud::UsGovL4,
        "graph.microsoft.us",
        "login.microsoftonline.us",
    ),
    (
        Cloud::UsGovL5,
        "dod-graph.microsoft.us",
        "login.microsoftonline.us",
    ),
    (
        Cloud::China,
        "microsoftgraph.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    ),
    (
        Cloud::Bleu,
        "graph.svc.sovcloud.fr",
        "login.sovcloud-identity.fr",
    ),
    (
        Cloud::Delos,
        "graph.svc.sovcloud.de",
        "login.sovcloud-identity.de",
    ),
    (
        Cloud::GovSg,
        "graph.svc.sovcloud.sg",
        "login.sovcloud-identity.sg",
    ),
];

/// Returns a plain reqwest client builder with reqwest's own redirects.
///
/// These tests install no TLS provider for the process, so `rustls-ring` needs an explicit one.
pub fn own_client() -> reqwest::ClientBuilder {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls)
}
