//! Grafts on small descriptions: the parts in the tables are restored, and a line that is no longer
//! needed fails.

use std::collections::BTreeMap;

use xtask::grafts::{self, Form, Operation, Place, Subtree, Table};
use xtask::part::Part;
use xtask::schema::Schema;
use xtask::trimmed::{Content, Contents, Description, Operation as Described, PathItem};

const TABLE: Table = Table {
    subtrees: &[Subtree {
        of: "drive",
        to: "/drives/{drive-id}",
        page: "",
    }],
    places: &[Place {
        at: "/drive",
        to: "/drives/{drive-id}",
        page: "",
    }],
    paths: &[Place {
        at: "/drives/{drive-id}/root",
        to: "/drives/{drive-id}/root",
        page: "",
    }],
    operations: &[Operation {
        method: "put",
        at: "…/root/content",
        form: Form::As("get"),
        page: "",
    }],
};

fn answers(of: &str) -> Contents {
    let schema = Schema::Ref(of.to_owned());
    vec![("application/json".to_owned(), Content::Schema(schema))]
}

/// Returns a description of these operations.
fn description(operations: &[(&'static str, &str, &str)]) -> Description {
    let mut paths: BTreeMap<String, PathItem> = BTreeMap::new();
    for (method, path, answer) in operations {
        let operation = Described {
            answers: vec![("2XX".to_owned(), answers(answer))],
            ..Described::default()
        };
        let item = paths.entry((*path).to_owned()).or_default();
        item.operations.push((*method, operation));
    }
    Description {
        paths,
        ..Description::default()
    }
}

const WHOLE: &[(&str, &str, &str)] = &[
    ("get", "/drives/{drive-id}", "drive"),
    ("get", "/drives/{drive-id}/root", "driveItem"),
    ("get", "/drives/{drive-id}/root/content", "bytes"),
    ("get", "/me/drive", "drive"),
];

fn with(more: (&'static str, &'static str, &'static str)) -> Description {
    description(&[WHOLE, &[more]].concat())
}

fn error(result: anyhow::Result<impl Sized>) -> String {
    match result {
        Ok(_) => panic!("it went through"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn lost_operations_are_restored_by_grafts() {
    let mut description = description(WHOLE);
    let added = grafts::add(&mut description, &TABLE, &Part::default(), true).expect("added");
    assert_eq!((added.operations, added.paths, added.places), (1, 0, 0));
    let content = &description.paths["/drives/{drive-id}/root/content"];
    assert!(content.operation("put").is_some());

    let chosen = grafts::choose(&description, &TABLE, true).expect("chosen");
    let subtrees: Vec<_> = chosen
        .subtrees
        .iter()
        .map(|(at, to)| format!("{at} {to}"))
        .collect();
    assert_eq!(
        subtrees,
        ["/drive /drives/{drive-id}", "/me/drive /drives/{drive-id}"]
    );
    assert_eq!(chosen.paths.len(), 1);
}

#[test]
fn graft_fails_when_description_has_it() {
    let mut there = with(("put", "/drives/{drive-id}/root/content", "bytes"));
    let failed = error(grafts::add(&mut there, &TABLE, &Part::default(), true));
    assert_eq!(
        failed,
        "the graft put …/root/content: the description now has it at \
         /drives/{drive-id}/root/content: remove the graft from xtask/src/grafts"
    );
    let more = [
        ("get", "/me/drive/root", "driveItem"),
        ("get", "/me/drive/root/content", "bytes"),
    ];
    let whole = description(&[WHOLE, &more].concat());
    let failed = error(grafts::choose(&whole, &TABLE, true));
    assert_eq!(
        failed,
        "/me/drive now has everything that /drives/{drive-id} has: remove the graft from \
         xtask/src/grafts"
    );
    // A document other than the pinned one, for example an older one, may have it.
    let chosen = grafts::choose(&whole, &TABLE, false).expect("chosen");
    assert_eq!(chosen.subtrees.keys().collect::<Vec<_>>(), ["/drive"]);
}

#[test]
fn graft_fails_without_its_place() {
    let mut nothing = description(&[("get", "/me", "user")]);
    let failed = error(grafts::add(&mut nothing, &TABLE, &Part::default(), true));
    assert_eq!(
        failed,
        "the graft put …/root/content matches no place of the description: remove it from \
         xtask/src/grafts"
    );
    let failed = error(grafts::choose(&nothing, &TABLE, true));
    assert!(
        failed.contains("matches no place of the description"),
        "{failed}"
    );
    assert!(
        grafts::choose(&nothing, &TABLE, false)
            .expect("chosen")
            .is_empty()
    );
}

#[test]
fn graft_never_hides_a_described_operation() {
    let own = with(("get", "/me/drive/own", "driveItem"));
    let failed = error(grafts::choose(&own, &TABLE, true));
    assert_eq!(
        failed,
        "the graft at /me/drive cannot refer to /drives/{drive-id}, which has no GET /own"
    );
}
