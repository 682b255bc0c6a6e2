//! Chats.

use http::StatusCode;
use serde_json::{Value, json};

use super::team::related;
use super::{CHAT, moment};
use crate::answer::Answer;
use crate::body::Written;
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

impl Graph<'_> {
    /// Creates a chat. Two people have one chat only, which is returned if it exists.
    ///
    /// <https://learn.microsoft.com/graph/api/chat-post>
    pub(super) fn create_chat(&mut self, written: Written) -> Result<Answer, Refusal> {
        let mut joining: Vec<(Id, Value)> = Vec::new();
        for member in related(&written, "members") {
            let (user, roles) = self.joining(&member.clone())?;
            if joining.iter().any(|(known, _)| *known == user) {
                return Err(Refusal::bad_request(
                    "Duplicate chat members is specified in the request body.",
                ));
            }
            joining.push((user, roles));
        }
        if joining.len() < 2 {
            return Err(Refusal::bad_request(
                "The members of a chat must be specified, at least two.",
            ));
        }
        if let Caller::User(caller) = self.caller
            && !joining.iter().any(|(user, _)| *user == caller)
        {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "Forbidden",
                "The signed-in user must be a member of the chat.",
            ));
        }
        let mut properties = written.properties;
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let kind = text("chatType").unwrap_or_default().to_owned();
        let topic = text("topic").map(str::to_owned);
        match kind.as_str() {
            "oneOnOne" if joining.len() != 2 || topic.is_some() => {
                return Err(Refusal::bad_request(
                    "A chat of type oneOnOne has exactly two members and no topic.",
                ));
            }
            "oneOnOne" => {
                if let Some(chat) = self.chat_of(&joining) {
                    return self.answer_entity(StatusCode::CREATED, chat, CHAT);
                }
            }
            "group" => {}
            _ => return Err(Refusal::bad_request("Invalid chat type specified.")),
        }
        let tenant = self.tenant.tenant_id();
        for (name, value) in [
            ("createdDateTime", moment(self.now)),
            ("lastUpdatedDateTime", moment(self.now)),
            ("topic", json!(topic)),
            ("tenantId", json!(tenant)),
        ] {
            properties.insert(name.into(), value);
        }
        let place = Below::many(Id::ROOT, "chats");
        let chat = self.tenant.make(place, CHAT, None, properties);
        let url = format!(
            "https://teams.microsoft.com/l/chat/{}/0?tenantId={tenant}",
            percent_encoding::utf8_percent_encode(
                &self.key_of(chat),
                percent_encoding::NON_ALPHANUMERIC
            )
        );
        self.tenant.store.change(chat, |chat| {
            chat.insert("webUrl".into(), json!(url));
        });
        for (user, roles) in joining {
            self.tenant.join(chat, user, roles);
        }
        self.answer_entity(StatusCode::CREATED, chat, CHAT)
    }

    /// Returns the chat of two people.
    fn chat_of(&self, people: &[(Id, Value)]) -> Option<Id> {
        let chats = self.tenant.store.many(Id::ROOT, "chats");
        chats.into_iter().find(|chat| {
            self.text_of(*chat, "chatType") == "oneOnOne"
                && people
                    .iter()
                    .all(|(user, _)| self.tenant.member(*chat, *user).is_some())
        })
    }
}
