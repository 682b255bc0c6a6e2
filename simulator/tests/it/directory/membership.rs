use http::StatusCode;
use serde_json::json;

use super::{group, made, user};
use crate::client::{Client, start};

#[tokio::test]
async fn memberships_are_checked_through_nested_groups() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let greta = user(&mut client, "greta").await;
    let mut ids = Vec::new();
    for name in ["inner", "outer", "other"] {
        let group = made(&mut client, "/groups", group(name)).await;
        ids.push(group["id"].as_str().unwrap().to_owned());
    }
    for (group, member) in [(0, &greta), (1, &ids[0].clone())] {
        let body = json!({ "@odata.id": format!("directoryObjects/{member}") });
        let path = format!("/groups/{}/members/$ref", ids[group]);
        assert_eq!(
            client.post(&path, body).await.status,
            StatusCode::NO_CONTENT
        );
    }
    let path = format!("/users/{greta}");
    let asked = json!({ "groupIds": ids });
    let checked = client
        .post(&format!("{path}/checkMemberGroups"), asked)
        .await;
    assert_eq!(checked.status, StatusCode::OK);
    assert_eq!(checked.json()["value"], json!([ids[0], ids[1]]));
    let context = checked.json()["@odata.context"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(context.ends_with("#Collection(Edm.String)"), "{context}");
    let asked = json!({ "ids": [ids[1], ids[2]] });
    let path_of_object = format!("/directoryObjects/{greta}/checkMemberObjects");
    let checked = client.post(&path_of_object, asked).await;
    assert_eq!(checked.json()["value"], json!([ids[1]]));

    // `securityEnabledOnly` leaves Microsoft 365 groups out.
    let all = json!({ "securityEnabledOnly": false });
    let secure = json!({ "securityEnabledOnly": true });
    let mut counts = Vec::new();
    for body in [&all, &secure] {
        for action in ["getMemberGroups", "getMemberObjects"] {
            let found = client
                .post(&format!("{path}/{action}"), body.clone())
                .await
                .json();
            let found = found["value"].as_array().unwrap().clone();
            assert!(found.contains(&json!(ids[1])) && !found.contains(&json!(ids[2])));
            counts.push(found.len());
        }
    }
    // Research, Everyone and the two new groups; Research is not a security group.
    assert_eq!(counts, [4, 4, 3, 3]);
    let mine = client.post("/me/getMemberGroups", all).await.json();
    assert_eq!(mine["value"].as_array().unwrap().len(), 2);
    assert!(!mine["value"].as_array().unwrap().contains(&json!(ids[0])));

    let missing = client
        .post(&format!("{path}/getMemberGroups"), json!({}))
        .await;
    assert_eq!(missing.status, StatusCode::BAD_REQUEST);
    let many: Vec<_> = (0..21).map(|_| ids[0].clone()).collect();
    let many = json!({ "groupIds": many });
    let refused = client
        .post(&format!("{path}/checkMemberGroups"), many)
        .await;
    assert_eq!(refused.error().0, "Request_BadRequest");
}

#[tokio::test]
async fn objects_are_found_by_ids_and_types() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let adele = user(&mut client, "adele").await;
    let group = client.get("/groups").await.names("id").remove(0);
    let application = client.get("/applications").await.names("id").remove(0);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let ids = json!([group, adele, unknown, application, adele]);
    let find = json!({ "ids": ids });
    let found = client.post("/directoryObjects/getByIds", find).await;
    assert_eq!(found.status, StatusCode::OK);
    assert_eq!(found.names("id"), [&*group, &*adele, &*application]);
    assert_eq!(
        found.json()["value"][1]["@odata.type"],
        "#microsoft.graph.user"
    );
    assert_eq!(found.json()["value"][1]["displayName"], "Adele Brandt");
    let context = found.json()["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.ends_with("#directoryObjects"), "{context}");
    let find = json!({ "ids": ids, "types": ["user", "application"] });
    let found = client.post("/users/getByIds", find).await;
    assert_eq!(found.names("id"), [&*adele, &*application]);
    let malformed = json!({ "ids": ["nothing"] });
    let refused = client.post("/directoryObjects/getByIds", malformed).await;
    let error = refused.error();
    assert_eq!(error.0, "Request_BadRequest");
    assert!(error.1.contains("Invalid object identifier"), "{}", error.1);
}
