//! Bodies for the walk over all operations. An example that is made from types alone breaks the
//! rules of some services, so it is changed to one that keeps them.

use serde_json::{Map, Value, json};

use crate::client::Local;

/// Changes an example so that the operation of `template` accepts it. `number` is different in each
/// call.
pub fn adapt(client: &Local<'_>, template: &str, number: usize, body: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    match template.rsplit('/').next().unwrap_or_default() {
        "getByIds" => set("ids", json!(["00000000-0000-4000-8000-000000000000"])),
        "addPassword" => set("passwordCredential", json!({ "displayName": "One" })),
        "validateProperties" => set("mailNickname", json!(format!("free{number}"))),
        "assignLicense" => {
            set("addLicenses", json!([]));
            set("removeLicenses", json!([]));
        }
        "setPresence" => {
            set("availability", json!("Available"));
            set("activity", json!("Available"));
        }
        "setUserPreferredPresence" => {
            set("availability", json!("Busy"));
            set("activity", json!("Busy"));
        }
        "getPresencesByUserId" => {
            let user = client.get("/me").json()["id"].clone();
            set("ids", json!([user]));
        }
        "extensionProperties" => {
            set("dataType", json!("String"));
            set("targetObjects", json!(["User"]));
            set("name", json!(format!("name{number}")));
        }
        "groups" if template == "/groups" => {
            set("mailEnabled", json!(false));
            set("securityEnabled", json!(true));
            set("groupTypes", json!([]));
        }
        "oauth2PermissionGrants" => {
            set("consentType", json!("AllPrincipals"));
            set("scope", json!(format!("Scope{number}")));
            for name in ["clientId", "resourceId"] {
                set(name, principal(client, number));
            }
        }
        "roleAssignments" if template.starts_with("/roleManagement") => {
            set("principalId", principal(client, number));
            set(
                "roleDefinitionId",
                json!("62e90394-69f5-4237-9190-012177145e10"),
            );
        }
        "servicePrincipals" => {
            let name = json!({ "displayName": format!("Application {number}") });
            let application = client.post("/applications", name).json();
            set("appId", application["appId"].clone());
        }
        _ => {}
    }
}

/// Returns the id of a new service principal.
fn principal(client: &Local<'_>, number: usize) -> Value {
    let name = json!({ "displayName": format!("Application {number}") });
    let application = client.post("/applications", name).json();
    let principal = json!({ "appId": application["appId"] });
    client.post("/servicePrincipals", principal).json()["id"].clone()
}
