//! The requests of a test itself, the seeds, and the way back to the start.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

use super::Core;
use crate::answer::Answer;
use crate::error::Error;
use crate::graph::Graph;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::Caller;
use crate::seed_document::SeedDocument;
use crate::webhooks::Validation;

/// The body of a request, and its media type.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

impl Body {
    pub(crate) fn json(text: String) -> Self {
        Self {
            media_type: "application/json".into(),
            bytes: text.into(),
        }
    }
}

impl Core {
    /// Carries out a request of the user who signs in. It needs no token and is not recorded. With
    /// `seeding`, the request may set what only a service sets: ids and the times of creation.
    pub(crate) fn perform(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
        seeding: bool,
    ) -> Result<Answer, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("consistencylevel", HeaderValue::from_static("eventual"));
        let body = match body {
            None => Bytes::new(),
            Some(body) => {
                let media_type = HeaderValue::from_str(&body.media_type);
                let invalid = |_| {
                    Refusal::body(format!(
                        "The media type '{}' is not valid.",
                        body.media_type
                    ))
                };
                headers.insert(CONTENT_TYPE, media_type.map_err(invalid)?);
                body.bytes
            }
        };
        let request = Request {
            method,
            target: path.to_owned(),
            headers,
            body,
        };
        let root = format!("{}/v1.0", self.addresses.graph);
        let mut guard = self.state();
        let state = &mut *guard;
        let caller = Caller::User(state.user);
        let graph = state.graph(&self.description, &root, caller, None);
        // The simulator does not validate a webhook here, because this request does not come from a
        // client.
        let outcome = Graph {
            validation: Validation::Passed,
            seeding,
            ..graph
        }
        .answer(&request, request.path());
        state.sign_out(&outcome.signed_out);
        state.notify(&self.description, &root);
        outcome.result
    }

    /// Adds the documents of the plan.
    pub(crate) fn plant(&self) -> Result<(), Error> {
        let mut documents = self.plan.documents.iter();
        documents.try_for_each(|document| self.seed(document))
    }

    /// Adds the entities of a document, in their order.
    pub(crate) fn seed(&self, document: &SeedDocument) -> Result<(), Error> {
        document.apply(&self.description, |method, path, body| {
            self.perform(method, path, Some(body), true)
        })
    }

    /// Returns to the state at the start.
    pub(crate) fn reset(&self) -> Result<(), Error> {
        {
            let mut state = self.state();
            let (mut new, _) = self.plan.begin(&self.description, &self.addresses);
            new.webhooks.continues(&mut state.webhooks);
            *state = new;
        }
        self.plant()
    }
}
