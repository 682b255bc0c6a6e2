//! The crate's documentation, with the search page beside it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cargo;
use crate::find::Index;
use crate::page;

/// The condition under which the crate's documentation links to the search page. docs.rs has no
/// such page, so there is no link there.
const CONDITION: &str = "--cfg find_page";

/// Builds the documentation with the page in it, checks the page's links, and prints their number.
///
/// # Errors
///
/// Fails if Cargo fails, or if a link is broken.
pub fn run(root: &Path) -> Result<()> {
    build(root)?;
    let openapi = root.join("openapi");
    let docs = folder(root)?;
    let index = Index::read(&openapi)?;
    page::write(&index, &openapi, "", &docs.join(page::FILE))?;
    println!("links {}", check_links(&index, &docs)?);
    Ok(())
}

/// Returns the folder in which Cargo puts the crate's documentation.
///
/// # Errors
///
/// Fails if Cargo does not report the folder.
pub fn folder(root: &Path) -> Result<PathBuf> {
    let target = cargo::target(&cargo::metadata(root)?)?;
    Ok(target.join("doc/msgraph"))
}

/// Builds the documentation of the workspace. `RUSTDOCFLAGS` are kept.
///
/// # Errors
///
/// Fails if Cargo fails.
fn build(root: &Path) -> Result<()> {
    let flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
    let status = cargo::command(root)
        .args(["doc", "--workspace", "--no-deps"])
        // The documentation of `msgraph` has all models.
        .args(["--exclude", "msgraph-models"])
        .args(["--features", "msgraph/notifications"])
        .env("RUSTDOCFLAGS", format!("{flags} {CONDITION}"))
        .status()
        .context("cannot run cargo doc")?;
    ensure!(status.success(), "cargo doc failed");
    Ok(())
}

/// Checks that the documentation has every page that the search page links to, and counts the
/// links.
///
/// # Errors
///
/// Fails if a page is missing. The error names the first missing ones.
fn check_links(index: &Index, docs: &Path) -> Result<usize> {
    let mut missing = Vec::new();
    let mut links = 0;
    let mut models = BTreeSet::new();
    for node in &index.outline.nodes {
        let file = docs.join(node_file(&node.name));
        let html =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for call in &node.calls {
            links += 1;
            if !html.contains(&format!("id=\"method.{}\"", call.method)) {
                missing.push(format!("{}#method.{}", node.name, call.method));
            }
            models.extend([&call.body, &call.answer].into_iter().flatten());
        }
    }
    for model in models {
        links += 1;
        let file = model_file(model);
        if !docs.join(&file).exists() {
            missing.push(file);
        }
    }
    if missing.is_empty() {
        return Ok(links);
    }
    let all = missing.len();
    missing.truncate(10);
    bail!(
        "{all} links of the search page are broken: {}",
        missing.join(", ")
    )
}

/// Returns the page of a node, relative to the folder of the documentation.
fn node_file(name: &str) -> String {
    match name {
        "Graph" => "struct.Graph.html".to_owned(),
        name => format!("nodes/struct.{name}.html"),
    }
}

/// Returns the page of a model, `actions::SendMail`.
fn model_file(model: &str) -> String {
    let (modules, name) = match model.rsplit_once("::") {
        Some((modules, name)) => (format!("{}/", modules.replace("::", "/")), name),
        None => (String::new(), model),
    };
    format!("models/{modules}struct.{name}.html")
}
