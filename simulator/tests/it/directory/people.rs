use http::StatusCode;
use serde_json::json;

use super::{made, person};
use crate::client::{Client, start};

#[tokio::test]
async fn invitation_creates_a_guest() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let body = json!({
        "invitedUserEmailAddress": "mona@fabrikam.com",
        "inviteRedirectUrl": "https://myapp.contoso.com", "invitedUserDisplayName": "Mona Reyes",
    });
    let invited = made(&mut client, "/invitations", body.clone()).await;
    assert_eq!(invited["status"], "PendingAcceptance");
    assert!(
        invited["inviteRedeemUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    let id = invited["invitedUser"]["id"].as_str().unwrap().to_owned();
    let select = "$select=userType,userPrincipalName,mail,displayName,externalUserState";
    let guest = client.get(&format!("/users/{id}?{select}")).await.json();
    assert_eq!(guest["userType"], "Guest");
    assert_eq!(
        guest["userPrincipalName"],
        "mona_fabrikam.com#EXT#@contoso.com"
    );
    assert_eq!(guest["displayName"], "Mona Reyes");
    let by_name = client
        .get("/users/mona_fabrikam.com%23EXT%23@contoso.com")
        .await;
    assert_eq!(by_name.json()["id"], id.as_str());
    let again = made(&mut client, "/invitations", body).await;
    assert_eq!(again["invitedUser"]["id"], id.as_str());
    for body in [
        json!({ "invitedUserEmailAddress": "x@fabrikam.com" }),
        json!({ "inviteRedirectUrl": "https://contoso.com" }),
        json!({
            "invitedUserEmailAddress": "adele@contoso.com",
            "inviteRedirectUrl": "https://contoso.com",
        }),
    ] {
        let refused = client.post("/invitations", body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn renamed_user_is_found_by_new_name() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let made = made(&mut client, "/users", person("nora")).await;
    assert!(made.get("passwordProfile").is_none());
    assert_eq!(made["userType"], "Member");
    let renamed = json!({ "userPrincipalName": "norah@contoso.com" });
    let changed = client.patch("/users/nora@contoso.com", renamed).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let old = client.get("/users/nora@contoso.com").await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    let new = client.get("/users/norah@contoso.com").await.json();
    assert_eq!(new["id"], made["id"]);
}

#[tokio::test]
async fn deleted_objects_are_listed_by_type_and_restored() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let hugo = client.get("/users/hugo@contoso.com").await.json();
    let id = hugo["id"].as_str().unwrap().to_owned();
    client.delete(&format!("/users/{id}")).await;
    let deleted = client
        .get("/directory/deletedItems/microsoft.graph.user")
        .await;
    assert_eq!(deleted.names("id"), [id.as_str()]);
    let groups = client
        .get("/directory/deletedItems/microsoft.graph.group")
        .await;
    assert!(groups.names("id").is_empty());
    let one = client
        .get(&format!("/directory/deletedItems/{id}"))
        .await
        .json();
    assert!(one["deletedDateTime"].is_string(), "{one}");
    let find = json!({ "ids": [id] });
    let found = client.post("/directoryObjects/getByIds", find).await;
    assert!(
        found.names("id").is_empty(),
        "a deleted object is not in the directory"
    );
    let path = format!("/directory/deletedItems/{id}/restore");
    let restored = client.post(&path, json!({})).await;
    assert_eq!(restored.status, StatusCode::OK, "{:?}", restored.body);
    let found = client
        .get(&format!("/users/{id}?$select=deletedDateTime"))
        .await
        .json();
    assert_eq!(found["deletedDateTime"], json!(null));
}

#[tokio::test]
async fn password_change_requires_both_passwords() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let change = json!({ "currentPassword": "old", "newPassword": "new" });
    let changed = client.post("/me/changePassword", change).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let half = json!({ "newPassword": "new" });
    let refused = client.post("/me/changePassword", half).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}
