//! Command line of the project's tools.

use std::env;
use std::ffi::OsString;
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use lexopt::prelude::*;
use xtask::diff::{self, Side};
use xtask::document::Document;
use xtask::{check, folder, pin, stats};

const USAGE: &str = "\
cargo xtask trim DOCUMENT [--out DIR] [--source TEXT]
    Turns Graph's OpenAPI description (JSON, plain or .xz) into its trimmed form: names, paths and types.
    DIR is openapi/ unless given. TEXT says where the document is from, for the pin.

cargo xtask check [--document DOCUMENT] [--dir DIR]
    Checks that openapi/ (or DIR) is what trim makes of the pinned document, and that each of its operations is there.
    The document is DOCUMENT, or what MSGRAPH_OPENAPI names, or ../shared/graph/<file of the pin>.xz; where there is
    none, openapi/ is checked against its pin alone.

cargo xtask stats [--json] [--dir DIR]
    Counts operations, places, and what is left of them once equal ones are one.

cargo xtask diff [--json] OLD NEW
    What changes for users of the crate from OLD to NEW, each a document or a trimmed folder: what breaks a program, what
    does not, and why. It is Markdown for the changelog, with one line of figures at its end; or JSON, a change an item.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        Some(Value(command)) => match command.to_str() {
            Some("trim") => run_trim(&Arguments::parse(parser, &["out", "source"], 1)?),
            Some("check") => run_check(&Arguments::parse(parser, &["document", "dir"], 0)?),
            Some("stats") => run_stats(&Arguments::parse(parser, &["json", "dir"], 0)?),
            Some("diff") => run_diff(&Arguments::parse(parser, &["json"], 2)?),
            Some("help") => {
                print!("{USAGE}");
                Ok(())
            }
            _ => bail!("no such tool: {}\n\n{USAGE}", command.to_string_lossy()),
        },
        Some(Long("help") | Short('h')) => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("which tool?\n\n{USAGE}"),
    }
}

fn run_trim(arguments: &Arguments) -> Result<()> {
    let [document] = arguments.values.as_slice() else {
        bail!("which document?\n\n{USAGE}");
    };
    let (out, strict) = folder(arguments, "out")?;
    let document = Document::read(Path::new(document))?;
    let trimmed = folder::make(document, arguments.text("source")?, strict)?;
    folder::replace(&trimmed.files, &out)?;
    for (name, count) in &trimmed.report.fixups {
        println!("fixup {name} matched {count}");
    }
    let bytes: usize = trimmed.files.values().map(String::len).sum();
    println!(
        "{}: {} files, {bytes} bytes, {} bodies of actions, {} schemas left out, {} kept by roots",
        out.display(),
        trimmed.files.len(),
        trimmed.report.bodies,
        trimmed.report.reach.unreachable,
        trimmed.report.reach.kept_by_roots
    );
    Ok(())
}

fn run_check(arguments: &Arguments) -> Result<()> {
    let (folder, strict) = folder(arguments, "dir")?;
    let named = arguments
        .path("document")
        .or_else(|| env::var_os("MSGRAPH_OPENAPI").map(PathBuf::from));
    let document = match named {
        Some(path) => {
            ensure!(path.exists(), "{} is not there", path.display());
            Some(path)
        }
        None => {
            let file = pin::Pin::read(&folder)?.document.file;
            let beside = root().join("../shared/graph").join(format!("{file}.xz"));
            beside.exists().then_some(beside)
        }
    };
    let checked = check::check(&folder, document.as_deref(), strict)?;
    println!("{} files are as their pin has them", checked.files);
    match checked.document {
        Some((path, operations)) => println!(
            "they are what trim makes of {}, and its {operations} operations are all there",
            path.display()
        ),
        None => println!(
            "skipped: the pinned document is not at hand, so nothing was compared with it (--document names it)"
        ),
    }
    Ok(())
}

fn run_stats(arguments: &Arguments) -> Result<()> {
    let (folder, _) = folder(arguments, "dir")?;
    let stats = stats::stats(&folder)?;
    if arguments.has("json") {
        println!("{}", stats.to_json());
    } else {
        println!("{}", stats.line());
    }
    Ok(())
}

fn run_diff(arguments: &Arguments) -> Result<()> {
    let [old, new] = arguments.values.as_slice() else {
        bail!("which two descriptions?\n\n{USAGE}");
    };
    let old = Side::read(Path::new(old))?;
    let new = Side::read(Path::new(new))?;
    let diff = diff::diff(&old, &new)?;
    if arguments.has("json") {
        println!("{}", diff.to_json());
    } else {
        println!("{}\n{}", diff.markdown(), diff.line());
    }
    Ok(())
}

/// The folder that an option names, or else openapi/, and whether it is openapi/: what the crate is made of is held to more
/// than what somebody looks at.
fn folder(arguments: &Arguments, option: &str) -> Result<(PathBuf, bool)> {
    let home = root().join("openapi");
    let folder = match arguments.path(option) {
        Some(folder) => path::absolute(folder)?,
        None => home.clone(),
    };
    let strict = folder == home;
    Ok((folder, strict))
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// What stands behind the name of the tool.
struct Arguments {
    values: Vec<OsString>,
    options: Vec<(String, Option<OsString>)>,
}

impl Arguments {
    /// Options that stand for themselves; all others have a value.
    const FLAGS: &[&str] = &["json"];

    fn parse(mut parser: lexopt::Parser, known: &[&str], values: usize) -> Result<Arguments> {
        let mut arguments = Arguments {
            values: Vec::new(),
            options: Vec::new(),
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Long(name) if known.contains(&name) => {
                    let name = name.to_owned();
                    let value = match Arguments::FLAGS.contains(&name.as_str()) {
                        true => None,
                        false => Some(parser.value()?),
                    };
                    arguments.options.push((name, value));
                }
                Value(value) if arguments.values.len() < values => arguments.values.push(value),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(arguments)
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(of, _)| of == name)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    fn text(&self, name: &str) -> Result<Option<&str>> {
        self.value(name)
            .map(|value| {
                value
                    .to_str()
                    .with_context(|| format!("--{name} is no text"))
            })
            .transpose()
    }

    /// The last one given.
    fn value(&self, name: &str) -> Option<&OsString> {
        let mut given = self.options.iter().rev();
        given.find_map(|(of, value)| (of == name).then_some(value.as_ref()).flatten())
    }
}
