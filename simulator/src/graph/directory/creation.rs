//! New objects of the directory: the rules for their properties, and the objects that the directory
//! creates with them.

use serde_json::{Map, Value, json};

use super::extension::{DIRECTORY, SCHEMA, invalid, missing};
use super::{APPLICATION, GROUP, PRINCIPAL, signed_in};
use crate::domain::Below;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::store::Id;

impl Graph<'_> {
    /// Checks the properties of a new object, and adds those that the directory sets.
    pub(in crate::graph) fn prepare_directory_object(
        &mut self,
        place: Below<'_>,
        kind: &str,
        properties: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        self.check_extensions(kind, properties)?;
        match kind {
            "microsoft.graph.user" => {
                properties
                    .entry("userType")
                    .or_insert_with(|| json!("Member"));
                Ok(())
            }
            GROUP => self.prepare_group(properties),
            APPLICATION => {
                let app_id = self.tenant.ids.guid();
                properties.insert("appId".into(), json!(app_id));
                let mut default = |name: &str, value: Value| {
                    properties.entry(name).or_insert(value);
                };
                default("signInAudience", json!("AzureADMyOrg"));
                default("publisherDomain", self.domain());
                Ok(())
            }
            PRINCIPAL => self.prepare_principal(properties),
            DIRECTORY => self.define_directory_extension(place.owner, properties),
            SCHEMA => self.define_schema_extension(properties),
            "microsoft.graph.appRoleAssignment" => self.prepare_assignment(place, properties),
            "microsoft.graph.oAuth2PermissionGrant" => self.prepare_grant(properties),
            "microsoft.graph.unifiedRoleAssignment" => self.prepare_role(properties),
            _ => Ok(()),
        }
    }

    /// Completes a new object with owners, the drive and site of a group, and relations.
    pub(in crate::graph) fn complete_directory_object(&mut self, id: Id, kind: &str) {
        let owned = matches!(kind, GROUP | APPLICATION | PRINCIPAL);
        // The user who creates an object owns it, unless the request names other owners.
        if owned
            && self.tenant.store.many(id, "owners").is_empty()
            && let Some(user) = signed_in(self)
        {
            self.tenant.store.add(id, "owners", user);
        }
        match kind {
            GROUP => self.provision(id),
            "microsoft.graph.appRoleAssignment" => self.relate_assignment(id),
            "microsoft.graph.oAuth2PermissionGrant" => self.relate_grant(id),
            "microsoft.graph.unifiedRoleAssignment" => self.relate_role(id),
            _ => {}
        }
    }

    /// Returns the default domain of the tenant.
    pub(super) fn domain(&self) -> Value {
        let domains = self.tenant.store.many(Id::ROOT, "domains");
        let domain = domains.first().and_then(|id| self.tenant.store.get(*id));
        json!(domain.map(|domain| &domain.key))
    }

    /// Checks a new group. A Microsoft 365 group has an address, which no other object may have.
    ///
    /// <https://learn.microsoft.com/graph/api/group-post-groups>
    fn prepare_group(&self, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
        let has = |name: &str| properties.get(name) == Some(&json!(true));
        let (mail, secure) = (has("mailEnabled"), has("securityEnabled"));
        let types = properties.get("groupTypes").and_then(Value::as_array);
        let mut types = types.into_iter().flatten();
        let unified = types.any(|kind| kind == "Unified");
        // Distribution lists exist in tenants, but only Exchange creates them.
        if mail != unified && !self.seeding {
            return Err(invalid("mailEnabled", "Group"));
        }
        if !mail && !secure && !self.seeding {
            return Err(invalid("securityEnabled", "Group"));
        }
        if !unified {
            return Ok(());
        }
        let nickname = properties.get("mailNickname").and_then(Value::as_str);
        let address = format!(
            "{}@{}",
            nickname.unwrap_or_default(),
            self.domain().as_str().unwrap_or_default()
        );
        self.check_address(&address)?;
        properties.insert("mail".into(), json!(address));
        let proxies = json!([format!("SMTP:{address}")]);
        properties.insert("proxyAddresses".into(), proxies);
        properties
            .entry("visibility")
            .or_insert_with(|| json!("Public"));
        Ok(())
    }

    /// Checks that no object has an address.
    fn check_address(&self, address: &str) -> Result<(), Refusal> {
        let same = |value: &Value| {
            let proxy = value.as_str().and_then(|proxy| proxy.split_once(':'));
            proxy.is_some_and(|(_, proxy)| proxy.eq_ignore_ascii_case(address))
        };
        let mut entities = self.tenant.store.entities().map(|(_, entity)| entity);
        let taken = entities.any(|entity| {
            let proxies = entity.properties.get("proxyAddresses");
            let proxies = proxies.and_then(Value::as_array);
            let mail = entity.properties.get("mail").and_then(Value::as_str);
            let own = mail.is_some_and(|mail| mail.eq_ignore_ascii_case(address));
            (own || proxies.into_iter().flatten().any(same))
                && self.tenant.schemas.is_a(&entity.kind, super::OBJECT)
                && entity.below("deletedItems").is_empty()
        });
        if !taken {
            return Ok(());
        }
        let message =
            "Another object with the same value for property proxyAddresses already exists.";
        Err(Refusal::directory(message).detail("ObjectConflict", "proxyAddresses", message))
    }

    /// Adds the drive and the site of a new Microsoft 365 group.
    fn provision(&mut self, group: Id) {
        let Some(entity) = self.tenant.store.get(group) else {
            return;
        };
        let types = entity
            .properties
            .get("groupTypes")
            .and_then(Value::as_array);
        if !types.into_iter().flatten().any(|kind| kind == "Unified") {
            return;
        }
        let text = |name: &str| entity.properties.get(name).and_then(Value::as_str);
        let nickname = text("mailNickname").unwrap_or_default().to_owned();
        let title = text("displayName").unwrap_or_default().to_owned();
        let url = format!("https://contoso.sharepoint.com/sites/{nickname}");
        let site = json!({
            "displayName": title, "name": nickname, "isPersonalSite": false, "webUrl": url,
        });
        let drive = json!({ "driveType": "documentLibrary", "name": "Documents" });
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let place = Below::many(Id::ROOT, "sites");
        let site = self
            .tenant
            .make(place, "microsoft.graph.site", None, object(site));
        self.tenant.store.add(group, "sites", site);
        self.tenant.store.alias(site, "root");
        let place = Below::one(group, "drive");
        let drive = self
            .tenant
            .make(place, "microsoft.graph.drive", None, object(drive));
        self.tenant.store.add(group, "drives", drive);
        self.tenant.store.set(site, "drive", Some(drive));
    }

    /// Checks a new service principal, which stands for an application of the tenant.
    ///
    /// <https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals>
    fn prepare_principal(&self, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
        let Some(app_id) = properties.get("appId").and_then(Value::as_str) else {
            return Err(missing("appId", "ServicePrincipal"));
        };
        let with_id = |set: &str| {
            let mut found = self.tenant.store.many(Id::ROOT, set).into_iter();
            found.find(|id| {
                let entity = self.tenant.store.get(*id);
                let own = entity.and_then(|entity| entity.properties.get("appId")?.as_str());
                own.is_some_and(|own| own.eq_ignore_ascii_case(app_id))
            })
        };
        if with_id("servicePrincipals").is_some() {
            return Err(Refusal::new(
                http::StatusCode::CONFLICT,
                "Request_MultipleObjectsWithSameKeyValue",
                format!(
                    "The service principal cannot be created, updated, or restored because the \
                     service principal name {app_id} is already in use."
                ),
            ));
        }
        let application = with_id("applications").and_then(|id| self.tenant.store.get(id));
        let Some(application) = application else {
            return Err(Refusal::directory(format!(
                "The appId '{app_id}' of the service principal does not reference a valid \
                 application object."
            )));
        };
        let own = |name: &str| application.properties.get(name).cloned();
        let name = own("displayName").unwrap_or_default();
        let roles = own("appRoles").unwrap_or_else(|| json!([]));
        let names = json!([app_id]);
        let organizations = self.tenant.store.many(Id::ROOT, "organization");
        let organization = organizations
            .first()
            .and_then(|id| self.tenant.store.get(*id));
        let tenant = json!(organization.map(|tenant| &tenant.key));
        for (name, value) in [
            ("displayName", name.clone()),
            ("appDisplayName", name),
            ("appRoles", roles),
            ("servicePrincipalNames", names),
            ("servicePrincipalType", json!("Application")),
            ("accountEnabled", json!(true)),
            ("appOwnerOrganizationId", tenant),
        ] {
            properties.entry(name).or_insert(value);
        }
        Ok(())
    }
}
