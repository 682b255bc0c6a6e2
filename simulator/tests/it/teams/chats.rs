use http::StatusCode;
use serde_json::json;

use super::{below, made, member};
use crate::client::{Client, start};

#[tokio::test]
async fn two_people_have_one_chat() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "chatType": "oneOnOne",
        "members": [member("adele", &["owner"]), member("bruno", &["owner"])],
    });
    let chat = made(&mut client, "/chats", body.clone()).await;
    let again = made(&mut client, "/chats", body).await;
    assert_eq!(chat["id"], again["id"]);
    let group = json!({
        "chatType": "group", "topic": "Lunch",
        "members": [
            member("adele", &["owner"]), member("bruno", &["owner"]), member("hugo", &["owner"]),
        ],
    });
    let group = made(&mut client, "/chats", group).await;
    assert_eq!(group["topic"], "Lunch");
    let members = client
        .get(&format!("{}/members", below("/chats", &group)))
        .await;
    assert_eq!(members.names("displayName").len(), 3);
    assert_eq!(client.get("/me/chats").await.names("id").len(), 2);
    assert_eq!(
        client
            .get("/users/hugo@contoso.com/chats")
            .await
            .names("topic"),
        ["Lunch"]
    );
    let one = client.get(&below("/me/chats", &group)).await;
    assert_eq!(one.json()["id"], group["id"]);
    let expanded = client
        .get(&format!("{}?$expand=members", below("/chats", &chat)))
        .await;
    assert_eq!(expanded.json()["members"].as_array().unwrap().len(), 2);
    let more = client
        .post(
            &format!("{}/members", below("/chats", &chat)),
            member("hugo", &["owner"]),
        )
        .await;
    assert_eq!(more.status, StatusCode::BAD_REQUEST);
    for body in [
        json!({ "chatType": "group", "members": [member("adele", &["owner"])] }),
        json!({ "chatType": "oneOnOne" }),
        json!({
            "chatType": "oneOnOne", "topic": "None",
            "members": [member("adele", &["owner"]), member("bruno", &["owner"])],
        }),
    ] {
        let refused = client.post("/chats", body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
}
