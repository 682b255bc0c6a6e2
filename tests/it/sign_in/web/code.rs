//! The code, and the client authentication that goes with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use msgraph::auth::{Application, AuthorizationCodeFlow};
use msgraph::error::SignInReason;
use msgraph_simulator::Fault;
use serde_json::json;

use super::{ADELE, sign_in, web};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn code_request_is_the_documented_one() {
    let nonce = Arc::new(Mutex::new(String::new()));
    let login = Recorder::new({
        let nonce = Arc::clone(&nonce);
        move |_| {
            let claims = json!({ "aud": "client", "oid": "o", "tid": "t", "sub": "s",
                "nonce": *nonce.lock().unwrap() });
            Answer::json(json!({ "token_type": "Bearer", "access_token": "token-1",
                "id_token": id_token(&claims) }))
        }
    })
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let base = client(no_tokens(), &graph, &login);
    let application = Application::new("contoso.com", "client").client_secret("the secret/+&");
    let web = AuthorizationCodeFlow::new(application, REDIRECT);
    let pending = web.begin(&base).unwrap();
    *nonce.lock().unwrap() = parameter(pending.url(), "nonce").unwrap();
    let state = parameter(pending.url(), "state").unwrap();
    let verifier = serde_json::to_value(&pending).unwrap()["verifier"].clone();
    let answer = format!("code=0.A%2BX&state={state}");
    let session = web.finish(&base, pending, &answer).await.unwrap();

    let request = login.only();
    assert_token_request(&request);
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("client_secret", "the secret/+&"),
        ("code", "0.A+X"),
        ("code_verifier", verifier.as_str().unwrap()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
    ];
    assert_eq!(form(&request), fields(&expected));
    assert_eq!(session.account().unwrap().id(), "o.t");
    // The token from the same response is used, and no other is requested.
    me(&base.with_provider(session)).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(login.requests().len(), 1);
}

#[tokio::test]
async fn a_user_signs_in_and_calls_graph() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator).scopes(["User.Read"]);
    let session = sign_in(&graph, &web).await.unwrap();
    let account = session.account().unwrap();
    let credentials = simulator.credentials();
    assert_eq!(account.object_id(), credentials.user_id);
    assert_eq!(account.tenant_id(), credentials.tenant_id);
    assert_eq!(
        account.username(),
        Some(credentials.user_principal_name.as_str())
    );
    let user = graph.with_provider(session);
    assert_eq!(who(&user).await.unwrap(), credentials.user_principal_name);
    assert_eq!(token_requests(&simulator).len(), 1);

    // An hour later, the refresh token is used.
    simulator.expire_tokens();
    who(&user).await.unwrap();
    let requests = token_requests(&simulator);
    assert_eq!(requests.len(), 2);
    assert_eq!(value(&requests[1], "grant_type"), Some("refresh_token"));
    assert_eq!(
        value(&requests[1], "scope"),
        Some("User.Read offline_access")
    );
    assert_eq!(
        value(&requests[1], "client_secret"),
        Some(credentials.client_secret.as_str())
    );
}

#[tokio::test]
async fn code_is_redeemed_with_each_client_authentication() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    simulator.federate("system:serviceaccount:contoso:web");
    let assertion = simulator.federated_token("system:serviceaccount:contoso:web");
    let certificate = certificate::registered(&simulator);
    let with_assertion = bare(&simulator)
        .client_assertion(move || std::future::ready(Ok::<_, std::io::Error>(assertion.clone())));
    for application in [
        confidential(&simulator),
        bare(&simulator).certificate(certificate),
        with_assertion,
    ] {
        let shown = format!("{application:?}");
        let web = AuthorizationCodeFlow::new(application, REDIRECT);
        let user = graph.with_provider(sign_in(&graph, &web).await.expect(&shown));
        assert_eq!(who(&user).await.expect(&shown), ADELE);
        // The next token comes with another assertion.
        simulator.expire_tokens();
        assert_eq!(who(&user).await.expect(&shown), ADELE);
    }
    let web = AuthorizationCodeFlow::new(public(&simulator), "http://localhost:7777/back");
    let user = graph.with_provider(sign_in(&graph, &web).await.unwrap());
    assert_eq!(who(&user).await.unwrap(), ADELE);
}

#[tokio::test]
async fn wrong_client_authentication_is_refused() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let public_id = simulator.credentials().public_client_id.clone();
    let tenant = simulator.credentials().tenant_id.clone();
    for (application, redirect, code, reason) in [
        (
            bare(&simulator),
            REDIRECT,
            7_000_218,
            SignInReason::SecretMissing,
        ),
        (
            bare(&simulator).client_secret("its id"),
            REDIRECT,
            7_000_215,
            SignInReason::WrongSecret,
        ),
        (
            Application::new(tenant, public_id).client_secret("secret"),
            "http://localhost",
            700_025,
            SignInReason::PublicClient,
        ),
    ] {
        let web = AuthorizationCodeFlow::new(application, redirect);
        let error = sign_in_error(sign_in(&graph, &web).await.unwrap_err());
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
        assert_eq!(
            (error.error(), error.codes(), error.reason()),
            (Some("invalid_client"), &[code][..], Some(reason))
        );
        assert!(!error.needs_user() && !error.is_retryable());
    }
    assert_eq!(token_requests(&simulator).len(), 3);
}

#[tokio::test]
async fn code_is_valid_once_for_ten_minutes() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    web.finish(&graph, pending.clone(), back.as_str())
        .await
        .unwrap();
    let error = sign_in_error(
        web.finish(&graph, pending, back.as_str())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (error.error(), error.codes(), error.reason()),
        (
            Some("invalid_grant"),
            &[54_005][..],
            Some(SignInReason::CodeUsed)
        )
    );
    assert!(error.needs_user());
    assert_eq!(token_requests(&simulator).len(), 2);

    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    simulator.advance(Duration::from_secs(10 * 60));
    let error = sign_in_error(
        web.finish(&graph, pending, back.as_str())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (error.error(), error.codes(), error.reason()),
        (
            Some("invalid_grant"),
            &[70_008][..],
            Some(SignInReason::GrantExpired)
        )
    );
}

#[tokio::test]
async fn code_is_not_resent_after_lost_response() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    simulator.fault(Fault::lost().at("/*/oauth2/v2.0/token"));
    let error = sign_in(&graph, &web).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(token_requests(&simulator).len(), 1);
}
