//! Sites and lists of SharePoint: the functions and actions that are carried out, and the requests
//! that differ from those for other entities.

mod fields;
mod list;
mod site;

use http::Method;

use super::behavior::Behavior;
use super::{Call, Graph};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};

const FIELDS: &str = "microsoft.graph.fieldValueSet";
const LIST: &str = "microsoft.graph.list";
pub(super) const LIST_ITEM: &str = "microsoft.graph.listItem";
const SITE: &str = "microsoft.graph.site";

/// The functions and actions of sites that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(SITE, "getByPath", site::by_path),
    Behavior::of_collection(SITE, "add", site::follow),
    Behavior::of_collection(SITE, "getAllSites", site::all),
    Behavior::of_collection(SITE, "remove", site::unfollow),
];

/// Checks whether a request writes a list, a list item or the values of one.
pub(super) fn writes(target: &Target, method: &Method) -> bool {
    match target {
        Target::Set { declared, .. } => {
            method == Method::POST && matches!(declared.as_str(), LIST | LIST_ITEM)
        }
        Target::Entity { declared, .. } => match declared.as_str() {
            FIELDS => method == Method::PATCH,
            LIST_ITEM => method == Method::PATCH || method == Method::DELETE,
            _ => false,
        },
        _ => false,
    }
}

impl Graph<'_> {
    /// Creates, changes or deletes a list, a list item or the values of one.
    pub(super) fn write_list(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let declared = match &resource.target {
            Target::Set { declared, .. } | Target::Entity { declared, .. } => declared.as_str(),
            target => return Err(target.missing(self.tenant.schemas)),
        };
        match (declared, &call.request.method) {
            (LIST, _) => self.create_list(call, resource, body),
            (LIST_ITEM, &Method::POST) => self.create_list_item(resource, body),
            (LIST_ITEM, &Method::DELETE) => self.delete_list_item(resource),
            (LIST_ITEM, _) => self.update_list_item(resource, body),
            _ => self.update_fields(call, resource, body),
        }
    }

    /// Creates what the service has from the start at the relations that a query expands.
    pub(super) fn open_expanded(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
    ) -> Result<(), Refusal> {
        const OPENED: [&str; 7] = [
            "columns",
            "contentTypes",
            "drive",
            "fields",
            "items",
            "listItem",
            "thumbnails",
        ];
        let expand = call.options.expand.iter();
        let names: Vec<&str> = expand
            .map(|expand| expand.relation.as_str())
            .filter(|relation| OPENED.contains(relation))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let ids = match &resource.target {
            Target::Entity { id, .. } => vec![*id],
            Target::Set {
                owner, relation, ..
            } => self.tenant.members(*owner, relation),
            _ => Vec::new(),
        };
        for id in ids {
            let image = names.contains(&"thumbnails") && self.tenant.is_image(id);
            if image && !self.tenant.synthesizes {
                return Err(Refusal::not_simulated("thumbnails of images"));
            }
            let entity = self.tenant.store.get(id);
            let base = "microsoft.graph.baseItem";
            if entity.is_some_and(|entity| self.tenant.schemas.is_a(&entity.kind, base)) {
                names.iter().for_each(|name| self.tenant.open(id, name));
            }
        }
        Ok(())
    }
}
