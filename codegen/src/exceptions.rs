//! Names that the rule would give twice, and what they are called instead.
//!
//! An entry is needed only where Graph has two names that differ by case or punctuation alone. Each says why.

/// Where, Graph's name, and the name that it has in Rust.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // Graph declares `remote_Control_Software` beside `remoteControlSoftware`, an older spelling of the same word.
    (
        "microsoft.graph.windowsMalwareCategory",
        "remote_Control_Software",
        "RemoteControlSoftwareOld",
    ),
    // The body of the action `clone` of a team: Rust's trait has the name.
    ("models", "actions.clone", "CloneTeam"),
    // Printers are registered by an action that is called `create`, and the collection takes POST as well.
    (
        "/print/printers",
        "/print/printers/create",
        "create_printer",
    ),
];

/// The name that stands in for the rule's, if the table has one.
pub fn exception(scope: &str, name: &str) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .find(|(in_scope, of, _)| *in_scope == scope && *of == name)
        .map(|(_, _, instead)| *instead)
}
