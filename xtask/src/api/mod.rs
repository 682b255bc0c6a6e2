//! The library's public API as text, which is compared with the accepted text.
//!
//! rustdoc's JSON has each item that users can reach, including those that macros write, and
//! excluding hidden ones. The generated modules have a hundred thousand items. They are left out
//! here, and `tests/public_api.rs` keeps them in short form.

mod rustdoc;
mod surface;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use similar::TextDiff;

pub use surface::Surface;

/// The file with the accepted text, below the root of the workspace.
pub const FILE: &str = "xtask/assets/public-api.txt";

/// The packages whose public items are the library's. `msgraph` exports those of the others.
const PACKAGES: [&str; 3] = ["msgraph", "msgraph-auth", "msgraph-core"];

/// The modules of the crate that hold generated code.
const GENERATED: [&str; 3] = [
    "msgraph::models::",
    "msgraph::nodes::",
    "msgraph::options::",
];

/// Compares the public API of the library with the accepted text, or accepts it as it is. Prints
/// the number of items.
///
/// # Errors
///
/// Fails if the API differs from the accepted text, with the differences. Fails if an item has two
/// documented paths.
pub fn run(root: &Path, accept: bool) -> Result<()> {
    let mut surface = Surface::default();
    for package in PACKAGES {
        surface.extend(of_package(root, package, is_generated)?);
    }
    ensure!(
        surface.repeated.is_empty(),
        "each item of the public API needs exactly one documented path, but these have \
         several:\n  {}",
        surface.repeated.join("\n  ")
    );
    let file = root.join(FILE);
    if accept {
        fs::write(&file, &surface.text)
            .with_context(|| format!("cannot write {}", file.display()))?;
    } else {
        let accepted =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if let Some(diff) = difference(&accepted, &surface.text) {
            bail!(
                "the public API differs from {FILE} (`cargo xtask api --accept` accepts \
                 it):\n{diff}"
            );
        }
    }
    println!("public items {}", surface.text.lines().count());
    Ok(())
}

/// Returns the public API of a package, without the lines for which `is_left_out` returns `true`.
///
/// # Errors
///
/// Fails if rustdoc fails, or if it writes another format than this program reads.
pub fn of_package(
    root: &Path,
    package: &str,
    is_left_out: impl Fn(&str) -> bool,
) -> Result<Surface> {
    Surface::read(&rustdoc::json(root, package)?, is_left_out)
}

/// Returns whether a line is about an item of generated code.
fn is_generated(line: &str) -> bool {
    // The methods of `Graph` that lead into Graph's tree.
    if line.contains(") -> msgraph::nodes::") {
        return true;
    }
    let about = match line.rsplit_once(" for ") {
        Some((implementation, of)) if implementation.starts_with("impl") => of,
        _ => line,
    };
    let path = about.find("msgraph::").map_or("", |at| &about[at..]);
    GENERATED.iter().any(|module| path.starts_with(module))
}

/// Returns the differences between two texts, with a little context, or `None` if they are equal.
fn difference(accepted: &str, now: &str) -> Option<String> {
    if accepted == now {
        return None;
    }
    let diff = TextDiff::from_lines(accepted, now);
    let mut shown = diff.unified_diff();
    shown.context_radius(2).header("accepted", "now");
    Some(shown.to_string())
}

#[cfg(test)]
mod tests {
    use super::{difference, is_generated};

    #[test]
    fn difference_shows_removed_and_added_lines() {
        assert_eq!(difference("pub fn a()\n", "pub fn a()\n"), None);
        let shown = difference("pub fn a()\npub fn b()\n", "pub fn a()\npub fn c()\n");
        let shown = shown.expect("a difference");
        assert!(
            shown.ends_with(" pub fn a()\n-pub fn b()\n+pub fn c()\n"),
            "{shown}"
        );
    }

    #[test]
    fn generated_items_are_told_from_others() {
        for line in [
            "pub struct msgraph::models::User",
            "pub const msgraph::models::User::ID: msgraph::model::Property<Self, String>",
            "impl msgraph::Model for msgraph::models::User",
            "pub fn msgraph::Graph::me(&self) -> msgraph::nodes::Me",
        ] {
            assert!(is_generated(line), "{line}");
        }
        for line in [
            "pub mod msgraph::models",
            "pub fn msgraph::Graph::follow(&self, of: &msgraph::models::Subscription)",
            "impl core::convert::From<msgraph::models::User> for msgraph::auth::Account",
        ] {
            assert!(!is_generated(line), "{line}");
        }
    }
}
