//! The settings from which a simulator's state is made, at its start and at each reset.

use serde_json::Value;

use super::Credentials;
use crate::address::Addresses;
use crate::clock::Clock;
use crate::core::State;
use crate::delta::Deltas;
use crate::description::Description;
use crate::identity::{Client, Identity, Redirects, Scopes};
use crate::ids::Ids;
use crate::recorder::{KEPT, Recorder};
use crate::seed::{Contoso, Seed, plant};
use crate::seed_document::SeedDocument;
use crate::storage::Storage;
use crate::store::Store;
use crate::stub::Stubs;
use crate::throttle::Throttle;
use crate::webhooks::Webhooks;

/// The public client's id, in every tenant.
const PUBLIC_CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

/// The settings of a simulator's tenant, clients and content.
pub(crate) struct Plan {
    pub(super) tenant_id: String,
    pub(super) domain: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) seed: Seed,
    /// The entities that are added to the seed, in their order.
    pub(crate) documents: Vec<SeedDocument>,
    pub(super) page_size: Option<usize>,
    pub(super) kept_requests: usize,
    pub(super) synthesizes: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            tenant_id: "dcd219dd-bc68-4b9b-bf0b-4a33a796be35".into(),
            domain: "contoso.com".into(),
            client_id: "6731de76-14a6-49ae-97bc-6eba6914391e".into(),
            client_secret: "simulated~secret.of-Contoso_Tests".into(),
            seed: Seed::default(),
            documents: Vec::new(),
            page_size: None,
            kept_requests: KEPT,
            synthesizes: false,
        }
    }
}

impl Plan {
    /// Returns the state at the start, without the documents. Two states of the same plan have the
    /// same ids and credentials.
    pub(crate) fn begin(
        &self,
        description: &Description,
        addresses: &Addresses,
    ) -> (State, Credentials) {
        let (mut store, mut ids) = (Store::new(), Ids::default());
        let contoso = Contoso {
            tenant_id: &self.tenant_id,
            domain: &self.domain,
            client_id: &self.client_id,
        };
        let schemas = description.schemas();
        let user = plant(self.seed, schemas, &mut store, &mut ids, &contoso);
        let clients = vec![
            Client {
                id: self.client_id.clone(),
                secret: Some(self.client_secret.clone()),
                redirects: Redirects::new("http://localhost:3000/signed-in"),
            },
            Client {
                id: PUBLIC_CLIENT.into(),
                secret: None,
                redirects: Redirects::new("http://localhost"),
            },
        ];
        let (tenant_id, domain) = (&self.tenant_id, &self.domain);
        let mut identity = Identity::new(tenant_id, domain, clients, &addresses.graph);
        identity.audiences = addresses.audiences();
        identity.browser = Some(user);
        let scopes = Scopes::read("offline_access User.Read Mail.ReadWrite");
        let text = |name: &str| {
            let value = store.get(user).and_then(|user| user.properties.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let credentials = Credentials {
            refresh_token: identity.grant(&mut ids, &self.client_id, user, scopes.clone()),
            public_refresh_token: identity.grant(&mut ids, PUBLIC_CLIENT, user, scopes),
            user_id: text("id"),
            user_principal_name: text("userPrincipalName"),
            tenant_id: self.tenant_id.clone(),
            domain: self.domain.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            public_client_id: PUBLIC_CLIENT.into(),
        };
        let mut webhooks = Webhooks::default();
        // The seed itself is not a change that a subscriber is notified of.
        webhooks.seen = store.journal.end();
        let state = State {
            store,
            ids,
            clock: Clock::default(),
            identity,
            faults: Vec::new(),
            chaos: None,
            changes: Vec::new(),
            throttle: Throttle::default(),
            deltas: Deltas::default(),
            storage: Storage::new(addresses.storage.clone()),
            webhooks,
            recorder: Recorder::keeping(self.kept_requests),
            page_size: self.page_size,
            page_epoch: 0,
            synthesizes: self.synthesizes,
            stubs: Stubs::default(),
            user,
        };
        (state, credentials)
    }
}
