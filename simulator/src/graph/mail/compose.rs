//! Messages as MIME, as `$value` returns them.
//!
//! <https://learn.microsoft.com/graph/outlook-get-mime-message>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::DateTime;
use http::StatusCode;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use serde_json::Value;

use crate::domain::mail::MESSAGE;
use crate::graph::Graph;
use crate::prefer;
use crate::refusal::Refusal;
use crate::store::{Entity, Id};

/// The number of messages that may be attached to each other.
const DEPTH: usize = 16;

impl Graph<'_> {
    /// Returns a message, or the message that an attachment holds, as MIME. Returns `None` for all
    /// other entities.
    pub(in crate::graph) fn mime_of(&self, id: Id) -> Option<Result<Bytes, Refusal>> {
        let entity = self.tenant.store.get(id)?;
        if self.tenant.schemas.is_a(&entity.kind, MESSAGE) {
            return Some(self.composed(entity, id, DEPTH));
        }
        if entity.kind == "microsoft.graph.referenceAttachment" {
            return Some(Err(Refusal::method([http::Method::DELETE].iter())));
        }
        let item = self.tenant.store.one(id, "item")?;
        let entity = self.tenant.store.get(item)?;
        let message = self.tenant.schemas.is_a(&entity.kind, MESSAGE);
        message.then(|| self.composed(entity, item, DEPTH))
    }

    fn composed(&self, message: &Entity, id: Id, depth: usize) -> Result<Bytes, Refusal> {
        let mut builder = headers(message);
        let text = |name: &str| message.properties.get("body")?.get(name)?.as_str();
        let content = text("content").unwrap_or_default().to_owned();
        builder = match text("contentType") {
            Some("html") => builder
                .text_body(prefer::plain(&content))
                .html_body(content),
            _ => builder.text_body(content),
        };
        let mut parts = Vec::new();
        for attachment in self.tenant.store.many(id, "attachments") {
            parts.extend(self.part(attachment, depth)?);
        }
        if !parts.is_empty() {
            builder.attachments = Some(parts);
        }
        let written = builder.write_to_vec();
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let written = written
            .map_err(|error| Refusal::new(status, "InternalServerError", error.to_string()))?;
        Ok(written.into())
    }

    /// Returns an attachment as a part of MIME. A reference has none.
    fn part(&self, id: Id, depth: usize) -> Result<Option<MimePart<'static>>, Refusal> {
        let Some(attachment) = self.tenant.store.get(id) else {
            return Ok(None);
        };
        let text = |name: &str| {
            let text = attachment.properties.get(name)?.as_str()?;
            Some(line(text))
        };
        let name = text("name").unwrap_or_default();
        if let Some(item) = self.tenant.store.one(id, "item") {
            let message = self.tenant.store.get(item);
            let message = message
                .filter(|message| depth > 0 && self.tenant.schemas.is_a(&message.kind, MESSAGE))
                .ok_or_else(|| Refusal::not_simulated("the MIME of attached items but messages"))?;
            let bytes = self.composed(message, item, depth - 1)?;
            let part = MimePart::new("message/rfc822", BodyPart::Binary(bytes.to_vec().into()));
            return Ok(Some(part.transfer_encoding("8bit").attachment(name)));
        }
        let Some(bytes) = text("contentBytes").and_then(|bytes| STANDARD.decode(bytes).ok()) else {
            return Ok(None);
        };
        let media_type = text("contentType").unwrap_or("application/octet-stream".into());
        let mut part = MimePart::new(media_type, BodyPart::Binary(bytes.into()));
        let inline = attachment
            .properties
            .get("isInline")
            .and_then(Value::as_bool);
        part = match inline {
            Some(true) => part.inline(),
            _ => part.attachment(name),
        };
        if let Some(id) = text("contentId").filter(|id| !id.is_empty()) {
            part = part.cid(id);
        }
        Ok(Some(part))
    }
}

/// Returns a message with its headers, and without its body.
fn headers(message: &Entity) -> MessageBuilder<'static> {
    let text = |name: &str| message.properties.get(name).and_then(Value::as_str);
    let mut builder = MessageBuilder::new();
    for (name, property) in [("From", "from"), ("Sender", "sender")] {
        let address = message.properties.get(property).and_then(address);
        let repeated =
            name == "Sender" && message.properties.get("sender") == message.properties.get("from");
        if let Some(address) = address.filter(|_| !repeated) {
            builder = builder.header(name, address);
        }
    }
    for (name, property) in [
        ("To", "toRecipients"),
        ("Cc", "ccRecipients"),
        ("Bcc", "bccRecipients"),
        ("Reply-To", "replyTo"),
    ] {
        let all = message.properties.get(property).and_then(Value::as_array);
        let all: Vec<_> = all.into_iter().flatten().filter_map(address).collect();
        if !all.is_empty() {
            builder = builder.header(name, Address::new_list(all));
        }
    }
    builder = builder.subject(line(text("subject").unwrap_or_default()));
    let sent = text("sentDateTime").and_then(|time| DateTime::parse_from_rfc3339(time).ok());
    if let Some(sent) = sent {
        builder = builder.date(sent.timestamp());
    }
    if let Some(id) = text("internetMessageId") {
        builder = builder.header("Message-ID", Raw::new(line(id)));
    }
    if let Some(importance) = text("importance").filter(|word| *word != "normal") {
        builder = builder.header("Importance", Raw::new(line(importance)));
    }
    let own = message.properties.get("internetMessageHeaders");
    for header in own.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if let (Some(name), Some(value)) = (text("name"), text("value"))
            && is_name(name)
        {
            let value = line(value);
            builder = match value.is_ascii() {
                true => builder.header(name.to_owned(), Raw::new(value)),
                false => builder.header(name.to_owned(), Text::new(value)),
            };
        }
    }
    builder
}

fn address(recipient: &Value) -> Option<Address<'static>> {
    let email = recipient.get("emailAddress")?;
    let text = |name: &str| email.get(name).and_then(Value::as_str).map(line);
    let address = text("address")?;
    let name = text("name").filter(|name| *name != address);
    Some(Address::new_address(name, address))
}

/// Checks whether text is the name of a header: printable ASCII without a colon.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// Returns text on one line, so that it cannot add headers.
fn line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}
