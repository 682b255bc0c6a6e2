//! The simulator without its server: it turns a request into a response.

mod batching;
mod exchange;
mod planting;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::address::Addresses;
use crate::answer::Answer;
use crate::changes::RecordedChange;
use crate::chaos::{Asked, Draws, Place};
use crate::clock::Clock;
use crate::compression::compressed;
use crate::delta::Deltas;
use crate::description::Description;
use crate::domain::{Tenant, without_null};
use crate::fault::{Effect, Fault, Quirk};
use crate::graph::Graph;
use crate::identity::{Door, Identity, Platform, RefreshTokens};
use crate::ids::Ids;
use crate::prefer::Shape;
use crate::recorder::{Host, RecordedRequest, Recorder};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::Caller;
use crate::simulator::Plan;
use crate::storage::Storage;
use crate::store::{Id, Store};
use crate::stub::Stubs;
use crate::throttle::Throttle;
use crate::webhooks::deliver::handshake;
use crate::webhooks::{Validation, Webhooks};
use exchange::Exchange;
pub(crate) use planting::Body;

/// The complete simulator.
pub(crate) struct Core {
    pub(crate) description: Description,
    /// The description behind `/beta`, if it is not the same one.
    pub(crate) beta: Option<Description>,
    pub(crate) addresses: Addresses,
    /// The settings of the state at the start.
    plan: Plan,
    state: Mutex<State>,
}

/// The state that changes.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(crate) faults: Vec<Fault>,
    pub(crate) chaos: Option<Draws>,
    /// The changes that requests have made.
    pub(crate) changes: Vec<RecordedChange>,
    pub(crate) throttle: Throttle,
    pub(crate) deltas: Deltas,
    pub(crate) storage: Storage,
    pub(crate) webhooks: Webhooks,
    pub(crate) recorder: Recorder,
    pub(crate) page_size: Option<usize>,
    pub(crate) page_epoch: u32,
    /// `true` if values that are not stored are made from their types.
    pub(crate) synthesizes: bool,
    /// The responses that a test has defined.
    pub(crate) stubs: Stubs,
    /// The user who signs in.
    pub(crate) user: Id,
}

/// The response that goes over the wire.
pub(crate) struct Reply {
    pub(crate) effect: Option<Effect>,
    pub(crate) answer: Answer,
}

/// The part of the simulator that a path belongs to.
enum Part<'a> {
    Graph(Version<'a>, &'a str),
    Identity(Door<'a>),
    Nothing,
}

/// A version of Graph.
#[derive(Clone, Copy)]
struct Version<'a> {
    description: &'a Description,
    /// The path of the version: `/v1.0`.
    path: &'static str,
}

impl Core {
    pub(crate) fn new(
        description: Description,
        beta: Option<Description>,
        addresses: Addresses,
        plan: Plan,
        state: State,
    ) -> Self {
        Self {
            description,
            beta,
            addresses,
            plan,
            state: Mutex::new(state),
        }
    }

    /// Locks the state. A panic elsewhere leaves it valid, because each change is complete by
    /// itself.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part<'a>(&'a self, path: &'a str) -> Part<'a> {
        let below = |version: &'static str, description: &'a Description| {
            let rest = path.strip_prefix(version)?;
            let version = Version {
                description,
                path: version,
            };
            (rest.is_empty() || rest.starts_with('/')).then_some(Part::Graph(version, rest))
        };
        if let Some(part) = below("/v1.0", &self.description) {
            return part;
        }
        let beta = self.beta.as_ref().unwrap_or(&self.description);
        if let Some(part) = below("/beta", beta) {
            return part;
        }
        Door::at(path).map_or(Part::Nothing, Part::Identity)
    }

    /// Responds to a request, and records it. Without a network, webhooks are assumed to exist.
    pub(crate) async fn handle(&self, host: Host, request: &Request, network: bool) -> Reply {
        let sent = request;
        let request = &*sent.normalized();
        let asked = Asked {
            request,
            place: match host {
                Host::Graph => Place::Graph,
                Host::Storage => Place::Storage,
            },
        };
        let exchange = self.begin(asked, network);
        let heard = exchange.heard(request);
        let mut template = None;
        let mut parts = Vec::new();
        let part = self.part(request.path());
        let is_identity = matches!(part, Part::Identity(_));
        let answer = match (&exchange.effect, part) {
            (Some(Effect::Answer(answer)), _) => answer.clone(),
            (Some(Effect::Reset), _) => Answer::empty(StatusCode::OK),
            (_, _) if host == Host::Storage => {
                let quirk = exchange.quirk();
                let mut state = self.state();
                let mark = state.store.mark();
                let answer = state.stored(&self.description, &heard, quirk);
                state.record_changes(exchange.number, &heard, mark);
                state.notify(&self.description, &format!("{}/v1.0", exchange.address));
                answer
            }
            (_, Part::Identity(door)) => {
                let mut state = self.state();
                let usual = state.identity.refresh_tokens;
                if exchange.quirk() == Some(&Quirk::SingleUse) {
                    state.identity.refresh_tokens = RefreshTokens::SingleUse;
                }
                let mut platform = state.platform(exchange.now);
                platform.host.clone_from(&exchange.address);
                let answer = platform.answer(door, &heard);
                state.identity.refresh_tokens = usual;
                answer
            }
            // The metadata is public.
            (_, Part::Graph(version, "/$metadata")) => match heard.method {
                Method::GET => {
                    let csdl = version.description.csdl();
                    Answer::bytes(StatusCode::OK, "application/xml", csdl)
                }
                _ => exchange.refuse(&Refusal::method([Method::GET].iter())),
            },
            (_, Part::Graph(version, path)) => {
                let authorization = heard.header("authorization");
                let caller = self
                    .state()
                    .identity
                    .authorize(authorization.as_deref(), exchange.now);
                match caller {
                    Err(refusal) => exchange.refuse(&refusal),
                    Ok(caller) if path == "/$batch" => {
                        let (answer, carried_out) =
                            self.batch(version, caller, &heard, &exchange).await;
                        parts = carried_out;
                        answer
                    }
                    Ok(caller) => {
                        self.state().throttle.settle();
                        let (answer, place) =
                            self.call(version, caller, &heard, path, &exchange).await;
                        template = place;
                        answer
                    }
                }
            }
            (_, Part::Nothing) => {
                let version = request.path().split('/').nth(1).unwrap_or_default();
                exchange.refuse(&Refusal::bad_request(format!("Invalid version: {version}")))
            }
        };
        let answer = self.end(&exchange, answer);
        let answer = match host {
            Host::Graph if is_identity => exchange.dressed_by_platform(answer),
            Host::Graph => compressed(&heard, exchange.dressed(answer)),
            Host::Storage => answer,
        };
        let arrives = !matches!(exchange.effect, Some(Effect::Reset | Effect::Lost));
        let status = arrives.then_some(answer.status);
        let record = RecordedRequest {
            parts,
            ..exchange.record(host, sent, status, template)
        };
        self.state().recorder.record(record);
        Reply {
            effect: exchange.effect,
            answer,
        }
    }

    /// Carries out one request of Graph. Returns the response, with the path of the description
    /// that served it.
    async fn call(
        &self,
        version: Version<'_>,
        caller: Caller,
        request: &Request,
        path: &str,
        exchange: &Exchange,
    ) -> (Answer, Option<String>) {
        if let Some(answer) = self.state().stubs.response(request, path) {
            return (answer, None);
        }
        let root = format!("{}{}", exchange.address, version.path);
        let quirk = exchange.quirk();
        let run = |validation| {
            let mut guard = self.state();
            let state = &mut *guard;
            let mark = state.store.mark();
            let graph = state.graph(version.description, &root, caller, quirk);
            let mut outcome = Graph {
                validation,
                ..graph
            }
            .answer(request, path);
            state.record_changes(exchange.number, request, mark);
            state.sign_out(&outcome.signed_out);
            state
                .identity
                .add_secrets(std::mem::take(&mut outcome.secrets));
            state.notify(version.description, &root);
            outcome
        };
        let mut outcome = run(Validation::Unasked);
        if !outcome.handshakes.is_empty() {
            let mut passed = true;
            for url in outcome.handshakes {
                passed =
                    passed && (!exchange.network || handshake(&url, &exchange.request_id).await);
            }
            outcome = run(if passed {
                Validation::Passed
            } else {
                Validation::Failed
            });
        }
        let answer = outcome
            .result
            .unwrap_or_else(|refusal| exchange.refuse(&refusal));
        (answer, outcome.template)
    }
}

impl State {
    /// Returns the identity platform.
    pub(crate) fn platform(&mut self, now: DateTime<Utc>) -> Platform<'_> {
        Platform {
            host: self.identity.host.clone(),
            identity: &mut self.identity,
            store: &self.store,
            ids: &mut self.ids,
            now,
        }
    }

    /// Revokes all grants of these users.
    pub(crate) fn sign_out(&mut self, users: &[Id]) {
        for user in users {
            self.identity.revoke_user(*user);
        }
    }

    /// Returns the identity that the caller's changes of files carry: its user, its application.
    fn author(&self, caller: Caller) -> Option<Value> {
        let application = &self.identity.application;
        let mut author = json!({ "application": { "id": application } });
        let all = self.store.many(Id::ROOT, "applications").into_iter();
        let mut all = all.filter_map(|id| self.store.get(id));
        let own = all.find(|entity| entity.properties.get("appId") == Some(&json!(application)));
        if let Some(own) = own {
            author["application"]["displayName"] = json!(own.properties.get("displayName"));
        }
        if let Caller::User(id) = caller {
            let user = self.store.get(id)?;
            author["user"] = without_null(json!({
                "displayName": user.properties.get("displayName"), "id": user.key,
                "email": user.properties.get("mail"),
            }));
        }
        Some(author)
    }

    /// Returns the service, as `caller` sees it.
    pub(crate) fn graph<'a>(
        &'a mut self,
        description: &'a Description,
        root: &'a str,
        caller: Caller,
        quirk: Option<&'a Quirk>,
    ) -> Graph<'a> {
        self.store.at(self.clock.now());
        self.store.author = self.author(caller);
        self.drop_expired();
        Graph {
            description,
            tenant: Tenant {
                schemas: description.schemas(),
                store: &mut self.store,
                ids: &mut self.ids,
                synthesizes: self.synthesizes,
            },
            root,
            now: self.clock.now(),
            caller,
            page_size: self.page_size,
            page_epoch: self.page_epoch,
            throttle: &mut self.throttle,
            deltas: &mut self.deltas,
            storage: &mut self.storage,
            quirk,
            shape: Shape::default(),
            webhooks: &mut self.webhooks,
            application: &self.identity.application,
            validation: Validation::Unasked,
            seeding: false,
            handshakes: Vec::new(),
            signed_out: Vec::new(),
            secrets: Vec::new(),
        }
    }
}
