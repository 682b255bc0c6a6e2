//! Scopes: the permissions that a request names, and their resource.
//!
//! <https://learn.microsoft.com/entra/identity-platform/scopes-oidc>

use super::form::Form;
use super::{GRAPH, Platform, SignInError};
use crate::ids::is_guid;

/// The resources beside Graph that the tenant has. Tokens for them are issued, and Graph refuses
/// them. Among them are the Graphs of the other clouds. A test of `msgraph` checks that none is
/// missing, because this crate does not use the table of that one.
const OTHERS: [&str; 8] = [
    "https://vault.azure.net",
    "https://management.azure.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "https://graph.svc.sovcloud.fr",
    "https://graph.svc.sovcloud.de",
    "https://graph.svc.sovcloud.sg",
];

/// The scopes of OpenID Connect, which belong to no resource.
pub(super) const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The permissions at Graph to which a user has consented.
const CONSENTED: [&str; 3] = ["Directory.ReadWrite.All", "Mail.ReadWrite", "User.Read"];

/// The scopes of a request.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Vec<String>);

impl Scopes {
    pub(crate) fn read(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    /// Returns the scopes that belong to a resource.
    fn of_resources(&self) -> impl Iterator<Item = &str> {
        let scopes = self.0.iter().map(String::as_str);
        scopes.filter(|scope| !OPENID.contains(scope))
    }

    /// Returns the granted scopes as the response lists them. It lists each permission behind
    /// `.default`, and leaves out `offline_access`.
    pub(super) fn granted(&self) -> String {
        let mut granted: Vec<String> = Vec::new();
        for scope in &self.0 {
            match scope.strip_suffix("/.default") {
                Some(resource) => {
                    granted.extend(CONSENTED.map(|name| format!("{resource}/{name}")));
                }
                None if scope == "offline_access" => {}
                None => granted.push(scope.clone()),
            }
        }
        granted.join(" ")
    }
}

/// Returns the resource of a scope, and its name there. A short name means Graph.
fn parts(scope: &str) -> (&str, &str) {
    match scope.rsplit_once('/') {
        Some((resource, name)) if resource.contains("://") || is_guid(resource) => (resource, name),
        _ => (GRAPH, scope),
    }
}

fn invalid(code: u32, description: String) -> SignInError {
    SignInError::new("invalid_scope", code, description)
}

/// Returns the error for a scope that is not available.
pub(super) fn not_valid(reason: &str) -> SignInError {
    invalid(
        70_011,
        format!("The provided value for the input parameter 'scope' is not valid. {reason}"),
    )
}

impl Platform<'_> {
    /// Returns the resource that an application requests. Such a request covers all granted
    /// permissions of the resource, so it names `.default` instead of single ones.
    pub(super) fn app_audience(&self, form: &Form) -> Result<String, SignInError> {
        let scope = form.require("scope")?;
        let scopes = Scopes::read(scope);
        let scopes: Vec<_> = scopes.of_resources().collect();
        let resources: Option<Vec<_>> = scopes
            .iter()
            .map(|scope| scope.strip_suffix("/.default"))
            .collect();
        match resources.as_deref() {
            Some([]) => Err(invalid(
                700_023,
                format!("The scope '{scope}' names no resource."),
            )),
            Some([resource]) => self.resource(resource),
            Some(_) => Err(not_valid(&format!(
                "The scope '{scope}' names more than one resource."
            ))),
            None if scopes.len() > 1 => Err(not_valid(&format!(
                "'.default' does not combine with other scopes: '{scope}'."
            ))),
            None => Err(invalid(
                1_002_012,
                format!(
                    "The provided value for scope {scope} is not valid. Client credential flows \
                     must have a scope value with /.default suffixed to the resource identifier \
                     (application ID URI)."
                ),
            )),
        }
    }

    /// Returns the resource that a user's token is for: the one of the first scope.
    pub(super) fn user_audience(&self, scopes: &Scopes) -> Result<String, SignInError> {
        let first = scopes.of_resources().next();
        self.resource(first.map_or(GRAPH, |scope| parts(scope).0))
    }

    /// Checks that scopes belong to one resource, and are among those that were requested before.
    pub(super) fn check_subset(&self, scopes: &Scopes, before: &Scopes) -> Result<(), SignInError> {
        let known = |resource: &str| match self.identity.is_graph(resource) {
            true => GRAPH.to_owned(),
            false => resource.to_lowercase(),
        };
        let resource = self.user_audience(scopes)?;
        for scope in scopes.of_resources() {
            let (own, name) = parts(scope);
            if known(own) != known(&resource) {
                return Err(not_valid(&format!(
                    "It contains more than one resource: '{resource}' and '{own}'."
                )));
            }
            let covers = |other: &str| {
                let (theirs, other) = parts(other);
                let any = name == ".default" || other == ".default";
                known(theirs) == known(own) && (any || other.eq_ignore_ascii_case(name))
            };
            if !before.of_resources().any(covers) {
                return Err(not_valid(&format!(
                    "The scope '{scope}' was not requested when the user signed in."
                )));
            }
        }
        Ok(())
    }

    /// Returns a resource of the tenant, if it exists.
    pub(super) fn resource(&self, resource: &str) -> Result<String, SignInError> {
        let is_own = self.is_application(resource);
        if self.identity.is_graph(resource) || is_own || OTHERS.contains(&resource) {
            return Ok(resource.to_owned());
        }
        Err(SignInError::new(
            "invalid_resource",
            500_011,
            format!(
                "The resource principal named {resource} was not found in the tenant named \
                 Contoso. This can happen if the application has not been installed by the \
                 administrator of the tenant or consented to by any user in the tenant."
            ),
        ))
    }

    /// Checks whether a resource is the application itself, named by its id or by the URI made of
    /// it.
    pub(super) fn is_application(&self, resource: &str) -> bool {
        let id = resource.strip_prefix("api://").unwrap_or(resource);
        id.eq_ignore_ascii_case(&self.identity.application)
    }
}
