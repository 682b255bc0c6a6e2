//! The licenses of the tenant and of its users.

use serde_json::{Map, Value, json};

use super::{Below, Tenant};
use crate::store::Id;

impl Tenant<'_> {
    /// Returns the properties of a license of the tenant.
    pub(crate) fn sku(&self, sku_id: &str) -> Option<&Map<String, Value>> {
        let skus = self.store.many(Id::ROOT, "subscribedSkus").into_iter();
        let mut owned = skus.filter_map(|id| Some(&self.store.get(id)?.properties));
        owned.find(|sku| {
            let own = sku.get("skuId").and_then(Value::as_str);
            own.is_some_and(|own| own.eq_ignore_ascii_case(sku_id))
        })
    }

    /// Brings the details of a user's licenses, and the used units of the tenant's, up to date.
    pub(crate) fn refresh_licenses(&mut self, user: Id) {
        for old in self.store.many(user, "licenseDetails") {
            self.store.remove(old);
        }
        self.store.open(user, "licenseDetails");
        for license in self.licenses(user) {
            let Some(details) = self.details(&license) else {
                continue;
            };
            let place = Below::many(user, "licenseDetails");
            self.make(place, "microsoft.graph.licenseDetails", None, details);
        }
        self.count_licenses();
    }

    /// Counts the users of each license.
    pub(crate) fn count_licenses(&mut self) {
        let users = self.store.many(Id::ROOT, "users");
        let used: Vec<Value> = users.into_iter().flat_map(|id| self.licenses(id)).collect();
        for id in self.store.many(Id::ROOT, "subscribedSkus") {
            let sku = self
                .store
                .get(id)
                .and_then(|sku| sku.properties.get("skuId"));
            let count = used.iter().filter(|one| one.get("skuId") == sku).count();
            let consumed = json!(count);
            let known = self
                .store
                .get(id)
                .and_then(|sku| sku.properties.get("consumedUnits"));
            if known != Some(&consumed) {
                self.store.change(id, |sku| {
                    sku.insert("consumedUnits".into(), consumed);
                });
            }
        }
    }

    fn licenses(&self, user: Id) -> Vec<Value> {
        let user = self.store.get(user);
        let licenses = user.and_then(|user| user.properties.get("assignedLicenses")?.as_array());
        licenses.cloned().unwrap_or_default()
    }

    /// Returns the details of an assigned license: its service plans, and whether each is enabled.
    fn details(&self, license: &Value) -> Option<Map<String, Value>> {
        let sku = self.sku(license.get("skuId")?.as_str()?)?;
        let disabled = license.get("disabledPlans").and_then(Value::as_array);
        let plans = sku.get("servicePlans").and_then(Value::as_array);
        let plans = plans.into_iter().flatten().map(|plan| {
            let mut plan = plan.clone();
            let id = plan.get("servicePlanId");
            let off = disabled.is_some_and(|off| off.iter().any(|off| Some(off) == id));
            if let Some(plan) = plan.as_object_mut() {
                let status = if off { "Disabled" } else { "Success" };
                plan.insert("provisioningStatus".into(), json!(status));
            }
            plan
        });
        let mut details = Map::new();
        details.insert("servicePlans".into(), plans.collect());
        for name in ["skuId", "skuPartNumber"] {
            details.insert(name.into(), sku.get(name).cloned().unwrap_or_default());
        }
        Some(details)
    }
}
