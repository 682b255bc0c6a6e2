//! Mail addresses of the tenant.

use serde_json::{Value, json};

use crate::domain::Tenant;
use crate::store::{Entity, Id};

impl Tenant<'_> {
    /// Returns a mailbox as a sender or recipient.
    pub(crate) fn recipient(&self, user: Id) -> Value {
        let text = |name: &str| {
            let user = self.store.get(user)?;
            user.properties.get(name)?.as_str().map(str::to_owned)
        };
        let address = text("mail").or_else(|| text("userPrincipalName"));
        let address = address.unwrap_or_default();
        let name = text("displayName").unwrap_or_else(|| address.clone());
        json!({ "emailAddress": { "name": name, "address": address } })
    }

    /// Checks whether a mailbox has an address.
    pub(crate) fn has_address(&self, user: Id, address: &str) -> bool {
        let user = self.store.get(user);
        user.is_some_and(|user| addresses(user).any(|own| own.eq_ignore_ascii_case(address)))
    }

    /// Returns the mailbox with an address.
    pub(crate) fn user_at(&self, address: &str) -> Option<Id> {
        let mut users = self.store.many(Id::ROOT, "users").into_iter();
        users.find(|user| self.has_address(*user, address))
    }

    /// Returns the mailboxes behind an address: that of a user, or those of a distribution list's
    /// members.
    pub(crate) fn mailboxes_at(&self, address: &str) -> Vec<Id> {
        if let Some(user) = self.user_at(address) {
            return vec![user];
        }
        let groups = self.store.many(Id::ROOT, "groups").into_iter();
        let lists = groups.filter(|group| {
            let group = self.store.get(*group);
            group.is_some_and(|group| is_list(group) && has(group, "mail", address))
        });
        let members = lists.flat_map(|list| self.members(list, "transitiveMembers"));
        let users = members.filter(|member| {
            let member = self.store.get(*member);
            member.is_some_and(|member| member.kind == super::USER)
        });
        users.collect()
    }

    /// Returns the Microsoft 365 group with an address, which keeps its own mail.
    pub(crate) fn group_at(&self, address: &str) -> Option<Id> {
        let mut groups = self.store.many(Id::ROOT, "groups").into_iter();
        groups.find(|group| {
            let group = self.store.get(*group);
            group.is_some_and(|group| is_unified(group) && has(group, "mail", address))
        })
    }

    /// Sets the name of a sender or recipient without one: the name of the user with this address,
    /// or the address.
    pub(super) fn name_recipient(&self, recipient: &mut Value) {
        let Some(email) = recipient
            .get_mut("emailAddress")
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        let name = email.get("name").and_then(Value::as_str);
        if name.is_some_and(|name| !name.is_empty()) {
            return;
        }
        let Some(address) = email.get("address").and_then(Value::as_str) else {
            return;
        };
        let user = self.user_at(address).and_then(|user| self.store.get(user));
        let name = user.and_then(|user| user.properties.get("displayName").cloned());
        let name = name.unwrap_or_else(|| json!(address));
        email.insert("name".into(), name);
    }
}

fn has(entity: &Entity, property: &str, address: &str) -> bool {
    let own = entity.properties.get(property).and_then(Value::as_str);
    own.is_some_and(|own| own.eq_ignore_ascii_case(address))
}

/// Checks whether a group hands mail on to its members. A Microsoft 365 group keeps it.
fn is_list(group: &Entity) -> bool {
    group.properties.get("mailEnabled") == Some(&json!(true)) && !is_unified(group)
}

fn is_unified(group: &Entity) -> bool {
    let types = group.properties.get("groupTypes").and_then(Value::as_array);
    types.is_some_and(|types| types.contains(&json!("Unified")))
}

/// Returns all addresses of a user.
fn addresses(user: &Entity) -> impl Iterator<Item = &str> {
    let texts = ["mail", "userPrincipalName"].into_iter();
    let texts = texts.filter_map(|name| user.properties.get(name)?.as_str());
    let others = user.properties.get("proxyAddresses");
    let others = others.and_then(Value::as_array).into_iter().flatten();
    let others = others.filter_map(|address| {
        let (scheme, address) = address.as_str()?.split_once(':')?;
        scheme.eq_ignore_ascii_case("smtp").then_some(address)
    });
    texts.chain(others)
}
