//! What Graph has and its description lost.
//!
//! A graft is one line: a place, and the place whose subtree it leads to; the fold makes it free.

/// Places of drive items below which items are found by their path, and the place of an item.
///
/// <https://learn.microsoft.com/graph/onedrive-addressing-driveitems>: `root:/{path}:` and `items/{id}:/{path}:` stand for
/// an item, with all that an item has.
const PATH_ADDRESSING: &[(&str, &str)] = &[
    (
        "/drives/{drive-id}/root",
        "/drives/{drive-id}/items/{driveItem-id}",
    ),
    (
        "/drives/{drive-id}/items/{driveItem-id}",
        "/drives/{drive-id}/items/{driveItem-id}",
    ),
];

/// Where the method `path` of a place leads to, if it has one.
pub fn path_addressing(place: &str) -> Option<&'static str> {
    PATH_ADDRESSING
        .iter()
        .find(|(of, _)| *of == place)
        .map(|(_, to)| *to)
}
