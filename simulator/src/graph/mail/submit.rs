//! The way of a message from its sender to the mailboxes of its recipients.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::refused;
use crate::body::{Related, Written};
use crate::clock::timestamp;
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::store::Id;

const RECIPIENTS: [&str; 3] = ["toRecipients", "ccRecipients", "bccRecipients"];

/// The properties that belong to one copy of a message.
const OF_ONE_COPY: [&str; 12] = [
    "id",
    "parentFolderId",
    "webLink",
    "changeKey",
    "bccRecipients",
    "categories",
    "flag",
    "hasAttachments",
    "inferenceClassification",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
];

impl Graph<'_> {
    /// Sends a message from a mailbox: creates its copy in the folder of sent messages, if it is to
    /// be saved, and delivers it to the recipients in the tenant.
    pub(super) fn submit(
        &mut self,
        mailbox: Id,
        mut message: Written,
        save: bool,
    ) -> Result<(), Refusal> {
        let recipients = recipients(&message.properties)?;
        self.tenant.open_mailbox(mailbox);
        self.seal(mailbox, &mut message.properties);
        if save && let Some(sent) = self.tenant.folder(mailbox, "sentitems") {
            self.make(Below::many(sent, "messages"), None, message.clone())?;
        }
        self.deliver(&message, &recipients)
    }

    /// Sets the properties of a message that is sent now.
    pub(super) fn seal(&mut self, mailbox: Id, message: &mut Map<String, Value>) {
        let own = self.tenant.recipient(mailbox);
        message.entry("from").or_insert_with(|| own.clone());
        message.insert("sender".into(), own);
        message.insert("isDraft".into(), json!(false));
        message.insert("isRead".into(), json!(true));
        let now = json!(timestamp(self.now));
        for name in ["sentDateTime", "receivedDateTime"] {
            message.insert(name.into(), now.clone());
        }
        // All copies of the message have the same ids.
        if !message.contains_key("conversationId") {
            let (id, index) = self.tenant.ids.conversation(self.now);
            message.insert("conversationId".into(), json!(id));
            message.insert("conversationIndex".into(), json!(index));
        }
        if !message.contains_key("internetMessageId") {
            let id = self.tenant.message_id(mailbox);
            message.insert("internetMessageId".into(), json!(id));
        }
    }

    /// Creates a copy of a message in the inbox of each recipient, and a conversation in each
    /// Microsoft 365 group among them. Recipients outside of the tenant receive nothing.
    pub(super) fn deliver(
        &mut self,
        message: &Written,
        recipients: &[String],
    ) -> Result<(), Refusal> {
        let mailboxes = recipients
            .iter()
            .flat_map(|address| self.tenant.mailboxes_at(address));
        let mailboxes: BTreeSet<Id> = mailboxes.collect();
        let mut copy = message.clone();
        copy.properties
            .retain(|name, _| !OF_ONE_COPY.contains(&name.as_str()));
        copy.properties.insert("isRead".into(), json!(false));
        for mailbox in mailboxes {
            self.tenant.open_mailbox(mailbox);
            if let Some(inbox) = self.tenant.folder(mailbox, "inbox") {
                self.make(Below::many(inbox, "messages"), None, copy.clone())?;
            }
        }
        let groups = recipients
            .iter()
            .filter_map(|address| self.tenant.group_at(address));
        let groups: BTreeSet<Id> = groups.collect();
        for group in groups {
            self.converse(group, message)?;
        }
        Ok(())
    }

    /// Returns a stored message as a client would send it.
    pub(super) fn written_message(&self, id: Id) -> Written {
        let entity = self.tenant.store.get(id).cloned().unwrap_or_default();
        let mut related: Vec<(String, Related)> = Vec::new();
        for (relation, many, other) in self.tenant.store.own(id) {
            let one = self.written_message(other);
            match related.iter_mut().find(|(name, _)| *name == relation) {
                Some((_, Related::Many(all))) => all.push(one),
                _ if many => related.push((relation, Related::Many(vec![one]))),
                _ => related.push((relation, Related::One(one))),
            }
        }
        Written {
            kind: entity.kind,
            properties: entity.properties,
            related,
            bound: Vec::new(),
        }
    }
}

/// Returns the addresses of all recipients.
pub(super) fn recipients(message: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let invalid = |why: &str| {
        let message = format!("At least one recipient is not valid., {why}");
        refused("ErrorInvalidRecipients", message)
    };
    let all = RECIPIENTS
        .iter()
        .filter_map(|name| message.get(*name)?.as_array());
    let mut addresses = Vec::new();
    for recipient in all.flatten() {
        let address = recipient["emailAddress"]["address"]
            .as_str()
            .unwrap_or_default();
        if !is_address(address) {
            return Err(invalid(&format!(
                "Recipient '{address}' is not resolved. All recipients must be resolved before a \
                 message can be submitted."
            )));
        }
        addresses.push(address.to_owned());
    }
    match addresses.is_empty() {
        true => Err(invalid(
            "A message can't be sent because it contains no recipients.",
        )),
        false => Ok(addresses),
    }
}

/// Checks whether text is an address of the form `name@domain`.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(name, domain)| {
        let plain = |part: &str| {
            let mut characters = part.chars();
            !part.is_empty() && !characters.any(|c| c.is_whitespace() || c.is_control())
        };
        plain(name) && plain(domain) && !domain.contains(['<', '>', ',', ';'])
    })
}
