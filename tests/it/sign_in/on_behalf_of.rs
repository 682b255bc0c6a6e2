//! Web APIs that call Graph on behalf of their callers.

use msgraph::auth::{
    Application, ClientSecretCredential, MemoryStore, OnBehalfOfCredential, UserSession,
};
use msgraph::error::SignInReason;
use msgraph_simulator::Simulator;
use serde_json::{Value, json};

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";
const CHIARA: &str = "chiara@contoso.com";

fn api(simulator: &Simulator) -> Application {
    confidential(simulator)
}

/// Creates the API's base client, with the API's own tokens.
fn server(simulator: &Simulator) -> Graph {
    let who = simulator.credentials();
    let own = ClientSecretCredential::new(
        who.domain.as_str(),
        who.client_id.as_str(),
        who.client_secret.as_str(),
    );
    client_of(simulator, own)
}

#[tokio::test]
async fn on_behalf_of_request_is_the_documented_one() {
    let (login, graph) = platform_and_graph().await;
    let base = client(no_tokens(), &graph, &login);
    let application = Application::new("contoso.com", "client").client_secret("the secret/+&");
    me(&base.with_provider(OnBehalfOfCredential::new(application.clone(), "incoming")))
        .await
        .unwrap();
    let request = login.only();
    assert_token_request(&request);
    let expected = [
        ("assertion", "incoming"),
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("client_secret", "the secret/+&"),
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("scope", SCOPE),
    ];
    assert_eq!(form(&request), fields(&expected));
    // The token that the API was called with is never sent to Graph.
    assert_eq!(tokens(&graph), ["Bearer token-1"]);

    let narrow =
        OnBehalfOfCredential::new(application, "incoming").scopes(["User.Read", "Mail.Read"]);
    me(&base.with_provider(narrow)).await.unwrap();
    let request = login.requests().pop().unwrap();
    assert_eq!(
        field(&request, "scope").as_deref(),
        Some("User.Read Mail.Read")
    );
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn each_call_runs_as_its_user() {
    let simulator = support::simulator().await;
    let server = server(&simulator);
    let incoming = [ADELE, BRUNO].map(|user| (user, simulator.incoming_token(user)));
    for _ in 0..3 {
        for (name, token) in &incoming {
            let provider = OnBehalfOfCredential::new(api(&simulator), token.as_str());
            assert!(!format!("{provider:?}").contains(token));
            assert_eq!(&who(&server.with_provider(provider)).await.unwrap(), name);
        }
    }
    // Each incoming token causes one token request, for any number of requests with it.
    assert_eq!(token_requests(&simulator).len(), 2);
    let again = simulator.incoming_token(ADELE);
    let provider = OnBehalfOfCredential::new(api(&simulator), again.as_str());
    assert_eq!(who(&server.with_provider(provider)).await.unwrap(), ADELE);
    assert_eq!(token_requests(&simulator).len(), 3);
    let provider = OnBehalfOfCredential::new(api(&simulator), again).scopes(["User.Read"]);
    assert_eq!(who(&server.with_provider(provider)).await.unwrap(), ADELE);
    assert_eq!(token_requests(&simulator).len(), 4);
    // The API's own token is separate.
    server.request(Method::GET, "/users").await.unwrap();
    assert!(who(&server).await.is_err());
}

#[tokio::test]
async fn api_authenticates_with_certificate() {
    let simulator = support::simulator().await;
    let application = bare(&simulator).certificate(certificate::registered(&simulator));
    let provider = OnBehalfOfCredential::new(application, simulator.incoming_token(BRUNO));
    let user = base(&simulator).with_provider(provider);
    assert_eq!(who(&user).await.unwrap(), BRUNO);
    let [request] = token_requests(&simulator).try_into().expect("one");
    assert_eq!(
        value(&request, "client_assertion_type"),
        Some(ASSERTION_TYPE)
    );
    assert_eq!(value(&request, "client_secret"), None);
}

#[tokio::test]
async fn api_without_client_authentication_is_refused_unsent() {
    let simulator = support::simulator().await;
    let provider = OnBehalfOfCredential::new(public(&simulator), simulator.incoming_token(ADELE));
    let error = who(&base(&simulator).with_provider(provider))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "sign-in failed: the application has no secret, certificate or assertion, so it cannot \
         call Graph on behalf of a user"
    );
    assert_eq!(token_requests(&simulator).len(), 0);
}

#[tokio::test]
async fn wrong_incoming_token_is_refused_with_code() {
    let simulator = support::simulator().await;
    let server = server(&simulator);
    let id_token = id_token_of(&simulator);
    let refused = async |token: String| {
        let provider = OnBehalfOfCredential::new(api(&simulator), token);
        let error = who(&server.with_provider(provider)).await.unwrap_err();
        let error = sign_in_error(error);
        assert_eq!(error.error(), Some("invalid_grant"));
        assert!(error.needs_user() && !error.is_retryable());
        // The error contains no challenge that the caller could pass on to the user.
        assert!(error.www_authenticate().is_none());
        (error.codes().to_vec(), error.reason())
    };
    let wrong = Some(SignInReason::WrongIncomingToken);
    assert_eq!(
        refused(simulator.incoming_app_token()).await,
        (vec![50_013], wrong)
    );
    assert_eq!(
        refused(simulator.user_token()).await,
        (vec![500_131], wrong)
    );
    assert_eq!(refused("nonsense".into()).await, (vec![50_013], wrong));
    assert_eq!(refused(id_token).await, (vec![500_131], wrong));
    let late = simulator.incoming_token(ADELE);
    simulator.expire_tokens();
    assert_eq!(refused(late).await, (vec![500_133], wrong));
    let revoked = simulator.incoming_token(ADELE);
    simulator.revoke_user(ADELE);
    assert_eq!(
        refused(revoked).await,
        (vec![50_173], Some(SignInReason::GrantRevoked))
    );
    assert_eq!(token_requests(&simulator).len(), 6);
    assert_eq!(calls(&simulator), 0);
}

/// Returns the id token that the simulator issues for a user to its confidential client.
fn id_token_of(simulator: &Simulator) -> String {
    let who = simulator.credentials();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", who.refresh_token.as_str()),
        ("client_id", who.client_id.as_str()),
        ("client_secret", who.client_secret.as_str()),
        ("scope", "openid User.Read"),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = http::Request::post(format!("/{}/oauth2/v2.0/token", who.domain))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap();
    let answer = simulator.answer(request);
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    simulator.forget_requests();
    answer["id_token"].as_str().expect("an id token").to_owned()
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn claims_challenge_is_returned_to_the_caller() {
    let simulator = support::simulator().await;
    let server = server(&simulator);
    let wanted =
        json!({ "access_token": { "polids": { "essential": true, "values": ["9ab03e19-0000"] } } });
    for (user, code, reason) in [
        (ADELE, 50_076, SignInReason::MultiFactorRequired),
        (BRUNO, 50_079, SignInReason::MultiFactorEnrollment),
        (CHIARA, 53_003, SignInReason::ConditionalAccess),
    ] {
        simulator.forget_requests();
        simulator.require_claims(user, wanted.clone(), code);
        let provider = OnBehalfOfCredential::new(api(&simulator), simulator.incoming_token(user));
        let error = who(&server.with_provider(provider.scopes(["User.Read"]))).await;
        let error = sign_in_error(error.unwrap_err());
        assert_eq!(
            (error.error(), error.codes(), error.reason()),
            (
                Some("interaction_required"),
                &[u64::from(code)][..],
                Some(reason)
            )
        );
        assert!(error.needs_user() && !error.is_retryable());
        let claims = error.claims().unwrap();
        assert_eq!(serde_json::from_str::<Value>(claims).unwrap(), wanted);
        assert_eq!(token_requests(&simulator).len(), 1);

        let url = error.interaction_url().unwrap();
        let who = simulator.credentials();
        let (login, tenant) = (simulator.login_url(), &who.tenant_id);
        assert!(
            url.as_str()
                .starts_with(&format!("{login}/{tenant}/oauth2/v2.0/authorize?")),
            "{url}"
        );
        assert_eq!(parameter(url, "client_id"), Some(who.client_id.clone()));
        assert_eq!(parameter(url, "scope").as_deref(), Some("User.Read"));
        let sent: Value = serde_json::from_str(&parameter(url, "claims").unwrap()).unwrap();
        assert_eq!(
            sent,
            json!({ "access_token": {
                "xms_cc": { "values": ["cp1"] }, "polids": wanted["access_token"]["polids"],
            } })
        );

        // The caller is a client of this crate. It reads the challenge, and sends the claims to its
        // own platform.
        let header = error.www_authenticate().unwrap();
        assert_eq!(
            answered_with(header.to_str().unwrap().to_owned()).await,
            sent
        );
    }
}

/// Returns the claims that a client sends to its platform after this challenge.
async fn answered_with(challenge: String) -> Value {
    let api = Recorder::in_turn([
        Answer::status(401).header("WWW-Authenticate", &challenge),
        Answer::json("{}"),
    ])
    .await;
    let login = platform(json!({})).await;
    let caller = client(
        ClientSecretCredential::new("contoso.com", "client", "secret"),
        &api,
        &login,
    );
    me(&caller).await.unwrap();
    let [_, second] = login.requests().try_into().expect("two token requests");
    serde_json::from_str(&field(&second, "claims").unwrap()).unwrap()
}

#[tokio::test]
async fn missing_consent_needs_the_user() {
    let simulator = support::simulator().await;
    simulator.withdraw_consent();
    let provider = OnBehalfOfCredential::new(api(&simulator), simulator.incoming_token(ADELE));
    let error = who(&server(&simulator).with_provider(provider))
        .await
        .unwrap_err();
    let error = sign_in_error(error);
    assert_eq!(
        (error.error(), error.codes(), error.suberror()),
        (
            Some("invalid_grant"),
            &[65_001][..],
            Some("consent_required")
        )
    );
    assert_eq!(error.reason(), Some(SignInReason::ConsentRequired));
    assert!(error.needs_user() && error.interaction_url().is_some());
}

#[tokio::test]
async fn session_outlives_the_incoming_token() {
    let simulator = support::simulator().await;
    let graph = server(&simulator);
    let store = MemoryStore::new();
    let user = OnBehalfOfCredential::new(api(&simulator), simulator.incoming_token(BRUNO))
        .scopes(["User.Read"])
        .store(store.clone());
    let session = user.session(&graph).await.unwrap();
    let account = session.account().unwrap().clone();
    assert_eq!(account.username(), Some(BRUNO));
    let [form] = token_requests(&simulator).try_into().expect("one request");
    assert_eq!(
        value(&form, "scope"),
        Some("User.Read openid profile offline_access")
    );
    assert_eq!(who(&graph.with_provider(session)).await.unwrap(), BRUNO);
    assert_eq!(token_requests(&simulator).len(), 1);

    // The incoming token has expired, and the program has restarted.
    simulator.expire_tokens();
    let resumed = |id: String| {
        let (graph, store) = (graph.clone(), store.clone());
        let api = api(&simulator);
        async move { UserSession::resume(&graph, api, store, &id).await.unwrap() }
    };
    let session = resumed(account.id()).await.unwrap();
    assert_eq!(session.account(), Some(&account));
    assert_eq!(who(&graph.with_provider(session)).await.unwrap(), BRUNO);
    let [.., last] = &token_requests(&simulator)[..] else {
        panic!("a request was expected");
    };
    assert_eq!(value(last, "grant_type"), Some("refresh_token"));
    assert!(resumed("unknown.nowhere".to_owned()).await.is_none());
}
