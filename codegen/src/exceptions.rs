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
    (
        "/print/printers",
        "/print/printers/microsoft.graph.create",
        "create_printer",
    ),
    // The words of 2022: a policy set has an action `update` beside PATCH (beta alone).
    (
        "/deviceAppManagement/policySets/{policySet-id}",
        "/deviceAppManagement/policySets/{policySet-id}/microsoft.graph.update",
        "update_policy_set",
    ),
    // In 2022 collections of a workbook had OData's `$count` beside their own function `count()`; today they have the function
    // alone, which is therefore the one that keeps the name.
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
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts/{workbookChart-id}/series",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts/{workbookChart-id}/series/$count",
        "odata_count",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts/{workbookChart-id}/series/{workbookChartSeries-id}/points",
        "/drives/{drive-id}/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/charts/{workbookChart-id}/series/{workbookChartSeries-id}/points/$count",
        "odata_count",
    ),
];

/// The name that stands in for the rule's, if the table has one.
pub fn exception(scope: &str, name: &str) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .find(|(in_scope, of, _)| *in_scope == scope && *of == name)
        .map(|(_, _, instead)| *instead)
}
