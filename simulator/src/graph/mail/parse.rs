//! Messages that clients send as MIME.
//!
//! <https://learn.microsoft.com/graph/outlook-send-mime-message>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{Addr, Address, Message, MessageParser, MessagePart, MimeHeaders};
use serde_json::{Map, Value, json};

use super::refused;
use crate::body::{Related, Written};
use crate::domain::mail::MESSAGE;
use crate::refusal::Refusal;

/// Reads the base64 of a message.
pub(super) fn message(base64: &[u8]) -> Result<Written, Refusal> {
    // Clients may break the lines of base64.
    let text: Vec<u8> = base64
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let mime = STANDARD.decode(text).ok().filter(|mime| !mime.is_empty());
    let mime = mime.ok_or_else(|| {
        refused(
            "ErrorMimeContentInvalidBase64String",
            "Invalid base64 string for MIME content.",
        )
    })?;
    let message = MessageParser::default().parse(&mime);
    let message = message.filter(|message| !message.headers().is_empty());
    let message = message
        .ok_or_else(|| refused("ErrorMimeContentInvalid", "The MIME content is invalid."))?;
    Ok(written(&message))
}

fn written(message: &Message<'_>) -> Written {
    let mut properties = Map::new();
    if let Some(subject) = message.subject() {
        properties.insert("subject".into(), json!(subject));
    }
    if let Some(body) = body(message) {
        properties.insert("body".into(), body);
    }
    for (name, sender) in [("from", message.from()), ("sender", message.sender())] {
        if let Some(sender) = sender.and_then(Address::first).and_then(recipient) {
            properties.insert(name.into(), sender);
        }
    }
    for (name, addresses) in [
        ("toRecipients", message.to()),
        ("ccRecipients", message.cc()),
        ("bccRecipients", message.bcc()),
        ("replyTo", message.reply_to()),
    ] {
        if let Some(addresses) = addresses {
            let recipients: Vec<_> = addresses.iter().filter_map(recipient).collect();
            properties.insert(name.into(), recipients.into());
        }
    }
    if let Some(id) = message.message_id() {
        properties.insert("internetMessageId".into(), json!(format!("<{id}>")));
    }
    if let Some(importance) = importance(message) {
        properties.insert("importance".into(), json!(importance));
    }
    let headers = kept_headers(message);
    if !headers.is_empty() {
        properties.insert("internetMessageHeaders".into(), headers.into());
    }
    let attachments: Vec<_> = message.attachments().map(attachment).collect();
    let related = match attachments.is_empty() {
        true => Vec::new(),
        false => vec![("attachments".to_owned(), Related::Many(attachments))],
    };
    Written {
        kind: MESSAGE.into(),
        properties,
        related,
        bound: Vec::new(),
    }
}

/// Returns the body: HTML if the message has it, or else text.
fn body(message: &Message<'_>) -> Option<Value> {
    let html = message.html_part(0).filter(|part| part.is_text_html());
    let (form, content) = match html {
        Some(_) => ("html", message.body_html(0)?),
        None => ("text", message.body_text(0)?),
    };
    Some(json!({ "contentType": form, "content": content }))
}

fn recipient(address: &Addr<'_>) -> Option<Value> {
    let email = address.address()?;
    let name = address.name().unwrap_or(email);
    Some(json!({ "emailAddress": { "name": name, "address": email } }))
}

fn importance(message: &Message<'_>) -> Option<&'static str> {
    let text = |name: &str| {
        let mut headers = message.headers().iter().rev();
        let header = headers.find(|header| header.name().eq_ignore_ascii_case(name));
        header?.value().as_text()
    };
    if let Some(word) = text("Importance") {
        let words = ["low", "normal", "high"].into_iter();
        return words
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(word.trim()));
    }
    match text("X-Priority")?.trim().chars().next()? {
        '1' | '2' => Some("high"),
        '4' | '5' => Some("low"),
        _ => Some("normal"),
    }
}

/// Returns the headers that no other property has: those of the application, and the messages that
/// this one responds to.
fn kept_headers(message: &Message<'_>) -> Vec<Value> {
    let headers = message.headers_raw().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name.starts_with("x-") || matches!(name.as_str(), "in-reply-to" | "references")
    });
    let headers = headers.map(|(name, value)| {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        json!({ "name": name, "value": value })
    });
    headers.collect()
}

fn attachment(part: &MessagePart<'_>) -> Written {
    if let Some(inner) = part.message() {
        let inner = written(inner);
        let name = part.attachment_name().map(str::to_owned);
        let subject = inner.properties.get("subject").and_then(Value::as_str);
        let name = name
            .or_else(|| subject.map(str::to_owned))
            .unwrap_or_default();
        return Written {
            kind: "microsoft.graph.itemAttachment".into(),
            properties: object(json!({
                "name": name, "isInline": false, "contentType": "message/rfc822",
                "size": part.len(),
            })),
            related: vec![("item".into(), Related::One(inner))],
            bound: Vec::new(),
        };
    }
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    let disposition = part.content_disposition();
    let inline = disposition.is_some_and(|disposition| disposition.ctype() == "inline");
    let id = part.content_id();
    let mut properties = object(json!({
        "name": part.attachment_name().or(id).unwrap_or("attachment"),
        "isInline": inline,
        "contentBytes": STANDARD.encode(part.contents()),
    }));
    if let Some(kind) = kind {
        properties.insert("contentType".into(), json!(kind));
    }
    if let Some(id) = id {
        properties.insert("contentId".into(), json!(id));
    }
    Written {
        kind: "microsoft.graph.fileAttachment".into(),
        properties,
        related: Vec::new(),
        bound: Vec::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}
