//! Measures, in one run, the cost of compiling msgraph: `cargo run --manifest-path
//! benches/compile/Cargo.toml`. With `-- FOLDER`, a trimmed description, it measures a crate of
//! that description instead, for example the whole of beta.
//!
//! Each build is cold, in a folder of its own below the target folder, with `CARGO_INCREMENTAL=0`.
//! This program acts as rustc (`RUSTC_WRAPPER`), runs the real one, and writes down each crate's
//! seconds and peak memory.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use msgraph_codegen::{Description, baseline, generate};
use nix::sys::resource::{UsageWho, getrusage};

/// The variable with the path to which the wrapped rustc writes its measurements.
const LOG: &str = "MSGRAPH_COMPILE_LOG";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let result = match std::env::var_os(LOG) {
        Some(log) => rustc(Path::new(&log)),
        None => match std::env::args_os().nth(1) {
            Some(folder) => measure_other(Path::new(&folder)),
            None => measure_all(),
        }
        .map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// Runs the real rustc, and writes `crate seconds megabytes` into the log.
fn rustc(log: &Path) -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let rustc = arguments.next().ok_or("cannot run rustc")?;
    let arguments: Vec<_> = arguments.collect();
    let start = Instant::now();
    let status = Command::new(rustc).args(&arguments).status()?;
    let seconds = start.elapsed().as_secs_f64();
    let name = arguments
        .iter()
        .position(|argument| argument == "--crate-name")
        .and_then(|position| arguments.get(position + 1));
    if let Some(name) = name.and_then(|name| name.to_str()) {
        let line = format!("{name} {seconds} {}\n", peak_of_children()?);
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(log)?
            .write_all(line.as_bytes())?;
    }
    Ok(exit_code(status))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Returns the peak memory of the children that have ended, in megabytes.
fn peak_of_children() -> Result<u64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(u64::try_from(usage.max_rss())? / 1024)
}

/// The cost of a build.
struct Cost {
    seconds: f64,
    /// The seconds and megabytes of each crate.
    crates: Vec<(String, f64, u64)>,
}

impl Cost {
    fn of(&self, name: &str) -> Result<(f64, u64)> {
        // A crate and its build script have different names. For a crate that is built twice, the
        // more expensive build counts.
        let costs = self.crates.iter().filter(|(of, ..)| of == name);
        let (_, seconds, peak) = costs
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .ok_or_else(|| format!("{name} was not compiled"))?;
        Ok((*seconds, *peak))
    }

    fn peak(&self) -> u64 {
        self.crates
            .iter()
            .map(|(.., peak)| *peak)
            .max()
            .unwrap_or(0)
    }
}

/// Returns the root of the workspace, and an empty folder to work in.
fn folders() -> Result<(PathBuf, PathBuf)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..").canonicalize()?;
    let work = here.join("target/measured");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    Ok((root, work))
}

/// Measures a crate with the generated code of another complete description.
fn measure_other(folder: &Path) -> Result<()> {
    let folder = folder.canonicalize()?;
    let (root, work) = folders()?;
    let (start, description) = (Instant::now(), Description::read(&folder)?);
    let stats = generate(&description)?.stats;
    let generation = start.elapsed().as_secs_f64();
    let other = work.join("other");
    let codegen = root.join("codegen");
    package(
        &other,
        &format!(
            "msgraph = {{ path = {root:?} }}\n\n[build-dependencies]\nmsgraph-codegen = {{ path = \
             {codegen:?} }}\n"
        ),
        "lib.rs",
        "msgraph::generated!(\"beta\");\n",
    )?;
    fs::write(
        other.join("build.rs"),
        format!("fn main() -> std::process::ExitCode {{\n    \
                 msgraph_codegen::build({folder:?})\n}}\n"),
    )?;
    let check = cargo(&other, "check", "check")?;
    let build = cargo(&other, "build", "build")?;
    println!("| what | time | peak memory |\n|---|---|---|");
    for (what, cost) in [("`cargo check`", &check), ("debug build", &build)] {
        for (of, name) in [("the crate alone", "other"), ("msgraph alone", "msgraph")] {
            let (seconds, peak) = cost.of(name)?;
            println!("| {what} of {of} | {seconds:.1} s | {peak} MB |");
        }
    }
    println!(
        "described_operations {} distinct_operations {} models {} enums {} generation_seconds \
         {generation:.1}",
        stats.operations, stats.distinct_operations, stats.models, stats.enums
    );
    Ok(())
}

fn measure_all() -> Result<()> {
    let (root, work) = folders()?;

    let (start, description) = (Instant::now(), Description::read(&root.join("openapi"))?);
    let generated = generate(&description)?;
    let generation = start.elapsed().as_secs_f64();

    let as_it_comes = work.join("as-it-comes");
    package(
        &as_it_comes,
        "progenitor-client = \"0.15\"\nreqwest = { version = \"0.13\", default-features = false, \
         features = [\"json\", \"stream\", \"query\"] }\nserde = { version = \"1\", features = \
         [\"derive\"] }\nserde_json = \"1\"\nbytes = \"1\"\nfutures = \"0.3\"\nregress = \
         \"0.10\"\nchrono = { version = \"0.4\", features = [\"serde\"] }\nuuid = { version = \
         \"1\", features = [\"serde\"] }\n",
        "lib.rs",
        &baseline(&description)?,
    )?;
    let ours = work.join("ours");
    package(
        &ours,
        &format!(
            "msgraph = {{ path = {root:?} }}\ntokio = {{ version = \"1\", features = [\"full\"] \
             }}\n"
        ),
        "main.rs",
        "#[tokio::main]\nasync fn main() -> msgraph::Result<()> {\n    let graph = \
         msgraph::Graph::new(msgraph::auth::AccessTokenCredential::new(\"token\"));\n    \
         println!(\"{:?}\", graph.me().get().await?);\n    Ok(())\n}\n",
    )?;
    let peer = work.join("peer");
    package(
        &peer,
        "graph-rs-sdk = \"=3.0.1\"\nserde_json = \"1\"\ntokio = { version = \"1\", features = \
         [\"full\"] }\n",
        "main.rs",
        "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n    let \
         graph = graph_rs_sdk::GraphClient::new(\"token\");\n    let me: serde_json::Value = \
         graph.me().get_user().send().await?.json().await?;\n    println!(\"{me}\");\n    \
         Ok(())\n}\n",
    )?;

    let check = cargo(&ours, "check", "check")?;
    let build = cargo(&ours, "build", "build")?;
    let progenitor = cargo(&as_it_comes, "check", "check")?;
    let peer = cargo(&peer, "build", "build")?;

    let (ours_seconds, ours_peak) = check.of("msgraph")?;
    let (theirs_seconds, theirs_peak) = progenitor.of("as_it_comes")?;
    let (build_seconds, build_peak) = build.of("msgraph")?;
    let mut out = String::new();
    let mut row = |what: &str, seconds: f64, peak: u64| {
        writeln!(out, "| {what} | {seconds:.1} s | {peak} MB |")
    };
    row("`cargo check` of msgraph alone", ours_seconds, ours_peak)?;
    row(
        "`cargo check` of progenitor's unchanged output, without models",
        theirs_seconds,
        theirs_peak,
    )?;
    row("debug build of msgraph alone", build_seconds, build_peak)?;
    row(
        "cold debug build of an application with msgraph",
        build.seconds,
        build.peak(),
    )?;
    row(
        "cold debug build of an application with graph-rs-sdk 3.0.1",
        peer.seconds,
        peer.peak(),
    )?;
    row(
        "generation, in the build script's debug profile",
        generation,
        0,
    )?;
    println!("| what | time | peak memory |\n|---|---|---|\n{out}");
    let stats = generated.stats;
    println!(
        "distinct_operations {} models {} check_ratio {:.2} memory_ratio {:.2} build_ratio {:.2} \
         generation_seconds {generation:.1}",
        stats.distinct_operations,
        stats.models,
        ours_seconds / theirs_seconds,
        ours_peak as f64 / theirs_peak as f64,
        build.seconds / peer.seconds,
    );
    Ok(())
}

/// Writes a package of one file.
fn package(folder: &Path, dependencies: &str, file: &str, source: &str) -> Result<()> {
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or("no name")?;
    fs::create_dir_all(folder.join("src"))?;
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \
             \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependencies}"
        ),
    )?;
    fs::write(folder.join("src").join(file), source)?;
    Ok(())
}

/// Runs Cargo in a package, cold, and reads the measurements of each rustc. Downloads are not
/// counted.
fn cargo(package: &Path, command: &str, target: &str) -> Result<Cost> {
    let target: PathBuf = package.join("target").join(target);
    let log = package.join(format!("{command}.log"));
    let fetched = Command::new("cargo")
        .arg("fetch")
        .current_dir(package)
        .status()?;
    if !fetched.success() {
        return Err(format!("cargo fetch in {}: {fetched}", package.display()).into());
    }
    let start = Instant::now();
    let status = Command::new("cargo")
        .arg(command)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC_WRAPPER", std::env::current_exe()?)
        .env(LOG, &log)
        .status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("cargo {command} in {}: {status}", package.display()).into());
    }
    let crates = fs::read_to_string(&log)?
        .lines()
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let name = parts.next()?.to_owned();
            Some((
                name,
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
            ))
        })
        .collect();
    Ok(Cost { seconds, crates })
}
