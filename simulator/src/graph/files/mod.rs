//! Drives and their items: the functions and actions that are carried out, and the requests that
//! differ from those for other entities.

mod checkout;
mod content;
mod find;
mod item;
mod name;
mod recycle;
mod sharing;
mod version;
mod workbook;

use http::Method;

use super::behavior::{Behavior, Invocation};
use super::{Call, Graph};
use crate::answer::Answer;
use crate::body::json::Json;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};

pub(super) use content::no_folder;
pub(super) use name::{BEHAVIOR, check_name, invalid, taken, unknown_behavior};

pub(super) const DRIVE: &str = "microsoft.graph.drive";
pub(super) const DRIVE_ITEM: &str = "microsoft.graph.driveItem";
const VERSION: &str = "microsoft.graph.driveItemVersion";
const WORKBOOK: &str = "microsoft.graph.workbook";

/// The functions and actions of drives and workbooks that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new(DRIVE_ITEM, "checkin", checkout::check_in),
    Behavior::new(DRIVE_ITEM, "checkout", checkout::check_out),
    Behavior::new(DRIVE_ITEM, "copy", copy),
    Behavior::new(DRIVE_ITEM, "createLink", sharing::create_link),
    Behavior::new(DRIVE_ITEM, "discardCheckout", checkout::discard),
    Behavior::new(DRIVE_ITEM, "follow", checkout::follow),
    Behavior::new(DRIVE_ITEM, "invite", sharing::invite),
    Behavior::new(DRIVE_ITEM, "permanentDelete", recycle::delete_for_good),
    Behavior::new(DRIVE_ITEM, "restore", recycle::restore_live),
    Behavior::new(DRIVE_ITEM, "search", find::search_items),
    Behavior::new(DRIVE_ITEM, "unfollow", checkout::unfollow),
    Behavior::new(VERSION, "restoreVersion", version::restore_version),
    Behavior::new(DRIVE, "recent", find::recent),
    Behavior::new(DRIVE, "search", find::search_drive),
    Behavior::new(DRIVE, "sharedWithMe", find::shared_with_me),
    Behavior::new(WORKBOOK, "createSession", workbook::create_session),
    Behavior::new(WORKBOOK, "sessionInfoResource", workbook::session_info),
];

fn copy(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    graph.copy_item(invocation.call, invocation.id, invocation.parameters)
}

/// Checks whether a request writes a drive item as an entity.
pub(super) fn writes(target: &Target, method: &Method) -> bool {
    match target {
        Target::Set { declared, .. } => declared == DRIVE_ITEM && method == Method::POST,
        Target::Entity { declared, .. } => {
            declared == DRIVE_ITEM && (method == Method::PATCH || method == Method::DELETE)
        }
        _ => false,
    }
}

impl Graph<'_> {
    /// Creates, changes or deletes a drive item.
    pub(super) fn write_item(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        match call.request.method {
            Method::POST => self.create_item(call, resource, body),
            Method::PATCH => self.update_item(call, resource, body),
            _ => self.delete_item(resource),
        }
    }
}
