//! Structs and enums that were added, removed or changed.

use std::collections::BTreeMap;

use msgraph_codegen::{Kind, Model, Property};

use super::{Change, Subject, Weight, What};

type ByName<'m> = BTreeMap<&'m str, &'m Model<'m>>;

pub(super) fn compare(old: &[Model<'_>], new: &[Model<'_>]) -> Vec<Change> {
    let old: ByName<'_> = old.iter().map(|model| (model.name, model)).collect();
    let new: ByName<'_> = new.iter().map(|model| (model.name, model)).collect();
    let mut changes = Vec::new();
    for (name, before) in &old {
        match new.get(name) {
            None => changes.push(whole(
                before,
                What::Removed,
                Weight::Breaking,
                String::new(),
            )),
            Some(after) => changed(&old, &new, before, after, &mut changes),
        }
    }
    for (name, after) in &new {
        if !old.contains_key(name) {
            changes.push(whole(after, What::Added, Weight::Harmless, String::new()));
        }
    }
    changes
}

/// Returns a change of the type itself.
fn whole(model: &Model<'_>, what: What, weight: Weight, how: String) -> Change {
    Change {
        subject: match model.kind {
            Kind::Enum | Kind::Flags => Subject::Enum,
            _ => Subject::Model,
        },
        what,
        weight,
        graph: model.name.to_owned(),
        rust: model.rust.clone(),
        how,
        group: None,
    }
}

fn changed(
    old: &ByName<'_>,
    new: &ByName<'_>,
    before: &Model<'_>,
    after: &Model<'_>,
    changes: &mut Vec<Change>,
) {
    if before.rust != after.rust {
        let was = format!("was `{}`", before.rust);
        changes.push(whole(after, What::Renamed, Weight::Breaking, was));
    }
    if before.kind != after.kind {
        let how = format!("is {}, was {}", kind(after.kind), kind(before.kind));
        changes.push(whole(after, What::Changed, Weight::Breaking, how));
        // The two have no properties or members that can be compared.
        return;
    }
    for base in &before.bases {
        if !after.bases.contains(base) {
            let how = format!("no longer derives from `{base}`");
            changes.push(whole(after, What::Changed, Weight::Breaking, how));
        }
    }
    for base in &after.bases {
        if !before.bases.contains(base) {
            let how = format!("derives from `{base}`");
            changes.push(whole(after, What::Changed, Weight::Harmless, how));
        }
    }
    members(before, after, changes);
    for (name, was, is) in properties(before, after) {
        // A change in a base type is reported there, and not once more for each type that inherits
        // it.
        let is_inherited = before.bases.iter().chain(&after.bases).any(|base| {
            let (Some(before), Some(after)) = (old.get(base), new.get(base)) else {
                return false;
            };
            properties(before, after).any(|of| of == (name, was, is))
        });
        if !is_inherited {
            changes.push(property(after, name, was, is));
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Enum => "an enum",
        Kind::Flags => "a set of flags",
        _ => "a struct",
    }
}

/// The values by which two states of a property are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State<'m> {
    constant: &'m str,
    field: Option<&'m str>,
    of: &'m str,
}

type Changed<'m> = (&'m str, Option<State<'m>>, Option<State<'m>>);

/// Returns the properties that differ between the two.
fn properties<'m>(
    before: &'m Model<'_>,
    after: &'m Model<'_>,
) -> impl Iterator<Item = Changed<'m>> {
    let old = before.properties.iter();
    let added = after.properties.iter().filter(|is| {
        let mut old = before.properties.iter();
        !old.any(|was| was.name == is.name)
    });
    old.map(|was| {
        let is = after.properties.iter().find(|is| is.name == was.name);
        (was.name, Some(state(was)), is.map(state))
    })
    .chain(added.map(|is| (is.name, None, Some(state(is)))))
    .filter(|(_, was, is)| was != is)
}

fn state<'m>(property: &'m Property<'_>) -> State<'m> {
    State {
        constant: &property.constant,
        field: property.field.as_deref(),
        of: &property.of,
    }
}

fn property(
    model: &Model<'_>,
    name: &str,
    was: Option<State<'_>>,
    is: Option<State<'_>>,
) -> Change {
    let constant = is.or(was).map_or("", |state| state.constant);
    let (what, weight, how) = match (was, is) {
        (None, Some(is)) => (What::Added, Weight::Harmless, format!("`{}`", is.of)),
        (Some(was), Some(is)) if was.constant != is.constant => (
            What::Renamed,
            Weight::Breaking,
            format!("was `{}`", was.constant),
        ),
        (Some(was), Some(is)) if was.field.is_some() != is.field.is_some() => {
            let how = match is.field {
                Some(_) => "is a field, was a navigation property",
                None => "is a navigation property, was a field",
            };
            (What::Changed, Weight::Breaking, how.to_owned())
        }
        (Some(was), Some(is)) => (
            What::Changed,
            Weight::Breaking,
            format!("is `{}`, was `{}`", is.of, was.of),
        ),
        (_, None) => (What::Removed, Weight::Breaking, String::new()),
    };
    Change {
        subject: Subject::Property,
        what,
        weight,
        graph: format!("{}.{name}", model.name),
        rust: format!("{}::{constant}", model.rust),
        how,
        group: None,
    }
}

fn members(before: &Model<'_>, after: &Model<'_>, changes: &mut Vec<Change>) {
    let mut change = |what, weight, word: &str, variant: &str, how| {
        changes.push(Change {
            subject: Subject::Member,
            what,
            weight,
            graph: format!("{}.{word}", after.name),
            rust: format!("{}::{variant}", after.rust),
            how,
            group: None,
        });
    };
    for (word, was) in &before.members {
        match after.members.iter().find(|(of, _)| of == word) {
            None => change(What::Removed, Weight::Breaking, word, was, String::new()),
            Some((_, is)) if is != was => {
                let how = format!("was `{was}`");
                change(What::Renamed, Weight::Breaking, word, is, how);
            }
            Some(_) => {}
        }
    }
    for (word, is) in &after.members {
        if !before.members.iter().any(|(of, _)| of == word) {
            change(What::Added, Weight::Harmless, word, is, String::new());
        }
    }
}
