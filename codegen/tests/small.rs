//! The generator on small descriptions.

use std::path::PathBuf;

use msgraph_codegen::{Description, Error, Generated, generate};
use msgraph_description::names::Collision;
use serde_json::{Value, json};

/// Writes a description with these paths and schemas to a folder for a test.
fn description(name: &str, paths: Value, schemas: Value) -> Description {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(folder.join("paths")).expect("a folder");
    let write = |file: &str, value: Value| {
        std::fs::write(folder.join(file), value.to_string()).expect("a file");
    };
    write("paths/all.json", json!({ "paths": paths }));
    write(
        "schemas.json",
        json!({ "components": { "schemas": schemas } }),
    );
    Description::read(&folder).expect("a description")
}

fn get(answer: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{answer}") });
    let content = json!({ "application/json": { "schema": schema } });
    json!({ "get": { "responses": { "2XX": { "content": content } } } })
}

fn user() -> Value {
    json!({ "type": "object", "properties": { "id": { "type": "string" } } })
}

fn collisions(description: &Description) -> Vec<Collision> {
    match generate(description) {
        Err(Error::Description(msgraph_description::Error::Collisions(collisions))) => collisions,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no collision"),
    }
}

#[test]
fn two_places_of_the_same_form_are_one() {
    let of = |root: &str| {
        json!({
            format!("/{root}"): get("microsoft.graph.user"),
            format!("/{root}/{{{root}-id}}"): get("microsoft.graph.user"),
        })
    };
    let mut paths = of("a");
    paths
        .as_object_mut()
        .expect("paths")
        .extend(of("b").as_object().expect("paths").clone());
    let description = description("fold", paths, json!({ "microsoft.graph.user": user() }));
    let generated = generate(&description).expect("code");
    let (stats, nodes) = (generated.stats().expect("the counts"), &generated.nodes);
    assert_eq!((stats.places, stats.operations), (4, 4));
    // The root, `a` and `b`, and the places below them.
    assert_eq!((stats.distinct_places, stats.distinct_operations), (3, 2));
    assert!(nodes.contains("pub fn b(&self) -> A {"), "{nodes}");
}

#[test]
fn colliding_names_are_all_reported() {
    let paths = json!({
        "/a": get("microsoft.graph.user"),
        "/a/fooBar": get("microsoft.graph.user"),
        "/a/foo_bar": get("microsoft.graph.user"),
    });
    let schemas = json!({
        "microsoft.graph.user": user(),
        "microsoft.graph.User": user(),
    });
    let found = collisions(&description("collisions", paths, schemas));
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "`models::User` in models would be the name of both microsoft.graph.User and \
             microsoft.graph.user",
            "`foo_bar` in /a would be the name of both /a/fooBar and /a/foo_bar",
        ]
    );
}

#[test]
fn unknown_type_is_an_error() {
    let schemas = json!({
        "microsoft.graph.user": { "type": "object",
            "properties": { "age": { "type": "integer", "format": "int128" } } },
    });
    let description = description(
        "unknown",
        json!({ "/a": get("microsoft.graph.user") }),
        schemas,
    );
    let generated = generate(&description).expect("calls");
    let error = generated.write_models().expect_err("an error").to_string();
    assert!(
        error.starts_with("microsoft.graph.user.age: the generator has no Rust type for"),
        "{error}"
    );
}

#[test]
fn missing_folder_is_named_in_error() {
    let error = Description::read(&PathBuf::from("nowhere"))
        .expect_err("an error")
        .to_string();
    assert!(
        error.contains("nowhere") && error.contains("schemas.json"),
        "{error}"
    );
}

fn function(answer: &str) -> Value {
    let mut function = get(answer);
    function["get"]["x-ms-docs-operation-type"] = "function".into();
    function
}

/// Returns the methods that lead to each operation.
fn walks(name: &str, paths: &Value) -> Vec<String> {
    let schemas = json!({
        "microsoft.graph.entity": { "type": "object",
            "properties": { "id": { "type": "string" } } },
        "microsoft.graph.range": {
            "allOf": [{ "$ref": "#/components/schemas/microsoft.graph.entity" }],
            "type": "object",
        },
        "microsoft.graph.summary": { "type": "object",
            "properties": { "count": { "type": "integer", "format": "int32" } } },
    });
    let description = description(name, paths.clone(), schemas);
    let generated = generate(&description).expect("code");
    let methods = ["GET", "POST"].iter();
    let walks = description.paths.keys().flat_map(|path| {
        methods
            .clone()
            .filter_map(|method| generated.walk(method, path))
    });
    walks
        .map(|walk| {
            let names: Vec<_> = walk.methods.iter().map(|m| m.name.as_str()).collect();
            names.join(".")
        })
        .collect()
}

/// Checks that a place which an upgrade adds below a function or beside an action does not change
/// existing expressions.
#[test]
fn later_children_do_not_rename_an_operation() {
    let mut paths = json!({
        "/sheet/usedRange()": function("microsoft.graph.range"),
        "/sheet/summary()": function("microsoft.graph.summary"),
        "/sheet/things": { "post": { "responses": { "204": {} } } },
    });
    let before = walks("before", &paths);
    assert_eq!(
        before,
        [
            "sheet.summary",
            "sheet.things.create",
            "sheet.used_range.get"
        ]
    );
    paths["/sheet/usedRange()/lastRow()"] = function("microsoft.graph.range");
    paths["/sheet/things"]["get"] = get("microsoft.graph.range")["get"].clone();
    let after = walks("after", &paths);
    for walk in before {
        assert!(after.contains(&walk), "{walk} is not in {after:?}");
    }
}

/// Checks that the output has the same bytes each time.
#[test]
fn generation_is_deterministic() {
    let paths = json!({ "/a": get("microsoft.graph.user"), "/b": get("microsoft.graph.user") });
    let description = description("same", paths, json!({ "microsoft.graph.user": user() }));
    let once = generate(&description).expect("code");
    let twice = generate(&description).expect("code");
    assert_eq!(once.nodes, twice.nodes);
    let models = |of: &Generated<'_>| of.write_models().expect("models").text;
    assert_eq!(models(&once), models(&twice));
}

/// Checks that a place that stands for another is the same node, and that a tree that leads back
/// into itself is accepted.
#[test]
fn place_can_share_the_subtree_of_another() {
    let paths = json!({
        "/drives/{drive-id}": get("microsoft.graph.user"),
        "/drives/{drive-id}/owner": get("microsoft.graph.user"),
        "/me/drive": get("microsoft.graph.user"),
        "/me/other/{other-id}": get("microsoft.graph.user"),
    });
    let schemas = json!({ "microsoft.graph.user": user() });
    let grafts = |grafts: Value| {
        let mut description = description("grafts", paths.clone(), schemas.clone());
        description.grafts = serde_json::from_value(grafts).expect("grafts");
        description
    };
    let whole = grafts(json!({
        "subtrees": {
            "/me/drive": "/drives/{drive-id}",
            "/drives/{drive-id}/owner": "/drives/{drive-id}",
            "/drive": "/drives/{drive-id}",
        },
        "paths": { "/drives/{drive-id}": "/drives/{drive-id}" },
    }));
    let generated = generate(&whole).expect("code");
    assert_eq!(generated.nodes.matches("-> DrivesId {").count(), 5);
    let expression = generated.expression("GET", "/me/drive").expect("a call");
    assert_eq!(expression.rust, "graph.me().drive().get()");

    for (wrong, text) in [
        (
            json!({ "subtrees": { "/me/drive": "/drives" } }),
            "/me/drive: the graft would lose GET /me/drive",
        ),
        (
            json!({ "subtrees": { "/drive": "/nowhere" } }),
            "/drive: the graft refers to /nowhere, which the description does not have",
        ),
        (
            json!({ "subtrees": { "/nowhere/drive": "/drives" } }),
            "/nowhere/drive: the graft refers to /nowhere, which the description does not have",
        ),
    ] {
        let error = generate(&grafts(wrong)).map(|_| ()).expect_err("an error");
        assert_eq!(error.to_string(), text);
    }
}

/// Checks that a key of several properties is one segment, and that its parts are arguments.
#[test]
fn key_of_several_properties_takes_several_arguments() {
    let path = "/states/id='{id}',policyId='{policyId}'";
    let mut item = get("microsoft.graph.user");
    let text = json!({ "type": "string" });
    let parameter =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": text });
    item["parameters"] = json!([parameter("id"), parameter("policyId")]);
    let paths = json!({ "/states": get("microsoft.graph.user"), path: item });
    let description = description(
        "composite",
        paths,
        json!({ "microsoft.graph.user": user() }),
    );
    let generated = generate(&description).expect("code");
    let expression = generated.expression("GET", path).expect("a call");
    assert_eq!(
        expression.named,
        "graph.states().by_id_and_policy_id(id, policy_id).get()"
    );
    let step = ".composite_key(&[(\"id\", Argument::id(id)), \
        (\"policyId\", Argument::id(policy_id))])";
    assert!(generated.nodes.contains(step), "{}", generated.nodes);
}

/// Checks that required times of the query take any type of time, even if they are declared as
/// text.
#[test]
fn required_times_take_any_time() {
    let mut view = get("microsoft.graph.user");
    let text = json!({ "type": "string" });
    let parameter =
        |name: &str| json!({ "name": name, "in": "query", "required": true, "schema": text });
    view["get"]["parameters"] = json!([parameter("startDateTime"), parameter("zone")]);
    let description = description(
        "times",
        json!({ "/view": view }),
        json!({ "microsoft.graph.user": user() }),
    );
    let nodes = generate(&description).expect("code").nodes;
    let arguments = "&self, start_date_time: impl Into<Time>, zone: &str";
    assert!(nodes.contains(arguments), "{nodes}");
    let query = ".time(\"startDateTime\", start_date_time).query(\"zone\", zone)";
    assert!(nodes.contains(query), "{nodes}");
}
