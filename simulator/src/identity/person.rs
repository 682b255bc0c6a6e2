//! The users of the tenant, as far as the identity platform knows them.

use serde_json::Value;

use super::{Platform, SignInError};
use crate::store::{Id, Store};

/// A user who signs in.
pub(super) struct Person {
    pub(super) object_id: String,
    pub(super) name: String,
    pub(super) principal_name: String,
}

/// Returns the user of this id or principal name.
pub(crate) fn find(store: &Store, name: &str) -> Option<Id> {
    let mut named = store.named(name);
    let found = named.find(|(_, entity)| entity.kind == "microsoft.graph.user");
    found.map(|(id, _)| id)
}

impl Platform<'_> {
    /// Returns a user, unless the user no longer exists or may not sign in.
    pub(super) fn person(&self, id: Id) -> Result<Person, SignInError> {
        let refused = |code, description| SignInError::new("invalid_grant", code, description);
        let Some(user) = self.store.get(id) else {
            return Err(refused(
                50_034,
                "The user account does not exist in the Contoso directory.",
            ));
        };
        let property = |name: &str| user.properties.get(name);
        if property("accountEnabled").and_then(Value::as_bool) == Some(false) {
            return Err(refused(50_057, "The user account is disabled."));
        }
        let text = |name: &str| {
            let value = property(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        Ok(Person {
            object_id: user.key.clone(),
            name: text("displayName"),
            principal_name: text("userPrincipalName"),
        })
    }

    /// Checks that a user exists, has consented, and has fulfilled all policies.
    pub(super) fn check_person(&self, id: Id) -> Result<(), SignInError> {
        self.person(id)?;
        self.check_consent()?;
        self.check_policies(id)
    }
}
