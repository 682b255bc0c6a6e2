//! The `rust-version` that `Cargo.toml` states.
//!
//! No other toolchain is available in CI, so two checks replace it. No dependency in `Cargo.lock`
//! requires a later Rust, and our own code uses no later API (clippy's `incompatible_msrv`).

use std::process::Command;

use serde_json::Value;

fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<_> = text
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn no_dependency_needs_a_later_rust() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let stated = packages
        .iter()
        .find(|package| package["name"] == "msgraph")
        .and_then(|package| package["rust_version"].as_str())
        .expect("our own rust-version");
    let later: Vec<_> = packages
        .iter()
        .filter(|package| {
            let needed = package["rust_version"].as_str();
            needed.is_some_and(|needed| version(needed) > version(stated))
        })
        .map(|package| format!("{} {}", package["name"], package["rust_version"]))
        .collect();
    assert!(later.is_empty(), "later than {stated}: {later:?}");
    assert!(packages.len() > 100, "only {} packages", packages.len());
}
