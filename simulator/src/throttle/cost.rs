//! The cost of a request, in the resource units of its service.
//!
//! <https://learn.microsoft.com/graph/throttling-limits> has the directory's table. SharePoint's
//! table is in
//! <https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online>.

use http::Method;

use crate::request::Request;
use crate::service::Service;

/// The directory's requests that cost more than one unit.
const DIRECTORY: [(&str, u32); 17] = [
    ("applications", 2),
    ("checkMemberGroups", 4),
    ("checkMemberObjects", 4),
    ("contracts", 3),
    ("domainNameReferences", 4),
    ("getByIds", 3),
    ("getMemberGroups", 2),
    ("getMemberObjects", 2),
    ("isMemberOf", 4),
    ("memberOf", 2),
    ("members", 3),
    ("oauth2PermissionGrants", 2),
    ("ownedObjects", 2),
    ("subscribedSkus", 3),
    ("transitiveMemberOf", 2),
    ("transitiveMembers", 5),
    ("users", 2),
];

/// Returns the units of a request to a service; `name` is the last segment of its path. `many` is
/// set if it reads a collection.
pub(crate) fn units(service: Service, request: &Request, name: &str, many: bool) -> u32 {
    let pairs = request.pairs().unwrap_or_default();
    let option = |name: &str| {
        let found = pairs.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    };
    match service {
        Service::Directory => {
            let name = name.rsplit('.').next().unwrap_or(name);
            let found = DIRECTORY.iter().find(|(other, _)| *other == name);
            let base = found.map_or(1, |(_, units)| *units);
            if request.method != Method::GET && found.is_none() {
                return 1;
            }
            let more = u32::from(option("$expand").is_some());
            let few = option("$top").and_then(|top| top.parse::<u32>().ok());
            let less =
                u32::from(option("$select").is_some()) + u32::from(few.is_some_and(|top| top < 20));
            (base + more).saturating_sub(less).max(1)
        }
        Service::Files => {
            let permissions = name == "permissions"
                || option("$expand").is_some_and(|expand| expand.contains("permissions"));
            let delta = name.starts_with("delta") && option("token").is_none();
            if permissions {
                5
            } else if many || delta || request.method != Method::GET {
                2
            } else {
                1
            }
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn cost(service: Service, method: Method, target: &str, name: &str, many: bool) -> u32 {
        let request = Request {
            method,
            target: target.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        units(service, &request, name, many)
    }

    #[test]
    fn directory_costs_match_the_documented_table() {
        let get = |target, name| cost(Service::Directory, Method::GET, target, name, true);
        assert_eq!(get("/users", "users"), 2);
        assert_eq!(get("/users?$select=id", "users"), 1);
        assert_eq!(get("/users?$expand=manager", "users"), 3);
        assert_eq!(
            get(
                "/groups/1/transitiveMembers?$top=5&$select=id",
                "transitiveMembers"
            ),
            3
        );
        assert_eq!(get("/groups", "groups"), 1);
        assert_eq!(
            cost(
                Service::Directory,
                Method::POST,
                "/getByIds",
                "getByIds",
                false
            ),
            3
        );
    }

    #[test]
    fn sharepoint_costs_match_the_documented_table() {
        let get = |target, name, many| cost(Service::Files, Method::GET, target, name, many);
        assert_eq!(get("/items/1", "{driveItem-id}", false), 1);
        assert_eq!(get("/items/1/children", "children", true), 2);
        assert_eq!(get("/items/1/delta", "delta()", false), 2);
        assert_eq!(get("/items/1/delta?token=x", "delta()", false), 1);
        assert_eq!(
            get("/items/1?$expand=permissions", "{driveItem-id}", false),
            5
        );
        assert_eq!(
            cost(
                Service::Files,
                Method::PUT,
                "/items/1/content",
                "content",
                false
            ),
            2
        );
    }
}
