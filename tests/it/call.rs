//! Calls and their responses.

use std::collections::HashMap;

use http::{Method, StatusCode};
use msgraph::Error;
use msgraph::call::{Content, Reference};
use msgraph::error::DecodeError;
use msgraph::models::actions::SendMail;
use msgraph::models::{Group, Message, PlannerTask, User};
use serde_json::{Value, json};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[path = "../cases/call.rs"]
mod cases;

#[tokio::test]
async fn an_entity_is_read() {
    let recorder = Recorder::always(Answer::json(
        r#"{"@odata.context":"c","id":"1","displayName":"Adele"}"#,
    ))
    .await;
    let user = graph(&recorder).users().id("1").get().await.unwrap();
    assert_eq!(user.display_name.as_deref(), Some("Adele"));
    let request = recorder.only();
    assert_eq!(request.method, "GET");
    assert_eq!(request.target, "/v1.0/users/1");
    assert!(request.body.is_empty());
    assert_eq!(request.header("content-type"), None);
}

#[tokio::test]
async fn bodies_are_json() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#).with_status(201)).await;
    let body = Message {
        subject: Some("a".into()),
        ..Default::default()
    };
    let created = graph(&recorder).me().messages().create(body).await.unwrap();
    assert_eq!(created.id.as_deref(), Some("1"));
    let request = recorder.only();
    assert_eq!(request.method, "POST");
    assert_eq!(request.json(), json!({ "subject": "a" }));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-length"), Some("15"));
}

/// Checks that a `POST` states its length, because Graph responds 411 otherwise.
#[tokio::test]
async fn an_action_without_a_body_says_that_it_has_none() {
    let recorder = Recorder::always(Answer::json(r#"{"value":true}"#)).await;
    graph(&recorder)
        .me()
        .revoke_sign_in_sessions()
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(request.header("content-type"), None);
}

#[tokio::test]
async fn an_empty_file_says_that_it_is_empty() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let photo = graph(&recorder).me().photo().content();
    photo.replace("").await.unwrap();
    let request = recorder.only();
    assert_eq!(request.method, "PUT");
    assert_eq!(request.header("content-length"), Some("0"));
    assert_eq!(
        request.header("content-type"),
        Some("application/octet-stream")
    );
}

#[tokio::test]
async fn values_are_taken_out_of_their_object() {
    for body in [
        r#"{"@odata.context":"c","value":true}"#,
        r##"{"value":true,"@odata.type":"#Edm.Boolean","more":{"value":1}}"##,
        "true",
    ] {
        let recorder = Recorder::always(Answer::json(body)).await;
        let value = graph(&recorder)
            .me()
            .revoke_sign_in_sessions()
            .await
            .unwrap();
        assert!(value, "{body}");
    }
    for body in [r#"{"@odata.context":"c"}"#, r#"{"value":null}"#] {
        let recorder = Recorder::always(Answer::json(body)).await;
        let value = graph(&recorder).me().revoke_sign_in_sessions().await;
        assert!(matches!(value, Err(Error::EmptyResponse(_))), "{value:?}");
    }
}

#[track_caller]
fn decode_error<T: std::fmt::Debug>(result: msgraph::Result<T>) -> Box<DecodeError> {
    match result {
        Err(Error::Decode(error)) => error,
        other => panic!("the answer should not have been readable: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_of_another_type_is_a_decode_error_that_says_where() {
    let recorder = Recorder::always(Answer::json(r#"[{"secret":1}]"#)).await;
    let error = decode_error(graph(&recorder).users().id("1").get().await);
    assert_eq!(error.path(), "");
    assert_eq!(error.type_name(), "User");
    let printed = error.to_string();
    assert!(printed.starts_with("GET /users/{user-id} → "), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Badge {
        business_phones: Vec<String>,
    }
    // A type of the caller's has no place for mismatched properties.
    let page = r#"{"@odata.context":"c","value":[{"businessPhones":[]},{"businessPhones":["1",{"secret":1}]}]}"#;
    let recorder = Recorder::always(Answer::json(page)).await;
    let users = || graph(&recorder).users().list().deserialize_as::<Badge>();
    let error = decode_error(users().await);
    assert_eq!(error.path(), "value[1].businessPhones[1]");
    assert_eq!(error.type_name(), "Badge");
    let error = decode_error(users().all().await);
    assert_eq!(error.path(), "value[1].businessPhones[1]");
    let error = decode_error(graph(&recorder).me().revoke_sign_in_sessions().await);
    assert_eq!(error.path(), "value");

    let recorder = Recorder::always(Answer::json(r#"{"id":"1"#)).await;
    let error = decode_error(graph(&recorder).users().id("1").get().await);
    assert_eq!(error.path(), "id");

    let recorder = Recorder::always(Answer::status(200).body("many")).await;
    let error = decode_error(graph(&recorder).users().count().await);
    assert!(
        error.to_string().starts_with("GET /users/$count → "),
        "{error}"
    );
}

#[tokio::test]
async fn content_goes_out_with_its_type() {
    let recorder = Recorder::always(Answer::status(200)).await;
    let graph = graph(&recorder);
    let photo = graph.me().photo().content();
    photo.replace(vec![0xff, 0xd8]).await.unwrap();
    photo
        .replace(Content::new("a").with_type("image/png"))
        .await
        .unwrap();
    photo
        .replace("a")
        .header("Content-Type", "image/jpeg")
        .await
        .unwrap();
    let item = graph.drives().id("1").items().id("2").content();
    assert_eq!(item.replace(b"a").await.unwrap(), None);
    let requests = recorder.requests();
    let types: Vec<_> = requests
        .iter()
        .map(|request| request.header("content-type"))
        .collect();
    assert_eq!(
        types,
        [
            Some("application/octet-stream"),
            Some("image/png"),
            Some("image/jpeg"),
            Some("application/octet-stream")
        ]
    );
    assert_eq!(requests[0].body, [0xff, 0xd8]);
    assert!(requests.iter().all(|request| request.method == "PUT"));
}

#[tokio::test]
async fn case_11_4_references_are_of_the_configured_cloud() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let graph = graph(&recorder);
    let root = format!("{}/v1.0", recorder.url());
    let members = graph.groups().id("g").members();

    members.add_ref("1").await.unwrap();
    graph.me().manager().set_ref("/users/2").await.unwrap();
    let elsewhere = "https://graph.microsoft.com/v1.0/directoryObjects/3";
    members.add_ref(elsewhere).await.unwrap();
    members.id("4").remove_ref().await.unwrap();
    members.remove_ref("5").await.unwrap();
    graph.me().manager().remove_ref().await.unwrap();

    let requests = recorder.requests();
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].target, "/v1.0/groups/g/members/$ref");
    assert_eq!(
        requests[0].json(),
        json!({ "@odata.id": format!("{root}/directoryObjects/1") })
    );
    assert_eq!(requests[1].method, "PUT");
    assert_eq!(requests[1].target, "/v1.0/me/manager/$ref");
    assert_eq!(
        requests[1].json(),
        json!({ "@odata.id": format!("{root}/users/2") })
    );
    assert_eq!(requests[2].json(), json!({ "@odata.id": elsewhere }));
    assert_eq!(requests[3].method, "DELETE");
    assert_eq!(requests[3].target, "/v1.0/groups/g/members/4/$ref");
    let [("@id", url)] = requests[4].query()[..] else {
        panic!("{:?}", requests[4]);
    };
    assert_eq!(
        percent_encoding::percent_decode_str(url)
            .decode_utf8()
            .unwrap(),
        format!("{root}/directoryObjects/5")
    );
    assert_eq!(requests[5].target, "/v1.0/me/manager/$ref");
}

#[tokio::test]
async fn references_are_listed() {
    let recorder = Recorder::always(Answer::json(
        r#"{"value":[{"@odata.id":"https://x/1"},"https://x/2"]}"#,
    ))
    .await;
    let ids: Vec<String> = graph(&recorder)
        .request(Method::GET, "/groups/1/owners/$ref")
        .list::<Reference>()
        .await
        .unwrap()
        .into_iter()
        .map(|reference| reference.id)
        .collect();
    assert_eq!(ids, ["https://x/1", "https://x/2"]);
}

#[tokio::test]
async fn case_11_5_etags_go_out_as_they_came() {
    let etag = r#"W/"JzEt==""#;
    let recorder = Recorder::always(Answer::json(json!({ "@odata.etag": etag, "id": "1" }))).await;
    let graph = graph(&recorder);
    let message = graph.me().messages().id("1");
    let read = message.get().await.unwrap();
    message.delete().if_match(&read).await.unwrap();
    message.delete().if_match(etag).await.unwrap();
    message.delete().if_match("*").await.unwrap();
    graph
        .planner()
        .tasks()
        .id("1")
        .update(etag, PlannerTask::default())
        .await
        .unwrap();
    let sent: Vec<_> = recorder
        .requests()
        .iter()
        .map(|request| request.header("If-Match").map(str::to_owned))
        .collect();
    assert_eq!(
        sent.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [None, Some(etag), Some(etag), Some("*"), Some(etag)]
    );

    recorder.clear();
    let result = message.delete().if_match(&Message::default()).await;
    assert!(matches!(result, Err(Error::Request(_))), "{result:?}");
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn case_11_3_what_the_description_does_not_know_goes_the_same_way() {
    let recorder =
        Recorder::always(Answer::json(r#"{"value":[{"id":"1"}]}"#).header("request-id", "r")).await;
    let graph = graph(&recorder);

    let response = graph
        .request(Method::POST, "/beta/me/new")
        .header("x-mine", "1")
        .query("a", "b c")
        .body_json(&json!({ "c": 1 }))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers().get("request-id").unwrap(), "r");
    assert_eq!(
        response.json::<Value>().unwrap(),
        json!({ "value": [{ "id": "1" }] })
    );
    let request = recorder.only();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, "/beta/me/new?a=b%20c");
    assert_eq!(request.header("x-mine"), Some("1"));
    assert_eq!(request.json(), json!({ "c": 1 }));

    let users = graph
        .request(Method::GET, "/users")
        .list::<User>()
        .top(5)
        .all()
        .await
        .unwrap();
    assert_eq!(users.len(), 1);
    let value: Value = graph.request(Method::GET, "/users").json().await.unwrap();
    assert_eq!(value["value"][0]["id"], "1");
    let content = graph
        .request(Method::GET, "/users")
        .content()
        .await
        .unwrap();
    assert_eq!(content.content_type.as_deref(), Some("application/json"));
}

#[tokio::test]
async fn case_11_3_a_foreign_host_is_refused() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let foreign = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    let result = graph
        .request(Method::GET, format!("{}/v1.0/me", foreign.url()))
        .await;
    assert!(matches!(result, Err(Error::Host(_))), "{result:?}");
    assert!(foreign.requests().is_empty());
}

#[tokio::test]
async fn case_11_6_any_call_takes_another_body() {
    let recorder = Recorder::always(Answer::status(202)).await;
    let graph = graph(&recorder);
    graph
        .me()
        .send_mail(SendMail::default())
        .body_text("TUlNRQ==")
        .await
        .unwrap();
    graph
        .me()
        .send_mail(SendMail::default())
        .body(vec![1, 2], "text/html")
        .await
        .unwrap();
    graph
        .me()
        .send_mail(SendMail::default())
        .body_text("a")
        .body_json("b")
        .await
        .unwrap();
    let requests = recorder.requests();
    assert_eq!(requests[0].body, b"TUlNRQ==");
    assert_eq!(requests[0].header("content-type"), Some("text/plain"));
    assert_eq!(requests[1].body, [1, 2]);
    assert_eq!(requests[1].header("content-type"), Some("text/html"));
    assert_eq!(requests[2].body, br#""b""#);
    assert_eq!(requests[2].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn headers_replace_each_other_and_wishes_add_up() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    graph
        .me()
        .events()
        .list()
        .header("Prefer", r#"outlook.timezone="Europe/Oslo""#)
        .header("prefer", r#"IdType="ImmutableId""#)
        .header("Accept-Language", "nb")
        .header("accept-language", "nn")
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(
        request.header("Prefer"),
        Some(r#"outlook.timezone="Europe/Oslo", IdType="ImmutableId""#)
    );
    assert_eq!(request.header("Accept-Language"), Some("nn"));

    for (name, value) in [("a b", "c"), ("", "c"), ("x", "a\nb"), ("x\r\ny", "z")] {
        let result = graph.users().list().header(name, value).await;
        assert!(
            matches!(result, Err(Error::Request(_))),
            "{name:?} {value:?}: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_json_is_refused() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let body = HashMap::from([(vec![1], 2)]);
    let result = graph(&recorder)
        .me()
        .send_mail(SendMail::default())
        .body_json(&body)
        .await;
    assert!(matches!(result, Err(Error::Request(_))), "{result:?}");
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn a_call_is_plain_data() {
    fn is_plain<T: Send + Sync + Clone + 'static>(value: &T) -> T {
        value.clone()
    }
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#)).await;
    let graph = graph(&recorder);
    let call = graph.users().id("1").get().select(User::ID);
    let again = is_plain(&call);
    let (first, second) = tokio::join!(tokio::spawn(call.into_future()), again);
    assert_eq!(first.unwrap().unwrap(), second.unwrap());
    let targets = recorder.targets();
    assert_eq!(targets, ["/v1.0/users/1?$select=id"; 2]);
}

#[tokio::test]
async fn a_call_is_not_made_before_it_is_awaited() {
    let recorder = Recorder::always(Answer::json(r#"{"id":"1"}"#)).await;
    let graph = graph(&recorder);
    drop(graph.users().id("1").get());
    drop(graph.users().id("1").get().into_future());
    drop(graph.users().list().stream());
    graph.users().id("2").get().await.unwrap();
    assert_eq!(recorder.targets(), ["/v1.0/users/2"]);
}

#[tokio::test]
async fn a_call_becomes_a_plain_request() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let graph = graph(&recorder);
    let request = graph
        .groups()
        .id("a/b")
        .update(Group::default())
        .header("x-mine", "1")
        .into_http()
        .unwrap();
    assert_eq!(request.method(), Method::PATCH);
    assert_eq!(
        request.uri().to_string(),
        format!("{}/v1.0/groups/a%2Fb", recorder.url())
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["x-mine"], "1");
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(request.body(), "{}");

    let request = graph.users().list().search("a:b").into_http().unwrap();
    assert_eq!(request.headers()["consistencylevel"], "eventual");
    assert!(graph.users().id("..").get().into_http().is_err());
    assert!(recorder.requests().is_empty());
}

#[tokio::test]
async fn an_answer_can_be_had_as_it_came() {
    let recorder = Recorder::always(
        Answer::json("{}")
            .with_status(202)
            .header("Location", "/operations/1"),
    )
    .await;
    let response = graph(&recorder).users().list().top(5).raw().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["location"], "/operations/1");
    assert_eq!(response.bytes(), "{}");
    assert!(!format!("{response:?}").contains("operations"));
    assert_eq!(recorder.only().target, "/v1.0/users?$top=5");
}

/// Checks all methods of drives. The description has drives in many places, and their children only
/// below `/drives/{drive-id}`.
#[tokio::test]
async fn a_drive_has_all_that_a_drive_has_wherever_it_stands() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    let drives: [(msgraph::nodes::DrivesId, &str); 5] = [
        (graph.drive(), "/drive"),
        (graph.me().drive(), "/me/drive"),
        (graph.users().id("1").drives().id("2"), "/users/1/drives/2"),
        (
            graph.sites().id("a.com").path("teams/hr").drive(),
            "/sites/a.com:/teams/hr:/drive",
        ),
        (
            graph
                .groups()
                .id("1")
                .sites()
                .id("2")
                .lists()
                .id("3")
                .drive(),
            "/groups/1/sites/2/lists/3/drive",
        ),
    ];
    for (drive, place) in drives {
        drive.root().path("a/b").children().list().await.unwrap();
        drive.special().id("music").children().list().await.unwrap();
        let targets = recorder.targets();
        assert_eq!(
            targets,
            [
                format!("/v1.0{place}/root:/a/b:/children"),
                format!("/v1.0{place}/special/music/children"),
            ]
        );
        recorder.clear();
    }
}

/// Checks that a site is addressed by its path below another site, and that drive items are
/// addressed by path below it.
#[tokio::test]
async fn sites_and_items_are_found_by_path_with_every_tail() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    let site = graph.sites().id("contoso.sharepoint.com").path("/sites/hr");
    let file = site.drive().root().path("Q 1/a.xlsx");
    site.get().await.unwrap();
    file.get().await.unwrap();
    file.content().get().await.unwrap();
    file.create_upload_session(Default::default())
        .await
        .unwrap();
    file.workbook().worksheets().id("1").get().await.unwrap();
    let targets = recorder.targets();
    let root = "/v1.0/sites/contoso.sharepoint.com:/sites/hr";
    assert_eq!(
        targets,
        [
            root.to_owned(),
            format!("{root}:/drive/root:/Q%201/a.xlsx"),
            format!("{root}:/drive/root:/Q%201/a.xlsx:/content"),
            format!("{root}:/drive/root:/Q%201/a.xlsx:/createUploadSession"),
            format!("{root}:/drive/root:/Q%201/a.xlsx:/workbook/worksheets/1"),
        ]
    );
}
