//! The template of an address that a program wrote: the part that errors and traces may print.

use super::raw::is_absolute;
use crate::generated::SEGMENTS;

/// Returns the template of an address, in which Graph's own names stay. Anything else may be an id,
/// a user's name, a file name or a sharing token, and is not printed in errors and traces.
///
/// A word looks the same whether it is a name of Graph's or a user's. Only names in Graph's
/// description of v1.0 stay. A segment that only beta has becomes `{id}` as well.
pub(crate) fn template(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((_, rest)) if is_absolute(address) => {
            rest.split_once('/').map_or("", |(_, path)| path)
        }
        _ => path.trim_start_matches('/'),
    };
    let mut template = String::with_capacity(path.len());
    let mut below = false;
    for (number, segment) in path.split('/').enumerate() {
        let (name, colon) = match segment.strip_suffix(':') {
            Some(name) => (name, ":"),
            None => (segment, ""),
        };
        if below {
            below = colon.is_empty();
            if !template.ends_with("{path}") {
                template.push_str("/{path}");
            }
            template.push_str(colon);
            continue;
        }
        template.push('/');
        match name.split_once('(') {
            Some((function, arguments)) if is_name(function) => {
                template.push_str(function);
                template.push_str(if arguments == ")" { "()" } else { "(…)" });
            }
            None if name.is_empty() || is_name(name) || number == 0 && is_version(name) => {
                template.push_str(name);
            }
            _ => template.push_str("{id}"),
        }
        template.push_str(colon);
        below = !colon.is_empty();
    }
    template
}

fn is_version(segment: &str) -> bool {
    matches!(segment, "v1.0" | "beta")
}

/// Checks whether a segment is a name of Graph's, in any case: `mailFolders`, `$count`,
/// `graph.user`.
fn is_name(segment: &str) -> bool {
    if matches!(
        segment,
        "$batch" | "$count" | "$metadata" | "$ref" | "$value"
    ) {
        return true;
    }
    // The description has casts without the first part of their names, and actions of other
    // namespaces with it.
    let short = segment.strip_prefix("microsoft.").unwrap_or(segment);
    [segment, short].iter().any(|name| {
        let name = name.to_ascii_lowercase();
        SEGMENTS
            .binary_search_by(|there| there.to_ascii_lowercase().as_str().cmp(&name))
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_keeps_only_graphs_names() {
        for (address, wanted) in [
            ("/users", "/users"),
            ("users/$count?$filter=a", "/users/$count"),
            (
                "/users/adele@contoso.com/mailFolders/AAMkAD=/messages",
                "/users/{id}/mailFolders/{id}/messages",
            ),
            ("/users/adele/messages", "/users/{id}/messages"),
            ("/groups/secretproject/members", "/groups/{id}/members"),
            ("/users/johnDoe", "/users/{id}"),
            ("/users/$hidden", "/users/{id}"),
            (
                "/me/mailfolders/inbox/messages",
                "/me/mailfolders/{id}/messages",
            ),
            (
                "/me/drive/root:/Reports/2026.xlsx:/content",
                "/me/drive/root:/{path}:/content",
            ),
            ("/me/drive/root:/a/b", "/me/drive/root:/{path}"),
            (
                "/sites/contoso.sharepoint.com:/sites/hr:/lists",
                "/sites/{id}:/{path}:/lists",
            ),
            ("/me/reminderView(StartDateTime='x')", "/me/reminderView(…)"),
            ("/users('adele')/messages", "/users(…)/messages"),
            ("/adele(secret)", "/{id}"),
            ("/users/delta()", "/users/delta()"),
            ("/security/alerts_v2/1", "/security/alerts_v2/{id}"),
            (
                "/groups/1/members/graph.user",
                "/groups/{id}/members/graph.user",
            ),
            (
                "/groups/1/members/microsoft.graph.user",
                "/groups/{id}/members/microsoft.graph.user",
            ),
            ("/users/graph.adele", "/users/{id}"),
            ("/beta/users/beta", "/beta/users/{id}"),
            ("https://graph.microsoft.com/v1.0/me?a=b", "/v1.0/me"),
            ("https://graph.microsoft.com", "/"),
            ("/shares/u!aHR0cHM6Ly8/driveItem", "/shares/{id}/driveItem"),
            ("/users/87d349ed-44d7-43e1-9a83-5f2406dee5bd", "/users/{id}"),
            ("/users/a1b2c3d4e5f6", "/users/{id}"),
        ] {
            assert_eq!(template(address), wanted);
        }
    }

    #[test]
    fn list_of_segment_names_is_sorted() {
        let lower: Vec<_> = SEGMENTS
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect();
        assert!(lower.is_sorted());
        assert!(lower.len() > 1000);
    }
}
