//! Facts about an operation other than its signature, as the generator writes them.

use crate::cloud::Clouds;
use crate::permissions::Permissions;

/// The facts about one operation, listed by the paths at which it exists.
///
/// A path is written like a call's template, without the text in braces and parentheses.
#[derive(Debug)]
pub struct OperationMetadata {
    /// The paths, separated by spaces, with the permissions that are needed there.
    pub permissions: &'static [(&'static str, &'static str)],
    /// The prefixes of paths, with the clouds that have them. The longest matching prefix applies.
    pub clouds: &'static [(&'static str, u8)],
}

impl OperationMetadata {
    /// Returns the permissions that are needed at this template, or `None` where nothing is known.
    ///
    /// A drive item needs the same permissions by any path that leads to it, and is mostly listed
    /// by its id only.
    #[doc(hidden)]
    pub fn permissions(&self, template: &str) -> Option<Permissions> {
        let path = without_names(template);
        let of = |path: &str| {
            let mut all = self.permissions.iter();
            let (_, text) = all.find(|(paths, _)| paths.split(' ').any(|there| there == path))?;
            Some(Permissions::new(match is_me(path) {
                true => without_application(text),
                false => text,
            }))
        };
        of(&path).or_else(|| of(&by_id(&path)))
    }

    /// Returns the clouds that have the operation at this template, or `None` where nothing is
    /// known.
    #[doc(hidden)]
    pub fn clouds(&self, template: &str) -> Option<Clouds> {
        let path = without_names(template);
        let begins = |prefix: &str| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(', ':']))
        };
        let all = self.clouds.iter().filter(|(prefix, _)| begins(prefix));
        let (_, bits) = all.max_by_key(|(prefix, _)| prefix.len())?;
        Some(Clouds::from_bits(*bits))
    }
}

/// Checks whether a path is below `/me`.
fn is_me(path: &str) -> bool {
    path.split('/').nth(1) == Some("me")
}

/// Returns the permissions without those for applications. Graph lists the same permissions for
/// `/me` as for `/users/{id}`, but refuses `/me` to an application, because no user is signed in.
fn without_application(text: &'static str) -> &'static str {
    match text.match_indices(';').nth(1) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

/// Returns a template without the text in braces and parentheses: `/users/{}/messages`,
/// `/me/drive/root/search()`.
fn without_names(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '(']) {
        let (before, inside) = rest.split_at(at);
        out.push_str(before);
        let close = if inside.starts_with('{') { '}' } else { ')' };
        let Some(end) = inside.find(close) else {
            out.push_str(inside);
            return out;
        };
        // A user name that begins with a dollar sign has to be sent as a key in parentheses. It
        // counts as a key.
        out.push_str(match (close, inside.starts_with("('")) {
            (')', true) => "/{}",
            (')', false) => "()",
            _ => "{}",
        });
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Returns the path of a drive item by its id, for a path that reaches the item in another way. The
/// other ways are the root, a special folder, a child, and the item's own path.
///
/// <https://learn.microsoft.com/graph/onedrive-addressing-driveitems>
fn by_id(path: &str) -> String {
    /// The position in a drive that the path has reached.
    #[derive(Clone, Copy, PartialEq)]
    enum Drive {
        Outside,
        Collection,
        Itself,
        Below,
    }

    let mut out = String::with_capacity(path.len());
    let mut drive = Drive::Outside;
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let name = segment.trim_end_matches(':');
        let is_key = name == "{}";
        let leads_to_key = segments.peek().is_some_and(|next| next.starts_with("{}"));
        let is_item = match name {
            "root" => drive == Drive::Itself,
            "special" => drive == Drive::Itself && leads_to_key,
            "children" => drive == Drive::Below && leads_to_key,
            _ => false,
        };
        let mut last = segment;
        if is_item {
            if name != "root" {
                last = segments.next().unwrap_or_default();
            }
            if drive == Drive::Itself {
                out.push_str("/items/{}");
            }
            drive = Drive::Below;
        } else {
            out.push('/');
            out.push_str(name);
            drive = match (name, drive) {
                ("drive", _) => Drive::Itself,
                ("drives", _) => Drive::Collection,
                (_, Drive::Collection) if is_key => Drive::Itself,
                (_, Drive::Itself | Drive::Below) => Drive::Below,
                _ => Drive::Outside,
            };
        }
        if last.ends_with(':') {
            // The path below the item counts as one more item.
            segments.next();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_names_are_ignored() {
        for (template, wanted) in [
            ("/users/{user-id}/messages", "/users/{}/messages"),
            ("/users('{user-id}')/messages", "/users/{}/messages"),
            (
                "/applications(appId='{appId}')/owners",
                "/applications()/owners",
            ),
            (
                "/me/reminderView(startDateTime='{startDateTime}',endDateTime='{endDateTime}')",
                "/me/reminderView()",
            ),
            ("/users/delta()", "/users/delta()"),
            (
                "/me/drive/root:/{path}:/content",
                "/me/drive/root:/{}:/content",
            ),
            ("", ""),
        ] {
            assert_eq!(without_names(template), wanted);
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1290, microsoftgraph/msgraph-sdk-dotnet#1848.
    #[test]
    fn drive_item_is_the_same_by_any_path() {
        for (path, wanted) in [
            ("/me/drive/root", "/me/drive/items/{}"),
            ("/me/drive/root:/{}:/content", "/me/drive/items/{}/content"),
            ("/drives/{}/root:/{}", "/drives/{}/items/{}"),
            (
                "/drives/{}/items/{}:/{}:/children",
                "/drives/{}/items/{}/children",
            ),
            (
                "/me/drive/special/{}/children",
                "/me/drive/items/{}/children",
            ),
            (
                "/me/drive/items/{}/children/{}/copy",
                "/me/drive/items/{}/copy",
            ),
            (
                "/me/drive/special/{}:/{}:/content",
                "/me/drive/items/{}/content",
            ),
            ("/sites/root", "/sites/root"),
            ("/me/drive/items/{}", "/me/drive/items/{}"),
        ] {
            assert_eq!(by_id(path), wanted, "{path}");
        }
    }

    #[test]
    fn longest_prefix_wins() {
        let facts = OperationMetadata {
            permissions: &[("/a/{} /b", "A;;"), ("/c", "C;;")],
            clouds: &[("", 1), ("/a", 3), ("/a/{}/b", 0)],
        };
        let clouds = |template: &str| facts.clouds(template);
        assert_eq!(clouds("/c"), Some(Clouds::from_bits(1)));
        assert_eq!(clouds("/ab"), Some(Clouds::from_bits(1)));
        assert_eq!(clouds("/a/{x}"), Some(Clouds::from_bits(3)));
        assert_eq!(clouds("/a/{x}/b/c"), Some(Clouds::from_bits(0)));
        let needs =
            |template: &str| Some(facts.permissions(template)?.delegated_work().to_string());
        assert_eq!(needs("/a/{x}").as_deref(), Some("A"));
        assert_eq!(needs("/c").as_deref(), Some("C"));
        assert_eq!(needs("/a"), None);
        let nothing = OperationMetadata {
            permissions: &[],
            clouds: &[],
        };
        assert_eq!(
            (nothing.permissions("/a"), nothing.clouds("/a")),
            (None, None)
        );
    }
}
