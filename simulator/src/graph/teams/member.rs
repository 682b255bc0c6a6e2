//! The members of teams, channels and chats.

use http::StatusCode;
use serde_json::{Value, json};

use super::{CHANNEL, CHAT, MEMBER, TEAM};
use crate::answer::Answer;
use crate::body::Written;
use crate::domain::Below;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::resource::Target;
use crate::store::Id;

const USER: &str = "microsoft.graph.user";

/// Adds several members. The response has a result for each of them.
///
/// <https://learn.microsoft.com/graph/api/conversationmembers-add>
pub(super) fn add(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    each(graph, invocation, |graph, owner, user, roles| {
        graph.add_member(owner, user, roles).map(|_| ())
    })
}

/// Removes several members. The response has a result for each of them.
///
/// <https://learn.microsoft.com/graph/api/conversationmember-remove>
pub(super) fn remove(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    each(graph, invocation, |graph, owner, user, _| {
        let member = graph.tenant.member(owner, user);
        let member = member
            .ok_or_else(|| Refusal::not_found(graph.tenant.schemas, MEMBER, &graph.key_of(user)))?;
        graph.remove_member(member)?;
        Ok(())
    })
}

fn each(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
    run: impl Fn(&mut Graph<'_>, Id, Id, Value) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    let Target::Set { owner, .. } = invocation.target else {
        return Err(invocation.target.missing(graph.tenant.schemas));
    };
    let values = invocation.parameter("values").and_then(Value::as_array);
    let Some(values) = values else {
        return Err(Refusal::bad_request("'values' must be specified."));
    };
    let mut results = Vec::new();
    let mut failed = false;
    for value in values.clone() {
        let url = value.get("user@odata.bind").and_then(Value::as_str);
        let id = value.get("userId").and_then(Value::as_str);
        let named = match (url, id) {
            (Some(url), _) => graph.referred_as(USER, "user", url),
            (None, Some(id)) => graph.referred_as(USER, "user", &format!("/users/{id}")),
            (None, None) => Err(no_user()),
        };
        let roles = value.get("roles").cloned().unwrap_or_else(|| json!([]));
        let result = named.clone().and_then(|user| {
            let roles = checked_roles(roles)?;
            run(graph, *owner, user, roles)
        });
        let user = named.ok().map(|user| graph.key_of(user));
        let error = result.err().map(|refusal| {
            failed = true;
            let code = refusal.status.canonical_reason().unwrap_or_default();
            json!({ "code": code.replace(' ', ""), "message": refusal.message })
        });
        results.push(json!({
            "@odata.type": "#microsoft.graph.aadUserConversationMemberResult",
            "userId": user.as_deref().or(id), "error": error,
        }));
    }
    let status = match failed {
        true => StatusCode::MULTI_STATUS,
        false => StatusCode::OK,
    };
    Ok(graph.answer_value(invocation.call, status, results.into()))
}

fn no_user() -> Refusal {
    Refusal::bad_request("'user@odata.bind' must name the user of a member.")
}

/// Checks the roles of a member: `owner`, `guest` or none.
fn checked_roles(roles: Value) -> Result<Value, Refusal> {
    let known = |role: &Value| matches!(role.as_str(), Some("owner" | "guest"));
    match roles.as_array() {
        Some(all) if all.iter().all(known) && all.len() <= 1 => Ok(roles),
        None if roles.is_null() => Ok(json!([])),
        _ => Err(Refusal::bad_request("Invalid role specified for member.")),
    }
}

impl Graph<'_> {
    /// Returns the user and the roles of a new member.
    pub(super) fn joining(&mut self, member: &Written) -> Result<(Id, Value), Refusal> {
        let mut bound = member.bound.iter();
        let url = bound.find(|(relation, _)| relation == "user");
        let url = url.and_then(|(_, urls)| urls.first().cloned());
        let id = member.properties.get("userId").and_then(Value::as_str);
        let url = url.or_else(|| Some(format!("/users/{}", id?)));
        let user = self.referred_as(USER, "user", &url.ok_or_else(no_user)?)?;
        let roles = member.properties.get("roles").cloned();
        Ok((user, checked_roles(roles.unwrap_or_default())?))
    }

    /// Creates a member of a team, channel or chat.
    ///
    /// <https://learn.microsoft.com/graph/api/team-post-members>
    pub(super) fn create_member(
        &mut self,
        place: Below<'_>,
        written: Written,
    ) -> Result<Answer, Refusal> {
        let (user, roles) = self.joining(&written)?;
        let member = self.add_member(place.owner, user, roles)?;
        self.answer_entity(StatusCode::CREATED, member, MEMBER)
    }

    fn add_member(&mut self, owner: Id, user: Id, roles: Value) -> Result<Id, Refusal> {
        let entity = self.tenant.store.get(owner);
        let kind = entity.map_or("", |entity| entity.kind.as_str()).to_owned();
        match kind.as_str() {
            TEAM => {
                let group = self.group_of(owner)?;
                self.tenant.store.add(group, "members", user);
                self.set_owner(group, user, &roles)?;
                self.tenant.sync_team(group);
                let member = self.tenant.member(owner, user);
                member.ok_or_else(no_user)
            }
            CHANNEL if self.tenant.store.relation(owner, "members").is_none() => Err(
                Refusal::bad_request("Members can be added only to private and shared channels."),
            ),
            CHAT if self.text_of(owner, "chatType") == "oneOnOne" => Err(Refusal::bad_request(
                "Members cannot be added to a chat of two people.",
            )),
            _ => Ok(self.tenant.join(owner, user, roles)),
        }
    }

    fn group_of(&self, team: Id) -> Result<Id, Refusal> {
        let parent = self
            .tenant
            .store
            .get(team)
            .and_then(|team| team.parent.as_ref());
        let group = parent
            .map(|(group, _)| *group)
            .filter(|group| *group != Id::ROOT);
        let missing = || Refusal::not_found(self.tenant.schemas, TEAM, &self.key_of(team));
        group.ok_or_else(missing)
    }

    /// Makes a user an owner of a group, or no longer one. The last owner stays.
    fn set_owner(&mut self, group: Id, user: Id, roles: &Value) -> Result<(), Refusal> {
        if *roles == json!(["owner"]) {
            self.tenant.store.add(group, "owners", user);
            return Ok(());
        }
        let owners = self.tenant.store.many(group, "owners");
        if owners == [user] {
            return Err(Refusal::bad_request(
                "The last owner of a team cannot be removed or demoted.",
            ));
        }
        self.tenant.store.take(group, "owners", user);
        Ok(())
    }

    /// Carries a change of a member's roles over to the group of the team.
    pub(in crate::graph) fn member_changed(&mut self, member: Id) -> Result<(), Refusal> {
        let entity = self.tenant.store.get(member);
        let Some(entity) = entity.filter(|one| self.tenant.schemas.is_a(&one.kind, MEMBER)) else {
            return Ok(());
        };
        let roles = entity
            .properties
            .get("roles")
            .cloned()
            .unwrap_or_else(|| json!([]));
        let Some((team, _)) = entity.parent.clone() else {
            return Ok(());
        };
        if self
            .tenant
            .store
            .get(team)
            .is_none_or(|team| team.kind != TEAM)
        {
            return Ok(());
        }
        let group = self.group_of(team)?;
        let result = match self.tenant.store.one(member, "user") {
            Some(user) => self.set_owner(group, user, &roles),
            None => Ok(()),
        };
        self.tenant.sync_team(group);
        result
    }

    /// Removes a member. A member of a team also leaves its group.
    pub(in crate::graph) fn remove_member(&mut self, member: Id) -> Result<bool, Refusal> {
        let entity = self.tenant.store.get(member);
        let Some(entity) = entity.filter(|one| self.tenant.schemas.is_a(&one.kind, MEMBER)) else {
            return Ok(false);
        };
        let team = entity.parent.as_ref().map(|(team, _)| *team);
        let team = team.filter(|id| {
            let team = self.tenant.store.get(*id);
            team.is_some_and(|team| team.kind == TEAM)
        });
        let user = self.tenant.store.one(member, "user");
        let (Some(team), Some(user)) = (team, user) else {
            self.tenant.store.remove(member);
            return Ok(true);
        };
        let group = self.group_of(team)?;
        self.set_owner(group, user, &json!([]))?;
        self.tenant.store.take(group, "members", user);
        self.tenant.sync_team(group);
        Ok(true)
    }
}
