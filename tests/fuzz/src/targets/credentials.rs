//! Token responses, stored sessions, certificates.

use arbitrary::Unstructured;
use msgraph::auth::{
    Application, Certificate, ClientSecretCredential, MemoryStore, RefreshTokenCredential, Secret,
    TokenStore, UserSession,
};
use msgraph::{Graph, RetryPolicy};

use super::{Fault, Outcome, Reply, World, measured, printable};
use crate::input::Choices;
use crate::json::damage;

const CERTIFICATE: &str = include_str!("../../../fixtures/certificates/leaf.pem");
const KEY: &str = include_str!("../../../fixtures/certificates/leaf.key");

/// Feeds responses of the token endpoint.
pub(super) async fn token(world: &World, bytes: &[u8]) -> Outcome {
    const BODIES: &[&str] = &[
        r#"{"token_type":"Bearer","expires_in":3599,"access_token":"a"}"#,
        r#"{"token_type":"Bearer","expires_in":"3599","refresh_in":0,"access_token":"a"}"#,
        r#"{"token_type":"Bearer","expires_in":-5,"access_token":"a"}"#,
        r#"{"token_type":"Bearer","expires_in":1000000000000000000000,"access_token":"a"}"#,
        r#"{"token_type":"Bearer","expires_in":1e999,"access_token":"a","refresh_token":"r"}"#,
        r#"{"token_type":"pop","expires_in":null,"access_token":""}"#,
        r#"{"access_token":"a\r\nx: y","token_type":"Bearer","expires_in":10}"#,
        r#"{"token_type":"Bearer","expires_in":10,"access_token":"a",
            "id_token":"e30.eyJvaWQiOjF9.x"}"#,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: x","error_codes":[7000215,
            "x"]}"#,
        r#"{"error":"interaction_required","claims":"{\"access_token\":{}}",
            "suberror":"basic_action"}"#,
    ];
    let mut input = Unstructured::new(bytes);
    let text = (*input.pick(BODIES)).to_owned();
    let body = match input.once_in(2) {
        true => damage(text, &mut input),
        false => text.into_bytes(),
    };
    let status = *input.pick(&[200_u16, 200, 200, 400, 401]);
    let length = body.len();
    let is_user = input.once_in(3);
    world.server.set([
        Reply::json(status, body),
        Reply::json(200, r#"{"id":"1"}"#),
        Reply::json(200, r#"{"id":"1"}"#),
    ]);
    let builder = match is_user {
        true => Graph::builder(RefreshTokenCredential::new(
            "contoso.com",
            "client",
            "refresh",
        )),
        false => Graph::builder(ClientSecretCredential::new("contoso.com", "client", "hush")),
    };
    let graph = builder
        .cloud(world.cloud())
        .http_client(world.http.clone())
        .retry(RetryPolicy::none())
        .build()
        .map_err(|error| (Fault::Lost, error.to_string()))?;
    let (outcome, checked) = measured(length, async { graph.me().get().await }).await;
    checked?;
    outcome.map(drop).or_else(|error| printable(&error))
}

/// Feeds content of a token store.
pub(super) async fn session(world: &World, bytes: &[u8]) -> Outcome {
    const STORED: &[&str] = &[
        r#"{"refresh_token":"r","account":{"object_id":"o","tenant_id":"t","username":"u",
            "name":"n"}}"#,
        "refresh token",
        "{}",
        "",
    ];
    let mut input = Unstructured::new(bytes);
    let text = (*input.pick(STORED)).to_owned();
    let stored = damage(text, &mut input);
    let Ok(stored) = String::from_utf8(stored) else {
        return Ok(());
    };
    let store = Any(stored);
    world
        .server
        .set([Reply::json(400, r#"{"error":"invalid_grant"}"#)]);
    let graph = Graph::builder(msgraph::auth::NoCredential)
        .cloud(world.cloud())
        .http_client(world.http.clone())
        .retry(RetryPolicy::none())
        .build()
        .map_err(|error| (Fault::Lost, error.to_string()))?;
    let application = Application::new("contoso.com", "client");
    let resumed = UserSession::resume(&graph, application, store, "o.t");
    let (outcome, checked) = measured(256, resumed).await;
    checked?;
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => printable(&error),
    }
}

/// A store with the same content under each key.
struct Any(String);

#[async_trait::async_trait]
impl TokenStore for Any {
    async fn load(
        &self,
        _: &str,
    ) -> Result<Option<msgraph::auth::Stored>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Some(msgraph::auth::Stored::new(self.0.clone(), 1)))
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        _: Option<u64>,
    ) -> Result<msgraph::auth::StoreOutcome, Box<dyn std::error::Error + Send + Sync>> {
        MemoryStore::new().store(key, contents, None).await
    }

    async fn delete(&self, _: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

/// Feeds PEM and PFX files.
pub(super) async fn certificate(_: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let pem = damage(format!("{CERTIFICATE}{KEY}"), &mut input);
    let (outcome, checked) = measured(pem.len(), async { Certificate::from_pem(&pem) }).await;
    checked?;
    outcome.map(drop).or_else(|error| printable(&error))?;
    let der = input.bytes(input.len()).unwrap_or_default();
    match Certificate::from_pfx(der, "password") {
        Ok(_) => Err((
            Fault::Lost,
            "random bytes were read as a PFX file".to_owned(),
        )),
        Err(error) => printable(&error),
    }
}
