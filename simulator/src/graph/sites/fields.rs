//! The values of list items: their columns, and the filters that name them.

use http::StatusCode;
use serde_json::{Map, Value};

use super::super::files::invalid;
use super::super::{Call, Graph};
use super::{FIELDS, LIST, LIST_ITEM};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::storage::upload::Conflict;
use crate::store::Id;

/// The preference that allows a filter by a column without an index.
const UNINDEXED: &str = "HonorNonIndexedQueriesWarningMayFailRandomly";

impl Graph<'_> {
    /// Changes values of a list item.
    ///
    /// <https://learn.microsoft.com/graph/api/listitem-update>
    pub(super) fn update_fields(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, .. } = resource.target else {
            return Err(resource.target.missing(self.tenant.schemas));
        };
        let item = self.tenant.store.get(id);
        let item = item.and_then(|fields| fields.parent.as_ref());
        let item = item.map(|(item, _)| *item).filter(|item| {
            let item = self.tenant.store.get(*item);
            item.is_some_and(|item| item.kind == LIST_ITEM)
        });
        let Some(item) = item else {
            return self.update(call, resource, body);
        };
        let written = self.written(id, FIELDS, body)?;
        self.set_fields(item, written.properties)?;
        self.answer_entity(StatusCode::OK, id, FIELDS)
    }

    /// Stores values of a list item, as a new version.
    pub(super) fn set_fields(
        &mut self,
        item: Id,
        mut sent: Map<String, Value>,
    ) -> Result<(), Refusal> {
        sent.remove("id");
        if let Some(list) = self.tenant.list_of(item) {
            self.check_fields(list, &sent)?;
        }
        let file = self.tenant.store.one(item, "driveItem");
        if let Some(name) = sent.remove("FileLeafRef")
            && let (Some(file), Some(name)) = (file, name.as_str())
        {
            self.relocate(file, None, Some(name), Conflict::Fail)?;
        }
        if let Some(fields) = self.tenant.store.one(item, "fields") {
            self.tenant.store.change(fields, |fields| {
                fields.extend(sent);
                fields.retain(|_, value| !value.is_null());
            });
        }
        self.touch(item);
        if let Some(file) = file {
            self.touch(file);
        }
        self.tenant.keep_fields(item);
        Ok(())
    }

    /// Refuses values of columns that a list does not have, or that only the service sets.
    pub(super) fn check_fields(
        &mut self,
        list: Id,
        sent: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        if self.tenant.synthesizes {
            return Ok(());
        }
        self.tenant.open(list, "columns");
        for name in sent
            .keys()
            .filter(|name| *name != "id" && !name.contains('@'))
        {
            // The value of a lookup or person column is the number of the other item.
            let short = name.strip_suffix("LookupId").unwrap_or(name);
            let column = self.column(list, name).or(self.column(list, short));
            let Some(column) = column else {
                return Err(invalid(format!("Field '{name}' is not recognized")));
            };
            if column.get("readOnly") == Some(&Value::Bool(true)) {
                return Err(invalid(format!("Field '{name}' is read-only")));
            }
        }
        Ok(())
    }

    /// Returns the column of a list that has this name.
    fn column(&self, list: Id, name: &str) -> Option<&Map<String, Value>> {
        let store = &self.tenant.store;
        let columns = store.many(list, "columns").into_iter();
        let mut columns = columns.filter_map(|id| Some(&store.get(id)?.properties));
        columns.find(|column| column.get("name").and_then(Value::as_str) == Some(name))
    }

    /// Refuses a filter or an order by a column that has no index, unless the client accepts that
    /// such a query may fail in a large list.
    ///
    /// <https://learn.microsoft.com/graph/api/listitem-list>
    pub(in crate::graph) fn check_indexed(
        &self,
        call: &Call<'_>,
        owner: Id,
    ) -> Result<(), Refusal> {
        let list = self.tenant.store.get(owner);
        let list = list.is_some_and(|list| list.kind == LIST);
        if !list || self.tenant.synthesizes || call.request.preference(UNINDEXED).is_some() {
            return Ok(());
        }
        let filter = call.options.filter.as_ref();
        let filtered = filter.map_or_else(Vec::new, |filter| filter.paths());
        let sorted = call
            .options
            .orderby
            .iter()
            .map(|order| order.path.as_slice());
        let columns = filtered
            .into_iter()
            .chain(sorted)
            .filter_map(|path| match path {
                [first, column] if first == "fields" => Some(column),
                _ => None,
            });
        for name in columns {
            let indexed = self
                .column(owner, name)
                .is_some_and(|column| column.get("indexed") == Some(&Value::Bool(true)));
            if !indexed && name != "id" {
                return Err(invalid(format!(
                    "Field '{name}' cannot be referenced in filter or orderby as it is not \
                     indexed. Provide the 'Prefer: {UNINDEXED}' header to allow this, but be \
                     warned that such queries may fail on large lists."
                )));
            }
        }
        Ok(())
    }
}
