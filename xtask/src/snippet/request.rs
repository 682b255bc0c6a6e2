//! Requests in the forms that people write: a file of many, one as HTTP, or a command for curl.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;

use crate::json::Json;

/// A request to Graph, and its response if that is known.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Request {
    /// The source: a page of Graph's documentation.
    #[serde(default)]
    pub page: String,
    pub method: String,
    #[serde(alias = "requestUrl")]
    pub url: String,
    #[serde(default, deserialize_with = "headers")]
    pub headers: Vec<(String, String)>,
    #[serde(default, alias = "postBody")]
    pub body: Option<Body>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub answer: Option<Value>,
    /// The response type: `microsoft.graph.user`, or for a collection
    /// `Collection(microsoft.graph.user)`.
    #[serde(default)]
    pub answer_type: Option<String>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Json(Json),
    /// Any other text.
    Text(String),
}

impl Body {
    /// Returns JSON if the text is an object or a list, and text otherwise.
    fn of_text(text: &str) -> Option<Body> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return None;
        }
        let json = trimmed
            .starts_with(['{', '['])
            .then(|| serde_json::from_str(trimmed).ok())
            .flatten();
        Some(json.map_or_else(|| Body::Text(text.to_owned()), Body::Json))
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Json::deserialize(deserializer)? {
            Json::String(text) => Body::of_text(&text).unwrap_or(Body::Text(text)),
            json => Body::Json(json),
        })
    }
}

/// Reads headers, which are written as pairs, as `{name, value}`, or as one object.
fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Headers {
        Pairs(Vec<(String, String)>),
        Named(Vec<Named>),
        Object(std::collections::BTreeMap<String, String>),
        Nothing(()),
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
        value: String,
    }
    Ok(match Headers::deserialize(deserializer)? {
        Headers::Pairs(pairs) => pairs,
        Headers::Named(named) => named.into_iter().map(|of| (of.name, of.value)).collect(),
        Headers::Object(object) => object.into_iter().collect(),
        Headers::Nothing(()) => Vec::new(),
    })
}

/// Reads a file of requests: a JSON list, plain or `.xz`.
///
/// # Errors
///
/// Fails if the file cannot be read, or if an item of the list is not a request. The error names
/// the item.
pub fn read(path: &Path) -> Result<Vec<Request>> {
    let (_, bytes) = crate::document::read_bytes(path)?;
    let items: Vec<Value> = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a list of requests", path.display()))?;
    items
        .into_iter()
        .enumerate()
        .map(|(number, item)| {
            serde_json::from_value(item)
                .with_context(|| format!("{}: request {number}", path.display()))
        })
        .collect()
}

/// Reads one request, as `GET https://graph.microsoft.com/v1.0/me/messages?$top=5` with headers and
/// a body below it, or as a command for curl.
///
/// # Errors
///
/// Fails if the text is neither.
pub fn parse(text: &str) -> Result<Request> {
    let text = text.trim();
    if text.starts_with("curl ") {
        return curl(text);
    }
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line);
    let (method, url) = line.split_once(' ').with_context(|| {
        format!(
            "a request cannot begin with {line:?}: begin with a method and a URL (GET https://…)"
        )
    })?;
    ensure!(
        method.bytes().all(|byte| byte.is_ascii_uppercase()),
        "{method:?} is not a method"
    );
    let rest = rest.replace("\r\n", "\n");
    let (head, body) = match rest.split_once("\n\n") {
        Some((head, body)) => (head.to_owned(), body),
        None if rest.starts_with('\n') => (String::new(), rest.trim_start()),
        None if rest.trim_start().starts_with(['{', '[']) => (String::new(), rest.as_str()),
        None => (rest.clone(), ""),
    };
    let mut request = Request {
        method: method.to_owned(),
        url: url.trim().to_owned(),
        body: Body::of_text(body),
        ..Request::default()
    };
    for line in head.lines().filter(|line| !line.trim().is_empty()) {
        request.headers.push(header(line)?);
    }
    Ok(request)
}

/// Parses a line `Name: value`.
pub fn header(line: &str) -> Result<(String, String)> {
    let (name, value) = line
        .split_once(':')
        .with_context(|| format!("{line:?} is not a header"))?;
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    ensure!(is_name(name.trim()), "{line:?} is not a header");
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Reads the method, the headers and the body from curl's options. Options that only control how
/// curl works are ignored.
fn curl(text: &str) -> Result<Request> {
    let text = text.replace("\\\n", " ").replace("\\\r\n", " ");
    let words = shlex::split(&text).context("the command has an unclosed quote")?;
    let mut request = Request::default();
    let mut data: Vec<String> = Vec::new();
    let mut get = false;
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (option, joined) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                (option.to_owned(), Some(value.to_owned()))
            }
            _ if word.len() > 2 && !word.starts_with("--") && word.starts_with(['-']) => {
                (word[..2].to_owned(), Some(word[2..].to_owned()))
            }
            _ => (word.clone(), None),
        };
        let mut value = || {
            joined
                .clone()
                .or_else(|| words.next())
                .with_context(|| format!("{option} has no value"))
        };
        match option.as_str() {
            "-X" | "--request" => request.method = value()?.to_uppercase(),
            "-H" | "--header" => request.headers.push(header(&value()?)?),
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--json" => data.push(value()?),
            "-G" | "--get" => get = true,
            "--url" => request.url = value()?,
            "-s" | "-S" | "-L" | "-i" | "-k" | "-v" | "--silent" | "--location" | "--include"
            | "--compressed" | "--fail" | "-f" => {}
            _ if !option.starts_with('-') => request.url = word,
            _ => bail!("curl's option {option} is not supported"),
        }
    }
    ensure!(!request.url.is_empty(), "the command has no URL");
    if get {
        let separator = if request.url.contains('?') { "&" } else { "?" };
        request.url = [&request.url, separator, &data.join("&")].concat();
        data.clear();
    }
    request.body = Body::of_text(&data.join("&"));
    if request.method.is_empty() {
        request.method = if request.body.is_some() {
            "POST"
        } else {
            "GET"
        }
        .to_owned();
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_read_with_headers_and_body() {
        let request = parse(
            "PATCH https://graph.microsoft.com/v1.0/me HTTP/1.1\nIf-Match: W/\"1\"\n\n{\"city\": \
             \"Oslo\"}",
        )
        .expect("a request");
        assert_eq!(request.method, "PATCH");
        assert_eq!(request.url, "https://graph.microsoft.com/v1.0/me");
        assert_eq!(request.headers, [("If-Match".into(), "W/\"1\"".into())]);
        let body = serde_json::from_str(r#"{"city": "Oslo"}"#).expect("JSON");
        assert_eq!(request.body, Some(Body::Json(body)));
        let filter = parse("GET /users?$filter=a eq 'b c'").expect("a request");
        assert_eq!(filter.url, "/users?$filter=a eq 'b c'");
    }

    #[test]
    fn curl_command_is_read() {
        let request = parse(
            "curl -s -X POST 'https://graph.microsoft.com/v1.0/me/sendMail' \\\n  -H \
             'Content-Type: application/json' --data '{\"message\": {}}'",
        )
        .expect("a request");
        assert_eq!(request.method, "POST");
        assert!(matches!(request.body, Some(Body::Json(_))));
        let get = parse("curl -G https://graph.microsoft.com/v1.0/me -d '$select=id'")
            .expect("a request");
        assert_eq!(get.method, "GET");
        assert_eq!(get.url, "https://graph.microsoft.com/v1.0/me?$select=id");
    }

    #[test]
    fn text_without_request_is_an_error() {
        for (text, wanted) in [
            (
                "hello",
                "a request cannot begin with \"hello\": begin with a method and a URL (GET \
                 https://…)",
            ),
            ("get /me", "\"get\" is not a method"),
            (
                "GET /me\nnot a header\n\n",
                "\"not a header\" is not a header",
            ),
            ("curl -X", "-X has no value"),
            (
                "curl --form a=b https://a",
                "curl's option --form is not supported",
            ),
            ("curl 'a", "the command has an unclosed quote"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.to_string(), wanted);
        }
    }

    #[test]
    fn headers_are_read_in_every_form() {
        for headers in [
            r#"[["A", "b"]]"#,
            r#"[{"name": "A", "value": "b"}]"#,
            r#"{"A": "b"}"#,
        ] {
            let text = format!(r#"{{"method": "GET", "url": "/me", "headers": {headers}}}"#);
            let request: Request = serde_json::from_str(&text).expect("a request");
            assert_eq!(request.headers, [("A".to_owned(), "b".to_owned())]);
        }
    }
}
