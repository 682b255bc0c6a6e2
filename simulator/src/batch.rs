//! The endpoint `$batch`: several requests in one, as JSON.
//!
//! <https://learn.microsoft.com/graph/json-batching>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::request::Request;

/// The largest number of requests in a batch.
const LARGEST: usize = 20;

/// One request of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) id: String,
    /// The positions in the batch of the requests that have to succeed first.
    pub(crate) after: Vec<usize>,
    /// The request, or the reason why it is invalid.
    pub(crate) request: Result<Request, Refusal>,
}

/// The outcome of a part.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Answered(Answer),
    /// The part has no response.
    Lost,
}

/// Reads the body of a batch. `root` is the path of the version (`/v1.0`).
pub(crate) fn read(body: &[u8], root: &str) -> Result<Vec<Part>, Refusal> {
    let invalid = || Refusal::bad_request("Invalid batch payload format.");
    let body: Value = serde_json::from_slice(body).map_err(|_| invalid())?;
    let requests = body.get("requests").and_then(Value::as_array);
    let requests = requests.filter(|requests| !requests.is_empty());
    let requests = requests.ok_or_else(invalid)?;
    if requests.len() > LARGEST {
        return Err(Refusal::bad_request(
            "Number of requests inside batch exceed the limit.",
        ));
    }
    let ids = requests.iter().map(|request| {
        let id = request.get("id").and_then(Value::as_str);
        id.filter(|id| !id.is_empty()).ok_or_else(invalid)
    });
    let ids: Vec<&str> = ids.collect::<Result<_, _>>()?;
    for (at, id) in ids.iter().enumerate() {
        if ids
            .iter()
            .take(at)
            .any(|other| other.eq_ignore_ascii_case(id))
        {
            return Err(Refusal::bad_request(format!(
                "Request Id {id} has to be unique in a batch."
            )));
        }
    }
    let mut parts = Vec::new();
    for (id, request) in ids.iter().zip(requests) {
        let mut after = Vec::new();
        for other in texts(request.get("dependsOn")).ok_or_else(invalid)? {
            let at = ids.iter().position(|id| id.eq_ignore_ascii_case(&other));
            after.push(at.ok_or_else(|| {
                Refusal::bad_request(format!(
                    "Request Id {id} depends on {other}, which is not in the batch."
                ))
            })?);
        }
        parts.push(Part {
            id: (*id).to_owned(),
            after,
            request: part(request, root).ok_or_else(invalid)?,
        });
    }
    match circle(&parts) {
        None => Ok(parts),
        Some(id) => Err(Refusal::bad_request(format!(
            "Request Id {id} depends on itself."
        ))),
    }
}

/// Returns a list of texts. A missing list is empty.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => {
            let items = items.iter().map(|item| item.as_str().map(str::to_owned));
            items.collect()
        }
        Some(_) => None,
    }
}

/// Reads a request from its JSON. Returns `None` if the JSON does not have the form of a request.
fn part(json: &Value, root: &str) -> Option<Result<Request, Refusal>> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let method = text("method")?.to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes()).ok()?;
    let url = text("url")?;
    let mut headers = HeaderMap::new();
    match json.get("headers") {
        None | Some(Value::Null) => {}
        Some(Value::Object(entries)) => {
            for (name, value) in entries {
                let name = HeaderName::try_from(name).ok()?;
                headers.append(name, HeaderValue::try_from(value.as_str()?).ok()?);
            }
        }
        Some(_) => return None,
    }
    // The batch carries the access token once, for all its parts.
    headers.remove(AUTHORIZATION);
    if url.contains("://") || !url.is_ascii() || url.contains([' ', '#']) {
        return Some(Err(Refusal::bad_request(format!(
            "The URL '{url}' is not relative to the service root, or not encoded."
        ))));
    }
    let url = url.strip_prefix('/').unwrap_or(url);
    if url.split('?').next() == Some("$batch") {
        return Some(Err(Refusal::bad_request(
            "A batch cannot hold another batch.",
        )));
    }
    let mut request = Request {
        method,
        target: format!("{root}/{url}"),
        headers,
        body: Bytes::new(),
    };
    let body = json.get("body").filter(|body| !body.is_null());
    if let Some(body) = body {
        match (request.media_type(), body) {
            (None, _) => {
                return Some(Err(Refusal::bad_request(
                    "Write requests (excluding DELETE) must contain the Content-Type header \
                     declaration.",
                )));
            }
            (Some(media_type), body) if is_json(&media_type) => {
                request.body = body.to_string().into();
            }
            (Some(_), Value::String(text)) => match STANDARD.decode(text) {
                Ok(bytes) => request.body = bytes.into(),
                Err(_) => {
                    return Some(Err(Refusal::bad_request(
                        "A body that is not JSON must be text in base64.",
                    )));
                }
            },
            (Some(_), _) => return None,
        }
    }
    Some(Ok(request))
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

/// Returns a part that depends on itself, directly or through other parts.
fn circle(parts: &[Part]) -> Option<&str> {
    let mut done = vec![false; parts.len()];
    loop {
        let ready = parts.iter().enumerate().find(|(at, part)| {
            let waits = |other: &usize| !done.get(*other).copied().unwrap_or(true);
            !done.get(*at).copied().unwrap_or(true) && !part.after.iter().any(waits)
        });
        match ready.and_then(|(at, _)| done.get_mut(at)) {
            Some(done) => *done = true,
            None => break,
        }
    }
    let left = done.iter().position(|done| !done)?;
    parts.get(left).map(|part| part.id.as_str())
}

/// Returns the response to a part whose dependency has failed.
pub(crate) fn dependency_failed() -> Refusal {
    Refusal::new(
        StatusCode::FAILED_DEPENDENCY,
        "FailedDependency",
        "The request depends on another request that failed.",
    )
}

/// Returns the response of the batch, with the parts in the order of `outcomes`.
pub(crate) fn write(outcomes: &[(String, Outcome)]) -> Answer {
    let mut texts = Vec::new();
    for (id, outcome) in outcomes {
        let Outcome::Answered(answer) = outcome else {
            continue;
        };
        let mut response = Map::new();
        response.insert("id".into(), json!(id));
        response.insert("status".into(), json!(answer.status.as_u16()));
        let headers = answer
            .headers
            .iter()
            .filter_map(|(name, value)| Some((spelled(name), json!(value.to_str().ok()?))));
        response.insert("headers".into(), Value::Object(headers.collect()));
        let media_type = answer.headers.get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let body = match serde_json::from_slice(&answer.body) {
            _ if answer.status == StatusCode::NO_CONTENT => None,
            _ if answer.body.is_empty() => Some(Value::Null),
            Ok(json) if is_json(media_type) => Some(json),
            _ => Some(json!(STANDARD.encode(&answer.body))),
        };
        // A gateway's page is inserted as it came, which makes the body of the batch invalid JSON.
        if media_type == "text/html" {
            let page = String::from_utf8_lossy(&answer.body);
            let response = Value::Object(response).to_string();
            let open = response.strip_suffix('}').unwrap_or(&response);
            texts.push(format!("{open},\"body\":{page}}}"));
            continue;
        }
        if let Some(body) = body {
            response.insert("body".into(), body);
        }
        texts.push(Value::Object(response).to_string());
    }
    let text = format!("{{\"responses\":[{}]}}", texts.join(","));
    Answer::json_text(StatusCode::OK, text)
}

/// Returns a header's name in the spelling of the services behind a batch, which differ from each
/// other.
fn spelled(name: &HeaderName) -> String {
    let name = name.as_str();
    if name.starts_with("x-") || name.starts_with("request") {
        return name.to_owned();
    }
    let words = name.split('-').map(|word| match word {
        "odata" => "OData".to_owned(),
        "etag" => "ETag".to_owned(),
        _ => {
            let mut characters = word.chars();
            let first = characters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(characters).collect()
        }
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        read(body.as_bytes(), "/v1.0").unwrap_err().message
    }

    #[test]
    fn malformed_batches_are_refused() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"requests":[]}"#,
            r#"{"requests":[{"method":"GET","url":"/me"}]}"#,
            r#"{"requests":[{"id":1,"method":"GET","url":"/me"}]}"#,
            r#"{"requests":[{"id":"1","url":"/me"}]}"#,
            r#"{"requests":[{"id":"1","method":"GET"}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"/me","headers":[]}]}"#,
            r#"{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":"2"}]}"#,
        ] {
            assert_eq!(refused(body), "Invalid batch payload format.", "{body}");
        }
        let twice = r#"{"requests":[{"id":"a","method":"GET","url":"/me"},{"id":"A","method":"GET",
                       "url":"/me"}]}"#;
        assert_eq!(refused(twice), "Request Id A has to be unique in a batch.");
        let unknown = r#"{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]}]}"#;
        assert!(refused(unknown).contains("depends on 2"));
        let circle = r#"{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]},
            {"id":"2","method":"GET","url":"/me","dependsOn":["1"]}]}"#;
        assert!(refused(circle).contains("depends on itself"));
    }

    #[test]
    fn urls_are_relative_and_encoded() {
        let parts = |url: &str| {
            let body = json!({ "requests": [{ "id": "1", "method": "get", "url": url }] });
            let mut parts = read(body.to_string().as_bytes(), "/v1.0").unwrap();
            parts.remove(0).request
        };
        assert_eq!(
            parts("/me?$select=id").unwrap().target,
            "/v1.0/me?$select=id"
        );
        assert_eq!(parts("users/a%2Bb").unwrap().target, "/v1.0/users/a%2Bb");
        for url in [
            "https://graph.microsoft.com/v1.0/me",
            "/$batch",
            "/users/a b",
            "/users/å",
        ] {
            assert!(parts(url).is_err(), "{url}");
        }
    }
}
