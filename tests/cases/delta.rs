//! Faults that users of other SDKs reported: delta queries.

use super::*;

#[tokio::test]
async fn case_4_3_an_empty_page_is_not_the_end_of_a_round() {
    let recorder = Recorder::in_turn([
        Answer::json(
            r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#,
        ),
        Answer::json(r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=b"}"#),
        Answer::json(
            r#"{"value":[{"id":"2"}],"@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=c"}"#,
        ),
    ])
    .await;
    let mut changes = graph(&recorder).users().delta().changes();
    let mut ids = Vec::new();
    while let Some(DeltaEvent::Changed(user)) = changes.try_next().await.unwrap() {
        // The link is available once everything before it was given.
        assert_eq!(
            changes.delta_link().is_some(),
            user.id.as_deref() == Some("2")
        );
        ids.push(user.into_inner().id.unwrap());
    }
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(
        changes.delta_link(),
        Some(format!("{}/v1.0/users/delta?$deltatoken=c", recorder.url()).as_str())
    );
}

#[tokio::test]
async fn case_4_5_a_round_goes_on_from_a_link_that_was_kept() {
    let last = || {
        Answer::json(r#"{"value":[],"@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=b"}"#)
    };
    let recorder = Recorder::in_turn([last(), last(), last()]).await;
    let target = "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x='y'";
    let link = format!("{}{target}", recorder.url());
    let client = graph(&recorder);
    let from = client
        .delta_from::<User>(&link)
        .header("Prefer", "return=minimal");
    round(from.changes()).await;
    round(client.users().delta().select("id").changes_since(&link)).await;
    // A link to a page in the middle of a round works as well.
    round(
        client
            .delta_from::<User>(format!("{}/v1.0/users/delta?$skiptoken=c", recorder.url()))
            .changes(),
    )
    .await;
    assert_eq!(
        recorder.targets(),
        [
            "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x=%27y%27",
            "/v1.0/users/delta?$deltatoken=a%2fB%3d=&x=%27y%27",
            "/v1.0/users/delta?$skiptoken=c"
        ]
    );
    assert_eq!(
        recorder.requests()[0].header("prefer"),
        Some("return=minimal")
    );
    assert_eq!(recorder.requests()[1].header("prefer"), None);

    for link in [
        "https://graph.contoso.example/v1.0/users/delta?$deltatoken=a",
        "nonsense",
    ] {
        let error = client
            .delta_from::<User>(link)
            .changes()
            .try_next()
            .await
            .unwrap_err();
        match error {
            Error::Host(_) => assert!(link.starts_with("https")),
            Error::Request(_) => assert!(!link.starts_with("https")),
            other => panic!("{other}"),
        }
        let error = client
            .users()
            .delta()
            .changes_since(link)
            .try_next()
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Host(_) | Error::Request(_)),
            "{error}"
        );
    }
    assert_eq!(recorder.requests().len(), 3);
}

#[tokio::test]
async fn case_4_6_the_token_of_a_drive_is_an_option() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let delta = graph(&recorder).me().drive().root().delta().token("latest");
    delta.await.unwrap();
    assert_eq!(
        recorder.targets(),
        ["/v1.0/me/drive/root/delta()?token=latest"]
    );
}

#[tokio::test]
async fn case_4_8_that_a_token_is_too_old_is_an_outcome() {
    let gone = |code: &str| {
        let error = json!({ "error": { "code": code, "message": "m" } });
        Answer::json(error).with_status(410)
    };
    for (code, kind) in [
        ("syncStateNotFound", ResyncKind::Full),
        ("resyncRequired", ResyncKind::Full),
        (
            "resyncChangesApplyDifferences",
            ResyncKind::ApplyDifferences,
        ),
        ("resyncUploadDifferences", ResyncKind::UploadDifferences),
    ] {
        let target = "/v1.0/me/drive/root/delta?token=fresh";
        let recorder = Recorder::in_turn([
            gone(code).header("Location", &format!("{{url}}{target}")),
            Answer::json(r#"{"value":[{"id":"1"}],"@odata.deltaLink":"{url}/v1.0/d?token=b"}"#),
        ])
        .await;
        let old = format!("{}/v1.0/me/drive/root/delta?token=old", recorder.url());
        let client = graph(&recorder);
        let delta = client.me().drive().root().delta().select("id");
        let resync = resync(delta.changes_since(old)).await;
        assert_eq!(resync.kind(), kind);
        assert_eq!(resync.link(), format!("{}{target}", recorder.url()));
        assert_eq!(resync.error().status(), Some(http::StatusCode::GONE));
        // The stream does not start over by itself.
        assert_eq!(recorder.requests().len(), 1);
        let (events, _) = round(resync.start_over()).await;
        assert_eq!(events.len(), 1);
        assert_eq!(recorder.targets()[1], target);
    }
}

#[tokio::test]
async fn case_4_8_without_a_location_a_round_begins_where_the_call_did() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let drive = || graph.me().drive().root().delta().select("id,name");
    let users = || graph.users().delta().select([User::DISPLAY_NAME]);
    let inbox = || graph.me().mail_folders().id("inbox").messages().delta();
    let links = (
        round(drive().changes()).await.1,
        round(users().changes()).await.1,
        round(inbox().changes()).await.1,
    );
    simulator.expire_delta_tokens();
    simulator.forget_requests();
    // For a drive, Graph says where to start over.
    let over = resync(drive().changes_since(&links.0)).await.start_over();
    assert!(!round(over).await.0.is_empty());
    // The directory responds 400, and does not say where to start over.
    let over = resync(users().changes_since(&links.1)).await;
    assert_eq!(over.error().status(), Some(http::StatusCode::BAD_REQUEST));
    assert!(
        over.link().ends_with("/users/delta()?$select=displayName"),
        "{}",
        over.link()
    );
    assert_eq!(round(over.start_over()).await.0.len(), 12);
    // Outlook responds 410, and does not say where. The stored link alone is enough to start over.
    let over = resync(graph.delta_from::<User>(&links.2).changes()).await;
    assert!(over.link().contains("/messages/delta"), "{}", over.link());
    assert!(!over.link().contains("token"), "{}", over.link());
    let over = resync(inbox().changes_since(&links.2)).await.start_over();
    assert!(!round(over).await.0.is_empty());
}
