//! Trimming a small invented document, as a whole.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use lzma_rust2::{XzOptions, XzWriter};
use tempfile::tempdir;
use xtask::check::{Checked, check};
use xtask::document::Document;
use xtask::folder::{Trimmed, make, replace};
use xtask::part::Part;
use xtask::stats::stats;

const SMALL: &str = include_str!("data/small.json");

fn trim(text: &str) -> anyhow::Result<Trimmed> {
    let document = Document::parse("small.json".to_owned(), text.as_bytes())?;
    make(
        document,
        Some("invented"),
        &Part::default(),
        Vec::new(),
        false,
    )
}

fn trimmed() -> Trimmed {
    trim(SMALL).expect("the small document can be trimmed")
}

/// Returns the error of trimming `text`.
fn refusal(text: &str) -> String {
    match trim(text) {
        Ok(_) => panic!("it was taken"),
        Err(error) => format!("{error:#}"),
    }
}

/// Returns the small document with one piece replaced.
fn with(piece: &str, by: &str) -> String {
    assert!(
        SMALL.contains(piece),
        "{piece} is not in the small document"
    );
    SMALL.replacen(piece, by, 1)
}

#[test]
fn trim_keeps_names_paths_and_types() {
    let mut all = String::new();
    for (name, content) in &trimmed().files {
        if name != "README.md" {
            // The digests are left out, because they are those of the texts in the snapshot. The
            // README is not in the snapshot.
            let content = content.split("\n# The SHA-256").next().unwrap_or_default();
            all.push_str(&format!("==> {name}\n{content}\n"));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn trim_drops_descriptions() {
    for (name, content) in &trimmed().files {
        assert!(!content.contains("A sentence."), "{name} has one");
    }
}

#[test]
fn trim_is_deterministic_for_packed_documents() {
    let folder = tempdir().expect("a folder");
    let plain = folder.path().join("small.json");
    let packed = folder.path().join("small.json.xz");
    fs::write(&plain, SMALL).expect("written");
    let file = fs::File::create(&packed).expect("created");
    let mut writer = XzWriter::new(file, XzOptions::with_preset(6)).expect("a writer");
    writer.write_all(SMALL.as_bytes()).expect("packed");
    writer.finish().expect("finished");

    let files = |path: &Path| {
        let document = Document::read(path).expect("read");
        make(
            document,
            Some("invented"),
            &Part::default(),
            Vec::new(),
            false,
        )
        .expect("trimmed")
        .files
    };
    assert_eq!(files(&plain), trimmed().files);
    assert_eq!(files(&packed), trimmed().files);
}

#[test]
fn trim_removes_only_its_old_files() {
    let folder = tempdir().expect("a folder");
    let more = with(r#""/things(code"#, r#""/others(code"#);
    replace(&trim(&more).expect("trimmed").files, folder.path()).expect("written");
    let old = folder.path().join("paths/others.json");
    let foreign = folder.path().join("notes.txt");
    fs::write(&foreign, "mine").expect("written");
    assert!(old.exists());

    replace(&trimmed().files, folder.path()).expect("written");
    assert!(!old.exists());
    assert!(foreign.exists());
}

/// Returns the small document, and a folder beside it with the trimmed description.
fn pinned() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
    let folder = tempdir().expect("a folder");
    let (out, document) = (
        folder.path().join("out"),
        folder.path().join("other-name.json"),
    );
    replace(&trimmed().files, &out).expect("written");
    fs::write(&document, SMALL).expect("written");
    (folder, out, document)
}

#[test]
fn check_accepts_what_trim_wrote() {
    let (_folder, out, _) = pinned();
    let checked = check(&out, None, &[], false).expect("fits its pin");
    let expected = Checked {
        files: 4,
        document: None,
    };
    assert_eq!(checked, expected);
}

#[test]
fn check_finds_manual_changes() {
    let (_folder, out, _) = pinned();
    let path = out.join("schemas.json");
    let text = fs::read_to_string(&path).expect("read");
    fs::write(&path, text.replace("int32", "int64")).expect("written");
    fs::remove_file(out.join("paths/things.json")).expect("removed");
    fs::write(out.join("paths/more.json"), "{}").expect("written");
    let error = format!(
        "{:#}",
        check(&out, None, &[], false).expect_err("it does not fit")
    );
    for part in [
        "schemas.json was changed after trim wrote it",
        "paths/things.json is missing",
        "paths/more.json was not written by trim",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn check_needs_a_pin() {
    let (_folder, out, _) = pinned();
    fs::remove_file(out.join("pin.toml")).expect("removed");
    let error = format!("{:#}", check(&out, None, &[], false).expect_err("no pin"));
    assert!(error.contains("pin.toml"), "{error}");
}

#[test]
fn check_requires_the_pinned_document() {
    let (_folder, out, document) = pinned();
    fs::write(&document, with("int64", "int32")).expect("written");
    let error = format!(
        "{:#}",
        check(&out, Some(&document), &[], false).expect_err("another one")
    );
    assert!(error.contains("is not the pinned document"), "{error}");
}

#[test]
fn check_reports_a_missing_operation() {
    let (_folder, out, document) = pinned();
    // A trim that lost an operation, and pinned the result.
    let path = out.join("paths/things.json");
    let text = fs::read_to_string(&path).expect("read");
    let lacking = text.replace(" \"delete\":", " \"x-delete\":");
    fs::write(&path, &lacking).expect("written");
    let pin = out.join("pin.toml");
    let digest = xtask::document::digest;
    let new = fs::read_to_string(&pin)
        .expect("read")
        .replace(&digest(text.as_bytes()), &digest(lacking.as_bytes()));
    fs::write(&pin, new).expect("written");
    let error = format!(
        "{:#}",
        check(&out, Some(&document), &[], false).expect_err("lost")
    );
    assert!(error.contains("DELETE /things/{thing-id}"), "{error}");
}

#[test]
fn pinned_document_needs_each_fixup() {
    let document = Document::parse("small.json".to_owned(), SMALL.as_bytes()).expect("JSON");
    let error = match make(document, None, &Part::default(), Vec::new(), true) {
        Ok(_) => panic!("the small document has no drive"),
        Err(error) => format!("{error:#}"),
    };
    assert!(error.contains("matched nothing"), "{error}");
}

#[test]
fn colliding_body_names_stop_trim() {
    let other = r#""/others/setColour": { "post": {
        "requestBody": { "content": { "application/json": { "schema": {
            "type": "object", "properties": { "shade": { "type": "string" } } } } } },
        "responses": { "204": { "description": "" } } } },
      "/things(code"#;
    let error = refusal(&with(r#""/things(code"#, other));
    for part in [
        "/others/setColour",
        "/things/{thing-id}/setColour",
        "actions.setColour",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn colliding_method_names_stop_trim() {
    let other = r#""/things/{thing-id}/SetColour": { "post": {
        "responses": { "204": { "description": "" } }, "x-ms-docs-operation-type": "action" },
        "parameters": [{ "name": "thing-id", "in": "path", "required": true,
            "schema": { "type": "string" } }] },
      "/things(code"#;
    let error = refusal(&with(r#""/things(code"#, other));
    for part in [
        "/things/{thing-id}/SetColour",
        "/things/{thing-id}/setColour",
        "set_colour",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn stats_count_places_before_and_after_folding() {
    let (_folder, out, _) = pinned();
    let stats = stats(&out).expect("counted");
    insta::assert_snapshot!(stats.line());
    insta::assert_snapshot!(stats.to_json().to_string());
}

#[test]
fn documents_of_another_format_are_refused() {
    for (text, why) in [
        ("", "neither JSON nor YAML"),
        ("[]", "/openapi: an OpenAPI 3.0 description is needed"),
        (
            r#"{"swagger":"2.0"}"#,
            "/openapi: an OpenAPI 3.0 description is needed",
        ),
        (r#"{"openapi":"3.1.0"}"#, "this is version 3.1.0"),
        (r#"{"openapi":"3.0.4","openapi":"3.0.4"}"#, "duplicate name"),
        (r#"{"openapi":"3.0.4"}"#, "/info/version: missing"),
        (
            r#"{"openapi":"3.0.4","info":{"version":"v1.0"}}"#,
            "/paths: missing",
        ),
        (
            r#"{"openapi":"3.0.4","info":{"version":"v1.0"},"paths":[]}"#,
            "/paths",
        ),
        (
            r#"{"openapi":"3.0.4","info":{"version":"v1.0"},"paths":{"/a":{"get":{}}}}"#,
            "/paths/~1a/get: the operation has no success response",
        ),
        (
            r#"{"openapi":"3.0.4","info":{"version":"v1.0"},"paths":{"/a":{"trace":{}}}}"#,
            "/paths/~1a/trace: unexpected",
        ),
    ] {
        let error = refusal(text);
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn file_with_only_an_xz_header_is_refused() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("broken.json.xz");
    fs::write(&path, b"\xFD7zXZ\0broken").expect("written");
    let error = match Document::read(&path) {
        Ok(_) => panic!("it was taken"),
        Err(error) => format!("{error:#}"),
    };
    assert!(error.contains("cannot unpack"), "{error}");
}

/// Checks that a part has the requested paths, only the schemas that these lead to, and the names
/// of the whole. It is checked as a part, and its pin records that it is one.
#[test]
fn part_contains_only_requested_paths() {
    let (_folder, out, document) = pinned();
    let part = Part::new(["/things/{any-id}/reply", "/things/$count"]).expect("paths");
    let of = |part: &Part| {
        let document =
            Document::parse("small.json".to_owned(), SMALL.as_bytes()).expect("a document");
        make(document, Some("invented"), part, Vec::new(), false)
    };
    let made = of(&part).expect("a part");
    let paths: Vec<_> = made.description.paths.keys().map(String::as_str).collect();
    assert_eq!(paths, ["/things/$count", "/things/{thing-id}/reply"]);
    let whole = trimmed();
    for (name, schema) in &made.description.schemas {
        assert_eq!(whole.description.schemas.get(name), Some(schema), "{name}");
    }
    assert!(made.description.schemas.len() < whole.description.schemas.len());

    replace(&made.files, &out).expect("written");
    let pin = fs::read_to_string(out.join("pin.toml")).expect("a pin");
    assert!(
        pin.contains("only = [\n    \"/things/$count\",\n    \"/things/{any-id}/reply\",\n]\n"),
        "{pin}"
    );
    let checked = check(&out, Some(&document), &[], false).expect("it is as it should be");
    assert_eq!(checked.document, Some((document, 2)));
    assert!(
        stats(&out)
            .expect("counted")
            .line()
            .starts_with("operations 2 ")
    );

    let nothing = Part::new(["/nothing"]).expect("a path");
    let error = match of(&nothing) {
        Ok(_) => panic!("it was taken"),
        Err(error) => format!("{error:#}"),
    };
    assert!(
        error.contains("the description has no operation at or below /nothing"),
        "{error}"
    );
}
