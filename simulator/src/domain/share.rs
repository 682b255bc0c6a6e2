//! The permissions of items, and the sharing tokens that lead to them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Below, DRIVE_ITEM, Tenant, without_null};
use crate::store::Id;

impl Tenant<'_> {
    /// Returns the permissions of an item, and those of the folders above it.
    pub(super) fn inherited(&self, item: Id, relation: &str) -> Vec<Id> {
        let above = self.store.ancestors(item);
        let items = above.take_while(|(_, entity)| entity.kind == DRIVE_ITEM);
        let mut all: Vec<Id> = items
            .flat_map(|(id, _)| self.store.many(id, relation))
            .collect();
        all.sort_unstable();
        all
    }

    /// Checks whether an item is an image, from which the service makes thumbnails.
    pub(crate) fn is_image(&self, item: Id) -> bool {
        let entity = self.store.get(item);
        let file = entity.and_then(|entity| entity.properties.get("file")?.get("mimeType"));
        file.and_then(Value::as_str)
            .is_some_and(|media_type| media_type.starts_with("image/"))
    }

    /// Returns the widest scope of the permissions of an item.
    pub(super) fn shared_scope(&self, item: Id) -> Option<&'static str> {
        let permissions = self.store.many(item, "permissions").into_iter();
        let scopes = permissions.filter_map(|id| {
            let link = self.store.get(id)?.properties.get("link");
            let scope = link.and_then(|link| link.get("scope")?.as_str());
            Some(scope.unwrap_or("users").to_owned())
        });
        let scopes: Vec<String> = scopes.collect();
        ["anonymous", "organization", "users"]
            .into_iter()
            .find(|scope| scopes.iter().any(|own| own == scope))
    }

    /// Returns what a sharing token leads to: `u!` and the encoded address of a sharing link or of
    /// an item.
    ///
    /// <https://learn.microsoft.com/graph/api/shares-get>
    pub(crate) fn shared(&mut self, owner: Id, relation: &str, key: &str) -> Option<Id> {
        if owner != Id::ROOT || relation != "shares" {
            return None;
        }
        let url = URL_SAFE_NO_PAD.decode(key.strip_prefix("u!")?).ok()?;
        let url = String::from_utf8(url).ok()?;
        let linked = self.store.entities().find_map(|(id, entity)| {
            let link = entity.properties.get("link")?.get("webUrl")?.as_str()?;
            let (item, _) = entity.parent.as_ref().filter(|_| link == url)?;
            Some((*item, Some(id)))
        });
        let address = url.split('?').next().unwrap_or_default();
        let (item, permission) = linked.or_else(|| {
            let items = self.store.entities();
            let mut items = items.filter(|(_, entity)| entity.kind == DRIVE_ITEM);
            let found = items.find(|(id, entity)| {
                let facts = self.item_facts(*id, entity);
                facts.get("webUrl").and_then(Value::as_str) == Some(address)
            });
            found.map(|(id, _)| (id, None))
        })?;
        let entity = self.store.get(item)?;
        let properties = without_null(json!({
            "name": entity.properties.get("name"), "owner": entity.properties.get("createdBy"),
        }));
        let properties = properties.as_object().cloned().unwrap_or_default();
        let place = Below::many(Id::ROOT, "shares");
        let kind = "microsoft.graph.sharedDriveItem";
        let share = self.make(place, kind, Some(key), properties);
        self.store.set(share, "driveItem", Some(item));
        self.store.set(share, "root", Some(item));
        self.store.set(share, "permission", permission);
        Some(share)
    }
}
