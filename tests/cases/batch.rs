//! Faults that users of other SDKs reported: batches.

use super::*;

#[tokio::test]
async fn case_7_1_any_number_of_calls_is_sent_in_order() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    let calls = (0..45).map(|id| graph.users().id(&id.to_string()).get());
    let users = graph.batch().send_all(calls).await.unwrap();
    let ids: Vec<_> = users
        .into_iter()
        .map(|user| user.unwrap().id.unwrap())
        .collect();
    let wanted: Vec<_> = (0..45).map(|id| format!("/users/{id}")).collect();
    assert_eq!(ids, wanted);
    let sizes: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| parts(request).len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
    let all = recorder.requests();
    let mut ids: Vec<_> = all
        .iter()
        .flat_map(parts)
        .map(|part| part["id"].clone())
        .collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 45);
}

#[tokio::test]
async fn case_7_1_a_chain_that_is_too_long_is_refused_before_it_is_sent() {
    let recorder = Recorder::new(|request| answered(request, named)).await;
    let graph = graph(&recorder);
    for (calls, fits) in [(20, true), (21, false)] {
        let mut batch = graph.batch();
        let mut before = batch.add(graph.me().get());
        for _ in 1..calls {
            before = batch.add_after(&before, graph.me().get());
        }
        match batch.send().await {
            Ok(mut answers) => {
                assert!(fits);
                answers.take(before).unwrap();
            }
            Err(error) => {
                assert!(!fits);
                assert_eq!(batch_error(&error).kind(), BatchErrorKind::TooMany);
                assert_eq!(
                    error.to_string(),
                    "21 calls of a batch depend on each other, but one request holds at most 20 \
                     calls"
                );
            }
        }
    }
    assert_eq!(recorder.requests().len(), 1);
    let chain = parts(&recorder.only());
    assert_eq!(chain[0].get("dependsOn"), None);
    assert_eq!(chain[7]["dependsOn"], json!(["7"]));
}

#[tokio::test]
async fn case_7_3_content_that_is_elsewhere_is_fetched_without_a_token() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let file = graph.me().drive().root().path("in a batch.txt").content();
    file.replace("text").await.unwrap();
    simulator.forget_requests();
    let mut batch = graph.batch();
    let content = batch.add(file.get());
    let me = batch.add(graph.me().get());
    let mut answers = batch.send().await.unwrap();
    assert_eq!(&answers.take(content).unwrap().bytes[..], b"text");
    answers.take(me).unwrap();
    let requests = simulator.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].header("authorization").is_none());
}

#[tokio::test]
async fn case_7_4_photos_are_bytes() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let photo = graph.me().photo().content();
    let bytes: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";
    let mut batch = graph.batch();
    let put = batch.add(photo.replace(msgraph::call::Content::new(bytes).with_type("image/jpeg")));
    let got = batch.add_after(&put, photo.get());
    let mut answers = batch.send().await.unwrap();
    answers.take(put).unwrap();
    assert_eq!(&answers.take(got).unwrap().bytes[..], bytes);
}

#[tokio::test]
async fn case_7_6_what_was_not_done_says_because_of_what() {
    let recorder = Recorder::new(|request| {
        answered(request, |part| match part["id"].as_str() {
            Some("1") => json!({
                "id": "1",
                "status": 409,
                "body": { "error": { "code": "nameAlreadyExists", "message": "m" } },
            }),
            _ => json!({ "id": part["id"], "status": 424, "body": { "error": { "code": "", "message": "" } } }),
        })
    })
    .await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let first = batch.add(
        graph
            .me()
            .mail_folders()
            .create(msgraph::models::MailFolder::default()),
    );
    let second = batch.add_after(&first, graph.me().mail_folders().list());
    let third = batch.add_after(&second, graph.me().get());
    let mut answers = batch.send().await.unwrap();
    assert!(answers.take(first).unwrap_err().is_conflict());
    for (part, call) in [
        (answers.take(second).map(drop), "GET /me/mailFolders"),
        (answers.take(third).map(drop), "GET /me"),
    ] {
        let error = part.unwrap_err();
        assert_eq!(batch_error(&error).kind(), BatchErrorKind::NotRun);
        assert_eq!(
            error.to_string(),
            format!(
                "{call} in a batch: not run, because it depends on POST /me/mailFolders, which \
                 failed: POST /me/mailFolders → 409 nameAlreadyExists: m"
            )
        );
    }
}

#[tokio::test]
async fn case_7_7_a_part_is_written_as_the_call_would_be() {
    let recorder = Recorder::new(|request| match request.target.as_str() {
        "/v1.0/$batch" => answered(
            request,
            |part| json!({ "id": part["id"], "status": 200, "body": { "value": [] } }),
        ),
        _ => Answer::json(r#"{"value":[]}"#),
    })
    .await;
    let graph = graph(&recorder);
    let call = || {
        let list = graph
            .users()
            .list()
            .filter("mail eq 'a+b@c.d'")
            .select(["id", "mail"]);
        list.count(true).header("Prefer", "a").header("Prefer", "b")
    };
    call().await.unwrap();
    let alone = recorder.only();
    recorder.clear();
    let mut batch = graph.batch();
    let _list = batch.add(call());
    let draft = Message {
        subject: Some("x".into()),
        ..Default::default()
    };
    let _draft = batch.add(graph.me().messages().create(draft));
    let _text = batch.add(graph.me().send_mail(Default::default()).body_text("bytes"));
    let _gone = batch.add(graph.me().messages().id("1/2").delete());
    batch.send().await.unwrap();
    let [list, draft, text, gone] = parts(&recorder.only()).try_into().unwrap();
    assert_eq!(
        format!("/v1.0{}", list["url"].as_str().unwrap()),
        alone.target
    );
    assert_eq!(
        list["headers"],
        json!({ "consistencylevel": "eventual", "prefer": "a, b" })
    );
    assert_eq!(list.get("body"), None);
    assert_eq!(draft["method"], "POST");
    assert_eq!(
        draft["headers"],
        json!({ "content-type": "application/json" })
    );
    assert_eq!(draft["body"], json!({ "subject": "x" }));
    assert_eq!(text["headers"], json!({ "content-type": "text/plain" }));
    assert_eq!(text["body"], "Ynl0ZXM=");
    assert_eq!(
        (&gone["method"], gone.get("headers")),
        (&json!("DELETE"), None)
    );
}
