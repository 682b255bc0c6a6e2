//! Tests of clients that authenticate with an assertion: of a certificate's key, or of another
//! issuer.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use msgraph_simulator::Simulator;
use rsa::pkcs8::DecodePrivateKey;
use rsa::rand_core::OsRng;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use rsa::{RsaPrivateKey, pkcs1v15, pss};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime};

use crate::client::{Answer, start};
use crate::platform::{Platform, SCOPE, claims, refusal, text};

const CERTIFICATE: &[u8] = include_bytes!("subscriber/certificate.der");
const KEY: &[u8] = include_bytes!("subscriber/key.der");
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn now() -> i64 {
    let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now());
    now.timestamp()
}

/// A client assertion, which a test can make invalid.
struct Assertion {
    header: Value,
    claims: Value,
}

impl Assertion {
    fn new(platform: &Platform<'_>) -> Self {
        let audience = format!(
            "{}/{}/oauth2/v2.0/token",
            platform.simulator.login_url(),
            platform.tenant
        );
        let id = format!("{:?}", SystemTime::now());
        let client = &platform.who.client_id;
        Self {
            header: json!({
                "typ": "JWT", "alg": "PS256",
                "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(CERTIFICATE)),
            }),
            claims: json!({
                "aud": audience, "iss": client, "sub": client, "jti": id, "nbf": now(),
                "exp": now() + 300,
            }),
        }
    }

    /// Sets a claim. A null removes it.
    fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// Sets a field of the header. A null removes it.
    fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    fn signed(&self) -> String {
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let key = RsaPrivateKey::from_pkcs8_der(KEY).unwrap();
        let signature = match self.header["alg"].as_str() {
            Some("PS256") => {
                let key = pss::SigningKey::<Sha256>::new(key);
                key.sign_with_rng(&mut OsRng, text.as_bytes()).to_vec()
            }
            _ => pkcs1v15::SigningKey::<Sha256>::new(key)
                .sign(text.as_bytes())
                .to_vec(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    object.remove(name);
    if !value.is_null() {
        object.insert(name.to_owned(), value);
    }
}

/// Requests an application's token with an assertion.
fn app(platform: &Platform<'_>, assertion: &str) -> Answer {
    platform.token(&[
        ("grant_type", "client_credentials"),
        ("client_id", &platform.who.client_id),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
        ("scope", SCOPE),
    ])
}

async fn trusting() -> Simulator {
    let simulator = start().await;
    simulator.trust_certificate(CERTIFICATE);
    simulator
}

#[tokio::test]
async fn every_form_of_assertion_is_accepted() {
    let simulator = trusting().await;
    let platform = Platform::new(&simulator);
    let (short, long) = (Sha1::digest(CERTIFICATE), Sha256::digest(CERTIFICATE));
    for algorithm in ["PS256", "RS256"] {
        for (name, thumbprint) in [("x5t", short.as_slice()), ("x5t#S256", long.as_slice())] {
            for engine in [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD] {
                let assertion = Assertion::new(&platform)
                    .header("alg", algorithm)
                    .header("x5t#S256", Value::Null)
                    .header(name, engine.encode(thumbprint));
                let answer = app(&platform, &assertion.signed());
                assert_eq!(answer.status, 200, "{algorithm} {name}: {:?}", answer.body);
                assert!(platform.is_app(&text(&answer, "access_token")));
            }
        }
    }
    // Clocks may differ by up to five minutes.
    for (begins, ends) in [(-590, -290), (290, 590)] {
        let assertion = Assertion::new(&platform)
            .claim("nbf", now() + begins)
            .claim("exp", now() + ends);
        assert_eq!(app(&platform, &assertion.signed()).status, 200, "{begins}");
    }
    // `iat` can take the place of `nbf`, and neither is required.
    let assertion = Assertion::new(&platform).claim("nbf", Value::Null);
    assert_eq!(app(&platform, &assertion.signed()).status, 200);
}

#[tokio::test]
async fn invalid_assertions_are_refused() {
    let simulator = trusting().await;
    let platform = Platform::new(&simulator);
    let good = || Assertion::new(&platform);
    let other = URL_SAFE_NO_PAD.encode(Sha256::digest("another certificate"));
    let audience = format!("{}/organizations/oauth2/v2.0/token", simulator.login_url());
    let public = platform.who.public_client_id.as_str();
    let both = good().claim("iss", public).claim("sub", public);
    for (case, assertion, code) in [
        ("no type", good().header("typ", Value::Null), 50_027),
        ("other type", good().header("typ", "JOSE"), 50_027),
        ("unsigned", good().header("alg", "none"), 50_027),
        ("algorithm", good().header("alg", "RS384"), 50_027),
        (
            "no thumbprint",
            good().header("x5t#S256", Value::Null),
            50_027,
        ),
        (
            "thumbprint",
            good().header("x5t#S256", other.as_str()),
            700_027,
        ),
        ("one of two", good().header("x5t", other.as_str()), 700_027),
        ("audience", good().claim("aud", audience), 50_027),
        ("no audience", good().claim("aud", Value::Null), 50_027),
        ("subject", good().claim("sub", public), 50_048),
        ("issuer", both, 50_027),
        ("no id", good().claim("jti", Value::Null), 50_027),
        ("no end", good().claim("exp", Value::Null), 50_027),
        ("too old", good().claim("exp", now() - 301), 700_024),
        ("too young", good().claim("nbf", now() + 360), 700_024),
        ("too long", good().claim("exp", now() + 86_460), 700_024),
    ] {
        let answer = app(&platform, &assertion.signed());
        assert_eq!(
            refusal(&answer),
            (401, "invalid_client".into(), code),
            "{case}"
        );
    }
    let forged = good().signed();
    let (text, signature) = forged.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[100] ^= 1;
    let forged = format!("{text}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let answer = app(&platform, &forged);
    assert_eq!(refusal(&answer), (401, "invalid_client".into(), 50_012));
    // The salt must be as long as the hash.
    let (text, _) = forged.rsplit_once('.').unwrap();
    let key = RsaPrivateKey::from_pkcs8_der(KEY).unwrap();
    let key = pss::SigningKey::<Sha256>::new_with_salt_len(key, 20);
    let signature = key.sign_with_rng(&mut OsRng, text.as_bytes()).to_vec();
    let salted = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
    let answer = app(&platform, &salted);
    assert_eq!(refusal(&answer), (401, "invalid_client".into(), 50_012));
    for text in ["nonsense", "a.b.c", ""] {
        let answer = app(&platform, text);
        let code = if text.is_empty() { 7_000_218 } else { 50_027 };
        assert_eq!(refusal(&answer), (401, "invalid_client".into(), code));
    }

    // An assertion can be used once.
    let once = good().signed();
    assert_eq!(app(&platform, &once).status, 200);
    let again = app(&platform, &once);
    assert_eq!(refusal(&again), (401, "invalid_client".into(), 50_027));
    let description = crate::platform::text(&again, "error_description");
    assert!(description.contains("presented before"), "{description}");
}

#[tokio::test]
async fn registered_certificates_are_accepted() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let unknown = app(&platform, &Assertion::new(&platform).signed());
    assert_eq!(refusal(&unknown), (401, "invalid_client".into(), 700_027));
    simulator.trust_certificate(CERTIFICATE);
    assert_eq!(
        app(&platform, &Assertion::new(&platform).signed()).status,
        200
    );
    let century = 100 * 366 * 86_400;
    simulator.advance(Duration::from_secs(century as u64));
    let late = Assertion::new(&platform)
        .claim("nbf", now() + century)
        .claim("exp", now() + century + 300);
    let expired = app(&platform, &late.signed());
    assert_eq!(refusal(&expired), (401, "invalid_client".into(), 7_000_222));
}

#[tokio::test]
#[should_panic(expected = "it is not a DER certificate")]
async fn invalid_certificates_are_refused() {
    start().await.trust_certificate(b"nonsense");
}

#[tokio::test]
async fn two_client_authentications_at_once_are_refused() {
    let simulator = trusting().await;
    let platform = Platform::new(&simulator);
    let who = &platform.who;
    let assertion = Assertion::new(&platform).signed();
    let proof = [
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    let form = |id, more: &[(&'static str, &'static str)]| -> Vec<(&str, String)> {
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", SCOPE.to_owned()),
            ("client_id", id),
        ];
        form.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        form.extend(proof.map(|(name, value)| (name, value.to_owned())));
        form
    };
    let send = |form: Vec<(&str, String)>| {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        refusal(&platform.token(&form))
    };
    let both = send(form(who.client_id.clone(), &[("client_secret", "x")]));
    assert_eq!(both, (400, "invalid_request".into(), 9_002_313));
    let public = send(form(who.public_client_id.clone(), &[]));
    assert_eq!(public, (401, "invalid_client".into(), 700_025));
    for (kind, code) in [
        ("", 900_144),
        ("urn:ietf:params:oauth:saml2-bearer", 9_002_313),
    ] {
        let mut form = form(who.client_id.clone(), &[]);
        form.retain(|(name, _)| *name != "client_assertion_type");
        form.push(("client_assertion_type", kind.to_owned()));
        assert_eq!(send(form), (400, "invalid_request".into(), code), "{kind}");
    }
}

#[tokio::test]
async fn every_confidential_grant_requires_client_authentication() {
    let simulator = trusting().await;
    let platform = Platform::new(&simulator);
    let who = &platform.who;
    let incoming = simulator.incoming_token("adele@contoso.com");
    let grants: [&[(&str, &str)]; 5] = [
        &[("grant_type", "client_credentials"), ("scope", SCOPE)],
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", &who.refresh_token),
        ],
        &[("grant_type", "authorization_code"), ("code", "x")],
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", "x"),
        ],
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &incoming),
            ("requested_token_use", "on_behalf_of"),
            ("scope", SCOPE),
        ],
    ];
    for grant in grants {
        let mut form = grant.to_vec();
        form.push(("client_id", &who.client_id));
        let refused = platform.token(&form);
        assert_eq!(
            refusal(&refused),
            (401, "invalid_client".into(), 7_000_218),
            "{grant:?}"
        );
        let assertion = Assertion::new(&platform).signed();
        form.extend([
            ("client_assertion_type", TYPE),
            ("client_assertion", &assertion),
        ]);
        let answer = platform.token(&form);
        assert_ne!(answer.status, 401, "{grant:?}");
    }
}

const SUBJECT: &str = "system:serviceaccount:contoso:mailer";

#[tokio::test]
async fn workload_of_another_issuer_is_refused() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let token = simulator.federated_token(SUBJECT);
    let told = claims(&token);
    assert_eq!(told["iss"], format!("{}/kubernetes", simulator.login_url()));
    assert_eq!(told["aud"], json!(["api://AzureADTokenExchange"]));
    assert_eq!(told["sub"], SUBJECT);
    assert_eq!(
        told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(),
        3_600
    );

    let stranger = app(&platform, &token);
    assert_eq!(refusal(&stranger), (401, "invalid_client".into(), 700_213));
    let description = text(&stranger, "error_description");
    assert!(
        description.contains(&format!("'{SUBJECT}'")),
        "{description}"
    );

    simulator.federate(SUBJECT);
    // A client reads the same file for each token request, because the file changes once an hour.
    for _ in 0..2 {
        let answer = app(&platform, &token);
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert!(platform.is_app(&text(&answer, "access_token")));
    }
    let other = simulator.federated_token(&SUBJECT.to_uppercase());
    let other = app(&platform, &other);
    assert_eq!(refusal(&other), (401, "invalid_client".into(), 700_213));

    let (header, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let forge = |name: &str, value: Value| {
        let mut claims = told.clone();
        claims[name] = value;
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        app(&platform, &format!("{header}.{claims}.{signature}"))
    };
    let forged = forge("exp", json!(now() + 7_200));
    assert_eq!(refusal(&forged), (401, "invalid_client".into(), 700_027));
    let issuer = forge("iss", json!("https://token.actions.githubusercontent.com"));
    assert_eq!(refusal(&issuer), (401, "invalid_client".into(), 700_211));

    simulator.advance(Duration::from_secs(3_600 + 301));
    let expired = app(&platform, &token);
    assert_eq!(refusal(&expired), (401, "invalid_client".into(), 700_024));
    let fresh = simulator.federated_token(SUBJECT);
    assert_eq!(app(&platform, &fresh).status, 200);
}
