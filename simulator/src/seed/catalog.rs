//! The parts of a tenant that Microsoft provides: licenses, directory roles, templates and apps of
//! Teams.

use serde_json::{Value, json};

use super::{Garden, object};
use crate::domain::Below;
use crate::store::Id;

/// A service plan: its id, and its name.
type Plan = (&'static str, &'static str);

/// The licenses of the tenant: id, name, service plans.
///
/// <https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference>
const LICENSES: [(&str, &str, &[Plan]); 3] = [
    (
        "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
        "SPE_E5",
        &[
            (
                "efb87545-963c-4e0d-99df-69c6916d9eb0",
                "EXCHANGE_S_ENTERPRISE",
            ),
            (
                "5dbe027f-2339-4123-9542-606e4d348a72",
                "SHAREPOINTENTERPRISE",
            ),
            ("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1"),
            ("43de0ff5-c92c-492b-9116-175376d08c38", "OFFICESUBSCRIPTION"),
        ],
    ),
    (
        "f30db892-07e9-47e9-837c-80727f46fd3d",
        "FLOW_FREE",
        &[
            (
                "113feb6c-3fe4-4440-bddc-54d774bf0318",
                "EXCHANGE_S_FOUNDATION",
            ),
            ("50e68c76-46c6-4674-81f9-75456511b170", "FLOW_P2_VIRAL"),
        ],
    ),
    (
        "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235",
        "POWER_BI_STANDARD",
        &[
            (
                "113feb6c-3fe4-4440-bddc-54d774bf0318",
                "EXCHANGE_S_FOUNDATION",
            ),
            ("2049e525-b859-401b-b2a0-e0a31c4b1fe4", "BI_AZURE_P0"),
        ],
    ),
];

/// The number of units of each license.
const UNITS: u32 = 25;

/// The built-in roles of the directory.
///
/// <https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference>
const ROLES: [(&str, &str); 8] = [
    (
        "62e90394-69f5-4237-9190-012177145e10",
        "Global Administrator",
    ),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
    ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
    (
        "fdd7a751-b60b-444a-984c-02652fe8fa1c",
        "Groups Administrator",
    ),
    (
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
        "Application Administrator",
    ),
    ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
    (
        "69091246-20e8-4a56-aa4d-066075b2a7a8",
        "Teams Administrator",
    ),
    (
        "4d6ac14f-3453-41d0-bef9-a3e0c569773a",
        "License Administrator",
    ),
];

/// The templates of teams.
///
/// <https://learn.microsoft.com/microsoftteams/get-started-with-teams-templates>
const TEMPLATES: [&str; 4] = [
    "standard",
    "educationClass",
    "educationStaff",
    "educationProfessionalLearningCommunity",
];

/// Apps of the store of Teams.
///
/// <https://learn.microsoft.com/graph/teams-configuring-builtin-tabs>
const APPS: [(&str, &str); 7] = [
    ("com.microsoft.teamspace.tab.web", "Website"),
    ("com.microsoft.teamspace.tab.youtube", "YouTube"),
    ("com.microsoft.teamspace.tab.planner", "Planner"),
    ("com.microsoft.teamspace.tab.vsts", "Azure DevOps"),
    (
        "com.microsoft.teamspace.tab.files.sharepoint",
        "Document Library",
    ),
    ("com.microsoft.teamspace.tab.file.staticviewer.word", "Word"),
    ("0d820ecd-def2-4297-adad-78056cde7c78", "OneNote"),
];

impl Garden<'_> {
    /// Adds the parts that Microsoft provides.
    pub(super) fn catalog(&mut self, users: &[Id]) {
        let tenant = self.contoso.tenant_id;
        for (id, name, plans) in LICENSES {
            let plans = plans.iter().map(|(id, name)| {
                json!({
                    "appliesTo": "User", "provisioningStatus": "Success", "servicePlanId": id,
                    "servicePlanName": name,
                })
            });
            let sku = json!({
                "accountId": tenant, "accountName": "Contoso", "appliesTo": "User",
                "capabilityStatus": "Enabled", "consumedUnits": 0,
                "prepaidUnits": {
                    "enabled": UNITS, "lockedOut": 0, "suspended": 0, "warning": 0,
                },
                "servicePlans": plans.collect::<Vec<_>>(),
                "skuId": id, "skuPartNumber": name, "subscriptionIds": [],
            });
            let key = format!("{tenant}_{id}");
            self.keyed(Id::ROOT, "subscribedSkus", "subscribedSku", &key, sku);
        }
        for user in users {
            self.tenant.refresh_licenses(*user);
        }
        let roles = self.single(Id::ROOT, "roleManagement", "roleManagement");
        let directory = self.single(roles, "directory", "rbacApplication");
        for (id, name) in ROLES {
            let role = json!({
                "displayName": name, "isBuiltIn": true, "isEnabled": true,
                "resourceScopes": ["/"], "templateId": id, "version": "1",
            });
            let kind = "unifiedRoleDefinition";
            self.keyed(directory, "roleDefinitions", kind, id, role);
        }
        self.tenant.store.open(directory, "roleAssignments");
        for name in TEMPLATES {
            self.keyed(Id::ROOT, "teamsTemplates", "teamsTemplate", name, json!({}));
        }
        let catalogs = self.single(Id::ROOT, "appCatalogs", "appCatalogs");
        for (id, name) in APPS {
            let app = json!({ "displayName": name, "distributionMethod": "store" });
            self.keyed(catalogs, "teamsApps", "teamsApp", id, app);
        }
    }

    fn single(&mut self, owner: Id, relation: &str, kind: &str) -> Id {
        let kind = format!("microsoft.graph.{kind}");
        self.tenant
            .make(Below::one(owner, relation), &kind, None, object(json!({})))
    }

    fn keyed(&mut self, owner: Id, relation: &str, kind: &str, key: &str, properties: Value) {
        let kind = format!("microsoft.graph.{kind}");
        let place = Below::many(owner, relation);
        self.tenant
            .make(place, &kind, Some(key), object(properties));
    }
}
