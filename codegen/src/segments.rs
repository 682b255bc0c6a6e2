//! The names in Graph's paths, which may be printed when a program wrote out the address.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Writes the names of all path segments as a sorted list: `segments.rs`. Functions are listed by
/// name alone, and keys are left out.
pub(crate) fn write<'p>(paths: impl Iterator<Item = &'p String>) -> String {
    let names: BTreeSet<(String, &str)> = paths
        .flat_map(|path| path.split('/'))
        .filter_map(name)
        .map(|name| (name.to_ascii_lowercase(), name))
        .collect();
    let mut out = String::from(
        "/// The names of Graph's path segments, in the order of their lower-case forms.\n\
         pub(crate) const SEGMENTS: &[&str] = &[",
    );
    let mut last = "";
    for (lower, name) in &names {
        if lower != last {
            let _ = write!(out, "{name:?},");
        }
        last = lower;
    }
    out.push_str("];\n");
    out
}

/// Returns the name of a segment without the arguments of a function, or `None` for a key.
fn name(segment: &str) -> Option<&str> {
    let name = segment.split(['(', ':']).next().unwrap_or_default();
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_.$".contains(sign);
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_once_and_in_order() {
        let paths = [
            "/users/{user-id}/mailFolders/{mailFolder-id}/messages/$count",
            "/users/{user-id}/reminderView(StartDateTime='{StartDateTime}')",
            "/applications(appId='{appId}')",
            "/groups/{group-id}/members/{directoryObject-id}/graph.user",
            "/Users/{user-id}",
        ]
        .map(str::to_owned);
        let text = write(paths.iter());
        let list = text.split("&[").nth(2).unwrap();
        assert_eq!(
            list,
            "\"$count\",\"applications\",\"graph.user\",\"groups\",\"mailFolders\",\"members\",\
             \"messages\",\"reminderView\",\"Users\",];\n"
        );
    }
}
