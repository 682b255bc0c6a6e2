//! Rounds that Graph asks to start over.

use msgraph::Error;
use msgraph::delta::{DeltaEvent, ResyncKind};
use msgraph::models::User;
use serde_json::json;

use super::{resync, round, simulator};
use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of};

#[tokio::test]
async fn bad_delta_request_is_not_a_resync() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    // The option is wrong, not the token.
    let wrong = graph
        .users()
        .delta()
        .query("$search", "\"a\"")
        .changes()
        .try_next()
        .await;
    assert!(matches!(wrong, Err(Error::Api(_))), "{wrong:?}");
    let wrong = graph
        .me()
        .drive()
        .root()
        .delta()
        .token("nonsense")
        .changes()
        .try_next()
        .await;
    let error = wrong.unwrap_err();
    assert!(error.has_code("invalidRequest"), "{error}");
}

/// Runs the documented example of starting over, where Graph asks for it each time.
#[tokio::test(start_paused = true)]
async fn standing_resync_pauses_and_ends() {
    let first = r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
    for reads_pages in [false, true] {
        let recorder =
            Recorder::new(
                move |request| match reads_pages && !request.target.contains("token") {
                    true => {
                        let url = format!("http://{}", request.header("host").unwrap_or_default());
                        Answer::json(first.replace("{url}", &url))
                    }
                    false => Answer::json(r#"{"error":{"code":"resyncRequired","message":"m"}}"#)
                        .with_status(410),
                },
            )
            .await;
        let graph = graph(&recorder);
        let begun = tokio::time::Instant::now();
        let link = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
        let mut changes = graph.users().delta().changes_since(link);
        let mut rounds = 0;
        let error = loop {
            match changes.try_next().await {
                Ok(Some(DeltaEvent::Resync(resync))) => {
                    rounds += 1;
                    changes = resync.start_over();
                }
                Ok(Some(_)) => {}
                Ok(None) => panic!("the round ended"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.status(), Some(http::StatusCode::GONE));
        assert_eq!(rounds, 4);
        assert!(begun.elapsed() >= std::time::Duration::from_secs(7));
        assert_eq!(recorder.requests().len(), if reads_pages { 9 } else { 5 });
    }
}

/// Checks that the directory's response for an old token is an error in a round without a token.
#[tokio::test]
async fn directory_refusal_after_start_over_is_an_error() {
    let answer = r#"{"error":{"code":"Request_UnsupportedQuery","message":"m"}}"#;
    let recorder = Recorder::always(Answer::json(answer).with_status(400)).await;
    let link = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
    let changes = graph(&recorder).users().delta().changes_since(link);
    let mut changes = resync(changes).await.start_over();
    let error = changes.try_next().await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error}");
    assert_eq!(recorder.requests().len(), 2);
}

// Reported: microsoftgraph/microsoft-graph-docs-contrib#8794.
#[tokio::test]
async fn expired_delta_token_requires_resync() {
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

// Reported: microsoftgraph/microsoft-graph-docs-contrib#8794.
#[tokio::test]
async fn resync_without_location_restarts_the_original_request() {
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
