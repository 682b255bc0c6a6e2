//! Replies and forwards, sent at once or created as drafts.
//!
//! <https://learn.microsoft.com/graph/api/message-createreply>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{quote, refused};
use crate::answer::Answer;
use crate::body::{Related, Written};
use crate::domain::Below;
use crate::domain::mail::MESSAGE;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;
use crate::store::Id;

/// The length of the index of a conversation's first message. Each response adds five bytes.
const INDEX: usize = 22;

/// The kind of a response to a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reply,
    ReplyAll,
    Forward,
}

/// Replies to a message or forwards it.
pub(super) fn respond(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let (draft, name) = match invocation.name.strip_prefix("create") {
        Some(name) => (true, name),
        None => (false, invocation.name),
    };
    let kind = match name.to_ascii_lowercase().as_str() {
        "forward" => Kind::Forward,
        "replyall" => Kind::ReplyAll,
        _ => Kind::Reply,
    };
    let mailbox = graph.mailbox_with(invocation.id)?;
    let sent = graph.sent_message(invocation)?;
    let sent = checked(invocation, kind, draft, sent)?;
    let mut response = graph.response(invocation, kind, mailbox);
    add(&mut response, sent);
    if !draft {
        graph.submit(mailbox, response, true)?;
        return Ok(Answer::empty(StatusCode::ACCEPTED));
    }
    let id = graph.make(Below::many(mailbox, "messages"), None, response)?;
    graph.answer_entity(StatusCode::CREATED, id, MESSAGE)
}

/// Checks that the parameters of an action do not contradict each other.
fn checked(
    invocation: &Invocation<'_>,
    kind: Kind,
    draft: bool,
    sent: Option<Written>,
) -> Result<Option<Written>, Refusal> {
    let has = |name: &str| {
        sent.as_ref()
            .is_some_and(|sent| sent.properties.contains_key(name))
    };
    let comment = invocation.parameter("Comment").and_then(Value::as_str);
    if comment.is_some_and(|comment| !comment.is_empty()) && has("body") {
        return Err(refused(
            "ErrorInvalidRequest",
            "Specify either the parameter `comment` or the body of the message, not both.",
        ));
    }
    let named = invocation
        .parameter("ToRecipients")
        .and_then(Value::as_array);
    let named = named.is_some_and(|named| !named.is_empty());
    if kind == Kind::Forward && named && has("toRecipients") {
        return Err(refused(
            "ErrorInvalidRequest",
            "Specify either the parameter `toRecipients` or those of the message, not both.",
        ));
    }
    if kind == Kind::Forward && !draft && !named && !has("toRecipients") {
        return Err(refused(
            "ErrorInvalidRecipients",
            "At least one recipient is not valid., A message can't be sent because it contains no \
             recipients.",
        ));
    }
    Ok(sent)
}

impl Graph<'_> {
    /// Returns a response with the properties that follow from the original message.
    fn response(&mut self, invocation: &Invocation<'_>, kind: Kind, mailbox: Id) -> Written {
        let original = self.written_message(invocation.id);
        let properties = &original.properties;
        let text = |name: &str| {
            properties
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let comment = invocation.parameter("Comment").and_then(Value::as_str);
        let prefix = if kind == Kind::Forward { "FW" } else { "RE" };
        let mut response = json!({
            "subject": format!("{prefix}: {}", quote::topic(text("subject"))),
            "body": quote::body(comment.unwrap_or_default(), properties),
            "internetMessageHeaders": threaded(properties),
        });
        for name in ["conversationId", "importance"] {
            if let Some(value) = properties.get(name) {
                response[name] = value.clone();
            }
        }
        if let Some(index) = self.next_index(text("conversationIndex")) {
            response["conversationIndex"] = json!(index);
        }
        if kind == Kind::Forward {
            let to = invocation.parameter("ToRecipients");
            response["toRecipients"] = to.cloned().unwrap_or_else(|| json!([]));
        } else {
            let (to, cc) = self.addressees(properties, kind, mailbox);
            (response["toRecipients"], response["ccRecipients"]) = (to.into(), cc.into());
        }
        let properties = match response {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        Written {
            kind: MESSAGE.into(),
            properties,
            related: attached(original.related, kind),
            bound: Vec::new(),
        }
    }

    /// Returns the recipients of a reply: those of `replyTo` or else the sender, and for a reply to
    /// all also the other recipients, without the mailbox itself.
    fn addressees(
        &self,
        original: &Map<String, Value>,
        kind: Kind,
        mailbox: Id,
    ) -> (Vec<Value>, Vec<Value>) {
        let list = |name: &str| {
            let list = original.get(name).and_then(Value::as_array);
            list.cloned().unwrap_or_default()
        };
        let sender = original.get("from").or_else(|| original.get("sender"));
        let reply_to = list("replyTo");
        let mut to: Vec<Value> = match reply_to.is_empty() {
            true => sender.cloned().into_iter().collect(),
            false => reply_to,
        };
        if kind != Kind::ReplyAll {
            return (to, Vec::new());
        }
        let is_other = |one: &Value| !self.tenant.has_address(mailbox, address(one));
        let from = to.clone();
        join(&mut to, list("toRecipients"));
        to.retain(is_other);
        let mut cc = list("ccRecipients");
        cc.retain(|one| is_other(one) && !to.iter().any(|known| is_same(known, one)));
        // A message to oneself is answered to oneself.
        (
            if to.is_empty() && cc.is_empty() {
                from
            } else {
                to
            },
            cc,
        )
    }

    /// Returns the index of a response, which extends that of the original message.
    fn next_index(&mut self, index: &str) -> Option<String> {
        let mut index = STANDARD
            .decode(index)
            .ok()
            .filter(|index| index.len() >= INDEX)?;
        let time = self.now.timestamp_micros().to_be_bytes();
        index.extend(time.into_iter().skip(3));
        Some(STANDARD.encode(index))
    }
}

/// Returns the headers by which mail programs find the original message.
fn threaded(original: &Map<String, Value>) -> Value {
    let Some(id) = original.get("internetMessageId").and_then(Value::as_str) else {
        return json!([]);
    };
    let headers = original
        .get("internetMessageHeaders")
        .and_then(Value::as_array);
    let mut headers = headers.into_iter().flatten();
    let references = headers.find(|header| header["name"] == "References");
    let references = references.and_then(|header| header["value"].as_str());
    let references = references.map_or(id.to_owned(), |before| format!("{before} {id}"));
    json!([
        { "name": "In-Reply-To", "value": id },
        { "name": "References", "value": references },
    ])
}

/// Returns the attachments that go along: all of them with a forward, and those that the body shows
/// with a reply.
fn attached(related: Vec<(String, Related)>, kind: Kind) -> Vec<(String, Related)> {
    let own = related
        .into_iter()
        .filter(|(name, _)| name == "attachments");
    let own = own.map(|(name, attachments)| {
        let Related::Many(mut all) = attachments else {
            return (name, attachments);
        };
        let inline = |one: &Written| one.properties.get("isInline") == Some(&json!(true));
        all.retain(|one| kind == Kind::Forward || inline(one));
        (name, Related::Many(all))
    });
    own.collect()
}

/// Adds what the request itself says of the message. Its recipients are added to those of a reply.
fn add(response: &mut Written, sent: Option<Written>) {
    let Some(sent) = sent else { return };
    for (name, value) in sent.properties {
        let own = response
            .properties
            .get_mut(&name)
            .and_then(Value::as_array_mut);
        match (own, value) {
            (Some(own), Value::Array(more)) if name.ends_with("Recipients") => join(own, more),
            (Some(own), Value::Array(more)) if name == "internetMessageHeaders" => {
                own.extend(more);
            }
            (_, value) => {
                response.properties.insert(name, value);
            }
        }
    }
    for (relation, more) in sent.related {
        let own = response
            .related
            .iter_mut()
            .find(|(name, _)| *name == relation);
        match (own, more) {
            (Some((_, Related::Many(own))), Related::Many(more)) => own.extend(more),
            (_, more) => response.related.push((relation, more)),
        }
    }
}

/// Adds the recipients that a list does not have yet.
fn join(list: &mut Vec<Value>, more: Vec<Value>) {
    for one in more {
        if !list.iter().any(|known| is_same(known, &one)) {
            list.push(one);
        }
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    address(left).eq_ignore_ascii_case(address(right))
}

fn address(recipient: &Value) -> &str {
    recipient["emailAddress"]["address"]
        .as_str()
        .unwrap_or_default()
}
