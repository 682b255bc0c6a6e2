//! Assertions that the program supplies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use msgraph::auth::ClientAssertionCredential;
use msgraph::error::SignInReason;
use msgraph::{Error, Graph};
use msgraph_simulator::Simulator;
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde_json::{Value, json};

use super::{UNKNOWN, calls_as, client, der, now, refusal, refused};
use crate::support::simulator;

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
                "aud": endpoint, "iss": known.client_id, "sub": known.client_id, "nbf": now(),
                "exp": now() + 300,
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
async fn externally_signed_assertion_signs_in() {
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
async fn invalid_assertions_are_refused_with_reason() {
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
async fn assertion_is_valid_once() {
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
