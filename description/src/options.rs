//! The options of calls that the runtime has a method for.

/// The options that the runtime knows, by their name on the wire, with the trait of each.
pub const KNOWN: &[(&str, &str)] = &[
    ("$select", "HasSelect"),
    ("$expand", "HasExpand"),
    ("$filter", "HasFilter"),
    ("$search", "HasSearch"),
    ("$orderby", "HasOrderBy"),
    ("$top", "HasTop"),
    ("$skip", "HasSkip"),
    ("$count", "HasCount"),
    ("ConsistencyLevel", "HasConsistencyLevel"),
    ("If-Match", "HasIfMatch"),
];

/// Returns whether the runtime has a dedicated method for the option, so that it need not be
/// lowered.
pub fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}
