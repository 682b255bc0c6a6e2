//! The licenses of users.

use http::StatusCode;
use serde_json::{Value, json};

use super::{USER, required};
use crate::answer::Answer;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;

/// Adds licenses to a user and removes others.
///
/// <https://learn.microsoft.com/graph/api/user-assignlicense>
pub(super) fn assign(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let id = invocation.id;
    let list = |name: &str| {
        required(invocation, name)?
            .as_array()
            .cloned()
            .ok_or_else(empty)
    };
    let (added, removed) = (list("addLicenses")?, list("removeLicenses")?);
    let user = graph.tenant.store.get(id).map(|user| &user.properties);
    let own = user.and_then(|user| user.get("assignedLicenses")?.as_array());
    let mut own = own.cloned().unwrap_or_default();
    let located = user.is_some_and(|user| user.get("usageLocation").is_some_and(Value::is_string));
    if !located && !added.is_empty() {
        return Err(Refusal::directory(
            "License assignment cannot be done for user with invalid usage location.",
        ));
    }
    for sku in &removed {
        let before = own.len();
        own.retain(|license| license.get("skuId") != Some(sku));
        if own.len() == before {
            return Err(Refusal::directory(
                "User does not have a corresponding license.",
            ));
        }
    }
    for license in added {
        let sku = license.get("skuId").cloned().unwrap_or_default();
        graph.check_license(&sku, &license, own.iter().any(|own| own["skuId"] == sku))?;
        own.retain(|license| license.get("skuId") != Some(&sku));
        let disabled = license
            .get("disabledPlans")
            .filter(|plans| plans.is_array());
        let disabled = disabled.cloned().unwrap_or_else(|| json!([]));
        own.push(json!({ "disabledPlans": disabled, "skuId": sku }));
    }
    graph.tenant.store.change(id, |user| {
        user.insert("assignedLicenses".into(), own.into());
    });
    graph.tenant.refresh_licenses(id);
    graph.answer_entity(StatusCode::OK, id, USER)
}

fn empty() -> Refusal {
    Refusal::directory("The license collections must be arrays.")
}

impl Graph<'_> {
    /// Checks that the tenant has a license, and that it has units left for one more user.
    fn check_license(&self, sku: &Value, license: &Value, has: bool) -> Result<(), Refusal> {
        let id = sku.as_str().unwrap_or_default();
        let Some(owned) = self.tenant.sku(id) else {
            return Err(Refusal::directory(format!(
                "License {id} does not correspond to a valid company License."
            )));
        };
        let plans = owned.get("servicePlans").and_then(Value::as_array);
        let plan = |plan: &Value| {
            let mut plans = plans.into_iter().flatten();
            plans.any(|own| own.get("servicePlanId") == Some(plan))
        };
        let disabled = license.get("disabledPlans").and_then(Value::as_array);
        if !disabled.into_iter().flatten().all(plan) {
            return Err(Refusal::directory(format!(
                "License {id} does not contain one or more of the disabled service plans."
            )));
        }
        let units = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
        let enabled = owned
            .get("prepaidUnits")
            .and_then(|units| units.get("enabled"));
        if !has && units(owned.get("consumedUnits")) >= units(enabled) {
            return Err(Refusal::directory(format!(
                "Subscription with SKU {id} does not have any available licenses."
            )));
        }
        Ok(())
    }
}
