//! Mailboxes: their folders, their messages, and the values that follow from them.

mod address;
mod counts;
mod message;
mod settings;

use serde_json::{Map, Value, json};

use super::{Below, Tenant};
use crate::store::Id;

pub(crate) use message::{preview, unique_body};

pub(crate) const MESSAGE: &str = "microsoft.graph.message";
pub(crate) const FOLDER: &str = "microsoft.graph.mailFolder";
pub(crate) const ATTACHMENT: &str = "microsoft.graph.attachment";
const USER: &str = "microsoft.graph.user";

/// The beginning of an original message that the body of a response quotes.
pub(crate) const QUOTE: &str = "<hr tabindex=\"-1\" style=\"display:inline-block; width:98%\">\
                                <div id=\"divRplyFwdMsg\" dir=\"ltr\">";

/// The well-known name of the folder that holds all others.
const ROOT: &str = "msgfolderroot";

/// The folders that each mailbox has: well-known name, display name.
///
/// <https://learn.microsoft.com/graph/api/resources/mailfolder>
const FOLDERS: [(&str, &str); 8] = [
    ("inbox", "Inbox"),
    ("drafts", "Drafts"),
    ("sentitems", "Sent Items"),
    ("deleteditems", "Deleted Items"),
    ("archive", "Archive"),
    ("junkemail", "Junk Email"),
    ("outbox", "Outbox"),
    ("conversationhistory", "Conversation History"),
];

/// The categories that each mailbox has: display name, color.
const CATEGORIES: [(&str, &str); 6] = [
    ("Red category", "preset0"),
    ("Orange category", "preset1"),
    ("Yellow category", "preset3"),
    ("Green category", "preset4"),
    ("Blue category", "preset7"),
    ("Purple category", "preset8"),
];

impl Tenant<'_> {
    /// Gives a user the folders and the categories of a mailbox.
    pub(super) fn open_mail(&mut self, user: Id) {
        self.store.open(user, "mailFolders");
        self.store.open(user, "messages");
        let top = json!({ "displayName": "Top of Information Store", "isHidden": false });
        let top = self.make_json(Below::one(user, ROOT), FOLDER, top);
        self.store.alias(top, ROOT);
        for (name, title) in FOLDERS {
            let place = Below::many(user, "mailFolders");
            let folder = self.make_json(place, FOLDER, json!({ "displayName": title }));
            self.store.alias(folder, name);
        }
        let outlook = Below::one(user, "outlook");
        let outlook = self.make_json(outlook, "microsoft.graph.outlookUser", json!({}));
        for (name, color) in CATEGORIES {
            let place = Below::many(outlook, "masterCategories");
            let category = json!({ "displayName": name, "color": color });
            self.make_json(place, "microsoft.graph.outlookCategory", category);
        }
    }

    /// Returns the mailbox that holds an entity: a user.
    pub(crate) fn mailbox_of(&self, id: Id) -> Option<Id> {
        self.holder(id, &[USER])
    }

    /// Returns a folder of a mailbox, by its id or well-known name.
    pub(crate) fn folder(&self, mailbox: Id, name: &str) -> Option<Id> {
        self.find(mailbox, "mailFolders", FOLDER, name)
    }

    /// Returns the well-known name of a folder, if it has one.
    pub(crate) fn well_known(&self, folder: Id) -> Option<&'static str> {
        let mailbox = self.mailbox_of(folder)?;
        let names = FOLDERS.iter().map(|(name, _)| *name).chain([ROOT]);
        let mut names = names.filter(|name| self.folder(mailbox, name) == Some(folder));
        names.next()
    }

    /// Checks whether the folder is the one that holds all others.
    pub(crate) fn is_top(&self, mailbox: Id, folder: Id) -> bool {
        self.store.one(mailbox, ROOT) == Some(folder)
    }

    /// Sets the properties of a new entity of Exchange that a client leaves out.
    pub(super) fn complete_mail(
        &mut self,
        place: Below<'_>,
        kind: &str,
        properties: &mut Map<String, Value>,
    ) {
        if self.schemas.is_a(kind, MESSAGE) {
            self.complete_message(place, properties);
        } else if kind == FOLDER {
            for name in ["childFolderCount", "unreadItemCount", "totalItemCount"] {
                properties.insert(name.into(), json!(0));
            }
            properties.entry("isHidden").or_insert(json!(false));
        } else if kind == USER {
            let settings = settings::default(properties);
            properties.entry("mailboxSettings").or_insert(settings);
        } else if self.schemas.is_a(kind, ATTACHMENT) {
            message::complete_attachment(kind, properties);
        }
    }

    /// Adds a folder to its other place: a folder of the first level is below the mailbox and below
    /// the folder that holds all others.
    pub(super) fn place_folder(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(mailbox) = self.mailbox_of(owner).filter(|_| relation != ROOT) else {
            return;
        };
        let top = self.store.one(mailbox, ROOT);
        let parent = if owner == mailbox { top } else { Some(owner) };
        if let Some(parent) = parent {
            self.put_folder(id, mailbox, parent);
        }
    }

    /// Puts a folder into another one, and takes it out of its former one.
    pub(crate) fn put_folder(&mut self, id: Id, mailbox: Id, parent: Id) {
        for former in self.store.owners("childFolders", id) {
            self.store.take(former, "childFolders", id);
        }
        self.store.add(parent, "childFolders", id);
        if self.is_top(mailbox, parent) {
            self.store.add(mailbox, "mailFolders", id);
            self.store.settle(id, mailbox, "mailFolders");
        } else {
            self.store.take(mailbox, "mailFolders", id);
            self.store.settle(id, parent, "childFolders");
        }
        let key = self.store.get(parent).map(|parent| parent.key.clone());
        self.store.change(id, |folder| {
            folder.insert("parentFolderId".into(), json!(key));
        });
    }
}
