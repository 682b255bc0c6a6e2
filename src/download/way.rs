//! The way to content: Graph's own, which leads on to another host, or the address that an item had of that host.

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE};
use http::{Method, StatusCode};

use super::expected::Expected;
use super::range::{Part, Version};
use crate::call::{Opened, Request, Settings};
use crate::error::RequestContext;
use crate::{Error, Graph, Result};

#[derive(Clone)]
pub(super) struct Way {
    pub(super) graph: Graph,
    /// The call that gives the content.
    pub(super) request: Request,
    /// `@microsoft.graph.downloadUrl` of the item, as long as it is good.
    pub(super) url: Option<String>,
    /// What is known of the content before it arrives.
    pub(super) expected: Expected,
}

impl Way {
    /// What errors say that it was for.
    pub(super) fn context(&self) -> RequestContext {
        RequestContext::new(self.request.method.clone(), self.request.template.clone())
    }

    /// Asks for a part of the content, where it is still this version.
    ///
    /// What goes on after a break has waits of its own, between which something may come; the first request is tried like any
    /// call.
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
                // A sign-in page with status 200.
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
        self.expected.check(&self.request, opened.headers())
    }
}

fn ask(headers: &mut HeaderMap, part: Part, version: Option<&Version>) {
    // A range of what is compressed would be no range of the content.
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

/// These addresses are good for minutes; then hosts answer in any of these ways, with HTML or XML.
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
