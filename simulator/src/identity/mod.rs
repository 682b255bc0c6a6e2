//! The identity platform: its users and clients, and the tokens that it issues.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-protocols>

mod access;
mod assertion;
mod authorize;
mod client;
mod code;
mod consent;
mod device;
mod door;
mod endpoint;
mod error;
mod federation;
mod form;
mod id_token;
mod instance;
mod jwt;
mod managed;
mod on_behalf_of;
mod person;
mod pkce;
mod policy;
mod redirect;
mod refresh;
mod scope;
mod sign_out;
mod signer;
mod tenant;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, PRAGMA};

use crate::answer::Answer;
use crate::graph::directory::IssuedSecret;
use crate::ids::Ids;
use crate::request::Request;
use crate::store::{Id, Store};

pub(crate) use access::{GRAPH, Issue};
pub(crate) use client::Client;
pub(crate) use door::{Door, Manner, problem, problem_page};
pub(crate) use error::SignInError;
pub use managed::ExpiresOn;
pub(crate) use managed::problem as managed_problem;
pub(crate) use person::find as find_user;
pub(crate) use redirect::Redirects;
pub use refresh::RefreshTokens;
pub(crate) use scope::Scopes;
pub(crate) use signer::{Signer, unsigned};

use error::Trail;

/// The state of the identity platform.
pub(crate) struct Identity {
    tenants: tenant::Tenants,
    clients: Vec<Client>,
    /// The secrets that the directory has issued for its applications.
    secrets: Vec<IssuedSecret>,
    /// The id of the confidential client, which stands for the application.
    pub(crate) application: String,
    /// The lifetime of an access token.
    pub(crate) lifetime: Duration,
    pub(crate) refresh_tokens: RefreshTokens,
    /// `true` if `expires_in` is sent as text, as managed identity does.
    pub(crate) text_lifetime: bool,
    /// The usual address of the simulator in links.
    pub(crate) host: String,
    /// The audiences that are accepted as Graph's, beside Graph's own.
    pub(crate) audiences: Vec<String>,
    access: HashMap<String, access::AccessToken>,
    grants: HashMap<String, refresh::RefreshToken>,
    pub(crate) assertions: assertion::Assertions,
    /// The subjects that another issuer may authenticate.
    pub(crate) federated: Vec<String>,
    codes: HashMap<String, code::Code>,
    pub(crate) devices: device::Devices,
    pub(crate) managed: managed::Managed,
    policies: Vec<policy::Policy>,
    /// `true` if a user or an administrator has consented to the application's permissions.
    consented: bool,
    /// The user who is signed in at the browser.
    pub(crate) browser: Option<Id>,
    /// The error that ends the next visit of a browser.
    pub(crate) refusal: Option<SignInError>,
    signer: Option<Signer>,
}

impl Identity {
    pub(crate) fn new(tenant_id: &str, domain: &str, clients: Vec<Client>, host: &str) -> Self {
        Self {
            tenants: tenant::Tenants::new(tenant_id, domain),
            application: clients
                .first()
                .map_or(String::new(), |client| client.id.clone()),
            clients,
            secrets: Vec::new(),
            lifetime: Duration::from_secs(3599),
            refresh_tokens: RefreshTokens::default(),
            text_lifetime: false,
            host: host.to_owned(),
            audiences: vec![host.to_owned()],
            access: HashMap::new(),
            grants: HashMap::new(),
            assertions: assertion::Assertions::default(),
            federated: Vec::new(),
            codes: HashMap::new(),
            devices: device::Devices::default(),
            managed: managed::Managed::default(),
            policies: Vec::new(),
            consented: true,
            browser: None,
            refusal: None,
            signer: None,
        }
    }

    /// Adds secrets that the directory has issued.
    pub(crate) fn add_secrets(&mut self, secrets: Vec<IssuedSecret>) {
        self.secrets.extend(secrets);
    }

    /// Registers an address to which browsers may be sent back, for all clients.
    pub(crate) fn add_redirect(&mut self, uri: &str) {
        for client in &mut self.clients {
            client.redirects.add(uri);
        }
    }

    /// Returns the key with which tokens are signed. It is read at the first call.
    pub(crate) fn signer(&mut self) -> &Signer {
        self.signer.get_or_insert_with(Signer::published)
    }
}

/// The state that is needed to respond to a request to the identity platform.
pub(crate) struct Platform<'a> {
    pub(crate) identity: &'a mut Identity,
    /// The store that holds the users.
    pub(crate) store: &'a Store,
    pub(crate) ids: &'a mut Ids,
    pub(crate) now: DateTime<Utc>,
    /// The address of the platform that the client of the request uses.
    pub(crate) host: String,
}

impl Platform<'_> {
    /// Responds to a request.
    pub(crate) fn answer(&mut self, door: Door<'_>, request: &Request) -> Answer {
        let trail = Trail::new(request, self.ids, self.now, &self.host);
        let answer = match door {
            Door::Token(tenant) => json(self.token(request, tenant), &trail),
            Door::DeviceCode(tenant) => json(self.device_code(request, tenant), &trail),
            Door::Authorize(tenant) => self.authorize(request, tenant, &trail),
            Door::AdminConsent(tenant) => self.admin_consent(request, tenant, &trail),
            Door::SignOut(tenant) => self.sign_out(request, tenant, &trail),
            Door::Configuration(tenant) => json(self.configuration(tenant), &trail),
            Door::Instance => json(self.instance(request), &trail),
            Door::Keys => json(Ok(self.identity.signer().key_set()), &trail),
            Door::Managed(source) => self.managed_identity(source, request, &trail),
        };
        if matches!(door, Door::Configuration(_) | Door::Instance | Door::Keys) {
            return answer;
        }
        let answer = answer
            .with(CACHE_CONTROL, "no-store, no-cache")
            .with(PRAGMA, "no-cache")
            .with(HeaderName::from_static("x-ms-request-id"), &trail.trace);
        if request.header("return-client-request-id").as_deref() == Some("true") {
            let name = HeaderName::from_static("client-request-id");
            return answer.with(name, &trail.correlation);
        }
        answer
    }
}

/// Returns a response of the token endpoint or of a similar endpoint.
fn json(outcome: Result<serde_json::Value, SignInError>, trail: &Trail) -> Answer {
    match outcome {
        Ok(body) => Answer::bytes(StatusCode::OK, JSON, body.to_string()),
        Err(error) => error.answer(trail),
    }
}

/// The content type of the platform's JSON.
const JSON: &str = "application/json; charset=utf-8";
