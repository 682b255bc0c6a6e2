//! The initial content of an entity, and its places other than the place of creation.

use serde_json::{Map, Value, json};

use super::mail::{FOLDER, MESSAGE};
use super::{Below, HOMES, Tenant};
use crate::store::Id;
use crate::synth;

impl Tenant<'_> {
    /// Returns a special folder of a drive, which is created when it is first requested.
    ///
    /// <https://learn.microsoft.com/graph/api/drive-get-specialfolder>
    pub(crate) fn special(&mut self, drive: Id, relation: &str, name: &str) -> Option<Id> {
        const SPECIAL: [(&str, &str); 6] = [
            ("approot", "Apps"),
            ("cameraroll", "Camera Roll"),
            ("desktop", "Desktop"),
            ("documents", "Documents"),
            ("music", "Music"),
            ("photos", "Pictures"),
        ];
        let known = |(word, _): &&(&str, &str)| word.eq_ignore_ascii_case(name);
        let (word, title) = SPECIAL
            .iter()
            .find(known)
            .filter(|_| relation == "special")?;
        let root = self.store.one(drive, "root")?;
        let made = self.store.many(drive, "special").into_iter().find(|id| {
            let item = self.store.get(*id);
            item.is_some_and(|item| {
                item.properties.get("specialFolder") == Some(&json!({ "name": word }))
            })
        });
        made.or_else(|| {
            let folder = json!({
                "name": title, "folder": { "childCount": 0 }, "specialFolder": { "name": word },
            });
            let place = Below::many(root, "children");
            let id = self.make_json(place, "microsoft.graph.driveItem", folder);
            self.store.add(drive, "special", id);
            Some(id)
        })
    }

    /// Creates the singleton that a path names, if it does not exist yet. Nothing is known of it,
    /// except of a drive.
    pub(crate) fn materialize(&mut self, owner: Id, relation: &str, kind: &str) -> Id {
        let mut properties = match self.synthesizes {
            true => synth::object(self.schemas, kind),
            false => Map::new(),
        };
        let drive = kind == "microsoft.graph.drive";
        if drive {
            let owner = self.store.get(owner).map(|owner| owner.kind.as_str());
            let (drive_type, name) = match owner {
                Some("microsoft.graph.user") => ("business", "OneDrive"),
                _ => ("documentLibrary", "Documents"),
            };
            properties.insert("driveType".into(), json!(drive_type));
            properties.insert("name".into(), json!(name));
        }
        let presence = kind == "microsoft.graph.presence" && !self.synthesizes;
        // A presence has the id of its user, who is offline without a session.
        let key = self
            .store
            .get(owner)
            .filter(|_| presence)
            .map(|user| user.key.clone());
        if presence {
            properties.insert("availability".into(), json!("Offline"));
            properties.insert("activity".into(), json!("Offline"));
        }
        let id = self.make(
            Below::one(owner, relation),
            kind,
            key.as_deref(),
            properties,
        );
        if !drive && !presence && !self.synthesizes {
            self.store.set_unknown(id);
        }
        id
    }

    /// Adds the initial content of an entity, and adds the entity to its other places.
    pub(super) fn place(&mut self, id: Id, owner: Id, relation: &str, kind: &str) {
        let home = HOMES.iter().find(|(base, _)| self.schemas.is_a(kind, base));
        if let Some((_, set)) = home {
            self.store.add(Id::ROOT, set, id);
        }
        match kind {
            "microsoft.graph.user" => {
                if let Some(name) = self.text(id, "userPrincipalName") {
                    self.store.alias(id, &name);
                }
            }
            FOLDER => self.place_folder(id, owner, relation),
            "microsoft.graph.event" => self.place_event(id, owner, relation),
            "microsoft.graph.calendar" => self.place_calendar(id, owner, relation),
            "microsoft.graph.calendarPermission" => self.place_permission(id),
            "microsoft.graph.drive" => {
                let root = json!({ "name": "root", "root": {}, "folder": { "childCount": 0 } });
                self.make_json(Below::one(id, "root"), "microsoft.graph.driveItem", root);
            }
            "microsoft.graph.driveItem" => self.place_drive_item(id, owner, relation),
            kind if self.schemas.is_a(kind, MESSAGE) => self.place_message(id, owner, relation),
            _ if relation == "attachments" => self.look_for_attachments(owner),
            _ => {}
        }
    }

    pub(super) fn make_json(&mut self, place: Below<'_>, kind: &str, properties: Value) -> Id {
        let properties = match properties {
            Value::Object(properties) => properties,
            _ => Map::new(),
        };
        self.make(place, kind, None, properties)
    }

    pub(super) fn text(&self, id: Id, property: &str) -> Option<String> {
        self.store
            .get(id)?
            .properties
            .get(property)?
            .as_str()
            .map(str::to_owned)
    }

    /// Gives a user the parts of a mailbox: its folders and its calendar. It does nothing the
    /// second time.
    pub(crate) fn open_mailbox(&mut self, user: Id) {
        if self.store.relation(user, "mailFolders").is_some() {
            return;
        }
        self.open_mail(user);
        self.store.open(user, "events");
        self.open_calendars(user);
    }

    /// Returns the mailbox, calendar or drive that `id` is part of.
    pub(super) fn holder(&self, id: Id, kinds: &[&str]) -> Option<Id> {
        self.store
            .ancestors(id)
            .find(|(_, entity)| kinds.contains(&entity.kind.as_str()))
            .map(|(id, _)| id)
    }

    fn place_drive_item(&mut self, id: Id, owner: Id, relation: &str) {
        let Some(drive) = self.holder(owner, &["microsoft.graph.drive"]) else {
            return;
        };
        if relation == "root" {
            self.store.alias(id, "root");
        }
        self.store.add(drive, "items", id);
        self.refer(id, drive, owner);
    }

    /// Stores the drive and the folder of an item.
    pub(crate) fn refer(&mut self, id: Id, drive: Id, owner: Id) {
        let entity = self.store.get(drive);
        let drive_key = entity.map(|drive| drive.key.clone());
        let drive_type = entity.and_then(|drive| drive.properties.get("driveType").cloned());
        let parent = self
            .store
            .get(owner)
            .filter(|owner| owner.kind == "microsoft.graph.driveItem");
        let mut reference = json!({ "driveId": drive_key, "driveType": drive_type });
        if let Some(parent) = parent {
            reference["id"] = json!(parent.key);
        }
        self.store.change(id, |item| {
            item.insert("parentReference".into(), reference);
        });
    }

    /// Returns the folders that hold a message.
    pub(crate) fn folders_of(&self, message: Id) -> Vec<Id> {
        let mut owners = self.store.owners("messages", message);
        owners.retain(|owner| {
            let owner = self.store.get(*owner);
            owner.is_some_and(|owner| owner.kind == "microsoft.graph.mailFolder")
        });
        owners
    }
}
