//! The command line: its output, and its exit status.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::tempdir;

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/small.json");

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .env_remove("MSGRAPH_OPENAPI")
        .output()
        .expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asserts that the command fails, and returns its error.
fn refusal(arguments: &[&str]) -> String {
    let output = xtask(arguments);
    assert!(!output.status.success(), "{}", out(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn a_document_is_trimmed_checked_and_counted() {
    let folder = tempdir().expect("a folder");
    let dir = text(folder.path());
    let trimmed = xtask(&["trim", SMALL, "--out", dir, "--source", "invented"]);
    assert!(trimmed.status.success(), "{trimmed:?}");
    assert!(out(&trimmed).contains("fixup page_bases matched 2\n"));

    let checked = xtask(&["check", "--dir", dir]);
    assert!(checked.status.success(), "{checked:?}");
    assert!(out(&checked).contains("4 files match the pin\nskipped "));
    let checked = xtask(&["check", "--dir", dir, "--document", SMALL]);
    assert!(checked.status.success(), "{checked:?}");
    assert!(out(&checked).contains("all of its 13 operations"));

    let counted = out(&xtask(&["stats", "--dir", dir]));
    assert!(counted.starts_with("operations 13 places 10 "), "{counted}");
    assert_eq!(counted.lines().count(), 1);
    let json = out(&xtask(&["stats", "--json", "--dir", dir]));
    assert!(json.starts_with(r#"{"operations":13,"#), "{json}");
}

#[test]
fn a_document_and_its_folder_do_not_differ() {
    let folder = tempdir().expect("a folder");
    let dir = text(folder.path());
    assert!(xtask(&["trim", SMALL, "--out", dir]).status.success());
    let diff = xtask(&["diff", SMALL, dir]);
    assert!(diff.status.success(), "{diff:?}");
    let line = "common 13 renamed 0 added 0 removed 0";
    assert_eq!(out(&diff).lines().last(), Some(line));
    let json = out(&xtask(&["diff", "--json", SMALL, dir]));
    assert!(json.contains(r#""common":13,"renamed":0,"#), "{json}");
    assert!(json.ends_with("\"changes\":[]}\n"), "{json}");
}

#[test]
fn failed_trim_writes_no_files() {
    let folder = tempdir().expect("a folder");
    let document = folder.path().join("odd.json");
    let odd = std::fs::read_to_string(SMALL).expect("read").replace(
        r#""anything": {}"#,
        r#""anything": { "type": ["number", "null"], "format": "int32" }"#,
    );
    std::fs::write(&document, odd).expect("written");
    let dir = folder.path().join("out");
    let error = refusal(&["trim", text(&document), "--out", text(&dir)]);
    let pointer = "/components/schemas/microsoft.graph.thing/allOf/1/properties/anything: ";
    assert!(error.contains(pointer), "{error}");
    assert!(!dir.exists());
}

#[test]
fn unknown_arguments_are_errors() {
    for (arguments, why) in [
        (&[][..], "missing command"),
        (&["prune"], "unknown command: prune"),
        (&["trim"], "missing argument DOCUMENT"),
        (&["trim", "a", "b"], "b"),
        (&["trim", "--json", "a"], "--json"),
        (
            &["trim", "no-such-document.json"],
            "cannot read no-such-document.json",
        ),
        (&["check", "--document"], "--document"),
        (
            &["check", "--document", "no-such-document.json"],
            "no-such-document.json does not exist",
        ),
        (&["check", "--dir", "no-such-folder"], "no-such-folder"),
        (&["stats", "--dir", "no-such-folder"], "no-such-folder"),
        (&["permissions"], "missing argument: the requests"),
        (&["permissions", "/me"], "not a method and a path"),
        (
            &["permissions", "--file", "no-such-file"],
            "cannot read no-such-file",
        ),
        (&["diff", SMALL], "missing arguments OLD and NEW"),
        (
            &["diff", SMALL, "no-such-document.json"],
            "cannot read no-such-document.json",
        ),
    ] {
        let error = refusal(arguments);
        assert!(error.contains(why), "{arguments:?}: {error}");
    }
}

#[test]
fn help_names_each_tool() {
    for arguments in [["help"], ["--help"], ["-h"]] {
        let help = xtask(&arguments);
        assert!(help.status.success());
        for tool in ["trim", "check", "stats", "diff", "find", "permissions"] {
            assert!(out(&help).contains(&format!("cargo xtask {tool}")));
        }
    }
}
