//! The parsed address of a request.

use percent_encoding::percent_decode_str;

/// The path below the version, and the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// `v1.0`, `beta`, or `None` if the address has no version.
    pub version: Option<String>,
    /// The decoded segments.
    pub segments: Vec<String>,
    /// The decoded names and values.
    pub query: Vec<(String, String)>,
}

impl Address {
    /// Parses an address: `https://graph.microsoft.com/v1.0/me?$top=5`, `/v1.0/me`, `/me`.
    pub fn new(url: &str) -> Address {
        let url = url.trim();
        let below = url
            .split_once("://")
            .map_or(url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let mut segments: Vec<String> = split(path)
            .into_iter()
            .filter(|segment| !segment.is_empty())
            .map(decoded)
            .collect();
        let is_version = segments.first().is_some_and(|first| {
            first.eq_ignore_ascii_case("beta") || first.eq_ignore_ascii_case("v1.0")
        });
        let version = is_version.then(|| segments.remove(0).to_lowercase());
        Address {
            version,
            segments,
            query: pairs(query),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Returns the segments of a path. A slash between quotes within parentheses does not separate
/// segments.
fn split(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut start, mut quoted, mut depth) = (0, false, 0_usize);
    for (at, sign) in path.char_indices() {
        match sign {
            '\'' if depth > 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            '/' if !quoted => {
                segments.push(&path[start..at]);
                start = at + 1;
                depth = 0;
            }
            _ => {}
        }
    }
    segments.push(&path[start..]);
    segments
}

/// Returns the names and values of a query. An `&` between quotes, or within parentheses, belongs
/// to the value.
fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let mut push = |part: &str| {
        if !part.trim().is_empty() {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decoded(name.trim()), decoded(value)));
        }
    };
    for (at, sign) in query.char_indices() {
        match sign {
            '\'' => quoted = !quoted,
            // An unmatched quote is an apostrophe in a text that is not encoded.
            '&' if !quoted || !query[at..].contains('\'') => {
                push(&query[start..at]);
                start = at + 1;
                quoted = false;
            }
            _ => {}
        }
    }
    push(&query[start..]);
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_into_parts() {
        for (url, version, segments, query) in [
            (
                "https://graph.microsoft.com/v1.0/users/a%40b.c?$select=id,mail&$top=5",
                Some("v1.0"),
                &["users", "a@b.c"][..],
                &[("$select", "id,mail"), ("$top", "5")][..],
            ),
            ("/V1.0/me/", Some("v1.0"), &["me"], &[]),
            ("me", None, &["me"], &[]),
            (
                "/me/drive/root/search(q='a/b (c)')",
                None,
                &["me", "drive", "root", "search(q='a/b (c)')"],
                &[],
            ),
            (
                "/users?$filter=displayName eq 'a & b'&$count=true",
                None,
                &["users"],
                &[("$filter", "displayName eq 'a & b'"), ("$count", "true")],
            ),
            (
                "/users?$search=\"name:O'Brien\"&$top=1",
                None,
                &["users"],
                &[("$search", "\"name:O'Brien\""), ("$top", "1")],
            ),
            ("https://graph.microsoft.com", None, &[], &[]),
        ] {
            let address = Address::new(url);
            assert_eq!(address.version.as_deref(), version, "{url}");
            assert_eq!(address.segments, segments, "{url}");
            let found: Vec<_> = address
                .query
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(found, query, "{url}");
        }
    }
}
