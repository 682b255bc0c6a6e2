//! The parts of Graph that its description has lost.
//!
//! Microsoft leaves parts out of the description to keep its own SDKs small, and forgets others.
//! Each line here is such a part, with the page of Graph's documentation that shows it. A line
//! fails if the description has regained the part, and is then removed. `trim` writes the remaining
//! table into `openapi/`. Operations are written at their paths. `grafts.json` lists the places
//! that have the subtree of another place. The generator and the simulator read it there.

mod operations;
mod subtrees;

use crate::trimmed::{Content, Description};

pub use operations::{Added, add};
pub use subtrees::choose;

/// All grafts.
pub struct Table {
    pub subtrees: &'static [Subtree],
    pub places: &'static [Place],
    pub paths: &'static [Place],
    pub operations: &'static [Operation],
}

/// The grafts of Microsoft Graph.
pub const GRAPH: Table = Table {
    subtrees: SUBTREES,
    places: PLACES,
    paths: PATHS,
    operations: OPERATIONS,
};

/// A type whose entities all have the same subtree, which is described at one place only.
pub struct Subtree {
    /// The type that GET returns at every place of such an entity.
    pub of: &'static str,
    /// The place at which the whole subtree of such an entity is described.
    pub to: &'static str,
    /// The page that shows it.
    pub page: &'static str,
}

/// Types whose places stand for the place at which the entity is fully described.
const SUBTREES: &[Subtree] = &[
    // The drive of a user, a group, a site, a list. The most frequent complaint about the SDKs that
    // are generated from the description is that they lack `/me/drive/items`.
    Subtree {
        of: "microsoft.graph.drive",
        to: "/drives/{drive-id}",
        page: "https://learn.microsoft.com/graph/api/drive-get",
    },
    // The root, a special folder, a child, a bundle, the item of a share or of a list, the folder
    // of a channel.
    Subtree {
        of: "microsoft.graph.driveItem",
        to: "/drives/{drive-id}/items/{driveItem-id}",
        page: "https://learn.microsoft.com/graph/api/driveitem-get",
    },
];

/// A place that the description does not have at all, and the place that it stands for.
pub struct Place {
    pub at: &'static str,
    pub to: &'static str,
    /// The page that shows it.
    pub page: &'static str,
}

const PLACES: &[Place] = &[
    // The drive of the signed-in user, or of the tenant's root site.
    Place {
        at: "/drive",
        to: "/drives/{drive-id}",
        page: "https://learn.microsoft.com/graph/api/bundle-get",
    },
];

/// Entities below which others of their kind are addressed by a path: `root:/{path}:`,
/// `sites/{host}:/{path}:`.
const PATHS: &[Place] = &[
    Place {
        at: "/drives/{drive-id}/items/{driveItem-id}",
        to: "/drives/{drive-id}/items/{driveItem-id}",
        page: "https://learn.microsoft.com/graph/onedrive-addressing-driveitems",
    },
    Place {
        at: "/sites/{site-id}",
        to: "/sites/{site-id}",
        page: "https://learn.microsoft.com/graph/api/site-getbypath",
    },
];

/// An operation that the description lacks.
pub struct Operation {
    pub method: &'static str,
    /// The path of the operation. `…` stands for any beginning of a path, and `<type>` for every
    /// place that returns that type.
    pub at: &'static str,
    pub form: Form,
    /// The page that shows it.
    pub page: &'static str,
}

/// The request and the response of an operation.
pub enum Form {
    /// The same form as another operation of the place.
    As(&'static str),
    /// The same form as an operation of another place.
    Like(&'static str, &'static str),
    /// An operation that returns an entity, and takes one unless it is a GET.
    Entity(&'static str),
    /// An operation that returns a page of entities.
    Page(&'static str),
    /// An operation that returns bytes.
    Bytes,
    /// An operation that takes a reference to an entity.
    Reference,
    /// An action, with its arguments and its response.
    Action(&'static [Argument], Option<&'static str>),
    /// A function, which has its arguments in the path, with its response.
    Function(&'static [Argument], &'static str),
    /// An operation that takes a list, and returns no content.
    List(&'static str),
}

/// An argument of an action or a function.
pub type Argument = (&'static str, Kind);

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int32,
}

const INDEX: &[Argument] = &[("index", Kind::Int32)];

const OPERATIONS: &[Operation] = &[
    // PUT replaces a whole shift. The description knows only PATCH, which the page does not have.
    Operation {
        method: "put",
        at: "…/schedule/shifts/{shift-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/shift-put",
    },
    Operation {
        method: "put",
        at: "…/schedule/openShifts/{openShift-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/openshift-update",
    },
    Operation {
        method: "put",
        at: "…/schedule/schedulingGroups/{schedulingGroup-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/schedulinggroup-put",
    },
    Operation {
        method: "put",
        at: "…/schedule/timesOff/{timeOff-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/timeoff-put",
    },
    Operation {
        method: "put",
        at: "…/schedule/timeOffReasons/{timeOffReason-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/timeoffreason-put",
    },
    // The actions that decide on a request of a schedule are not declared for any kind of request.
    Operation {
        method: "post",
        at: "…/schedule/timeOffRequests/{timeOffRequest-id}/approve",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/timeoffrequest-approve",
    },
    Operation {
        method: "post",
        at: "…/schedule/timeOffRequests/{timeOffRequest-id}/decline",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/timeoffrequest-decline",
    },
    Operation {
        method: "post",
        at: "…/schedule/openShiftChangeRequests/{openShiftChangeRequest-id}/approve",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/openshiftchangerequest-approve",
    },
    Operation {
        method: "post",
        at: "…/schedule/openShiftChangeRequests/{openShiftChangeRequest-id}/decline",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/openshiftchangerequest-decline",
    },
    Operation {
        method: "post",
        at: "…/schedule/offerShiftRequests/{offerShiftRequest-id}/approve",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/offershiftrequest-approve",
    },
    Operation {
        method: "post",
        at: "…/schedule/offerShiftRequests/{offerShiftRequest-id}/decline",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/offershiftrequest-decline",
    },
    Operation {
        method: "post",
        at: "…/schedule/swapShiftsChangeRequests/{swapShiftsChangeRequest-id}/approve",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/swapshiftschangerequest-approve",
    },
    Operation {
        method: "post",
        at: "…/schedule/swapShiftsChangeRequests/{swapShiftsChangeRequest-id}/decline",
        form: Form::Action(&[("message", Kind::Text)], None),
        page: "https://learn.microsoft.com/graph/api/swapshiftschangerequest-decline",
    },
    // An app is updated for a user in the same way as for a chat and a team.
    Operation {
        method: "post",
        at: "…/teamwork/installedApps/{userScopeTeamsAppInstallation-id}/upgrade",
        form: Form::Like(
            "post",
            "/chats/{chat-id}/installedApps/{teamsAppInstallation-id}/upgrade",
        ),
        page: "https://learn.microsoft.com/graph/api/userteamwork-teamsappinstallation-upgrade",
    },
    // Activities and their history are created under an id that the caller chooses.
    Operation {
        method: "put",
        at: "/me/activities/{userActivity-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/projectrome-put-activity",
    },
    Operation {
        method: "put",
        at: "/me/activities/{userActivity-id}/historyItems/{activityHistoryItem-id}",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/projectrome-put-historyitem",
    },
    // The description has a place as each of its derived types, but not as itself.
    Operation {
        method: "get",
        at: "/places/{place-id}",
        form: Form::Entity("microsoft.graph.place"),
        page: "https://learn.microsoft.com/graph/api/place-get",
    },
    // The same applies to a member of an administrative unit.
    Operation {
        method: "get",
        at: "/directory/administrativeUnits/{administrativeUnit-id}/members/{directoryObject-id}",
        form: Form::Entity("microsoft.graph.directoryObject"),
        page: "https://learn.microsoft.com/graph/api/administrativeunit-get-members",
    },
    // Superseded by `userFlowIdentityProviders`, which the description has in this form.
    Operation {
        method: "post",
        at: "/identity/b2xUserFlows/{b2xIdentityUserFlow-id}/identityProviders/$ref",
        form: Form::Reference,
        page: "https://learn.microsoft.com/graph/api/b2xidentityuserflow-post-identityproviders",
    },
    // A page of OneNote is changed by a list of commands. The description replaces it as a whole,
    // which Graph refuses.
    Operation {
        method: "patch",
        at: "…/pages/{onenotePage-id}/content",
        form: Form::List("microsoft.graph.onenotePatchContentCommand"),
        page: "https://learn.microsoft.com/graph/api/page-update",
    },
    // A page of a site is changed and published as its own type, not as the base type of all pages.
    Operation {
        method: "patch",
        at: "…/pages/{baseSitePage-id}/graph.sitePage",
        form: Form::Entity("microsoft.graph.sitePage"),
        page: "https://learn.microsoft.com/graph/api/sitepage-update",
    },
    Operation {
        method: "post",
        at: "…/pages/{baseSitePage-id}/graph.sitePage/publish",
        form: Form::Action(&[], None),
        page: "https://learn.microsoft.com/graph/api/sitepage-publish",
    },
    // The size is one of those that the page names, or a combination of a width and a height. It is
    // not a property of the set.
    Operation {
        method: "get",
        at: "…/thumbnails/{thumbnailSet-id}/{thumbnail-id}",
        form: Form::Entity("microsoft.graph.thumbnail"),
        page: "https://learn.microsoft.com/graph/api/driveitem-list-thumbnails",
    },
    Operation {
        method: "get",
        at: "…/thumbnails/{thumbnailSet-id}/{thumbnail-id}/content",
        form: Form::Bytes,
        page: "https://learn.microsoft.com/graph/api/driveitem-list-thumbnails",
    },
    // Before PATCH was introduced, the schema of a connection was set by POST, and Graph still
    // lists that.
    Operation {
        method: "post",
        at: "/external/connections/{externalConnection-id}/schema",
        form: Form::As("patch"),
        page: "https://learn.microsoft.com/graph/api/externalconnectors-schema-create",
    },
    // A range of a workbook can be written at every path that returns one.
    Operation {
        method: "patch",
        at: "…/range()",
        form: Form::Entity("microsoft.graph.workbookRange"),
        page: "https://learn.microsoft.com/graph/api/range-update",
    },
    Operation {
        method: "patch",
        at: "…/range(address='{address}')",
        form: Form::Entity("microsoft.graph.workbookRange"),
        page: "https://learn.microsoft.com/graph/api/range-update",
    },
    // The parts of a range's format are declared only by its type.
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeFormat>/borders",
        form: Form::Page("microsoft.graph.workbookRangeBorder"),
        page: "https://learn.microsoft.com/graph/api/rangeformat-list-borders",
    },
    Operation {
        method: "post",
        at: "<microsoft.graph.workbookRangeFormat>/borders",
        form: Form::Entity("microsoft.graph.workbookRangeBorder"),
        page: "https://learn.microsoft.com/graph/api/rangeformat-post-borders",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeFormat>/borders/{workbookRangeBorder-id}",
        form: Form::Entity("microsoft.graph.workbookRangeBorder"),
        page: "https://learn.microsoft.com/graph/api/rangeborder-get",
    },
    Operation {
        method: "patch",
        at: "<microsoft.graph.workbookRangeFormat>/borders/{workbookRangeBorder-id}",
        form: Form::Entity("microsoft.graph.workbookRangeBorder"),
        page: "https://learn.microsoft.com/graph/api/rangeborder-update",
    },
    Operation {
        method: "post",
        at: "<microsoft.graph.workbookRangeFormat>/borders/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookRangeBorder")),
        page: "https://learn.microsoft.com/graph/api/rangebordercollection-itemat",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeFormat>/fill",
        form: Form::Entity("microsoft.graph.workbookRangeFill"),
        page: "https://learn.microsoft.com/graph/api/rangefill-get",
    },
    Operation {
        method: "patch",
        at: "<microsoft.graph.workbookRangeFormat>/fill",
        form: Form::Entity("microsoft.graph.workbookRangeFill"),
        page: "https://learn.microsoft.com/graph/api/rangefill-update",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeFormat>/font",
        form: Form::Entity("microsoft.graph.workbookRangeFont"),
        page: "https://learn.microsoft.com/graph/api/rangefont-get",
    },
    Operation {
        method: "patch",
        at: "<microsoft.graph.workbookRangeFormat>/font",
        form: Form::Entity("microsoft.graph.workbookRangeFont"),
        page: "https://learn.microsoft.com/graph/api/rangefont-update",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeFormat>/protection",
        form: Form::Entity("microsoft.graph.workbookFormatProtection"),
        page: "https://learn.microsoft.com/graph/api/formatprotection-get",
    },
    Operation {
        method: "patch",
        at: "<microsoft.graph.workbookRangeFormat>/protection",
        form: Form::Entity("microsoft.graph.workbookFormatProtection"),
        page: "https://learn.microsoft.com/graph/api/formatprotection-update",
    },
    Operation {
        method: "post",
        at: "<microsoft.graph.workbookRangeFormat>/fill/clear",
        form: Form::Action(&[], None),
        page: "https://learn.microsoft.com/graph/api/rangefill-clear",
    },
    Operation {
        method: "post",
        at: "<microsoft.graph.workbookRangeFormat>/autofitColumns",
        form: Form::Action(&[], None),
        page: "https://learn.microsoft.com/graph/api/rangeformat-autofitcolumns",
    },
    Operation {
        method: "post",
        at: "<microsoft.graph.workbookRangeFormat>/autofitRows",
        form: Form::Action(&[], None),
        page: "https://learn.microsoft.com/graph/api/rangeformat-autofitrows",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeView>/range()",
        form: Form::Function(&[], "microsoft.graph.workbookRange"),
        page: "https://learn.microsoft.com/graph/api/workbookrangeview-range",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeView>/rows",
        form: Form::Page("microsoft.graph.workbookRangeView"),
        page: "https://learn.microsoft.com/graph/api/workbookrangeview-list-rows",
    },
    Operation {
        method: "get",
        at: "<microsoft.graph.workbookRangeView>/itemAt(index={index})",
        form: Form::Function(INDEX, "microsoft.graph.workbookRangeView"),
        page: "https://learn.microsoft.com/graph/api/workbookrangeview-itemat",
    },
    // Graph accepts these functions by POST as well, with their argument in the body, and documents
    // them in this form.
    Operation {
        method: "post",
        at: "…/charts/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookChart")),
        page: "https://learn.microsoft.com/graph/api/chartcollection-itemat",
    },
    Operation {
        method: "post",
        at: "…/series/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookChartSeries")),
        page: "https://learn.microsoft.com/graph/api/chartseriescollection-itemat",
    },
    Operation {
        method: "post",
        at: "…/points/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookChartPoint")),
        page: "https://learn.microsoft.com/graph/api/chartpointscollection-itemat",
    },
    Operation {
        method: "post",
        at: "…/tables/{workbookTable-id}/columns/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookTableColumn")),
        page: "https://learn.microsoft.com/graph/api/tablecolumncollection-itemat",
    },
    Operation {
        method: "post",
        at: "…/tables/{workbookTable-id}/rows/itemAt",
        form: Form::Action(INDEX, Some("microsoft.graph.workbookTableRow")),
        page: "https://learn.microsoft.com/graph/api/tablerowcollection-itemat",
    },
    Operation {
        method: "post",
        at: "…/range()/row",
        form: Form::Action(
            &[("row", Kind::Int32)],
            Some("microsoft.graph.workbookRange"),
        ),
        page: "https://learn.microsoft.com/graph/api/range-row",
    },
    Operation {
        method: "post",
        at: "…/range(address='{address}')/row",
        form: Form::Action(
            &[("row", Kind::Int32)],
            Some("microsoft.graph.workbookRange"),
        ),
        page: "https://learn.microsoft.com/graph/api/range-row",
    },
    // The bytes of a file, or of an attached item as MIME.
    Operation {
        method: "get",
        at: "…/attachments/{attachment-id}/$value",
        form: Form::Bytes,
        page: "https://learn.microsoft.com/graph/api/attachment-get",
    },
];

/// Returns the paths that `at` stands for, if the resource above them is described.
fn places(description: &Description, at: &str) -> Vec<String> {
    let paths = || description.paths.keys().map(String::as_str);
    if let Some((of, below)) = at.strip_prefix('<').and_then(|at| at.split_once('>')) {
        let answering = paths().filter(|path| answered(description, path) == Some(of));
        return answering.map(|path| format!("{path}{below}")).collect();
    }
    let Some(end) = at.strip_prefix('…') else {
        return vec![at.to_owned()];
    };
    let (above, last) = end.rsplit_once('/').unwrap_or(("", end));
    let mut found: Vec<String> = paths()
        .filter_map(|path| match path.ends_with(end) {
            true => Some(path.to_owned()),
            false => path
                .ends_with(above)
                .then(|| format!("{path}/{last}"))
                .filter(|_| !above.is_empty()),
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Returns whether a path, or any path below it, is described.
fn has_below(description: &Description, path: &str) -> bool {
    let below = format!("{path}/");
    let mut paths = description.paths.keys();
    paths.any(|found| found == path || found.starts_with(&below))
}

/// Returns the declared type of a GET of `path`, if that is one entity.
fn answered<'d>(description: &'d Description, path: &str) -> Option<&'d str> {
    let get = description.paths.get(path)?.operation("get")?;
    let (_, contents) = get.answers.first()?;
    match contents.as_slice() {
        [(_, content @ Content::Schema(crate::schema::Schema::Ref(_)))] => {
            content.components().next()
        }
        _ => None,
    }
}
