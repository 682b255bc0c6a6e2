//! Finding operations, in the committed description and in a small one.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use xtask::find::{Class, Details, Found, Index, Instead, search};

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
        Index::read(&folder).expect("openapi/")
    })
}

fn find(text: &str) -> Found {
    search(index(), text)
}

/// Returns the results, best first, as `METHOD path`.
fn paths(text: &str) -> Vec<String> {
    let found = find(text);
    let best = found.groups.iter().map(|group| &group.best);
    best.map(|hit| Details::new(index(), hit))
        .map(|details| format!("{} {}", details.method, details.path))
        .collect()
}

fn first(text: &str) -> String {
    paths(text).into_iter().next().unwrap_or_default()
}

#[test]
fn operation_has_feature_of_its_area() {
    for (text, feature) in [
        ("GET /me/messages", "mail"),
        ("GET /me/messages/1/attachments", "mail"),
        ("GET /me/events/1/attachments", "calendar"),
        ("GET /users/1/todo/lists", "todo"),
        ("GET /groups/1/drive", "files"),
        ("GET /drives/1/items/2/workbook/worksheets", "workbook"),
        ("GET /me/drive/items/2/workbook/worksheets", "workbook"),
        ("GET /users/1/onenote/pages", "onenote"),
        ("GET /me", "users"),
    ] {
        let best = &find(text).groups[0].best;
        let found = Details::new(index(), best).feature;
        assert_eq!(found.as_deref(), Some(feature), "{text}");
    }
}

#[test]
fn path_is_found_in_any_spelling() {
    for (text, wanted) in [
        ("/me/messages", "GET /me/messages"),
        ("me/messages", "GET /me/messages"),
        ("GET /me/messages?$top=5", "GET /me/messages"),
        ("post /me/messages", "POST /me/messages"),
        ("/ME/Messages/", "GET /me/messages"),
        (
            "https://graph.microsoft.com/v1.0/users/adele@contoso.com/messages/AAMk=",
            "GET /users/{user-id}/messages/{message-id}",
        ),
        (
            "GET https://graph.microsoft.com/beta/me/messages?$filter=isRead eq false",
            "GET /me/messages",
        ),
        ("/users/{id | userPrincipalName}", "GET /users/{user-id}"),
        (
            "/users('adele@contoso.com')/events",
            "GET /users/{user-id}/events",
        ),
        ("/users/delta", "GET /users/delta()"),
        ("/users/microsoft.graph.delta()", "GET /users/delta()"),
        (
            "/applications(appId='00000000-0000-0000-0000-000000000001')",
            "GET /applications(appId='{appId}')",
        ),
        (
            "/groups/1/members/microsoft.graph.user",
            "GET /groups/{group-id}/members/graph.user",
        ),
        (
            "GET /me/reminderView(endDateTime='2026-01-02T03:04',startDateTime='2026/01/01')",
            "GET /me/reminderView(StartDateTime='{StartDateTime}',EndDateTime='{EndDateTime}')",
        ),
        ("/me/sendMail", "POST /me/sendMail"),
        (
            "/groups/1/members/$ref",
            "GET /groups/{group-id}/members/$ref",
        ),
        (
            "/sites/contoso.sharepoint.com/lists/Tasks/items/1/fields",
            "GET /sites/{site-id}/lists/{list-id}/items/{listItem-id}/fields",
        ),
    ] {
        assert_eq!(first(text), wanted, "{text}");
        let best = &find(text).groups[0].best;
        assert_eq!(best.class, Class::Path, "{text}");
    }
}

#[test]
fn children_are_listed_after_their_path() {
    let paths = paths("/me/messages");
    assert_eq!(paths[..2], ["GET /me/messages", "POST /me/messages"]);
    let all_below = paths.iter().all(|path| path.contains(" /me/messages"));
    assert!(all_below && paths.len() > 20, "{paths:?}");
    let depth = |path: &String| path.matches('/').count();
    assert!(paths.is_sorted_by_key(depth), "{paths:?}");
}

#[test]
fn an_unfinished_path_is_found() {
    let found = paths("/me/mess");
    assert_eq!(found[0], "GET /me/messages");
    assert!(found.iter().all(|path| path.contains(" /me/mess")));
    assert_eq!(first("/me/send"), "POST /me/sendMail");
}

#[test]
fn words_are_found_in_paths_and_methods() {
    for (text, wanted) in [
        (
            "mailFolders messages",
            "GET /me/mailFolders/{mailFolder-id}/messages",
        ),
        (
            "mail_folders messages",
            "GET /me/mailFolders/{mailFolder-id}/messages",
        ),
        ("send mail", "POST /me/sendMail"),
        ("POST messages", "POST /me/messages"),
        ("users delta", "GET /users/delta()"),
        (
            "graph.users().id(user_id).messages().list()",
            "GET /users/{user-id}/messages",
        ),
        (
            "group members add_ref",
            "POST /groups/{group-id}/members/$ref",
        ),
        ("delete users", "DELETE /users/{user-id}"),
    ] {
        assert_eq!(first(text), wanted, "{text}");
        assert_eq!(find(text).groups[0].best.class, Class::Names, "{text}");
    }
}

/// Checks that names come before models: `fileAttachment` is in no path.
#[test]
fn matches_in_models_come_last() {
    let found = find("permission");
    let classes: Vec<_> = found.groups.iter().map(|group| group.best.class).collect();
    assert!(classes.is_sorted());
    assert_eq!(classes.last(), Some(&Class::Models));
    let found = paths("chatMessage teams list");
    assert_eq!(found[0], "GET /teams/{team-id}/primaryChannel/messages");
}

#[test]
fn permission_finds_the_operations_it_allows() {
    let number = |name: &str| index().permissions.binary_search(&name.to_owned());
    let read = number("Mail.Read").expect("Mail.Read");
    let found = find("mail.read");
    assert!(found.operations() > 40);
    let mut least_before = true;
    for group in &found.groups {
        for hit in std::iter::once(&group.best).chain(&group.others) {
            assert!(index().accepts(hit.operation, &[read]).is_some());
        }
        let least = index().accepts(group.best.operation, &[read]) == Some(true);
        assert!(least_before || !least, "least privileged ones come first");
        least_before = least;
    }
    // Combined with words, a permission narrows the results. The beginning of a name stands for all
    // names with that beginning.
    let found = paths("mailFolders Mail.Read");
    assert!(
        found.iter().all(|path| path.contains("/mailFolders")),
        "{found:?}"
    );
    assert_eq!(first("POST Mail.Sen"), "POST /me/sendMail");
}

#[test]
fn same_method_by_other_paths_is_one_result() {
    let found = find("mailFolders messages");
    let best = &found.groups[0];
    let all = std::iter::once(&best.best).chain(&best.others);
    let paths: Vec<_> = all.map(|hit| Details::new(index(), hit).path).collect();
    assert_eq!(
        paths,
        [
            "/me/mailFolders/{mailFolder-id}/messages",
            "/users/{user-id}/mailFolders/{mailFolder-id}/messages",
            "/me/mailFolders/{mailFolder-id}/childFolders/{mailFolder-id1}/messages",
            "/users/{user-id}/mailFolders/{mailFolder-id}/childFolders/{mailFolder-id1}/messages",
        ]
    );
}

/// Checks that paths are found beyond the end of the list of places, because grafts continue
/// endlessly.
#[test]
fn grafted_places_are_found_at_any_depth() {
    for (text, path, expression) in [
        (
            "GET /me/drive/root:/Reports/2026.xlsx:/content",
            "/me/drive/root:/{path}:/content",
            "graph.me().drive().root().path(path).content().get()",
        ),
        (
            "POST /me/drive/items/1/workbook/worksheets/2/tables/add",
            "/me/drive/items/{driveItem-id}/workbook/worksheets/{workbookWorksheet-id}/tables/add",
            "graph.me().drive().items().id(drive_item_id).workbook().worksheets()\
             .id(workbook_worksheet_id).tables()\
             .add(WorkbookTableAdd { ..Default::default() })",
        ),
        (
            "GET /drives/1/items/2:/a:/children/3:/b:/children",
            "/drives/{drive-id}/items/{driveItem-id}:/{path}:/children/{driveItem-id1}:/{path1}:/\
             children",
            "graph.drives().id(drive_id).items().id(drive_item_id).path(path).children()\
             .id(drive_item_id1).path(path1)\
             .children().list()",
        ),
        (
            "GET /sites/contoso.sharepoint.com:/teams/hr:/lists",
            "/sites/{site-id}:/{path}:/lists",
            "graph.sites().id(site_id).path(path).lists().list()",
        ),
    ] {
        let best = Details::new(index(), &find(text).groups[0].best);
        assert_eq!(
            (best.path.as_str(), best.expression.as_str()),
            (path, expression)
        );
    }
    assert_eq!(first("me drive root content"), "GET /me/drive/root/content");
    for (number, node) in index().outline.nodes.iter().enumerate() {
        let mut places = index().places.iter();
        let is_listed =
            places.any(|place| place.node == number && place.below.len() == node.steps.len());
        assert!(is_listed, "nothing leads below {}", node.path);
    }
}

#[test]
fn unknown_path_is_searched_as_words() {
    let found = find("/me/folders/{id}/messages");
    assert_eq!(found.instead, Some(Instead::Words));
    assert!(found.operations() > 0);
    let found = find("/no/such/thing/anywhere");
    assert_eq!(found.instead, Some(Instead::Words));
    assert_eq!(found.operations(), 0);
    for nothing in ["", " ", "/", "()", "GET", "''(", "{"] {
        let found = find(nothing);
        assert!(found.operations() <= index().operations.len(), "{nothing}");
    }
}

#[test]
fn unsupported_method_lists_the_paths_methods() {
    let found = find("GET /me/sendMail");
    assert_eq!(found.instead, Some(Instead::OtherMethods));
    assert_eq!(paths("GET /me/sendMail"), ["POST /me/sendMail"]);
}

/// Checks that each operation is the first result for its own method and path.
#[test]
fn every_operation_is_found_by_its_path() {
    let mut missed = Vec::new();
    for number in 0..index().operations.len() {
        let call = index().call(number);
        let way = index().way(index().operations[number].place);
        let path = index().route(&way, call).path().to_owned();
        let found = find(&format!("{} {path}", call.http));
        let best = found.groups.first().map(|group| &group.best);
        if best.is_none_or(|hit| hit.operation != number || hit.class != Class::Path) {
            missed.push(path);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .expect("it runs")
}

#[test]
fn find_prints_best_matches_and_figures() {
    let output = xtask(&["find", "mailFolders", "messages"]);
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
}

#[test]
fn find_prints_all_matches_as_json() {
    let output = xtask(&["find", "--json", "GET /me/mailFolders/inbox/messages"]);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = json["found"].as_array().expect("a list");
    assert_eq!(json["expressions"], found.len());
    let first = &found[0];
    assert_eq!(first["method"], "GET");
    assert_eq!(first["path"], "/me/mailFolders/{mailFolder-id}/messages");
    assert_eq!(
        first["expression"],
        "graph.me().mail_folders().id(mail_folder_id).messages().list()"
    );
    assert_eq!(
        first["permissions"]["delegatedWork"]["least"][0],
        "Mail.ReadBasic"
    );
}

#[test]
fn find_without_query_is_an_error() {
    let output = xtask(&["find"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: missing argument WORDS"));
}
