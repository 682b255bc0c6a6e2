//! The header `ConsistencyLevel: eventual`, which a call sends when its query needs it.
//!
//! Graph's directory serves simple queries from its store. It serves the others, "advanced
//! queries", from an index that lags behind. The caller has to agree to the lag, with a header and
//! in most cases with `$count=true`. Without them, Graph responds with 400, or leaves out the count
//! without any notice. <https://learn.microsoft.com/graph/aad-advanced-queries>

use super::operation::RequestBuilder;

/// The consistency that the response of a directory query has to have.
///
/// A call sends `ConsistencyLevel: eventual`, together with `$count=true`, when its query needs
/// them:
///
/// - for `$search` and `$count`;
/// - for `ne`, `not`, `endsWith` and `$count` in a filter;
/// - for a filter with an order;
/// - for an order by anything but the names of users and groups;
/// - for casts.
///
/// A query does not show which properties Graph can filter without its index. If Graph refuses a
/// filter for that reason, `.count(true)` makes the query an advanced one.
///
/// This enum overrides the automatic choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsistencyLevel {
    /// `eventual`: the response may lag behind the last writes. Advanced queries need it.
    Eventual,
    /// No header, even if the query needs it.
    Unset,
}

/// The parts of advanced queries that the description allows for an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Advanced {
    /// Set to `true` if the operation has the header `ConsistencyLevel`.
    pub(crate) header: bool,
    /// Set to `true` if the operation has `$count`.
    pub(crate) count: bool,
}

/// The header name in lower case, which `HeaderName::from_static` requires.
const HEADER: &str = "consistencylevel";

/// The additions that a query needs.
#[derive(Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    Header,
    HeaderAndCount,
}

/// Sets the header as the caller chose.
pub(super) fn set(operation: &mut RequestBuilder, level: ConsistencyLevel) {
    match level {
        ConsistencyLevel::Eventual => operation.set_header(HEADER, "eventual"),
        // An empty value marks that the caller decided. `apply` removes it.
        ConsistencyLevel::Unset => operation.set_header(HEADER, ""),
    }
}

/// Adds the header and the count that the query needs, unless the caller decided.
pub(super) fn apply(operation: &mut RequestBuilder, advanced: Advanced) {
    let decided = operation
        .headers()
        .get(HEADER)
        .map(|level| level.as_bytes().to_owned());
    match decided.as_deref() {
        Some(b"") => return operation.remove_header(HEADER),
        Some(level) if !level.eq_ignore_ascii_case(b"eventual") => return,
        Some(_) => {}
        None if !advanced.header => return,
        None => {}
    }
    let need = need(operation);
    if need == Need::Nothing {
        return;
    }
    if decided.is_none() {
        operation.set_header(HEADER, "eventual");
    }
    if need == Need::HeaderAndCount && advanced.count && operation.get_query("$count").is_none() {
        operation.set("$count".into(), "true".to_owned());
    }
}

/// Returns the additions that a query needs, from the table of the page above. `$count=true` is not
/// needed beside `$search` and the `/$count` segment.
fn need(operation: &RequestBuilder) -> Need {
    let last = operation.template().rsplit('/').next().unwrap_or_default();
    if !operation.has_query() && last != "$count" {
        return Need::Nothing;
    }
    let filter = operation.get_query("$filter");
    let order = operation.get_query("$orderby");
    let cast =
        (last.starts_with("graph.") || last.starts_with("microsoft.graph.")) && !last.contains('(');
    if last == "$count" || operation.get_query("$search").is_some() {
        Need::Header
    } else if cast
        || filter.is_some_and(is_advanced_filter)
        || order
            .is_some_and(|order| filter.is_some() || is_advanced_order(order, operation.template()))
    {
        Need::HeaderAndCount
    } else if operation.get_query("$count") == Some("true") {
        Need::Header
    } else {
        Need::Nothing
    }
}

/// Checks whether a filter uses `ne`, `not`, `endsWith` or `$count` outside of its literals.
fn is_advanced_filter(filter: &str) -> bool {
    // A doubled quote inside a literal ends the literal and starts the next one at once. The pieces
    // outside of literals are therefore the first, the third and so on.
    filter.split('\'').step_by(2).any(|piece| {
        piece
            .split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_' || sign == '$'))
            .any(|word| {
                ["ne", "not", "endswith", "$count"]
                    .iter()
                    .any(|advanced| word.eq_ignore_ascii_case(advanced))
            })
    })
}

/// Checks whether an order needs the index. Every order does, except by the names of users and
/// groups.
fn is_advanced_order(order: &str, template: &str) -> bool {
    let plain: &[&str] = match template {
        "/users" => &["displayName", "userPrincipalName"],
        "/groups" => &["displayName"],
        _ => &[],
    };
    order
        .split(',')
        .filter_map(|item| item.split_whitespace().next())
        .any(|property| !plain.contains(&property))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advanced_filters_are_recognized_by_operators() {
        for filter in [
            "userType ne 'Guest'",
            "NOT startswith(displayName,'a')",
            "not(startswith(displayName,'a'))",
            "endsWith(mail,'@contoso.com')",
            "endswith(mail,'@contoso.com')",
            "assignedLicenses/$count eq 0",
            "displayName eq 'O''Brien' and mail ne null",
        ] {
            assert!(is_advanced_filter(filter), "{filter}");
        }
        for filter in [
            "displayName eq 'Adele'",
            "displayName eq 'not ne endswith(a) $count'",
            "displayName eq 'it''s ne '''",
            "startswith(notes,'a') and one eq 1",
            "id in ('a','b')",
        ] {
            assert!(!is_advanced_filter(filter), "{filter}");
        }
    }

    #[test]
    fn users_and_groups_sort_by_name_without_index() {
        assert!(!is_advanced_order("displayName", "/users"));
        assert!(!is_advanced_order(
            "displayName desc,userPrincipalName",
            "/users"
        ));
        assert!(!is_advanced_order("displayName asc", "/groups"));
        assert!(is_advanced_order("createdDateTime desc", "/users"));
        assert!(is_advanced_order("displayName,createdDateTime", "/users"));
        assert!(is_advanced_order(
            "displayName",
            "/groups/{group-id}/members"
        ));
    }
}
