//! The media types that calls request.

use http::Method;
use msgraph::Graph;
use msgraph::call::{Call, Options, ResponseKind as Kind};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

const TRANSCRIPT: &str = "/users/u/onlineMeetings/m/transcripts/t";

/// Returns the only `Accept` header of a call.
async fn accepted<A: Kind, O: Options>(call: impl FnOnce(&Graph) -> Call<A, O>) -> String {
    let recorder = Recorder::always(Answer::status(200).body("1")).await;
    call(&graph(&recorder)).await.expect("a response");
    let request = recorder.only();
    request.header("accept").expect("an Accept").to_owned()
}

/// <https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2505>
#[tokio::test]
async fn transcripts_are_requested_as_webvtt() {
    let content = |graph: &Graph| {
        let meetings = graph.users().id("u").online_meetings();
        meetings.id("m").transcripts().id("t").content().get()
    };
    let metadata = |graph: &Graph| {
        let meetings = graph.me().online_meetings();
        meetings
            .id("m")
            .transcripts()
            .id("t")
            .metadata_content()
            .get()
    };
    let of_a_call = |graph: &Graph| {
        let calls = graph.me().adhoc_calls();
        calls.id("c").transcripts().id("t").content().get()
    };
    assert_eq!(accepted(content).await, "text/vtt");
    assert_eq!(accepted(metadata).await, "text/vtt");
    assert_eq!(accepted(of_a_call).await, "text/vtt");
    assert_eq!(accepted(|graph| content(graph).raw()).await, "text/vtt");
}

#[tokio::test]
async fn content_is_requested_with_the_described_media_type() {
    let branding = |graph: &Graph| graph.organization().id("o").branding();
    let logo = accepted(|graph| branding(graph).banner_logo().get()).await;
    assert!(
        logo.split(", ").all(|of| of.starts_with("image/")) && logo.contains("image/png"),
        "{logo}"
    );
    let css = accepted(|graph| branding(graph).custom_css().get()).await;
    assert_eq!(css, "text/css");
    assert_eq!(accepted(|graph| graph.users().count()).await, "text/plain");
}

#[tokio::test]
async fn content_of_any_type_is_requested_as_anything() {
    let item = |graph: &Graph| graph.drives().id("d").items().id("i");
    assert_eq!(accepted(|graph| item(graph).content().get()).await, "*/*");
    assert_eq!(
        accepted(|graph| item(graph).content().get().raw()).await,
        "*/*"
    );
    assert_eq!(
        accepted(|graph| graph.me().photo().content().get()).await,
        "*/*"
    );
    assert_eq!(
        accepted(|graph| graph.request(Method::GET, "/me/photo/$value").content()).await,
        "*/*"
    );
}

#[tokio::test]
async fn json_is_requested_as_json() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#)).await;
    let graph = graph(&recorder);
    graph.me().get().await.unwrap();
    graph.me().get().raw().await.unwrap();
    graph.request(Method::GET, "/beta/me").await.unwrap();
    for request in recorder.requests() {
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

#[tokio::test]
async fn accept_header_of_the_caller_is_sent_alone() {
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let typed = |graph: &Graph| {
        let meetings = graph.users().id("u").online_meetings();
        let content = meetings.id("m").transcripts().id("t").content().get();
        content.header("accept", docx)
    };
    let raw = |graph: &Graph| {
        let call = graph.request(Method::GET, format!("{TRANSCRIPT}/content"));
        call.header("Accept", docx).content()
    };
    let raw_after = |graph: &Graph| {
        let call = graph.request(Method::GET, format!("{TRANSCRIPT}/content"));
        call.content().header("Accept", docx)
    };
    assert_eq!(accepted(typed).await, docx);
    assert_eq!(accepted(raw).await, docx);
    assert_eq!(accepted(raw_after).await, docx);
}

#[tokio::test]
async fn stream_keeps_accept_for_each_request() {
    let recorder = Recorder::always(Answer::status(200).body("text")).await;
    let graph = graph(&recorder);
    let meetings = graph.users().id("u").online_meetings();
    let content = meetings.id("m").transcripts().id("t").content().get();
    let mut stream = content.stream().await.unwrap();
    while stream.try_next().await.unwrap().is_some() {}
    assert_eq!(recorder.only().header("accept"), Some("text/vtt"));
}

#[tokio::test]
async fn content_elsewhere_gets_the_same_accept() {
    let storage = Recorder::always(Answer::status(200).body("text")).await;
    let recorder = Recorder::always(Answer::status(302).header("Location", storage.url())).await;
    let graph = graph(&recorder);
    let item = graph.drives().id("d").items().id("i");
    item.content().get().await.unwrap();
    assert_eq!(recorder.only().header("accept"), Some("*/*"));
    assert_eq!(storage.only().header("accept"), Some("*/*"));
}

#[tokio::test]
async fn part_of_a_batch_has_its_accept() {
    let recorder = Recorder::always(Answer::json(r#"{"responses":[]}"#)).await;
    let graph = graph(&recorder);
    let mut batch = graph.batch();
    let meetings = graph.users().id("u").online_meetings();
    let _ = batch.add(meetings.id("m").transcripts().id("t").content().get());
    let _ = batch.add(graph.me().photo().content().get());
    let _ = batch.add(graph.me().get());
    batch.send().await.unwrap();
    let request = recorder.only();
    assert_eq!(request.header("accept"), Some("application/json"));
    let parts = &request.json()["requests"];
    assert_eq!(parts[0]["headers"]["accept"], "text/vtt");
    assert_eq!(parts[1]["headers"]["accept"], "*/*");
    assert_eq!(parts[2].get("headers"), None);
}
