//! Conditional Access: the claims that a user has to fulfil before tokens are issued.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide>

use serde_json::Value;

use super::{Identity, Platform, SignInError};
use crate::store::Id;

/// A policy that applies to a user until a sign-in has brought the claims.
pub(super) struct Policy {
    user: Id,
    claims: Value,
    code: u32,
}

impl Identity {
    pub(crate) fn require_claims(&mut self, user: Id, claims: Value, code: u32) {
        self.policies.push(Policy { user, claims, code });
    }

    /// Removes the policies that a user's sign-in with these claims fulfils.
    pub(super) fn fulfil(&mut self, user: Id, claims: &Value) {
        self.policies
            .retain(|policy| policy.user != user || !contains(claims, &policy.claims));
    }
}

impl Platform<'_> {
    /// Checks that a user has fulfilled all policies.
    pub(super) fn check_policies(&self, user: Id) -> Result<(), SignInError> {
        let mut policies = self.identity.policies.iter();
        let Some(policy) = policies.find(|policy| policy.user == user) else {
            return Ok(());
        };
        let sentence = match policy.code {
            50_079 => {
                "Due to a configuration change made by your administrator, or because you moved to \
                 a new location, you must enroll in multi-factor authentication to access \
                 '00000003-0000-0000-c000-000000000000'."
            }
            53_003 => {
                "Access has been blocked by Conditional Access policies. The access policy does \
                 not allow token issuance."
            }
            _ => {
                "Due to a configuration change made by your administrator, or because you moved to \
                 a new location, you must use multi-factor authentication to access \
                 '00000003-0000-0000-c000-000000000000'."
            }
        };
        let error = SignInError::new("interaction_required", policy.code, sentence);
        Err(error.suberror("basic_action").claims(&policy.claims))
    }
}

/// Checks whether all required values are present, at any depth.
fn contains(there: &Value, required: &Value) -> bool {
    match (there, required) {
        (Value::Object(there), Value::Object(required)) => required.iter().all(|(name, value)| {
            let own = there.get(name);
            own.is_some_and(|own| contains(own, value))
        }),
        (Value::Array(there), Value::Array(required)) => required
            .iter()
            .all(|value| there.iter().any(|own| contains(own, value))),
        _ => there == required,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::contains;

    #[test]
    fn policy_accepts_more_claims_but_not_fewer() {
        let required =
            json!({ "access_token": { "polids": { "essential": true, "values": ["1"] } } });
        let there = json!({ "access_token": {
            "polids": { "essential": true, "values": ["0", "1"] }, "xms_cc": { "values": ["cp1"] },
        } });
        assert!(contains(&there, &required));
        assert!(!contains(&required, &there));
        assert!(!contains(&json!(null), &required));
        assert!(!contains(
            &json!({ "access_token": { "polids": { "values": ["1"] } } }),
            &required
        ));
    }
}
