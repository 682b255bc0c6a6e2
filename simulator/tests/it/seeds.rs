//! Tests of seeds in JSON, and of the way back to the start.

use http::{Method, StatusCode};
use msgraph_simulator::{Error, Fault, RetryAfter, Seed, Simulator};
use serde_json::json;

use crate::client::{Client, builder, start};

/// A seed with a place of each kind.
const FULL: &str = r#"{
    "/users": [
        { "id": "5b2f0e0a-1c9f-4c3e-9d55-0a1b2c3d4e5f", "displayName": "Ada",
          "userPrincipalName": "ada@contoso.com", "createdDateTime": "2020-05-01T08:00:00Z" },
        { "displayName": "Ben", "userPrincipalName": "ben@contoso.com" }
    ],
    "/groups": { "id": "6c3f0e0a-1c9f-4c3e-9d55-0a1b2c3d4e5f", "displayName": "Readers" },
    "/groups/6c3f0e0a-1c9f-4c3e-9d55-0a1b2c3d4e5f/members/$ref": [
        { "@odata.id": "/users/ada@contoso.com" },
        { "@odata.id": "/users/ben@contoso.com" }
    ],
    "/users/ben@contoso.com/manager/$ref": { "@odata.id": "/users/ada@contoso.com" },
    "/users/ben@contoso.com": { "jobTitle": "Reader" },
    "/users/ada@contoso.com/mailFolders/inbox/messages": [
        { "id": "AAMkAD-first", "subject": "Hello", "isDraft": false, "isRead": true }
    ],
    "/me/drive/root/children": { "name": "Seeded", "folder": {} },
    "/me/drive/root:/Seeded/a.txt:/content": "eins",
    "/me/drive/root:/Seeded/b.bin:/content": { "base64": "AAEC", "contentType": "image/png" }
}"#;

async fn seeded(text: &str) -> Result<Simulator, Error> {
    builder().seed(Seed::Empty).seed_json(text).start().await
}

#[tokio::test]
async fn seed_writes_every_kind_of_place() {
    let simulator = seeded(FULL).await.unwrap();
    let mut client = Client::user(&simulator).await;
    let ada = client.get("/users/ada@contoso.com").await.json();
    assert_eq!(ada["id"], "5b2f0e0a-1c9f-4c3e-9d55-0a1b2c3d4e5f");
    let created = client
        .get("/users/ada@contoso.com?$select=createdDateTime")
        .await
        .json();
    assert_eq!(created["createdDateTime"], "2020-05-01T08:00:00Z");
    let group = "/groups/6c3f0e0a-1c9f-4c3e-9d55-0a1b2c3d4e5f/members";
    assert_eq!(client.get(group).await.names("displayName"), ["Ada", "Ben"]);
    let ben = client
        .get("/users/ben@contoso.com?$select=jobTitle&$expand=manager")
        .await
        .json();
    assert_eq!(ben["jobTitle"], "Reader");
    assert_eq!(ben["manager"]["displayName"], "Ada");
    let message = client
        .get("/users/ada@contoso.com/messages/AAMkAD-first")
        .await
        .json();
    assert_eq!(message["subject"], "Hello");
    assert_eq!(message["isDraft"], false);
    let text = client.file("/me/drive/root:/Seeded/a.txt:/content").await;
    assert_eq!(&text.body[..], b"eins");
    let bytes = client.file("/me/drive/root:/Seeded/b.bin:/content").await;
    assert_eq!(&bytes.body[..], [0, 1, 2]);
    assert_eq!(simulator.changes(), [], "a seed is not a change");
}

#[tokio::test]
async fn refused_seeds_name_their_place() {
    for (text, message) in [
        (
            "[]",
            "seed: an object with a path for each member was expected",
        ),
        ("{", "seed: EOF while parsing an object at line 1 column 1"),
        (
            r#"{ "users": [] }"#,
            "seed: `users` is not a path: a path is below the version, such as `/users`",
        ),
        (
            r#"{ "/nothing": {} }"#,
            "seed: `/nothing`: Resource not found for the segment 'nothing'.",
        ),
        (
            r#"{ "/users": [{ "displayName": "Ada" }, { "displayNam": "Ben" }] }"#,
            "seed: `/users[1]`: The property 'displayNam' does not exist on type \
             'microsoft.graph.user'.",
        ),
        (
            r#"{ "/users/unknown@contoso.com": { "jobTitle": "x" } }"#,
            "seed: `/users/unknown@contoso.com`: Resource 'unknown@contoso.com' does not exist",
        ),
        (
            r#"{ "/me/drive/root:/a.txt:/content": { "base64": "?" } }"#,
            "seed: `/me/drive/root:/a.txt:/content`: `base64`: Invalid symbol 63",
        ),
        (
            r#"{ "/me/drive/root:/a.txt:/content": 7 }"#,
            "seed: `/me/drive/root:/a.txt:/content`: a text was expected, or an object with \
             `text` or `base64`",
        ),
        (
            r#"{ "/reports/getOffice365ActivationCounts()": {} }"#,
            "seed: `/reports/getOffice365ActivationCounts()`: nothing can be written there",
        ),
    ] {
        let error = seeded(text).await.unwrap_err();
        assert!(matches!(error, Error::Seed { .. }), "{error:?}");
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[tokio::test]
async fn missing_seed_file_is_named() {
    let error = builder()
        .seed_file("no/such.json")
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("no/such.json: "), "{error}");
}

#[tokio::test]
async fn seed_stops_at_the_first_error() {
    let simulator = start().await;
    let text = r#"{ "/me/todo/lists": [{ "displayName": "One" }, { "name": "Two" }] }"#;
    let error = simulator.seed_json(text).unwrap_err();
    assert!(error.to_string().contains("`/me/todo/lists[1]`"), "{error}");
    let lists = simulator.read("/me/todo/lists").unwrap();
    assert_eq!(lists["value"][0]["displayName"], "One");
}

#[tokio::test]
async fn reset_returns_to_the_start() {
    let simulator = seeded(FULL).await.unwrap();
    let before = simulator.read("/users?$top=999").unwrap();
    let mut client = Client::user(&simulator).await;
    let post = client
        .post("/me/messages", json!({ "subject": "Forgotten" }))
        .await;
    assert_eq!(post.status, StatusCode::CREATED);
    client.delete("/users/ben@contoso.com").await;
    simulator.redirect_uri("https://app.contoso.com/");
    simulator.set_page_size(Some(1));
    simulator.fault(Fault::throttled(RetryAfter::Seconds(1)).always());
    simulator.on(Method::GET, "/me", json!({ "stubbed": true }));
    simulator.reset().unwrap();

    assert_eq!(simulator.read("/users?$top=999").unwrap(), before);
    assert_eq!(simulator.requests().len(), 0);
    assert_eq!(simulator.changes(), []);
    assert_eq!(simulator.request_counts(), Default::default());
    let forgotten = client.get("/me").await;
    assert_eq!(
        forgotten.status,
        StatusCode::UNAUTHORIZED,
        "the token is forgotten as well"
    );
    let mut client = Client::user(&simulator).await;
    let me = client.get("/me").await;
    assert_eq!(me.status, StatusCode::OK);
    assert_eq!(me.json()["stubbed"], json!(null));
    assert_eq!(client.get("/me/messages").await.names("subject"), [""; 0]);
    let credentials = simulator.credentials();
    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        credentials.client_id, credentials.client_secret, credentials.refresh_token,
    );
    let url = format!("{}/contoso.com/oauth2/v2.0/token", simulator.login_url());
    client.token = None;
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let token = client.send(Method::POST, &url, &headers, form).await;
    assert_eq!(
        token.status,
        StatusCode::OK,
        "the refresh token is valid again"
    );
}
