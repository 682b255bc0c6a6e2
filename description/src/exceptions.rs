//! Exceptions from the naming rule, which would give these names twice.
//!
//! An entry is needed only if Graph has two names that differ in case or punctuation alone. Each
//! entry states its reason.

/// The scope, Graph's name, and the name in Rust.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // Graph declares `remote_Control_Software` beside `remoteControlSoftware`, an older spelling of
    // the same word.
    (
        "microsoft.graph.windowsMalwareCategory",
        "remote_Control_Software",
        "RemoteControlSoftwareOld",
    ),
    // The body of the action `clone` of a team would have the name of Rust's trait.
    ("models", "actions.clone", "CloneTeam"),
    // The action that registers printers is called `create`, and the collection takes POST as well.
    (
        "/print/printers",
        "/print/printers/create",
        "create_printer",
    ),
    (
        "/print/printers",
        "/print/printers/microsoft.graph.create",
        "create_printer",
    ),
    // A name from the description of 2022: a policy set has an action `update` beside PATCH (in
    // beta only).
    (
        "/deviceAppManagement/policySets/{policySet-id}",
        "/deviceAppManagement/policySets/{policySet-id}/microsoft.graph.update",
        "update_policy_set",
    ),
    // In 2022, collections of a workbook had OData's `$count` beside their own function `count()`.
    // Today they have the function alone, so the function keeps the name.
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables/{workbookTable-id}/columns",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables/{workbookTable-id}/columns/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables/{workbookTable-id}/rows",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/tables/{workbookTable-id}/rows/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/\
         charts/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/\
         charts/{workbookChart-id}/series",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/\
         charts/{workbookChart-id}/series/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/\
         charts/{workbookChart-id}/series/{workbookChartSeries-id}/points",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/\
         charts/{workbookChart-id}/series/{workbookChartSeries-id}/points/$count",
        "odata_count",
    ),
];

/// Returns the replacement for the rule's name, if the table has one.
pub fn exception(scope: &str, name: &str) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .find(|(in_scope, of, _)| *in_scope == scope && *of == name)
        .map(|(_, _, instead)| *instead)
}
