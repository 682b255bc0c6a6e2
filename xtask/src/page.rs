//! The search page: one file of HTML with all operations in it.
//!
//! It works without a server and without a network. Data is the outline of the nodes, a place once, as the generator has it;
//! the page's script unfolds it into all paths, as [`Index`] does, and puts expressions together from methods' names.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use msgraph_codegen::{Cloud, Permissions};
use serde::Serialize;

use crate::find::{Index, METHODS};
use crate::pin::Pin;

const PAGE: &str = include_str!("../assets/page/page.html");
const STYLE: &str = include_str!("../assets/page/page.css");
const SEARCH: &str = include_str!("../assets/page/search.js");
const SCRIPT: &str = include_str!("../assets/page/page.js");

/// The name of the page beside the crate's documentation, which links to it.
pub const FILE: &str = "find.html";

/// Writes the page into a file, and prints how large it is. `folder` is what the index was read from.
///
/// # Errors
///
/// When the folder has no pin, or the file cannot be written.
pub fn write(index: &Index, folder: &Path, docs: &str, out: &Path) -> Result<()> {
    let pin = Pin::read(folder)?;
    let operations = index.operations.len();
    let about = format!(
        "{operations} operations of Microsoft Graph, made from {}.",
        pin.document.source
    );
    let text = page(index, docs, &about)?;
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(out, &text).with_context(|| format!("cannot write {}", out.display()))?;
    println!(
        "{}\nbytes {} operations {operations} nodes {}",
        out.display(),
        text.len(),
        index.outline.nodes.len()
    );
    Ok(())
}

/// The page.
///
/// `docs` leads to the folder of the crate's documentation, with a slash at its end; it is empty for a page that lies in it.
/// `about` says of what description the page was made.
///
/// # Errors
///
/// When the data cannot be written as JSON.
pub fn page(index: &Index, docs: &str, about: &str) -> Result<String> {
    // No text in the data may end the element that it stands in.
    let data = serde_json::to_string(&Data::new(index))?.replace('<', "\\u003c");
    let values = [
        ("style", STYLE),
        ("docs", &escape(docs)),
        ("about", &escape(about)),
        ("data", &data),
        ("script", &format!("{SEARCH}\n{SCRIPT}")),
    ];
    let mut page = String::with_capacity(PAGE.len() + data.len() + 64 * 1024);
    let mut rest = PAGE;
    while let Some((before, placeholder)) = rest.split_once("{{") {
        let (name, behind) = placeholder.split_once("}}").unwrap_or((placeholder, ""));
        page.push_str(before);
        page.extend(
            values
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, text)| *text),
        );
        rest = behind;
    }
    page.push_str(rest);
    Ok(page)
}

/// Text as it stands in HTML, in an attribute too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// What the script reads. Lists instead of objects: names of members would be half of it.
#[derive(Serialize)]
struct Data<'i> {
    /// Permissions, each with those that are needed besides: `A+B|C`.
    permissions: Vec<String>,
    /// The clouds, in the order of the bits that stand for them.
    clouds: Vec<&'static str>,
    /// By kind of token: the numbers of the least privileged permissions, and of the others.
    needs: Vec<[(Vec<usize>, Vec<usize>); 3]>,
    /// A number of `needs` and the bits of the clouds that lack it; -1 where nothing is known.
    facts: Vec<(isize, i16)>,
    /// Name, calls and steps of each node.
    nodes: Vec<(&'i str, Vec<Call<'i>>, Vec<Step<'i>>)>,
    /// Numbers of `facts`, in the order of the walk through all places.
    of: Vec<usize>,
    /// By place, in that order: whether the walk goes on below it.
    entered: String,
}

/// Number of the method, segment, method's name, arguments, models of body and answer, whether it is deprecated.
type Call<'i> = (
    usize,
    &'i str,
    &'i str,
    &'i [String],
    Option<&'i str>,
    Option<&'i str>,
    u8,
);

/// Segment, method's name, arguments, number of the node that it leads to.
type Step<'i> = (&'i str, &'i str, &'i [String], usize);

impl<'i> Data<'i> {
    fn new(index: &'i Index) -> Self {
        let mut permissions: Vec<String> = index
            .facts
            .iter()
            .filter_map(|facts| facts.permissions.as_ref())
            .flat_map(Permissions::schemes)
            .flat_map(|scheme| scheme.all().map(ToString::to_string))
            .collect();
        permissions.sort_unstable();
        permissions.dedup();
        let numbers = |of: &[msgraph_codegen::Permission]| -> Vec<usize> {
            let found = of
                .iter()
                .map(|permission| permissions.binary_search(&permission.to_string()));
            found.filter_map(Result::ok).collect()
        };
        let mut needs = Vec::new();
        let mut known: HashMap<&Permissions, isize> = HashMap::new();
        let mut facts = Vec::new();
        for of in &index.facts {
            let number = match &of.permissions {
                None => -1,
                Some(needed) => *known.entry(needed).or_insert_with(|| {
                    needs.push(
                        needed
                            .schemes()
                            .map(|scheme| (numbers(&scheme.least), numbers(&scheme.others))),
                    );
                    needs.len() as isize - 1
                }),
            };
            let missing = of.clouds.map(|clouds| {
                let bits = Cloud::ALL.iter().enumerate();
                bits.filter(|(_, cloud)| !clouds.contains(**cloud))
                    .fold(0_i16, |bits, (bit, _)| bits | 1 << bit)
            });
            facts.push((number, missing.unwrap_or(-1)));
        }
        let nodes = index.outline.nodes.iter().map(|node| {
            let calls = node.calls.iter().map(|call| {
                let http = METHODS.iter().position(|method| *method == call.http);
                (
                    http.unwrap_or_default(),
                    call.segment.as_str(),
                    call.method.as_str(),
                    call.arguments.as_slice(),
                    call.body.as_deref(),
                    call.answer.as_deref(),
                    u8::from(call.deprecated),
                )
            });
            let steps = node.steps.iter().map(|step| {
                (
                    step.segment.as_str(),
                    step.method.as_str(),
                    step.arguments.as_slice(),
                    step.to,
                )
            });
            (node.name.as_str(), calls.collect(), steps.collect())
        });
        Self {
            nodes: nodes.collect(),
            clouds: Cloud::ALL.map(Cloud::short_name).to_vec(),
            entered: index
                .places
                .iter()
                .map(|place| if place.below.is_empty() { '0' } else { '1' })
                .collect(),
            of: index.operations.iter().map(|of| of.facts).collect(),
            permissions,
            needs,
            facts,
        }
    }
}
