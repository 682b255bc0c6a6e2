use http::{Method, StatusCode};
use serde_json::json;

use super::{below, made, member, team};
use crate::client::{Client, start};

#[tokio::test]
async fn team_has_group_general_channel_and_owner() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let path = team(&mut client, "Sales").await;
    let found = client.get(&path).await.json();
    assert_eq!(found["displayName"], "Sales");
    assert_eq!(found["memberSettings"]["allowDeleteChannels"], true);
    let group = client.get(&path.replace("teams", "groups")).await.json();
    assert_eq!(group["groupTypes"], json!(["Unified"]));
    let channels = client.get(&format!("{path}/channels")).await;
    assert_eq!(channels.names("displayName"), ["General"]);
    let primary = client.get(&format!("{path}/primaryChannel")).await.json();
    assert_eq!(primary["id"], channels.json()["value"][0]["id"]);
    let members = client.get(&format!("{path}/members")).await;
    assert_eq!(members.names("email"), ["adele@contoso.com"]);
    assert_eq!(members.json()["value"][0]["roles"], json!(["owner"]));
    let kind = &members.json()["value"][0]["@odata.type"];
    assert_eq!(kind, "#microsoft.graph.aadUserConversationMember");
    let joined = client.get("/users/adele@contoso.com/joinedTeams").await;
    assert_eq!(joined.names("displayName").len(), 2);
    let general = below(&format!("{path}/channels"), &primary);
    assert_eq!(
        client.delete(&general).await.status,
        StatusCode::BAD_REQUEST
    );

    let template = "https://graph.microsoft.com/v1.0/teamsTemplates('standard')";
    for body in [
        json!({ "displayName": "No template", "members": [member("adele", &["owner"])] }),
        json!({ "template@odata.bind": template, "displayName": "No owner" }),
        json!({ "template@odata.bind": template, "members": [member("adele", &["owner"])] }),
        json!({
            "template@odata.bind": "https://graph.microsoft.com/v1.0/teamsTemplates('none')",
            "displayName": "X", "members": [member("adele", &["owner"])],
        }),
    ] {
        let refused = client.post("/teams", body.clone()).await;
        assert!(refused.status.is_client_error(), "{body}");
    }
}

#[tokio::test]
async fn group_becomes_a_team_once() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "displayName": "Legal", "mailNickname": "legal", "mailEnabled": true,
        "securityEnabled": false, "groupTypes": ["Unified"],
    });
    let group = made(&mut client, "/groups", body).await;
    let path = format!("/groups/{}/team", group["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND);
    let headers = [("content-type", "application/json")];
    let body = r#"{"funSettings":{"allowGiphy":false}}"#;
    let put = client.send(Method::PUT, &path, &headers, body).await;
    assert_eq!(put.status, StatusCode::CREATED, "{:?}", put.body);
    assert_eq!(put.json()["id"], group["id"]);
    assert_eq!(put.json()["funSettings"]["allowGiphy"], false);
    assert_eq!(put.json()["funSettings"]["allowCustomMemes"], true);
    let again = client.send(Method::PUT, &path, &headers, body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let security = client.get("/groups?$filter=displayName%20eq%20'Everyone'");
    let security = security.await.names("id").remove(0);
    let path = format!("/groups/{security}/team");
    let refused = client.send(Method::PUT, &path, &headers, body).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn members_of_team_are_those_of_group() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let path = team(&mut client, "Sales").await;
    let group = path.replace("teams", "groups");
    let members = format!("{path}/members");
    let hugo = made(&mut client, &members, member("hugo", &[])).await;
    assert_eq!(hugo["email"], "hugo@contoso.com");
    assert_eq!(
        client
            .get(&format!("{group}/members"))
            .await
            .names("id")
            .len(),
        2
    );

    let several = json!({
        "values": [member("greta", &["owner"]), member("elena", &[]), member("unknown", &[])],
    });
    let added = client.post(&format!("{members}/add"), several).await;
    assert_eq!(added.status, StatusCode::MULTI_STATUS);
    let results = added.json()["value"].as_array().unwrap().clone();
    assert_eq!(results.len(), 3);
    assert!(results[0]["error"].is_null() && results[1]["error"].is_null());
    assert!(results[2]["error"]["message"].is_string());
    assert_eq!(
        client
            .get(&format!("{group}/owners"))
            .await
            .names("id")
            .len(),
        2
    );

    let roles = client
        .patch(&below(&members, &hugo), json!({ "roles": ["owner"] }))
        .await;
    assert_eq!(roles.status, StatusCode::OK, "{:?}", roles.body);
    assert_eq!(
        client
            .get(&format!("{group}/owners"))
            .await
            .names("id")
            .len(),
        3
    );
    let removed = client.delete(&below(&members, &hugo)).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(
        client
            .get(&format!("{group}/owners"))
            .await
            .names("id")
            .len(),
        2
    );
    let some = json!({ "values": [member("elena", &[])] });
    let removed = client.post(&format!("{members}/remove"), some).await;
    assert_eq!(removed.status, StatusCode::OK, "{:?}", removed.body);

    // A new member of the group is a member of the team.
    let body = json!({ "@odata.id": "/users/farid@contoso.com" });
    client.post(&format!("{group}/members/$ref"), body).await;
    let emails = client.get(&members).await.names("email");
    assert_eq!(emails.len(), 3, "{emails:?}");
    assert!(emails.contains(&"farid@contoso.com".to_owned()));
    client.delete("/users/farid@contoso.com").await;
    assert_eq!(client.get(&members).await.names("email").len(), 2);
    let invalid = client.post(&members, member("hugo", &["king"])).await;
    assert_eq!(invalid.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn channels_have_members_by_kind() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let path = team(&mut client, "Sales").await;
    let channels = format!("{path}/channels");
    let standard = made(&mut client, &channels, json!({ "displayName": "Plans" })).await;
    assert_eq!(standard["membershipType"], "standard");
    assert!(standard["webUrl"].as_str().unwrap().contains("/l/channel/"));
    let members = format!("{}/members", below(&channels, &standard));
    assert_eq!(
        client.get(&members).await.names("email"),
        ["adele@contoso.com"]
    );
    let private = json!({
        "displayName": "Secret", "membershipType": "private",
        "members": [member("adele", &["owner"]), member("bruno", &[])],
    });
    let private = made(&mut client, &channels, private).await;
    let members = format!("{}/members", below(&channels, &private));
    assert_eq!(client.get(&members).await.names("email").len(), 2);
    made(&mut client, &members, member("hugo", &[])).await;
    assert_eq!(client.get(&members).await.names("email").len(), 3);
    for body in [
        json!({ "displayName": "plans" }),
        json!({}),
        json!({ "displayName": "a/b" }),
    ] {
        let refused = client.post(&channels, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let all = client.get(&format!("{path}/allChannels")).await;
    assert_eq!(all.names("displayName"), ["General", "Plans", "Secret"]);
}

#[tokio::test]
async fn schedule_and_authentication_are_not_simulated() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let team = client.get("/teams").await.names("id").remove(0);
    for path in [
        format!("/teams/{team}/schedule/shifts"),
        format!("/teams/{team}/schedule"),
        "/me/authentication/methods".into(),
    ] {
        let refused = client.get(&path).await;
        assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED, "{path}");
    }
}

#[tokio::test]
async fn activity_notification_requires_its_parts() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let team = client.get("/teams").await.names("id").remove(0);
    let path = format!("/teams/{team}/sendActivityNotification");
    let body = json!({
        "topic": { "source": "entityUrl", "value": format!("{}/teams/{team}", simulator.url()) },
        "activityType": "approvalRequested", "previewText": { "content": "Please approve" },
        "recipient": {
            "@odata.type": "microsoft.graph.aadUserNotificationRecipient", "userId": "1",
        },
        "templateParameters": [{ "name": "count", "value": "5" }],
    });
    let sent = client.post(&path, body.clone()).await;
    assert_eq!(sent.status, StatusCode::NO_CONTENT, "{:?}", sent.body);
    for name in ["topic", "activityType", "previewText", "recipient"] {
        let mut part = body.clone();
        part.as_object_mut().unwrap().remove(name);
        assert_eq!(
            client.post(&path, part).await.status,
            StatusCode::BAD_REQUEST,
            "{name}"
        );
    }
}

#[tokio::test]
async fn apps_and_tabs_are_added_from_the_catalog() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let path = team(&mut client, "Sales").await;
    let app =
        "https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/com.microsoft.teamspace.tab.web";
    let installed = format!("{path}/installedApps");
    let body = json!({ "teamsApp@odata.bind": app });
    made(&mut client, &installed, body.clone()).await;
    let found = client
        .get(&format!("{installed}?$expand=teamsApp"))
        .await
        .json();
    assert_eq!(found["value"][0]["teamsApp"]["displayName"], "Website");
    let again = client.post(&installed, body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let channel = client.get(&format!("{path}/primaryChannel")).await.json();
    let tabs = format!("{}/tabs", below(&format!("{path}/channels"), &channel));
    let tab = json!({
        "displayName": "Site", "teamsApp@odata.bind": app,
        "configuration": { "contentUrl": "https://contoso.com", "websiteUrl": null },
    });
    made(&mut client, &tabs, tab).await;
    let found = client.get(&format!("{tabs}?$expand=teamsApp")).await.json();
    assert_eq!(
        found["value"][0]["configuration"]["contentUrl"],
        "https://contoso.com"
    );
    let id = &found["value"][0]["teamsApp"]["id"];
    assert_eq!(id, "com.microsoft.teamspace.tab.web");
    let unknown = json!({ "teamsApp@odata.bind": "/appCatalogs/teamsApps/nothing" });
    let refused = client.post(&installed, unknown).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let none = client.post(&installed, json!({})).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}
