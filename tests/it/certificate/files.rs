//! Files and formats of certificates and keys.

use std::sync::{Arc, Mutex};

use msgraph::auth::{Certificate, ClientCertificateCredential};
use serde_json::json;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::{
    Assertion, PASSWORD, base64url_thumbprint, bytes, fault, fixture, leaf, pem, text, thumbprint,
};

#[tokio::test]
async fn keys_of_every_usual_format_are_read() {
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
fn version_1_certificate_is_sent_to_the_platform() {
    Certificate::from_pem(pem(&["version1.pem", "version1.key"])).unwrap();
}

#[test]
fn invalid_certificate_error_names_the_fault() {
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
fn invalid_certificate_file_is_named_in_error() {
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
async fn replaced_file_is_read_but_never_half_written() {
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
fn certificate_debug_prints_its_thumbprint() {
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
