//! The services behind Graph differ: in page sizes, in ids, in the words of their errors. Here is which type belongs to
//! which.

use crate::description::schema::Schemas;

/// A service behind Graph, as far as its manners differ from the others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Microsoft Entra: users, groups, applications.
    Directory,
    /// Exchange: mail, calendars, contacts.
    Outlook,
    /// OneDrive and SharePoint.
    Files,
    /// Teams and its chats.
    Teams,
    /// Planner, which wants an `If-Match` on each write.
    Planner,
    /// All others, served in the most usual way.
    Other,
}

/// Each type's service; derived types go with their base.
const BASES: [(&str, Service); 27] = [
    ("microsoft.graph.directoryObject", Service::Directory),
    ("microsoft.graph.oAuth2PermissionGrant", Service::Directory),
    ("microsoft.graph.subscribedSku", Service::Directory),
    ("microsoft.graph.outlookItem", Service::Outlook),
    ("microsoft.graph.mailFolder", Service::Outlook),
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

/// How many items a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSize {
    /// Without `$top`.
    pub(crate) default: usize,
    /// With it.
    pub(crate) max: usize,
    /// Whether a larger `$top` is refused; else it is taken as `max`.
    pub(crate) strict: bool,
}

impl Service {
    /// The service that keeps entities of this type.
    pub(crate) fn of(schemas: &Schemas, type_name: &str) -> Self {
        schemas
            .ancestry(type_name)
            .find_map(|(name, _)| BASES.iter().find(|(base, _)| *base == name))
            .map_or(Self::Other, |(_, service)| *service)
    }

    /// The page sizes of Graph's documentation.
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

    /// Whether the service keeps an ETag for its entities.
    pub(crate) fn has_etags(self) -> bool {
        matches!(self, Self::Outlook | Self::Files | Self::Planner)
    }
}
