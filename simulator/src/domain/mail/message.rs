//! The properties of messages and attachments that Exchange sets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{MESSAGE, QUOTE};
use crate::clock::timestamp;
use crate::domain::{Below, Tenant};
use crate::prefer;
use crate::storage::media_type;
use crate::store::Id;

/// The number of characters of a preview.
const PREVIEW: usize = 255;

const SENDERS: [&str; 2] = ["from", "sender"];
const RECIPIENTS: [&str; 4] = ["toRecipients", "ccRecipients", "bccRecipients", "replyTo"];

impl Tenant<'_> {
    /// Sets the properties of a new message that the client leaves out: those of a draft, unless
    /// `isDraft` says otherwise.
    ///
    /// <https://learn.microsoft.com/graph/api/user-post-messages>
    pub(super) fn complete_message(
        &mut self,
        place: Below<'_>,
        properties: &mut Map<String, Value>,
    ) {
        self.follow(MESSAGE, properties);
        // The item of an attachment is in no mailbox.
        let Some(mailbox) = self.mailbox_of(place.owner) else {
            return;
        };
        if place.relation != "messages" {
            return;
        }
        let now = json!(timestamp(self.store.journal.now));
        let created = properties.get("createdDateTime").cloned();
        let created = created.unwrap_or_else(|| now.clone());
        let draft = properties.get("isDraft") != Some(&json!(false));
        let own = self.recipient(mailbox);
        let mut defaults = json!({
            "subject": "", "bodyPreview": "", "importance": "normal", "isRead": draft,
            "body": { "contentType": "html", "content": "" },
            "isDraft": true, "hasAttachments": false, "categories": [],
            "isDeliveryReceiptRequested": false, "isReadReceiptRequested": false,
            "inferenceClassification": "focused", "flag": { "flagStatus": "notFlagged" },
            "createdDateTime": created, "lastModifiedDateTime": created,
            "receivedDateTime": created, "sentDateTime": created,
            "toRecipients": [], "ccRecipients": [], "bccRecipients": [], "replyTo": [],
            "from": own, "sender": own,
        });
        if ["conversationId", "conversationIndex"]
            .iter()
            .any(|name| !properties.contains_key(*name))
        {
            let begun = created
                .as_str()
                .and_then(|time| DateTime::parse_from_rfc3339(time).ok());
            let begun = begun.map_or(self.store.journal.now, |time| time.to_utc());
            let (id, index) = self.ids.conversation(begun);
            defaults["conversationId"] = json!(id);
            defaults["conversationIndex"] = json!(index);
        }
        if !properties.contains_key("internetMessageId") {
            defaults["internetMessageId"] = json!(self.message_id(mailbox));
        }
        if let Value::Object(defaults) = defaults {
            for (name, value) in defaults {
                properties.entry(name).or_insert(value);
            }
        }
    }

    /// Returns a new `Message-ID` of a mailbox.
    pub(crate) fn message_id(&mut self, mailbox: Id) -> String {
        let own = self.recipient(mailbox);
        let address = own["emailAddress"]["address"].as_str().unwrap_or_default();
        let domain = address
            .rsplit_once('@')
            .map_or("contoso.com", |(_, domain)| domain);
        format!("<{}@{domain}>", self.ids.guid())
    }

    /// Sets the properties that follow from those that were sent: the preview of a body, the names
    /// of recipients.
    pub(crate) fn follow(&self, kind: &str, properties: &mut Map<String, Value>) {
        if !self.schemas.is_a(kind, MESSAGE) {
            return;
        }
        if let Some(Value::Object(body)) = properties.get_mut("body") {
            body.entry("contentType").or_insert(json!("text"));
            let preview = preview(body);
            properties.insert("bodyPreview".into(), json!(preview));
        }
        for name in SENDERS {
            if let Some(sender) = properties.get_mut(name) {
                self.name_recipient(sender);
            }
        }
        for name in RECIPIENTS {
            let recipients = properties.get_mut(name).and_then(Value::as_array_mut);
            for recipient in recipients.into_iter().flatten() {
                self.name_recipient(recipient);
            }
        }
    }

    /// Adds a message to its other place: each message is in a folder, and in the mailbox.
    pub(in crate::domain) fn place_message(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(mailbox) = self.mailbox_of(owner) else {
            return;
        };
        if relation != "messages" {
            return;
        }
        let folder = if owner == mailbox {
            // A message that is created outside of a folder is a draft.
            let drafts = self.folder(mailbox, "drafts");
            drafts.inspect(|folder| {
                self.store.add(*folder, "messages", id);
            })
        } else {
            self.store.add(mailbox, "messages", id);
            Some(owner)
        };
        let key = |id: Id| self.store.get(id).map(|entity| entity.key.clone());
        let folder = folder.and_then(key);
        let item = utf8_percent_encode(&key(id).unwrap_or_default(), NON_ALPHANUMERIC).to_string();
        self.store.change(id, |message| {
            if let Some(folder) = folder {
                message.insert("parentFolderId".into(), json!(folder));
            }
            let link = format!(
                "https://outlook.office365.com/owa/?ItemID={item}&exvsurl=1&\
                 viewmodel=ReadMessageItem"
            );
            message.insert("webLink".into(), json!(link));
        });
    }
}

/// Sets the properties of a new attachment that the client leaves out.
///
/// <https://learn.microsoft.com/graph/api/resources/fileattachment>
pub(super) fn complete_attachment(kind: &str, properties: &mut Map<String, Value>) {
    properties.entry("isInline").or_insert(json!(false));
    if kind != "microsoft.graph.fileAttachment" {
        return;
    }
    let bytes = properties.get("contentBytes").and_then(Value::as_str);
    let size = STANDARD
        .decode(bytes.unwrap_or_default())
        .map_or(0, |bytes| bytes.len());
    properties.insert("size".into(), json!(size));
    let name = properties.get("name").and_then(Value::as_str);
    let media_type = media_type(name.unwrap_or_default());
    properties.entry("contentType").or_insert(json!(media_type));
}

/// Returns the first characters of a body as text.
pub(crate) fn preview(body: &Map<String, Value>) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let content = match text("contentType") {
        "html" => prefer::plain(text("content")),
        _ => text("content").to_owned(),
    };
    content.trim().chars().take(PREVIEW).collect()
}

/// Returns the part of a body that is new in its conversation: the text above the original message.
pub(crate) fn unique_body(body: &Value) -> Value {
    let content = body["content"].as_str().unwrap_or_default();
    let unique = match content.split_once(QUOTE) {
        Some((new, _)) => format!("{new}</body></html>"),
        None => content.to_owned(),
    };
    json!({ "contentType": body["contentType"], "content": unique })
}
