//! Programs that sign in as themselves, from end to end, with a simulated identity platform and
//! simulated endpoints of machines.

mod assertion;
mod azure_sdk;
mod certificate;
mod client_secret;
mod environment;
mod managed_identity;
mod workload;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use azure_core::credentials::TokenCredential;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use msgraph::auth::{
    GraphCredential, ManagedIdentitySource, TokenProvider, WorkloadIdentityCredential,
};
use msgraph::error::{SignInError, SignInReason};
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use msgraph_simulator::Simulator;
use serde_json::{Value, json};

use crate::support::recorder::{Answer, Recorder};

const APP_SERVICE: &str = "/msi/token";

const IMDS: &str = "/metadata/identity/oauth2/token";

/// The client id of a user-assigned identity.
const CLIENT_ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OBJECT_ID: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const RESOURCE_ID: &str = "/subscriptions/1/resourcegroups/2/providers/\
    Microsoft.ManagedIdentity/userAssignedIdentities/mailer";

/// The client id of an identity that the machine does not have.
const UNKNOWN: &str = "cccccccc-0000-4000-8000-000000000003";
const SUBJECT: &str = "system:serviceaccount:contoso:mailer";

/// Returns the simulated cloud.
fn cloud(simulator: &Simulator) -> CustomCloud {
    simulator.cloud()
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

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/certificates");
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
