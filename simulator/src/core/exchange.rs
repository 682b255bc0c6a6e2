//! The state of one request until its response: its ids, and the fault that applies to it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, DATE, HeaderName, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::{Core, Part};
use crate::answer::Answer;
use crate::chaos::{Asked, Misbehavior};
use crate::clock::http_date;
use crate::fault::{Effect, Quirk};
use crate::identity::Manner;
use crate::recorder::{Host, RecordedRequest};
use crate::refusal::Refusal;
use crate::request::Request;

/// One request until its response.
pub(super) struct Exchange {
    /// The number of the request in the record.
    pub(super) number: u64,
    pub(super) now: DateTime<Utc>,
    pub(super) request_id: String,
    pub(super) client_request_id: String,
    pub(super) effect: Option<Effect>,
    /// The kind of misbehavior that the effect belongs to, if it was drawn by chance.
    pub(super) misbehavior: Option<Misbehavior>,
    /// `true` if webhooks can be reached.
    pub(super) network: bool,
    /// The address of Graph in links.
    pub(super) address: String,
}

impl Core {
    /// Begins a request: assigns its ids, and chooses the fault that applies to it.
    pub(super) fn begin(&self, asked: Asked<'_>, network: bool) -> Exchange {
        let request = asked.request;
        let mut guard = self.state();
        let state = &mut *guard;
        let number = state.recorder.begin();
        let request_id = state.ids.guid();
        let client_request_id = request
            .header("client-request-id")
            .unwrap_or_else(|| request_id.clone());
        let manner = match self.part(request.path()) {
            Part::Identity(door) => door.manner(),
            Part::Graph(..) | Part::Nothing => Manner::Graph,
        };
        let fault = state
            .faults
            .iter_mut()
            .position(|fault| fault.takes(request))
            .and_then(|at| state.faults.get(at));
        let (fault, misbehavior) = match (fault, &mut state.chaos) {
            (Some(fault), _) => (Some(fault.clone()), None),
            (None, Some(chaos)) => match chaos.draw(asked, manner) {
                Some((misbehavior, fault)) => (Some(fault), Some(misbehavior)),
                None => (None, None),
            },
            (None, None) => (None, None),
        };
        let effect = fault.map(|fault| {
            let challenge = |claims: Option<&str>| state.identity.challenge(claims);
            fault.effect(manner, state.clock.now(), &request_id, &challenge)
        });
        state.faults.retain(|fault| !fault.is_over());
        if let Some(Effect::ClockJump(ahead)) = &effect {
            state.clock.advance(*ahead);
        }
        Exchange {
            number,
            now: state.clock.now(),
            request_id,
            client_request_id,
            effect,
            misbehavior,
            network,
            address: self.addresses.of(request),
        }
    }

    /// Returns the response to the request, with its fault applied to it.
    pub(super) fn end(&self, exchange: &Exchange, answer: Answer) -> Answer {
        let Some(effect) = &exchange.effect else {
            return answer;
        };
        if let Some(misbehavior) = exchange.misbehavior
            && effect.shows_in(&answer)
            && let Some(chaos) = &mut self.state().chaos
        {
            chaos.count(misbehavior);
        }
        effect.applied_to(answer)
    }
}

impl Exchange {
    /// Returns the request without the header that the fault hides.
    pub(super) fn heard<'r>(&self, request: &'r Request) -> Cow<'r, Request> {
        match &self.effect {
            Some(Effect::Unheard(header)) => {
                let mut request = request.clone();
                request.headers.remove(header.as_str());
                Cow::Owned(request)
            }
            _ => Cow::Borrowed(request),
        }
    }

    pub(super) fn refuse(&self, refusal: &Refusal) -> Answer {
        refusal.answer(self.now, &self.request_id, &self.client_request_id)
    }

    /// Adds the headers that all responses of Graph have.
    pub(super) fn dressed(&self, answer: Answer) -> Answer {
        answer
            .with(HeaderName::from_static("request-id"), &self.request_id)
            .with(
                HeaderName::from_static("client-request-id"),
                &self.client_request_id,
            )
            .with(
                HeaderName::from_static("x-ms-ags-diagnostic"),
                concat!(
                    r#"{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"0","#,
                    r#""ScaleUnit":"000","RoleInstance":"SIM"}}"#,
                ),
            )
            .with(HeaderName::from_static("odata-version"), "4.0")
            .with(STRICT_TRANSPORT_SECURITY, "max-age=31536000")
            .with(CACHE_CONTROL, "no-store, no-cache")
            .with(VARY, "Accept-Encoding")
            .with(DATE, &http_date(self.now))
    }

    /// Returns the record of the request. `None` as the status means that no response arrived.
    pub(super) fn record(
        &self,
        host: Host,
        request: &Request,
        status: Option<StatusCode>,
        template: Option<String>,
    ) -> RecordedRequest {
        RecordedRequest {
            host,
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            status,
            template,
            parts: Vec::new(),
            number: self.number,
        }
    }

    /// Adds the headers that all responses of the identity platform have.
    pub(super) fn dressed_by_platform(&self, answer: Answer) -> Answer {
        answer
            .with(
                STRICT_TRANSPORT_SECURITY,
                "max-age=31536000; includeSubDomains",
            )
            .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with(DATE, &http_date(self.now))
    }

    /// Returns the unusual way in which the request is to be carried out.
    pub(super) fn quirk(&self) -> Option<&Quirk> {
        match &self.effect {
            Some(Effect::Quirk(quirk)) => Some(quirk),
            _ => None,
        }
    }
}
