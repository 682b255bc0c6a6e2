use http::StatusCode;
use serde_json::{Value, json};

use super::{group, made, user};
use crate::client::{Client, start};

#[tokio::test]
async fn directory_extension_is_defined_set_and_queried() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let application = client.get("/applications").await.json()["value"][0].clone();
    let app_id = application["appId"].as_str().unwrap().replace('-', "");
    let path = format!(
        "/applications/{}/extensionProperties",
        application["id"].as_str().unwrap()
    );
    let body = json!({
        "name": "skypeId", "dataType": "String", "targetObjects": ["User", "Group"],
    });
    let defined = made(&mut client, &path, body.clone()).await;
    let name = format!("extension_{app_id}_skypeId");
    assert_eq!(defined["name"], name.as_str());
    assert_eq!(defined["appDisplayName"], "Contoso Tests");
    assert_eq!(
        client.post(&path, body).await.status,
        StatusCode::BAD_REQUEST
    );
    let numbers = json!({
        "name": "floors", "dataType": "Integer", "targetObjects": ["User"], "isMultiValued": true,
    });
    let floors = made(&mut client, &path, numbers).await["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let known = client
        .post(
            "/directoryObjects/getAvailableExtensionProperties",
            json!({}),
        )
        .await;
    assert_eq!(known.names("name"), [&*name, &*floors]);

    let adele = "/users/adele@contoso.com";
    let changed = client
        .patch(adele, json!({ &name: "adele.b", &floors: [1, 2] }))
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{:?}", changed.body);
    let found = client
        .get(&format!("{adele}?$select=id,{name},{floors}"))
        .await
        .json();
    assert_eq!(
        (&found[&name], &found[&floors]),
        (&json!("adele.b"), &json!([1, 2]))
    );
    assert!(
        client.get(adele).await.json().get(&name).is_none(),
        "it must be selected"
    );
    let filter = format!("/users?$select=displayName&$filter={name}%20eq%20'adele.b'");
    assert_eq!(
        client.get(&filter).await.names("displayName"),
        ["Adele Brandt"]
    );
    let mut body = group("extended");
    body[&name] = json!("a group");
    made(&mut client, "/groups", body).await;

    let unknown = format!("extension_{app_id}_nothing");
    for (path, code) in [
        (format!("{adele}?$select={unknown}"), "BadRequest"),
        (
            format!("/users?$filter={unknown}%20eq%20'x'"),
            "Request_UnsupportedQuery",
        ),
    ] {
        let refused = client.get(&path).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(refused.error().0, code, "{path}");
    }
    for body in [
        json!({ &unknown: "x" }),
        json!({ &name: 5 }),
        json!({ &floors: 5 }),
    ] {
        let refused = client.patch(adele, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let cleared = client.patch(adele, json!({ &name: null })).await;
    assert_eq!(cleared.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn schema_extension_is_defined_and_set() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let body = json!({
        "id": "courses", "description": "Training", "targetTypes": ["User"],
        "properties": [
            { "name": "courseId", "type": "Integer" }, { "name": "courseName", "type": "String" },
        ],
    });
    let defined = made(&mut client, "/schemaExtensions", body).await;
    let name = defined["id"].as_str().unwrap().to_owned();
    assert!(
        name.starts_with("ext") && name.ends_with("_courses"),
        "{name}"
    );
    assert_eq!(defined["status"], "InDevelopment");
    let adele = format!("/users/{}", user(&mut client, "adele").await);
    let value = json!({ "courseId": 123, "courseName": "New Managers" });
    let changed = client.patch(&adele, json!({ &name: value })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{:?}", changed.body);
    let found = client.get(&format!("{adele}?$select={name}")).await.json();
    assert_eq!(found[&name], value);
    for body in [
        json!({ &name: { "courseId": "text" } }),
        json!({ &name: { "nothing": 1 } }),
        json!({ "ext12345678_nothing": {} }),
    ] {
        let refused = client.patch(&adele, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn open_extension_keeps_its_values() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({
        "@odata.type": "microsoft.graph.openTypeExtension",
        "extensionName": "com.contoso.roaming", "theme": "dark", "colors": ["a", "b"],
    });
    made(&mut client, "/me/extensions", body).await;
    let path = "/me/extensions/com.contoso.roaming";
    let found = client.get(path).await.json();
    assert_eq!(
        (&found["theme"], &found["id"]),
        (&json!("dark"), &json!("com.contoso.roaming"))
    );
    client.patch(path, json!({ "theme": "light" })).await;
    let found = client.get("/me?$select=id&$expand=extensions").await.json();
    assert_eq!(found["extensions"][0]["theme"], "light");
    assert_eq!(client.delete(path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        client.get("/me/extensions").await.json()["value"],
        Value::Array(Vec::new())
    );
}
