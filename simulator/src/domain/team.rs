//! The members of teams and chats. A team's members are those of its group.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Below, Tenant};
use crate::store::Id;

const MEMBER: &str = "microsoft.graph.aadUserConversationMember";

impl Tenant<'_> {
    /// Returns the id of the organization.
    pub(crate) fn tenant_id(&self) -> String {
        let organizations = self.store.many(Id::ROOT, "organization");
        let organization = organizations.first().and_then(|id| self.store.get(*id));
        organization
            .map(|tenant| tenant.key.clone())
            .unwrap_or_default()
    }

    /// Brings the members of a group's team up to date.
    pub(crate) fn sync_team(&mut self, group: Id) {
        let Some(team) = self.store.one(group, "team") else {
            return;
        };
        let owners = self.store.many(group, "owners");
        let mut users = self.store.many(group, "members");
        users.extend(owners.iter().copied());
        users.sort_unstable();
        users.dedup();
        users.retain(|id| {
            let user = self.store.get(*id);
            user.is_some_and(|user| user.kind == "microsoft.graph.user")
        });
        self.store.open(team, "members");
        for member in self.store.many(team, "members") {
            let user = self.store.one(member, "user");
            if !user.is_some_and(|user| users.contains(&user)) {
                self.store.remove(member);
            }
        }
        for user in users {
            let roles = match owners.contains(&user) {
                true => json!(["owner"]),
                false => json!([]),
            };
            self.join(team, user, roles);
        }
    }

    /// Adds a user to a team, channel or chat, or changes the roles of a member.
    pub(crate) fn join(&mut self, conversation: Id, user: Id, roles: Value) -> Id {
        if let Some(member) = self.member(conversation, user) {
            let known = self
                .store
                .get(member)
                .and_then(|one| one.properties.get("roles"));
            if known != Some(&roles) {
                self.store.change(member, |member| {
                    member.insert("roles".into(), roles);
                });
            }
            return member;
        }
        let tenant = self.tenant_id();
        let key = |id| self.store.get(id).map(|entity| entity.key.clone());
        let (place, person) = (key(conversation), key(user).unwrap_or_default());
        let key = STANDARD.encode(format!("{}##{person}", place.unwrap_or_default()));
        let own = |name: &str| {
            let user = self.store.get(user);
            user.and_then(|user| user.properties.get(name)).cloned()
        };
        let member = json!({
            "displayName": own("displayName"), "email": own("mail"), "roles": roles,
            "tenantId": tenant, "userId": person,
            "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
        });
        let place = Below::many(conversation, "members");
        let properties = member.as_object().cloned().unwrap_or_default();
        let member = self.make(place, MEMBER, Some(&key), properties);
        self.store.set(member, "user", Some(user));
        member
    }

    /// Returns the member of a team, channel or chat that stands for a user.
    pub(crate) fn member(&self, conversation: Id, user: Id) -> Option<Id> {
        let members = self.members(conversation, "members").into_iter();
        let mut own = members.filter(|id| self.store.one(*id, "user") == Some(user));
        own.next()
    }

    /// Returns the collection of a team or a user that follows from others: the members of a
    /// standard channel, the channels of a team, the chats of a user.
    pub(super) fn of_teams(&self, owner: Id, relation: &str) -> Option<Vec<Id>> {
        let entity = self.store.get(owner)?;
        match (entity.kind.as_str(), relation) {
            ("microsoft.graph.channel", "members" | "allMembers") => {
                if self.store.relation(owner, "members").is_some() {
                    return (relation == "allMembers").then(|| self.store.many(owner, "members"));
                }
                let (team, _) = entity.parent.as_ref()?;
                Some(self.store.many(*team, "members"))
            }
            ("microsoft.graph.team", "allChannels") => Some(self.store.many(owner, "channels")),
            ("microsoft.graph.user", "chats") => {
                let chats = self.store.many(Id::ROOT, "chats").into_iter();
                Some(
                    chats
                        .filter(|chat| self.member(*chat, owner).is_some())
                        .collect(),
                )
            }
            _ => None,
        }
    }
}
