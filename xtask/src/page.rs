//! The search page: one HTML file that contains all operations.
//!
//! It works without a server and without a network. Its data is the outline of the nodes, with each
//! place once, as the generator has it. The page's script expands it into all paths, as [`Index`]
//! does, and builds expressions from the names of methods.

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

/// Writes the page into a file, and prints its size. `folder` is the folder from which the index
/// was read.
///
/// # Errors
///
/// Fails if the folder has no pin, or if the file cannot be written.
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

/// Returns the page.
///
/// `docs` is the path to the folder of the crate's documentation, with a slash at its end. It is
/// empty for a page in that folder. `about` names the description from which the page was
/// generated.
///
/// # Errors
///
/// Fails if the data cannot be written as JSON.
pub fn page(index: &Index, docs: &str, about: &str) -> Result<String> {
    // Text in the data must not end the element that contains it.
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

/// Escapes text for HTML, including attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// The data for the script. It has lists instead of objects, because the names of members would be
/// half of its size.
#[derive(Serialize)]
struct Data<'i> {
    /// The permissions, each with those that are needed in addition: `A+B|C`.
    permissions: Vec<String>,
    /// The clouds, in the order of their bits.
    clouds: Vec<&'static str>,
    /// The numbers of the least privileged permissions, and of the others, by kind of token.
    needs: Vec<[(Vec<usize>, Vec<usize>); 3]>,
    /// An index into `needs`, and the bits of the clouds that lack the operation. -1 means unknown.
    facts: Vec<(isize, i16)>,
    /// The name, the calls and the steps of each node.
    nodes: Vec<(&'i str, Vec<Call<'i>>, Vec<Step<'i>>)>,
    /// Indexes into `facts`, in the order of the walk through all places.
    of: Vec<usize>,
    /// Flags in that order, which state whether the walk continues below the place.
    entered: String,
}

/// The index of the HTTP method, the segment, the method's name, the arguments, the models of body
/// and response, and whether it is deprecated.
type Call<'i> = (
    usize,
    &'i str,
    &'i str,
    &'i [String],
    Option<&'i str>,
    Option<&'i str>,
    u8,
);

/// The segment, the method's name, the arguments, and the index of the node that it leads to.
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
