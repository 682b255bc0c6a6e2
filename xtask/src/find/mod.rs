//! The search for operations: by path, by words, by permission.

mod index;
mod query;
mod search;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use msgraph_codegen::Scheme;
use serde::Serialize;

pub use index::{Index, Operation, OperationFacts, Place};
pub use query::{METHODS, Query};
pub use search::{Class, Found, Group, Hit, Instead, search};

/// The number of best results that are printed.
const SHOWN: usize = 10;

/// Returns the results for a query from the command line.
///
/// # Errors
///
/// Fails if `folder` has no description.
pub fn answer(folder: &Path, question: &str, json: bool) -> Result<String> {
    let index = Index::read(folder)?;
    let found = search(&index, question);
    Ok(match json {
        true => to_json(&index, &found)? + "\n",
        false => to_text(&index, &found),
    })
}

/// Formats the best results for people, with a line of figures.
pub fn to_text(index: &Index, found: &Found) -> String {
    let mut text = String::new();
    if let Some(instead) = found.instead.filter(|_| !found.groups.is_empty()) {
        text.push_str(match instead {
            Instead::OtherMethods => {
                "The path does not have this method. It has these operations:\n\n"
            }
            Instead::Words => "The path does not exist. These operations have its names:\n\n",
        });
    }
    for group in found.groups.iter().take(SHOWN) {
        let hit = Details::new(index, &group.best);
        let _ = writeln!(text, "{} {}", hit.method, hit.path);
        let _ = writeln!(text, "    {}", hit.expression);
        if let Some(feature) = &hit.feature {
            let _ = writeln!(text, "    feature {feature}");
        }
        if hit.deprecated {
            text.push_str("    deprecated by Microsoft Graph\n");
        }
        if let Some(permissions) = &hit.permissions {
            let _ = writeln!(
                text,
                "    permissions: delegated {}; personal {}; application {}",
                permissions.delegated_work.least(),
                permissions.delegated_personal.least(),
                permissions.application.least()
            );
        }
        if let Some(clouds) = hit.not_in_clouds.filter(|clouds| !clouds.is_empty()) {
            let _ = writeln!(text, "    not available in {}", clouds.join(", "));
        }
        match group.others.as_slice() {
            [] => {}
            [_] => text.push_str("    and 1 other path\n"),
            others => {
                let _ = writeln!(text, "    and {} other paths", others.len());
            }
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "operations {} expressions {} shown {}",
        found.operations(),
        found.groups.len(),
        found.groups.len().min(SHOWN)
    );
    text
}

/// Formats all results as JSON.
///
/// # Errors
///
/// Fails if a value cannot be written as JSON.
pub fn to_json(index: &Index, found: &Found) -> Result<String> {
    let all = found.groups.iter().map(|group| Operations {
        best: Details::new(index, &group.best),
        others: group
            .others
            .iter()
            .map(|hit| Details::new(index, hit))
            .collect(),
    });
    let answer = Answer {
        operations: found.operations(),
        expressions: found.groups.len(),
        instead: found.instead,
        found: all.collect(),
    };
    Ok(serde_json::to_string_pretty(&answer)?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    operations: usize,
    expressions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<Instead>,
    found: Vec<Operations>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Operations {
    #[serde(flatten)]
    best: Details,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Details>,
}

/// The printed details of an operation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// `GET`
    pub method: &'static str,
    /// `/me/messages`
    pub path: String,
    /// `graph.me().messages().list()`
    pub expression: String,
    /// The struct that has the method.
    pub node: String,
    /// The area of Graph that it belongs to, which is the name of a Cargo feature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// `true` if Graph advises against the operation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// The permissions that it needs, if they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Needed>,
    /// The national and sovereign clouds that do not have it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_in_clouds: Option<Vec<&'static str>>,
}

/// Permissions, by the kind of token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Needed {
    pub delegated_work: Suffices,
    pub delegated_personal: Suffices,
    pub application: Suffices,
}

/// The permissions that suffice with one kind of token.
#[derive(Debug, Clone, Serialize)]
pub struct Suffices {
    /// The least privileged ones.
    pub least: Vec<String>,
    /// The permissions that allow more.
    pub others: Vec<String>,
}

impl Suffices {
    fn new(of: &Scheme) -> Self {
        Self {
            least: of.least.iter().map(ToString::to_string).collect(),
            others: of.others.iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns the least privileged permission in words. If none is marked as such, returns the
    /// first that suffices.
    fn least(&self) -> String {
        match (self.least.as_slice(), self.others.as_slice()) {
            ([], []) => "not supported".to_owned(),
            ([], [first, ..]) => first.clone(),
            (least, _) => least.join(" or "),
        }
    }
}

impl Details {
    /// Returns the details of a hit.
    pub fn new(index: &Index, hit: &Hit) -> Self {
        let operation = index.operations[hit.operation];
        let node = &index.outline.nodes[index.places[operation.place].node];
        let call = index.call(hit.operation);
        let route = index.route(&hit.way, call);
        // The facts of one path need not hold for another path.
        let unknown = OperationFacts::default();
        let facts = match hit.is_listed {
            true => &index.facts[operation.facts],
            false => &unknown,
        };
        Self {
            method: call.http,
            path: route.path().to_owned(),
            expression: route.rust().to_owned(),
            node: node.name.clone(),
            feature: index.areas.as_ref().and_then(|areas| {
                let names = areas.names(operation.area);
                names.first().map(|name| (*name).to_owned())
            }),
            deprecated: call.deprecated,
            permissions: facts.permissions.as_ref().map(|needed| Needed {
                delegated_work: Suffices::new(&needed.delegated_work),
                delegated_personal: Suffices::new(&needed.delegated_personal),
                application: Suffices::new(&needed.application),
            }),
            not_in_clouds: facts
                .clouds
                .map(|clouds| clouds.missing().map(|cloud| cloud.short_name()).collect()),
        }
    }
}
