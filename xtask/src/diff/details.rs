//! The JSON output of the diff, for programs.

use crate::json::{Json, Members, object};

use super::{Change, Diff, Subject, Weight, What};

impl Diff {
    /// Returns the figures, and each change separately.
    pub fn to_json(&self) -> Json {
        let number = |value: usize| Json::Number(value.to_string());
        let [old, new] = &self.origins;
        object([
            ("old", old.as_str().into()),
            ("new", new.as_str().into()),
            ("common", number(self.common)),
            ("renamed", number(self.count(What::Renamed))),
            ("added", number(self.count(What::Added))),
            ("removed", number(self.count(What::Removed))),
            ("changed", number(self.count(What::Changed))),
            ("breaking", number(self.breaking())),
            (
                "changes",
                Json::Array(
                    self.operations
                        .iter()
                        .chain(&self.models)
                        .map(change)
                        .collect(),
                ),
            ),
        ])
    }
}

fn change(change: &Change) -> Json {
    let mut members = Members::new();
    let mut member = |name: &str, value: &str| {
        if !value.is_empty() {
            members.insert(name.to_owned(), value.into());
        }
    };
    member(
        "subject",
        match change.subject {
            Subject::Operation => "operation",
            Subject::Model => "model",
            Subject::Enum => "enum",
            Subject::Property => "property",
            Subject::Member => "member",
        },
    );
    member(
        "change",
        match change.what {
            What::Added => "added",
            What::Removed => "removed",
            What::Renamed => "renamed",
            What::Changed => "changed",
        },
    );
    member(
        "effect",
        match change.weight {
            Weight::Breaking => "breaking",
            Weight::Harmless => "harmless",
        },
    );
    member("graph", &change.graph);
    member("rust", &change.rust);
    member("how", &change.how);
    members.into()
}
