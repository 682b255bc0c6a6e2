//! The service itself, which checks a request as Graph does and responds from the store.

pub(crate) mod behavior;
pub(crate) mod calendar;
mod content;
mod context;
mod delta;
pub(crate) mod directory;
mod files;
mod hosts;
mod invoke;
mod location;
mod mail;
mod make;
mod onenote;
mod operation;
mod paging;
mod photo;
mod read;
mod reference;
mod sites;
mod subscription;
mod teams;
mod upload;
mod write;

use chrono::{DateTime, Utc};
use http::header::HeaderName;
use http::{Method, StatusCode};

use crate::answer::Answer;
use crate::body::booleans;
use crate::body::json::Json;
use crate::delta::Deltas;
use crate::description::Description;
use crate::description::operation::{Kind, Operation};
use crate::description::schema::Type;
use crate::description::walk::{Lost, Step, StepValue};
use crate::domain::Tenant;
use crate::fault::Quirk;
use crate::prefer::{self, Shape};
use crate::query::Options;
use crate::refusal::Refusal;
use crate::render::Renderer;
use crate::request::Request;
use crate::resource::{Caller, Resource, Tail, Target, resolve};
use crate::service::Service;
use crate::storage::Storage;
use crate::store::{Entity, Id};
use crate::throttle::{self, Asked, Throttle, cost};
use crate::webhooks::{Validation, Webhooks};
use directory::IssuedSecret;

/// The size of the largest JSON that Graph accepts, in bytes.
const LARGEST_JSON: usize = 4 * 1024 * 1024;

/// The state that is needed to respond to a request.
pub(crate) struct Graph<'a> {
    pub(crate) description: &'a Description,
    pub(crate) tenant: Tenant<'a>,
    /// The root of the service: `http://127.0.0.1:…/v1.0`.
    pub(crate) root: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) caller: Caller,
    /// The number of items on a page, if it is not the service's own.
    pub(crate) page_size: Option<usize>,
    /// The current epoch. Page tokens of an earlier epoch have expired.
    pub(crate) page_epoch: u32,
    pub(crate) throttle: &'a mut Throttle,
    pub(crate) deltas: &'a mut Deltas,
    pub(crate) storage: &'a mut Storage,
    /// The unusual way in which the request is to be carried out.
    pub(crate) quirk: Option<&'a Quirk>,
    /// The form in which entities are sent.
    pub(crate) shape: Shape,
    pub(crate) webhooks: &'a mut Webhooks,
    /// The client id of the calling application.
    pub(crate) application: &'a str,
    pub(crate) validation: Validation,
    /// `true` if the request belongs to a seed, which may set what only a service sets.
    pub(crate) seeding: bool,
    /// The webhooks that must be validated before the response can be sent.
    pub(crate) handshakes: Vec<String>,
    /// The users whose sessions an action has ended.
    pub(crate) signed_out: Vec<Id>,
    /// The secrets that an action has issued for applications.
    pub(crate) secrets: Vec<IssuedSecret>,
}

/// A request at the operation that it calls.
struct Call<'a> {
    request: &'a Request,
    operation: &'a Operation,
    options: Options,
    /// The path below the root, as it was sent.
    path: &'a str,
    steps: &'a [Step<'a>],
}

impl Call<'_> {
    /// Checks whether the body is bytes instead of JSON.
    fn is_content(&self) -> bool {
        !self.operation.body.is_empty() && self.operation.json_body().is_none()
    }
}

/// A response, and the path of the description that served it.
pub(crate) struct Outcome {
    pub(crate) template: Option<String>,
    pub(crate) result: Result<Answer, Refusal>,
    /// The webhooks that must be validated first. If there are any, the result is not final.
    pub(crate) handshakes: Vec<String>,
    /// The users whose sessions an action has ended.
    pub(crate) signed_out: Vec<Id>,
    /// The secrets that an action has issued for applications.
    pub(crate) secrets: Vec<IssuedSecret>,
}

impl Graph<'_> {
    /// Responds to a request; `path` is the path below the root, as it was sent.
    pub(crate) fn answer(mut self, request: &Request, path: &str) -> Outcome {
        let description = self.description.clone();
        let start = self.tenant.store.journal.end();
        let mut template = None;
        let mut headers = throttle::Headers::new();
        let mut service = Service::Other;
        let result = (|| {
            let segments = Request::segments(path)?;
            let steps = route(&description, &segments)?;
            let last = steps.last().ok_or_else(|| Refusal::unknown_segment(""))?;
            template = Some(last.place.template.clone());
            service = Service::at(self.tenant.schemas, &steps);
            // A request that is repeated after its webhook validation was counted before.
            if self.validation == Validation::Unasked {
                headers = self.admit(request, &steps)?;
            }
            self.shape = Shape::read(request)?;
            if let Some(body) = source(request) {
                let resource = resolve(&mut self.tenant, self.caller, &steps)?;
                return self.commit_upload(&resource, &body);
            }
            let operation = last
                .operation(&request.method)
                .ok_or_else(|| Refusal::method(last.methods()))?
                .map_err(Refusal::description)?;
            self.call(request, path, operation, &steps)
        })();
        self.tenant.recount(start);
        let result = result.map(|answer| {
            let applied = prefer::applied(request, service).join(", ");
            let name = HeaderName::from_static("preference-applied");
            let answer = match applied.as_str() {
                "" => answer,
                applied => answer.with(name, applied),
            };
            let headers = headers.into_iter();
            headers.fold(answer, |answer, (name, value)| answer.with(name, &value))
        });
        Outcome {
            template,
            result,
            handshakes: self.handshakes,
            signed_out: self.signed_out,
            secrets: self.secrets,
        }
    }

    /// Counts the request for the limits of its service.
    fn admit(
        &mut self,
        request: &Request,
        steps: &[Step<'_>],
    ) -> Result<throttle::Headers, Refusal> {
        let schemas = self.tenant.schemas;
        let service = Service::at(schemas, steps);
        let Some(last) = steps.last() else {
            return Ok(throttle::Headers::new());
        };
        let many = last.place.readable(&Method::GET).is_some_and(|operation| {
            let kind = operation.json_answer();
            kind.is_some_and(|kind| schemas.page_items(kind).is_some())
        });
        let asked = Asked {
            service,
            units: cost::units(service, request, last.place.name(), many),
            share: match service {
                Service::Outlook => self.mailbox(steps),
                _ => String::new(),
            },
        };
        self.throttle.admit(&asked, self.now)
    }

    /// Returns the owner of the mailbox that a path leads to.
    fn mailbox(&self, steps: &[Step<'_>]) -> String {
        let first = steps.first().map_or("", |step| step.place.name());
        let id = match (steps.get(1).map(|step| &step.value), self.caller) {
            (Some(StepValue::Key(key)), _) => {
                let mut named = self.tenant.store.named(key);
                return named
                    .next()
                    .map_or(key.clone(), |(_, owner)| owner.key.clone());
            }
            (_, Caller::User(id)) if first == "me" => id,
            _ => return first.to_owned(),
        };
        let user = self.tenant.store.get(id);
        user.map(|user| user.key.clone()).unwrap_or_default()
    }

    fn call(
        &mut self,
        request: &Request,
        path: &str,
        operation: &Operation,
        steps: &[Step<'_>],
    ) -> Result<Answer, Refusal> {
        let mut body =
            match self.is_mime(request, operation, steps) || self.is_bodiless(request, steps) {
                true => None,
                false => read_body(request, operation)?,
            };
        if let (Some(body), Some(kind)) = (&mut body, operation.json_body())
            && Service::at(self.tenant.schemas, steps) == Service::Outlook
        {
            booleans::read_texts(self.tenant.schemas, kind, body);
        }
        let resource = resolve(&mut self.tenant, self.caller, steps)?;
        if let Tail::Invocation { name, arguments } = &resource.tail
            && *name == "delta"
            && request.method == Method::GET
        {
            return self.delta(request, path, operation, steps, &resource, arguments);
        }
        let options = Options::read(
            self.tenant.schemas,
            operation,
            &self.item(operation, &resource),
            &request.pairs()?,
        )?;
        self.check_extension_paths(&self.item(operation, &resource), &options)?;
        let call = Call {
            request,
            operation,
            options,
            path,
            steps,
        };
        if let Target::Set {
            owner, relation, ..
        } = &resource.target
        {
            self.open_view(&call, *owner, relation)?;
        }
        let writes = matches!(request.method, Method::PATCH | Method::PUT | Method::DELETE);
        if writes && resource.tail != Tail::Ref {
            self.check_etag(&call, &resource)?;
        }
        self.open_expanded(&call, &resource)?;
        match (&resource.tail, &request.method) {
            (Tail::Invocation { name, arguments }, _) => {
                self.invoke(&call, name, arguments, &resource, body)
            }
            (Tail::Count, _) => self.count(&call, &resource),
            (Tail::Ref, _) => self.reference(&call, &resource, body),
            (Tail::Value, _) => self.content(&call, &resource, "$value"),
            (Tail::None, method) => match (&resource.target, method) {
                (
                    Target::File {
                        parent,
                        folders,
                        name,
                    },
                    &Method::PUT,
                ) => self.put_file(&call, *parent, folders, name),
                (Target::File { .. }, _) => Err(resource.target.missing(self.tenant.schemas)),
                (Target::Property { owner, path, .. }, &Method::PUT)
                    if path.as_slice() == ["content"] && self.is_file(*owner) =>
                {
                    self.put_content(&call, *owner)
                }
                (Target::Property { owner, path, kind }, _) => {
                    self.property(&call, *owner, path, kind, body)
                }
                (target, method) if files::writes(target, method) => {
                    self.write_item(&call, &resource, body)
                }
                (target, method) if sites::writes(target, method) => {
                    self.write_list(&call, &resource, body)
                }
                (Target::Set { .. }, &Method::GET) => self.list(&call, &resource),
                (Target::Entity { .. }, &Method::GET) => self.get(&call, &resource),
                (Target::Set { .. } | Target::Vacant { .. }, &Method::POST) => {
                    self.create(&call, &resource, body)
                }
                (Target::Vacant { .. }, &Method::PUT) => self.create(&call, &resource, body),
                (Target::Vacant { .. }, &Method::PATCH)
                    if request.preference("create-if-missing").is_some() =>
                {
                    self.create_missing(&call, &resource, body)
                }
                (Target::Entity { .. }, &Method::PATCH) => self.update(&call, &resource, body),
                (Target::Entity { .. }, &Method::PUT) => self.replace(&call, &resource, body),
                (Target::Entity { .. }, &Method::POST) => self.update(&call, &resource, body),
                (Target::Entity { .. }, &Method::DELETE) => self.delete(&resource),
                (Target::Vacant { .. }, _) => Err(resource.target.missing(self.tenant.schemas)),
                (Target::Set { .. } | Target::Root, _) | (Target::Entity { .. }, _) => {
                    Err(Refusal::method(std::iter::once(&Method::GET)))
                }
            },
        }
    }

    /// Returns the type that the query's options refer to.
    fn item(&self, operation: &Operation, resource: &Resource<'_>) -> Type {
        let schemas = self.tenant.schemas;
        if resource.tail != Tail::None
            && let Target::Set { declared, .. } | Target::Entity { declared, .. } = &resource.target
            && operation.kind == Kind::Plain
        {
            return Type::Named(declared.clone());
        }
        let Some(answer) = operation.json_answer() else {
            return Type::Untyped;
        };
        match schemas.page_items(answer) {
            Some(items) => items.clone(),
            // A function's result may have a `{"value": …}` around it.
            None => match answer {
                Type::Inline(object) => match object
                    .properties
                    .iter()
                    .find(|property| property.name == "value")
                {
                    Some(property) => property.kind.clone(),
                    None => answer.clone(),
                },
                other => other.clone(),
            },
        }
    }

    /// Checks `If-Match`: it is required if the description says so, and refused if it names an
    /// older version.
    fn check_etag(&self, call: &Call<'_>, resource: &Resource<'_>) -> Result<(), Refusal> {
        let required = call
            .operation
            .header("If-Match")
            .is_some_and(|header| header.required);
        let (Target::Entity { id, .. } | Target::Property { owner: id, .. }) = &resource.target
        else {
            return Ok(());
        };
        let Some(entity) = self.tenant.store.get(*id) else {
            return Ok(());
        };
        let service = Service::of(self.tenant.schemas, &entity.kind);
        let Some(condition) = call.request.header("if-match") else {
            return if required || service == Service::Planner {
                Err(Refusal::if_match_missing())
            } else {
                Ok(())
            };
        };
        match crate::render::etag(self.tenant.schemas, entity) {
            Some(etag) if !names(&condition, &etag, entity) => Err(Refusal::precondition(service)),
            _ => Ok(()),
        }
    }

    fn is_photo(&self, id: Id) -> bool {
        let entity = self.tenant.store.get(id);
        entity.is_some_and(|entity| entity.kind == photo::PHOTO) && !self.tenant.synthesizes
    }

    fn is_file(&self, id: Id) -> bool {
        let entity = self.tenant.store.get(id);
        entity.is_some_and(|entity| entity.kind == "microsoft.graph.driveItem")
    }

    fn renderer(&self) -> Renderer<'_> {
        Renderer {
            tenant: &self.tenant,
            storage: self.storage,
            now: self.now,
            shape: &self.shape,
        }
    }
}

/// Checks whether a condition (`If-Match`, `If-None-Match`) names the current version of an entity:
/// by its tag, or by that of its content.
fn names(condition: &str, etag: &str, entity: &Entity) -> bool {
    let content = entity
        .properties
        .get("cTag")
        .and_then(serde_json::Value::as_str);
    // Tags stand in quotes, so a tag cannot be a part of another. The tags of drive items hold
    // commas, so the condition cannot be split at commas.
    condition == "*"
        || condition.contains(etag)
        || content.is_some_and(|content| condition.contains(content))
}

/// Returns the body of a PUT that creates a file from an upload, which the description lacks.
fn source(request: &Request) -> Option<serde_json::Value> {
    if request.method != Method::PUT || request.media_type()? != "application/json" {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    body.get("@microsoft.graph.sourceUrl")
        .is_some()
        .then_some(body)
}

/// Returns the steps of the description that the segments lead through.
fn route<'a>(description: &'a Description, segments: &[String]) -> Result<Vec<Step<'a>>, Refusal> {
    description.walk(segments).map_err(|lost| match lost {
        Lost::Segment(segment) => Refusal::unknown_segment(&segment),
        Lost::Unreadable(message) => Refusal::description(message),
    })
}

/// Reads the JSON of a write, if the operation takes JSON.
fn read_body(request: &Request, operation: &Operation) -> Result<Option<Json>, Refusal> {
    if !matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
        return Ok(None);
    }
    let empty = request.body.is_empty();
    if operation.body.is_empty() {
        return match Json::read(&request.body) {
            _ if empty => Ok(None),
            Ok(Json::Object(entries)) if entries.is_empty() => Ok(None),
            _ => Err(Refusal::bad_request(
                "The request has a body, but this operation does not accept one.",
            )),
        };
    }
    // A content may come without its type: rclone sends an empty file so.
    if operation.json_body().is_none() {
        return Ok(None);
    }
    let Some(media_type) = request.media_type() else {
        return Err(Refusal::bad_request(
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        ));
    };
    if media_type != "application/json" {
        return Err(Refusal::bad_request(
            "Entity only allows writes with a JSON Content-Type header.",
        ));
    }
    if request.body.len() > LARGEST_JSON {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            "Request Entity Too Large",
        ));
    }
    if empty {
        return Err(empty_payload());
    }
    match Json::read(&request.body) {
        Ok(Json::Object(entries)) if entries.is_empty() && request.method == Method::PATCH => {
            Err(empty_payload())
        }
        Ok(json) => Ok(Some(json)),
        Err(_) => Err(Refusal::bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and \
             payload is of valid JSON format.",
        )),
    }
}

fn empty_payload() -> Refusal {
    Refusal::bad_request("Empty Payload. JSON content expected.")
}
