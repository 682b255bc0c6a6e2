//! A middleware that follows redirects and keeps the token and private headers from other hosts.
//!
//! It first refuses a request to a host that the client may not call. It checks a call's address, a
//! link from a response, and an address that another middleware has changed. Otherwise a token
//! would be sent there, or a request without a token would fail with an error that only this check
//! can explain.
//!
//! Graph responds to downloads with 302 to a storage host, at an address that is a secret itself.
//! That host must not get the token, and would refuse a request that has it. It must not get any
//! other header that the caller gave for Graph either. When a redirect leads to another origin
//! (scheme, host or port), only the headers in [`HARMLESS`] are sent. Dropped headers stay dropped,
//! even if a later redirect leads back to Graph.

use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderName, IF_RANGE, LOCATION, RANGE,
    USER_AGENT,
};
use http::{Extensions, Method, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};
use url::Url;

use super::call_state::CallState;
use super::hosts::{Hosts, has_credentials, refuse};
use super::remove_headers_of_one_request;
use super::{RequestCopy, is_loopback};
use super::{followed_a_redirect, is_response_of};
use crate::auth::AuthContext;
use crate::error::{Error, HostRefusal, Result, TransportError};

/// The largest number of redirects, about as many as browsers and reqwest follow.
const MOST_HOPS: usize = 10;

/// The headers that may go to another origin. They describe the wanted response, and do not
/// identify the user.
const HARMLESS: [HeaderName; 6] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    IF_RANGE,
    RANGE,
    USER_AGENT,
];

pub(super) struct Redirects {
    hosts: Hosts,
    /// Set to `true` if middleware of the caller's may have changed the request after the retries
    /// made a copy of it.
    is_changed: bool,
}

impl Redirects {
    pub(super) fn new(hosts: Hosts, is_changed: bool) -> Self {
        Self { hosts, is_changed }
    }
}

impl Middleware for Redirects {
    // Written out for the same reason as in `auth/src/provider.rs`.
    fn handle<'a: 'f, 'e: 'f, 'n: 'f, 'f>(
        &'a self,
        request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> BoxFuture<'f, reqwest_middleware::Result<Response>> {
        Box::pin(self.follow(request, extensions, next))
    }
}

impl Redirects {
    async fn follow(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let state = CallState::of(extensions);
        // A new attempt, made by a middleware further out, starts at Graph again.
        state.auth.without_token = state.is_elsewhere;
        if self.is_changed {
            state.auth.copy = None;
        }
        let mut copy = self.check(&request, &mut state.auth)?;
        for _ in 0..=MOST_HOPS {
            let response = next.clone().run(request, extensions).await?;
            let auth = &mut CallState::of(extensions).auth;
            let hop = Hop::of(&copy, &response, auth.without_token);
            match hop.map_err(reqwest_middleware::Error::middleware)? {
                None => return Ok(response),
                Some(hop) => {
                    // This also drops the body of the redirect, which is not read.
                    drop(response);
                    auth.without_token = hop.has_left;
                    auth.copy = None;
                    request = hop.request;
                    copy = self.check(&request, auth)?;
                }
            }
        }
        let error = TransportError::new(format!("stopped after {MOST_HOPS} redirects in a row"));
        Err(reqwest_middleware::Error::middleware(Error::from(error)))
    }

    /// Checks whether a request may be sent, and returns the copy of it.
    fn check(
        &self,
        request: &Request,
        auth: &mut AuthContext,
    ) -> reqwest_middleware::Result<RequestCopy> {
        // If Graph itself redirected without the token, the address was checked then.
        if !auth.without_token {
            let checked = self.hosts.check(request.url());
            checked.map_err(reqwest_middleware::Error::middleware)?;
        }
        let copy = auth.copy.get_or_insert_with(|| RequestCopy::of(request));
        Ok(copy.clone())
    }
}

/// The request that follows from a redirect.
struct Hop {
    request: Request,
    has_left: bool,
}

impl Hop {
    /// Returns the next request, or `None` when the response is not a redirect. `has_left` says
    /// whether an earlier redirect led to another origin.
    fn of(copy: &RequestCopy, response: &Response, has_left: bool) -> Result<Option<Self>> {
        let sent = copy.request();
        let from = sent.url();
        if !is_response_of(response, from) {
            return Err(followed_a_redirect().into());
        }
        let Some(to) = location(response)? else {
            return Ok(None);
        };
        let leaves = from.origin() != to.origin();
        let method = method_after(response.status(), sent.method());
        judge(from, &to, leaves, &method)?;
        let mut request = if method == *sent.method() {
            copy.again().ok_or_else(|| {
                TransportError::new("a redirect needs the body again, which can only be sent once")
            })?
        } else {
            let mut request = copy.without_body();
            // The body, and the conditions on the resource to be changed, do not belong to the GET
            // (https://www.rfc-editor.org/rfc/rfc9110#section-15.4).
            remove_headers_of_one_request(request.headers_mut());
            request
        };
        *request.method_mut() = method;
        *request.url_mut() = to;
        let has_left = has_left || leaves;
        if has_left {
            *request.headers_mut() = harmless(request.headers());
        }
        Ok(Some(Hop { request, has_left }))
    }
}

/// Returns the target of a redirect, or `None` for any other response.
fn location(response: &Response) -> Result<Option<Url>> {
    let location = match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION),
        _ => None,
    };
    let Some(location) = location else {
        return Ok(None);
    };
    let to = std::str::from_utf8(location.as_bytes())
        .ok()
        .and_then(|text| response.url().join(text).ok());
    // The address may be a secret, so the error does not repeat it.
    Ok(Some(to.ok_or_else(|| {
        TransportError::new("redirect has an invalid Location")
    })?))
}

/// Returns the method after a redirect, as browsers choose it
/// (<https://fetch.spec.whatwg.org/#http-redirect-fetch>). The status 303 asks for a GET. So do 301
/// and 302 in response to a POST.
fn method_after(status: StatusCode, method: &Method) -> Method {
    match status {
        StatusCode::SEE_OTHER if method != Method::HEAD => Method::GET,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if method == Method::POST => Method::GET,
        _ => method.clone(),
    }
}

fn judge(from: &Url, to: &Url, leaves: bool, method: &Method) -> Result<()> {
    let may_be_plain = from.scheme() == "http" && is_loopback(from) && is_loopback(to);
    let reason = if to.scheme() != "https" && !(to.scheme() == "http" && may_be_plain) {
        HostRefusal::Downgrade
    } else if has_credentials(to) {
        HostRefusal::Credentials
    } else if leaves && !matches!(*method, Method::GET | Method::HEAD) {
        HostRefusal::Change
    } else {
        return Ok(());
    };
    Err(refuse(to, reason))
}

/// Returns the headers that may go to another origin.
pub(crate) fn harmless(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in HARMLESS {
        for value in headers.get_all(&name) {
            kept.append(&name, value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION};

    use super::*;

    fn judged(from: &str, to: &str, method: Method) -> Result<(), String> {
        let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
        let leaves = from.origin() != to.origin();
        judge(&from, &to, leaves, &method).map_err(|error| error.to_string())
    }

    // Reported: microsoftgraph/msgraph-sdk-typescript#994, microsoft/kiota-dotnet#653.
    #[test]
    fn https_is_never_redirected_to_http() {
        let graph = "https://graph.microsoft.com/v1.0/me";
        for to in [
            "http://graph.microsoft.com/v1.0/me",
            "http://127.0.0.1/",
            "http://localhost:1/",
            "ftp://a/",
        ] {
            let error = judged(graph, to, Method::GET).unwrap_err();
            assert!(error.contains("because it is not https"), "{to}: {error}");
        }
        judged(
            graph,
            "https://contoso.sharepoint.com/_layouts/15/download.aspx",
            Method::GET,
        )
        .unwrap();
        judged("http://127.0.0.1:1/", "http://127.0.0.1:2/", Method::GET).unwrap();
        judged(
            "http://127.0.0.1:1/",
            "http://graph.microsoft.com/",
            Method::GET,
        )
        .unwrap_err();
        judged(
            "http://127.0.0.1:1/",
            "https://graph.microsoft.com/",
            Method::GET,
        )
        .unwrap();
    }

    #[test]
    fn only_safe_methods_follow_to_another_origin() {
        let graph = "https://graph.microsoft.com/v1.0/me";
        judged(
            graph,
            "https://graph.microsoft.com/v1.0/users/me",
            Method::PATCH,
        )
        .unwrap();
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            judged(graph, "https://evil.example/", method).unwrap_err();
        }
    }

    #[test]
    fn location_with_credentials_is_refused_unprinted() {
        let error = judged(
            "https://graph.microsoft.com/",
            "https://u:hunter2@a.example/",
            Method::GET,
        )
        .unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn methods_change_as_in_browsers() {
        let after =
            |status: u16, method| method_after(StatusCode::from_u16(status).unwrap(), &method);
        for status in [301, 302, 303] {
            assert_eq!(after(status, Method::POST), Method::GET);
            assert_eq!(after(status, Method::HEAD), Method::HEAD);
        }
        assert_eq!(after(303, Method::PUT), Method::GET);
        assert_eq!(after(302, Method::PUT), Method::PUT);
        for status in [307, 308] {
            assert_eq!(after(status, Method::POST), Method::POST);
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-typescript#994, microsoft/kiota-dotnet#653.
    #[test]
    fn only_safe_headers_follow_redirects() {
        let mut headers = HeaderMap::new();
        for name in [
            ACCEPT,
            RANGE,
            USER_AGENT,
            AUTHORIZATION,
            COOKIE,
            PROXY_AUTHORIZATION,
            CONTENT_TYPE,
        ] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        for name in [
            "X-Api-Key",
            "client-request-id",
            "SdkVersion",
            "workbook-session-id",
            "Prefer",
            "If-None-Match",
        ] {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_static("x"),
            );
        }
        headers.append(ACCEPT, HeaderValue::from_static("y"));
        let kept = harmless(&headers);
        let kept: Vec<_> = kept
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            kept,
            [
                ("accept", "x"),
                ("accept", "y"),
                ("range", "x"),
                ("user-agent", "x")
            ]
        );
    }
}
