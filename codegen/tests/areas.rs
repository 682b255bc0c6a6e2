//! The code of one area alone, compared with the code of all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use msgraph_codegen::{Areas, Description, Generated, Generator, Selection, generate};

fn openapi() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

fn areas() -> Areas {
    Areas::read(&openapi()).expect("areas").expect("the file")
}

fn alone<'d>(description: &'d Description, area: &str) -> Generated<'d> {
    let areas = areas();
    let enabled = areas.named(|name| name == area);
    let generator = Generator::new(description);
    let generator = generator.with_selection(Selection::new(areas, enabled, false));
    generator
        .generate()
        .unwrap_or_else(|error| panic!("{area}: {error}"))
}

/// Returns each line of generated code with the item that it belongs to. The imports of a module
/// are those that its items need.
fn lines(text: &str) -> HashSet<(&str, &str)> {
    let mut item = "";
    // The documentation and attributes of the next item.
    let mut before = Vec::new();
    let mut lines = HashSet::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with("    use super::") {
            continue;
        }
        if line.starts_with("///") || line.starts_with("#[") {
            before.push(line);
            continue;
        }
        if ["pub ", "impl"].iter().any(|start| line.starts_with(start)) {
            item = line;
        }
        lines.extend(before.drain(..).chain([line]).map(|line| (item, line)));
    }
    lines
}

/// Checks names, signatures, fields and bodies at once: each line of a part is in the whole, in the
/// same item. The parts together have all calls and all fields.
#[test]
fn code_of_each_area_is_part_of_all() {
    let description = Description::read(&openapi()).expect("openapi/");
    let whole = generate(&description).expect("the whole");
    let models = whole.write_models().expect("all models").text;
    let texts = [&models, &whole.nodes, &whole.options];
    // Numbers, because the texts of the parts do not live as long as that of the whole.
    let mut numbered: Vec<HashMap<_, usize>> = Vec::new();
    let mut missing = HashMap::new();
    for text in texts {
        let lines = lines(text).into_iter();
        let lines: HashMap<_, _> = lines.zip(missing.len()..).collect();
        let numbers = lines.iter().map(|((_, line), number)| (*number, *line));
        missing.extend(numbers);
        numbered.push(lines);
    }
    missing.retain(|_, line| line.starts_with("    pub ") && !line.contains("model::Navigation<"));
    let areas = areas();
    for (area, _) in areas.list() {
        let part = alone(&description, area);
        let models = part.write_models().expect("models").text;
        for (text, whole) in [&models, &part.nodes, &part.options].iter().zip(&numbered) {
            for line in lines(text) {
                match whole.get(&line) {
                    Some(number) => _ = missing.remove(number),
                    None => panic!("{area}: {line:?} is not in the whole"),
                }
            }
        }
    }
    let missing: Vec<_> = missing.values().take(10).collect();
    assert!(missing.is_empty(), "no area has {missing:#?}");
}

#[test]
fn steps_to_enabled_places_stay() {
    let description = Description::read(&openapi()).expect("openapi/");
    let mail = alone(&description, "mail");
    let expressions: HashSet<_> = description
        .paths
        .keys()
        .filter_map(|path| Some(mail.expression("GET", path)?.named))
        .collect();
    for there in [
        "graph.me().messages().list()",
        "graph.users().id(user_id).messages().list()",
        "graph.me().messages().id(message_id).attachments().list()",
        "graph.me().messages().id(message_id).extensions().list()",
    ] {
        assert!(expressions.contains(there), "{there} is missing");
    }
    for missing in [
        "graph.me().get()",
        "graph.users().list()",
        "graph.me().events().list()",
        "graph.users().id(user_id).extensions().list()",
    ] {
        assert!(!expressions.contains(missing), "{missing} is there");
    }
    // Excel is behind the drives of users, groups, sites and teams.
    let workbook = alone(&description, "workbook");
    assert!(workbook.nodes.contains("pub fn joined_teams(&self)"));
    assert!(!workbook.nodes.contains("pub fn messages(&self)"));
}

#[test]
fn documentation_shows_features_of_each_item() {
    let description = Description::read(&openapi()).expect("openapi/");
    let areas = areas();
    let enabled = areas.named(|name| ["mail", "calendar"].contains(&name));
    let generator = Generator::new(&description);
    let shown = generator.with_selection(Selection::new(areas, enabled, true));
    let shown = shown.generate().expect("code");
    for (text, item) in [
        (
            &shown.write_models().expect("models").text,
            "#[cfg_attr(docsrs, doc(cfg(feature = \"mail\")))]\npub struct MailFolder {",
        ),
        (
            &shown.nodes,
            "#[cfg_attr(docsrs, doc(cfg(feature = \"mail\")))]\n#[derive(Clone, Debug)]\npub \
             struct MeMailFolders(Path);",
        ),
    ] {
        assert!(text.contains(item), "{item} is missing");
    }
}
