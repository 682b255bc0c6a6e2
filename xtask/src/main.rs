//! The command line of the project's tools.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{self, Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use lexopt::prelude::*;
use xtask::diff::{self, Side};
use xtask::document::Document;
use xtask::facts::{self, Kind, Original};
use xtask::fetch::{self, Hosts, Version, Wanted};
use xtask::folder::FactsFrom;
use xtask::part::Part;
use xtask::{
    api, areas, check, dependencies, docs, find, folder, language, needs, page, pin, snippet, stats,
};

const USAGE: &str = "\
cargo xtask trim DOCUMENT [--only PATH]... [--out DIR] [--source TEXT] [--permissions FILE]
                 [--clouds FILE]
    Trims Graph's OpenAPI description (JSON or YAML, plain or .xz) to names, paths and types.
    --only keeps these paths (/me/messages), the paths below them, and the schemas that they
    need. --out is the output folder (default: openapi/). --source states the document's source
    in the pin. --permissions and --clouds are Graph's lists; without them, the folder keeps the
    lists that it has.

cargo xtask fetch [v1.0|beta] [--commit COMMIT] [--sha256 DIGEST] [--out FILE] [--dir DIR]
    Downloads the newest description, or that of a commit, from Microsoft's repository into FILE
    (default: graph-<version>.yaml). Checks it against DIGEST and against the pin in DIR. Prints
    its source as `trim --source` takes it. If only the CSDL is new, prints how to convert it to
    OpenAPI. --api URL and --files URL replace GitHub's servers. GITHUB_TOKEN raises GitHub's
    rate limit.

cargo xtask check [--document DOCUMENT] [--permissions FILE] [--clouds FILE] [--dir DIR]
    Checks that openapi/ (or DIR) is the output of trim for the pinned document, and contains
    all of its operations. The document is DOCUMENT, else the file in MSGRAPH_OPENAPI, else
    ../shared/graph/<file of the pin>.xz. Without a document, checks openapi/ only against its
    pin. Checks the lists of permissions and clouds in the same way. Without DIR, also checks
    the dependencies (deny.toml) and the language (CONTRIBUTING.md).

cargo xtask areas
    Checks that the crate compiles without warnings with each area of Graph alone, and with none.

cargo xtask stats [--json] [--dir DIR]
    Counts the operations and places, before and after equal ones are merged.

cargo xtask diff [--json] OLD NEW
    Lists the changes for users of the crate from OLD to NEW, each a document or a trimmed
    folder: breaking changes, other changes, and the reasons. Prints Markdown for the changelog
    and one line of figures. --json prints one object for each change.

cargo xtask snippet FILE [--run] [--json] [--dir DIR]
    Writes idiomatic Rust for each request of FILE, a list of {method, url, headers, body,
    status, answer, answer_type}, or says why it cannot. If FILE is `-`, reads one request from
    the standard input: GET https://… with headers and body, or a curl command. --run compiles
    all snippets into one program, runs it against a recorder, and compares the sent requests
    and the decoded responses with those of FILE.

cargo xtask find WORDS... [--json] [--dir DIR]
    Searches for operations by words (mailFolders messages), by a path with or without values
    (GET /me/messages?$top=5), or by a permission (Mail.Read). Words and permissions can be
    combined. Prints the best matches with their Rust expressions, their features, their least
    privileged permissions, and the clouds that lack them. --json prints all matches.

cargo xtask page [--out FILE] [--docs URL] [--dir DIR]
    Writes the search page as one file that works without a server and a network. The default
    FILE is find.html in the crate's documentation. For another FILE, --docs is the URL of the
    documentation.

cargo xtask docs
    Builds the crate's documentation with the search page, and checks the page's links.

cargo xtask api [--accept]
    Compares the public API of the crate with the accepted text, xtask/assets/public-api.txt, and
    prints the differences. Checks that each item has one documented path. --accept writes the
    text.

cargo xtask soak [--calls N] [--tasks N] [--seed N] [--rate R] [--without NAME]...
    Makes calls of every kind (default: 100000) from many tasks (64) against a simulator that
    misbehaves for a part of the requests (0.1), and compares the client's results with the
    simulator's records. Prints one line of figures. Fails if anything was lost, done twice,
    wrong or stuck. --without leaves out a kind of misbehavior (cut_json).

cargo xtask fuzz [--inputs N] [--seed N] [--target NAME] [--first N] [--workers N]
    Feeds generated and damaged input (default: 1000000) to all code that reads external input.
    Prints one line of figures. Fails if a promise was broken. --target and --first repeat an
    input.

cargo xtask permissions [REQUEST...] [--file FILE] [--json] [--dir DIR]
    Prints the permissions that requests need (\"GET /me/messages\", with or without values): the
    sufficient permissions of each request, and a minimal set for all requests, by kind of
    token. FILE has one request on each line; - is the standard input.
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
            Some("trim") => run_trim(&Arguments::parse(
                parser,
                &["only", "out", "source", "permissions", "clouds"],
                1,
            )?),
            Some("fetch") => run_fetch(&Arguments::parse(
                parser,
                &["commit", "sha256", "out", "dir", "api", "files"],
                1,
            )?),
            Some("check") => run_check(&Arguments::parse(
                parser,
                &["document", "permissions", "clouds", "dir"],
                0,
            )?),
            Some("areas") => {
                Arguments::parse(parser, &[], 0)?;
                areas::check::run(&root())
            }
            Some("stats") => run_stats(&Arguments::parse(parser, &["json", "dir"], 0)?),
            Some("diff") => run_diff(&Arguments::parse(parser, &["json"], 2)?),
            Some("find") => run_find(&Arguments::parse(parser, &["json", "dir"], usize::MAX)?),
            Some("snippet") => run_snippet(&Arguments::parse(parser, &["run", "json", "dir"], 1)?),
            Some("page") => run_page(&Arguments::parse(parser, &["out", "docs", "dir"], 0)?),
            Some("soak") => run_package(parser, "soak", &["run", "--release"]),
            Some("fuzz") => run_package(parser, "fuzz", &["bench", "--bench", "fuzz"]),
            Some("api") => api::run(
                &root(),
                Arguments::parse(parser, &["accept"], 0)?.has("accept"),
            ),
            Some("docs") => {
                Arguments::parse(parser, &[], 0)?;
                docs::run(&root())
            }
            Some("permissions") => run_permissions(&Arguments::parse(
                parser,
                &["file", "json", "dir"],
                usize::MAX,
            )?),
            Some("help") => {
                print!("{USAGE}");
                Ok(())
            }
            _ => bail!("unknown command: {}\n\n{USAGE}", command.to_string_lossy()),
        },
        Some(Long("help") | Short('h')) => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("missing command\n\n{USAGE}"),
    }
}

fn run_trim(arguments: &Arguments) -> Result<()> {
    let [document] = arguments.values.as_slice() else {
        bail!("missing argument DOCUMENT\n\n{USAGE}");
    };
    let (out, strict) = folder(arguments, "out")?;
    let part = Part::new(arguments.texts("only")?)?;
    ensure!(
        part.is_whole() || !strict,
        "openapi/ must contain the whole description: set --out to write a part of it to another \
         folder"
    );
    let document = Document::read(Path::new(document))?;
    let mut facts = Vec::new();
    for kind in Kind::ALL {
        let from = match arguments.path(kind.name()) {
            Some(path) => Some(FactsFrom::Original(Original::read(kind, &path)?)),
            None => facts::kept(kind, &out)?.map(FactsFrom::Kept),
        };
        facts.extend(from.map(|from| (kind, from)));
    }
    let trimmed = folder::make(document, arguments.text("source")?, &part, facts, strict)?;
    folder::replace(&trimmed.files, &out)?;
    for (name, count) in &trimmed.report.fixups {
        println!("fixup {name} matched {count}");
    }
    for facts in &trimmed.facts {
        for (name, count) in &facts.pin.figures {
            println!("{} {name} {count}", facts.name);
        }
        for note in &facts.notes {
            println!("{}: {note}", facts.name);
        }
    }
    let bytes: usize = trimmed.files.values().map(String::len).sum();
    println!(
        "{}: {} files, {bytes} bytes, {} bodies of actions, {} schemas left out, {} kept by roots, \
         {} for open types",
        out.display(),
        trimmed.files.len(),
        trimmed.report.bodies,
        trimmed.report.reach.unreachable,
        trimmed.report.reach.kept_by_roots,
        trimmed.report.reach.kept_for_open_types
    );
    Ok(())
}

fn run_fetch(arguments: &Arguments) -> Result<()> {
    let version = match arguments.values.as_slice() {
        [version] => Version::new(&version.to_string_lossy())?,
        _ => Version::default(),
    };
    let mut hosts = Hosts::default();
    for (option, host) in [("api", &mut hosts.api), ("files", &mut hosts.files)] {
        if let Some(url) = arguments.text(option)? {
            url.trim_end_matches('/').clone_into(host);
        }
    }
    let wanted = Wanted {
        version,
        commit: arguments.text("commit")?.map(str::to_owned),
        sha256: arguments.text("sha256")?.map(str::to_owned),
    };
    let out = arguments
        .path("out")
        .unwrap_or_else(|| format!("graph-{version}.yaml").into());
    let (folder, _) = folder(arguments, "dir")?;
    let pin = match folder.join(pin::FILE).exists() {
        true => Some(pin::Pin::read(&folder)?),
        false => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start a Tokio runtime")?;
    let fetched = runtime.block_on(fetch::fetch(&hosts, &wanted, pin.as_ref(), &out))?;
    for note in &fetched.notes {
        println!("note: {note}");
    }
    if fetched.is_pinned {
        println!("{} already uses this document", folder.display());
    }
    println!("file {} ({} bytes)", out.display(), fetched.bytes);
    println!("sha256 {}", fetched.sha256);
    println!("source {}", fetched.source);
    Ok(())
}

fn run_check(arguments: &Arguments) -> Result<()> {
    let (folder, strict) = folder(arguments, "dir")?;
    let named = arguments
        .path("document")
        .or_else(|| env::var_os("MSGRAPH_OPENAPI").map(PathBuf::from));
    let pin = pin::Pin::read(&folder)?;
    let document = at_hand(named, Some(&pin.document.file))?;
    let mut originals = Vec::new();
    for kind in Kind::ALL {
        let pinned = pin.facts(kind).map(|facts| facts.file.as_str());
        if let Some(path) = at_hand(arguments.path(kind.name()), pinned)? {
            originals.push(Original::read(kind, &path)?);
        }
    }
    let checked = check::check(&folder, document.as_deref(), &originals, strict)?;
    println!("{} files match the pin", checked.files);
    match checked.document {
        Some((path, operations)) => println!(
            "they match the output of trim for {}, including all of its {operations} operations",
            path.display()
        ),
        None => {
            println!("skipped the comparison with the pinned document: not found (set --document)")
        }
    }
    for kind in Kind::ALL {
        match originals.iter().find(|original| original.kind == kind) {
            Some(original) => println!(
                "{} matches the output of trim for {}",
                kind.file(),
                original.file
            ),
            None => println!(
                "skipped the comparison of {} with its source: not found (set --{})",
                kind.file(),
                kind.name()
            ),
        }
    }
    // Another description has no dependencies of its own.
    if arguments.path("dir").is_none() {
        check_language()?;
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let count = dependencies::check(workspace.unwrap_or(Path::new(".")))?;
        println!("{count} packages comply with deny.toml");
    }
    Ok(())
}

/// Checks the language of the repository, and prints each violation.
fn check_language() -> Result<()> {
    let report = language::check(&root())?;
    for violation in &report.violations {
        eprintln!("{violation}");
    }
    println!("{}", report.line());
    let count = report.violations.len();
    ensure!(
        count == 0,
        "{count} violations of the rules of language (CONTRIBUTING.md)"
    );
    Ok(())
}

/// Returns the document that is named, or else the pinned one if it is beside the project.
fn at_hand(named: Option<PathBuf>, pinned: Option<&str>) -> Result<Option<PathBuf>> {
    if let Some(path) = named {
        ensure!(path.exists(), "{} does not exist", path.display());
        return Ok(Some(path));
    }
    let beside = pinned.map(|file| root().join("../shared/graph").join(format!("{file}.xz")));
    Ok(beside.filter(|path| path.exists()))
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
        bail!("missing arguments OLD and NEW\n\n{USAGE}");
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

fn run_find(arguments: &Arguments) -> Result<()> {
    let (folder, _) = folder(arguments, "dir")?;
    let words: Vec<_> = arguments
        .values
        .iter()
        .map(|w| w.to_string_lossy())
        .collect();
    ensure!(!words.is_empty(), "missing argument WORDS\n\n{USAGE}");
    let text = find::answer(&folder, &words.join(" "), arguments.has("json"))?;
    print_out(&text)
}

fn run_page(arguments: &Arguments) -> Result<()> {
    let (folder, _) = folder(arguments, "dir")?;
    let out = match arguments.path("out") {
        Some(out) => out,
        None => docs::folder(&root())?.join(page::FILE),
    };
    let docs = arguments.text("docs")?.unwrap_or_default();
    page::write(&find::Index::read(&folder)?, &folder, docs, &out)
}

fn run_snippet(arguments: &Arguments) -> Result<()> {
    let [file] = arguments.values.as_slice() else {
        bail!("missing argument: the requests\n\n{USAGE}");
    };
    let (folder, _) = folder(arguments, "dir")?;
    let requests = match file.to_str() {
        Some("-") => vec![snippet::request::parse(&io::read_to_string(io::stdin())?)?],
        _ => snippet::request::read(Path::new(file))?,
    };
    let description = msgraph_codegen::Description::read(&folder)?;
    let generated = msgraph_codegen::generate(&description)?;
    let mut report = snippet::report::Report::write(&generated, requests)?;
    if arguments.has("run") {
        report.run(&root())?;
    }
    match arguments.has("json") {
        true => println!("{}", report.to_json()?),
        false => print_out(&report.to_text())?,
    }
    Ok(())
}

fn run_permissions(arguments: &Arguments) -> Result<()> {
    let (folder, _) = folder(arguments, "dir")?;
    let mut requests: Vec<String> = arguments
        .values
        .iter()
        .map(|request| request.to_string_lossy().into_owned())
        .collect();
    if let Some(file) = arguments.path("file") {
        let text = match file.to_str() {
            Some("-") => {
                io::read_to_string(io::stdin()).context("cannot read the standard input")?
            }
            _ => fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?,
        };
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        requests.extend(lines.map(str::to_owned));
    }
    ensure!(
        !requests.is_empty(),
        "missing argument: the requests\n\n{USAGE}"
    );
    let known = needs::Known::read(&folder)?;
    let calls = requests
        .iter()
        .map(|request| known.call(request))
        .collect::<Result<Vec<_>>>()?;
    match arguments.has("json") {
        true => print_out(&format!("{}\n", needs::to_json(&calls))),
        false => print_out(&needs::to_text(&calls)),
    }
}

/// Prints text that may be long. The reader may close the pipe early: `cargo xtask find --json … |
/// head`.
fn print_out(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(())
}

/// Returns the folder that an option names, or else openapi/, and whether it is openapi/. The
/// description of the crate is checked more strictly than other descriptions.
fn folder(arguments: &Arguments, option: &str) -> Result<(PathBuf, bool)> {
    let home = root().join("openapi");
    let folder = match arguments.path(option) {
        Some(folder) => path::absolute(folder)?,
        None => home.clone(),
    };
    let strict = folder == home;
    Ok((folder, strict))
}

/// Returns the root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The arguments after the name of the tool.
struct Arguments {
    values: Vec<OsString>,
    options: Vec<(String, Option<OsString>)>,
}

/// Runs the program of another package, optimized, with the remaining arguments.
fn run_package(mut parser: lexopt::Parser, package: &str, command: &[&str]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = process::Command::new(cargo)
        .args(command)
        .args(["--package", package, "--"])
        .args(parser.raw_args()?)
        .current_dir(root())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "{package} failed");
    Ok(())
}

impl Arguments {
    /// Options without a value. All others have one.
    const FLAGS: &[&str] = &["accept", "json", "run"];

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
                    .with_context(|| format!("the value of --{name} is not valid UTF-8"))
            })
            .transpose()
    }

    /// Returns each given value of an option.
    fn texts(&self, name: &str) -> Result<Vec<&str>> {
        let given = self.options.iter().filter(|(of, _)| of == name);
        given
            .filter_map(|(_, value)| value.as_ref())
            .map(|value| {
                value
                    .to_str()
                    .with_context(|| format!("the value of --{name} is not valid UTF-8"))
            })
            .collect()
    }

    /// Returns the last given value of an option.
    fn value(&self, name: &str) -> Option<&OsString> {
        let mut given = self.options.iter().rev();
        given.find_map(|(of, value)| (of == name).then_some(value.as_ref()).flatten())
    }
}
