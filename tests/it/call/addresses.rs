//! References, and addresses that a program writes out.

use http::{Method, StatusCode};
use msgraph::Error;
use msgraph::call::Reference;
use msgraph::models::User;
use serde_json::{Value, json};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

// Reported: microsoftgraph/microsoft-graph-docs#24, microsoftgraph/msgraph-sdk-go#197.
#[tokio::test]
async fn reference_uses_the_configured_cloud() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#427, microsoftgraph/msgraph-sdk-dotnet#686.
#[tokio::test]
async fn unknown_path_is_sent_like_known_ones() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#427, microsoftgraph/msgraph-sdk-dotnet#686.
#[tokio::test]
async fn foreign_host_is_refused() {
    let recorder = Recorder::always(Answer::json("{}")).await;
    let foreign = Recorder::always(Answer::json("{}")).await;
    let graph = graph(&recorder);
    let result = graph
        .request(Method::GET, format!("{}/v1.0/me", foreign.url()))
        .await;
    assert!(matches!(result, Err(Error::Host(_))), "{result:?}");
    assert!(foreign.requests().is_empty());
}

/// Checks all methods of drives. The description has drives in many places, and their children only
/// below `/drives/{drive-id}`.
#[tokio::test]
async fn drive_methods_exist_at_every_place() {
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
async fn sites_and_items_by_path_take_every_tail() {
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
