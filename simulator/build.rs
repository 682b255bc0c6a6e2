//! Lists the files of the description in `$OUT_DIR/bundle.rs`, from where `src/description`
//! includes their text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot list the files of the description: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> io::Result<()> {
    let variable = |name| env::var_os(name).ok_or_else(|| io::Error::other(name));
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    // The folder is a symbolic link in the repository, which Git for Windows may check out as a
    // file.
    let own = here.join("openapi");
    let folder = if own.is_dir() {
        own
    } else {
        here.join("../openapi")
    };
    println!("cargo::rerun-if-changed={}", folder.display());

    let mut names = Vec::new();
    for entry in fs::read_dir(folder.join("paths"))? {
        let file = entry?.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let name = file.file_stem().and_then(|name| name.to_str());
            names.push(name.ok_or_else(|| io::Error::other("a name"))?.to_owned());
        }
    }
    names.sort_unstable();

    let mut code = String::new();
    let mut text = |name: &str, file: &Path| {
        writeln!(
            code,
            "pub(super) const {name}: &str = include_str!({file:?});"
        )
    };
    text("SCHEMAS", &folder.join("schemas.json")).map_err(io::Error::other)?;
    text("GRAFTS", &folder.join("grafts.json")).map_err(io::Error::other)?;
    code.push_str("pub(super) const PATHS: &[(&str, &str)] = &[\n");
    for name in names {
        let file = folder.join("paths").join(format!("{name}.json"));
        writeln!(code, "    ({name:?}, include_str!({file:?})),").map_err(io::Error::other)?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(variable("OUT_DIR")?).join("bundle.rs"), code)
}
