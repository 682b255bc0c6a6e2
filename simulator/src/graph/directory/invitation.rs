//! Invitations of guests.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::USER;
use super::extension::missing;
use crate::answer::Answer;
use crate::body::Written;
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::store::Id;

pub(in crate::graph) const INVITATION: &str = "microsoft.graph.invitation";

impl Graph<'_> {
    /// Invites a guest: adds the user, unless an earlier invitation has, and returns the address
    /// at which the guest accepts.
    ///
    /// <https://learn.microsoft.com/graph/api/invitation-post>
    pub(in crate::graph) fn invite_guest(
        &mut self,
        place: Below<'_>,
        written: Written,
    ) -> Result<Answer, Refusal> {
        let mut properties = written.properties;
        let text = |name: &str| {
            properties
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let required = |name: &str| text(name).ok_or_else(|| missing(name, "Invitation"));
        let address = required("invitedUserEmailAddress")?;
        let redirect = required("inviteRedirectUrl")?;
        let Some((local, domain)) = address.split_once('@') else {
            return Err(super::extension::invalid(
                "invitedUserEmailAddress",
                "Invitation",
            ));
        };
        let name = text("invitedUserDisplayName");
        let kind = text("invitedUserType").unwrap_or_else(|| "Guest".to_owned());
        let own = self.domain();
        let principal = format!(
            "{}_{domain}#EXT#@{}",
            local,
            own.as_str().unwrap_or_default()
        );
        let known = self.user_named(&principal);
        if known.is_none() {
            self.check_not_member(&address)?;
        }
        let user = match known {
            Some(user) => user,
            None => {
                let guest = json!({
                    "accountEnabled": true, "creationType": "Invitation",
                    "createdDateTime": crate::clock::timestamp(self.now),
                    "displayName": name.clone().unwrap_or_else(|| local.to_owned()),
                    "externalUserState": "PendingAcceptance",
                    "externalUserStateChangeDateTime": crate::clock::timestamp(self.now),
                    "mail": address, "mailNickname": format!("{local}_{domain}#EXT#"),
                    "otherMails": [address], "proxyAddresses": [format!("SMTP:{address}")],
                    "userPrincipalName": principal, "userType": kind,
                });
                let guest = guest.as_object().cloned().unwrap_or_default();
                self.tenant
                    .make(Below::many(Id::ROOT, "users"), USER, None, guest)
            }
        };
        let key = self.tenant.store.get(user).map(|user| user.key.clone());
        let key = key.unwrap_or_default();
        let organizations = self.tenant.store.many(Id::ROOT, "organization");
        let organization = organizations
            .first()
            .and_then(|id| self.tenant.store.get(*id));
        let tenant = organization.map_or("", |tenant| tenant.key.as_str());
        let redeem = format!(
            "https://login.microsoftonline.com/redeem?rd=https%3a%2f%2finvitations.microsoft.com\
             %2fredeem%2f%3ftenant%3d{tenant}%26user%3d{key}%26ticket%3d{}%26ver%3d2.0",
            self.tenant.ids.secret(24)
        );
        for (name, value) in [
            ("inviteRedeemUrl", json!(redeem)),
            ("inviteRedirectUrl", json!(redirect)),
            ("invitedUserDisplayName", json!(name)),
            ("invitedUserType", json!(kind)),
            ("status", json!("PendingAcceptance")),
        ] {
            properties.insert(name.into(), value);
        }
        for name in ["resetRedemption", "sendInvitationMessage"] {
            properties.entry(name).or_insert_with(|| json!(false));
        }
        let invitation = self.tenant.make(place, INVITATION, None, properties);
        self.tenant.store.set(invitation, "invitedUser", Some(user));
        let answer = self.answer_entity(StatusCode::CREATED, invitation, INVITATION)?;
        let mut body: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        body.insert("invitedUser".into(), json!({ "id": key }));
        Ok(Answer {
            body: Value::Object(body).to_string().into(),
            ..answer
        })
    }

    fn user_named(&self, principal: &str) -> Option<Id> {
        let mut named = self.tenant.store.named(principal);
        named.find(|(_, user)| user.kind == USER).map(|(id, _)| id)
    }

    /// Refuses to invite a user of this tenant.
    fn check_not_member(&self, address: &str) -> Result<(), Refusal> {
        let mut entities = self.tenant.store.entities().map(|(_, entity)| entity);
        let member = entities.find(|entity| {
            let mail = entity.properties.get("mail").and_then(Value::as_str);
            entity.kind == USER && mail.is_some_and(|mail| mail.eq_ignore_ascii_case(address))
        });
        match member {
            None => Ok(()),
            Some(member) => Err(Refusal::directory(format!(
                "The invited user already exists in the directory as object ID: {}. They can use \
                 that account to sign in to shared apps and resources.",
                member.key
            ))),
        }
    }
}
