//! The assertion that a certificate signs.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use msgraph::auth::{Certificate, ClientCertificateCredential, SigningInput};
use msgraph::{CustomCloud, Graph};
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::SignatureEncoding as _;
use rsa::signature::hazmat::PrehashSigner as _;
use serde_json::json;

use super::{
    Assertion, PASSWORD, base64_of, base64url_thumbprint, bytes, fault, leaf, pem, platform,
    sign_in, thumbprint,
};

#[tokio::test]
async fn certificate_assertion_is_the_documented_one() {
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
async fn each_token_request_has_its_own_assertion() {
    let certificate = leaf();
    let first = Assertion::of(certificate.clone()).await;
    let second = Assertion::of(certificate).await;
    assert_ne!(first.claims["jti"], second.claims["jti"]);
    assert!(second.is_of_leaf());
}

#[tokio::test]
async fn sha1_assertion_has_sha1_thumbprint() {
    let assertion = Assertion::of(leaf().rs256()).await;
    let thumbprint = base64url_thumbprint("sha1");
    assert_eq!(
        assertion.header,
        json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint })
    );
    assert!(assertion.is_of_leaf());
}

#[tokio::test]
async fn sent_chain_begins_with_certificate_of_the_key() {
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
async fn external_key_signs_the_assertion() {
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
async fn external_signer_failure_is_an_error() {
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
