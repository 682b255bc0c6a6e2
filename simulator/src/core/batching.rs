//! The execution of a batch: each part is carried out like a request of its own.

use http::header::{CACHE_CONTROL, HeaderName};
use http::{Method, StatusCode};

use super::exchange::Exchange;
use super::{Core, Version};
use crate::answer::Answer;
use crate::batch;
use crate::chaos::{Asked, Place};
use crate::fault::Effect;
use crate::recorder::{Host, RecordedRequest};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::Caller;

impl Core {
    /// Carries out the requests of a batch. Requests run after those that they depend on, and
    /// otherwise at the same time. Returns the response, and the record of the requests.
    pub(super) async fn batch(
        &self,
        version: Version<'_>,
        caller: Caller,
        request: &Request,
        exchange: &Exchange,
    ) -> (Answer, Vec<RecordedRequest>) {
        let refuse = |refusal| (exchange.refuse(&refusal), Vec::new());
        if request.method != Method::POST {
            return refuse(Refusal::method([Method::POST].iter()));
        }
        let parts = match batch::read(&request.body, version.path) {
            Ok(parts) => parts,
            Err(refusal) => return refuse(refusal),
        };
        let mut outcomes: Vec<Option<batch::Outcome>> = vec![None; parts.len()];
        let mut records: Vec<Option<RecordedRequest>> = vec![None; parts.len()];
        while outcomes.iter().any(Option::is_none) {
            self.state().throttle.settle();
            let before = outcomes.clone();
            let done = |at: &usize| before.get(*at).and_then(Option::as_ref);
            for (at, part) in parts.iter().enumerate() {
                if done(&at).is_some() || part.after.iter().any(|other| done(other).is_none()) {
                    continue;
                }
                let failed = |outcome: &batch::Outcome| match outcome {
                    batch::Outcome::Answered(answer) => answer.status.as_u16() >= 400,
                    batch::Outcome::Lost => false,
                };
                let (outcome, record) = if part.after.iter().filter_map(done).any(failed) {
                    let answer = exchange.refuse(&batch::dependency_failed());
                    (batch::Outcome::Answered(answer), None)
                } else {
                    self.part_of_batch(version, caller, part, exchange).await
                };
                if let (Some(place), Some(of)) = (outcomes.get_mut(at), records.get_mut(at)) {
                    (*place, *of) = (Some(outcome), record);
                }
            }
        }
        // The order of the responses is not defined, so the simulator reverses it.
        let mut answers: Vec<_> = parts
            .into_iter()
            .map(|part| part.id)
            .zip(outcomes)
            .collect();
        answers.reverse();
        let answers: Vec<_> = answers
            .into_iter()
            .filter_map(|(id, outcome)| Some((id, outcome?)))
            .collect();
        let records = records.into_iter().flatten().collect();
        (batch::write(&answers), records)
    }

    /// Carries out a request of a batch. Returns its outcome, and its record unless it could not be
    /// read.
    async fn part_of_batch(
        &self,
        version: Version<'_>,
        caller: Caller,
        part: &batch::Part,
        whole: &Exchange,
    ) -> (batch::Outcome, Option<RecordedRequest>) {
        let sent = match &part.request {
            Ok(request) => request,
            Err(refusal) => {
                let state = self.state();
                let (now, id) = (state.clock.now(), part.id.as_str());
                let answer = refusal.answer(now, id, id);
                return (batch::Outcome::Answered(answer), None);
            }
        };
        let request = &*sent.normalized();
        let asked = Asked {
            request,
            place: Place::Batch,
        };
        let exchange = Exchange {
            address: whole.address.clone(),
            ..self.begin(asked, whole.network)
        };
        let heard = exchange.heard(request);
        let path = request.path().strip_prefix(version.path);
        let mut template = None;
        let answer = match &exchange.effect {
            Some(Effect::Answer(answer)) => answer.clone(),
            Some(Effect::Reset | Effect::Truncated) => {
                self.end(&exchange, Answer::empty(StatusCode::OK));
                let record = exchange.record(Host::Graph, sent, None, None);
                return (batch::Outcome::Lost, Some(record));
            }
            effect => {
                if let (Some(Effect::Slow(delay)), true) = (effect, whole.network) {
                    tokio::time::sleep(*delay).await;
                }
                let path = path.unwrap_or_default();
                let (answer, place) = self.call(version, caller, &heard, path, &exchange).await;
                template = place;
                answer
            }
        };
        let answer = self.end(&exchange, answer);
        // A part has no framing of its own, so a part with cut JSON is missing instead.
        let lost = matches!(exchange.effect, Some(Effect::Lost | Effect::CutJson));
        let status = (!lost).then_some(answer.status);
        let record = exchange.record(Host::Graph, sent, status, template);
        let outcome = if lost {
            batch::Outcome::Lost
        } else {
            batch::Outcome::Answered(
                answer
                    .with(HeaderName::from_static("odata-version"), "4.0")
                    .with(CACHE_CONTROL, "private"),
            )
        };
        (outcome, Some(record))
    }
}
