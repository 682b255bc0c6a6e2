//! Teams and their channels.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{CHANNEL, TEAM, moment, object};
use crate::answer::Answer;
use crate::body::{Related, Written};
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

/// The longest name of a channel.
const NAME: usize = 50;

impl Graph<'_> {
    /// Creates a team, and a Microsoft 365 group for it unless the request names one.
    ///
    /// <https://learn.microsoft.com/graph/api/team-post>
    pub(super) fn create_team(&mut self, written: Written) -> Result<Answer, Refusal> {
        let bound = |name: &str| {
            let mut bound = written.bound.iter();
            let found = bound.find(|(relation, _)| relation == name);
            found.and_then(|(_, urls)| urls.first().cloned())
        };
        let template = bound("template");
        let Some(template) = template else {
            return Err(Refusal::bad_request(
                "Failed to execute Templates backend request CreateTeamFromTemplateRequest. \
                 'template@odata.bind' must be specified.",
            ));
        };
        let kind = "microsoft.graph.teamsTemplate";
        let template = self.referred_as(kind, "template", &template)?;
        let members = related(&written, "members");
        let members: Vec<_> = members.into_iter().cloned().collect();
        let mut joining = Vec::new();
        for member in &members {
            joining.push(self.joining(member)?);
        }
        let group = match bound("group") {
            Some(url) => {
                let group = self.referred_as("microsoft.graph.group", "group", &url)?;
                self.check_group(group)?;
                group
            }
            None => {
                let owner = joining.iter().any(|(_, roles)| *roles == json!(["owner"]));
                if self.caller == Caller::Application && !owner {
                    return Err(Refusal::bad_request(
                        "A team owner must be provided when creating a team in application \
                         context.",
                    ));
                }
                self.group_for(&written.properties)?
            }
        };
        for (user, roles) in joining {
            if roles == json!(["owner"]) {
                self.tenant.store.add(group, "owners", user);
            }
            self.tenant.store.add(group, "members", user);
        }
        let team = self.make_team(group, written.properties.clone());
        self.tenant.store.set(team, "template", Some(template));
        for channel in related(&written, "channels") {
            let name = channel
                .properties
                .get("displayName")
                .and_then(Value::as_str);
            if name != Some("General") {
                self.create_channel(Below::many(team, "channels"), channel.clone())?;
            }
        }
        for relation in ["installedApps", "tags"] {
            for one in related(&written, relation) {
                self.make(Below::many(team, relation), None, one.clone())?;
            }
        }
        Ok(self.team_operation(team, "createTeam", team))
    }

    /// Creates the team of an existing group.
    ///
    /// <https://learn.microsoft.com/graph/api/team-put-teams>
    pub(super) fn team_of_group(&mut self, group: Id, written: Written) -> Result<Answer, Refusal> {
        self.check_group(group)?;
        let team = self.make_team(group, written.properties);
        self.answer_entity(StatusCode::CREATED, team, TEAM)
    }

    /// Checks that a group can have a team, and has none yet.
    fn check_group(&self, group: Id) -> Result<(), Refusal> {
        let entity = self.tenant.store.get(group);
        let types = entity.and_then(|group| group.properties.get("groupTypes")?.as_array());
        if !types.into_iter().flatten().any(|kind| kind == "Unified") {
            return Err(Refusal::bad_request(
                "The group cannot have a team, because it is not a Microsoft 365 group.",
            ));
        }
        if self.tenant.store.many(group, "owners").is_empty() {
            return Err(Refusal::bad_request(
                "The group cannot have a team, because it has no owner.",
            ));
        }
        match self.tenant.store.one(group, "team") {
            None => Ok(()),
            Some(_) => Err(Refusal::new(
                StatusCode::CONFLICT,
                "Conflict",
                "Group is already provisioned as a team.",
            )),
        }
    }

    /// Creates the group for a new team.
    fn group_for(&mut self, team: &Map<String, Value>) -> Result<Id, Refusal> {
        let name = team.get("displayName").and_then(Value::as_str);
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            return Err(Refusal::bad_request(
                "'displayName' must be specified to create a team.",
            ));
        };
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let short: String = letters.collect();
        let unique: String = self.tenant.ids.guid().chars().take(4).collect();
        let mut group = object(json!({
            "displayName": name, "mailNickname": format!("{short}{unique}"), "mailEnabled": true,
            "securityEnabled": false, "groupTypes": ["Unified"],
            "resourceProvisioningOptions": ["Team"],
        }));
        for name in ["description", "visibility"] {
            if let Some(value) = team.get(name) {
                group.insert(name.into(), value.clone());
            }
        }
        let written = Written {
            kind: "microsoft.graph.group".into(),
            properties: group,
            ..Written::default()
        };
        self.make(Below::many(Id::ROOT, "groups"), None, written)
    }

    /// Adds a team with its general channel, and with the settings that a new team has.
    fn make_team(&mut self, group: Id, sent: Map<String, Value>) -> Id {
        let key = self.key_of(group);
        let tenant = self.tenant.tenant_id();
        let text = |name: &str| {
            let entity = self.tenant.store.get(group);
            entity.and_then(|group| group.properties.get(name)).cloned()
        };
        let mut team = object(json!({
            "createdDateTime": moment(self.now), "displayName": text("displayName"),
            "description": text("description"), "isArchived": false, "tenantId": tenant,
            "internalId": format!("19:{}@thread.tacv2", key.replace('-', "")),
            "visibility": "public",
            "memberSettings": {
                "allowAddRemoveApps": true, "allowCreatePrivateChannels": true,
                "allowCreateUpdateChannels": true, "allowCreateUpdateRemoveConnectors": true,
                "allowCreateUpdateRemoveTabs": true, "allowDeleteChannels": true,
            },
            "guestSettings": { "allowCreateUpdateChannels": false, "allowDeleteChannels": false },
            "messagingSettings": {
                "allowChannelMentions": true, "allowOwnerDeleteMessages": true,
                "allowTeamMentions": true, "allowUserDeleteMessages": true,
                "allowUserEditMessages": true,
            },
            "funSettings": {
                "allowCustomMemes": true, "allowGiphy": true, "allowStickersAndMemes": true,
                "giphyContentRating": "moderate",
            },
            "webUrl": format!(
                "https://teams.microsoft.com/l/team/19%3A{}%40thread.tacv2/conversations\
                 ?groupId={key}&tenantId={tenant}",
                key.replace('-', "")
            ),
        }));
        for (name, value) in sent.into_iter().filter(|(_, value)| !value.is_null()) {
            match (team.get_mut(&name), value) {
                (Some(Value::Object(settings)), Value::Object(more)) => settings.extend(more),
                (_, value) => {
                    team.insert(name, value);
                }
            }
        }
        let team = self
            .tenant
            .make(Below::one(group, "team"), TEAM, None, team);
        let general = json!({ "displayName": "General", "description": text_or(&team, self) });
        let general = self.make_channel(team, object(general));
        self.tenant.store.set(team, "primaryChannel", Some(general));
        self.tenant.sync_team(group);
        team
    }

    /// Creates a channel.
    ///
    /// <https://learn.microsoft.com/graph/api/channel-post>
    pub(super) fn create_channel(
        &mut self,
        place: Below<'_>,
        written: Written,
    ) -> Result<Answer, Refusal> {
        let name = written
            .properties
            .get("displayName")
            .and_then(Value::as_str);
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
            return Err(Refusal::bad_request("Channel displayName cannot be empty."));
        };
        let forbidden = |c: char| "~#%&*{}+/\\:<>?|'\"".contains(c);
        if name.chars().count() > NAME || name.contains(forbidden) {
            return Err(Refusal::bad_request(format!(
                "Invalid channel name '{name}'."
            )));
        }
        let channels = self.tenant.store.many(place.owner, "channels");
        let same = |id: &Id| self.text_of(*id, "displayName").eq_ignore_ascii_case(name);
        if channels.iter().any(same) {
            return Err(Refusal::bad_request(
                "Channel name already existed, please use other name.",
            ));
        }
        let membership = written
            .properties
            .get("membershipType")
            .and_then(Value::as_str);
        let standard = matches!(membership, None | Some("standard"));
        let mut joining = Vec::new();
        for member in related(&written, "members") {
            joining.push(self.joining(&member.clone())?);
        }
        if standard && !joining.is_empty() {
            return Err(Refusal::bad_request(
                "Members can be specified only for private and shared channels.",
            ));
        }
        let owned = joining.iter().any(|(_, roles)| *roles == json!(["owner"]));
        if !standard && !owned {
            match self.caller {
                Caller::User(user) => joining.push((user, json!(["owner"]))),
                Caller::Application => {
                    return Err(Refusal::bad_request(
                        "An owner must be specified for a private or shared channel in \
                         application context.",
                    ));
                }
            }
        }
        let channel = self.make_channel(place.owner, written.properties.clone());
        if !standard {
            self.tenant.store.open(channel, "members");
        }
        for (user, roles) in joining {
            self.tenant.join(channel, user, roles);
        }
        for tab in related(&written, "tabs") {
            self.make(Below::many(channel, "tabs"), None, tab.clone())?;
        }
        self.answer_entity(StatusCode::CREATED, channel, CHANNEL)
    }

    /// Refuses to delete the general channel of a team.
    pub(in crate::graph) fn check_general(&self, id: Id) -> Result<(), Refusal> {
        let parent = self
            .tenant
            .store
            .get(id)
            .and_then(|one| one.parent.as_ref());
        let general = parent.and_then(|(team, _)| self.tenant.store.one(*team, "primaryChannel"));
        match general == Some(id) {
            true => Err(Refusal::bad_request(
                "The General channel cannot be deleted.",
            )),
            false => Ok(()),
        }
    }

    fn make_channel(&mut self, team: Id, mut properties: Map<String, Value>) -> Id {
        let tenant = self.tenant.tenant_id();
        properties.retain(|_, value| !value.is_null());
        for (name, value) in [
            ("createdDateTime", moment(self.now)),
            ("isArchived", json!(false)),
            ("membershipType", json!("standard")),
            ("tenantId", json!(tenant)),
        ] {
            properties.entry(name).or_insert(value);
        }
        let place = Below::many(team, "channels");
        let channel = self.tenant.make(place, CHANNEL, None, properties);
        let encoded = |text: &str| {
            let set = percent_encoding::NON_ALPHANUMERIC;
            percent_encoding::utf8_percent_encode(text, set).to_string()
        };
        let url = format!(
            "https://teams.microsoft.com/l/channel/{}/{}?groupId={}&tenantId={tenant}",
            encoded(&self.key_of(channel)),
            encoded(&self.text_of(channel, "displayName")),
            self.key_of(team),
        );
        self.tenant.store.change(channel, |channel| {
            channel.insert("webUrl".into(), json!(url));
        });
        channel
    }
}

/// Returns the description of a team, which its general channel shares.
fn text_or(team: &Id, graph: &Graph<'_>) -> Value {
    let team = graph.tenant.store.get(*team);
    let text = team.and_then(|team| team.properties.get("description"));
    text.cloned().unwrap_or_default()
}

/// Returns the entities that a body holds for a relation.
pub(super) fn related<'w>(written: &'w Written, name: &str) -> Vec<&'w Written> {
    let found = written
        .related
        .iter()
        .find(|(relation, _)| relation == name);
    match found {
        Some((_, Related::Many(many))) => many.iter().collect(),
        Some((_, Related::One(one))) => vec![one],
        None => Vec::new(),
    }
}
