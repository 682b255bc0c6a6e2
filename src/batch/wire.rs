//! The JSON format of batches.

use std::collections::BTreeMap;
use std::io;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::call::{Request, Response};
use crate::error::{RequestContext, RequestError};
use crate::{Graph, Result};

/// The body of a batch request.
#[derive(Debug, Serialize)]
pub(super) struct Requests {
    pub(super) requests: Vec<PartRequest>,
}

/// One call of a batch request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PartRequest {
    pub(super) id: String,
    method: String,
    url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
    #[serde(rename = "dependsOn", skip_serializing_if = "Vec::is_empty")]
    pub(super) depends_on: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Body {
    Json(Box<RawValue>),
    /// Any other body, in base64.
    Text(String),
}

/// Returns the root that a URL belongs to: that of the API version in the URL, or else the client's
/// own.
pub(super) fn root_of(graph: &Graph, url: &str) -> String {
    let below = |root: &str| {
        let rest = url.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    ["v1.0", "beta"]
        .iter()
        .map(|version| format!("{}/{version}", graph.host_root()))
        .find(|root| below(root))
        .unwrap_or_else(|| graph.root().to_owned())
}

impl PartRequest {
    /// Writes a call as a part: its URL below the version, its headers and its body.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Request`](crate::Error::Request) for a call that a batch cannot hold.
    pub(super) fn new(root: &str, id: String, request: &Request) -> Result<Self> {
        let wrong = |reason: &str| {
            let (method, template) = (request.method.clone(), request.template.clone());
            crate::Error::from(RequestError::new(method, template, reason.to_owned()))
        };
        let url = request.url.strip_prefix(root);
        let url = url.filter(|url| url.starts_with(['/', '?']) || url.is_empty());
        let url =
            url.ok_or_else(|| wrong("its host or API version differs from that of the batch"))?;
        if request.headers.contains_key(AUTHORIZATION) {
            // The whole batch is sent with the client's token, so the part would run as another
            // user.
            return Err(wrong(
                "a batch cannot contain a call with its own access token, because it is sent with \
                 one token for all calls",
            ));
        }
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &request.headers {
            if name == CONTENT_LENGTH {
                continue;
            }
            let value = value.to_str().map_err(|_| {
                wrong("a header contains characters that a batch (JSON) cannot contain")
            })?;
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|there| *there = format!("{there}, {value}"))
                .or_insert_with(|| value.to_owned());
        }
        let body = request.body.as_ref().filter(|body| !body.is_empty());
        let body = body.map(|body| match is_json(&request.headers) {
            true => serde_json::from_slice(body)
                .map(Body::Json)
                .map_err(|_| wrong("its content type is JSON, but its body is not valid JSON")),
            false => Ok(Body::Text(BASE64_STANDARD.encode(body))),
        });
        Ok(Self {
            id,
            method: request.method.as_str().to_owned(),
            url: match url {
                "" => "/".to_owned(),
                url => url.to_owned(),
            },
            headers,
            body: body.transpose()?,
            depends_on: Vec::new(),
        })
    }
}

impl PartRequest {
    /// Returns the number of bytes of the part in the body of a batch, including the comma after
    /// it.
    ///
    /// # Errors
    ///
    /// Returns an error when the part cannot be written as JSON.
    pub(super) fn written_len(&self, before: Option<usize>) -> serde_json::Result<usize> {
        let mut counter = Counter(0);
        serde_json::to_writer(&mut counter, self)?;
        let depends_on = before.map_or(0, |before| {
            let id = (before + 1).to_string();
            r#","dependsOn":[""]"#.len() + id.len()
        });
        // One more byte for the comma.
        Ok(counter.0 + depends_on + 1)
    }
}

/// A writer that counts bytes.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of a batch response.
#[derive(Debug, Deserialize)]
pub(super) struct Responses {
    pub(super) responses: Vec<PartResponse>,
}

/// The response to one call.
#[derive(Debug, Deserialize)]
pub(super) struct PartResponse {
    pub(super) id: Value,
    pub(super) status: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

impl PartResponse {
    /// Checks whether this is the response to the call with this id.
    pub(super) fn is_for(&self, id: &str) -> bool {
        is_id(&self.id, id)
    }

    /// Returns the response as if the call had been sent alone; `None` where its status is not
    /// valid.
    pub(super) fn into_response(
        self,
        context: RequestContext,
        wants_bytes: bool,
    ) -> Option<Response> {
        let status = StatusCode::from_u16(self.status).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.unwrap_or_default() {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            if let (Ok(name), Ok(value)) = (
                HeaderName::try_from(name.as_str()),
                HeaderValue::from_str(&value),
            ) {
                headers.append(name, value);
            }
        }
        let body = self.body.as_deref().map_or("null", RawValue::get);
        let body = bytes(body, &headers, wants_bytes && status.is_success());
        Some(Response {
            status,
            headers,
            body,
            context,
        })
    }
}

/// Checks whether the id of a part of a response is this one. Some services write numbers.
pub(super) fn is_id(there: &Value, id: &str) -> bool {
    match there {
        Value::String(text) => text.eq_ignore_ascii_case(id),
        Value::Number(number) => number.to_string() == id,
        _ => false,
    }
}

/// Returns the bytes of a part's body. JSON is kept as it is, text comes as a string, and any other
/// body comes as a string in base64. Photos sometimes have the media type of JSON, so the kind of
/// the call counts as well.
fn bytes(body: &str, headers: &HeaderMap, wants_bytes: bool) -> Bytes {
    if body == "null" {
        return Bytes::new();
    }
    let text = match serde_json::from_str::<String>(body) {
        Ok(text) => text,
        // The body is not a string.
        Err(_) => return Bytes::copy_from_slice(body.as_bytes()),
    };
    if is_text(headers) {
        return text_in_base64(&text).unwrap_or(text).into();
    }
    if is_json(headers) && !wants_bytes {
        return Bytes::copy_from_slice(body.as_bytes());
    }
    match base64(&text) {
        Some(bytes) => bytes.into(),
        None => text.into(),
    }
}

/// Decodes text that may be in base64. A response does not say whether text is plain or in base64.
/// Text that decodes to legible text was base64. Digits are kept, because some numbers decode to
/// letters.
fn text_in_base64(text: &str) -> Option<String> {
    if text.bytes().all(|sign| sign.is_ascii_digit()) {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
    let is_legible = |sign: char| !sign.is_control() || matches!(sign, '\r' | '\n' | '\t');
    decoded.chars().all(is_legible).then_some(decoded)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [&STANDARD, &URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_none_or(|of| of == "application/json" || of.ends_with("+json"))
}

fn is_text(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|of| of.starts_with("text/"))
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let of = text.split(';').next().unwrap_or_default();
    Some(of.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(json: &str, wants_bytes: bool) -> Response {
        let response: PartResponse = serde_json::from_str(json).unwrap();
        let context = RequestContext::new(http::Method::GET, "/me".to_owned());
        response.into_response(context, wants_bytes).unwrap()
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#22, microsoftgraph/msgraph-sdk-dotnet#525.
    #[test]
    fn base64_part_is_decoded_for_any_type() {
        for (media_type, body) in [
            ("image/jpeg", "/9j/4A=="),
            ("image/jpeg", "_9j_4A"),
            ("application/json", "/9j/4A=="),
            ("application/octet-stream", "/9j/4A=="),
        ] {
            let json = format!(
                r#"{{"id":"1","status":200,"headers":{{"Content-Type":"{media_type}"}},
                   "body":"{body}"}}"#
            );
            assert_eq!(
                &response(&json, true).body[..],
                b"\xff\xd8\xff\xe0",
                "{json}"
            );
        }
        let image =
            r#"{"id":"1","status":200,"headers":{"content-type":"image/png"},"body":"/9j/4A=="}"#;
        assert_eq!(&response(image, false).body[..], b"\xff\xd8\xff\xe0");
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#22, microsoftgraph/msgraph-sdk-dotnet#525.
    #[test]
    fn json_and_text_parts_are_kept() {
        let json = r#"{"id":"1","status":200,"headers":{"Content-Type":"application/json; a=b"},
                      "body":{"value":"/9j/4A=="}}"#;
        assert_eq!(&response(json, false).body[..], br#"{"value":"/9j/4A=="}"#);
        for (body, wanted) in [
            ("12", "12"),
            ("1412", "1412"),
            ("MTI=", "12"),
            ("YSxiDQox", "a,b\r\n1"),
            ("text", "text"),
            ("a,b", "a,b"),
        ] {
            let json = format!(
                r#"{{"id":"1","status":200,"headers":{{"Content-Type":"text/plain"}},
                   "body":"{body}"}}"#
            );
            assert_eq!(response(&json, true).body, wanted, "{body}");
        }
        let word = r#"{"id":"1","status":200,"headers":{},"body":"abcd"}"#;
        assert_eq!(&response(word, false).body[..], br#""abcd""#);
        // An error is JSON for every kind of call.
        let error = r#"{"id":"1","status":404,"body":{"error":{"code":"x"}}}"#;
        assert_eq!(
            &response(error, true).body[..],
            br#"{"error":{"code":"x"}}"#
        );
        for empty in [
            r#"{"id":"1","status":204}"#,
            r#"{"id":"1","status":204,"headers":null,"body":null}"#,
        ] {
            assert!(response(empty, false).body.is_empty());
        }
    }

    #[test]
    fn part_id_may_be_a_number() {
        let response: PartResponse = serde_json::from_str(r#"{"id":7,"status":204}"#).unwrap();
        assert!(response.is_for("7") && !response.is_for("8"));
    }
}
