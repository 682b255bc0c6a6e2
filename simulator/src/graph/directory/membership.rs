//! Checks of memberships, and directory objects by their ids.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{GROUP, OBJECT, required, texts};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::query::Options;
use crate::refusal::Refusal;
use crate::store::{Entity, Id};

/// The number of ids that a check of memberships accepts.
const CHECKED: usize = 20;

/// The number of ids that `getByIds` accepts.
const NAMED: usize = 1_000;

/// Returns those of the groups that the object is a member of, directly or through other groups.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>
pub(super) fn check_groups(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    check(graph, invocation, "groupIds", |entity| entity.kind == GROUP)
}

/// Returns those of the groups, roles and administrative units that the object is a member of.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-checkmemberobjects>
pub(super) fn check_objects(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    check(graph, invocation, "ids", |_| true)
}

fn check(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
    parameter: &str,
    counts: impl Fn(&Entity) -> bool,
) -> Result<Answer, Refusal> {
    let ids = texts(invocation, parameter)?;
    if ids.len() > CHECKED {
        return Err(Refusal::directory(format!(
            "The number of values of parameter '{parameter}' exceeds the limit of {CHECKED}."
        )));
    }
    let member = memberships(graph, invocation.id, counts);
    let found: Vec<_> = ids.into_iter().filter(|id| member.contains(id)).collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(found)))
}

/// Returns the ids of all groups that the object is a member of.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-getmembergroups>
pub(super) fn groups(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    list(graph, invocation, |entity| entity.kind == GROUP)
}

/// Returns the ids of all groups, roles and administrative units that the object is a member of.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-getmemberobjects>
pub(super) fn objects(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    list(graph, invocation, |_| true)
}

fn list(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
    counts: impl Fn(&Entity) -> bool,
) -> Result<Answer, Refusal> {
    let secure = required(invocation, "securityEnabledOnly")? == &json!(true);
    let found = memberships(graph, invocation.id, |entity| {
        let enabled = entity.properties.get("securityEnabled") == Some(&json!(true));
        counts(entity) && (!secure || (entity.kind == GROUP && enabled))
    });
    Ok(graph.answer_value(invocation.call, StatusCode::OK, json!(found)))
}

/// Returns the keys of the objects that `id` is a member of, at any depth.
fn memberships(graph: &Graph<'_>, id: Id, counts: impl Fn(&Entity) -> bool) -> Vec<String> {
    let above = graph.tenant.members(id, "transitiveMemberOf").into_iter();
    let entities = above.filter_map(|id| graph.tenant.store.get(id));
    let counted = entities.filter(|entity| counts(entity));
    counted.map(|entity| entity.key.clone()).collect()
}

/// Returns the directory objects with the given ids. Ids that do not exist are left out.
///
/// <https://learn.microsoft.com/graph/api/directoryobject-getbyids>
pub(super) fn by_ids(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let ids = texts(invocation, "ids")?;
    if ids.len() > NAMED {
        return Err(Refusal::directory(format!(
            "The number of values of parameter 'ids' exceeds the limit of {NAMED}."
        )));
    }
    if let Some(id) = ids.iter().find(|id| !crate::ids::is_guid(id)) {
        return Err(Refusal::directory(format!(
            "Invalid object identifier '{id}'."
        )));
    }
    let types = match invocation.parameter("types") {
        Some(_) => texts(invocation, "types")?,
        None => Vec::new(),
    };
    let wanted = |entity: &Entity| {
        let name = entity.kind.rsplit('.').next().unwrap_or_default();
        let named = |kind: &String| {
            kind.eq_ignore_ascii_case(name) || kind.eq_ignore_ascii_case("directoryObject")
        };
        graph.tenant.schemas.is_a(&entity.kind, OBJECT)
            && entity.below("deletedItems").is_empty()
            && (types.is_empty() || types.iter().any(named))
    };
    let mut found: Vec<Id> = Vec::new();
    for id in &ids {
        let id = id.to_lowercase();
        let mut named = graph.tenant.store.named(&id);
        if let Some((id, _)) = named.find(|(_, entity)| wanted(entity))
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    let renderer = graph.renderer();
    let items: Vec<_> = found
        .into_iter()
        .map(|id| Value::Object(renderer.entity(id, OBJECT, &Options::default())))
        .collect();
    let mut body = Map::new();
    let context = graph.results_context(OBJECT);
    body.insert("@odata.context".into(), json!(context));
    body.insert("value".into(), items.into());
    Ok(Answer::json(StatusCode::OK, &Value::Object(body)))
}
