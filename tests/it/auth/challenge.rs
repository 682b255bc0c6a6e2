//! Responses of Graph that ask for another token.

use http::Method;
use msgraph::Error;
use serde_json::json;

use super::{CAPABILITY, client, field, me, platform, refusing, secret, sign_in_error, tokens};
use crate::support::recorder::{Answer, Recorded, Recorder};

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn claims_challenge_is_satisfied_once() {
    // The claims are {"access_token":{"nbf":{"essential":true, "value":"1726258122"}}}
    const CHALLENGE: &str = "Bearer realm=\"\", error=\"insufficient_claims\", \
        claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoi\
        MTcyNjI1ODEyMiJ9fX0=\"";
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], CHALLENGE).await;
    let first = client(secret(), &graph, &login);
    me(&first).await.unwrap();
    let claims: Vec<serde_json::Value> = login
        .requests()
        .iter()
        .map(|request| serde_json::from_str(&field(request, "claims").unwrap()).unwrap())
        .collect();
    let capability = json!({ "values": ["cp1"] });
    assert_eq!(
        claims,
        [
            json!({ "access_token": { "xms_cc": capability } }),
            json!({ "access_token": { "xms_cc": capability, "nbf": { "essential": true,
                "value": "1726258122" } } }),
        ]
    );
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);

    // A second refusal goes to the caller, without a third attempt.
    let graph = refusing(&["token-3", "token-4"], CHALLENGE).await;
    let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
    assert_eq!(tokens(&graph), ["Bearer token-3", "Bearer token-4"]);
    match error {
        Error::Api(error) => {
            assert_eq!(error.message(), Some("Refused."));
            let claims = error.claims().expect("the claims are there for the app");
            assert!(claims.contains("1726258122"), "{claims}");
        }
        error => panic!("an API error was expected: {error:?}"),
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn unauthorized_without_claims_renews_token_once() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1", "token-2"], "Bearer realm=\"\"").await;
    let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
    assert!(
        error.is_unauthorized() && error.to_string().contains("Refused"),
        "{error}"
    );
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);
    let claims: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "claims").unwrap())
        .collect();
    assert_eq!(claims, [CAPABILITY, CAPABILITY]);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn challenge_for_the_user_is_error_with_claims() {
    let login = Recorder::in_turn([
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
        Answer::json(json!({
            "error": "interaction_required",
            "error_codes": [50076],
            "claims": "{\"access_token\":{\"polids\":{\"essential\":true}}}",
        }))
        .with_status(400),
    ])
    .await;
    let graph = refusing(
        &["token-1"],
        "Bearer error=\"insufficient_claims\", claims=\"e30=\"",
    )
    .await;
    let error = sign_in_error(me(&client(secret(), &graph, &login)).await.unwrap_err());
    assert!(error.needs_user());
    assert_eq!(
        error.claims(),
        Some(r#"{"access_token":{"polids":{"essential":true}}}"#)
    );
    assert_eq!(graph.requests().len(), 1);
}

#[tokio::test]
async fn unauthorized_call_is_repeated_with_its_body() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let client = client(secret(), &graph, &login);
    client
        .request(Method::POST, "/me/sendMail?x=%27")
        .header("Prefer", "return=minimal")
        .body("{\"a\":1}", "application/json")
        .await
        .unwrap();
    let [first, second] = graph.requests().try_into().expect("two requests");
    let without_token = |request: &Recorded| {
        let mut headers = request.headers.clone();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        headers.sort();
        (
            request.method.clone(),
            request.target.clone(),
            headers,
            request.body.clone(),
        )
    };
    assert_eq!(without_token(&first), without_token(&second));
    assert_eq!(second.body, b"{\"a\":1}");
}
