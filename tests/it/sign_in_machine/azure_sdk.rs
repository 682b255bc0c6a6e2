//! Credentials of the Azure SDK.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use msgraph::auth::{AzureCredential, ClientSecretCredential, GraphCredential};

use super::{calls_as, client, refused};
use crate::support::simulator;

#[tokio::test]
async fn client_as_azure_credential_signs_in_another() {
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
