//! Faults that users of other SDKs reported: long-running operations.

use super::*;

#[tokio::test]
async fn case_5_8_a_copy_is_waited_for_without_a_token() {
    let simulator = simulator().await;
    simulator.set_polls(3);
    let graph = graph_of(&simulator, simulator.user_token());
    write(&graph, "original.txt").await;
    let root = graph.me().drive().root();
    let monitor = root
        .path("original.txt")
        .copy(copy("copy.txt"))
        .monitor()
        .await
        .unwrap();
    let url = monitor.url().unwrap().to_owned();
    assert!(url.starts_with(&simulator.storage_url()), "{url}");
    assert!(!format!("{monitor:?}").contains(&url));
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let done = monitor
        .interval(Duration::from_millis(1))
        .on_progress(move |work| seen.lock().unwrap().push(work.status().clone()))
        .wait()
        .await
        .unwrap();
    let told = told.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            LongRunningOperationStatus::NotStarted,
            LongRunningOperationStatus::Running,
            LongRunningOperationStatus::Running,
            LongRunningOperationStatus::Succeeded
        ]
    );
    let drive = graph.me().drive();
    let item = drive
        .items()
        .id(done.resource_id().unwrap())
        .get()
        .await
        .unwrap();
    assert_eq!(item.name.as_deref(), Some("copy.txt"));
    let looks: Vec<_> = simulator
        .requests()
        .into_iter()
        .rev()
        .skip(1)
        .take(4)
        .collect();
    assert!(
        looks
            .iter()
            .all(|look| look.header("authorization").is_none())
    );
    // The address alone is enough to poll again.
    let again = graph.monitor(&url).poll().await.unwrap();
    assert_eq!(again.status(), &LongRunningOperationStatus::Succeeded);
}
