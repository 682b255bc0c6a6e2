//! A normalized path, used to compare the paths of different documents.

use std::borrow::Borrow;
use std::fmt;

/// A path without the parts that documents write in different ways.
///
/// Graph's description has `/me/drive/items/{driveItem-id}`, and the list of permissions has
/// `/me/drive/items/{id}`. One document has `microsoft.graph.search(q='{q}')`, another has
/// `search(q={value})`. As an address, both forms are the same. An address is in lower case. Its
/// keys have no names, its names have no namespaces, and its arguments are sorted and have no
/// values. It has no query. The path of a drive item (`root:/a/b.txt:/content`) is ignored as well.
///
/// ```
/// use msgraph_codegen::Address;
///
/// let address = Address::new(
///     "/users/{user-id}/microsoft.graph.reminderView(startDateTime='{a}',EndDateTime='{b}')",
/// );
/// assert_eq!(
///     address.to_string(),
///     "/users/{}/reminderview(enddatetime,startdatetime)"
/// );
/// assert_eq!(
///     address,
///     Address::new("/users/{id}/reminderview(startdatetime={value}, enddatetime={value})")
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// Returns the address of a path.
    pub fn new(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let mut address = String::with_capacity(path.len());
        // `true` while the path of an item is being read, which a colon ends.
        let mut in_path = false;
        for segment in segments(path) {
            let (segment, colon) = match segment.strip_suffix(':') {
                Some(segment) => (segment, true),
                None => (segment, false),
            };
            if in_path {
                in_path = !colon;
                if colon {
                    address.push(':');
                }
                continue;
            }
            push_segment(&mut address, segment);
            if colon {
                address.push_str(":/{}");
                in_path = true;
            }
        }
        Self(address)
    }

    /// Returns the address segment by segment, without the slash at its beginning.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the address of the same drive item by its id, if this address reaches it in another
    /// way: `root`, `special/{}`, or a path.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/driveitem>: an item is the same, and needs
    /// the same permissions, by every address that reaches it. The list of permissions mostly has
    /// the address by id.
    pub fn by_id(&self) -> Option<Self> {
        let mut address = String::with_capacity(self.0.len() + 8);
        let mut segments = self.segments().peekable();
        let mut drive = Drive::Outside;
        while let Some(segment) = segments.next() {
            let name = segment.trim_end_matches(':');
            let below_a_path = name.len() < segment.len();
            drive = match (drive, name) {
                (Drive::Itself, "root") => {
                    address.push_str("/items/{}");
                    Drive::Item
                }
                (Drive::Itself, "special") if segments.peek().is_some() => {
                    segments.next();
                    address.push_str("/items/{}");
                    Drive::Item
                }
                (Drive::Item, _)
                | (Drive::Collection, _)
                | (Drive::Itself, _)
                | (Drive::Outside, _) => {
                    address.push('/');
                    address.push_str(name);
                    drive.after(name)
                }
            };
            if below_a_path {
                // Skips the path itself, which leads from the item above to the item below.
                segments.next();
            }
        }
        (address != self.0).then_some(Self(address))
    }
}

impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The position of an address in a drive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drive {
    /// Outside a drive.
    Outside,
    /// The collection `drives`, whose key is a drive.
    Collection,
    /// A drive itself.
    Itself,
    /// Below an item, or any other part of a drive.
    Item,
}

impl Drive {
    fn after(self, name: &str) -> Self {
        match (self, name) {
            (_, "drive") => Drive::Itself,
            (_, "drives") => Drive::Collection,
            (Drive::Collection, "{}") => Drive::Itself,
            (Drive::Outside | Drive::Collection, _) => Drive::Outside,
            (Drive::Itself | Drive::Item, _) => Drive::Item,
        }
    }
}

/// Splits a path into its segments, and separates those that a typing error has joined:
/// `itemAt(index={value})range`, `subjectRightsRequests{subjectRightsRequestId}`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .flat_map(|segment| {
            let cut = match (segment.find('{'), segment.find('('), segment.find(')')) {
                (_, Some(_), Some(end)) => end + 1,
                (Some(start), None, None) if !segment.contains('=') => start,
                _ => segment.len(),
            };
            let (first, second) = segment.split_at(cut);
            // The beginning of an item's path stays where it is.
            let joined = first.is_empty() || second.is_empty() || second == ":";
            let (first, second) = if joined {
                (segment, "")
            } else {
                (first, second)
            };
            [first, second].into_iter().filter(|part| !part.is_empty())
        })
}

fn push_segment(address: &mut String, segment: &str) {
    if segment.starts_with('{') {
        address.push_str("/{}");
        return;
    }
    let (name, arguments) = match segment.split_once('(') {
        Some((name, arguments)) => (name, arguments.trim_end_matches(')')),
        None => match segment.split_once('=') {
            // A key that is identified by its name, with a slash instead of the parenthesis:
            // `roleTemplateId={id}`.
            Some(_) => ("", segment),
            None => (segment, ""),
        },
    };
    if !name.is_empty() {
        address.push('/');
        let name = name.rsplit('.').next().unwrap_or(name);
        address.push_str(&name.to_ascii_lowercase());
    }
    // `appId={value}`, or `appId` if the text is an address already.
    let is_name = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic());
    let mut names: Vec<String> = arguments
        .split(',')
        .map(|argument| argument.split('=').next().unwrap_or_default().trim())
        .filter(|name| is_name(name))
        .map(str::to_ascii_lowercase)
        .collect();
    names.sort_unstable();
    if !names.is_empty() {
        address.push('(');
        address.push_str(&names.join(","));
        address.push(')');
    } else if !arguments.is_empty() {
        // A key without a name: `workflows({id})`.
        address.push_str("/{}");
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn different_spellings_are_one_address() {
        for (one, other, address) in [
            ("/me", "me/", "/me"),
            (
                "/users/{user-id}/mailFolders",
                "/users/{id}/mailfolders",
                "/users/{}/mailfolders",
            ),
            ("/users/delta()", "/users/delta", "/users/delta"),
            (
                "/groups/{group-id}/members/graph.user",
                "/groups/{id}/members/microsoft.graph.user",
                "/groups/{}/members/user",
            ),
            (
                "/applications(appId='{appId}')/owners",
                "/applications(appid={value})/owners",
                "/applications(appid)/owners",
            ),
            (
                "/directoryRoles(roleTemplateId='{roleTemplateId}')/members",
                "/directoryRoles/roleTemplateId={roleTemplateId}/members",
                "/directoryroles(roletemplateid)/members",
            ),
            (
                "/a/{a-id}/resizedRange(deltaRows={deltaRows},deltaColumns={deltaColumns})",
                "/a/{id}/resizedrange(deltarows={value}, deltacolumns={value})",
                "/a/{}/resizedrange(deltacolumns,deltarows)",
            ),
            (
                "/a/workflows/{workflow-id}/run",
                "/a/workflows({id})/run",
                "/a/workflows/{}/run",
            ),
            (
                "/a/itemAt(index={index})/range",
                "/a/itemat(index={value})range",
                "/a/itemat(index)/range",
            ),
            (
                "/privacy/subjectRightsRequests/{subjectRightsRequest-id}",
                "/privacy/subjectrightsrequests{subjectrightsrequestid}",
                "/privacy/subjectrightsrequests/{}",
            ),
            (
                "/me/drive/root:/{path}:/content",
                "/me/drive/root:/FolderA/FileB.txt:/content",
                "/me/drive/root:/{}:/content",
            ),
            (
                "/me/drive/root:/{path}",
                "/me/drive/root:/a/b",
                "/me/drive/root:/{}",
            ),
            ("/agents", "/agents?$filter=card/id eq '{id}'", "/agents"),
        ] {
            assert_eq!(Address::new(one).as_str(), address);
            assert_eq!(Address::new(other).as_str(), address);
            assert_eq!(Address::new(address).as_str(), address);
        }
    }

    #[test]
    fn drive_item_has_an_address_by_id() {
        for (path, wanted) in [
            ("/me/drive/root/children", "/me/drive/items/{}/children"),
            (
                "/me/drive/root:/{path}:/content",
                "/me/drive/items/{}/content",
            ),
            ("/me/drive/root:/{path}", "/me/drive/items/{}"),
            (
                "/drives/{drive-id}/items/{id}:/{path}:/workbook",
                "/drives/{}/items/{}/workbook",
            ),
            (
                "/drive/special/{driveItem-id}/children",
                "/drive/items/{}/children",
            ),
            (
                "/sites/{site-id}/drives/{drive-id}/root",
                "/sites/{}/drives/{}/items/{}",
            ),
        ] {
            let by_id = Address::new(path).by_id().expect("another address");
            assert_eq!(by_id.as_str(), wanted);
        }
        for same in [
            "/me/drive/items/{id}/root",
            "/me/drive",
            "/drive/special",
            "/sites/root",
            "/termStore/root",
        ] {
            assert_eq!(Address::new(same).by_id(), None, "{same}");
        }
    }
}
