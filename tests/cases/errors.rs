//! Faults that users of other SDKs reported: errors, as they come over the wire.

use super::*;

#[tokio::test]
async fn case_9_1_an_error_is_an_api_error_whatever_its_body_is() {
    let html = Answer::status(502)
        .header("Content-Type", "text/html")
        .header("request-id", "r")
        .body("<html>private");
    let text = Answer::status(401)
        .header("Content-Type", "text/plain")
        .body("nope");
    let cut = Answer::json(r#"{"error":{"co"#).with_status(400);
    for (answer, retryable, says) in [
        (
            html,
            true,
            "GET /users/{id} → 502 Bad Gateway, request-id r",
        ),
        (
            Answer::status(503),
            true,
            "GET /users/{id} → 503 Service Unavailable",
        ),
        (text, false, "GET /users/{id} → 401 Unauthorized"),
        (cut, false, "GET /users/{id} → 400 Bad Request"),
    ] {
        let (status, body) = (answer.status, answer.body.clone());
        let error = error_of(answer).await;
        assert_eq!(
            (
                error.status().map(|status| status.as_u16()),
                error.is_retryable()
            ),
            (Some(status), retryable)
        );
        let error = api(error);
        assert_eq!(error.raw_body(), body);
        // The id that was sent takes the place of Graph's id.
        let id = error
            .client_request_id()
            .expect("an id was sent")
            .to_owned();
        let expected = if error.request_id().is_some() {
            says.to_owned()
        } else {
            format!("{says}, client-request-id {id}")
        };
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn case_9_1_a_body_that_breaks_off_keeps_its_status() {
    let url =
        raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\nrequest-id: r\r\n\r\n{\"error\":{")
            .await;
    let error = api(client(&url).request(Method::GET, "/me").await.unwrap_err());
    assert_eq!(
        (error.status().as_u16(), error.request_id()),
        (404, Some("r"))
    );
    assert_eq!(error.raw_body(), b"{\"error\":{");
}

#[tokio::test]
async fn case_9_2_an_error_says_everything_on_one_line() {
    let error = error_of(
        Answer::json(json!({
            "error": {
                "code": "Request_ResourceNotFound",
                "message": "Resource '8e3a' does not exist or one of its \
                            queried\r\nreference-property objects are not present.",
                "innerError": { "date": "2026-02-20T11:27:12", "request-id": "327f7bf0", "client-request-id": "e8b4e1da" },
            },
        }))
        .with_status(404)
        .header("request-id", "327f7bf0"),
    )
    .await;
    assert!(error.is_not_found() && !error.is_retryable());
    insta::assert_snapshot!(
        error,
        @"GET /users/{id} → 404 Request_ResourceNotFound: Resource '8e3a' does not exist or one of \
          its queried reference-property objects are not present, request-id 327f7bf0"
    );

    let inner = error_of(
        Answer::json(json!({
            "error": {
                "code": "accessDenied",
                "message": "Access denied",
                "details": [{ "code": "PropertyConflict", "target": "mailNickname", "message": "taken" }],
                "innererror": { "code": "accessRestricted" },
            },
        }))
        .with_status(403)
        .header("request-id", "r"),
    )
    .await;
    assert!(inner.is_forbidden() && inner.has_code("AccessRestricted"));
    insta::assert_snapshot!(
        inner,
        @"GET /users/{id} → 403 accessDenied (accessRestricted): Access denied [PropertyConflict \
          mailNickname], request-id r"
    );
}

#[tokio::test]
async fn case_9_3_an_error_with_holes_is_read_as_far_as_it_goes() {
    let body = "\u{feff}{\"error\":{\"code\":\"\",\"message\":\"m\",\"innererror\":{\"request-id\":\"r\"}}}";
    let error = api(error_of(Answer::json(body).with_status(412)).await);
    assert_eq!(
        (error.code(), error.message(), error.request_id()),
        (None, Some("m"), Some("r"))
    );
    let error = api(error_of(Answer::json(r#"{"error":{}}"#).with_status(412)).await);
    assert_eq!(
        (error.code(), error.message(), error.request_id()),
        (None, None, None)
    );
}

#[tokio::test]
async fn case_9_4_each_call_has_an_id_of_its_own_that_stays_over_its_tries() {
    let recorder = Recorder::in_turn([
        Answer::status(401),
        Answer::json("{}"),
        Answer::json("{}"),
        Answer::status(500),
        Answer::json("{}"),
    ])
    .await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    let provider = AccessTokenCredential::from_fn(move || {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Ok::<_, std::convert::Infallible>(format!("t{n}")) }
    });
    let client = Graph::builder(provider)
        .base_url(recorder.url())
        .build()
        .unwrap();
    client.request(Method::GET, "/me").await.unwrap();
    client.request(Method::GET, "/me").await.unwrap();
    let failed = api(client.request(Method::GET, "/me").await.unwrap_err());
    client
        .request(Method::GET, "/me")
        .header("client-request-id", "mine")
        .await
        .unwrap();

    let requests = recorder.requests();
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.header("client-request-id").unwrap())
        .collect();
    assert_eq!(ids[0], ids[1], "the second try of one call");
    assert_ne!(ids[0], ids[2], "another call");
    assert_eq!(uuid::Uuid::parse_str(ids[0]).unwrap().get_version_num(), 4);
    assert_eq!(failed.client_request_id(), Some(ids[3]));
    assert_eq!(ids[4], "mine");
}
