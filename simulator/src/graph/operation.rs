//! Long-running operations, which are accepted with 202. A client polls the URL of `Location` or
//! `Operation-Location`.

use http::StatusCode;
use http::header::{CONTENT_LOCATION, HeaderName, LOCATION};
use serde_json::{Map, Value, json};

use super::files::{BEHAVIOR, DRIVE_ITEM, check_name};
use super::{Call, Graph};
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::domain::Below;
use crate::fault::Quirk;
use crate::refusal::Refusal;
use crate::storage::monitor::{Monitor, Outcome, Pending};
use crate::storage::upload::Conflict;
use crate::store::Id;

/// The status values of one kind of operation.
struct Words {
    kind: &'static str,
    waiting: &'static str,
    running: &'static str,
    done: &'static str,
    failed: &'static str,
}

const TEAMS: Words = Words {
    kind: "microsoft.graph.teamsAsyncOperation",
    waiting: "notStarted",
    running: "inProgress",
    done: "succeeded",
    failed: "failed",
};

const ONENOTE: Words = Words {
    kind: "microsoft.graph.onenoteOperation",
    waiting: "NotStarted",
    running: "Running",
    done: "Completed",
    failed: "Failed",
};

const WORKBOOK: Words = Words {
    kind: "microsoft.graph.workbookOperation",
    waiting: "notStarted",
    running: "running",
    done: "succeeded",
    failed: "failed",
};

impl Graph<'_> {
    /// Starts an operation below `owner`. `end` holds its properties after it has succeeded.
    fn begin(&mut self, owner: Id, words: &Words, properties: Value, end: Value) -> Id {
        let now = timestamp(self.now);
        let object = |value: Value| match value {
            Value::Object(entries) => entries,
            _ => Map::new(),
        };
        let mut properties = object(properties);
        properties.insert("status".into(), json!(words.waiting));
        let timed = words.kind != WORKBOOK.kind;
        if timed {
            properties.insert("createdDateTime".into(), json!(now));
            properties.insert("lastActionDateTime".into(), json!(now));
        }
        let end = match self.quirk {
            Some(Quirk::FailedOperation { code, message }) => object(json!({
                "status": words.failed, "error": { "code": code, "message": message },
            })),
            _ => {
                let mut end = object(end);
                end.insert("status".into(), json!(words.done));
                end
            }
        };
        let place = Below::many(owner, "operations");
        let id = self.tenant.make(place, words.kind, None, properties);
        let pending = Pending {
            left: self.storage.polls,
            running: words.running,
            end,
        };
        self.storage.pending.insert(id, pending);
        id
    }

    /// Advances an operation at each poll.
    pub(super) fn watch(&mut self, id: Id) {
        let Some(pending) = self.storage.pending.get_mut(&id) else {
            return;
        };
        if pending.left == 0 {
            let Some(pending) = self.storage.pending.remove(&id) else {
                return;
            };
            self.tenant
                .store
                .change(id, |operation| operation.extend(pending.end));
            return;
        }
        pending.left -= 1;
        let running = pending.running;
        self.tenant.store.change(id, |operation| {
            operation.insert("status".into(), json!(running));
        });
    }

    /// Returns the response of Teams, which has a location relative to the service root and the
    /// team's location.
    pub(super) fn team_operation(&mut self, team: Id, kind: &str, target: Id) -> Answer {
        let key = |graph: &Self, id| {
            let entity = graph.tenant.store.get(id);
            entity.map(|entity| entity.key.clone()).unwrap_or_default()
        };
        let target = key(self, target);
        let found = format!("/teams('{target}')");
        let properties = json!({ "operationType": kind, "attemptsCount": 1 });
        let end = json!({ "targetResourceId": target, "targetResourceLocation": found });
        let operation = self.begin(team, &TEAMS, properties, end);
        let (team, operation) = (key(self, team), key(self, operation));
        Answer::empty(StatusCode::ACCEPTED)
            .with(
                LOCATION,
                &format!("/teams('{team}')/operations('{operation}')"),
            )
            .with(CONTENT_LOCATION, &found)
    }

    /// Archives a team or channel, or ends its archiving.
    pub(super) fn archive(&mut self, id: Id, archived: bool) -> Answer {
        self.tenant.store.change(id, |entity| {
            entity.insert("isArchived".into(), json!(archived));
        });
        let store = &self.tenant.store;
        let team = store
            .ancestors(id)
            .find(|(_, entity)| entity.kind == "microsoft.graph.team")
            .map_or(id, |(id, _)| id);
        let kind = match (team == id, archived) {
            (true, true) => "archiveTeam",
            (true, false) => "unarchiveTeam",
            (false, true) => "archiveChannel",
            (false, false) => "unarchiveChannel",
        };
        self.team_operation(team, kind, team)
    }

    /// Creates a new team like an existing one.
    pub(super) fn clone_team(&mut self, team: Id, parameters: &Value) -> Answer {
        let mut properties = self.tenant.store.properties(team).unwrap_or_default();
        for name in ["displayName", "description", "classification", "visibility"] {
            if let Some(value) = parameters.get(name).filter(|value| !value.is_null()) {
                properties.insert(name.into(), value.clone());
            }
        }
        let group = json!({
            "displayName": properties.get("displayName"),
            "mailNickname": parameters.get("mailNickname"),
            "groupTypes": ["Unified"], "mailEnabled": true, "securityEnabled": false,
        });
        let group = group.as_object().cloned().unwrap_or_default();
        let place = Below::many(Id::ROOT, "groups");
        let group = self
            .tenant
            .make(place, "microsoft.graph.group", None, group);
        let place = Below::one(group, "team");
        let copy = self
            .tenant
            .make(place, "microsoft.graph.team", None, properties);
        self.team_operation(team, "cloneTeam", copy)
    }

    /// Starts a copy in OneNote. `Operation-Location` has the URL to poll.
    pub(super) fn onenote_operation(&mut self, target: Id) -> Option<Answer> {
        let onenote = self
            .tenant
            .store
            .ancestors(target)
            .find(|(_, entity)| entity.kind == "microsoft.graph.onenote")
            .map(|(id, _)| id)?;
        let key = self
            .tenant
            .store
            .get(target)
            .map(|entity| entity.key.clone());
        let location = format!("{}{}", self.root, self.location(target));
        let end =
            json!({ "resourceId": key, "resourceLocation": location, "percentComplete": "100" });
        let operation = self.begin(onenote, &ONENOTE, json!({}), end);
        let location = format!("{}{}", self.root, self.location(operation));
        let name = HeaderName::from_static("operation-location");
        Some(Answer::empty(StatusCode::ACCEPTED).with(name, &location))
    }

    /// Opens a session of a workbook as a long-running operation, for a client that does not want
    /// to wait.
    pub(super) fn workbook_session(&mut self, workbook: Id) -> Answer {
        let session = self.tenant.ids.secret(24);
        let location = format!(
            "{}{}/sessionInfoResource(key='{session}')",
            self.root,
            self.location(workbook)
        );
        let end = json!({ "resourceLocation": location });
        let operation = self.begin(workbook, &WORKBOOK, json!({}), end);
        let location = format!("{}{}", self.root, self.location(operation));
        Answer::empty(StatusCode::ACCEPTED).with(LOCATION, &location)
    }

    /// Copies a drive item with all items below it. A monitor URL reports the progress.
    pub(super) fn copy_item(
        &mut self,
        call: &Call<'_>,
        item: Id,
        parameters: &Value,
    ) -> Result<Answer, Refusal> {
        let own = self.tenant.name(item).unwrap_or_default().to_owned();
        let sent = parameters.get("name").and_then(Value::as_str);
        let name = sent.unwrap_or(&own).to_owned();
        check_name(&name)?;
        let folder = self.copy_target(item, parameters)?;
        let versions = parameters.get("includeAllVersionHistory") == Some(&json!(true));
        let conflict = match call.options.custom(BEHAVIOR) {
            None => Some(Conflict::Fail),
            Some(word) => Conflict::read(word),
        };
        let outcome = match self.quirk {
            Some(Quirk::FailedOperation { code, message }) => Err((code.clone(), message.clone())),
            _ => {
                let conflict = conflict.unwrap_or(Conflict::Fail);
                self.copied(item, folder, &name, conflict, versions)
            }
        };
        let id = self.tenant.ids.guid();
        let monitor = Monitor {
            operation: "ItemCopy",
            polls: self.storage.polls,
            polled: 0,
            outcome,
        };
        let location = format!("{}/monitor/{id}", self.storage.host);
        self.storage.monitors.insert(id, monitor);
        Ok(Answer::empty(StatusCode::ACCEPTED).with(LOCATION, &location))
    }

    /// Returns the target folder of a copy. If none is named, it is the item's own folder.
    fn copy_target(&self, item: Id, parameters: &Value) -> Result<Id, Refusal> {
        let sent = match parameters.get("parentReference") {
            Some(reference @ Value::Object(_)) => self.referred_folder(item, reference)?,
            _ => None,
        };
        let own = self.tenant.store.get(item);
        let own = own.and_then(|entity| entity.parent.as_ref());
        sent.or(own.map(|(folder, _)| *folder))
            .ok_or_else(|| Refusal::not_found(self.tenant.schemas, DRIVE_ITEM, ""))
    }

    fn copied(
        &mut self,
        item: Id,
        folder: Id,
        name: &str,
        conflict: Conflict,
        versions: bool,
    ) -> Outcome {
        let mut name = name.to_owned();
        if let Some(there) = self.tenant.child(folder, &name) {
            match conflict {
                Conflict::Rename => name = self.free_name(folder, &name),
                Conflict::Replace if there != item => self.recycle(there),
                _ => {
                    return Err(("nameAlreadyExists".into(), "Name already exists".into()));
                }
            }
        }
        let copy = self.copy_tree(item, folder, &name, versions);
        let copy = self.tenant.store.get(copy);
        Ok(copy.map(|copy| copy.key.clone()).unwrap_or_default())
    }

    fn copy_tree(&mut self, item: Id, folder: Id, name: &str, versions: bool) -> Id {
        const COPIED: [&str; 5] = ["description", "file", "fileSystemInfo", "folder", "size"];
        let store = &self.tenant.store;
        let mut properties = store
            .get(item)
            .map(|entity| entity.properties.clone())
            .unwrap_or_default();
        properties.retain(|name, _| COPIED.contains(&name.as_str()));
        let times = properties.remove("fileSystemInfo");
        properties.insert("name".into(), json!(name));
        let children = store.many(item, "children");
        let older = store.many(item, "versions").into_iter();
        let contents = older.filter_map(|version| store.content(version, "content").cloned());
        let mut contents: Vec<_> = contents.collect();
        if !versions {
            contents = contents.pop().into_iter().collect();
        }
        let place = Below::many(folder, "children");
        let copy = self.tenant.make(place, DRIVE_ITEM, None, properties);
        for content in contents {
            let (media_type, bytes) = (content.media_type, content.bytes);
            self.tenant
                .fill(copy, "content", media_type, bytes, self.now);
        }
        if let Some(times) = times {
            let sent = Map::from_iter([("fileSystemInfo".to_owned(), times)]);
            self.keep_sent(copy, &sent);
        }
        for child in children.into_iter().filter(|child| *child != copy) {
            let name = self.tenant.name(child).unwrap_or_default().to_owned();
            self.copy_tree(child, copy, &name, versions);
        }
        copy
    }
}
