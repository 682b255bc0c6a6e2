//! The public API of a small package.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};
use xtask::api::{self, Surface};

/// Makes a package with this library.
fn package(library: &str) -> TempDir {
    let folder = tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"small-one\"\nedition = \"2024\"\n[workspace]\n\
         [features]\nmore = []\n[package.metadata.docs.rs]\nfeatures = [\"more\"]\n",
    );
    write("src/lib.rs", library);
    folder
}

fn surface(root: &Path) -> Surface {
    api::of_package(root, "small-one", |line| line.contains("::left_out")).expect("an API")
}

#[test]
fn surface_has_what_macros_write() {
    let folder = package(
        "macro_rules! of { ($name:ident) => {
             #[derive(Clone)]
             pub struct $name(u8);
             impl $name { pub fn verify(&self, of: u8) -> bool { self.0 == of } }
         } }
         of!(Seal);
         #[cfg(feature = \"more\")]
         pub fn more() {}
         #[doc(hidden)]
         pub fn hidden() {}
         pub fn left_out() {}",
    );
    let Surface { text, repeated } = surface(folder.path());
    assert_eq!(
        text,
        "pub mod small_one\n\
         pub struct small_one::Seal(_)\n\
         impl small_one::Seal\n\
         pub fn small_one::Seal::verify(&self, of: u8) -> bool\n\
         impl core::clone::Clone for small_one::Seal\n\
         pub fn small_one::more()\n"
    );
    assert_eq!(repeated, [""; 0]);
}

#[test]
fn item_at_two_documented_paths_is_reported() {
    let folder = package(
        "pub mod within { pub struct Twice; pub struct Once; }
         pub use within::Twice;
         #[doc(hidden)]
         pub use within::Once;",
    );
    assert_eq!(
        surface(folder.path()).repeated,
        ["small_one::Twice and small_one::within::Twice"]
    );
}
