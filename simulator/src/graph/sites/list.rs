//! Lists and their items.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::files::{invalid, taken};
use super::super::{Call, Graph, empty_payload};
use super::{LIST, LIST_ITEM};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::body::{self, Related};
use crate::domain::Below;
use crate::query::{Expand, Options};
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::store::Id;

impl Graph<'_> {
    /// Creates a list with its columns.
    ///
    /// <https://learn.microsoft.com/graph/api/list-create>
    pub(super) fn create_list(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let (owner, relation) = resource.target.set(self.tenant.schemas)?;
        let body = body.ok_or_else(empty_payload)?;
        let mut written = body::entity(self.tenant.schemas, LIST, body)?;
        let sent = &mut written.properties;
        let title = sent.get("displayName").or(sent.get("name"));
        let Some(Value::String(title)) = title.cloned() else {
            return Err(invalid("A list needs a displayName."));
        };
        let lists = self.tenant.members(owner, relation);
        let same = |id: &Id| {
            let list = self.tenant.store.get(*id);
            let own = list.and_then(|list| list.properties.get("displayName")?.as_str());
            own.is_some_and(|own| own.eq_ignore_ascii_case(&title))
        };
        if lists.iter().any(same) && !self.tenant.synthesizes {
            return Err(taken());
        }
        sent.entry("name").or_insert_with(|| json!(title));
        sent.insert("displayName".into(), json!(title));
        let mut info = json!({
            "template": "genericList", "hidden": false, "contentTypesEnabled": false,
        });
        if let (Some(info), Some(Value::Object(sent))) = (info.as_object_mut(), sent.get("list")) {
            info.extend(sent.clone());
        }
        let library = info["template"] == "documentLibrary";
        sent.insert("list".into(), info);
        let columns = written.related;
        written.related = Vec::new();
        let list = self.make(Below::many(owner, relation), None, written)?;
        if library {
            let drive = self
                .tenant
                .materialize(list, "drive", "microsoft.graph.drive");
            self.tenant.store.change(drive, |drive| {
                drive.insert("name".into(), json!(title));
            });
            self.tenant.store.set(drive, "list", Some(list));
            self.tenant.store.add(owner, "drives", drive);
        }
        self.tenant.store.open(list, "items");
        self.tenant.open(list, "columns");
        self.tenant.open(list, "contentTypes");
        for (relation, related) in columns {
            let Related::Many(all) = related else {
                continue;
            };
            for one in all {
                self.make(Below::many(list, &relation), None, one)?;
            }
        }
        let options = Options {
            expand: call.options.expand.clone(),
            ..Options::default()
        };
        self.answer_expanded(StatusCode::CREATED, list, LIST, &options)
    }

    /// Creates a list item with its values.
    ///
    /// <https://learn.microsoft.com/graph/api/listitem-create>
    pub(super) fn create_list_item(
        &mut self,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let (owner, relation) = resource.target.set(self.tenant.schemas)?;
        let library = self.tenant.store.one(owner, "drive").is_some();
        if library && !self.tenant.synthesizes {
            return Err(invalid(
                "An item of a document library is created as an item of its drive.",
            ));
        }
        let body = body.ok_or_else(empty_payload)?;
        let mut written = body::entity(self.tenant.schemas, LIST_ITEM, body)?;
        for (_, related) in written.related.iter().filter(|(name, _)| name == "fields") {
            if let Related::One(fields) = related {
                self.check_fields(owner, &fields.properties)?;
            }
        }
        let kind = json!({ "id": "0x01", "name": "Item" });
        written.properties.entry("contentType").or_insert(kind);
        let item = self.make(Below::many(owner, relation), None, written)?;
        self.tenant.open_fields(item);
        self.tenant.keep_fields(item);
        self.answer_expanded(StatusCode::CREATED, item, LIST_ITEM, &with_fields())
    }

    /// Changes a list item and its values.
    ///
    /// <https://learn.microsoft.com/graph/api/listitem-update>
    pub(super) fn update_list_item(
        &mut self,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, .. } = resource.target else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        let mut written = self.written(id, LIST_ITEM, body)?;
        let related = std::mem::take(&mut written.related);
        for (_, related) in related.into_iter().filter(|(name, _)| name == "fields") {
            if let Related::One(fields) = related {
                self.tenant.open_fields(id);
                self.set_fields(id, fields.properties)?;
            }
        }
        self.apply(id, written, false)?;
        self.answer_expanded(StatusCode::OK, id, LIST_ITEM, &with_fields())
    }

    /// Deletes a list item. An item of a document library is deleted with its file.
    ///
    /// <https://learn.microsoft.com/graph/api/listitem-delete>
    pub(super) fn delete_list_item(&mut self, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let Target::Entity { id, .. } = resource.target else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        match self.tenant.store.one(id, "driveItem") {
            Some(file) => self.recycle(file),
            None => self.tenant.delete(id),
        }
        Ok(Answer::empty(http::StatusCode::NO_CONTENT))
    }
}

/// Returns the options that expand the values of a list item.
fn with_fields() -> Options {
    let fields = Expand {
        relation: "fields".into(),
        levels: 1,
        options: Options::default(),
    };
    Options {
        expand: vec![fields],
        ..Options::default()
    }
}
