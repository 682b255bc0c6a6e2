//! Uploads to a name that is taken.

use http::{Method, StatusCode};
use msgraph::auth::AccessTokenCredential;
use msgraph::error::RetryStopReason;
use msgraph::models::{DriveItem, DriveItemUploadableProperties, FileSystemInfo};
use msgraph::upload::ConflictBehavior;
use msgraph::{Error, Graph};
use msgraph_simulator::{Fault, RetryAfter, Simulator};
use serde_json::json;

use super::{UNIT, content, impatient, open, taken};
use crate::support::busy::Busy;
use crate::support::simulated::{bytes, start};

#[tokio::test]
async fn name_taken_during_upload_keeps_the_bytes() {
    let (simulator, graph) = start().await;
    let data = bytes(2 * UNIT);
    let item = graph.me().drive().root().path("a.bin");
    let session = open(&graph, "a.bin").await;
    item.content().replace("first").await.unwrap();
    let result = impatient(graph.upload_session(session.clone()).upload(data.clone())).await;
    assert!(result.unwrap_err().is_conflict());
    // The bytes become a file with another name.
    let body = json!({
        "name": "a.bin",
        "@microsoft.graph.conflictBehavior": "rename",
        "@microsoft.graph.sourceUrl": session.upload_url,
    });
    let made: DriveItem = graph
        .request(Method::PUT, "/me/drive/root:/a.bin")
        .body_json(&body)
        .json()
        .await
        .unwrap();
    assert_eq!(content(&graph, &made.name.unwrap()).await, data);
    assert_eq!(content(&graph, "a.bin").await, b"first");
    drop(simulator);
}

#[tokio::test]
async fn conflict_behavior_is_equal_for_all_sizes() {
    let (_simulator, graph) = start().await;
    for size in [10, 2 * UNIT] {
        let name = format!("{size}.bin");
        let item = graph.me().drive().root().path(&name);
        let upload = |conflict| {
            item.upload(bytes(size))
                .slice_size(UNIT as u64)
                .conflict_behavior(conflict)
        };
        let first = upload(ConflictBehavior::Fail).await.unwrap();
        assert!(
            upload(ConflictBehavior::Fail)
                .await
                .unwrap_err()
                .is_conflict(),
            "{size}"
        );
        let renamed = upload(ConflictBehavior::Rename).await.unwrap();
        assert_ne!(renamed.name, first.name);
        let replaced = upload(ConflictBehavior::Replace).await.unwrap();
        assert_eq!(replaced.id, first.id);
        // The earlier etag is outdated.
        let stale = upload(ConflictBehavior::Replace)
            .if_match(&first)
            .await
            .unwrap_err();
        assert!(stale.is_precondition_failed(), "{stale}");
        upload(ConflictBehavior::Replace)
            .if_match(&replaced)
            .await
            .unwrap();
        let without = upload(ConflictBehavior::Replace)
            .if_match(&DriveItem::default())
            .await;
        assert!(matches!(without, Err(Error::Request(_))), "{without:?}");
    }
}

#[tokio::test]
async fn properties_are_sent_for_all_sizes() {
    let (_simulator, graph) = start().await;
    let then = "2020-01-02T03:04:05Z".parse().unwrap();
    for size in [0, 10] {
        let times = FileSystemInfo {
            last_modified_date_time: Some(then),
            ..Default::default()
        };
        let properties = DriveItemUploadableProperties {
            description: Some("figures".into()),
            file_system_info: Some(times.into()),
            ..Default::default()
        };
        let item = graph.me().drive().root().path(&format!("p{size}.bin"));
        let made = item
            .upload(bytes(size))
            .properties(properties)
            .await
            .unwrap();
        assert_eq!(made.size, Some(size as i64));
        if size == 0 {
            assert_eq!(made.description.as_deref(), Some("figures"));
            assert_eq!(
                made.file_system_info.unwrap().last_modified_date_time,
                Some(then)
            );
        }
    }
}

/// Creates a client of the simulator's user whose paused clock stands still while a request is
/// under way.
fn patient(simulator: &Simulator) -> Graph {
    Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .per_try_middleware(Busy)
        .build()
        .expect("a client of this machine's own address")
}

/// Returns the number of times that content was sent in one request.
fn contents(simulator: &Simulator) -> usize {
    let requests = simulator.requests().into_iter();
    requests
        .filter(|request| request.method == Method::PUT && request.path().ends_with("/content"))
        .count()
}

fn put_content(fault: Fault) -> Fault {
    fault.method(Method::PUT).at("/v1.0/me/drive/*")
}

#[tokio::test(start_paused = true)]
async fn lost_response_of_rename_makes_one_file() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    let upload = || {
        let file = graph.me().drive().root().path("a.txt");
        file.upload("hello")
            .conflict_behavior(ConflictBehavior::Rename)
    };
    simulator.fault(put_content(Fault::lost()));
    let error = upload().await.unwrap_err();
    assert_eq!(contents(&simulator), 1);
    let reason = error.attempts().unwrap().stop_reason();
    assert_eq!(reason, Some(RetryStopReason::NotIdempotent));
    let children = simulator.read("/me/drive/root/children").unwrap();
    let names = children["value"].as_array().unwrap().iter();
    let made = names.filter(|item| item["name"].as_str().unwrap().starts_with('a'));
    assert_eq!(made.count(), 1);

    // If the service says that it did nothing, the request is sent again.
    simulator.forget_requests();
    simulator.fault(put_content(Fault::throttled(RetryAfter::Seconds(1))));
    upload().await.unwrap();
    assert_eq!(contents(&simulator), 2);
}

#[tokio::test(start_paused = true)]
async fn lost_response_of_own_upload_is_not_conflict() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    for (size, properties) in [(0, false), (1000, false), (1000, true)] {
        let name = format!("{size}-{properties}.bin");
        let file = graph.me().drive().root().path(&name);
        simulator.fault(match properties {
            false => put_content(Fault::lost()),
            true => Fault::lost().method(Method::PUT).at("/upload/*"),
        });
        let properties = DriveItemUploadableProperties {
            description: properties.then(|| "figures".to_owned()),
            ..Default::default()
        };
        let upload = file.upload(bytes(size)).properties(properties);
        let item = upload
            .conflict_behavior(ConflictBehavior::Fail)
            .await
            .unwrap();
        assert_eq!(item.name.as_deref(), Some(&*name));
        assert_eq!(item.size, Some(size as i64));
    }
    // The same holds with an etag, which the first attempt changes.
    let file = graph.me().drive().root().path("1000-false.bin");
    let before = file.get().await.unwrap();
    simulator.fault(put_content(Fault::lost()));
    let item = file.upload("new").if_match(&before).await.unwrap();
    assert_eq!((item.id, item.size), (before.id, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn foreign_file_stays_a_conflict_after_unclear_attempt() {
    let (simulator, _) = start().await;
    let graph = patient(&simulator);
    let file = graph.me().drive().root().path("a.txt");
    file.upload("theirs").await.unwrap();
    for ours in ["ours!!", "longer than theirs"] {
        simulator.fault(put_content(Fault::status(StatusCode::GATEWAY_TIMEOUT)));
        let error = file
            .upload(ours)
            .conflict_behavior(ConflictBehavior::Fail)
            .await
            .unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert!(error.attempts().unwrap().may_have_succeeded());
        assert_eq!(content(&graph, "a.txt").await, b"theirs");
    }
}

#[tokio::test(start_paused = true)]
async fn own_file_is_recognized_by_content_and_time() {
    let item = |more: serde_json::Value| {
        let mut item = json!({ "id": "1", "name": "a.txt", "size": 5 });
        item.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        item
    };
    let hash = |hash: &str| json!({ "file": { "hashes": { "quickXorHash": hash } } });
    let hello = "aCgDG9jwBgAAAAAABQAAAAAAAAA=";
    let at = |time: &str| {
        let mut item = item(hash(hello));
        item["lastModifiedDateTime"] = time.into();
        item
    };
    let date = Some("Sun, 01 Mar 2026 10:00:10 GMT");
    for (item, content, date, is_own) in [
        (item(hash(hello)), "", None, true),
        (
            item(hash("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
            "hello",
            None,
            false,
        ),
        // Without a hash, the content itself is compared.
        (item(json!({})), "hello", None, true),
        (item(json!({})), "olleh", None, false),
        (item(json!({ "size": 6 })), "hello", None, false),
        // Another program wrote the same content before this call began.
        (at("2026-03-01T10:00:09Z"), "", date, true),
        (at("2026-03-01T09:00:00Z"), "", date, false),
    ] {
        let recorder = taken(item.clone(), content, date).await;
        let graph = Graph::builder(AccessTokenCredential::new("token"))
            .base_url(recorder.url())
            .per_try_middleware(Busy)
            .build()
            .unwrap();
        let file = graph.me().drive().root().path("a.txt");
        let uploaded = file
            .upload("hello")
            .conflict_behavior(ConflictBehavior::Fail)
            .await;
        match uploaded {
            Ok(made) => assert!(
                is_own && made.id.as_deref() == Some("1"),
                "{item} {content}"
            ),
            Err(error) => assert!(!is_own && error.is_conflict(), "{item} {content}: {error}"),
        }
    }
}
