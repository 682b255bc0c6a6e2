//! The packages that are built.

use std::fs;
use std::path::Path;

use anyhow::Result;
use msgraph_codegen::{Description, baseline};

/// The dependencies of progenitor's output.
const BASELINE_DEPENDENCIES: &str = r#"
bytes = "1"
chrono = { version = "0.4", features = ["serde"] }
futures = "0.3"
progenitor-client = "0.15"
regress = "0.10"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
uuid = { version = "1", features = ["serde"] }
"#;

/// Writes an application that makes one call. `selection` is the rest of the dependency on msgraph.
pub fn application(folder: &Path, root: &Path, selection: &str) -> Result<()> {
    write(
        folder,
        &format!(
            "msgraph = {{ path = {root:?}{selection} }}\n\
             tokio = {{ version = \"1\", features = [\"full\"] }}\n"
        ),
        "main.rs",
        r#"use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;

#[tokio::main]
async fn main() -> msgraph::Result<()> {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    println!("{:?}", graph.me().get().await?);
    Ok(())
}
"#,
    )
}

/// Writes the same application with graph-rs-sdk.
pub fn peer(folder: &Path) -> Result<()> {
    write(
        folder,
        "graph-rs-sdk = \"=3.0.1\"\n\
         serde_json = \"1\"\n\
         tokio = { version = \"1\", features = [\"full\"] }\n",
        "main.rs",
        r#"use graph_rs_sdk::GraphClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = GraphClient::new("token");
    let me: serde_json::Value = graph.me().get_user().send().await?.json().await?;
    println!("{me}");
    Ok(())
}
"#,
    )
}

/// Writes a library of progenitor's unchanged output for the same operations.
pub fn progenitor(folder: &Path, root: &Path) -> Result<()> {
    let description = Description::read(&root.join("openapi"))?;
    write(
        folder,
        BASELINE_DEPENDENCIES,
        "lib.rs",
        &baseline(&description)?,
    )
}

/// Writes a library of the generated code for another description.
pub fn other(folder: &Path, root: &Path, description: &Path) -> Result<()> {
    let codegen = root.join("codegen");
    write(
        folder,
        &format!(
            "msgraph = {{ path = {root:?} }}\n\n\
             [build-dependencies]\nmsgraph-codegen = {{ path = {codegen:?} }}\n"
        ),
        "lib.rs",
        "msgraph::generated!(\"beta\");\n",
    )?;
    let build = format!(
        "fn main() -> std::process::ExitCode {{\n    msgraph_codegen::build({description:?})\n}}\n"
    );
    fs::write(folder.join("build.rs"), build)?;
    Ok(())
}

/// Writes a package of one file.
fn write(folder: &Path, dependencies: &str, file: &str, source: &str) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}"
        ),
    )?;
    fs::write(folder.join("src").join(file), source)?;
    Ok(())
}
