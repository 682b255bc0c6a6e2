//! The simulator without its server: a request in, an answer out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use http::header::{CACHE_CONTROL, DATE, HeaderName, STRICT_TRANSPORT_SECURITY, VARY};

use crate::answer::Answer;
use crate::clock::{Clock, http_date};
use crate::description::Description;
use crate::domain::Tenant;
use crate::fault::{Effect, Fault};
use crate::graph::{Graph, Outcome};
use crate::identity::Identity;
use crate::ids::Ids;
use crate::recorder::{RecordedRequest, Recorder};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::Caller;
use crate::store::{Id, Store};

/// All that a simulator is and has.
pub(crate) struct Core {
    pub(crate) description: Description,
    /// The description behind `/beta`, where there is one.
    pub(crate) beta: Option<Description>,
    /// `http://127.0.0.1:…`
    pub(crate) host: String,
    state: Mutex<State>,
}

/// What changes.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(crate) faults: Vec<Fault>,
    pub(crate) recorder: Recorder,
    pub(crate) page_size: Option<usize>,
    pub(crate) page_epoch: u32,
    /// The user who signs in.
    pub(crate) user: Id,
}

/// What goes back over the wire.
pub(crate) struct Reply {
    pub(crate) effect: Option<Effect>,
    pub(crate) answer: Answer,
}

/// Which part of the simulator a path is for.
enum Part<'a> {
    /// A version of Graph, and the path below it.
    Graph(&'a Description, &'static str, &'a str),
    /// The token endpoint of a tenant.
    Token(&'a str),
    Nothing,
}

impl Core {
    pub(crate) fn new(
        description: Description,
        beta: Option<Description>,
        host: String,
        state: State,
    ) -> Self {
        Self {
            description,
            beta,
            host,
            state: Mutex::new(state),
        }
    }

    /// The state. A panic elsewhere leaves it as it is: each change is whole by itself.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part<'a>(&'a self, path: &'a str) -> Part<'a> {
        let below = |version: &str| {
            let rest = path.strip_prefix('/')?.strip_prefix(version)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        if let Some(rest) = below("v1.0") {
            return Part::Graph(&self.description, "v1.0", rest);
        }
        if let (Some(rest), Some(beta)) = (below("beta"), &self.beta) {
            return Part::Graph(beta, "beta", rest);
        }
        match path
            .strip_suffix("/oauth2/v2.0/token")
            .and_then(|tenant| tenant.strip_prefix('/'))
        {
            Some(tenant) if !tenant.contains('/') => Part::Token(tenant),
            _ => Part::Nothing,
        }
    }

    /// Answers a request, and records it.
    pub(crate) fn handle(&self, request: &Request) -> Reply {
        let mut guard = self.state();
        let state = &mut *guard;
        let now = state.clock.now();
        let part = self.part(request.path());
        let request_id = state.ids.guid();
        let client_request_id = request
            .header("client-request-id")
            .unwrap_or_else(|| request_id.clone());
        let takes = |fault: &mut Fault| fault.takes(&request.method, request.path());
        let fault = state
            .faults
            .iter_mut()
            .position(takes)
            .and_then(|at| state.faults.get(at));
        let effect = fault.map(|fault| {
            let challenge = |claims: Option<&str>| state.identity.challenge(claims);
            fault.effect(matches!(part, Part::Token(_)), now, &request_id, &challenge)
        });
        state.faults.retain(|fault| !fault.is_over());
        let mut template = None;
        let answer = match (&effect, part) {
            (Some(Effect::Answer(answer)), _) => answer.clone(),
            (Some(Effect::Reset), _) => Answer::empty(StatusCode::OK),
            (_, Part::Token(tenant)) => state.identity.token(request, tenant, &mut state.ids, now),
            (_, Part::Graph(description, version, path)) => {
                let root = format!("{}/{version}", self.host);
                let outcome = match state
                    .identity
                    .authorize(request.header("authorization").as_deref(), now)
                {
                    Ok(caller) => state
                        .graph(description, &root, caller)
                        .answer(request, path),
                    Err(refusal) => Outcome {
                        template: None,
                        result: Err(refusal),
                    },
                };
                template = outcome.template;
                outcome
                    .result
                    .unwrap_or_else(|refusal| refusal.answer(now, &request_id, &client_request_id))
            }
            (_, Part::Nothing) => {
                let version = request.path().split('/').nth(1).unwrap_or_default();
                let refusal = Refusal::bad_request(format!("Invalid version: {version}"));
                refusal.answer(now, &request_id, &client_request_id)
            }
        };
        let answer = answer
            .with(HeaderName::from_static("request-id"), &request_id)
            .with(HeaderName::from_static("client-request-id"), &client_request_id)
            .with(
                HeaderName::from_static("x-ms-ags-diagnostic"),
                r#"{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SIM"}}"#,
            )
            .with(HeaderName::from_static("odata-version"), "4.0")
            .with(STRICT_TRANSPORT_SECURITY, "max-age=31536000")
            .with(CACHE_CONTROL, "no-store, no-cache")
            .with(VARY, "Accept-Encoding")
            .with(DATE, &http_date(now));
        state.recorder.record(RecordedRequest {
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            status: (!matches!(effect, Some(Effect::Reset))).then_some(answer.status),
            template,
        });
        Reply { effect, answer }
    }
}

impl State {
    /// The service, as `caller` sees it.
    pub(crate) fn graph<'a>(
        &'a mut self,
        description: &'a Description,
        root: &'a str,
        caller: Caller,
    ) -> Graph<'a> {
        Graph {
            description,
            tenant: Tenant {
                schemas: description.schemas(),
                store: &mut self.store,
                ids: &mut self.ids,
            },
            root,
            now: self.clock.now(),
            caller,
            page_size: self.page_size,
            page_epoch: self.page_epoch,
        }
    }
}
