//! Errors of the token endpoint, and malformed responses that are accepted.

use std::time::Duration;

use msgraph::auth::{Application, AuthorizationCodeFlow, Prompt};
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};
use serde_json::json;

use super::{client, me, platform, secret, sign_in_error, tokens};
use crate::support::recorder::{Answer, Recorder};
use crate::support::without_correlation_id;

#[test]
fn prompt_parameter_has_the_documented_value() {
    let graph = Graph::new(secret());
    for (prompt, word) in [
        (Prompt::Login, "login"),
        (Prompt::None, "none"),
        (Prompt::Consent, "consent"),
        (Prompt::SelectAccount, "select_account"),
        (Prompt::Create, "create"),
    ] {
        let site = Application::new("contoso.com", "client");
        let site = AuthorizationCodeFlow::new(site, "https://app.contoso.com/signed-in");
        let pending = site.prompt(prompt).begin(&graph).unwrap();
        let told = pending
            .url()
            .query_pairs()
            .find(|(name, _)| name == "prompt");
        assert_eq!(
            told.map(|(_, told)| told.into_owned()).as_deref(),
            Some(word)
        );
    }
}

#[tokio::test]
async fn sign_in_error_without_correlation_id_has_own() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = Recorder::always(Answer::status(400)).await;
    let error = sign_in_error(
        client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err(),
    );
    let sent = login.only();
    assert_eq!(error.correlation_id(), sent.header("client-request-id"));
    assert!(uuid::Uuid::try_parse(error.correlation_id().unwrap()).is_ok());

    // A repeated request keeps its id. The platform's own id takes precedence.
    let refusal = json!({ "error": "invalid_client", "correlation_id": "of the platform" });
    let answers = [Answer::status(503), Answer::json(refusal).with_status(401)];
    let login = Recorder::in_turn(answers).await;
    let error = sign_in_error(
        client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err(),
    );
    assert_eq!(error.correlation_id(), Some("of the platform"));
    let [first, second] = login.requests().try_into().expect("two requests");
    assert_eq!(
        first.header("client-request-id"),
        second.header("client-request-id")
    );
}

#[tokio::test]
async fn endless_token_response_is_an_error() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let body = format!(
        r#"{{"access_token":"hush-{}"}}"#,
        "x".repeat(2 * 1024 * 1024)
    );
    let login = Recorder::always(Answer::json("{}").body(body)).await;
    let error = client(secret(), &graph, &login)
        .sign_in()
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("longer than 1048576 bytes") && !text.contains("hush"),
        "{text}"
    );
}

#[tokio::test]
async fn wrong_credentials_error_has_the_platforms_details() {
    let login = Recorder::always(
        Answer::json(json!({
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: \
                trace\r\nCorrelation ID: correlation",
            "error_codes": [7000215],
            "timestamp": "2026-01-02 03:04:05Z",
            "trace_id": "trace",
            "correlation_id": "correlation",
            "error_uri": "https://login.microsoftonline.com/error?code=7000215",
        }))
        .with_status(401),
    )
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    let error = sign_in_error(client.sign_in().await.unwrap_err());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert_eq!(
        (error.error(), error.codes()),
        (Some("invalid_client"), &[7000215][..])
    );
    assert_eq!(
        (error.correlation_id(), error.trace_id()),
        (Some("correlation"), Some("trace"))
    );
    assert!(!error.is_retryable());
    insta::assert_snapshot!(
        error,
        @"sign-in refused: 401 invalid_client AADSTS7000215: Invalid client secret provided, \
          correlation-id correlation, trace-id trace"
    );
    // A call fails in the same way, and is not sent.
    sign_in_error(me(&client).await.unwrap_err());
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn every_malformed_token_response_is_an_error() {
    let html = "<html><title>Our services aren't available right now</title>";
    let answers = [
        (
            Answer::status(502)
                .header("Content-Type", "text/html")
                .body(html),
            "sign-in refused: 502 Bad Gateway",
            true,
        ),
        (
            Answer::status(503),
            "sign-in refused: 503 Service Unavailable",
            true,
        ),
        (
            Answer::status(429).header("Retry-After", "7"),
            "sign-in refused: 429 Too Many Requests",
            true,
        ),
        (
            Answer::status(400).body("{\"error\":\"inv"),
            "sign-in refused: 400 Bad Request",
            false,
        ),
        (
            Answer::status(302).header("Location", "/x"),
            "sign-in refused: 302 Found",
            false,
        ),
        (
            Answer::status(200).body(html),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::status(200),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json("[]"),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json(r#"{"token_type":"Bearer","id_token":"hush"}"#),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json(r#"{"token_type":"pop","access_token":"hush"}"#),
            "sign-in failed: the identity platform returned a token that is not a bearer token",
            false,
        ),
    ];
    let graph = Recorder::always(Answer::json("{}")).await;
    for (answer, says, retryable) in answers {
        let login = Recorder::always(answer).await;
        let error = client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err();
        assert_eq!(
            (
                without_correlation_id(&error).as_str(),
                error.is_retryable()
            ),
            (says, retryable)
        );
        let error = sign_in_error(error);
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        assert!(
            !error.raw_body().windows(4).any(|window| window == b"hush"),
            "{error:?}"
        );
        if error.status().is_some_and(|status| status == 429) {
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn slightly_malformed_token_responses_are_accepted() {
    let answers = [
        Answer::json(r#"{"token_type":"bearer","expires_in":"3599","access_token":"t"}"#),
        Answer::status(200)
            .header("Content-Type", "text/plain")
            .body(
                "\u{feff}{\"token_type\":\"BEARER\",\"expires_in\":3599.0,\"access_token\":\"t\",\
                 \"refresh_token\":\"\"}",
            ),
        Answer::json(r#"{"access_token":"t","expires_in":null,"scope":null,"foci":"1"}"#),
    ];
    for answer in answers {
        let login = Recorder::always(answer).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let client = client(secret(), &graph, &login);
        me(&client).await.unwrap();
        me(&client).await.unwrap();
        assert_eq!(tokens(&graph), ["Bearer t", "Bearer t"]);
        assert_eq!(login.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn unreachable_platform_differs_from_unreachable_graph() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = platform(json!({})).await;
    let no_platform = CustomCloud::new(graph.url(), "http://127.0.0.1:1");
    let client = Graph::builder(secret()).cloud(no_platform).build().unwrap();
    let error = me(&client).await.unwrap_err();
    assert!(error.is_retryable());
    let text = sign_in_error(error).to_string();
    assert!(
        text.starts_with("sign-in failed: cannot connect: "),
        "{text}"
    );

    let no_graph = CustomCloud::new("http://127.0.0.1:1", login.url());
    let client = Graph::builder(secret())
        .cloud(no_graph)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match me(&client).await.unwrap_err() {
        Error::Transport(error) => {
            assert!(error.is_connect() && !error.is_timeout());
            assert!(
                error.to_string().starts_with("GET /me → cannot connect: "),
                "{error}"
            );
        }
        error => panic!("a transport error was expected: {error:?}"),
    }
}

#[tokio::test]
async fn invalid_token_lifetimes_are_an_error() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (life, wrong) in [
        (json!(-5), "it is negative (-5)"),
        (json!("-5"), "it is negative (-5)"),
        (json!("soon"), "it is not a number of seconds"),
        (json!([3599]), "it is not a number of seconds"),
    ] {
        let login = platform(json!({ "expires_in": life })).await;
        let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
        let says =
            format!("sign-in failed: the token response has an invalid `expires_in`: {wrong}");
        assert_eq!(without_correlation_id(&error), says);
    }
    assert_eq!(graph.requests().len(), 0);
}

#[tokio::test]
async fn odd_token_lifetimes_still_cache_the_token() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (times, requests) in [
        (json!({ "refresh_in": 0 }), 1),
        (json!({ "refresh_in": -5 }), 1),
        (json!({ "refresh_in": "soon" }), 1),
        (json!({ "expires_in": "3599.5" }), 1),
        (json!({ "expires_in": 1_000_000_000_000_u64 }), 1),
        (json!({ "expires_in": 1e300 }), 1),
        (json!({ "expires_in": null }), 1),
        // The second token that has already expired on arrival is used for a while.
        (json!({ "expires_in": 0 }), 2),
        (json!({ "expires_in": 0, "refresh_in": 0 }), 2),
    ] {
        let login = platform(times.clone()).await;
        let client = client(secret(), &graph, &login);
        for _ in 0..50 {
            me(&client).await.unwrap();
        }
        assert_eq!(login.requests().len(), requests, "{times}");
    }
}
