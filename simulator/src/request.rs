//! A request as the server received it, parsed as far as all readers need.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, byte for byte as they were sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// Creates a request from its head and its body.
    pub(crate) fn new(head: http::request::Parts, body: Bytes) -> Self {
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .to_owned();
        Self {
            method: head.method,
            target,
            headers: head.headers,
            body,
        }
    }

    /// Returns the request without the surplus slashes before the version and after it. Clients
    /// write them when a slash ends their base URL, and Graph ignores them.
    pub(crate) fn normalized(&self) -> Cow<'_, Self> {
        let path = self.path();
        let start = path.trim_start_matches('/');
        let (version, rest) = start.split_at(start.find('/').unwrap_or(start.len()));
        let rest_start = rest.trim_start_matches('/');
        if path.len() <= start.len() + 1 && rest.len() <= rest_start.len() + 1 {
            return Cow::Borrowed(self);
        }
        let slash = if rest.is_empty() { "" } else { "/" };
        let query = self.target.get(path.len()..).unwrap_or_default();
        Cow::Owned(Self {
            target: format!("/{version}{slash}{rest_start}{query}"),
            ..self.clone()
        })
    }

    /// Returns the path as it was sent.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the query as it was sent, without its `?`.
    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns a header's text. Several headers of the same name are joined by a comma, as HTTP
    /// defines.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        if values.is_empty() {
            None
        } else {
            Some(values.join(", "))
        }
    }

    /// Returns the value of one of the words of `Prefer`: `odata.maxpagesize=5`.
    pub(crate) fn preference(&self, name: &str) -> Option<String> {
        let prefer = self.header("prefer")?;
        prefer.split(',').find_map(|part| {
            let (word, value) = part.split_once('=').unwrap_or((part, ""));
            word.trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().trim_matches('"').to_owned())
        })
    }

    /// Checks whether the client requested eventual consistency, which advanced queries of the
    /// directory need.
    pub(crate) fn is_eventual(&self) -> bool {
        self.header("consistencylevel")
            .is_some_and(|level| level.trim().eq_ignore_ascii_case("eventual"))
    }

    /// Returns the media type of the body, in lower case and without its parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let text = self.header("content-type")?;
        Some(
            text.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
    }

    /// Returns the percent-decoded segments of a path below the root.
    pub(crate) fn segments(path: &str) -> Result<Vec<String>, Refusal> {
        let path = path.strip_prefix('/').unwrap_or(path);
        // One slash at the end is ignored.
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Vec::new());
        }
        whole(path)
            .into_iter()
            .map(|segment| {
                let text = decode(segment)?;
                if text.is_empty() {
                    Err(Refusal::unknown_segment(""))
                } else {
                    Ok(text)
                }
            })
            .collect()
    }

    /// Returns the percent-decoded pairs of the query.
    pub(crate) fn pairs(&self) -> Result<Vec<(String, String)>, Refusal> {
        let pairs = self.query().split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                // A `+` in a query stands for a space.
                Ok((
                    decode(&name.replace('+', " "))?,
                    decode(&value.replace('+', " "))?,
                ))
            })
            .collect()
    }
}

/// Splits a path at its slashes, except for those in the quoted argument of a function:
/// `getByPath(path='/sites/hr')`.
fn whole(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut start = 0;
    for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
        let segment = path.get(start..at).unwrap_or_default();
        let function = segment.split_once("(").filter(|(name, arguments)| {
            let named =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
            named && arguments.contains("='")
        });
        let open = function.is_some_and(|_| !segment.matches('\'').count().is_multiple_of(2));
        let closes = || path.get(at..).is_some_and(|rest| rest.contains("')"));
        if !open || !closes() {
            segments.push(segment);
            start = at + 1;
        }
    }
    segments
}

/// Decodes percent-encoded text.
fn decode(text: &str) -> Result<String, Refusal> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !bytes
                .get(at + 1..at + 3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(decoded) if !broken => Ok(decoded.into_owned()),
        _ => Err(Refusal::bad_request(format!(
            "The request URI is not valid: '{text}' is not percent-encoded UTF-8."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Request {
        Request {
            method: Method::GET,
            target: target.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn segments_are_decoded_once_after_the_split() {
        assert_eq!(
            Request::segments("/users/a%2Fb%252Fc/%E2%9C%93").unwrap(),
            ["users", "a/b%2Fc", "✓"]
        );
        assert_eq!(
            Request::segments("/sites/root/getByPath(path='/a/b')/lists").unwrap(),
            ["sites", "root", "getByPath(path='/a/b')", "lists"]
        );
        assert_eq!(
            Request::segments("/root:/f(a='b/c.txt").unwrap(),
            ["root:", "f(a='b", "c.txt"]
        );
        assert!(Request::segments("/users//messages").is_err());
        assert!(Request::segments("/users/%zz").is_err());
        assert!(Request::segments("/users/%ff").is_err());
    }

    #[test]
    fn surplus_slashes_around_the_version_are_ignored() {
        for (sent, expected) in [
            ("/v1.0//users?$top=1//2", "/v1.0/users?$top=1//2"),
            ("//v1.0///users//x", "/v1.0/users//x"),
            ("/v1.0//", "/v1.0/"),
            ("/v1.0/users//messages", "/v1.0/users//messages"),
            ("/v1.0", "/v1.0"),
            ("/?x", "/?x"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(get(sent).normalized().target, expected, "{sent}");
        }
    }

    #[test]
    fn pairs_are_decoded_and_plus_is_a_space() {
        let pairs = get("/users?$filter=mail%20eq%20%27a%2Bb%40c.d%27&x=1+2&&flag")
            .pairs()
            .unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("$filter", "mail eq 'a+b@c.d'"), ("x", "1 2"), ("flag", "")]
        );
    }

    #[test]
    fn preferences_of_several_headers_are_merged() {
        let mut request = get("/");
        request.headers.append(
            "prefer",
            "IdType=\"ImmutableId\", odata.maxpagesize=5"
                .parse()
                .unwrap(),
        );
        request
            .headers
            .append("prefer", "respond-async".parse().unwrap());
        assert_eq!(request.preference("idtype").as_deref(), Some("ImmutableId"));
        assert_eq!(
            request.preference("odata.maxpagesize").as_deref(),
            Some("5")
        );
        assert_eq!(request.preference("respond-async").as_deref(), Some(""));
        assert_eq!(request.preference("return"), None);
    }
}
