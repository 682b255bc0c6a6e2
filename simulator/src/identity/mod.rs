//! The identity platform: who may ask for tokens, and which tokens there are.
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

/// What the identity platform knows.
pub(crate) struct Identity {
    tenants: tenant::Tenants,
    clients: Vec<Client>,
    /// The id of the confidential client, which stands for the application.
    pub(crate) application: String,
    /// How long an access token lives.
    pub(crate) lifetime: Duration,
    pub(crate) refresh_tokens: RefreshTokens,
    /// Whether `expires_in` is sent as text, as managed identity does.
    pub(crate) text_lifetime: bool,
    /// Where the simulator listens: another name of its audience.
    pub(crate) host: String,
    access: HashMap<String, access::AccessToken>,
    grants: HashMap<String, refresh::RefreshToken>,
    pub(crate) assertions: assertion::Assertions,
    /// The subjects of whom another issuer's word is taken.
    pub(crate) federated: Vec<String>,
    codes: HashMap<String, code::Code>,
    pub(crate) devices: device::Devices,
    pub(crate) managed: managed::Managed,
    policies: Vec<policy::Policy>,
    /// Whether somebody has consented to what the application asks for.
    consented: bool,
    /// Who is signed in at the browser.
    pub(crate) browser: Option<Id>,
    /// What the next visit of a browser ends with.
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
            lifetime: Duration::from_secs(3599),
            refresh_tokens: RefreshTokens::default(),
            text_lifetime: false,
            host: host.to_owned(),
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

    /// Registers an address to which browsers may be sent back, for all clients.
    pub(crate) fn add_redirect(&mut self, uri: &str) {
        for client in &mut self.clients {
            client.redirects.add(uri);
        }
    }

    /// The key with which tokens are signed. It is made when it is first asked for.
    pub(crate) fn signer(&mut self) -> &Signer {
        self.signer.get_or_insert_with(Signer::new)
    }
}

/// What a request to the identity platform is answered out of.
pub(crate) struct Platform<'a> {
    pub(crate) identity: &'a mut Identity,
    /// Where the users are.
    pub(crate) store: &'a Store,
    pub(crate) ids: &'a mut Ids,
    pub(crate) now: DateTime<Utc>,
}

impl Platform<'_> {
    /// Answers a request.
    pub(crate) fn answer(&mut self, door: Door<'_>, request: &Request) -> Answer {
        let trail = Trail::new(request, self.ids, self.now, &self.identity.host);
        let answer = match door {
            Door::Token(tenant) => json(self.token(request, tenant), &trail),
            Door::DeviceCode(tenant) => json(self.device_code(request, tenant), &trail),
            Door::Authorize(tenant) => self.authorize(request, tenant, &trail),
            Door::AdminConsent(tenant) => self.admin_consent(request, tenant, &trail),
            Door::SignOut(tenant) => self.sign_out(request, tenant, &trail),
            Door::Configuration(tenant) => json(Ok(self.identity.configuration(tenant)), &trail),
            Door::Keys => json(Ok(self.identity.signer().key_set()), &trail),
            Door::Managed(source) => self.managed_identity(source, request, &trail),
        };
        if matches!(door, Door::Configuration(_) | Door::Keys) {
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

/// An answer of the token endpoint and its like.
fn json(outcome: Result<serde_json::Value, SignInError>, trail: &Trail) -> Answer {
    match outcome {
        Ok(body) => Answer::bytes(StatusCode::OK, JSON, body.to_string()),
        Err(error) => error.answer(trail),
    }
}

/// The content type of the platform's JSON.
const JSON: &str = "application/json; charset=utf-8";
