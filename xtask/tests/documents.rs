//! Trimming Microsoft's own documents, if they are available beside the workspace in
//! `../shared/graph`. They are not part of the project. Without them, the tests print a message and
//! pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use xtask::bodies::{QUALIFIED, QUALIFIED_OF_ENTITIES};
use xtask::document::Document;
use xtask::fixups::{ALL, Needed};
use xtask::folder::{self, Trimmed};
use xtask::json::Json;
use xtask::part::Part;
use xtask::path::own_name;
use xtask::schema::{Component, Schema};
use xtask::trimmed::{Content, Description};
use xtask::{check, stats};

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_owned()
}

/// Returns the document `name`, or `None`. The message is written past the capture of output,
/// because captured output is shown only if a test fails.
fn at_hand(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/graph").join(name);
    if path.exists() {
        return Some(path);
    }
    let mut out = std::io::stderr();
    let _ = writeln!(out, "skipped: {name} not found in ../shared/graph");
    None
}

fn schemas() -> Json {
    let text = fs::read(root().join("openapi/schemas.json")).expect("read");
    let json: Json = serde_json::from_slice(&text).expect("JSON");
    let schemas = json.get("components").and_then(|all| all.get("schemas"));
    schemas.expect("schemas").clone()
}

#[test]
fn committed_description_matches_the_pinned_document() {
    let openapi = root().join("openapi");
    // The pin is checked with or without the document.
    check::check(&openapi, None, &[], true).expect("it fits its pin");
    if let Some(path) = at_hand("openapi-v1.0-2026-08.json.xz") {
        let checked =
            check::check(&openapi, Some(&path), &[], true).expect("it is what trim makes");
        assert_eq!(checked.document, Some((path, 17_533)));
    }
}

#[test]
fn committed_description_counts_operations_and_places() {
    let stats = stats::stats(&root().join("openapi")).expect("counted");
    let line = stats.line();
    assert!(line.starts_with("operations 17533 places 11331 "), "{line}");
}

#[test]
fn the_committed_description_is_small() {
    let openapi = root().join("openapi");
    let files = folder::list(&openapi).expect("listed");
    let sizes = files.iter().map(|name| {
        let file = fs::metadata(openapi.join(name)).expect("it is there");
        file.len()
    });
    let size: u64 = sizes.sum();
    assert!(size <= folder::MOST_BYTES as u64, "{size} bytes");
}

#[test]
fn notification_types_are_kept_but_not_errors() {
    let schemas = schemas();
    for name in [
        "changeNotification",
        "changeNotificationCollection",
        "changeNotificationEncryptedContent",
        "changeType",
        "lifecycleEventType",
        "resourceData",
    ] {
        let name = format!("microsoft.graph.{name}");
        assert!(schemas.get(&name).is_some(), "{name} was dropped");
    }
    // The runtime reads Graph's errors, independent of their schemas in the description.
    for (name, _) in schemas.as_object().into_iter().flatten() {
        assert!(!name.contains("ODataErrors"), "{name} was kept");
    }
    // An operation names the base of this type, but not the type itself.
    assert!(schemas.get("microsoft.graph.fileAttachment").is_some());
}

#[test]
fn objects_held_only_by_open_types_are_kept() {
    let schemas = schemas();
    for name in [
        "plannerAssignment",
        "plannerChecklistItem",
        "plannerExternalReference",
        "fileStorageContainerCustomPropertyValue",
        "resultTemplate",
        "externalConnectors.principal",
        "security.stringValueDictionary",
    ] {
        let name = format!("microsoft.graph.{name}");
        assert!(schemas.get(&name).is_some(), "{name} was dropped");
    }
}

#[test]
fn part_keeps_what_its_open_types_hold() {
    let Some(path) = at_hand("openapi-v1.0-2026-08.json.xz") else {
        return;
    };
    let document = Document::read(&path).expect("it is read");
    let part = Part::new(["/planner/tasks"]).expect("a part");
    let made = folder::make(document, None, &part, Vec::new(), false).expect("it is made");
    let has = |name: &str| {
        let name = format!("microsoft.graph.{name}");
        made.description.schemas.contains_key(&name)
    };
    assert!(has("plannerAssignment") && has("plannerChecklistItem"));
    assert!(!has("resultTemplate") && !has("externalConnectors.principal"));
}

#[test]
fn part_does_not_follow_navigation_properties() {
    let Some(path) = at_hand("openapi-v1.0-2026-08.json.xz") else {
        return;
    };
    let document = Document::read(&path).expect("it is read");
    let part = Part::new(["/me/messages"]).expect("a part");
    let made = folder::make(document, None, &part, Vec::new(), false).expect("it is made");
    let has = |name: &str| {
        let name = format!("microsoft.graph.{name}");
        made.description.schemas.contains_key(&name)
    };
    // An item that is attached is any item of Outlook, to which only a navigation property leads.
    assert!(has("itemAttachment") && has("outlookItem") && has("message"));
    assert!(!has("event") && !has("contact"));
}

#[test]
fn all_documents_are_trimmed_by_same_rules() {
    let mut descriptions = BTreeMap::new();
    for (name, operations, paths) in [
        ("openapi-v1.0-2022.json.xz", 11_422, 7_419),
        ("openapi-v1.0-2026-08.json.xz", 17_533, 11_291),
        ("openapi-beta-2022.json.xz", 22_361, 14_227),
    ] {
        let Some(path) = at_hand(name) else {
            continue;
        };
        let document = Document::read(&path).expect("it is read");
        let made = folder::make(document, None, &Part::default(), Vec::new(), false);
        let made = made.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        // All operations of the document are kept, and only the grafts are added.
        let added = made.report.added;
        assert_eq!(
            made.description.operations(),
            operations + added.operations,
            "{name}"
        );
        assert_eq!(made.description.paths.len(), paths + added.paths, "{name}");
        older_fixups_are_needed(name, &made);
        descriptions.insert(name, made.description);
    }
    let then = descriptions.get("openapi-v1.0-2022.json.xz");
    let now = descriptions.get("openapi-v1.0-2026-08.json.xz");
    if let (Some(then), Some(now)) = (then, now) {
        bodies_keep_their_names(then, now);
    }
    if descriptions.len() == 3 {
        qualified_names_are_needed(descriptions.values());
    }
}

/// Checks that every repair is still needed by a document, even repairs for older ones.
fn older_fixups_are_needed(name: &str, made: &Trimmed) {
    if !name.contains("2022") {
        return;
    }
    for fixup in ALL.iter().filter(|fixup| fixup.needed == Needed::Older) {
        let (_, count) = made
            .report
            .fixups
            .iter()
            .find(|(of, _)| *of == fixup.name)
            .expect("all fixups are reported");
        assert!(*count > 0, "{} matched nothing in {name}", fixup.name);
    }
}

/// Returns the names of the bodies of actions, by the path in today's spelling.
fn bodies(description: &Description) -> BTreeMap<String, &str> {
    let mut bodies = BTreeMap::new();
    for (path, item) in &description.paths {
        for (_, content) in item.operation("post").iter().flat_map(|post| &post.body) {
            if let Content::Schema(Schema::Ref(name)) = content
                && name.starts_with("actions.")
            {
                bodies.insert(path.replace("/microsoft.graph.", "/"), name.as_str());
            }
        }
    }
    bodies
}

/// Checks that a name is a function of the path, so that an upgrade renames nothing.
fn bodies_keep_their_names(then: &Description, now: &Description) {
    let (then, now) = (bodies(then), bodies(now));
    let mut common = 0;
    for (path, name) in &then {
        if let Some(today) = now.get(path) {
            assert_eq!(today, name, "{path}");
            common += 1;
        }
    }
    assert!(common > 900, "only {common} actions are in both");
}

/// Checks that each action of the tables has bodies of several shapes in one of the documents.
fn qualified_names_are_needed<'d>(descriptions: impl Iterator<Item = &'d Description>) {
    let mut needed = BTreeSet::new();
    for description in descriptions {
        let mut shapes: BTreeMap<String, Vec<&Component>> = BTreeMap::new();
        for (path, name) in bodies(description) {
            let shapes = shapes.entry(own_name(&path).to_owned()).or_default();
            let shape = description.schemas.get(name).expect("a schema");
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        let several = shapes.into_iter().filter(|(_, shapes)| shapes.len() > 1);
        needed.extend(several.map(|(action, _)| action));
    }
    let listed: BTreeSet<String> = QUALIFIED
        .iter()
        .chain(QUALIFIED_OF_ENTITIES)
        .map(|action| (*action).to_owned())
        .collect();
    assert_eq!(needed, listed);
}
