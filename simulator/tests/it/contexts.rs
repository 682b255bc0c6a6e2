//! Tests of context URLs, and of the addresses and options that clients write.

use http::StatusCode;
use serde_json::json;

use crate::client::{Client, start};

/// The part of a context URL after `$metadata`.
fn fragment(context: &serde_json::Value) -> String {
    let text = context.as_str().unwrap_or_default();
    let (_, fragment) = text.split_once("$metadata").unwrap_or_default();
    fragment.to_owned()
}

#[tokio::test]
async fn contexts_of_reads_have_documented_forms() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let me = client.get("/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let group = client.get("/groups").await.names("id").remove(0);
    let message = client.get("/me/messages").await.names("id").remove(0);
    let key = message.replace('=', "%3D");
    let cases = [
        ("/me".to_owned(), "#users/$entity".to_owned()),
        (format!("/users/{me}"), "#users/$entity".into()),
        ("/users/adele@contoso.com".into(), "#users/$entity".into()),
        (
            "/me?$select=displayName,id".into(),
            "#users(displayName,id)/$entity".into(),
        ),
        ("/users".into(), "#users".into()),
        ("/users?$select=id,mail".into(), "#users(id,mail)".into()),
        ("/users?$expand=manager".into(), "#users(manager())".into()),
        (
            "/users?$select=id&$expand=manager($select=id,mail)".into(),
            "#users(id,manager(id,mail))".into(),
        ),
        (
            "/users/chiara@contoso.com/manager".into(),
            "#directoryObjects/$entity".into(),
        ),
        ("/me/memberOf".into(), "#directoryObjects".into()),
        (
            "/me/memberOf/microsoft.graph.group".into(),
            "#groups".into(),
        ),
        (
            format!("/groups/{group}/members"),
            "#directoryObjects".into(),
        ),
        (
            format!("/groups/{group}/members/microsoft.graph.user"),
            "#users".into(),
        ),
        (
            format!("/groups/{group}/members/$ref"),
            "#Collection($ref)".into(),
        ),
        (format!("/groups/{group}/team"), "#teams/$entity".into()),
        ("/me/joinedTeams".into(), "#teams".into()),
        (
            format!("/teams/{group}/channels"),
            format!("#teams('{group}')/channels"),
        ),
        (
            format!("/teams/{group}/primaryChannel"),
            format!("#teams('{group}')/primaryChannel/$entity"),
        ),
        (
            "/me/messages?$select=subject".into(),
            format!("#users('{me}')/messages(subject)"),
        ),
        (
            format!("/me/messages/{message}"),
            format!("#users('{me}')/messages/$entity"),
        ),
        (
            format!("/me/messages/{message}/attachments"),
            format!("#users('{me}')/messages('{key}')/attachments"),
        ),
        (
            "/users/adele@contoso.com/events".into(),
            "#users('adele%40contoso.com')/events".into(),
        ),
        (
            "/me/mailFolders/inbox".into(),
            format!("#users('{me}')/mailFolders/$entity"),
        ),
        ("/me/drive".into(), "#drives/$entity".into()),
        (
            "/me/drive/root".into(),
            format!("#users('{me}')/drive/root/$entity"),
        ),
        (
            "/me/drive/root/children".into(),
            format!("#users('{me}')/drive/root/children"),
        ),
        (
            "/me/calendar".into(),
            format!("#users('{me}')/calendar/$entity"),
        ),
        ("/organization".into(), "#organization".into()),
        ("/domains/contoso.com".into(), "#domains/$entity".into()),
        ("/sites/root".into(), "#sites/$entity".into()),
        ("/users/delta".into(), "#users".into()),
        (
            "/groups/delta?$select=displayName".into(),
            "#groups(displayName)".into(),
        ),
        (
            "/me/mailFolders/inbox/messages/delta".into(),
            "#Collection(message)".into(),
        ),
        (
            "/me/drive/root/delta".into(),
            "#Collection(driveItem)".into(),
        ),
    ];
    for (path, context) in cases {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {:?}", answer.body);
        assert_eq!(
            fragment(&answer.json()["@odata.context"]),
            context,
            "{path}"
        );
    }
}

#[tokio::test]
async fn contexts_of_writes_have_documented_forms() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let me = client.get("/me").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let inbox = client.get("/me/mailFolders/inbox").await.json();
    let inbox = inbox["id"].as_str().unwrap().to_owned();
    let key = inbox.replace('=', "%3D");
    let user = json!({
        "accountEnabled": true, "displayName": "Ines", "mailNickname": "ines",
        "userPrincipalName": "ines@contoso.com", "passwordProfile": { "password": "secret" },
    });
    let event = json!({
        "subject": "One",
        "start": { "dateTime": "2026-03-02T10:00:00", "timeZone": "UTC" },
        "end": { "dateTime": "2026-03-02T11:00:00", "timeZone": "UTC" },
    });
    let cases = [
        ("/users".to_owned(), user, "#users/$entity".to_owned()),
        (
            "/me/events".into(),
            event,
            format!("#users('{me}')/events/$entity"),
        ),
        (
            format!("/me/mailFolders/{inbox}/childFolders"),
            json!({ "displayName": "Receipts" }),
            format!("#users('{me}')/mailFolders('{key}')/childFolders/$entity"),
        ),
        (
            "/me/contacts".into(),
            json!({ "givenName": "Mona" }),
            format!("#users('{me}')/contacts/$entity"),
        ),
    ];
    for (path, body, context) in cases {
        let answer = client.post(&path, body).await;
        assert_eq!(
            answer.status,
            StatusCode::CREATED,
            "{path}: {:?}",
            answer.body
        );
        assert_eq!(
            fragment(&answer.json()["@odata.context"]),
            context,
            "{path}"
        );
    }
}

#[tokio::test]
async fn references_accept_hosts_of_graph() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let user = client.get("/users/hugo@contoso.com").await.json();
    let user = user["id"].as_str().unwrap().to_owned();
    let group = client.get("/groups").await.names("id").remove(0);
    let members = format!("/groups/{group}/members");
    for url in [
        format!("https://graph.microsoft.com/v1.0/directoryObjects/{user}"),
        format!("https://graph.microsoft.com/beta/users/{user}"),
        format!("https://graph.microsoft.us/v1.0/users('{user}')"),
        "https://microsoftgraph.chinacloudapi.cn/v1.0/users/hugo@contoso.com".into(),
        format!("{}/directoryObjects/{user}", simulator.url()),
        format!("directoryObjects/{user}"),
        format!("/users('{user}')"),
    ] {
        let body = json!({ "@odata.id": url });
        let added = client.post(&format!("{members}/$ref"), body).await;
        assert_eq!(
            added.status,
            StatusCode::NO_CONTENT,
            "{url}: {:?}",
            added.body
        );
        let removed = client.delete(&format!("{members}/{user}/$ref")).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{url}");
    }
    let bound = json!({
        "displayName": "Bound", "mailNickname": "bound", "mailEnabled": false,
        "securityEnabled": true,
        "owners@odata.bind": [format!("https://graph.microsoft.com/v1.0/users/{user}")],
        "members@odata.bind": [format!("https://graph.microsoft.com/beta/users('{user}')")],
    });
    let made = client.post("/groups", bound).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let group = made.json()["id"].as_str().unwrap().to_owned();
    for relation in ["owners", "members"] {
        let found = client.get(&format!("/groups/{group}/{relation}")).await;
        assert_eq!(found.names("displayName"), ["Hugo Sørensen"], "{relation}");
    }
    let foreign = json!({ "@odata.id": format!("https://contoso.com/v1.0/users/{user}") });
    let refused = client
        .post(&format!("/groups/{group}/members/$ref"), foreign)
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.error().0, "Request_BadRequest");
}

#[tokio::test]
async fn options_without_dollar_sign_are_accepted() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let users = client.get("/users?select=displayName&top=2").await;
    assert_eq!(users.names("displayName").len(), 2);
    assert!(users.json()["value"][0].get("mail").is_none());
    let next = users.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&next).await.names("displayName").len(), 2);

    let filtered = client
        .get(
            "/users?filter=displayName eq 'Adele Brandt'"
                .replace(' ', "%20")
                .as_str(),
        )
        .await;
    assert_eq!(filtered.names("displayName"), ["Adele Brandt"]);
    let sorted = client
        .get("/me/messages?orderBy=subject&skip=1&count=true")
        .await;
    assert_eq!(sorted.status, StatusCode::OK, "{:?}", sorted.body);
    assert!(sorted.json()["@odata.count"].is_number());
    let expanded = client
        .get("/users/chiara@contoso.com?expand=manager")
        .await
        .json();
    assert_eq!(expanded["manager"]["displayName"], "Adele Brandt");
    let round = client.get("/users/delta?select=displayName").await;
    assert!(round.json()["value"][0].get("mail").is_none());

    for twice in ["/users?$select=id&select=mail", "/users?top=1&top=2"] {
        let refused = client.get(twice).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{twice}");
        assert!(refused.error().1.contains("more than once"), "{twice}");
    }
    let unknown = client.get("/users?selects=id").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}
