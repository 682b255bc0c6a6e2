//! Access tokens from a refresh token, and the rotation of refresh tokens.

use std::sync::{Arc, Mutex};

use msgraph::auth::RefreshTokenCredential;
use serde_json::json;

use super::{
    CAPABILITY, SCOPE, client, field, fields, form, me, platform, platform_and_graph, refusing,
    sign_in_error, tokens,
};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn refresh_token_is_never_sent_to_graph() {
    let login = platform(json!({ "refresh_token": "refresh-0" })).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        RefreshTokenCredential::new("common", "client", "refresh-0"),
        &graph,
        &login,
    );
    me(&client).await.unwrap();

    let request = login.only();
    assert_eq!(request.target, "/common/oauth2/v2.0/token");
    let scope = format!("{SCOPE} offline_access");
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "refresh-0"),
        ("scope", &scope),
    ];
    assert_eq!(form(&request), fields(&expected));
    let request = graph.only();
    assert_eq!(request.header("authorization"), Some("Bearer token-1"));
    assert!(!format!("{:?}", request.headers).contains("refresh-0"));
}

#[tokio::test]
async fn refresh_token_request_has_client_and_scopes() {
    let (login, graph) = platform_and_graph().await;
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0")
        .client_secret("the secret")
        .scopes(["User.Read", "Mail.Send"]);
    client(provider, &graph, &login).sign_in().await.unwrap();
    let request = login.only();
    assert_eq!(
        field(&request, "client_secret").as_deref(),
        Some("the secret")
    );
    assert_eq!(
        field(&request, "scope").as_deref(),
        Some("User.Read Mail.Send offline_access")
    );
}

#[tokio::test]
async fn rotated_refresh_token_is_stored_before_the_call() {
    let login = platform(json!({ "refresh_token": "refresh-1" })).await;
    let graph = Arc::new(refusing(&["token-1"], "Bearer").await);
    let stored = Arc::new(Mutex::new(Vec::new()));
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0").on_rotation({
        let (stored, graph) = (Arc::clone(&stored), Arc::clone(&graph));
        move |token| {
            let (stored, graph) = (Arc::clone(&stored), Arc::clone(&graph));
            async move {
                tokio::task::yield_now().await;
                stored
                    .lock()
                    .unwrap()
                    .push((token.into_inner(), graph.requests().len()));
                Ok::<_, std::io::Error>(())
            }
        }
    });
    me(&client(provider, &graph, &login)).await.unwrap();
    // The second response contains the token that is already known.
    assert_eq!(*stored.lock().unwrap(), [("refresh-1".to_owned(), 0)]);
    let sent: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "refresh_token").unwrap())
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-1"]);
}

#[tokio::test]
async fn refresh_token_is_kept_without_rotation() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0")
        .on_rotation(|_| std::future::ready(Err::<(), _>("nothing to store")));
    me(&client(provider, &graph, &login)).await.unwrap();
    let sent: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "refresh_token").unwrap())
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-0"]);
}

#[tokio::test]
async fn unstored_refresh_token_is_passed_to_callback_again() {
    let login = Recorder::in_turn([Answer::json(
        json!({ "token_type": "Bearer", "access_token": "token-1", "refresh_token": "refresh-1" }),
    )])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let handed = Arc::new(Mutex::new(Vec::new()));
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0").on_rotation({
        let handed = Arc::clone(&handed);
        move |token| {
            let mut handed = handed.lock().unwrap();
            handed.push(token.into_inner());
            std::future::ready(if handed.len() == 1 {
                Err("the disk is full")
            } else {
                Ok(())
            })
        }
    });
    let client = client(provider, &graph, &login);
    let error = sign_in_error(me(&client).await.unwrap_err());
    assert_eq!(
        error.to_string(),
        "sign-in failed: cannot store the new refresh token: the disk is full"
    );
    assert_eq!(graph.requests().len(), 0);
    me(&client).await.unwrap();
    assert_eq!(*handed.lock().unwrap(), ["refresh-1", "refresh-1"]);
    // The access token from the same response is used, so no other one is requested.
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(login.requests().len(), 1);
}

#[tokio::test]
async fn expired_refresh_token_needs_the_user() {
    let login = Recorder::always(
        Answer::json(
            r#"{"error":"invalid_grant","error_codes":[70008],"suberror":"token_expired"}"#,
        )
        .with_status(400),
    )
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        RefreshTokenCredential::new("common", "client", "refresh-0"),
        &graph,
        &login,
    );
    let error = sign_in_error(me(&client).await.unwrap_err());
    assert!(error.needs_user() && !error.is_retryable());
    assert_eq!(
        (error.codes(), error.suberror()),
        (&[70008][..], Some("token_expired"))
    );
}
