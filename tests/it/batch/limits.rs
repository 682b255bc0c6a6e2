//! The number and the size of the calls in a request.

use super::{answered, draft, named, parts, sizes};
use crate::support::graph;
use crate::support::recorder::Recorder;

#[tokio::test]
async fn large_drafts_are_split_at_four_megabytes() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let drafts = (0..10).map(|_| graph.me().messages().create(draft(1_000_000)));
    let created = graph.batch().send_all(drafts).await.unwrap();
    assert!(created.iter().all(Result::is_ok));
    let sizes = sizes(&recorder);
    assert!(
        sizes.iter().all(|(_, bytes)| *bytes <= 4_000_000),
        "{sizes:?}"
    );
    let calls: Vec<_> = sizes.iter().map(|(calls, _)| *calls).collect();
    assert_eq!(calls, [3, 3, 3, 1]);
}

#[tokio::test]
async fn batch_limits_can_be_set() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let users = |count: usize| {
        let ids = (0..count).map(|id| id.to_string());
        ids.map(|id| graph.users().id(&id).get())
            .collect::<Vec<_>>()
    };
    let calls = || -> Vec<usize> {
        let calls = sizes(&recorder).iter().map(|(calls, _)| *calls).collect();
        recorder.clear();
        calls
    };
    let batch = graph.batch().max_parts(4);
    assert_eq!(batch.send_all(users(10)).await.unwrap().len(), 10);
    assert_eq!(calls(), [4, 4, 2]);
    for (parts, wanted) in [(0, vec![1, 1, 1]), (100, vec![3])] {
        let batch = graph.batch().max_parts(parts);
        batch.send_all(users(3)).await.unwrap();
        assert_eq!(calls(), wanted);
    }
    let batch = graph.batch().max_parts(100);
    batch.send_all(users(21)).await.unwrap();
    assert_eq!(calls(), [20, 1]);

    let batch = graph.batch().max_bytes(200);
    batch.send_all(users(10)).await.unwrap();
    let sent = sizes(&recorder);
    assert!(
        sent.len() > 1 && sent.iter().all(|(_, bytes)| *bytes <= 200),
        "{sent:?}"
    );
    recorder.clear();
    let batch = graph.batch().max_bytes(0);
    batch.send_all(users(3)).await.unwrap();
    assert_eq!(calls(), [1, 1, 1]);
}

#[tokio::test]
async fn one_mailbox_has_four_calls_per_request() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let of_user = |user: &str| {
        let messages = graph.users().id(user).messages();
        (0..20)
            .map(|id| messages.id(id.to_string()).get())
            .collect::<Vec<_>>()
    };
    let calls = || -> Vec<usize> {
        let calls = sizes(&recorder).iter().map(|(calls, _)| *calls).collect();
        recorder.clear();
        calls
    };
    let messages = graph.batch().send_all(of_user("a")).await.unwrap();
    assert_eq!(
        messages[7].as_ref().unwrap().id.as_deref(),
        Some("/users/a/messages/7")
    );
    assert_eq!(calls(), [4; 5]);
    let both = of_user("a").into_iter().chain(of_user("b"));
    graph.batch().send_all(both).await.unwrap();
    assert_eq!(calls(), [8; 5]);
    let batch = graph.batch().max_parts_per_mailbox(20);
    batch.send_all(of_user("a")).await.unwrap();
    assert_eq!(calls(), [20]);
    // Calls one after another never run at the same time.
    let batch = graph.batch().sequential();
    batch.send_all(of_user("a")).await.unwrap();
    assert_eq!(calls(), [20]);
}

#[tokio::test]
async fn oversized_dependent_calls_are_sent_in_order() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let mut last = batch.add(graph.me().messages().create(draft(2_000_000)));
    for _ in 0..2 {
        let create = graph.me().messages().create(draft(2_000_000));
        last = batch.add_after(&last, create);
    }
    let mut answers = batch.send().await.unwrap();
    answers.take(last).unwrap();
    let requests = recorder.requests();
    let ids: Vec<_> = requests
        .iter()
        .map(|request| parts(request)[0]["id"].clone())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    for request in &requests {
        assert_eq!(parts(request)[0].get("dependsOn"), None);
    }
}
