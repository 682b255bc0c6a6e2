//! Certificates, with a key in the process or elsewhere.

use std::time::Duration;

use msgraph::Graph;
use msgraph::auth::{Certificate, ClientCertificateCredential, SigningInput};
use msgraph::error::SignInReason;
use msgraph_simulator::Simulator;
use rsa::PrivateKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::sha2::Sha256;
use rsa::signature::SignatureEncoding as _;
use rsa::signature::hazmat::PrehashSigner as _;

use super::{calls_as, client, der, fixture, refusal, refused};
use crate::support::simulator;

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
async fn certificate_signs_in_with_both_algorithms() {
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
async fn external_key_signs_in_with_both_algorithms() {
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
async fn unknown_or_expired_certificate_is_refused() {
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
