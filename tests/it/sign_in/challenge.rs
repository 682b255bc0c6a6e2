//! Challenges of continuous access evaluation, handled by each credential.

use bytes::Bytes;
use http::{Extensions, StatusCode};
use msgraph::auth::{
    AuthorizationCodeFlow, ClientSecretCredential, OnBehalfOfCredential, RefreshTokenCredential,
};
use msgraph::error::SignInReason;
use msgraph_simulator::{Fault, Simulator};
use reqwest_middleware::{Middleware, Next};
use serde_json::{Value, json};

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";

/// Returns every credential, with a path that it may read.
async fn each(simulator: &Simulator) -> Vec<(&'static str, Graph, &'static str)> {
    let who = simulator.credentials();
    let graph = base(simulator);
    let secret = ClientSecretCredential::new(
        who.domain.as_str(),
        who.client_id.as_str(),
        who.client_secret.as_str(),
    );
    let signed = certificate::registered(simulator);
    let signed = msgraph::auth::ClientCertificateCredential::new(
        who.domain.as_str(),
        who.client_id.as_str(),
        signed,
    );
    let refresh = RefreshTokenCredential::from_application(
        public(simulator),
        who.public_refresh_token.as_str(),
    );
    let behalf =
        OnBehalfOfCredential::new(confidential(simulator), simulator.incoming_token(ADELE));
    let web = AuthorizationCodeFlow::new(confidential(simulator), REDIRECT);
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    let session = web.finish(&graph, pending, back.as_str()).await.unwrap();
    vec![
        ("secret", client_of(simulator, secret), "/users"),
        ("certificate", client_of(simulator, signed), "/users"),
        ("refresh token", client_of(simulator, refresh), "/me"),
        ("on behalf of", graph.with_provider(behalf), "/me"),
        ("session", graph.with_provider(session), "/me"),
    ]
}

/// The claims for a token after the earlier ones were revoked.
const REVOKED: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1726258122"}}}"#;

fn claims(form: &[(String, String)]) -> Value {
    serde_json::from_str(value(form, "claims").unwrap()).unwrap()
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn revoked_token_is_replaced_with_claims() {
    let simulator = support::simulator().await;
    let mut credentials = each(&simulator).await;
    // The token that the API was called with is revoked with all others. That credential therefore
    // comes first, and only Graph refuses its token.
    credentials.rotate_left(3);
    for (name, graph, path) in credentials {
        graph.request(Method::GET, path).await.expect(name);
        match name {
            "on behalf of" => simulator.fault(Fault::unauthorized(Some(REVOKED)).at("/v1.0/me")),
            _ => simulator.revoke_tokens(),
        }
        simulator.forget_requests();
        graph.request(Method::GET, path).await.expect(name);
        let [request] = token_requests(&simulator).try_into().expect(name);
        let sent = claims(&request);
        let access = &sent["access_token"];
        assert_eq!(access["xms_cc"], json!({ "values": ["cp1"] }), "{name}");
        assert_eq!(access["nbf"]["essential"], true, "{name}");
        let since = access["nbf"]["value"].as_str().expect(name);
        assert!(since.parse::<u64>().is_ok(), "{name}: {since}");
        assert_eq!(simulator.requests().len(), 3, "{name}");
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn second_challenge_is_error_with_claims() {
    let simulator = support::simulator().await;
    let wanted = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    for (name, graph, path) in each(&simulator).await {
        graph.request(Method::GET, path).await.expect(name);
        simulator.forget_requests();
        let challenge = Fault::unauthorized(Some(wanted)).at(&format!("/v1.0{path}"));
        simulator.fault(challenge.always());
        let error = graph.request(Method::GET, path).await.unwrap_err();
        simulator.heal();
        match error {
            Error::Api(error) => {
                assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "{name}");
                assert_eq!(error.claims().as_deref(), Some(wanted), "{name}");
            }
            error => panic!("{name}: {error:?}"),
        }
        let [request] = token_requests(&simulator).try_into().expect(name);
        assert_eq!(claims(&request)["access_token"]["acrs"]["value"], "c1");
        // The requests are the call, the token request, and the call once more.
        assert_eq!(simulator.requests().len(), 3, "{name}");
        graph.request(Method::GET, path).await.expect(name);
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn challenge_for_the_user_is_an_error() {
    let simulator = support::simulator().await;
    let wanted = json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    let users: Vec<_> = each(&simulator).await.into_iter().skip(2).collect();
    for (name, graph, _) in &users {
        who(graph).await.expect(name);
    }
    simulator.require_claims(ADELE, wanted.clone(), 50_076);
    for (name, graph, _) in &users {
        simulator.forget_requests();
        simulator.fault(Fault::unauthorized(Some(REVOKED)).at("/v1.0/me"));
        let error = sign_in_error(who(graph).await.unwrap_err());
        assert_eq!(error.error(), Some("interaction_required"), "{name}");
        assert_eq!(error.reason(), Some(SignInReason::MultiFactorRequired));
        assert!(error.needs_user() && !error.is_retryable());
        let claims: Value = serde_json::from_str(error.claims().unwrap()).unwrap();
        assert_eq!(claims, wanted);
        let url = error.interaction_url().expect(name);
        let sent: Value = serde_json::from_str(&parameter(url, "claims").unwrap()).unwrap();
        assert_eq!(sent["access_token"]["acrs"], wanted["access_token"]["acrs"]);
        assert_eq!(
            (token_requests(&simulator).len(), calls(&simulator)),
            (1, 1)
        );
    }
}

/// A middleware that replaces bodies by ones that can be sent only once.
struct Once;

#[msgraph::async_trait]
impl Middleware for Once {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        if let Some(bytes) = request.body().and_then(|body| body.as_bytes()) {
            let bytes = Bytes::copy_from_slice(bytes);
            let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(bytes) });
            *request.body_mut() = Some(reqwest::Body::wrap_stream(stream));
        }
        next.run(request, extensions).await
    }
}

/// A challenge with the claims {"access_token":{"nbf":{"essential":true, "value":"1726258122"}}}
const CHALLENGE: &str = "Bearer realm=\"\", error=\"insufficient_claims\", \
    claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoi\
    MTcyNjI1ODEyMiJ9fX0=\"";

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn unrepeatable_call_fails_and_next_sends_claims() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], CHALLENGE).await;
    let provider = ClientSecretCredential::new("contoso.com", "client", "secret");
    let client = Graph::builder(provider)
        .cloud(CustomCloud::new(graph.url(), login.url()).scope(SCOPE))
        .per_call_middleware(Once)
        .build()
        .unwrap();
    let post = || {
        let call = client.request(Method::POST, "/me/sendMail");
        call.body("{\"a\":1}", "application/json")
    };
    match post().await.unwrap_err() {
        Error::Api(error) => {
            assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
            assert!(error.claims().unwrap().contains("1726258122"));
        }
        error => panic!("{error:?}"),
    }
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    post().await.unwrap();
    post().await.unwrap();
    assert_eq!(
        tokens(&graph),
        ["Bearer token-1", "Bearer token-2", "Bearer token-2"]
    );
    let [_, second] = login.requests().try_into().expect("two token requests");
    assert_eq!(
        serde_json::from_str::<Value>(&field(&second, "claims").unwrap()).unwrap(),
        json!({ "access_token": {
            "xms_cc": { "values": ["cp1"] }, "nbf": { "essential": true, "value": "1726258122" },
        } })
    );
    assert!(
        graph
            .requests()
            .iter()
            .all(|request| request.body == b"{\"a\":1}")
    );
}
