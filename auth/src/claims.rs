//! The `claims` parameter of a token request.
//!
//! This crate can satisfy a claims challenge, and declares that in each token request. Without the
//! declaration, Graph never sends a challenge, and simply refuses a revoked token
//! (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>).

use serde_json::{Map, Value, json};

/// Returns the `claims` of a token request. They declare that challenges are supported (`cp1`), and
/// include the claims that the last challenge requested.
pub(super) fn claims(challenge: Option<&str>) -> String {
    let mut claims = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
    let challenge =
        challenge.and_then(|challenge| serde_json::from_str::<Map<String, Value>>(challenge).ok());
    if let (Value::Object(claims), Some(challenge)) = (&mut claims, challenge) {
        merge(claims, challenge);
    }
    claims.to_string()
}

/// Adds the new entries, level by level, because both objects may request something of
/// `access_token`.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(value)) => merge(there, value),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(challenge: Option<&str>) -> Value {
        serde_json::from_str(&claims(challenge)).unwrap()
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
    #[test]
    fn claims_challenge_is_merged_with_client_capability() {
        let capability = json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } });
        assert_eq!(value(None), capability);
        assert_eq!(value(Some("no json")), capability);
        assert_eq!(
            value(Some(
                r#"{"access_token":{"nbf":{"essential":true,"value":"1"}},"id_token":null}"#
            )),
            json!({
                "access_token": {
                    "xms_cc": { "values": ["cp1"] },
                    "nbf": { "essential": true, "value": "1" },
                },
                "id_token": null,
            })
        );
    }
}
