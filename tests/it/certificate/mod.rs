//! Sign-in with a certificate: the signed assertions, and the formats that are read.

mod assertion;
mod files;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use msgraph::auth::{Certificate, ClientCertificateCredential};
use msgraph::{CustomCloud, Graph, Result};
use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;
use serde_json::{Value, json};

use crate::support::recorder::{Answer, Recorder};

const PASSWORD: &str = "correct horse";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/certificates")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture")
}

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).expect("a fixture in PEM")
}

/// Joins files one after another, as `cat` does.
fn pem(names: &[&str]) -> String {
    names.iter().map(|name| text(name)).collect()
}

/// Returns the base64 text of a PEM file with one section.
fn base64_of(name: &str) -> String {
    let text = text(name);
    text.lines()
        .filter(|line| !line.starts_with("--"))
        .collect()
}

/// Returns a thumbprint of the leaf as OpenSSL prints it.
fn thumbprint(hash: &str) -> String {
    let text = text("leaf.thumbprints");
    let line = text.lines().find(|line| line.starts_with(hash));
    let (_, hex) = line.and_then(|line| line.split_once('=')).expect("both");
    hex.replace(':', "")
}

/// Returns a thumbprint in the form of an assertion.
fn base64url_thumbprint(hash: &str) -> String {
    let hex = thumbprint(hash);
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn leaf() -> Certificate {
    Certificate::from_pem(pem(&["leaf.pem", "leaf.key"])).unwrap()
}

/// Starts a platform that accepts every signed assertion.
async fn platform() -> Recorder {
    Recorder::always(Answer::json(
        json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" }),
    ))
    .await
}

/// Signs in, and returns the form that the platform received.
async fn sign_in(certificate: Certificate, login: &Recorder) -> Result<Vec<(String, String)>> {
    let provider = ClientCertificateCredential::new("contoso.com", "client", certificate);
    Graph::builder(provider)
        .cloud(CustomCloud::new("http://127.0.0.1:1", login.url()))
        .build()?
        .sign_in()
        .await?;
    let request = login.requests().pop().expect("a request");
    assert_eq!(request.target, "/contoso.com/oauth2/v2.0/token");
    let mut form: Vec<_> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    form.sort();
    Ok(form)
}

struct Assertion {
    header: Value,
    claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Assertion {
    #[track_caller]
    fn read(text: &str) -> Self {
        let (signed, signature) = text.rsplit_once('.').expect("three parts");
        let (header, claims) = signed.split_once('.').expect("three parts");
        // The decoder is strict: a padded part fails.
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url");
        Self {
            header: serde_json::from_slice(&decode(header)).expect("JSON"),
            claims: serde_json::from_slice(&decode(claims)).expect("JSON"),
            signed: signed.to_owned(),
            signature: decode(signature),
        }
    }

    async fn of(certificate: Certificate) -> Self {
        let form = sign_in(certificate, &platform().await).await.unwrap();
        let assertion = form.iter().find(|(name, _)| name == "client_assertion");
        Self::read(&assertion.expect("an assertion").1)
    }

    /// Verifies the signature with other code than the code that signed.
    fn is_of_leaf(&self) -> bool {
        let key = BASE64_STANDARD.decode(base64_of("leaf.pub")).unwrap();
        let key = PublicKey::from_public_key_der(&key).unwrap();
        let signed = self.signed.as_bytes();
        let signature = self.signature.as_slice();
        match self.header["alg"].as_str() {
            Some("PS256") => rsa::pss::VerifyingKey::<Sha256>::new(key)
                .verify(signed, &signature.try_into().unwrap())
                .is_ok(),
            Some("RS256") => rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key)
                .verify(signed, &signature.try_into().unwrap())
                .is_ok(),
            other => panic!("no algorithm of RSA: {other:?}"),
        }
    }
}

#[track_caller]
fn fault(outcome: Result<Certificate>) -> String {
    outcome.unwrap_err().to_string()
}
