//! Access tokens, cached and shared by concurrent calls.

use futures_util::future::join_all;
use serde_json::json;

use super::{client, me, platform, platform_and_graph, refusing, secret, sign_in_error, tokens};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn forgotten_token_is_requested_again() {
    let (login, graph) = platform_and_graph().await;
    let client = client(secret(), &graph, &login);
    me(&client).await.unwrap();
    client.forget_token();
    me(&client).await.unwrap();
    me(&client).await.unwrap();
    let [first, second] = ["Bearer token-1", "Bearer token-2"];
    assert_eq!(tokens(&graph), [first, second, second]);
}

#[tokio::test]
async fn sign_in_requests_one_token_at_once() {
    let (login, graph) = platform_and_graph().await;
    let client = client(secret(), &graph, &login);
    assert_eq!(login.requests().len(), 0);
    client.sign_in().await.unwrap();
    client.sign_in().await.unwrap();
    me(&client).await.unwrap();
    assert_eq!(login.requests().len(), 1);
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn thousand_concurrent_calls_share_one_token_request() {
    let (login, graph) = platform_and_graph().await;
    let client = client(secret(), &graph, &login);
    for call in join_all((0..1000).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (1, 1000));
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn thousand_unauthorized_calls_share_one_new_token() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let client = client(secret(), &graph, &login);
    client.sign_in().await.unwrap();
    for call in join_all((0..1000).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test(start_paused = true)]
async fn next_call_requests_token_after_failure() {
    let login = Recorder::in_turn([
        Answer::status(503),
        Answer::status(503),
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    for failed in join_all((0..100).map(|_| me(&client))).await {
        assert!(sign_in_error(failed.unwrap_err()).is_retryable());
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 0));
    me(&client).await.unwrap();
    assert_eq!(login.requests().len(), 3);
}
