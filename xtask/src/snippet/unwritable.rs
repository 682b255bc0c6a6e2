//! Requests that cannot be written, each with its reason.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::request::Request;
use super::url::Address;

const TABLE: &str = include_str!("../../assets/unwritable.toml");

/// A line of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub method: String,
    /// The path. `{}` is any one segment, and `…` at its beginning is any number of them.
    pub path: String,
    pub kind: Kind,
    pub reason: String,
}

/// The reason why a request cannot be written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The request is a mistake of its author, and Graph would not accept it.
    Mistake,
    /// Graph accepts it, but there is no typed call for it.
    Missing,
}

/// Returns the table.
///
/// # Errors
///
/// Fails if the project's file does not have the expected form.
pub fn table() -> Result<Vec<Line>> {
    #[derive(Deserialize)]
    struct File {
        request: Vec<Line>,
    }
    let file: File = toml::from_str(TABLE).context("assets/unwritable.toml")?;
    Ok(file.request)
}

impl Line {
    /// Returns whether the line matches a request.
    pub fn is_of(&self, request: &Request) -> bool {
        let segments = Address::new(&request.url).segments;
        let pattern: Vec<_> = self.path.split('/').skip(1).collect();
        let Some(above) = segments.len().checked_sub(pattern.len()) else {
            return false;
        };
        self.method.eq_ignore_ascii_case(&request.method)
            && (above == 0 || self.path.starts_with('…'))
            && pattern
                .iter()
                .zip(&segments[above..])
                .all(|(pattern, segment)| *pattern == "{}" || pattern.eq_ignore_ascii_case(segment))
    }
}
