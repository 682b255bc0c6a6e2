//! Managed identity: the platform that runs a program authenticates it.
//!
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>

mod arc;
mod refusal;
mod success;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::Value;

use super::error::Trail;
use super::federation::AUDIENCE;
use super::form::Form;
use super::{GRAPH, Issue, JSON, Platform};
use crate::answer::Answer;
use crate::request::Request;
use crate::resource::Caller;

use refusal::Refused;
pub(crate) use refusal::problem;
pub use success::ExpiresOn;

/// The version of App Service's protocol that is current since 2019.
const APP_SERVICE: &str = "2019-08-01";

/// The version before, which Azure Machine Learning uses.
const MACHINE_LEARNING: &str = "2017-09-01";

/// A platform that issues tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The metadata service of virtual machines.
    Imds,
    /// App Service, Functions and Container Apps. Azure Machine Learning uses an older version of
    /// the same protocol.
    AppService,
    CloudShell,
    /// Azure Arc, for machines outside Azure.
    Arc,
}

impl Source {
    pub(super) fn at(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        match path.as_str() {
            "/metadata/identity/oauth2/token" => Some(Self::Imds),
            "/msi/token" => Some(Self::AppService),
            "/cloudshell/token" => Some(Self::CloudShell),
            "/arc/metadata/identity/oauth2/token" => Some(Self::Arc),
            _ => None,
        }
    }
}

/// An identity that was assigned to the machine beside its own.
struct Assigned {
    client_id: String,
    object_id: String,
    resource_id: String,
}

/// The managed identities of the simulated machine.
pub(crate) struct Managed {
    assigned: Vec<Assigned>,
    /// The value of `IDENTITY_HEADER` on App Service, and of `MSI_SECRET` on Machine Learning.
    pub(crate) header: String,
    pub(crate) expires_on: ExpiresOn,
    /// The file whose content proves that a program runs on the machine.
    pub(crate) key_file: Option<PathBuf>,
}

impl Default for Managed {
    fn default() -> Self {
        Self {
            assigned: Vec::new(),
            header: "simulated~identity.header".into(),
            expires_on: ExpiresOn::default(),
            key_file: None,
        }
    }
}

impl Managed {
    pub(crate) fn assign(&mut self, client_id: &str, object_id: &str, resource_id: &str) {
        self.assigned.push(Assigned {
            client_id: client_id.to_owned(),
            object_id: object_id.to_owned(),
            resource_id: resource_id.to_owned(),
        });
    }
}

/// The machine's own identity.
const SYSTEM: &str = "5f6a2b1c-93d4-4c58-8a77-0e1d2c3b4a59";

/// A parameter that names an identity, and the id that it refers to.
type Name = (&'static str, fn(&Assigned) -> &str);

const CLIENT_ID: fn(&Assigned) -> &str = |assigned| &assigned.client_id;
const OBJECT_ID: fn(&Assigned) -> &str = |assigned| &assigned.object_id;
const RESOURCE_ID: fn(&Assigned) -> &str = |assigned| &assigned.resource_id;

/// All parameters by which any source selects an identity.
const NAMES: [Name; 6] = [
    ("client_id", CLIENT_ID),
    ("clientid", CLIENT_ID),
    ("object_id", OBJECT_ID),
    ("principal_id", OBJECT_ID),
    ("msi_res_id", RESOURCE_ID),
    ("mi_res_id", RESOURCE_ID),
];

/// The resource and the identity that a request is for.
struct Wanted {
    resource: String,
    client_id: String,
    principal_id: String,
}

impl Platform<'_> {
    /// Responds to a request for a token.
    pub(super) fn managed_identity(
        &mut self,
        source: Source,
        request: &Request,
        trail: &Trail,
    ) -> Answer {
        let wanted = match self.wanted(source, request) {
            Ok(wanted) => wanted,
            Err(refused) => return refused.answer(source, trail),
        };
        let token = match wanted.resource.as_str() {
            AUDIENCE => self.managed_identity_token(&wanted.principal_id),
            _ => self.own_token(&wanted),
        };
        let body = self.handed_out(source, &wanted, &token);
        Answer::bytes(http::StatusCode::OK, JSON, body.to_string())
    }

    /// Returns a token with which the identity calls a resource itself.
    fn own_token(&mut self, wanted: &Wanted) -> String {
        let tenant_id = self.identity.home().to_owned();
        let issue = Issue {
            tenant_id: &tenant_id,
            audience: &wanted.resource,
            client: &wanted.client_id,
            caller: Caller::Application,
            capable: false,
        };
        self.identity.issue(self.ids, self.now, issue)
    }

    fn handed_out(&self, source: Source, wanted: &Wanted, token: &str) -> Value {
        let (begins, expires): (DateTime<Utc>, _) = (self.now, self.identity.expiry(self.now));
        let (resource, client_id) = (&wanted.resource, &wanted.client_id);
        match source {
            Source::AppService => {
                let expires_on = self.identity.managed.expires_on.write(expires);
                success::app_service(token, resource, client_id, begins, expires_on)
            }
            Source::Imds | Source::CloudShell | Source::Arc => {
                success::metadata(token, resource, client_id, begins, expires)
            }
        }
    }

    fn wanted(&self, source: Source, request: &Request) -> Result<Wanted, Refused> {
        let method = match source {
            Source::CloudShell => Method::POST,
            _ => Method::GET,
        };
        if request.method != method {
            return Err(Refused::method(&request.method));
        }
        let form = match source {
            Source::CloudShell => Form::body(request),
            _ => Form::query(request),
        };
        let names = self.admit(source, request, &form)?;
        let resource = form
            .get("resource")
            .ok_or_else(|| Refused::request("The 'resource' parameter is missing."))?;
        let bare = resource.strip_suffix('/').unwrap_or(resource);
        let own = self.identity.audiences.iter().any(|own| own == bare);
        if bare != GRAPH && !own && bare != AUDIENCE {
            return Err(Refused::resource(resource));
        }
        let (client_id, principal_id) = self.assigned(&form, names)?;
        Ok(Wanted {
            resource: resource.to_owned(),
            client_id,
            principal_id,
        })
    }

    /// Checks that a request comes from the machine itself. Returns the names of the parameters by
    /// which it may select an identity.
    fn admit(
        &self,
        source: Source,
        request: &Request,
        form: &Form,
    ) -> Result<&'static [&'static str], Refused> {
        let version = form.get("api-version").unwrap_or_default();
        let unsupported = || {
            Refused::request(&format!(
                "The 'api-version' '{version}' is missing or not supported."
            ))
        };
        if source == Source::AppService {
            let (header, names): (_, &[&str]) = match version {
                APP_SERVICE => (
                    "x-identity-header",
                    &["client_id", "object_id", "principal_id", "mi_res_id"],
                ),
                MACHINE_LEARNING => ("secret", &["clientid"]),
                _ => return Err(unsupported()),
            };
            return match request.header(header) {
                Some(sent) if sent == self.identity.managed.header => Ok(names),
                _ => Err(Refused::header(header)),
            };
        }
        let metadata = request.header("metadata");
        if !metadata.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Err(Refused::metadata());
        }
        match source {
            Source::Imds if is_date(version) && version >= "2018-02-01" => {
                Ok(&["client_id", "object_id", "msi_res_id"])
            }
            Source::Arc if is_date(version) && version >= "2019-08-15" => {
                self.check_key(request)?;
                Ok(&[])
            }
            Source::CloudShell => Ok(&[]),
            _ => Err(unsupported()),
        }
    }

    /// Returns the client id and principal id of the identity that the request selects. Without a
    /// selection, they are those of the machine's own identity.
    fn assigned(&self, form: &Form, names: &[&str]) -> Result<(String, String), Refused> {
        let mut asked = NAMES
            .iter()
            .filter_map(|(name, of)| Some((*name, *of, form.get(name)?)));
        let Some((name, of, value)) = asked.next() else {
            return Ok((SYSTEM.to_owned(), SYSTEM.to_owned()));
        };
        if !names.contains(&name) {
            return Err(Refused::request(&format!(
                "This endpoint cannot select an identity by '{name}'."
            )));
        }
        if let Some((other, ..)) = asked.next() {
            return Err(Refused::request(&format!(
                "Both '{name}' and '{other}' name an identity."
            )));
        }
        let mut assigned = self.identity.managed.assigned.iter();
        let found = assigned.find(|assigned| of(assigned).eq_ignore_ascii_case(value));
        found
            .map(|assigned| (assigned.client_id.clone(), assigned.object_id.clone()))
            .ok_or_else(Refused::identity)
    }
}

/// Checks whether a text is a date. Dates compare like texts.
fn is_date(text: &str) -> bool {
    text.parse::<chrono::NaiveDate>().is_ok()
}
