//! Permissions and roles: app role assignments, delegated permission grants, directory roles.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::PRINCIPAL;
use super::extension::missing;
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::store::{Entity, Id};

const ASSIGNMENT: &str = "microsoft.graph.appRoleAssignment";
const GRANT: &str = "microsoft.graph.oAuth2PermissionGrant";
const ROLE: &str = "microsoft.graph.unifiedRoleAssignment";

/// The role of an application that declares no roles.
const DEFAULT_ROLE: &str = "00000000-0000-0000-0000-000000000000";

impl Graph<'_> {
    /// Returns an existing object of the directory.
    fn object(&self, key: &str) -> Result<(Id, &Entity), Refusal> {
        let schemas = self.tenant.schemas;
        let mut named = self.tenant.store.named(key);
        let found = named.find(|(_, entity)| {
            schemas.is_a(&entity.kind, super::OBJECT) && entity.below("deletedItems").is_empty()
        });
        found.ok_or_else(|| Refusal::not_found(schemas, super::OBJECT, key))
    }

    /// Checks a new assignment of an application's role.
    ///
    /// <https://learn.microsoft.com/graph/api/user-post-approleassignments>
    pub(super) fn prepare_assignment(
        &self,
        place: Below<'_>,
        properties: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let principal = self
            .object(&text(properties, "principalId", "AppRoleAssignment")?)?
            .1;
        let resource = self
            .object(&text(properties, "resourceId", "AppRoleAssignment")?)?
            .1;
        let role = text(properties, "appRoleId", "AppRoleAssignment")?;
        let end = match place.relation {
            "appRoleAssignedTo" => resource,
            _ => principal,
        };
        let owner = self.tenant.store.get(place.owner);
        if owner.is_some_and(|owner| owner.key != end.key) || resource.kind != PRINCIPAL {
            return Err(Refusal::directory(
                "The principal or the resource of the assignment is not that of the request.",
            ));
        }
        let roles = resource
            .properties
            .get("appRoles")
            .and_then(Value::as_array);
        let roles = roles.filter(|roles| !roles.is_empty());
        let declared = |roles: &Vec<Value>| roles.iter().any(|own| own["id"] == role.as_str());
        if role != DEFAULT_ROLE && roles.is_some_and(|roles| !declared(roles)) {
            return Err(Refusal::directory(
                "Permission being assigned was not found on application",
            ));
        }
        if self.has(
            ASSIGNMENT,
            properties,
            &["principalId", "resourceId", "appRoleId"],
        ) {
            return Err(Refusal::directory(
                "Permission being assigned already exists on the object",
            ));
        }
        let kind = principal.kind.rsplit('.').next().unwrap_or_default();
        let kind = match kind {
            "servicePrincipal" => "ServicePrincipal",
            "group" => "Group",
            _ => "User",
        };
        let shown = |entity: &Entity| entity.properties.get("displayName").cloned();
        let names = [shown(principal), shown(resource)].map(Option::unwrap_or_default);
        let [principal, resource] = names;
        properties.insert("principalDisplayName".into(), principal);
        properties.insert("principalType".into(), json!(kind));
        properties.insert("resourceDisplayName".into(), resource);
        Ok(())
    }

    /// Adds an assignment to the lists of both of its ends.
    pub(super) fn relate_assignment(&mut self, id: Id) {
        self.relate(id, "principalId", "appRoleAssignments");
        self.relate(id, "resourceId", "appRoleAssignedTo");
    }

    /// Checks a new grant of delegated permissions.
    ///
    /// <https://learn.microsoft.com/graph/api/oauth2permissiongrant-post>
    pub(super) fn prepare_grant(&self, properties: &Map<String, Value>) -> Result<(), Refusal> {
        const NAME: &str = "OAuth2PermissionGrant";
        let consent = text(properties, "consentType", NAME)?;
        for name in ["clientId", "resourceId"] {
            self.object(&text(properties, name, NAME)?)?;
        }
        match consent.as_str() {
            "Principal" => {
                self.object(&text(properties, "principalId", NAME)?)?;
            }
            "AllPrincipals" => {}
            _ => return Err(super::extension::invalid("consentType", NAME)),
        }
        if self.has(
            GRANT,
            properties,
            &["clientId", "resourceId", "principalId"],
        ) {
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                "Permission entry already exists.",
            ));
        }
        Ok(())
    }

    /// Adds a grant to the list of its client and of its user.
    pub(super) fn relate_grant(&mut self, id: Id) {
        self.relate(id, "clientId", "oauth2PermissionGrants");
        self.relate(id, "principalId", "oauth2PermissionGrants");
    }

    /// Checks a new assignment of a directory role.
    ///
    /// <https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignments>
    pub(super) fn prepare_role(&self, properties: &Map<String, Value>) -> Result<(), Refusal> {
        const NAME: &str = "UnifiedRoleAssignment";
        self.object(&text(properties, "principalId", NAME)?)?;
        let role = text(properties, "roleDefinitionId", NAME)?;
        if self.role_definition(&role).is_none() {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "Request_ResourceNotFound",
                format!("Role definition '{role}' does not exist."),
            ));
        }
        if properties.get("appScopeId").is_none_or(Value::is_null) {
            text(properties, "directoryScopeId", NAME)?;
        }
        let ends = ["principalId", "roleDefinitionId", "directoryScopeId"];
        if self.has(ROLE, properties, &ends) {
            return Err(Refusal::directory(
                "A conflicting object with one or more of the specified property values is \
                 present in the directory.",
            ));
        }
        Ok(())
    }

    /// Links an assignment of a directory role with its principal and its role.
    pub(super) fn relate_role(&mut self, id: Id) {
        let entity = self.tenant.store.get(id);
        let own = |name: &str| {
            let text = entity.and_then(|entity| entity.properties.get(name)?.as_str());
            text.unwrap_or_default()
        };
        let principal = self.object(own("principalId")).ok().map(|(id, _)| id);
        let role = self.role_definition(own("roleDefinitionId"));
        self.tenant.store.set(id, "principal", principal);
        self.tenant.store.set(id, "roleDefinition", role);
    }

    fn role_definition(&self, key: &str) -> Option<Id> {
        let mut named = self.tenant.store.named(key);
        let found = named.find(|(_, entity)| entity.kind.ends_with(".unifiedRoleDefinition"));
        found.map(|(id, _)| id)
    }

    fn relate(&mut self, id: Id, property: &str, relation: &str) {
        let entity = self.tenant.store.get(id);
        let key = entity.and_then(|entity| entity.properties.get(property)?.as_str());
        let end = key
            .and_then(|key| self.object(key).ok())
            .map(|(end, _)| end);
        if let Some(end) = end {
            self.tenant.store.add(end, relation, id);
        }
    }

    /// Checks whether an entity has the same values.
    fn has(&self, kind: &str, properties: &Map<String, Value>, names: &[&str]) -> bool {
        let mut entities = self.tenant.store.entities().map(|(_, entity)| entity);
        entities.any(|entity| {
            let value = |name: &&str| {
                let sent = properties.get(*name).filter(|value| !value.is_null());
                entity.properties.get(*name) == sent
            };
            entity.kind == kind && names.iter().all(value)
        })
    }
}

/// Returns a property that must be sent.
fn text(properties: &Map<String, Value>, name: &str, kind: &str) -> Result<String, Refusal> {
    let text = properties.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| missing(name, kind))
}
