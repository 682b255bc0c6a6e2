use http::StatusCode;
use serde_json::{Value, json};

use super::{made, person, user};
use crate::client::{Client, start};

const FLOW: &str = "f30db892-07e9-47e9-837c-80727f46fd3d";
const PLAN: &str = "50e68c76-46c6-4674-81f9-75456511b170";

async fn consumed(client: &mut Client) -> Value {
    let skus = client.get("/subscribedSkus").await.json();
    let mut skus = skus["value"].as_array().unwrap().iter();
    let flow = skus.find(|sku| sku["skuId"] == FLOW).unwrap();
    flow["consumedUnits"].clone()
}

#[tokio::test]
async fn licenses_are_assigned_counted_and_removed() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let adele = user(&mut client, "adele").await;
    let seeded = client.get(&format!("/users/{adele}/licenseDetails")).await;
    assert_eq!(seeded.names("skuPartNumber"), ["SPE_E5"]);

    let made = made(&mut client, "/users", person("nora")).await;
    let path = format!("/users/{}", made["id"].as_str().unwrap());
    let add = json!({
        "addLicenses": [{ "skuId": FLOW, "disabledPlans": [PLAN] }], "removeLicenses": [],
    });
    let refused = client
        .post(&format!("{path}/assignLicense"), add.clone())
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.error().1.contains("usage location"),
        "{:?}",
        refused.error()
    );

    client.patch(&path, json!({ "usageLocation": "NO" })).await;
    assert_eq!(consumed(&mut client).await, 0);
    let done = client.post(&format!("{path}/assignLicense"), add).await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(done.json()["userPrincipalName"], "nora@contoso.com");
    let found = client
        .get(&format!("{path}?$select=assignedLicenses"))
        .await
        .json();
    let license = json!([{ "skuId": FLOW, "disabledPlans": [PLAN] }]);
    assert_eq!(found["assignedLicenses"], license);
    assert_eq!(consumed(&mut client).await, 1);
    let details = client.get(&format!("{path}/licenseDetails")).await.json();
    let plans = details["value"][0]["servicePlans"]
        .as_array()
        .unwrap()
        .clone();
    let plan = plans
        .iter()
        .find(|plan| plan["servicePlanId"] == PLAN)
        .unwrap();
    assert_eq!(plan["provisioningStatus"], "Disabled");

    let remove = json!({ "addLicenses": [], "removeLicenses": [FLOW] });
    let done = client
        .post(&format!("{path}/assignLicense"), remove.clone())
        .await;
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(consumed(&mut client).await, 0);
    let again = client.post(&format!("{path}/assignLicense"), remove).await;
    assert_eq!(
        again.error().1,
        "User does not have a corresponding license."
    );
    let unknown = json!({
        "addLicenses": [{ "skuId": "00000000-0000-4000-8000-000000000000" }],
        "removeLicenses": [],
    });
    let refused = client.post(&format!("{path}/assignLicense"), unknown).await;
    assert!(
        refused.error().1.contains("valid company License"),
        "{:?}",
        refused.error()
    );
}
