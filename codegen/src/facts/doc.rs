//! The known facts about an operation, as a line of its documentation.

use super::places::OperationFacts;
use super::{Permission, PermissionScheme, Permissions, Scheme};

/// Returns the least privileged permissions, and the clouds that lack the operation. `places` is
/// the number of its paths.
pub(crate) fn line(facts: &OperationFacts, places: usize) -> Option<String> {
    let parts: Vec<_> = [permissions(facts, places), clouds(facts)]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Returns ``Least privileged: `Mail.ReadBasic` (delegated, personal), `Mail.ReadBasic.All`
/// (application).``
fn permissions(facts: &OperationFacts, places: usize) -> Option<String> {
    let (needs, paths) = facts.permissions.first()?;
    let known: usize = facts.permissions.iter().map(|(_, paths)| paths.len()).sum();
    let mut line = format!("Least privileged: {}", by_scheme(needs));
    if facts.permissions.len() > 1 || known < places {
        // The shortest path is the one that a reader knows.
        let shortest = paths.iter().min_by_key(|path| path.len())?;
        line.push_str(&format!(" at `{shortest}`"));
        let others = &facts.permissions[1..];
        if let Some((needs, paths)) = others.first() {
            let shortest = paths.iter().min_by_key(|path| path.len())?;
            line.push_str(&format!("; {} at `{shortest}`", by_scheme(needs)));
        }
        if others.len() > 1 {
            line.push_str("; others at other paths");
        }
    }
    line.push('.');
    Some(line)
}

fn by_scheme(needs: &Permissions) -> String {
    let mut parts: Vec<(String, Vec<&str>)> = Vec::new();
    for scheme in PermissionScheme::ALL {
        let of = needs.scheme(scheme);
        if of.is_empty() {
            continue;
        }
        let (text, label) = (least(of), scheme.label());
        match parts.iter_mut().find(|(there, _)| *there == text) {
            Some((_, labels)) => labels.push(label),
            None => parts.push((text, vec![label])),
        }
    }
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(text, labels)| format!("{text} ({})", labels.join(", ")))
        .collect();
    parts.join(", ")
}

/// The number of permissions that are shown when there are several.
const SHOWN: usize = 3;

fn least(of: &Scheme) -> String {
    let shown = if of.least.is_empty() {
        &of.others
    } else {
        &of.least
    };
    let mut names: Vec<_> = shown.iter().take(SHOWN).map(permission).collect();
    if shown.len() > SHOWN {
        names.push("…".into());
    }
    names.join(" or ")
}

fn permission(of: &Permission) -> String {
    let mut text = format!("`{}`", of.name);
    for (at, name) in of.with_one_of.iter().enumerate() {
        text.push_str(if at == 0 { " with `" } else { " or `" });
        text.push_str(name);
        text.push('`');
    }
    text
}

/// Returns `Not in: China, GovSG.`
fn clouds(facts: &OperationFacts) -> Option<String> {
    let (_, set) = facts.clouds.first()?;
    let missing: Vec<_> = set.missing().map(|cloud| cloud.short_name()).collect();
    let at_most = match facts.clouds.len() {
        1 => "",
        _ => " (at most paths)",
    };
    match (missing.len(), set.iter().count()) {
        (0, _) => None,
        (_, 0) => Some(format!("Only available in the global cloud{at_most}.")),
        _ => Some(format!(
            "Not available in: {}{at_most}.",
            missing.join(", ")
        )),
    }
}
