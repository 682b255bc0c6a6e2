//! The names of drive items, and the conflict behavior for a name that is taken.

use http::StatusCode;
use serde_json::Value;

use super::super::{Call, Graph};
use crate::refusal::Refusal;
use crate::storage::upload::Conflict;
use crate::store::Id;

/// The name of the annotation that selects the conflict behavior.
pub(in crate::graph) const BEHAVIOR: &str = "@microsoft.graph.conflictBehavior";

/// Returns the conflict behavior of a request: that of its body, or else that of its query.
pub(super) fn conflict(
    call: &Call<'_>,
    body: Option<&Value>,
    default: Conflict,
) -> Result<Conflict, Refusal> {
    let word = match body.and_then(Value::as_str) {
        Some(word) => Some(word),
        None => call.options.custom(BEHAVIOR),
    };
    word.map_or(Ok(default), |word| {
        Conflict::read(word).ok_or_else(|| unknown_behavior(word))
    })
}

impl Graph<'_> {
    /// Returns the first free name of the form `name 1.txt`.
    pub(in crate::graph) fn free_name(&self, folder: Id, name: &str) -> String {
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (name, String::new()),
        };
        let mut names = (1_u32..).map(|number| format!("{stem} {number}{extension}"));
        names
            .find(|name| self.tenant.child(folder, name).is_none())
            .unwrap_or_else(|| name.to_owned())
    }
}

pub(in crate::graph) fn taken() -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "nameAlreadyExists",
        "The specified item name already exists.",
    )
}

pub(in crate::graph) fn unknown_behavior(word: &str) -> Refusal {
    invalid(format!("'{word}' is not a conflict behavior."))
}

/// Returns a refusal in the words of drives.
pub(in crate::graph) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalidRequest", message)
}

/// Checks that a drive accepts a name.
///
/// <https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint-64883a5d-228e-48f5-b3d2-eb39e07630fa>
pub(in crate::graph) fn check_name(name: &str) -> Result<(), Refusal> {
    const RESERVED: [&str; 6] = [".lock", "con", "prn", "aux", "nul", "desktop.ini"];
    let lower = name.to_lowercase();
    let port = ["com", "lpt"].iter().any(|port| {
        let number = lower.strip_prefix(port);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    });
    let bad = name.is_empty()
        || name.contains(['"', '*', ':', '<', '>', '?', '/', '\\', '|'])
        || name.trim() != name
        || name.starts_with("~$")
        || lower.contains("_vti_")
        || matches!(name, "." | "..")
        || port
        || RESERVED.contains(&lower.as_str());
    if !bad {
        return Ok(());
    }
    Err(invalid(format!("The name '{name}' is not valid.")))
}
