//! The services behind Graph and the types that belong to each. They differ in page sizes, in ids,
//! and in the words of their errors.

use http::Method;

use crate::description::schema::{Schemas, Type};
use crate::description::walk::Step;

/// A service behind Graph, as far as its behavior differs from the others': its errors, pages, ids
/// and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// Microsoft Entra: users, groups, applications.
    Directory,
    /// Exchange: mail, calendars, contacts.
    Outlook,
    /// OneDrive and SharePoint.
    Files,
    /// Teams and its chats.
    Teams,
    /// Planner, which requires an `If-Match` on each write.
    Planner,
    /// All other services, simulated in the most usual way.
    Other,
}

/// The service of each type. Derived types belong to the service of their base.
const BASES: [(&str, Service); 28] = [
    ("microsoft.graph.directoryObject", Service::Directory),
    ("microsoft.graph.oAuth2PermissionGrant", Service::Directory),
    ("microsoft.graph.subscribedSku", Service::Directory),
    ("microsoft.graph.outlookItem", Service::Outlook),
    ("microsoft.graph.mailFolder", Service::Outlook),
    ("microsoft.graph.mailboxSettings", Service::Outlook),
    ("microsoft.graph.messageRule", Service::Outlook),
    ("microsoft.graph.attachment", Service::Outlook),
    ("microsoft.graph.calendar", Service::Outlook),
    ("microsoft.graph.calendarGroup", Service::Outlook),
    ("microsoft.graph.calendarPermission", Service::Outlook),
    ("microsoft.graph.contactFolder", Service::Outlook),
    ("microsoft.graph.outlookCategory", Service::Outlook),
    ("microsoft.graph.baseItem", Service::Files),
    ("microsoft.graph.permission", Service::Files),
    ("microsoft.graph.columnDefinition", Service::Files),
    ("microsoft.graph.baseItemVersion", Service::Files),
    ("microsoft.graph.team", Service::Teams),
    ("microsoft.graph.channel", Service::Teams),
    ("microsoft.graph.chat", Service::Teams),
    ("microsoft.graph.chatMessage", Service::Teams),
    ("microsoft.graph.conversationMember", Service::Teams),
    ("microsoft.graph.teamsTab", Service::Teams),
    ("microsoft.graph.plannerBucket", Service::Planner),
    ("microsoft.graph.plannerPlan", Service::Planner),
    ("microsoft.graph.plannerPlanDetails", Service::Planner),
    ("microsoft.graph.plannerTask", Service::Planner),
    ("microsoft.graph.plannerTaskDetails", Service::Planner),
];

/// Functions and actions of a user that Exchange carries out, although they have no type of
/// Exchange.
const EXCHANGE: [&str; 7] = [
    "findMeetingTimes",
    "findRoomLists",
    "findRooms",
    "getMailTips",
    "reminderView",
    "sendMail",
    "translateExchangeIds",
];

/// The number of items on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSize {
    /// The number of items without `$top`.
    pub(crate) default: usize,
    /// The largest number of items with `$top`.
    pub(crate) max: usize,
    /// `true` if a larger `$top` is refused. Otherwise it is taken as `max`.
    pub(crate) strict: bool,
}

impl Service {
    /// Returns the service that keeps entities of this type.
    pub(crate) fn of(schemas: &Schemas, type_name: &str) -> Self {
        schemas
            .ancestry(type_name)
            .find_map(|(name, _)| BASES.iter().find(|(base, _)| *base == name))
            .map_or(Self::Other, |(_, service)| *service)
    }

    /// Returns the service that a path leads to: the service of the last step whose type has one.
    pub(crate) fn at(schemas: &Schemas, steps: &[Step<'_>]) -> Self {
        let service = |step: &Step<'_>| {
            let name = step.place.name();
            let name = name.split('(').next().unwrap_or(name);
            if EXCHANGE.contains(&name.rsplit('.').next().unwrap_or(name)) {
                return Some(Self::Outlook);
            }
            let operations = [Method::GET, Method::POST, Method::PATCH, Method::PUT];
            let mut kinds = operations
                .iter()
                .filter_map(|method| step.place.readable(method)?.json_answer())
                .map(|kind| schemas.page_items(kind).unwrap_or(kind));
            kinds.find_map(|kind| match kind {
                // A complex type without a service is skipped, but an entity type is not.
                Type::Named(name) => Some(Self::of(schemas, name)).filter(|service| {
                    *service != Self::Other || schemas.is_a(name, "microsoft.graph.entity")
                }),
                _ => None,
            })
        };
        let found = steps.iter().rev().find_map(service);
        found.unwrap_or(Self::Other)
    }

    /// Returns the page sizes of Graph's documentation.
    pub(crate) fn page_size(self, type_name: &str) -> PageSize {
        let size = |default, max, strict| PageSize {
            default,
            max,
            strict,
        };
        match (self, type_name) {
            (_, "microsoft.graph.directoryRole") => size(999, 999, true),
            (_, "microsoft.graph.chatMessage") => size(20, 50, true),
            (_, "microsoft.graph.signIn" | "microsoft.graph.directoryAudit") => {
                size(1_000, 1_000, true)
            }
            (_, "microsoft.graph.onenotePage") => size(20, 100, true),
            (Self::Directory, _) => size(100, 999, true),
            (Self::Outlook, _) => size(10, 1_000, false),
            (Self::Files, _) => size(200, 5_000, false),
            (Self::Teams, _) => size(20, 50, false),
            (Self::Planner | Self::Other, _) => size(100, 999, false),
        }
    }

    /// Checks whether the service keeps an ETag for its entities.
    pub(crate) fn has_etags(self) -> bool {
        matches!(self, Self::Outlook | Self::Files | Self::Planner)
    }
}
