//! Functions and actions of sites.

use http::StatusCode;
use serde_json::Value;

use super::super::Graph;
use super::super::behavior::Invocation;
use super::SITE;
use crate::answer::Answer;
use crate::query::Options;
use crate::refusal::Refusal;
use crate::resource::Target;
use crate::store::Id;

/// Returns the site at a path below another site.
///
/// <https://learn.microsoft.com/graph/api/site-getbypath>
pub(super) fn by_path(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let path = invocation.argument("path").unwrap_or_default();
    let host = graph.tenant.store.get(invocation.id);
    let host = host.and_then(|host| host.properties.get("webUrl")?.as_str());
    let wanted = format!("{}/{}", host.unwrap_or_default(), path.trim_matches('/'));
    let sites = graph.tenant.members(Id::ROOT, "sites").into_iter();
    let mut sites = sites.filter(|id| {
        let site = graph.tenant.store.get(*id);
        let url = site.and_then(|site| site.properties.get("webUrl")?.as_str());
        url.is_some_and(|url| url.eq_ignore_ascii_case(wanted.trim_end_matches('/')))
    });
    match sites.next() {
        Some(site) => graph.answer_expanded(StatusCode::OK, site, SITE, &invocation.call.options),
        None => Err(Refusal::not_found(graph.tenant.schemas, SITE, path)),
    }
}

/// Returns all sites of the tenant.
///
/// <https://learn.microsoft.com/graph/api/site-getallsites>
pub(super) fn all(graph: &mut Graph<'_>, invocation: &Invocation<'_>) -> Result<Answer, Refusal> {
    let sites = graph.tenant.members(Id::ROOT, "sites");
    graph.result_page(invocation.call, SITE, sites)
}

/// Adds sites to those that the user follows.
///
/// <https://learn.microsoft.com/graph/api/site-follow>
pub(super) fn follow(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let (owner, relation) = followed(graph, invocation)?;
    let mut added = Vec::new();
    for site in named(graph, invocation)? {
        graph.tenant.store.add(owner, &relation, site);
        let site = graph.renderer().entity(site, SITE, &Options::default());
        added.push(Value::Object(site));
    }
    Ok(graph.answer_value(invocation.call, StatusCode::OK, added.into()))
}

/// Removes sites from those that the user follows.
///
/// <https://learn.microsoft.com/graph/api/site-unfollow>
pub(super) fn unfollow(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let (owner, relation) = followed(graph, invocation)?;
    for site in named(graph, invocation)? {
        graph.tenant.store.take(owner, &relation, site);
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Returns the collection of followed sites that the action is bound to.
fn followed(graph: &Graph<'_>, invocation: &Invocation<'_>) -> Result<(Id, String), Refusal> {
    match invocation.target {
        Target::Set {
            owner, relation, ..
        } if relation == "followedSites" || graph.tenant.synthesizes => {
            Ok((*owner, relation.clone()))
        }
        _ => Err(Refusal::not_simulated(format!(
            "the action `{}` of `{}`",
            invocation.name, graph.root
        ))),
    }
}

/// Returns the sites that the parameters name.
fn named(graph: &Graph<'_>, invocation: &Invocation<'_>) -> Result<Vec<Id>, Refusal> {
    let sites = invocation.parameter("value").and_then(Value::as_array);
    let ids = sites.into_iter().flatten().map(|site| {
        let key = site.get("id").and_then(Value::as_str).unwrap_or_default();
        let site = graph.tenant.find(Id::ROOT, "sites", SITE, key);
        site.ok_or_else(|| Refusal::not_found(graph.tenant.schemas, SITE, key))
    });
    ids.collect()
}
