//! The identity of the machine: the requests to each platform's endpoint, and its possible
//! responses.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource, TokenCache, TokenProvider};
use msgraph::error::SignInError;
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use crate::support::recorder::{Answer, Recorded, Recorder};

/// The root of Graph, encoded as in a form.
const RESOURCE: &str = "resource=https%3A%2F%2Fgraph.microsoft.com";
const HUSH: &str = "hush-hush";

/// Creates a client whose Graph is a recorder, and whose scope is that of the global cloud.
fn client(provider: impl TokenProvider, graph: &str) -> Graph {
    let cloud =
        CustomCloud::new(graph, "http://127.0.0.1:1").scope("https://graph.microsoft.com/.default");
    Graph::builder(provider)
        .cloud(cloud)
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

/// Signs in from a source.
async fn sign_in(
    identity: ManagedIdentityCredential,
    source: ManagedIdentitySource,
) -> msgraph::Result<()> {
    client(identity.source(source), "http://127.0.0.1:1")
        .sign_in()
        .await
}

#[track_caller]
fn sign_in_error(result: msgraph::Result<()>) -> SignInError {
    match result {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

fn token() -> Answer {
    Answer::json(json!({
        "access_token": "token",
        "client_id": "client",
        "expires_in": "3599",
        "expires_on": "4102444800",
        "ext_expires_in": "3599",
        "not_before": "1506480273",
        "refresh_token": "",
        "resource": "https://graph.microsoft.com/",
        "token_type": "Bearer",
    }))
}

fn imds(recorder: &Recorder) -> ManagedIdentitySource {
    ManagedIdentitySource::imds_at(format!("{}/metadata/identity/oauth2/token", recorder.url()))
}

fn app_service(recorder: &Recorder) -> ManagedIdentitySource {
    ManagedIdentitySource::app_service(format!("{}/msi/token", recorder.url()), HUSH)
}

/// Returns the relevant headers, among those that any source uses.
fn headers(request: &Recorded) -> Vec<(String, String)> {
    let telling = [
        "metadata",
        "x-identity-header",
        "secret",
        "authorization",
        "content-type",
    ];
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| telling.contains(&name.as_str()))
        .collect();
    headers.sort();
    headers
}

#[tokio::test]
async fn each_platform_is_asked_as_it_documents() {
    let recorder = Recorder::always(token()).await;
    let at = |path: &str| format!("{}{path}", recorder.url());
    let metadata = &[("metadata", "true")][..];
    let imds_version = "api-version=2018-02-01";
    let of_imds = "/metadata/identity/oauth2/token";
    let new = ManagedIdentityCredential::new;
    let resource_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentityCredential/userAssignedIdentities/i";
    let resource_id_encoded = "%2Fsubscriptions%2Fs%2FresourceGroups%2Fg%2Fproviders%2FMicrosoft.ManagedIdentityCredential%2FuserAssignedIdentities%2Fi";
    for (source, identity, target, sent) in [
        (
            imds(&recorder),
            new(),
            format!("{of_imds}?{imds_version}&{RESOURCE}"),
            metadata,
        ),
        (
            imds(&recorder),
            new().client_id("a b"),
            format!("{of_imds}?{imds_version}&{RESOURCE}&client_id=a+b"),
            metadata,
        ),
        (
            imds(&recorder),
            new().client_id("c").object_id("o"),
            format!("{of_imds}?{imds_version}&{RESOURCE}&object_id=o"),
            metadata,
        ),
        (
            imds(&recorder),
            new().resource_id(resource_id),
            format!("{of_imds}?{imds_version}&{RESOURCE}&msi_res_id={resource_id_encoded}"),
            metadata,
        ),
        (
            app_service(&recorder),
            new(),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().client_id("c"),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&client_id=c"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().object_id("o"),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&object_id=o"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().resource_id(resource_id),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&mi_res_id={resource_id_encoded}"),
            &[("x-identity-header", HUSH)],
        ),
        (
            ManagedIdentitySource::azure_arc(at("/metadata/identity/oauth2/token")),
            new(),
            format!("{of_imds}?api-version=2020-06-01&{RESOURCE}"),
            metadata,
        ),
        (
            ManagedIdentitySource::azure_ml(at("/MSI/auth"), HUSH),
            new(),
            format!("/MSI/auth?api-version=2017-09-01&{RESOURCE}"),
            &[("secret", HUSH)],
        ),
        (
            ManagedIdentitySource::azure_ml(at("/MSI/auth"), HUSH),
            new().client_id("c"),
            format!("/MSI/auth?api-version=2017-09-01&{RESOURCE}&clientid=c"),
            &[("secret", HUSH)],
        ),
    ] {
        recorder.clear();
        sign_in(identity, source).await.unwrap();
        let request = recorder.only();
        assert_eq!(request.method, "GET");
        assert_eq!(request.target, target);
        let sent: Vec<_> = sent
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(headers(&request), sent, "{target}");
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn cloud_shell_is_asked_by_a_form() {
    let recorder = Recorder::always(token()).await;
    let source = ManagedIdentitySource::cloud_shell(format!("{}/oauth2/token", recorder.url()));
    sign_in(ManagedIdentityCredential::new(), source)
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/oauth2/token")
    );
    assert_eq!(request.body, RESOURCE.as_bytes());
    let expected = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("metadata", "true"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers(&request), expected);
}

#[tokio::test]
async fn the_token_is_kept_and_goes_to_graph() {
    let recorder = Recorder::always(token()).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        ManagedIdentityCredential::new().source(app_service(&recorder)),
        graph.url(),
    );
    for _ in 0..2 {
        client.request(Method::GET, "/me").await.unwrap();
    }
    recorder.only();
    for request in graph.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer token"));
        assert_eq!(request.header("x-identity-header"), None);
    }
}

#[tokio::test]
async fn clients_with_one_cache_share_the_tokens_of_an_identity() {
    let recorder = Recorder::always(token()).await;
    let cache = TokenCache::default();
    let sign_in = async |identity: ManagedIdentityCredential| {
        let client = Graph::builder(identity.source(app_service(&recorder)))
            .token_cache(cache.clone())
            .build()
            .unwrap();
        client.sign_in().await.unwrap();
    };
    for _ in 0..2 {
        sign_in(ManagedIdentityCredential::new()).await;
        sign_in(ManagedIdentityCredential::new().client_id("c")).await;
    }
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn a_resource_is_of_the_clients_cloud() {
    let recorder = Recorder::always(token()).await;
    let client = Graph::builder(ManagedIdentityCredential::new().source(imds(&recorder)))
        .cloud(msgraph::Cloud::China)
        .build()
        .unwrap();
    client.sign_in().await.unwrap();
    let resource = ("resource", "https%3A%2F%2Fmicrosoftgraph.chinacloudapi.cn");
    assert_eq!(recorder.only().query()[1], resource);
}

#[tokio::test]
async fn an_identity_that_a_platform_does_not_know_is_an_error_before_anything_is_sent() {
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
async fn what_an_endpoint_refuses_is_said_with_what_to_do() {
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
        Answer::json(
            json!({ "statusCode": 400, "message": "No User Assigned Managed Identity \
                                                            found.", "correlationId": "c-1" }),
        )
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
async fn a_success_without_a_token_is_an_error_that_does_not_show_it() {
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

/// Returns the time that a sign-in took, after these responses and then a token.
async fn waited(
    answers: impl IntoIterator<Item = Answer>,
    source: fn(&Recorder) -> ManagedIdentitySource,
) -> (msgraph::Result<()>, u64, usize) {
    let recorder = Recorder::in_turn(answers.into_iter().chain([token()])).await;
    let start = Instant::now();
    let result = sign_in(ManagedIdentityCredential::new(), source(&recorder)).await;
    (result, start.elapsed().as_secs(), recorder.requests().len())
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    for status in [404, 408, 429, 500, 503, 504, 505] {
        for (failures, seconds) in [(1, 1), (2, 3), (3, 7)] {
            let answers = vec![Answer::status(status); failures];
            let (result, waited, requests) = waited(answers, imds).await;
            result.unwrap();
            assert_eq!((waited, requests), (seconds, failures + 1), "{status}");
        }
        let (result, waited, requests) = waited(vec![Answer::status(status); 4], imds).await;
        let error = sign_in_error(result);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!((waited, requests), (7, 4), "{status}");
    }
    // An update takes up to 70 seconds, and other faults may come in between.
    let (result, waited_for, requests) = waited(vec![Answer::status(410); 7], imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (70, 8));
    let (result, waited_for, requests) = waited(vec![Answer::status(410); 8], imds).await;
    assert_eq!(sign_in_error(result).status().unwrap(), 410);
    assert_eq!((waited_for, requests), (70, 8));
    let mixed = [503, 410, 503, 410].map(Answer::status);
    let (result, waited_for, requests) = waited(mixed, imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (1 + 10 + 2 + 10, 5));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_not_tried_again() {
    for status in [302, 400, 401, 403] {
        let (result, waited, requests) = waited([Answer::status(status)], imds).await;
        sign_in_error(result);
        assert_eq!((waited, requests), (0, 1), "{status}");
    }
    // On App Service, this status says that the identity does not exist, not that it will come.
    let (result, waited, requests) = waited([Answer::status(404)], app_service).await;
    sign_in_error(result);
    assert_eq!((waited, requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_least() {
    let after = |seconds: &str| Answer::status(429).header("Retry-After", seconds);
    let (result, waited_for, requests) = waited([after("5"), after("0")], imds).await;
    result.unwrap();
    assert_eq!((waited_for, requests), (5 + 2, 3));
    // Longer waits are left to the calls, which wait for them.
    let (result, waited_for, requests) = waited([after("11")], imds).await;
    let error = sign_in_error(result);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(11)));
    assert!(error.is_retryable());
    assert_eq!((waited_for, requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_that_is_not_there_fails_at_once_and_others_are_waited_for() {
    let nobody = "http://127.0.0.1:1/token";
    let start = Instant::now();
    let error = sign_in_error(
        sign_in(
            ManagedIdentityCredential::new(),
            ManagedIdentitySource::imds_at(nobody),
        )
        .await,
    );
    assert!(
        error
            .to_string()
            .starts_with("sign-in failed: cannot connect: "),
        "{error}"
    );
    assert!(!error.is_unavailable());
    assert_eq!(start.elapsed().as_secs(), 0);
    let source = ManagedIdentitySource::app_service(nobody, HUSH);
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await);
    assert!(
        error
            .to_string()
            .starts_with("sign-in failed: cannot connect: "),
        "{error}"
    );
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_tried_again_and_a_time_that_is_over_is_not() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let source = ManagedIdentitySource::app_service(&url, HUSH);
    let start = Instant::now();
    let signed_in = tokio::spawn(sign_in(ManagedIdentityCredential::new(), source.clone()));
    drop(listener.accept().await.unwrap());
    let (mut stream, _) = listener.accept().await.unwrap();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"t\"}";
    tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
        .await
        .unwrap();
    signed_in.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 1);

    // The endpoint does not respond.
    let start = Instant::now();
    let client = Graph::builder(ManagedIdentityCredential::new().source(source))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let error = sign_in_error(client.sign_in().await);
    assert_eq!(
        error.to_string(),
        "sign-in failed: timed out waiting for the response"
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn neither_a_proxy_nor_a_redirect_gets_the_request() {
    let elsewhere = Recorder::always(token()).await;
    let recorder = Recorder::always(token()).await;
    let proxy = reqwest::Proxy::all(elsewhere.url()).unwrap();
    let client = Graph::builder(ManagedIdentityCredential::new().source(app_service(&recorder)))
        .configure_http(|http| http.proxy(proxy))
        .build()
        .unwrap();
    client.sign_in().await.unwrap();
    recorder.only();
    for status in [301, 302, 307, 308] {
        let recorder =
            Recorder::always(Answer::status(status).header("Location", elsewhere.url())).await;
        let error =
            sign_in_error(sign_in(ManagedIdentityCredential::new(), app_service(&recorder)).await);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        recorder.only();
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn azure_arc_gets_no_file_that_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("1.key");
    std::fs::write(&file, HUSH).unwrap();
    let challenge = format!("Basic realm={}", file.display());
    let recorder =
        Recorder::always(Answer::status(401).header("WWW-Authenticate", &challenge)).await;
    let source = ManagedIdentitySource::azure_arc(recorder.url());
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
    let named = format!(
        "sign-in failed: cannot use the key file `{}` that Azure Arc named: it is not in the \
         folder `",
        file.display()
    );
    assert!(error.starts_with(&named), "{error}");
    assert!(!error.contains(HUSH), "{error}");
    recorder.only();
}

#[tokio::test]
async fn a_thousand_calls_at_once_ask_once() {
    let recorder = Recorder::always(token()).await;
    let client = client(
        ManagedIdentityCredential::new().source(imds(&recorder)),
        "http://127.0.0.1:1",
    );
    let calls = (0..1000).map(|_| client.sign_in());
    for call in futures_util::future::join_all(calls).await {
        call.unwrap();
    }
    recorder.only();
}

#[test]
fn no_secret_is_printed() {
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

/// The endpoint of Service Fabric: TLS with a self-signed certificate.
#[cfg(feature = "rustls-ring")]
mod service_fabric {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;

    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::sign::SingleCertAndKey;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use sha1::{Digest as _, Sha1};

    use super::*;

    struct Server {
        url: String,
        thumbprint: String,
        /// The heads of the requests that came through TLS.
        heads: Arc<Mutex<Vec<String>>>,
    }

    fn certified() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    fn server() -> Server {
        let certified = certified();
        server_with(&certified, &certified.signing_key)
    }

    /// Starts a server that presents a certificate, and signs with a key that may not belong to it.
    fn server_with(certified: &CertifiedKey<KeyPair>, key: &KeyPair) -> Server {
        let certificate = certified.cert.der().clone();
        let thumbprint = Sha1::digest(&certificate);
        let thumbprint = thumbprint
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let key = ring::sign::any_supported_type(&key).unwrap();
        let shown = rustls::sign::CertifiedKey::new(vec![certificate], key);
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        let tls = Arc::new(tls);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn({
            let heads = Arc::clone(&heads);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    // Some tests expect the client to break off the handshake.
                    let _ = serve(stream, &tls, &heads);
                }
            }
        });
        Server {
            url,
            thumbprint,
            heads,
        }
    }

    fn serve(
        stream: TcpStream,
        tls: &Arc<ServerConfig>,
        heads: &Mutex<Vec<String>>,
    ) -> std::io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        heads
            .lock()
            .unwrap()
            .push(String::from_utf8_lossy(&head).into_owned());
        let body = r#"{"token_type":"Bearer","access_token":"token","expires_on":4102444800}"#;
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    #[tokio::test]
    async fn the_server_with_the_thumbprint_gets_the_secret() {
        let server = server();
        let source = ManagedIdentitySource::service_fabric(
            format!("{}/metadata/identity/oauth2/token", server.url),
            HUSH,
            &server.thumbprint,
        );
        sign_in(ManagedIdentityCredential::new(), source)
            .await
            .unwrap();
        let heads = server.heads.lock().unwrap();
        let [head] = heads.as_slice() else {
            panic!("one request was expected: {heads:?}");
        };
        let target = format!(
            "GET /metadata/identity/oauth2/token?api-version=2019-07-01-preview&{RESOURCE} \
             HTTP/1.1\r\n"
        );
        assert!(head.starts_with(&target), "{head}");
        assert!(
            head.to_lowercase()
                .contains(&format!("\r\nsecret: {HUSH}\r\n")),
            "{head}"
        );
    }

    #[tokio::test]
    async fn a_server_with_another_thumbprint_gets_nothing() {
        let server = server();
        let other = self::server();
        let source = ManagedIdentitySource::service_fabric(&server.url, HUSH, &other.thumbprint);
        let error =
            sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
        assert!(
            error.contains("certificate does not match the thumbprint in the environment"),
            "{error}"
        );
        assert!(!error.contains(HUSH), "{error}");
        assert_eq!(server.heads.lock().unwrap().len(), 0);
    }
    /// Checks that the certificate alone is not enough, because it is not a secret: every client
    /// that connected to the server has it.
    #[tokio::test]
    async fn a_server_that_has_the_certificate_but_not_its_key_gets_nothing() {
        let server = server_with(&certified(), &certified().signing_key);
        let source = ManagedIdentitySource::service_fabric(&server.url, HUSH, &server.thumbprint);
        let error =
            sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
        assert!(error.contains("BadSignature"), "{error}");
        assert_eq!(server.heads.lock().unwrap().len(), 0);
    }
}
