//! The public API as text, in which a reviewer sees changes. `cargo insta review` accepts intended
//! changes.
//!
//! The text has each public item of the runtime with its signature, as it is written. Items that
//! macros write are not included. The generated code has a hundred thousand items. The text has the
//! names of its methods by distinct place, and counts and a hash for the rest. These show that
//! something changed, and `cargo xtask diff` shows the change itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use msgraph_codegen::{Description, Kind, generate};
use syn::{Attribute, ImplItem, Item, TraitItem, Type, UseTree, Visibility};
use xtask::document::digest;

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_owned()
}

#[test]
fn the_runtime() {
    let mut runtime = Runtime::default();
    runtime.module(
        &root().join("src/lib.rs"),
        &root().join("src"),
        "msgraph",
        true,
    );
    insta::assert_snapshot!("runtime", runtime.text());
}

#[test]
fn the_generated_code() {
    let description = Description::read(&root().join("openapi")).expect("openapi/");
    let generated = generate(&description).expect("code");
    insta::assert_snapshot!("nodes", nodes(&generated.nodes));
    insta::assert_snapshot!("options", &generated.options);
    let mut models = String::new();
    let mut listed = generated.models().expect("models");
    listed.sort_by(|a, b| a.rust.cmp(&b.rust));
    for of in listed {
        let hash = |text: &str| digest(text.as_bytes())[..8].to_owned();
        let _ = match of.kind {
            Kind::Model => {
                let fields = of.properties.iter().filter(|of| of.field.is_some()).count();
                let all: Vec<_> = of.properties.iter().map(|of| format!("{of:?}")).collect();
                writeln!(
                    models,
                    "struct {}: {} fields, {} navigations, {} bases #{}",
                    of.rust,
                    fields,
                    of.properties.len() - fields,
                    of.bases.len(),
                    hash(&format!("{all:?} {:?}", of.bases)),
                )
            }
            _ => writeln!(
                models,
                "enum {}: {} members #{}",
                of.rust,
                of.members.len(),
                hash(&format!("{:?}", of.members))
            ),
        };
    }
    insta::assert_snapshot!("models", models);
}

/// Returns one line for each node: its place, its methods, and a hash of their signatures. The
/// names of nodes are not promised.
fn nodes(code: &str) -> String {
    let named: BTreeSet<&str> = code
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct ")?.strip_suffix("(Path);"))
        .collect();
    let mut places: BTreeMap<&str, (Vec<&str>, String)> = BTreeMap::new();
    let mut place = "the root";
    for line in code.lines() {
        if let Some(path) = line.strip_prefix("/// `") {
            place = path.split('`').next().unwrap_or_default();
        }
        let Some(signature) = line.strip_prefix("    pub fn ") else {
            continue;
        };
        let (names, signatures) = places.entry(place).or_default();
        names.push(signature.split('(').next().unwrap_or_default());
        let signature = signature.trim_end_matches(" {");
        match signature.rsplit_once(" -> ") {
            Some((step, node)) if named.contains(node) => signatures.push_str(step),
            _ => signatures.push_str(signature),
        }
    }
    let mut text = String::new();
    for (place, (names, signatures)) in places {
        let hash = &digest(signatures.as_bytes())[..8];
        let _ = writeln!(text, "{place}: {} #{hash}", names.join(" "));
    }
    text
}

/// Public items, by the module of their file.
#[derive(Default)]
struct Runtime {
    /// The modules: the name, whether all users can name it, and its items.
    modules: Vec<(String, bool, Vec<Item>)>,
    /// Names that a public `use` re-exports from their module.
    handed_out: BTreeSet<String>,
}

impl Runtime {
    fn module(&mut self, file: &Path, folder: &Path, name: &str, is_public: bool) {
        let source =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let items = syn::parse_file(&source).expect("Rust").items;
        for item in &items {
            match item {
                Item::Use(of) if is_pub(&of.vis) => hand_out(&of.tree, &mut self.handed_out),
                // Generated code, and items that only it uses.
                Item::Mod(of)
                    if of.ident == "generated" || is_hidden(&of.attrs) || is_test(&of.attrs) => {}
                Item::Mod(of) if of.content.is_none() => {
                    let below = of.ident.to_string();
                    let beside = folder.join(format!("{below}.rs"));
                    let within = folder.join(&below).join("mod.rs");
                    let file = if beside.exists() { beside } else { within };
                    self.module(
                        &file,
                        &folder.join(&below),
                        &format!("{name}::{below}"),
                        is_public && is_pub(&of.vis),
                    );
                }
                _ => {}
            }
        }
        self.modules.push((name.to_owned(), is_public, items));
    }

    fn text(mut self) -> String {
        self.modules.sort_by(|a, b| a.0.cmp(&b.0));
        let mut named = self.handed_out.clone();
        for (_, is_public, items) in &self.modules {
            let names = items.iter().filter_map(own_name);
            named.extend(names.filter(|_| *is_public));
        }
        let mut text = String::new();
        for (name, is_public, items) in self.modules {
            let mut lines: Vec<String> = items
                .into_iter()
                .filter(|item| match own_name(item) {
                    Some(own) => is_public || self.handed_out.contains(&own),
                    None => true,
                })
                .filter_map(|item| shown(item, &named))
                .collect();
            lines.sort();
            if !lines.is_empty() {
                let _ = writeln!(text, "// {name}\n{}", lines.concat());
            }
        }
        text
    }
}

fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|of| {
        of.path().is_ident("doc") && of.parse_args::<syn::Ident>().is_ok_and(|of| of == "hidden")
    })
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|of| {
        of.path().is_ident("cfg") && of.parse_args::<syn::Ident>().is_ok_and(|of| of == "test")
    })
}

fn hand_out(tree: &UseTree, into: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => hand_out(&path.tree, into),
        UseTree::Name(name) => {
            into.insert(name.ident.to_string());
        }
        UseTree::Rename(name) => {
            into.insert(name.ident.to_string());
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| hand_out(tree, into)),
        UseTree::Glob(_) => {}
    }
}

/// Returns the name of a public item that has one.
fn own_name(item: &Item) -> Option<String> {
    let (visibility, name) = match item {
        Item::Const(of) => (&of.vis, &of.ident),
        Item::Enum(of) => (&of.vis, &of.ident),
        Item::Fn(of) => (&of.vis, &of.sig.ident),
        Item::Struct(of) => (&of.vis, &of.ident),
        Item::Trait(of) => (&of.vis, &of.ident),
        Item::Type(of) => (&of.vis, &of.ident),
        _ => return None,
    };
    is_pub(visibility).then(|| name.to_string())
}

/// Returns an item as users see it: without bodies, documentation and private parts.
fn shown(mut item: Item, named: &BTreeSet<String>) -> Option<String> {
    let empty = || syn::parse_str("{}").expect("a block");
    let attributes = match &mut item {
        Item::Const(of) if is_pub(&of.vis) => {
            *of.expr = syn::parse_str("_").expect("an expression");
            &mut of.attrs
        }
        Item::Enum(of) if is_pub(&of.vis) => {
            for variant in &mut of.variants {
                variant.attrs.clear();
                variant
                    .fields
                    .iter_mut()
                    .for_each(|field| field.attrs.clear());
            }
            &mut of.attrs
        }
        Item::Fn(of) if is_pub(&of.vis) => {
            of.block = empty();
            &mut of.attrs
        }
        Item::Struct(of) if is_pub(&of.vis) => {
            let all_public = of
                .fields
                .iter()
                .all(|field| is_pub(&field.vis) && !is_hidden(&field.attrs));
            if !all_public {
                match &mut of.fields {
                    syn::Fields::Named(fields) => {
                        let taken = std::mem::take(&mut fields.named);
                        fields.named = taken
                            .into_iter()
                            .filter(|field| is_pub(&field.vis))
                            .collect();
                    }
                    fields => *fields = syn::Fields::Unit,
                }
            }
            of.fields.iter_mut().for_each(|field| field.attrs.clear());
            &mut of.attrs
        }
        Item::Trait(of) if is_pub(&of.vis) => {
            for item in &mut of.items {
                match item {
                    TraitItem::Fn(of) => {
                        of.attrs.clear();
                        of.default = of.default.as_ref().map(|_| *empty());
                    }
                    TraitItem::Const(of) => of.attrs.clear(),
                    TraitItem::Type(of) => of.attrs.clear(),
                    _ => {}
                }
            }
            &mut of.attrs
        }
        Item::Type(of) if is_pub(&of.vis) => &mut of.attrs,
        Item::Use(of) if is_pub(&of.vis) => &mut of.attrs,
        Item::Impl(of) => {
            if !of_named(&of.self_ty, named) {
                return None;
            }
            match &of.trait_ {
                // The trait itself documents the items that it requires.
                Some((_, path, _)) => {
                    let name = path.segments.last()?.ident.to_string();
                    if name == "ScalarSlot" || name == "Held" {
                        return None;
                    }
                    of.items.clear();
                }
                None => {
                    of.items.retain(|item| match item {
                        ImplItem::Fn(of) => is_pub(&of.vis) && !is_hidden(&of.attrs),
                        ImplItem::Const(of) => is_pub(&of.vis),
                        _ => false,
                    });
                    if of.items.is_empty() {
                        return None;
                    }
                    for item in &mut of.items {
                        match item {
                            ImplItem::Fn(of) => {
                                of.attrs.retain(is_kept);
                                of.block = *empty();
                            }
                            ImplItem::Const(of) => {
                                of.attrs.clear();
                                of.expr = syn::parse_str("_").expect("an expression");
                            }
                            _ => {}
                        }
                    }
                }
            }
            &mut of.attrs
        }
        _ => return None,
    };
    if is_hidden(attributes) || is_test(attributes) {
        return None;
    }
    attributes.retain(is_kept);
    let file = syn::File {
        shebang: None,
        attrs: Vec::new(),
        items: vec![item],
    };
    Some(prettyplease::unparse(&file))
}

/// Returns whether users see the attribute.
fn is_kept(attribute: &Attribute) -> bool {
    ["cfg", "derive", "deprecated", "must_use", "non_exhaustive"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// Returns whether an implementation is for a type that users can name.
fn of_named(of: &Type, named: &BTreeSet<String>) -> bool {
    match of {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| named.contains(&last.ident.to_string()))
        }
        Type::Reference(of) => of_named(&of.elem, named),
        _ => true,
    }
}
