//! Tests of descriptions that cannot be read, and of the one that can.

use std::path::{Path, PathBuf};

use msgraph_simulator::{Description, Error, Simulator};

use crate::client::description;

const SCHEMAS: &str = r##"{"components":{"parameters":{"top":{"name":"$top","in":"query",
    "schema":{"type":"integer","format":"int32"}}},"schemas":{
"microsoft.graph.thing":{"type":"object","properties":{"id":{"type":"string"}}},
"microsoft.graph.thingCollectionResponse":{"type":"object","properties":{"value":{"type":"array",
"items":{"$ref":"#/components/schemas/microsoft.graph.thing"}}}}}}}"##;

const PATHS: &str = r##"{"paths":{"/things":{"get":{
"parameters":[{"$ref":"#/components/parameters/top"}],
"responses":{"2XX":{"content":{"application/json":{"schema":{
"$ref":"#/components/schemas/microsoft.graph.thingCollectionResponse"}}}}}}}}}"##;

/// A temporary folder, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, schemas: &str, paths: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("simulator-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join("paths")).unwrap();
        std::fs::write(folder.join("schemas.json"), schemas).unwrap();
        std::fs::write(folder.join("paths/things.json"), paths).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn check(name: &str, schemas: &str, paths: &str) -> Result<usize, String> {
    let folder = Folder::new(name, schemas, paths);
    let checked = Description::read(&folder.0).and_then(|description| description.check());
    checked.map_err(|error| {
        let error = error.to_string();
        let file = |name: &str| format!("{}: ", folder.0.join(Path::new(name)).display());
        let short = error
            .strip_prefix(&file("schemas.json"))
            .or_else(|| error.strip_prefix(&file("paths/things.json")));
        short
            .unwrap_or_else(|| panic!("the file is not named: {error}"))
            .to_owned()
    })
}

#[test]
fn whole_description_is_read() {
    assert_eq!(description().check().unwrap(), 18_136);
}

#[test]
fn description_faults_are_named() {
    assert_eq!(check("good", SCHEMAS, PATHS), Ok(1));
    for (name, schemas, paths, message) in [
        (
            "json",
            SCHEMAS.replace("\"components\"", "components"),
            PATHS.into(),
            "key must be a string at line 1 column 2",
        ),
        (
            "word",
            SCHEMAS.replace("\"id\":{", "\"id\":{\"pattern\":\"x\","),
            PATHS.into(),
            "unknown field `pattern`",
        ),
        (
            "format",
            SCHEMAS.replace(
                "\"id\":{\"type\":\"string\"",
                "\"id\":{\"type\":\"string\",\"format\":\"email\"",
            ),
            PATHS.into(),
            "property `id`: type `string` with format `email`",
        ),
        (
            "dangling",
            SCHEMAS.replace(
                "\"id\":{\"type\":\"string\"}",
                "\"id\":{\"$ref\":\"#/components/schemas/x\"}",
            ),
            PATHS.into(),
            "schema `microsoft.graph.thing` refers to `x`, which does not exist",
        ),
        (
            "parameter",
            SCHEMAS.into(),
            PATHS.replace("parameters/top", "parameters/skip"),
            "GET /things: the parameter `#/components/parameters/skip` does not exist",
        ),
        (
            "schema",
            SCHEMAS.into(),
            PATHS.replace("graph.thingC", "graph.thungC"),
            "GET /things: refers to `microsoft.graph.thungCollectionResponse`, which does not \
             exist",
        ),
        (
            "status",
            SCHEMAS.into(),
            PATHS.replace("2XX", "default"),
            "GET /things: expected exactly one response",
        ),
        (
            "method",
            SCHEMAS.into(),
            PATHS.replace("\"get\"", "\"head\""),
            "unknown field `head`",
        ),
        (
            "segment",
            SCHEMAS.into(),
            PATHS.replace("/things", "/things(a)"),
            "path `/things(a)`: segment `things(a)`",
        ),
    ] {
        let error = check(name, &schemas, &paths).unwrap_err();
        assert!(error.contains(message), "{name}: {error}");
    }
}

#[test]
fn grafts_lead_to_existing_places() {
    let grafted = |name: &str, grafts: &str| {
        let folder = Folder::new(name, SCHEMAS, PATHS);
        std::fs::write(folder.0.join("grafts.json"), grafts).unwrap();
        Description::read(&folder.0)
            .and_then(|description| description.check())
            .map_err(|error| error.to_string())
    };
    let good = r#"{"subtrees":{"/others":"/things"},"paths":{}}"#;
    assert_eq!(grafted("graft", good), Ok(1));
    let dangling = grafted("graft-dangling", &good.replace("\"/things", "\"/none")).unwrap_err();
    assert!(
        dangling.ends_with("grafts.json: `/none` is not a place of the description"),
        "{dangling}"
    );
    let unknown = grafted("graft-unknown", r#"{"trees":{}}"#).unwrap_err();
    assert!(unknown.contains("unknown field `trees`"), "{unknown}");
}

#[tokio::test]
async fn missing_description_folder_prevents_start() {
    let error = Simulator::builder()
        .openapi("no/such/folder")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Description { .. }), "{error}");
    assert!(error.to_string().starts_with("no/such/folder"), "{error}");
}

#[test]
fn an_example_has_each_kind_of_value() {
    let description = description();
    let event = description.example("microsoft.graph.event").unwrap();
    assert!(event["createdDateTime"].is_string() && event["isAllDay"].is_boolean());
    assert!(event["attendees"][0]["emailAddress"]["address"].is_string());
    assert!(
        event.get("attachments").is_none(),
        "a navigation property is not a part of it"
    );
    assert_eq!(description.example("microsoft.graph.event"), Some(event));
    assert_eq!(description.example("microsoft.graph.nothing"), None);
}
