//! Programs that sign in as themselves, from end to end, with a simulated identity platform and
//! simulated endpoints of machines.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::credentials::TokenCredential;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::StatusCode;
use msgraph::auth::{
    AzureCredential, Certificate, ChainedCredential, ClientAssertionCredential,
    ClientCertificateCredential, ClientSecretCredential, GraphCredential,
    ManagedIdentityCredential, ManagedIdentitySource, SigningInput, TokenProvider,
    WorkloadIdentityCredential,
};
use msgraph::error::{SignInError, SignInReason};
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::hazmat::PrehashSigner as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde_json::{Value, json};
use simulator::{ExpiresOn, Fault, RetryAfter, Simulator};
use tokio::time::Instant;

use crate::support::recorder::{Answer, Recorder};
use crate::support::simulator;

const IMDS: &str = "/metadata/identity/oauth2/token";
const APP_SERVICE: &str = "/msi/token";
const TOKEN: &str = "/*/oauth2/v2.0/token";

/// The client id of a user-assigned identity.
const CLIENT_ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OBJECT_ID: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const RESOURCE_ID: &str = "/subscriptions/1/resourcegroups/2/providers/Microsoft.ManagedIdentityCredential/userAssignedIdentities/mailer";
/// The client id of an identity that the machine does not have.
const UNKNOWN: &str = "cccccccc-0000-4000-8000-000000000003";

const SUBJECT: &str = "system:serviceaccount:contoso:mailer";

/// Returns the simulated cloud.
fn cloud(simulator: &Simulator) -> CustomCloud {
    let root = simulator.url().trim_end_matches("/v1.0");
    CustomCloud::new(root, simulator.login_url())
}

fn client(simulator: &Simulator, provider: impl TokenProvider) -> Graph {
    Graph::builder(provider)
        .cloud(cloud(simulator))
        .retry(RetryPolicy::none())
        .build()
        .expect("a client of this machine's own address")
}

async fn refused(graph: &Graph) -> SignInError {
    match graph.sign_in().await {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

/// Returns the parts of a refusal that programs use.
fn refusal(error: &SignInError) -> (Option<u16>, Option<&str>, &[u64], Option<SignInReason>) {
    let status = error.status().map(|status| status.as_u16());
    (status, error.error(), error.codes(), error.reason())
}

/// Calls Graph, checks that the token has this client id, and returns its expiration time.
async fn calls_as(graph: &Graph, client_id: &str) -> SystemTime {
    let users = graph.users().list().top(1).await.unwrap();
    assert_eq!(users.value.len(), 1);
    let scope = graph.cloud().scope();
    let token = GraphCredential::new(graph).get_token(&[scope], None).await;
    let token = token.unwrap();
    let claims = claims(token.token.secret());
    assert_eq!(
        (&claims["appid"], &claims["idtyp"]),
        (&json!(client_id), &json!("app"))
    );
    SystemTime::from(token.expires_on)
}

/// Returns the claims of a token (JWT).
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("a JWT");
    let part = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&part).expect("JSON")
}

/// Returns the client id of the machine's own identity.
fn own_id(simulator: &Simulator) -> String {
    let target = format!("{IMDS}?api-version=2018-02-01&resource=https://graph.microsoft.com");
    let request = http::Request::get(target).header("Metadata", "true");
    let answer = simulator.answer(request.body(Bytes::new()).unwrap());
    simulator.forget_requests();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    answer["client_id"].as_str().expect("an id").to_owned()
}

fn imds(simulator: &Simulator) -> ManagedIdentitySource {
    ManagedIdentitySource::imds_at(format!("{}{IMDS}", simulator.login_url()))
}

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
async fn the_machine_itself_calls_graph_on_every_platform() {
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
async fn app_service_says_in_any_form_when_a_token_ends() {
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
async fn a_user_assigned_identity_is_found_by_each_of_its_names() {
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
async fn an_identity_that_the_machine_does_not_have_is_refused_by_its_name() {
    let simulator = simulator().await;
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let new = ManagedIdentityCredential::new;
    let resource = RESOURCE_ID.replace("mailer", "nobody");
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
async fn a_header_of_another_machine_is_refused() {
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
async fn azure_arc_gets_no_key_from_outside_of_its_folder() {
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
async fn a_machine_of_another_cloud_has_no_token() {
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

#[tokio::test]
async fn simulator_issues_tokens_for_each_cloud() {
    let simulator = simulator().await;
    let known = simulator.credentials();
    for (named, ..) in crate::auth::CLOUDS {
        let cloud = cloud(&simulator).scope(named.scope());
        let secret =
            ClientSecretCredential::new(&*known.domain, &*known.client_id, &*known.client_secret);
        let graph = Graph::builder(secret).cloud(cloud).build().unwrap();
        let signed_in = graph.sign_in().await;
        assert!(signed_in.is_ok(), "{named:?}: {signed_in:?}");
    }
}

/// Serves the simulator on this runtime, because a paused clock advances while its runtime waits
/// for any other one.
async fn front(simulator: &Arc<Simulator>) -> Recorder {
    let simulator = Arc::clone(simulator);
    Recorder::new(move |request| {
        let mut builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(&request.target);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let body = Bytes::from(request.body.clone());
        let answer = simulator.answer(builder.body(body).expect("a request"));
        let mut given = Answer::status(answer.status().as_u16()).body(answer.body().to_vec());
        for (name, value) in answer.headers() {
            if name != http::header::CONTENT_LENGTH {
                given = given.header(name.as_str(), value.to_str().expect("text"));
            }
        }
        given
    })
    .await
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
async fn a_metadata_service_that_is_busy_or_being_updated_is_waited_for() {
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
async fn app_service_is_waited_for_but_not_for_an_identity_that_it_does_not_have() {
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
async fn a_token_that_graph_refuses_is_asked_for_again() {
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

/// The token of a workload, in a file.
struct Workload {
    file: tempfile::NamedTempFile,
}

impl Workload {
    fn new(token: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        let workload = Self { file };
        workload.replace(token);
        workload
    }

    fn replace(&self, token: &str) {
        std::fs::write(&self.file, format!("{token}\n")).unwrap();
    }

    fn client(&self, simulator: &Simulator) -> Graph {
        let known = simulator.credentials();
        let provider =
            WorkloadIdentityCredential::new(&*known.domain, &*known.client_id, self.file.path());
        client(simulator, provider)
    }
}

#[tokio::test]
async fn a_workload_signs_in_with_what_its_cluster_writes() {
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
async fn a_workload_that_nobody_trusts_is_refused_by_its_subject() {
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

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/certificates");
    std::fs::read_to_string(folder.join(name)).expect("a fixture")
}

/// Returns the DER content of a PEM file with one section.
fn der(name: &str) -> Vec<u8> {
    let text = fixture(name);
    let lines = text.lines().filter(|line| !line.starts_with("---"));
    BASE64_STANDARD
        .decode(lines.collect::<String>())
        .expect("base64")
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// An assertion as an application creates it, signed by other code than this crate's.
struct Assertion {
    header: Value,
    claims: Value,
    key: &'static str,
}

impl Assertion {
    fn new(simulator: &Simulator) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let known = simulator.credentials();
        let endpoint = format!(
            "{}/{}/oauth2/v2.0/token",
            simulator.login_url(),
            known.domain
        );
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(der("leaf.pem")));
        Self {
            header: json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": thumbprint }),
            claims: json!({
                "aud": endpoint, "iss": known.client_id, "sub": known.client_id, "nbf": now(), "exp": now() + 300,
                "jti": format!("assertion {}", COUNT.fetch_add(1, Ordering::Relaxed)),
            }),
            key: "leaf.key",
        }
    }

    fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    fn signed_by(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    fn signed(&self) -> String {
        let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let key = PrivateKey::from_pkcs8_der(&der(self.key)).expect("a key");
        let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(key);
        let signature = key.sign(text.as_bytes()).to_vec();
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Creates a client that authenticates with the assertions of this closure.
fn asserting(
    simulator: &Simulator,
    assertion: impl Fn() -> String + Send + Sync + 'static,
) -> Graph {
    let known = simulator.credentials();
    let made = move || {
        let assertion = assertion();
        async move { Ok::<_, std::io::Error>(assertion) }
    };
    client(
        simulator,
        ClientAssertionCredential::new(&*known.domain, &*known.client_id, made),
    )
}

#[tokio::test]
async fn an_assertion_that_is_signed_elsewhere_signs_in() {
    let simulator = Arc::new(simulator().await);
    simulator.trust_certificate(&der("leaf.pem"));
    let own = Arc::clone(&simulator);
    let graph = asserting(&simulator, move || Assertion::new(&own).signed());
    let application = &simulator.credentials().client_id;
    calls_as(&graph, application).await;
    // Each token has a new assertion.
    simulator.revoke_tokens();
    calls_as(&graph, application).await;
}

#[tokio::test]
async fn what_the_platform_does_not_believe_says_why() {
    use SignInReason::{AssertionOutOfTime, FederationMismatch, WrongAssertion};

    let simulator = simulator().await;
    simulator.trust_certificate(&der("leaf.pem"));
    let good = || Assertion::new(&simulator);
    let tenant = format!("{}/common/oauth2/v2.0/token", simulator.login_url());
    for (case, assertion, code, reason) in [
        (
            "audience",
            good().claim("aud", tenant),
            50_027,
            WrongAssertion,
        ),
        ("no id", good().claim("jti", ""), 50_027, WrongAssertion),
        (
            "algorithm",
            good().header("alg", "HS256"),
            50_027,
            WrongAssertion,
        ),
        (
            "subject",
            good().claim("sub", UNKNOWN),
            50_048,
            WrongAssertion,
        ),
        (
            "issuer",
            good().claim("iss", UNKNOWN).claim("sub", UNKNOWN),
            50_027,
            WrongAssertion,
        ),
        (
            "signature",
            good().signed_by("other.key"),
            50_012,
            WrongAssertion,
        ),
        (
            "certificate",
            good().header("x5t#S256", "AAAA"),
            700_027,
            WrongAssertion,
        ),
        (
            "expired",
            good().claim("exp", now() - 301),
            700_024,
            AssertionOutOfTime,
        ),
        (
            "too early",
            good().claim("nbf", now() + 310),
            700_024,
            AssertionOutOfTime,
        ),
        (
            "another issuer",
            good()
                .claim("iss", "https://token.example")
                .header("x5t#S256", Value::Null),
            700_211,
            FederationMismatch,
        ),
    ] {
        let assertion = assertion.signed();
        let error = refused(&asserting(&simulator, move || assertion.clone())).await;
        assert_eq!(
            refusal(&error),
            (Some(401), Some("invalid_client"), &[code][..], Some(reason)),
            "{case}: {error}"
        );
        assert!(!error.is_retryable() && !error.needs_user(), "{case}");
    }
}

#[tokio::test]
async fn an_assertion_that_is_kept_is_good_once() {
    let simulator = simulator().await;
    simulator.trust_certificate(&der("leaf.pem"));
    let kept = Assertion::new(&simulator).signed();
    let graph = asserting(&simulator, move || kept.clone());
    graph.sign_in().await.unwrap();
    simulator.revoke_tokens();
    let error = graph.users().list().await.unwrap_err();
    let Error::SignIn(error) = error else {
        panic!("a sign-in error was expected: {error}");
    };
    assert_eq!(error.codes(), [50_027]);
    assert!(
        error.to_string().contains("was presented before"),
        "{error}"
    );
}

fn certificate(name: &str) -> Certificate {
    let pem = ["pem", "key"].map(|kind| fixture(&format!("{name}.{kind}")));
    Certificate::from_pem(pem.concat()).unwrap()
}

fn certified(simulator: &Simulator, certificate: Certificate) -> Graph {
    let known = simulator.credentials();
    let provider = ClientCertificateCredential::new(&*known.domain, &*known.client_id, certificate);
    client(simulator, provider)
}

#[tokio::test]
async fn a_certificate_signs_in_by_both_algorithms() {
    let simulator = simulator().await;
    simulator.trust_certificate(&der("leaf.pem"));
    let application = &simulator.credentials().client_id;
    for certificate in [
        certificate("leaf"),
        certificate("leaf").rs256(),
        certificate("leaf").send_chain(),
    ] {
        let graph = certified(&simulator, certificate);
        calls_as(&graph, application).await;
        // Its assertions are valid once, and it creates new ones.
        simulator.revoke_tokens();
        calls_as(&graph, application).await;
    }
}

#[tokio::test]
async fn a_certificate_whose_key_signs_elsewhere_signs_in_by_both_algorithms() {
    let simulator = simulator().await;
    let application = &simulator.credentials().client_id;
    let in_the_vault = |input: SigningInput| async move {
        let key = PrivateKey::from_pkcs8_der(&der("leaf.key"))?;
        let digest = input.digest();
        let signature = match input.algorithm() {
            "PS256" => rsa::pss::SigningKey::<Sha256>::new(key)
                .sign_prehash(&digest)?
                .to_vec(),
            _ => rsa::pkcs1v15::SigningKey::<Sha256>::new(key)
                .sign_prehash(&digest)?
                .to_vec(),
        };
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(signature)
    };
    let certificate = Certificate::with_signer(der("leaf.pem"), in_the_vault).unwrap();
    let error = refused(&certified(&simulator, certificate.clone())).await;
    assert_eq!(error.codes(), [700_027]);
    simulator.trust_certificate(&der("leaf.pem"));
    for certificate in [certificate.clone(), certificate.rs256()] {
        calls_as(&certified(&simulator, certificate), application).await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_unknown_or_out_of_its_time_is_refused() {
    let simulator = simulator().await;
    simulator.trust_certificate(&der("leaf.pem"));
    let error = refused(&certified(&simulator, certificate("other"))).await;
    assert_eq!(
        refusal(&error),
        (
            Some(401),
            Some("invalid_client"),
            &[700_027][..],
            Some(SignInReason::WrongAssertion)
        )
    );

    // The clock of this machine is wrong.
    simulator.advance(Duration::from_secs(16 * 60));
    let error = refused(&certified(&simulator, certificate("leaf"))).await;
    assert_eq!(error.codes(), [700_024]);
    assert_eq!(error.reason(), Some(SignInReason::AssertionOutOfTime));

    simulator.advance(Duration::from_secs(200 * 366 * 24 * 3600));
    let error = refused(&certified(&simulator, certificate("leaf"))).await;
    assert_eq!(
        refusal(&error),
        (
            Some(401),
            Some("invalid_client"),
            &[7_000_222][..],
            Some(SignInReason::ExpiredSecret)
        )
    );
}

#[tokio::test]
async fn a_secret_signs_in_and_a_wrong_one_does_not() {
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
async fn a_platform_that_fails_is_asked_once_more() {
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

/// Creates `az`, as a script that prints a token.
#[cfg(unix)]
fn az(folder: &Path, token: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let program = folder.join("az");
    let printed = json!({ "accessToken": token, "expires_on": now() + 3599 });
    let script = format!("#!/bin/sh\ncat <<'EOF'\n{printed}\nEOF\n");
    // The script is written by a separate process, because a file that is open for writing here
    // cannot be run.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "printf '%s' \"$1\" > \"$2\"", "sh", &script]);
    assert!(shell.arg(&program).status().expect("a shell").success());
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&program, executable).expect("a file of one's own");
    program
}

#[cfg(unix)]
#[tokio::test]
async fn a_chain_goes_on_to_a_developers_tool_only_where_there_is_nothing_else() {
    let simulator = simulator().await;
    let own = own_id(&simulator);
    let folder = tempfile::tempdir().unwrap();
    let tool = || {
        msgraph::auth::AzureCliCredential::new().program(az(folder.path(), &simulator.app_token()))
    };
    let application = &simulator.credentials().client_id;
    let nobody = |_| async { Err(SignInError::unavailable("nothing is set").into()) };

    let machine = ManagedIdentityCredential::new().source(imds(&simulator));
    let chain = ChainedCredential::new()
        .or("environment", nobody)
        .or("managed identity", machine)
        .or("Azure CLI", tool());
    calls_as(&client(&simulator, chain), &own).await;

    let chain = ChainedCredential::new()
        .or("environment", nobody)
        .or("Azure CLI", tool());
    calls_as(&client(&simulator, chain), application).await;

    // If an explicitly named identity fails, the chain does not sign in as a developer.
    let machine = ManagedIdentityCredential::new().client_id(UNKNOWN);
    let chain = ChainedCredential::new()
        .or("managed identity", machine.source(imds(&simulator)))
        .or("Azure CLI", tool());
    let error = refused(&client(&simulator, chain)).await.to_string();
    assert!(
        error.ends_with(
            "(`managed identity` failed, and the chain does not continue after this error)"
        ),
        "{error}"
    );
}

/// The variable with the address of the simulator, for the other process.
const GRAPH: &str = "MSGRAPH_TEST_GRAPH";
const LOGIN: &str = "MSGRAPH_TEST_LOGIN";
/// The variable that selects the credential of the other process. Without it, the process uses a
/// chain.
const JOB: &str = "MSGRAPH_TEST_JOB";

#[tokio::test]
#[ignore = "it is the other process of a test"]
async fn other_process_signs_in() {
    let variable = |name| std::env::var(name).ok();
    let (Some(root), Some(login)) = (variable(GRAPH), variable(LOGIN)) else {
        return;
    };
    let ids = || {
        let id = |name| variable(name).unwrap_or_default();
        (id("AZURE_TENANT_ID"), id("AZURE_CLIENT_ID"))
    };
    let provider: Arc<dyn TokenProvider> = match variable(JOB).as_deref() {
        Some("GitHub Actions") => {
            let (tenant, client_id) = ids();
            Arc::new(WorkloadIdentityCredential::github_actions(
                tenant, client_id,
            ))
        }
        Some(service_connection) => {
            let (tenant, client_id) = ids();
            Arc::new(WorkloadIdentityCredential::azure_pipelines(
                tenant,
                client_id,
                service_connection,
            ))
        }
        None => Arc::new(ChainedCredential::on_azure()),
    };
    let graph = Graph::builder(provider)
        .cloud(CustomCloud::new(root, login))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match graph.sign_in().await {
        Ok(()) => {
            let scope = graph.cloud().scope();
            let token = GraphCredential::new(&graph);
            let token = token.get_token(&[scope], None).await.unwrap();
            println!("signed in: {}", claims(token.token.secret())["appid"]);
        }
        Err(error) => println!("error: {error}"),
    }
}

/// Runs a program that signs in with its own environment, and returns the line of its output that
/// says who signed in, or which error it got.
async fn in_environment(simulator: &Simulator, variables: &[(&str, &str)]) -> String {
    let root = simulator.url().trim_end_matches("/v1.0");
    let mut program = tokio::process::Command::new(std::env::current_exe().expect("this test"));
    program.env_clear().stdin(Stdio::null());
    // Windows needs this variable to have sockets.
    program.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    let Output { stdout, .. } = program
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("sign_in_machine::other_process_signs_in")
        .env(GRAPH, root)
        .env(LOGIN, simulator.login_url())
        .envs(variables.iter().copied())
        .output()
        .await
        .expect("another process");
    let said = String::from_utf8(stdout).expect("text");
    let line = said
        .lines()
        .find(|line| line.contains("signed in: ") || line.contains("error: "));
    line.unwrap_or_else(|| panic!("it says nothing: {said}"))
        .to_owned()
}

#[tokio::test]
async fn the_environment_of_a_process_says_who_signs_in() {
    let simulator = simulator().await;
    simulator.federate(SUBJECT);
    simulator.trust_certificate(&der("leaf.pem"));
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let known = simulator.credentials();
    let application = format!("signed in: \"{}\"", known.client_id);
    let authority = format!("{}/", simulator.login_url());
    let ids = [
        ("AZURE_TENANT_ID", known.domain.as_str()),
        ("AZURE_CLIENT_ID", &known.client_id),
        ("AZURE_AUTHORITY_HOST", &authority),
    ];
    let with = |more: (&'static str, &str)| {
        let mut variables = ids.map(|(name, value)| (name, value.to_owned())).to_vec();
        variables.push((more.0, more.1.to_owned()));
        variables
    };
    let workload = Workload::new(&simulator.federated_token(SUBJECT));
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("leaf.pem");
    std::fs::write(&pem, [fixture("leaf.pem"), fixture("leaf.key")].concat()).unwrap();
    for (name, value) in [
        ("AZURE_CLIENT_SECRET", known.client_secret.as_str()),
        ("AZURE_CLIENT_CERTIFICATE_PATH", pem.to_str().unwrap()),
        (
            "AZURE_FEDERATED_TOKEN_FILE",
            workload.file.path().to_str().unwrap(),
        ),
    ] {
        let variables = with((name, value));
        let variables: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let said = in_environment(&simulator, &variables).await;
        assert!(said.ends_with(&application), "{name}: {said}");
    }

    // On App Service, the id chooses the identity.
    let (endpoint, header) = (
        format!("{}{APP_SERVICE}", simulator.login_url()),
        simulator.identity_header(),
    );
    let variables = [
        ("AZURE_CLIENT_ID", CLIENT_ID),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", &header),
    ];
    let said = in_environment(&simulator, &variables).await;
    assert!(
        said.ends_with(&format!("signed in: \"{CLIENT_ID}\"")),
        "{said}"
    );

    // Settings of two different clouds are never combined.
    simulator.forget_requests();
    let [tenant, client, _] = ids;
    let elsewhere = [
        tenant,
        client,
        ("AZURE_CLIENT_SECRET", &known.client_secret),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", &header),
    ];
    let said = in_environment(&simulator, &elsewhere).await;
    let says = format!(
        "error: sign-in failed: the environment variable `AZURE_AUTHORITY_HOST` is \
         `https://login.microsoftonline.us/`, but the client's cloud uses `{}`: change the \
         variable or `GraphBuilder::cloud` (`environment` failed, and the chain does not continue \
         after this error)",
        simulator.login_url()
    );
    assert!(said.ends_with(&says), "{said}");
    assert_eq!(simulator.requests().len(), 0);
}

#[tokio::test]
async fn a_job_signs_in_with_what_its_environment_gives() {
    let simulator = simulator().await;
    let subject = "repo:contoso/mailer:ref:refs/heads/main";
    simulator.federate(subject);
    let token = simulator.federated_token(subject);
    let service = Recorder::new(move |request| match request.header("authorization") {
        Some("Bearer of-the-job") => Answer::json(json!({ "value": token, "oidcToken": token })),
        _ => Answer::status(401),
    })
    .await;
    let known = simulator.credentials();
    let application = format!("signed in: \"{}\"", known.client_id);
    for (job, variables, target) in [
        (
            "GitHub Actions",
            [
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            ],
            "/?audience=api%3A%2F%2FAzureADTokenExchange",
        ),
        (
            "33333333-3333-3333-3333-333333333333",
            ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"],
            "/?api-version=7.1&serviceConnectionId=33333333-3333-3333-3333-333333333333",
        ),
    ] {
        service.clear();
        let [url, token] = variables;
        let ids = [
            (JOB, job),
            ("AZURE_TENANT_ID", &known.domain),
            ("AZURE_CLIENT_ID", &known.client_id),
        ];
        let said = in_environment(&simulator, &ids).await;
        let missing = format!("error: sign-in failed: the environment variable `{url}` is not set");
        assert!(said.contains(&missing), "{said}");

        let with_job = [
            ids.as_slice(),
            &[(url, service.url()), (token, "of-the-job")],
        ]
        .concat();
        let said = in_environment(&simulator, &with_job).await;
        assert!(said.ends_with(&application), "{job}: {said}");
        assert_eq!(service.targets(), [target]);
    }
}

#[tokio::test]
async fn a_client_is_a_credential_of_the_sdk_and_the_credential_signs_another_client_in() {
    let simulator = simulator().await;
    let known = simulator.credentials();
    let secret =
        ClientSecretCredential::new(&*known.domain, &*known.client_id, &*known.client_secret);
    let first = client(&simulator, secret);
    let credential: Arc<dyn TokenCredential> = Arc::new(GraphCredential::new(&first));
    let second = client(&simulator, AzureCredential::new(credential));
    let end = calls_as(&second, &known.client_id).await;
    let of_first = calls_as(&first, &known.client_id).await;
    let apart = end.max(of_first).duration_since(end.min(of_first));
    assert!(apart.unwrap() < Duration::from_secs(2));
    let requests = simulator.requests();
    let sign_ins = requests.iter().filter(|request| request.is_sign_in());
    assert_eq!(sign_ins.count(), 1);

    // The error of one credential is the cause of the other's error.
    let wrong = ClientSecretCredential::new(&*known.domain, &*known.client_id, "wrong");
    let wrong: Arc<dyn TokenCredential> =
        Arc::new(GraphCredential::new(&client(&simulator, wrong)));
    let error = refused(&client(&simulator, AzureCredential::new(wrong))).await;
    let says = "sign-in failed: the Azure SDK credential failed";
    assert!(error.to_string().starts_with(says), "{error}");
    assert!(error.to_string().contains("AADSTS7000215"), "{error}");
}
