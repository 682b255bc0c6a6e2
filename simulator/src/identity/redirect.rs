//! Redirects: the addresses to which a browser may be sent back, and the form of the returned
//! fields.
//!
//! <https://learn.microsoft.com/entra/identity-platform/reply-url>

use http::StatusCode;
use http::header::LOCATION;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::Answer;

/// The characters that stay as they are in a query (RFC 3986, 2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The address of a client that listens on the user's own machine.
const LOCALHOST: &str = "http://localhost";

/// The addresses that a client has registered.
#[derive(Clone, Debug)]
pub(crate) struct Redirects(Vec<String>);

impl Redirects {
    pub(crate) fn new(uri: &str) -> Self {
        Self(vec![uri.to_owned()])
    }

    /// Returns the addresses of a client that has registered none.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, uri: &str) {
        self.0.push(uri.to_owned());
    }

    /// Checks whether this address is one of them. On this machine the port is ignored, because a
    /// client uses any free one (RFC 8252, 7.3). If the registered address has no path, any path is
    /// allowed.
    pub(super) fn allow(&self, uri: &str) -> bool {
        self.0.iter().any(|own| {
            own == uri
                || match (below_localhost(own), below_localhost(uri)) {
                    (Some(""), Some(_)) => true,
                    (Some(own), Some(path)) => own == path,
                    _ => false,
                }
        })
    }
}

/// Returns path and query of an address of `localhost`, with any port.
fn below_localhost(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix(LOCALHOST)?;
    let rest = match rest.strip_prefix(':') {
        Some(port) => {
            let path = port.trim_start_matches(|digit: char| digit.is_ascii_digit());
            // A colon must be followed by a port.
            (path.len() < port.len()).then_some(path)?
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// The way in which the browser carries the returned fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    Fragment,
    /// A form that submits itself.
    FormPost,
}

impl Mode {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

/// Sends a browser back with these fields.
pub(super) fn send_back(uri: &str, mode: Mode, fields: &[(&str, String)]) -> Answer {
    let uri = &rooted(uri);
    if mode == Mode::FormPost {
        return form_post(uri, fields);
    }
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
        .collect();
    let location = match (mode, pairs.join("&")) {
        (_, pairs) if pairs.is_empty() => uri.clone(),
        (Mode::Query, pairs) if uri.contains('?') => format!("{uri}&{pairs}"),
        (Mode::Query, pairs) => format!("{uri}?{pairs}"),
        (_, pairs) => format!("{uri}#{pairs}"),
    };
    Answer::empty(StatusCode::FOUND).with(LOCATION, &location)
}

/// Adds the path `/` to an address without a path, because it means the root (RFC 3986, 6.2.3).
fn rooted(uri: &str) -> String {
    let from = uri.find("://").map_or(0, |at| at + 3);
    match uri.get(from..).and_then(|rest| rest.find(['/', '?'])) {
        None => format!("{uri}/"),
        Some(at) if uri[from + at..].starts_with('?') => {
            format!("{}/{}", &uri[..from + at], &uri[from + at..])
        }
        Some(_) => uri.to_owned(),
    }
}

/// Returns a page for the OAuth 2.0 Form Post Response Mode.
fn form_post(uri: &str, fields: &[(&str, String)]) -> Answer {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\" />",
                escaped(value)
            )
        })
        .collect();
    let body = format!(
        "<html><head><title>Working...</title></head><body><form method=\"POST\" \
         name=\"hiddenform\" action=\"{}\">{inputs}<noscript><p>Script is disabled. Click Submit \
         to continue.</p><input type=\"submit\" value=\"Submit\" \
         /></noscript></form><script>document.forms[0].submit();</script></body></html>",
        escaped(uri)
    );
    Answer::bytes(StatusCode::OK, "text/html; charset=utf-8", body)
}

/// Returns a page for users.
pub(super) fn page(status: StatusCode, title: &str, text: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html><html><head><title>{}</title></head><body><p>{}</p></body></html>",
        escaped(title),
        escaped(text)
    );
    Answer::bytes(status, "text/html; charset=utf-8", body)
}

/// Escapes a text for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::Redirects;

    #[test]
    fn port_of_localhost_redirect_is_ignored() {
        let any = Redirects::new("http://localhost");
        for uri in [
            "http://localhost",
            "http://localhost:1/",
            "http://localhost:65000/a?b",
        ] {
            assert!(any.allow(uri), "{uri}");
        }
        for uri in [
            "http://localhost.contoso.com",
            "http://localhost:/",
            "http://localhost:1@contoso.com",
            "http://127.0.0.1:1/",
            "https://localhost/",
        ] {
            assert!(!any.allow(uri), "{uri}");
        }
        let one = Redirects::new("http://localhost:3000/signed-in");
        assert!(one.allow("http://localhost:4000/signed-in"));
        assert!(!one.allow("http://localhost:3000/other"));
        assert!(!one.allow("http://localhost:3000/signed-in/"));
    }
}
