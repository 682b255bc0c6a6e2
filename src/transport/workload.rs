//! The Graph service that a call is for.

use url::Url;

/// A unit that throttles as one: a service behind Graph, or a single mailbox.
///
/// Graph's limits (<https://learn.microsoft.com/graph/throttling-limits>) are separate for each
/// service: a caller throttled for mail may still read files. The path shows the service, by the
/// first name that does not merely name the owner: `messages` in `/users/{id}/messages`, `drive` in
/// `/groups/{id}/drive`, `planner` in `/planner/tasks`.
///
/// OneDrive and SharePoint want all calls of a tenant to pause, for any path that leads to a drive.
/// Outlook counts each mailbox separately, so that one busy mailbox of a thousand does not hold up
/// the others. The directory has one count in total.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Workload {
    Directory,
    Files,
    /// The mailbox of a user or group, by its id or name in the path.
    Outlook(Box<str>),
    Teams,
    /// Any other service, by its name in the path.
    Other(Box<str>),
}

/// The names in a path that belong to OneDrive and SharePoint.
const FILES: [&str; 6] = [
    "drive",
    "drives",
    "followedSites",
    "shares",
    "sites",
    "storage",
];

/// The names in a path that belong to a mailbox.
const OUTLOOK: [&str; 21] = [
    "calendar",
    "calendarGroups",
    "calendarView",
    "calendars",
    "contactFolders",
    "contacts",
    "conversations",
    "events",
    "findMeetingTimes",
    "getMailTips",
    "inferenceClassification",
    "mailFolders",
    "mailboxSettings",
    "messages",
    "outlook",
    "people",
    "reminderView",
    "sendMail",
    "threads",
    "todo",
    "translateExchangeIds",
];

const TEAMS: [&str; 7] = [
    "appCatalogs",
    "chats",
    "joinedTeams",
    "team",
    "teams",
    "teamsTemplates",
    "teamwork",
];

/// The directory's collections at the root, other than users and groups.
const DIRECTORY: [&str; 19] = [
    "administrativeUnits",
    "applications",
    "contacts",
    "contracts",
    "devices",
    "directory",
    "directoryObjects",
    "directoryRoleTemplates",
    "directoryRoles",
    "domains",
    "groupLifecyclePolicies",
    "groupSettingTemplates",
    "groupSettings",
    "groups",
    "oauth2PermissionGrants",
    "organization",
    "servicePrincipals",
    "subscribedSkus",
    "users",
];

/// The names below users and groups that do not belong to the directory, a mailbox, a drive or a
/// team.
const OF_THEIR_OWN: [&str; 5] = [
    "insights",
    "onenote",
    "onlineMeetings",
    "planner",
    "presence",
];

/// Returns the segments of the path below the version.
fn segments(url: &Url) -> impl Iterator<Item = &str> + Clone {
    let mut segments = url.path().split('/').filter(|segment| !segment.is_empty());
    // A gateway's own path may come before the version.
    if segments.clone().any(is_version) {
        segments.find(|segment| is_version(segment));
    }
    segments
}

/// Checks whether a call is for the user of its token.
pub(super) fn is_for_me(url: &Url) -> bool {
    segments(url)
        .next()
        .is_some_and(|root| root.eq_ignore_ascii_case("me"))
}

impl Workload {
    pub(crate) fn of(url: &Url) -> Self {
        let mut segments = segments(url);
        let name = |segment: &str| segment.split('(').next().unwrap_or_default().to_owned();
        let Some(root) = segments.next() else {
            return Self::Directory;
        };
        let owner = match name(root).as_str() {
            "me" => Some(root),
            "users" | "groups" => segments.next(),
            _ => None,
        };
        let first = match owner {
            Some(_) => segments.next().map(name),
            None => Some(name(root)),
        };
        let Some(first) = first else {
            return Self::Directory;
        };
        let is_in = |names: &[&str]| names.contains(&first.as_str());
        match owner {
            _ if is_in(&FILES) => Self::Files,
            _ if is_in(&TEAMS) => Self::Teams,
            Some(owner) if is_in(&OUTLOOK) => Self::Outlook(owner.to_ascii_lowercase().into()),
            Some(_) if is_in(&OF_THEIR_OWN) => Self::Other(first.into()),
            Some(_) => Self::Directory,
            None if is_in(&DIRECTORY) => Self::Directory,
            None => Self::Other(first.into()),
        }
    }
}

fn is_version(segment: &str) -> bool {
    matches!(segment, "v1.0" | "beta")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn me_is_recognized_at_the_root_alone() {
        for (path, expected) in [
            ("/v1.0/me", true),
            ("/beta/Me/messages", true),
            ("/gateway/v1.0/me/drive", true),
            ("/v1.0/users/me", false),
            ("/v1.0/users/1/people/me", false),
            ("/v1.0", false),
        ] {
            let url = Url::parse("https://graph.microsoft.com").unwrap();
            assert_eq!(is_for_me(&url.join(path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn path_determines_the_throttled_workload() {
        let outlook = |owner: &str| Workload::Outlook(owner.into());
        let other = |name: &str| Workload::Other(name.into());
        for (path, workload) in [
            ("/v1.0", Workload::Directory),
            ("/v1.0/me", Workload::Directory),
            ("/v1.0/users", Workload::Directory),
            ("/v1.0/users/delta()", Workload::Directory),
            ("/v1.0/users/1/memberOf", Workload::Directory),
            ("/v1.0/groups/1/members/$ref", Workload::Directory),
            ("/v1.0/applications(appId='1')", Workload::Directory),
            ("/v1.0/contacts/1", Workload::Directory),
            ("/beta/users/1/contacts", outlook("1")),
            ("/v1.0/me/messages", outlook("me")),
            (
                "/v1.0/users/Adele@contoso.com/mailFolders/2/messages",
                outlook("adele@contoso.com"),
            ),
            (
                "/v1.0/me/reminderView(startDateTime='a',endDateTime='b')",
                outlook("me"),
            ),
            ("/v1.0/groups/1/threads", outlook("1")),
            ("/v1.0/me/drive/root:/a/messages", Workload::Files),
            ("/v1.0/groups/1/drive", Workload::Files),
            ("/v1.0/drives/1/items/2", Workload::Files),
            (
                "/v1.0/sites/contoso.sharepoint.com:/sites/hr:/lists",
                Workload::Files,
            ),
            ("/gateway/beta/shares/u!a/driveItem", Workload::Files),
            ("/v1.0/me/chats", Workload::Teams),
            ("/v1.0/groups/1/team", Workload::Teams),
            ("/v1.0/teams/1/channels", Workload::Teams),
            ("/v1.0/me/planner/tasks", other("planner")),
            ("/v1.0/planner/tasks/1", other("planner")),
            (
                "/v1.0/deviceManagement/managedDevices",
                other("deviceManagement"),
            ),
            ("/v1.0/$batch", other("$batch")),
        ] {
            let url = Url::parse("https://graph.microsoft.com").unwrap();
            assert_eq!(Workload::of(&url.join(path).unwrap()), workload, "{path}");
        }
    }
}
