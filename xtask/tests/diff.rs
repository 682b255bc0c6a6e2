//! The output of `diff` for small invented descriptions, and for Graph's own.

use std::path::Path;

use serde_json::{Value, json};
use xtask::diff::{Change, Diff, Side, Subject, Weight, What, diff};
use xtask::document::Document;

/// Returns a document with these paths and schemas.
fn side(paths: Value, schemas: Value) -> Side {
    let document = json!({
        "openapi": "3.0.4",
        "info": { "title": "small", "version": "v1.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    let document = Document::parse("small.json".to_owned(), document.to_string().as_bytes());
    Side::of(document.expect("a document")).expect("trimmed")
}

fn of(before: (Value, Value), after: (Value, Value)) -> Diff {
    diff(&side(before.0, before.1), &side(after.0, after.1)).expect("compared")
}

/// Returns the diff between two sets of paths.
fn of_paths(before: Value, after: Value) -> Diff {
    of((before, things()), (after, things()))
}

fn things() -> Value {
    json!({
        "microsoft.graph.entity": { "type": "object",
            "properties": { "id": { "type": "string" } } },
        "microsoft.graph.thing": derived("entity", json!({ "name": { "type": "string" } })),
        "microsoft.graph.other": derived("entity", json!({})),
    })
}

fn derived(base: &str, properties: Value) -> Value {
    json!({ "allOf": [reference(base), { "type": "object", "properties": properties }] })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/microsoft.graph.{name}") })
}

fn content(schema: Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

fn get(answer: &str) -> Value {
    json!({ "get": { "responses": { "2XX": content(reference(answer)) } } })
}

fn with(mut item: Value, parameters: Value) -> Value {
    item["parameters"] = parameters;
    item
}

fn function(answer: &str, parameters: Value) -> Value {
    let mut item = with(get(answer), parameters);
    item["get"]["x-ms-docs-operation-type"] = "function".into();
    item
}

fn key(name: &str) -> Value {
    json!([{ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }])
}

fn argument(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn action(arguments: Value) -> Value {
    json!({ "post": {
        "x-ms-docs-operation-type": "action",
        "requestBody": content(json!({ "type": "object", "properties": arguments })),
        "responses": { "204": {} },
    } })
}

/// Returns `what weight graph: how` for each change.
fn said(changes: &[Change]) -> Vec<String> {
    let said = changes.iter().map(|change| {
        let what = match change.what {
            What::Added => "added",
            What::Removed => "removed",
            What::Renamed => "renamed",
            What::Changed => "changed",
        };
        let weight = match change.weight {
            Weight::Breaking => "breaking",
            Weight::Harmless => "harmless",
        };
        format!(
            "{what} {weight} {} `{}` {}",
            change.graph, change.rust, change.how
        )
        .trim_end()
        .to_owned()
    });
    said.collect()
}

#[test]
fn operation_is_identified_by_graphs_names() {
    let integer = json!({ "type": "integer", "format": "int32" });
    let number = json!({ "type": "number", "format": "double" });
    let before = json!({
        "/things": get("thing"),
        "/things/{thing-id}": with(get("thing"), key("thing-id")),
        "/things/{thing-id}/microsoft.graph.other": with(get("other"), key("thing-id")),
        "/things/{thing-id}/\
         microsoft.graph.send": with(action(json!({ "to": { "type": "string" } })),
             key("thing-id")),
        "/things/microsoft.graph.near(x={x},y='{y}')": function("thing", json!([
            argument("x", integer.clone()), argument("y", json!({ "type": "string" })),
        ])),
    });
    let after = json!({
        "/things": get("thing"),
        "/things/{id}": with(get("thing"), key("id")),
        "/things/{id}/graph.other": with(get("other"), key("id")),
        "/things/{id}/send": with(action(json!({ "to": { "type": "string" } })), key("id")),
        "/things/near(x={x},y={y})": function("thing", json!([
            argument("x", number), argument("y", integer),
        ])),
    });
    let diff = of_paths(before, after);
    assert_eq!(diff.line(), "common 5 renamed 0 added 0 removed 0");
    assert_eq!(
        said(&diff.operations),
        [
            "changed breaking GET /things/near(x={x},y={y}) `graph.things().near_with_x_y(x, \
             y).get()` takes `x: f64`, took `i32`",
            "changed breaking GET /things/near(x={x},y={y}) `graph.things().near_with_x_y(x, \
             y).get()` takes `y: i32`, took `&str`",
        ]
    );
    assert!(diff.models.is_empty(), "{:?}", diff.models);
}

#[test]
fn changed_expression_is_a_rename() {
    let of = |first: &str, second: &str| {
        let path = format!("/near({first}='{{{first}}}',{second}='{{{second}}}')");
        let text = json!({ "type": "string" });
        let parameters = json!([argument(first, text.clone()), argument(second, text)]);
        json!({ path: function("thing", parameters) })
    };
    let diff = of_paths(of("x", "y"), of("y", "x"));
    assert_eq!(diff.line(), "common 1 renamed 1 added 0 removed 0");
    assert_eq!(
        said(&diff.operations),
        [
            "renamed breaking GET /near(y='{y}',x='{x}') `graph.near_with_y_x(y, x).get()` was \
             `graph.near_with_x_y(x, y).get()`"
        ]
    );
}

#[test]
fn overload_is_a_separate_operation() {
    let of = |name: &str| {
        let parameters = json!([argument(name, json!({ "type": "string" }))]);
        json!({ format!("/near({name}='{{{name}}}')"): function("thing", parameters) })
    };
    let diff = of_paths(of("x"), of("y"));
    assert_eq!(diff.line(), "common 0 renamed 0 added 1 removed 1");
}

fn query(name: &str, required: bool) -> Value {
    json!({ "name": name, "in": "query", "required": required, "schema": { "type": "string" } })
}

#[test]
fn changed_parameters_and_responses_are_listed() {
    let thing = |parameters: Value, answer: &str| {
        let mut item = get(answer);
        item["get"]["parameters"] = parameters;
        json!({ "/thing": item })
    };
    let of = |before: (Value, &str), after: (Value, &str)| {
        let diff = of_paths(thing(before.0, before.1), thing(after.0, after.1));
        assert_eq!(diff.line(), "common 1 renamed 0 added 0 removed 0");
        said(&diff.operations)
    };
    let (none, thing) = (json!([]), "thing");
    assert_eq!(
        of(
            (none.clone(), thing),
            (json!([query("$filter", false)]), thing)
        ),
        ["changed harmless GET /thing `graph.thing().get()` has `$filter`"]
    );
    assert_eq!(
        of(
            (json!([query("$filter", false)]), thing),
            (none.clone(), thing)
        ),
        ["changed breaking GET /thing `graph.thing().get()` no longer has `$filter`"]
    );
    assert_eq!(
        of(
            (none.clone(), thing),
            (json!([query("period", true)]), thing)
        ),
        ["changed breaking GET /thing `graph.thing().get(period)` needs `period: &str`"]
    );
    assert_eq!(
        of(
            (json!([query("period", true)]), thing),
            (none.clone(), thing)
        ),
        ["changed breaking GET /thing `graph.thing().get()` no longer takes `period: &str`"]
    );
    assert_eq!(
        of((none.clone(), thing), (none, "other")),
        [
            "changed breaking GET /thing `graph.thing().get()` returns `Entity<models::Other>`, \
             returned `Entity<models::Thing>`"
        ]
    );
}

#[test]
fn body_of_derived_type_is_compatible() {
    let paths = json!({ "/things": { "post": {
        "requestBody": content(reference("thing")),
        "responses": { "2XX": content(reference("thing")) },
    } } });
    let mut after = things();
    after["microsoft.graph.special"] = derived("thing", json!({}));
    let diff = of((paths.clone(), things()), (paths, after));
    assert_eq!(
        said(&diff.operations),
        [
            "changed harmless POST /things `graph.things().create(body)` takes `body: impl \
             Into<models::Thing>`, took `models::Thing`"
        ]
    );
    assert_eq!(
        said(&diff.models),
        ["added harmless microsoft.graph.special `models::Special`"]
    );
}

#[test]
fn changed_subtree_is_listed_on_one_line() {
    let before = json!({
        "/a": get("thing"),
        "/b": get("thing"),
        "/b/{id}": with(get("thing"), key("id")),
    });
    let mut after = before.clone();
    for above in ["/a", "/b", "/b/{id}"] {
        let parameters = match above.contains('{') {
            true => key("id"),
            false => json!([]),
        };
        let path = format!("{above}/parts");
        after[&path] = with(get("other"), parameters.clone());
        after[format!("{path}/first")] = with(get("other"), parameters);
    }
    let diff = of_paths(before.clone(), after.clone());
    assert_eq!(diff.line(), "common 3 renamed 0 added 6 removed 0");
    assert_eq!(
        diff.markdown(),
        "From small.json to small.json.\n\n### Other changes\n\n#### Operations added (6)\n\n\
         - 2 operations at and below `/a/parts`: `graph.a().parts()`; and at 2 other places\n"
    );
    let back = of_paths(after, before);
    assert!(
        back.markdown()
            .contains("### Breaking changes\n\n#### Operations removed (6)\n"),
        "{}",
        back.markdown()
    );
}

#[test]
fn changed_models_and_properties_are_listed() {
    let paths = json!({ "/a": get("thing"), "/b": get("special"), "/c": get("loose") });
    let schemas = |thing: Value, words: Value, base: &str| {
        json!({
            "microsoft.graph.entity": { "type": "object",
                "properties": { "id": { "type": "string" } } },
            "microsoft.graph.other": derived("entity", json!({})),
            "microsoft.graph.word": { "type": "string", "enum": words },
            "microsoft.graph.thing": derived("entity", thing),
            "microsoft.graph.special": derived("thing", json!({})),
            "microsoft.graph.loose": derived(base, json!({})),
        })
    };
    let (text, truth) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
    let word = reference("word");
    let mut navigation = reference("other");
    navigation["x-ms-navigationProperty"] = true.into();
    let before = schemas(
        json!({ "gone": text, "other": text, "moved": text, "word": word }),
        json!(["one", "two"]),
        "other",
    );
    let after = schemas(
        json!({ "other": truth, "moved": navigation, "new": text, "word": word }),
        json!(["one", "three"]),
        "entity",
    );
    let diff = of((paths.clone(), before), (paths, after));
    // A property that `special` inherits is reported once, for `thing`.
    assert_eq!(
        said(&diff.models),
        [
            "changed breaking microsoft.graph.loose `models::Loose` no longer derives from \
             `microsoft.graph.other`",
            "removed breaking microsoft.graph.thing.gone `models::Thing::GONE`",
            "changed breaking microsoft.graph.thing.moved `models::Thing::MOVED` is a navigation \
             property, was a field",
            "changed breaking microsoft.graph.thing.other `models::Thing::OTHER` is `bool`, was \
             `String`",
            "added harmless microsoft.graph.thing.new `models::Thing::NEW` `String`",
            "removed breaking microsoft.graph.word.two `models::Word::Two`",
            "added harmless microsoft.graph.word.three `models::Word::Three`",
        ]
    );
    assert_eq!(diff.breaking(), 5);
}

#[test]
fn equal_descriptions_have_no_changes() {
    let paths = json!({ "/a": get("thing") });
    let diff = of_paths(paths.clone(), paths);
    assert_eq!(diff.line(), "common 1 renamed 0 added 0 removed 0");
    assert_eq!(
        (diff.breaking(), diff.operations.len(), diff.models.len()),
        (0, 0, 0)
    );
    assert_eq!(diff.markdown(), "From small.json to small.json.\n");
}

/// Checks that an operation that existed in 2022 has the same expression in 2022 and in 2026, by
/// the rules of today.
#[test]
fn nothing_was_renamed_between_2022_and_2026() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = root.join("../shared/graph/openapi-v1.0-2022.json.xz");
    if !document.exists() {
        let mut out = std::io::stderr();
        let _ = std::io::Write::write_all(
            &mut out,
            b"skipped: openapi-v1.0-2022.json.xz not found in ../shared/graph\n",
        );
        return;
    }
    let old = Side::read(&document).expect("2022");
    let new = Side::read(&root.join("openapi")).expect("today");
    let diff = diff(&old, &new).expect("compared");
    let renamed: Vec<_> = diff
        .operations
        .iter()
        .chain(&diff.models)
        .filter(|change| change.what == What::Renamed)
        .collect();
    assert!(renamed.is_empty(), "{renamed:#?}");
    assert!(diff.common > 9_500, "only {} are in both", diff.common);
    let word = |change: &&Change| change.subject == Subject::Member;
    let words = diff.models.iter().filter(word);
    assert!(words.clone().any(|of| of.what == What::Added));
}

/// Checks that a described subtree and the same subtree restored by a graft are the same to a
/// program.
#[test]
fn grafted_subtree_is_not_listed_as_changed() {
    let mut schemas = things();
    schemas["microsoft.graph.drive"] = derived("entity", json!({}));
    let grafted = json!({
        "/drives/{drive-id}": with(get("drive"), key("drive-id")),
        "/drives/{drive-id}/list": with(get("thing"), key("drive-id")),
        "/drives/{drive-id}/list/other": with(get("other"), key("drive-id")),
        "/me/drive": get("drive"),
    });
    let mut spelt = grafted.clone();
    spelt["/me/drive/list"] = get("thing");
    spelt["/me/drive/list/other"] = get("other");
    for (before, after) in [(&spelt, &grafted), (&grafted, &spelt)] {
        let diff = of(
            (before.clone(), schemas.clone()),
            (after.clone(), schemas.clone()),
        );
        assert_eq!(diff.line(), "common 6 renamed 0 added 0 removed 0");
        assert!(diff.operations.is_empty(), "{:?}", said(&diff.operations));
    }
    // Operations that come from grafts in both descriptions are described in neither, and are not
    // counted.
    let same = of(
        (grafted.clone(), schemas.clone()),
        (grafted.clone(), schemas.clone()),
    );
    assert_eq!(same.line(), "common 4 renamed 0 added 0 removed 0");

    // A removed operation of a described place is also removed where a graft led to it. It is
    // reported for each place that described it.
    let mut without = grafted.clone();
    without
        .as_object_mut()
        .expect("paths")
        .remove("/drives/{drive-id}/list/other");
    let diff = of((spelt, schemas.clone()), (without, schemas));
    assert_eq!(diff.line(), "common 4 renamed 0 added 0 removed 2");
    let removed = said(&diff.operations);
    assert!(
        removed
            .iter()
            .all(|of| of.starts_with("removed breaking GET /") && of.contains("/list/other")),
        "{removed:?}"
    );
}
