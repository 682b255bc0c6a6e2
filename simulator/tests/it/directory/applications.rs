use http::StatusCode;
use serde_json::json;

use super::{made, user};
use crate::client::{Client, start};

#[tokio::test]
async fn secret_is_shown_once_and_signs_in() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body = json!({ "displayName": "Reports" });
    let application = made(&mut client, "/applications", body).await;
    let app_id = application["appId"].as_str().unwrap().to_owned();
    let path = format!("/applications/{}", application["id"].as_str().unwrap());
    let owners = client.get(&format!("{path}/owners")).await;
    assert_eq!(owners.names("displayName"), ["Adele Brandt"]);

    let body = json!({ "passwordCredential": { "displayName": "Password friendly name" } });
    let added = client.post(&format!("{path}/addPassword"), body).await;
    assert_eq!(added.status, StatusCode::OK);
    let added = added.json();
    let secret = added["secretText"].as_str().unwrap().to_owned();
    assert_eq!(added["hint"], secret[..3]);
    assert_eq!(added["displayName"], "Password friendly name");
    assert!(added["startDateTime"].is_string() && added["endDateTime"].is_string());
    let context = added["@odata.context"].as_str().unwrap();
    assert!(
        context.ends_with("#microsoft.graph.passwordCredential"),
        "{context}"
    );
    let kept = client.get(&path).await.json();
    assert_eq!(kept["passwordCredentials"][0]["keyId"], added["keyId"]);
    assert_eq!(kept["passwordCredentials"][0]["secretText"], json!(null));

    let form = format!(
        "client_id={app_id}&client_secret={secret}&grant_type=client_credentials\
         &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let host = simulator.url().trim_end_matches("/v1.0").to_owned();
    let token = format!("{host}/contoso.com/oauth2/v2.0/token");
    let granted = client
        .send(http::Method::POST, &token, &headers, form.clone())
        .await;
    assert_eq!(granted.status, StatusCode::OK, "{:?}", granted.body);
    assert!(granted.json()["access_token"].is_string());

    let remove = json!({ "keyId": added["keyId"] });
    let removed = client
        .post(&format!("{path}/removePassword"), remove.clone())
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let refused = client
        .send(http::Method::POST, &token, &headers, form)
        .await;
    assert_ne!(refused.status, StatusCode::OK);
    let again = client.post(&format!("{path}/removePassword"), remove).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn service_principal_stands_for_an_application() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let body = json!({ "displayName": "Reports" });
    let application = made(&mut client, "/applications", body).await;
    let other = made(
        &mut client,
        "/applications",
        json!({ "displayName": "Reports" }),
    )
    .await;
    assert_ne!(application["appId"], other["appId"]);
    let body = json!({ "appId": application["appId"] });
    let principal = made(&mut client, "/servicePrincipals", body.clone()).await;
    assert_eq!(principal["displayName"], "Reports");
    assert_eq!(principal["servicePrincipalType"], "Application");
    let again = client.post("/servicePrincipals", body).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let unknown = json!({ "appId": "00000000-0000-4000-8000-000000000000" });
    let refused = client.post("/servicePrincipals", unknown).await;
    assert_eq!(refused.error().0, "Request_BadRequest");
}

#[tokio::test]
async fn permissions_are_listed_at_both_ends() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let adele = user(&mut client, "adele").await;
    let principals = client.get("/servicePrincipals").await;
    let ids = principals.names("id");
    let (app, graph) = (ids[0].clone(), ids[1].clone());
    let assignment = json!({
        "principalId": app, "resourceId": graph,
        "appRoleId": "df021288-bdef-4463-88db-98f22de89214",
    });
    let path = format!("/servicePrincipals/{app}/appRoleAssignments");
    let given = made(&mut client, &path, assignment.clone()).await;
    assert_eq!(given["principalType"], "ServicePrincipal");
    assert_eq!(given["resourceDisplayName"], "Microsoft Graph");
    let other = format!("/servicePrincipals/{graph}/appRoleAssignedTo");
    assert_eq!(
        client.get(&other).await.names("principalId"),
        [app.as_str()]
    );
    let again = client.post(&path, assignment).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let id = given["id"].as_str().unwrap();
    assert_eq!(
        client.delete(&format!("{path}/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(client.get(&other).await.names("id").is_empty());

    let grant = json!({
        "clientId": app, "consentType": "Principal", "principalId": adele, "resourceId": graph,
        "scope": "User.Read",
    });
    let given = made(&mut client, "/oauth2PermissionGrants", grant.clone()).await;
    let mine = client
        .get(&format!("/users/{adele}/oauth2PermissionGrants"))
        .await;
    assert_eq!(mine.names("scope"), ["User.Read"]);
    assert_eq!(
        client.post("/oauth2PermissionGrants", grant).await.status,
        StatusCode::CONFLICT
    );
    let path = format!("/oauth2PermissionGrants/{}", given["id"].as_str().unwrap());
    let changed = client
        .patch(&path, json!({ "scope": "User.Read Mail.Read" }))
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    assert_eq!(
        client.get(&path).await.json()["scope"],
        "User.Read Mail.Read"
    );

    let roles = "/roleManagement/directory/roleAssignments";
    let role = json!({
        "principalId": adele, "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
        "directoryScopeId": "/",
    });
    made(&mut client, roles, role.clone()).await;
    let found = client
        .get(&format!("{roles}?$expand=roleDefinition"))
        .await
        .json();
    let name = &found["value"][0]["roleDefinition"]["displayName"];
    assert_eq!(name, "Global Administrator");
    assert_eq!(
        client.post(roles, role).await.status,
        StatusCode::BAD_REQUEST
    );
}
