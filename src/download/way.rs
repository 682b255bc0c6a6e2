//! The request for content. It is a call to Graph, which redirects to another host, or a request to
//! the address on that host that an item contains.

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE};
use http::{Method, StatusCode};

use super::expected::Expected;
use super::range::{Part, Version};
use crate::call::{Opened, Request, Settings};
use crate::error::RequestContext;
use crate::{Error, Graph, Result};

#[derive(Clone)]
pub(super) struct ContentRequest {
    pub(super) graph: Graph,
    /// The call that returns the content.
    pub(super) request: Request,
    /// The item's `@microsoft.graph.downloadUrl`, as long as it is valid.
    pub(super) url: Option<String>,
    /// The information about the content before it arrives.
    pub(super) expected: Expected,
}

impl ContentRequest {
    /// Returns the call that errors name.
    pub(super) fn context(&self) -> RequestContext {
        RequestContext::new(self.request.method.clone(), self.request.template.clone())
    }

    /// Requests a part of the content, provided that it is still this version.
    ///
    /// A request after an interruption is attempted once, because the stream has its own waits,
    /// between which bytes may arrive. The first request is attempted like any call.
    pub(super) async fn open(&mut self, part: Part, version: Option<&Version>) -> Result<Opened> {
        let settings = self.request.settings.clone();
        let settings = match version {
            Some(_) => Settings::one_try(settings),
            None => settings,
        };
        if let Some(url) = self.url.clone() {
            let mut request = Request {
                method: Method::GET,
                url,
                template: "{downloadUrl}".to_owned(),
                facts: None,
                headers: HeaderMap::new(),
                body: None,
                settings: settings.clone(),
            };
            ask(&mut request.headers, part, version);
            match self.graph.open_elsewhere(request).await {
                Err(error) if has_run_out(&error) => self.url = None,
                // The response is a sign-in page with status 200.
                Ok(opened) if self.check(&opened).is_err() => self.url = None,
                opened => return opened,
            }
        }
        let mut request = self.request.clone();
        request.settings = settings;
        ask(&mut request.headers, part, version);
        let opened = self.graph.open(request).await?;
        self.check(&opened)?;
        Ok(opened)
    }

    fn check(&self, opened: &Opened) -> Result<()> {
        let accept = self.request.headers.get(ACCEPT);
        self.expected
            .check(&self.request.url, accept, opened.headers())
            .map_err(|error| error.with_origin(opened.origin()).into())
    }
}

fn ask(headers: &mut HeaderMap, part: Part, version: Option<&Version>) {
    // A range of a compressed body would not be a range of the content.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if part.is_whole() {
        return;
    }
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(RANGE, &part.header());
    if let Some(etag) = version.and_then(Version::if_range) {
        set(IF_RANGE, etag);
    }
}

/// Checks whether the address has expired. These addresses are valid for minutes. Afterwards hosts
/// respond with any of these statuses, with HTML or XML.
fn has_run_out(error: &Error) -> bool {
    matches!(
        error.status(),
        Some(
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::GONE
        )
    )
}
