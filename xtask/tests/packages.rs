//! The files that Cargo packs into a published crate.

use std::path::Path;
use std::process::Command;

/// Returns the paths of the files in a package.
fn packed(package: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let output = Command::new(env!("CARGO"))
        .current_dir(root.expect("the workspace"))
        .args(["package", "--list", "--allow-dirty", "--package", package])
        .output()
        .expect("Cargo");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let list = String::from_utf8(output.stdout).expect("text");
    list.lines().map(|path| path.replace('\\', "/")).collect()
}

#[test]
fn simulator_package_holds_its_description() {
    let files = packed("msgraph-simulator");
    let paths = files.iter().filter(|file| {
        let name = file.strip_prefix("openapi/paths/");
        name.is_some_and(|name| name.ends_with(".json"))
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/paths");
    let described = std::fs::read_dir(folder).expect("the description").count();
    assert_eq!(paths.count(), described);
    for file in [
        "README.md",
        "build.rs",
        "openapi/grafts.json",
        "openapi/schemas.json",
    ] {
        assert!(files.iter().any(|packed| packed == file), "{file}");
    }
}
