//! Graph's lists of permissions and clouds: their conversion to files, and queries on these.

use std::path::{Path, PathBuf};

use msgraph_codegen::{Cloud, Description, Facts, Permission, Scheme};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use xtask::facts::{self, Kind, Operations, Original};
use xtask::needs::{self, Known};

fn openapi() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

/// Returns a folder with a description of these operations.
fn described(operations: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().expect("a folder");
    let mut paths = serde_json::Map::new();
    for (method, path) in operations {
        let item = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        item[method.to_lowercase()] = json!({ "responses": {} });
    }
    let write = |name: &str, json: Value| {
        std::fs::write(folder.path().join(name), json.to_string()).expect("written");
    };
    std::fs::create_dir(folder.path().join("paths")).expect("a folder");
    write("paths/all.json", json!({ "paths": paths }));
    write("schemas.json", json!({ "components": { "schemas": {} } }));
    folder
}

fn make(kind: Kind, document: &Value, folder: &TempDir) -> anyhow::Result<facts::FactsFile> {
    let description = Description::read(folder.path()).expect("a description");
    let original = Original {
        kind,
        file: "list.json".to_owned(),
        bytes: document.to_string().into_bytes(),
    };
    facts::make(&original, &Operations::new(&description)?)
}

/// Returns the known facts with the document's file beside the description.
fn known(kind: Kind, document: &Value, folder: &TempDir) -> (facts::FactsFile, Facts) {
    let made = make(kind, document, folder).expect("made");
    std::fs::write(folder.path().join(made.name), &made.text).expect("written");
    let facts = Facts::read(folder.path()).expect("what was made is read");
    (made, facts)
}

fn permission(levels: Value, sets: Value) -> Value {
    json!({ "authorizationType": "oAuth2", "schemes": levels, "pathSets": sets, "ownerInfo": {} })
}

fn set(methods: &[&str], paths: Value) -> Value {
    json!({ "schemeKeys": ["DelegatedWork"], "methods": methods, "paths": paths })
}

fn work(level: u8) -> Value {
    json!({ "DelegatedWork": { "privilegeLevel": level, "adminDescription": "A sentence." } })
}

fn names(of: &[Permission]) -> Vec<String> {
    of.iter().map(Permission::to_string).collect()
}

fn of_users(permissions: Value) -> Scheme {
    let folder = described(&[("get", "/users")]);
    let document = json!({ "permissions": permissions });
    let (_, facts) = known(Kind::Permissions, &document, &folder);
    let permissions = facts.permissions("GET", "/users").expect("listed");
    permissions.delegated_work.clone()
}

// Reported: microsoftgraph/msgraph-sdk-powershell#2873, microsoftgraph/msgraph-sdk-powershell#1289.
#[test]
fn narrowest_marked_permission_is_the_least() {
    let least = json!({ "/users": "least=DelegatedWork" });
    let not = json!({ "/users": "" });
    let of = of_users(json!({
        "User.ReadWrite.All": permission(work(2), json!([set(&["GET", "POST"], least.clone())])),
        "User.Read.All": permission(work(3), json!([set(&["GET"], least.clone())])),
        "User.ReadBasic.All": permission(work(2), json!([set(&["GET"], least)])),
        "Directory.Read.All": permission(work(1), json!([set(&["GET"], not)])),
    }));
    assert_eq!(names(&of.least), ["User.ReadBasic.All"]);
    assert_eq!(
        names(&of.others),
        ["Directory.Read.All", "User.Read.All", "User.ReadWrite.All"]
    );
}

#[test]
fn only_a_single_unmarked_permission_is_least() {
    let not = |name: &str| {
        (
            name.to_owned(),
            permission(work(1), json!([set(&["GET"], json!({ "/users": "" }))])),
        )
    };
    let one = of_users(Value::Object([not("A.Read")].into_iter().collect()));
    assert_eq!(names(&one.least), ["A.Read"]);
    let two = of_users(Value::Object(
        [not("A.Read"), not("B.Read")].into_iter().collect(),
    ));
    assert_eq!(
        (names(&two.least), names(&two.others)),
        (vec![], vec!["A.Read".to_owned(), "B.Read".to_owned()])
    );
}

#[test]
fn additional_permissions_are_kept() {
    let of = of_users(json!({
        "A.Read": permission(work(1), json!([set(&["GET"],
            json!({ "/users": "least=DelegatedWork;AlsoRequires=C.Read,B.Read" }))])),
    }));
    assert_eq!(names(&of.least), ["A.Read+B.Read|C.Read"]);
    assert_eq!(of.least[0].with_one_of, ["B.Read", "C.Read"]);
}

#[test]
fn unlisted_operation_needs_permissions_of_its_target() {
    let folder = described(&[
        ("get", "/groups/{group-id}/members"),
        ("get", "/groups/{group-id}/members/$count"),
        ("get", "/groups/{group-id}/members/graph.user"),
        ("get", "/groups/{group-id}/members/graph.user/$count"),
        ("get", "/groups/{group-id}/members/$ref"),
        ("post", "/groups/{group-id}/members/$ref"),
        ("post", "/groups/{group-id}/owners"),
        ("post", "/groups/{group-id}/owners/$ref"),
        ("get", "/groups(uniqueName='{uniqueName}')"),
        ("get", "/groups/{group-id}/photo/$value"),
        ("get", "/groups/{group-id}/secret"),
    ]);
    let document = json!({ "permissions": { "A": permission(work(1), json!([
        set(&["GET"], json!({
            "/groups/{id}": "", "/groups/{id}/members": "", "/groups/{id}/photo": "",
            "/me/drive/items/{id}": "",
        })),
        set(&["POST"], json!({ "/groups/{id}/members": "", "/groups/{id}/owners": "" })),
    ])) } });
    let (made, facts) = known(Kind::Permissions, &document, &folder);
    let is_known = |method: &str, path: &str| facts.permissions(method, path).is_some();
    for (method, path) in [
        ("GET", "/groups/{group-id}/members/$count"),
        ("GET", "/groups/{group-id}/members/graph.user/$count"),
        ("GET", "/groups/{group-id}/members/$ref"),
        ("POST", "/groups/{group-id}/members/$ref"),
        ("GET", "/groups(uniqueName='{uniqueName}')"),
        ("GET", "/groups/{group-id}/photo/$value"),
        // These are not described, but a graft may lead there, by id or by path.
        ("GET", "/me/drive/items/{driveItem-id}"),
        ("GET", "/me/drive/root:/a/b"),
    ] {
        assert!(is_known(method, path), "{method} {path}");
    }
    // A new owner and a reference to an owner are different operations if both are described.
    assert!(!is_known("POST", "/groups/{group-id}/owners/$ref"));
    assert!(!is_known("GET", "/groups/{group-id}/secret"));
    for (name, count) in [
        ("listed", 6),
        ("described", 2),
        ("not_described_method", 1),
        ("not_described_place", 3),
        ("by_cast", 1),
        ("by_count", 2),
        ("by_ref", 2),
        ("by_alternate_key", 1),
        ("by_value", 1),
    ] {
        assert_eq!(made.pin.figures.get(name), Some(&count), "{name}");
    }
    assert!(
        made.notes[0].ends_with(": groups 2, me 1"),
        "{}",
        made.notes[0]
    );
    assert!(!made.text.contains("A sentence."));
}

#[test]
fn permission_list_of_unknown_form_is_refused() {
    let folder = described(&[("get", "/users")]);
    let refusal = |kind, document: Value| {
        let error = make(kind, &document, &folder).expect_err("refused");
        format!("{error:#}")
    };
    let of = |set: Value| json!({ "permissions": { "A": permission(work(1), json!([set])) } });
    for (document, why) in [
        (json!({}), "cannot read a list of permissions"),
        (
            of(set(&["GET"], json!({ "/users": "most=x" }))),
            "A: /users: unknown attribute \"most=x\"",
        ),
        (
            of(set(&["LIST"], json!({ "/users": "" }))),
            "Graph does not use the method \"LIST\"",
        ),
        (
            of(json!({ "schemeKeys": ["Robot"], "methods": ["GET"], "paths": { "/users": "" } })),
            "unknown scheme \"Robot\"",
        ),
        (
            of(json!({ "schemeKeys": ["Application"], "methods": ["GET"],
                    "paths": { "/users": "" } })),
            "A: /users: the permission does not have the scheme Application",
        ),
    ] {
        let error = refusal(Kind::Permissions, document);
        assert!(
            error.contains(why) && error.contains("list.json"),
            "{error}"
        );
    }
    for (document, why) in [
        (json!([]), "cannot read a list of operations by cloud"),
        (json!({ "Atlantis": [] }), "unknown cloud \"Atlantis\""),
        (
            json!({ "Fairfax": ["users"] }),
            "\"users\" is not a method and a path",
        ),
        (json!({ "Fairfax": [] }), "the list of Mooncake is missing"),
    ] {
        let error = refusal(Kind::Clouds, document);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn clouds_are_written_where_they_change() {
    let operations = [
        ("get", "/users"),
        ("post", "/users"),
        ("get", "/users/{user-id}"),
        ("get", "/users/{user-id}/chats"),
        ("get", "/users/{user-id}/chats/{chat-id}"),
        ("get", "/places"),
    ];
    let folder = described(&operations);
    let everything = ["GET /users", "POST /users", "GET /users/{user-id}"];
    let mut document: serde_json::Map<String, Value> = Cloud::ALL
        .iter()
        .map(|cloud| (cloud.list_name().to_owned(), json!(everything)))
        .collect();
    document.insert(
        "Bleu".to_owned(),
        json!(["GET /users", "GET /users/{user-id}", "GET /gone"]),
    );
    let (made, facts) = known(Kind::Clouds, &document.into(), &folder);
    let all = "Fairfax Mooncake USNat USSec Bleu Delos GovSG";
    let wanted = format!(
        concat!(
            "{{\"clouds\":{{\n\"/places\":\"\",\n\"/users\":\"{all}\",\n\"POST \
             /users\":\"{without}\",\n",
            "\"/users/{{user-id}}\":\"\",\n\"GET /users/{{user-id}}\":\"{all}\"\n}}}}\n"
        ),
        all = all,
        without = all.replace("Bleu ", "")
    );
    assert_eq!(made.text, wanted);
    let clouds = |method: &str, path: &str| facts.clouds(method, path).map(|set| set.to_string());
    assert_eq!(clouds("GET", "/users/{id}").as_deref(), Some(all));
    assert_eq!(clouds("GET", "/users/{id}/chats/{id}").as_deref(), Some(""));
    assert_eq!(clouds("GET", "/gone"), None);
    assert_eq!(made.pin.figures.get("bleu_not_described"), Some(&1));
}

#[test]
fn committed_lists_match_the_documentation() {
    let facts = Facts::read(&openapi()).expect("openapi/");
    let least = |method: &str, path: &str| {
        let permissions = facts.permissions(method, path).expect("listed");
        [&permissions.delegated_work, &permissions.application].map(|of| names(&of.least).join(" "))
    };
    assert_eq!(
        least("GET", "/users"),
        ["User.ReadBasic.All", "User.ReadBasic.All"]
    );
    assert_eq!(
        least("POST", "/users/{user-id}/sendMail"),
        ["Mail.Send", "Mail.Send"]
    );
    assert_eq!(
        least("PUT", "/users/{user-id}/drive/root:/{path}:/content"),
        ["Files.ReadWrite", "Files.ReadWrite.All"]
    );
    // `/me` has no meaning for an application.
    assert_eq!(
        least("PUT", "/me/drive/root:/{path}:/content"),
        ["Files.ReadWrite", ""]
    );
    let described =
        Operations::new(&Description::read(&openapi()).expect("openapi/")).expect("operations");
    let known = described
        .iter()
        .flat_map(|(_, at)| at.methods.iter().map(|method| (*method, at.path.as_str())));
    let known = known.filter(|(method, path)| facts.permissions(method, path).is_some());
    // 3,563 were counted by hand. Other paths to the same resources are 1,600 more.
    assert!(known.count() > 5_000);
    let clouds = facts.clouds("GET", "/me/presence").expect("listed");
    assert!(clouds.contains(Cloud::UsGovL4) && !clouds.contains(Cloud::China));
}

#[test]
fn requests_with_values_match_listed_templates() {
    let known = Known::read(&openapi()).expect("openapi/");
    let least = |request: &str| {
        let call = known.call(request).expect("a request");
        let permissions = call.permissions?;
        Some(names(&permissions.delegated_work.least).join(" "))
    };
    for (request, wanted) in [
        ("GET /me/messages", Some("Mail.ReadBasic")),
        (
            "get https://graph.microsoft.com/v1.0/me/messages?$top=5",
            Some("Mail.ReadBasic"),
        ),
        (
            "PATCH /users/adele@contoso.com/messages/AAMkAD=",
            Some("Mail.ReadWrite"),
        ),
        (
            "PUT /me/drive/root:/a/b.txt:/content",
            Some("Files.ReadWrite"),
        ),
        ("PUT /me/drive/items/01AB/content", Some("Files.ReadWrite")),
        ("GET /users/delta", Some("User.Read.All")),
        ("GET /me/nothing", None),
    ] {
        assert_eq!(least(request).as_deref(), wanted, "{request}");
    }
    for (request, why) in [
        ("/me", "not a method and a path"),
        ("LIST /me", "Graph does not use the method LIST"),
        ("GET me", "begins with a slash"),
    ] {
        let error = known.call(request).expect_err("no request").to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn permissions_for_several_calls_are_minimal() {
    let known = Known::read(&openapi()).expect("openapi/");
    let calls = |requests: &[&str]| -> Vec<_> {
        let calls = requests.iter().map(|request| known.call(request));
        calls.collect::<Result<_, _>>().expect("requests")
    };
    let together = |requests: &[&str]| {
        let [work, personal, application] = needs::covers(&calls(requests));
        let joined =
            |of: &needs::Cover| of.permissions.iter().cloned().collect::<Vec<_>>().join(" ");
        (
            [joined(&work), joined(&personal), joined(&application)],
            personal.not_supported,
        )
    };
    // Write permissions include reading.
    let (sets, _) = together(&["GET /users/adele/messages", "POST /users/adele/messages"]);
    assert_eq!(sets, ["Mail.ReadWrite", "Mail.ReadWrite", "Mail.ReadWrite"]);
    let (sets, _) = together(&["GET /me/messages", "POST /me/messages"]);
    assert_eq!(sets, ["Mail.ReadWrite", "Mail.ReadWrite", ""]);
    let (sets, not) = together(&["GET /me/events", "GET /users", "POST /me/sendMail"]);
    assert_eq!(sets[0], "Calendars.ReadBasic Mail.Send User.ReadBasic.All");
    assert_eq!(not, [1]);
    let text = needs::to_text(&calls(&["GET /me/messages", "GET /me/nothing"]));
    assert!(
        text.ends_with("\nrequests 2 known 1 unknown 1 delegated 1 personal 1 application 0\n"),
        "{text}"
    );
    assert!(
        text.contains("GET /me/nothing\n  no permissions known\n"),
        "{text}"
    );
    let json = needs::to_json(&calls(&["GET /me/messages"])).to_string();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json["together"]["delegatedWork"]["permissions"],
        json!(["Mail.ReadBasic"])
    );
    assert_eq!(
        json["calls"][0]["permissions"]["delegatedWork"]["others"][0],
        "Mail.Read"
    );
}
