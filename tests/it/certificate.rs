//! Sign-in with a certificate: the signed assertions, and the formats that are read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use msgraph::auth::{Certificate, ClientCertificateCredential, SigningInput};
use msgraph::{CustomCloud, Graph, Result};
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::hazmat::PrehashSigner as _;
use rsa::signature::{SignatureEncoding as _, Verifier as _};
use rsa::{PrivateKey, PublicKey};
use serde_json::{Value, json};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::support::recorder::{Answer, Recorder};

const PASSWORD: &str = "correct horse";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/certificates")
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

#[tokio::test]
async fn a_certificate_signs_what_the_platform_documents() {
    let login = platform().await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let form = sign_in(leaf(), &login).await.unwrap();
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();

    let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "claims",
            "client_assertion",
            "client_assertion_type",
            "client_id",
            "grant_type",
            "scope"
        ]
    );
    assert_eq!(
        form[2].1,
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(
        (form[3].1.as_str(), form[4].1.as_str()),
        ("client", "client_credentials")
    );

    let assertion = Assertion::read(&form[1].1);
    let thumbprint = base64url_thumbprint("sha256");
    assert_eq!(
        assertion.header,
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint })
    );
    let claims = &assertion.claims;
    let now = claims["nbf"].as_u64().unwrap();
    assert!((before.as_secs()..=after.as_secs()).contains(&now));
    let id = claims["jti"].as_str().unwrap();
    assert_eq!(
        uuid::Uuid::parse_str(id).unwrap().get_version_num(),
        4,
        "{id}"
    );
    assert_eq!(
        *claims,
        json!({
            "aud": format!("{}/contoso.com/oauth2/v2.0/token", login.url()),
            "iss": "client",
            "sub": "client",
            "jti": id,
            "nbf": now,
            "iat": now,
            "exp": now + 600,
        })
    );
    assert!(assertion.is_of_leaf());
    let mut other = assertion;
    other.signed.push('x');
    assert!(!other.is_of_leaf());
}

#[tokio::test]
async fn each_token_has_an_assertion_of_its_own() {
    let certificate = leaf();
    let first = Assertion::of(certificate.clone()).await;
    let second = Assertion::of(certificate).await;
    assert_ne!(first.claims["jti"], second.claims["jti"]);
    assert!(second.is_of_leaf());
}

#[tokio::test]
async fn the_older_form_has_the_older_thumbprint() {
    let assertion = Assertion::of(leaf().rs256()).await;
    let thumbprint = base64url_thumbprint("sha1");
    assert_eq!(
        assertion.header,
        json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint })
    );
    assert!(assertion.is_of_leaf());
}

#[tokio::test]
async fn the_chain_begins_with_the_certificate_that_the_key_is_of() {
    let chain = json!([base64_of("leaf.pem"), base64_of("authority.pem")]);
    for certificate in [
        Certificate::from_pem(pem(&["authority.pem", "leaf.key", "leaf.pem"])),
        Certificate::from_pfx(bytes("leaf.pfx"), PASSWORD),
        Certificate::from_pfx(bytes("leaf.old.pfx"), PASSWORD),
    ] {
        let certificate = certificate.unwrap();
        let assertion = Assertion::of(certificate.clone()).await;
        assert_eq!(assertion.header.get("x5c"), None);
        let assertion = Assertion::of(certificate.send_chain()).await;
        assert_eq!(assertion.header["x5c"], chain);
        assert!(assertion.is_of_leaf());
    }
}

/// Signs like a vault that has the leaf's key and receives digests.
async fn sign_in_the_vault(input: SigningInput) -> std::io::Result<Vec<u8>> {
    let digest = input.digest();
    assert_eq!(digest, <[u8; 32]>::from(Sha256::digest(input.as_bytes())));
    let key = BASE64_STANDARD.decode(base64_of("leaf.key")).unwrap();
    let key = PrivateKey::from_pkcs8_der(&key).unwrap();
    Ok(match input.algorithm() {
        "PS256" => {
            let key = rsa::pss::SigningKey::<Sha256>::new(key);
            key.sign_prehash(&digest).unwrap().to_vec()
        }
        "RS256" => {
            let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(key);
            key.sign_prehash(&digest).unwrap().to_vec()
        }
        other => panic!("no algorithm of RSA: {other}"),
    })
}

#[tokio::test]
async fn a_key_may_sign_elsewhere() {
    let der = BASE64_STANDARD.decode(base64_of("leaf.pem")).unwrap();
    let certificate = Certificate::with_signer(der, sign_in_the_vault).unwrap();
    assert_eq!(
        format!("{certificate:?}"),
        format!(
            "Certificate {{ thumbprint: \"{}\", algorithm: Ps256, sends_chain: false, .. }}",
            thumbprint("sha1")
        )
    );
    let login = platform().await;
    let form = sign_in(certificate.clone(), &login).await.unwrap();
    let assertion = Assertion::read(&form[1].1);
    assert_eq!(
        assertion.header,
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": base64url_thumbprint("sha256") })
    );
    let endpoint = format!("{}/contoso.com/oauth2/v2.0/token", login.url());
    let claims = &assertion.claims;
    assert_eq!(
        (&claims["aud"], &claims["iss"], &claims["sub"]),
        (&json!(endpoint), &json!("client"), &json!("client"))
    );
    assert!(assertion.is_of_leaf());
    // Each token has an id of its own.
    let second = Assertion::of(certificate.clone()).await;
    assert_ne!(second.claims["jti"], assertion.claims["jti"]);

    let older = Assertion::of(certificate.rs256()).await;
    assert_eq!(
        older.header,
        json!({ "alg": "RS256", "typ": "JWT", "x5t": base64url_thumbprint("sha1") })
    );
    assert!(older.is_of_leaf());

    let pem = pem(&["leaf.pem", "authority.pem"]);
    let certificate = Certificate::with_signer(pem, sign_in_the_vault).unwrap();
    let assertion = Assertion::of(certificate.send_chain()).await;
    let chain = json!([base64_of("leaf.pem"), base64_of("authority.pem")]);
    assert_eq!(assertion.header["x5c"], chain);
    assert!(assertion.is_of_leaf());
}

#[tokio::test]
async fn what_cannot_sign_elsewhere_is_said() {
    let unusable = "sign-in failed: cannot use the certificate: ";
    for (certificate, said) in [
        (Vec::new(), "it contains a damaged certificate"),
        (b"certificate".to_vec(), "it contains a damaged certificate"),
        (bytes("leaf.key"), "it contains no certificate"),
        (
            bytes("elliptic.pem"),
            "the private key is not RSA, which the identity platform requires",
        ),
    ] {
        let error = fault(Certificate::with_signer(certificate, sign_in_the_vault));
        assert_eq!(error, format!("{unusable}{said}"));
    }

    let login = platform().await;
    let closed = |_| async { Err::<Vec<u8>, _>(std::io::Error::other("the vault is closed")) };
    let certificate = Certificate::with_signer(bytes("leaf.pem"), closed).unwrap();
    let error = sign_in(certificate, &login).await.unwrap_err().to_string();
    let said = "the certificate's signer failed: the vault is closed";
    assert_eq!(error, format!("{unusable}{said}"));

    let silent = |_| async { Ok::<_, std::io::Error>(Vec::new()) };
    let certificate = Certificate::with_signer(bytes("leaf.pem"), silent).unwrap();
    let error = sign_in(certificate, &login).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{unusable}the certificate's signer returned an empty signature")
    );
    assert_eq!(login.requests().len(), 0);
}

#[tokio::test]
async fn keys_come_in_every_usual_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.pem");
    std::fs::write(&file, pem(&["leaf.encrypted.key", "leaf.pem"])).unwrap();
    for certificate in [
        Certificate::from_pem(pem(&["leaf.pkcs1.key", "leaf.pem"])),
        Certificate::from_pem(format!(
            "Bag Attributes\r\n{}",
            pem(&["leaf.pem", "leaf.key"]).replace('\n', "\r\n")
        )),
        Certificate::from_pem(pem(&["other.key", "leaf.key", "leaf.pem"])),
        Certificate::from_pem_with_password(pem(&["leaf.encrypted.key", "leaf.pem"]), PASSWORD),
        Certificate::from_file_with_password(&file, PASSWORD),
        Certificate::from_file_with_password(fixture("leaf.pfx"), PASSWORD),
        Certificate::from_pfx(bytes("leaf.open.pfx"), ""),
        Certificate::from_file(fixture("leaf.open.pfx")),
    ] {
        let assertion = Assertion::of(certificate.unwrap()).await;
        assert_eq!(
            assertion.header["x5t#S256"],
            json!(base64url_thumbprint("sha256"))
        );
        assert!(assertion.is_of_leaf());
    }
}

#[test]
fn a_certificate_of_version_1_is_left_to_the_platform() {
    Certificate::from_pem(pem(&["version1.pem", "version1.key"])).unwrap();
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let damaged = |name: &str| {
        let section = text(name);
        let (begin, rest) = section.split_once('\n').unwrap();
        let (_, end) = rest.trim_end().rsplit_once('\n').unwrap();
        format!("{begin}\nAAAA\n{end}\n")
    };
    let old_form = "the private key is encrypted in an unsupported format: convert it to PKCS #8 \
                    with `openssl pkcs8 -topk8`";
    let no_password = "the private key is encrypted: pass its password to `from_pem_with_password` \
                       or `from_file_with_password` (feature `pfx` of msgraph)";
    let bad_key = "cannot read the private key: it must be an RSA key of 2048 to 4096 bits";
    for (pem, said) in [
        (String::new(), "it contains no certificate"),
        (text("leaf.key"), "it contains no certificate"),
        (text("leaf.pem"), "it contains no private key"),
        (
            pem(&["leaf.pem", "other.key"]),
            "the private key does not match the certificate",
        ),
        (
            pem(&["elliptic.pem", "elliptic.key"]),
            "the private key is not RSA, which the identity platform requires",
        ),
        (pem(&["leaf.pem", "short.key"]), bad_key),
        (text("leaf.pem") + &damaged("leaf.key"), bad_key),
        (
            damaged("leaf.pem") + &text("leaf.key"),
            "it contains a damaged certificate",
        ),
        (pem(&["leaf.pem", "leaf.encrypted.key"]), no_password),
        (pem(&["leaf.pem", "leaf.old.key"]), old_form),
    ] {
        let error = fault(Certificate::from_pem(pem));
        let expected = format!("sign-in failed: cannot use the certificate: {said}");
        assert_eq!(error, expected);
    }
    let no_pem = "sign-in failed: cannot use the certificate: it is not valid PEM: a section";
    let leaf = pem(&["leaf.key", "leaf.pem"]);
    let encrypted = pem(&["leaf.pem", "leaf.encrypted.key"]);
    for (from, to, said) in [
        ("-----END CERTIFICATE-----", "", "has no `END` line"),
        (
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE",
            "has an invalid `BEGIN` line",
        ),
        (
            "-----END CERTIFICATE-----",
            "!\n-----END CERTIFICATE-----",
            "is not base64",
        ),
    ] {
        let error = fault(Certificate::from_pem(leaf.replace(from, to)));
        assert_eq!(error, format!("{no_pem} {said}"));
    }
    for (to, said) in [
        ("", "has no `END` line"),
        ("!\n-----END ENCRYPTED PRIVATE KEY-----", "is not base64"),
    ] {
        let pem = encrypted.replace("-----END ENCRYPTED PRIVATE KEY-----", to);
        let error = fault(Certificate::from_pem_with_password(pem, PASSWORD));
        assert_eq!(error, format!("{no_pem} {said}"));
    }
    let other = encrypted.replace(
        "BEGIN ENCRYPTED PRIVATE KEY-----\n",
        "BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA",
    );
    let error = fault(Certificate::from_pem_with_password(other, PASSWORD));
    assert!(
        error.contains("cannot decrypt the private key: "),
        "{error}"
    );

    let wrong = "sign-in failed: cannot use the certificate: the password is wrong";
    for outcome in [
        Certificate::from_pfx(bytes("leaf.pfx"), "wrong"),
        Certificate::from_pfx(bytes("leaf.old.pfx"), ""),
    ] {
        assert_eq!(fault(outcome), wrong);
    }
    let error = fault(Certificate::from_pem_with_password(encrypted, "wrong"));
    assert_eq!(error, wrong);
    let mut pfx = bytes("leaf.pfx");
    pfx.truncate(100);
    let error = fault(Certificate::from_pfx(pfx, PASSWORD));
    assert!(error.contains("it is not a valid PFX file: "), "{error}");
}

#[test]
fn what_is_wrong_with_a_file_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.pem");
    let begin = format!(
        "sign-in failed: cannot use the certificate in `{}`: ",
        file.display()
    );
    let error = fault(Certificate::from_file(&file));
    assert!(
        error.starts_with(&format!("{begin}cannot read it: ")),
        "{error}"
    );
    for (contents, said) in [
        (b"".to_vec(), "it is neither PEM nor PFX"),
        (b"certificate".to_vec(), "it is neither PEM nor PFX"),
        (bytes("leaf.pem"), "it contains no private key"),
        (bytes("leaf.pfx"), "the password is wrong"),
    ] {
        std::fs::write(&file, contents).unwrap();
        assert_eq!(
            fault(Certificate::from_file(&file)),
            format!("{begin}{said}")
        );
    }
}

/// A layer that records warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == tracing::Level::WARN {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_is_read_again_and_one_that_is_half_written_is_not_used() {
    let warnings = Warnings::default();
    let subscriber = tracing_subscriber::registry().with(warnings.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let count = || warnings.0.lock().unwrap().len();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.pem");
    std::fs::write(&file, pem(&["other.pem", "other.key"])).unwrap();
    let certificate = Certificate::from_file(&file).unwrap();
    let old = Assertion::of(certificate.clone()).await;
    assert!(!old.is_of_leaf());

    // The file contains only a part of the new certificate, only one of both, or nothing.
    for contents in [
        text("leaf.pem"),
        pem(&["leaf.pem", "other.key"]),
        String::new(),
    ] {
        std::fs::write(&file, contents).unwrap();
        let assertion = Assertion::of(certificate.clone()).await;
        assert_eq!(assertion.header, old.header);
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(count(), 3);
    assert_eq!(Assertion::of(certificate.clone()).await.header, old.header);
    assert_eq!(count(), 4);
    let told = warnings.0.lock().unwrap().concat();
    assert!(told.contains("graph.pem"), "{told}");
    assert!(told.contains("does not match the certificate"), "{told}");

    std::fs::write(&file, pem(&["leaf.pem", "leaf.key"])).unwrap();
    assert!(Assertion::of(certificate.clone()).await.is_of_leaf());
    // All clones have the new certificate.
    std::fs::remove_file(&file).unwrap();
    assert!(Assertion::of(certificate).await.is_of_leaf());
}

#[test]
fn a_certificate_prints_as_its_thumbprint() {
    let hex = thumbprint("sha1");
    let certificate = leaf();
    assert_eq!(
        format!("{certificate:?}"),
        format!(
            "Certificate {{ thumbprint: \"{hex}\", algorithm: Ps256, sends_chain: false, .. }}"
        )
    );
    let file = Certificate::from_file_with_password(fixture("leaf.pfx"), PASSWORD).unwrap();
    let provider = ClientCertificateCredential::new("contoso.com", "client", file.rs256());
    let printed = format!("{provider:?}");
    assert!(printed.contains(&hex), "{printed}");
    assert!(
        printed.contains("leaf.pfx") && printed.contains("Rs256"),
        "{printed}"
    );
    assert!(!printed.contains(PASSWORD), "{printed}");
}

#[tokio::test]
async fn an_application_has_a_tenant_of_its_own() {
    let login = platform().await;
    let graph = Graph::builder(ClientCertificateCredential::new("common", "client", leaf()))
        .cloud(CustomCloud::new("http://127.0.0.1:1", login.url()))
        .build()
        .unwrap();
    let error = graph.sign_in().await.unwrap_err().to_string();
    assert!(error.contains("tenant `common`"), "{error}");
    assert_eq!(login.requests().len(), 0);
}
