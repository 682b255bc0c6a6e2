//! Entities by path, as a JSON text: the form of the seeds that a user writes.
//!
//! A member's name is a path below the version, and its value is the body of a request to it, or a
//! list of bodies. The members are carried out in their order, each with the method that its path
//! has: POST for a collection or an action, otherwise PATCH or PUT.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::answer::Answer;
use crate::body::json::Json;
use crate::core::Body;
use crate::description::Description;
use crate::description::walk::{Lost, Step};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::request::Request;

/// The methods that a member may stand for. The first one that its path has is used. If that finds
/// nothing to change, the next one is.
const METHODS: [Method; 3] = [Method::POST, Method::PATCH, Method::PUT];

/// A seed in JSON.
#[derive(Clone, Debug)]
pub(crate) struct SeedDocument {
    /// The name of the file, for errors.
    origin: String,
    entries: Vec<(String, Json)>,
}

impl SeedDocument {
    /// Reads a file.
    pub(crate) fn read(file: &Path) -> Result<Self, Error> {
        let origin = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&origin, &text),
            Err(error) => Err(Error::seed(&origin, None, error)),
        }
    }

    /// Reads a text. The origin is its name in errors.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, Error> {
        let error = |message: String| Error::seed(origin, None, message);
        let json = Json::read(text.as_bytes()).map_err(|reason| error(reason.to_string()))?;
        let Json::Object(entries) = json else {
            return Err(error(
                "an object with a path for each member was expected".into(),
            ));
        };
        if let Some((path, _)) = entries.iter().find(|(path, _)| !path.starts_with('/')) {
            return Err(error(format!(
                "`{path}` is not a path: a path is below the version, such as `/users`"
            )));
        }
        Ok(Self {
            origin: origin.to_owned(),
            entries,
        })
    }

    /// Carries out the requests of the document. Stops at the first that is refused.
    pub(crate) fn apply(
        &self,
        description: &Description,
        mut perform: impl FnMut(Method, &str, Body) -> Result<Answer, Refusal>,
    ) -> Result<(), Error> {
        for (path, value) in &self.entries {
            let (bodies, listed) = match value {
                Json::Array(items) => (items.as_slice(), true),
                one => (std::slice::from_ref(one), false),
            };
            for (at, body) in bodies.iter().enumerate() {
                one(description, path, body, &mut perform).map_err(|message| {
                    let place = if listed {
                        format!("{path}[{at}]")
                    } else {
                        path.clone()
                    };
                    Error::seed(&self.origin, Some(place), message)
                })?;
            }
        }
        Ok(())
    }
}

/// Carries out one request.
fn one(
    description: &Description,
    path: &str,
    value: &Json,
    perform: &mut impl FnMut(Method, &str, Body) -> Result<Answer, Refusal>,
) -> Result<(), String> {
    let bare = path.split('?').next().unwrap_or_default();
    let segments = Request::segments(bare).map_err(|refusal| refusal.message)?;
    let steps = description.walk(&segments).map_err(|lost| match lost {
        Lost::Segment(segment) => Refusal::unknown_segment(&segment).message,
        Lost::Unreadable(message) => message.to_owned(),
    })?;
    let last = steps.last().ok_or("the path is empty")?;
    let mut refused = None;
    for method in METHODS {
        if !last.methods().any(|own| *own == method) {
            continue;
        }
        let body = body(last, &method, value)?;
        match perform(method, path, body) {
            Ok(_) => return Ok(()),
            Err(refusal) => {
                let missing = refusal.status == StatusCode::NOT_FOUND;
                let message = refusal.message;
                let message = refused.get_or_insert(message).clone();
                if !missing {
                    return Err(message);
                }
            }
        }
    }
    Err(refused.unwrap_or_else(|| "nothing can be written there".into()))
}

/// Returns the body of a request: JSON, or the bytes of a place that takes no JSON.
fn body(place: &Step<'_>, method: &Method, value: &Json) -> Result<Body, String> {
    let operation = place.operation(method).transpose()?;
    let takes_json = operation.is_none_or(|operation| operation.json_body().is_some());
    if takes_json && !matches!(value, Json::String(_)) {
        return serde_json::to_string(value)
            .map(Body::json)
            .map_err(|error| error.to_string());
    }
    content(value)
}

/// Returns the bytes that a value stands for: a text, or an object with `text` or `base64`, and
/// optionally `contentType`.
fn content(value: &Json) -> Result<Body, String> {
    let (mut bytes, mut media_type) = (None, None);
    match value {
        Json::String(text) => bytes = Some(Bytes::from(text.clone())),
        Json::Object(entries) => {
            for (name, value) in entries {
                let Json::String(text) = value else {
                    return Err(format!("the value of `{name}` is not a text"));
                };
                match name.as_str() {
                    "text" => bytes = Some(Bytes::from(text.clone())),
                    "base64" => {
                        let decoded = STANDARD.decode(text);
                        let decoded = decoded.map_err(|error| format!("`base64`: {error}"))?;
                        bytes = Some(Bytes::from(decoded));
                    }
                    "contentType" => media_type = Some(text.clone()),
                    other => return Err(format!("unknown member `{other}` of a content")),
                }
            }
        }
        _ => {}
    }
    let bytes = bytes.ok_or("a text was expected, or an object with `text` or `base64`")?;
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".into());
    Ok(Body { media_type, bytes })
}
