//! Snapshots for reviewers: the names of the tree, and the generated code of a few chosen places.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use msgraph_codegen::{Description, Facts, Generated, Generator, Models, Route};

fn openapi() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

fn description() -> &'static Description {
    static DESCRIPTION: OnceLock<Description> = OnceLock::new();
    DESCRIPTION.get_or_init(|| Description::read(&openapi()).expect("openapi/"))
}

fn generated() -> &'static Generated<'static> {
    static GENERATED: OnceLock<Generated<'static>> = OnceLock::new();
    GENERATED.get_or_init(|| {
        let facts = Facts::read(&openapi()).expect("facts");
        let generator = Generator::new(description()).with_facts(facts);
        generator.generate().expect("code")
    })
}

fn models() -> &'static str {
    static MODELS: OnceLock<Models> = OnceLock::new();
    let models = || generated().write_models().expect("models");
    &MODELS.get_or_init(models).text
}

/// Returns the expressions of all operations below a path, to a depth of `depth` segments.
fn names(root: &str, depth: usize) -> String {
    let mut names = String::new();
    for (path, item) in &description().paths {
        let below = path
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']));
        if !below || path.matches('/').count() > depth {
            continue;
        }
        for (method, _) in item.operations() {
            let expression = generated()
                .expression(method.as_str(), path)
                .unwrap_or_else(|| panic!("{} {path} has no expression", method.as_str()));
            names.push_str(&format!(
                "{} {path}\n    {}\n",
                method.as_str(),
                expression.rust
            ));
        }
    }
    names
}

/// Returns the text of an item and everything after it, up to the next item of the same kind.
fn item<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let from = text
        .find(start)
        .unwrap_or_else(|| panic!("`{start}` is not in the text"));
    let length = text[from + start.len()..]
        .find(end)
        .map_or(text.len() - from, |length| length + start.len());
    text[from..from + length].trim_end()
}

#[test]
fn names_of_user_methods_are_stable() {
    insta::assert_snapshot!(names("/users", 4));
}

#[test]
fn names_of_group_methods_are_stable() {
    insta::assert_snapshot!(names("/groups", 3));
}

#[test]
fn names_of_site_methods_are_stable() {
    insta::assert_snapshot!(names("/sites", 4));
}

#[test]
fn names_of_drive_methods_are_stable() {
    insta::assert_snapshot!(names("/drives", 5));
}

#[test]
fn names_of_application_methods_are_stable() {
    insta::assert_snapshot!(names("/applications", 4));
}

#[test]
fn generated_node_is_stable() {
    let nodes = &generated().nodes;
    let node = item(nodes, "/// `/me/messages/{message-id}`", "\n/// `/");
    // Facts are numbered consecutively, so that a number changes with any fact before it.
    let (first, rest) = node.split_once("facts::F").unwrap();
    let rest = rest.split("facts::F").map(|after| {
        let number = after.find(|sign: char| !sign.is_ascii_digit()).unwrap();
        format!("facts::F…{}", &after[number..])
    });
    insta::assert_snapshot!(
        [first.to_owned()]
            .into_iter()
            .chain(rest)
            .collect::<String>()
    );
}

#[test]
fn generated_model_is_stable() {
    insta::assert_snapshot!(item(
        models(),
        "/// `microsoft.graph.fileAttachment`",
        "\n/// `microsoft"
    ));
}

#[test]
fn generated_base_type_is_stable() {
    insta::assert_snapshot!(item(
        models(),
        "/// `microsoft.graph.attachment`",
        "\n/// `microsoft"
    ));
}

#[test]
fn generated_enum_is_stable() {
    insta::assert_snapshot!(item(
        models(),
        "/// `microsoft.graph.freeBusyStatus`",
        "\n/// `microsoft"
    ));
}

#[test]
fn generated_options_are_stable() {
    insta::assert_snapshot!(generated().options);
}

/// Checks that every operation of the description has an expression.
#[test]
fn every_operation_has_an_expression() {
    let mut operations = 0;
    for (path, item) in &description().paths {
        for (method, _) in item.operations() {
            let expression = generated().expression(method.as_str(), path);
            assert!(expression.is_some(), "{} {path}", method.as_str());
            operations += 1;
        }
    }
    assert_eq!(
        operations,
        generated().stats().expect("the counts").operations
    );
}

/// Checks CASES 1.5: equal subtrees are one type, and both paths lead to it.
// Reported: microsoftgraph/msgraph-sdk-design#122, microsoftgraph/msgraph-metadata#248.
#[test]
fn equal_subtrees_are_one_type() {
    let nodes = &generated().nodes;
    let folders = item(nodes, "pub struct MeMailFoldersId(Path);", "\n/// `/");
    let me = item(nodes, "pub struct Me(Path);", "\n/// `/");
    let messages = |text: &str| {
        let line = item(text, "pub fn messages(&self) -> ", " {");
        line.rsplit(' ').next().map(String::from)
    };
    let message = |node: Option<String>| {
        let node = node.expect("a node");
        let text = item(nodes, &format!("pub struct {node}(Path);"), "\n/// `/");
        item(text, "pub fn id(&self, id: impl Id) -> ", " {").to_owned()
    };
    // The collections differ in their options, but the places below them are one type.
    assert_eq!(message(messages(me)), message(messages(folders)));
}

/// Returns every operation by every path of the outline: method, path, expression.
fn walked() -> Vec<(&'static str, String, String)> {
    fn enter(
        outline: &msgraph_codegen::Outline,
        above: &mut Vec<usize>,
        node: usize,
        route: &Route,
        all: &mut Vec<(&'static str, String, String)>,
    ) {
        let number = node;
        let node = &outline.nodes[number];
        for call in &node.calls {
            let mut route = route.clone();
            route.call(call);
            all.push((call.http, route.path().into(), route.rust().into()));
        }
        // Where places are grafted, a node may lead to itself.
        if above.contains(&number) {
            return;
        }
        above.push(number);
        for step in &node.steps {
            let mut route = route.clone();
            route.step(step);
            enter(outline, above, step.to, &route, all);
        }
        above.pop();
    }
    let mut all = Vec::new();
    let outline = generated().outline();
    enter(&outline, &mut Vec::new(), 0, &Route::new(), &mut all);
    all
}

/// Returns a path without the names of its keys and arguments, which the description writes in
/// different ways.
fn without_keys(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(start) = rest.find(['{', '@']) {
        let (before, value) = rest.split_at(start);
        let end = match value.strip_prefix('@') {
            Some(alias) => alias.find([',', '\'', ')']).map(|end| end + 1),
            None => value.find('}').map(|end| end + 1),
        };
        out.push_str(before);
        out.push_str("{}");
        rest = &value[end.unwrap_or(value.len())..];
    }
    out + rest
}

#[test]
fn outline_has_every_operation_by_every_path() {
    let walked = walked();
    let mut by_path: HashMap<(&str, String), &str> = HashMap::new();
    for (method, path, rust) in &walked {
        let before = by_path.insert((*method, without_keys(path)), rust);
        assert_eq!(before, None, "{method} {path} is there twice");
    }
    let mut other_names = 0;
    let written: HashSet<_> = walked
        .iter()
        .map(|(method, path, _)| (*method, path))
        .collect();
    for (path, item) in &description().paths {
        for (method, _) in item.operations() {
            let method = method.as_str();
            let named = generated().expression(method, path).expect(path).named;
            // A graft may lead back to an earlier place of the path. Such a path is not listed.
            let mut places = generated().walk(method, path).expect(path).places;
            let length = places.len();
            places.sort_unstable();
            places.dedup();
            if places.len() < length {
                continue;
            }
            let walked = by_path.get(&(method, without_keys(path)));
            assert_eq!(walked, Some(&named.as_str()), "{method} {path}");
            other_names += usize::from(!written.contains(&(method, path)));
        }
    }
    // Paths are written as in the description, except for aliases of arguments (`@userId`) and a
    // few names of keys.
    assert!(other_names * 100 < walked.len(), "{other_names}");
}

#[test]
fn expressions_name_their_arguments() {
    for (method, path, rust) in [
        (
            "GET",
            "/users/{user-id}/mailFolders/{mailFolder-id}/childFolders/{mailFolder-id1}/messages",
            "graph.users().id(user_id).mail_folders().id(mail_folder_id).child_folders()\
             .id(mail_folder_id1).messages().list()",
        ),
        (
            "POST",
            "/me/sendMail",
            "graph.me().send_mail(SendMail { ..Default::default() })",
        ),
        (
            "GET",
            "/me/calendar/calendarView/delta()",
            "graph.me().calendar().calendar_view().delta(start_date_time, end_date_time)",
        ),
        (
            "PUT",
            "/me/photo/$value",
            "graph.me().photo().content().replace(content)",
        ),
        (
            "GET",
            "/applications(appId='{appId}')",
            "graph.applications().by_app_id(app_id).get()",
        ),
        (
            "POST",
            "/groups/{group-id}/members/$ref",
            "graph.groups().id(group_id).members().add_ref(reference)",
        ),
        (
            "GET",
            "/sites/{site-id}/termStore",
            "graph.sites().id(site_id).term_store().get()",
        ),
        (
            "PATCH",
            "/sites/{site-id}/termStore",
            "graph.sites().id(site_id).term_store().update(term_store::Store \
             { ..Default::default() })",
        ),
    ] {
        let expression = generated().expression(method, path);
        let named = expression.map(|expression| expression.named);
        assert_eq!(named.as_deref(), Some(rust), "{method} {path}");
    }
}
