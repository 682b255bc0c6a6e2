//! The project's own tools: `cargo xtask help` lists them.

mod document;
mod fixups;
mod json;
mod names;
mod pointer;
mod schema;
mod trim;
mod write;

use std::path::PathBuf;
use std::time::Instant;

fn main() { if let Err(e) = run() { eprintln!("error: {e:#}"); std::process::exit(1) } }
fn run() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(2);
    let path = PathBuf::from(args.next().unwrap_or_default());
    let out = PathBuf::from(args.next().unwrap_or_else(|| "openapi".to_owned()));
    let start = Instant::now();
    let mut document = document::Document::read(&path)?;
    eprintln!("read {:?}", start.elapsed());
    let description = trim::trim(&mut document.json, false)?;
    eprintln!("trimmed {:?} {:?}", start.elapsed(), description.report);
    let files = write::files(&description);
    let mut total = 0;
    for (name, text) in &files {
        total += text.len();
        let path = out.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&out))?;
        std::fs::write(path, text)?;
    }
    let operations: usize = description.paths.values().map(|item| item.operations.len()).sum();
    eprintln!("{:?} files {} bytes {total} operations {operations} paths {} schemas {} sha {} {}", start.elapsed(), files.len(), description.paths.len(), description.schemas.len(), document.sha256, document.file);
    Ok(())
}
