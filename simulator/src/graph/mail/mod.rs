//! The actions of mail.

mod compose;
pub(super) mod folder;
mod parse;
mod quote;
mod relocate;
mod respond;
mod send;
mod submit;
mod thread;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::behavior::{Behavior, Invocation};
use super::{Call, Graph};
use crate::body::Written;
use crate::description::operation::Operation;
use crate::description::schema::Type;
use crate::description::walk::Step;
use crate::domain::mail::{FOLDER, MESSAGE};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::service::Service;
use crate::store::Id;

const CONTACT: &str = "microsoft.graph.contact";
const CONTACT_FOLDER: &str = "microsoft.graph.contactFolder";

/// The actions of mail that are carried out.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::new("microsoft.graph.user", "sendMail", send::send_mail),
    Behavior::new(MESSAGE, "send", send::send_draft),
    Behavior::new(MESSAGE, "reply", respond::respond),
    Behavior::new(MESSAGE, "replyAll", respond::respond),
    Behavior::new(MESSAGE, "forward", respond::respond),
    Behavior::new(MESSAGE, "createReply", respond::respond),
    Behavior::new(MESSAGE, "createReplyAll", respond::respond),
    Behavior::new(MESSAGE, "createForward", respond::respond),
    Behavior::new(MESSAGE, "move", relocate::move_message),
    Behavior::new(MESSAGE, "copy", relocate::copy_message),
    Behavior::new(MESSAGE, "permanentDelete", relocate::purge),
    Behavior::new(thread::THREAD, "reply", thread::reply),
    Behavior::new(thread::POST, "reply", thread::reply),
    Behavior::new(FOLDER, "move", folder::move_folder),
    Behavior::new(FOLDER, "copy", folder::copy_folder),
    Behavior::new(FOLDER, "permanentDelete", folder::purge),
    Behavior::new(CONTACT, "permanentDelete", relocate::purge),
    Behavior::new(CONTACT_FOLDER, "permanentDelete", relocate::purge),
];

/// The actions that need no body.
const BODY_OPTIONAL: [&str; 3] = ["createReply", "createReplyAll", "createForward"];

impl Graph<'_> {
    /// Checks whether a request has MIME where Exchange accepts it instead of JSON.
    ///
    /// <https://learn.microsoft.com/graph/outlook-send-mime-message>
    pub(super) fn is_mime(
        &self,
        request: &Request,
        operation: &Operation,
        steps: &[Step<'_>],
    ) -> bool {
        let schemas = self.tenant.schemas;
        let takes_message = match operation.json_body() {
            Some(Type::Named(kind)) => {
                kind == MESSAGE || schemas.property(kind, "Message").is_some()
            }
            _ => false,
        };
        request.method == Method::POST
            && request.media_type().as_deref() == Some("text/plain")
            && takes_message
            && Service::at(schemas, steps) == Service::Outlook
    }

    /// Checks whether a request may have no body, although its operation describes one.
    pub(super) fn is_bodiless(&self, request: &Request, steps: &[Step<'_>]) -> bool {
        let name = steps.last().map_or("", |step| step.place.name());
        let name = name.rsplit('.').next().unwrap_or(name);
        request.body.is_empty()
            && BODY_OPTIONAL.contains(&name)
            && Service::at(self.tenant.schemas, steps) == Service::Outlook
    }

    /// Returns the message that a request has as MIME, or `None` if it has JSON.
    pub(super) fn mime_message(&self, call: &Call<'_>) -> Result<Option<Written>, Refusal> {
        match self.is_mime(call.request, call.operation, call.steps) {
            true => parse::message(&call.request.body).map(Some),
            false => Ok(None),
        }
    }

    /// Returns the message that an action has, as MIME or as the parameter `Message`.
    fn sent_message(&self, invocation: &Invocation<'_>) -> Result<Option<Written>, Refusal> {
        if let Some(written) = self.mime_message(invocation.call)? {
            return Ok(Some(written));
        }
        let message = invocation.parameter("Message").cloned();
        let message = message
            .map(|message| crate::body::entity(self.tenant.schemas, MESSAGE, message.into()));
        let message = message.transpose()?;
        if let Some(message) = &message {
            check_headers(&message.properties)?;
        }
        Ok(message)
    }

    /// Returns the mailbox that an entity belongs to.
    fn mailbox_with(&self, id: Id) -> Result<Id, Refusal> {
        let mailbox = self.tenant.mailbox_of(id);
        mailbox.ok_or_else(|| Refusal::not_simulated("mail outside of a user's mailbox"))
    }

    /// Returns the folder of the same mailbox that an action names as its destination.
    fn destination(&self, invocation: &Invocation<'_>) -> Result<Id, Refusal> {
        let key = invocation
            .parameter("DestinationId")
            .and_then(Value::as_str);
        let key = key.ok_or_else(|| Refusal::option_missing("DestinationId"))?;
        let mailbox = self.mailbox_with(invocation.id)?;
        let folder = self.tenant.folder(mailbox, key);
        folder.ok_or_else(|| Refusal::not_found(self.tenant.schemas, FOLDER, key))
    }
}

/// Checks whether the caller wants ids that a move does not change.
///
/// <https://learn.microsoft.com/graph/outlook-immutable-id>
fn keeps_ids(call: &Call<'_>) -> bool {
    let kind = call.request.preference("IdType");
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("ImmutableId"))
}

/// Checks that the headers that a client sends have names of an application's own.
///
/// <https://learn.microsoft.com/graph/api/resources/internetmessageheader>
pub(super) fn check_headers(message: &Map<String, Value>) -> Result<(), Refusal> {
    let headers = message
        .get("internetMessageHeaders")
        .and_then(Value::as_array);
    let mut names = headers.into_iter().flatten().map(|header| {
        let name = header.get("name").and_then(Value::as_str);
        name.unwrap_or_default()
    });
    let own = |name: &str| {
        name.get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("x-"))
    };
    match names.find(|name| !own(name)) {
        None => Ok(()),
        Some(name) => Err(refused(
            "InvalidInternetMessageHeader",
            format!("The internet message header name '{name}' should start with 'x-' or 'X-'."),
        )),
    }
}

/// Returns a refusal of Exchange.
fn refused(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code, message)
}
