//! A request builder: the data of a call from the generated method and the caller's options.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::Method;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH,
};
use msgraph_core::operation_metadata::OperationMetadata;
use serde::Serialize;
use zeroize::Zeroizing;

use super::consistency::{self, Advanced};
use super::encode::{push_list, push_name, push_value};
use super::prefer::{self, PREFER};
use super::reference;
use super::{Content, EntityReference, IfMatch, Request, Settings};
use crate::auth::Secret;
use crate::error::{RequestContext, RequestError};
use crate::permissions::Permissions;
use crate::query::{CommaList, Time};
use crate::transport::remove_headers_of_one_request;
use crate::{Clouds, Graph, Result};

/// One operation of Graph with the values of one call: method, address, query, headers and body.
///
/// Values are encoded only in `finish`, and errors are returned only there. The first invalid value
/// is remembered until then.
#[derive(Clone)]
pub struct RequestBuilder {
    graph: Graph,
    method: Method,
    /// The absolute, encoded URL. It may already have a query, from a link or from the caller's own
    /// text.
    url: String,
    template: String,
    facts: Option<&'static OperationMetadata>,
    query: Vec<Parameter>,
    headers: HeaderMap,
    body: Option<Bytes>,
    settings: Option<Box<Settings>>,
    invalid: Option<Box<str>>,
    /// The number of items of the first page that a stream skips.
    items_before: usize,
}

/// One parameter of the query.
#[derive(Clone)]
pub(super) enum Parameter {
    Named {
        name: Cow<'static, str>,
        value: String,
    },
    /// Text that the caller has encoded.
    Written(String),
}

impl RequestBuilder {
    pub(crate) fn new(
        graph: Graph,
        method: Method,
        url: String,
        template: String,
        invalid: Option<Box<str>>,
    ) -> Self {
        Self {
            graph,
            method,
            url,
            template,
            facts: None,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            settings: None,
            invalid,
            items_before: 0,
        }
    }

    /// Marks a list whose first page has some items that the caller has already received.
    pub(crate) fn after_items(mut self, items: usize) -> Self {
        self.items_before = items;
        self
    }

    /// Returns the number of items of the first page that a stream skips.
    pub(crate) fn items_before(&self) -> usize {
        self.items_before
    }

    /// Sets the known facts about the operation.
    pub fn facts(mut self, facts: &'static OperationMetadata) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Returns the context of the request for errors.
    pub(crate) fn context(&self) -> RequestContext {
        let mut context = RequestContext::new(self.method.clone(), self.template.clone());
        context.facts = self.facts;
        context
    }

    /// Returns the known facts about the operation.
    pub(crate) fn known(&self) -> Option<&'static OperationMetadata> {
        self.facts
    }

    pub(super) fn settings_mut(&mut self) -> &mut Settings {
        self.settings.get_or_insert_default()
    }

    pub(super) fn permissions(&self) -> Option<Permissions> {
        self.facts?.permissions(&self.template)
    }

    pub(super) fn clouds(&self) -> Option<Clouds> {
        self.facts?.clouds(&self.template)
    }

    /// Asks for a media type, unless the caller has set `Accept` already.
    ///
    /// Without this call, the client asks for JSON.
    pub fn accept(mut self, media_types: &'static str) -> Self {
        self.headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static(media_types));
        self
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.json_text(serde_json::to_vec(body))
    }

    fn json_text(mut self, body: serde_json::Result<Vec<u8>>) -> Self {
        match body {
            Ok(text) => {
                self.body = Some(text.into());
                self.headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Err(error) => self.refuse(format!("cannot serialize the body as JSON: {error}")),
        }
        self
    }

    /// Sets a body that is sent unchanged. `media_type` is the type from the description, used for
    /// content that has no type of its own.
    pub fn content(mut self, content: Content, media_type: &'static str) -> Self {
        self.body = Some(content.bytes);
        match content.content_type {
            Some(media_type) => self.header(CONTENT_TYPE.as_str(), &media_type),
            None => {
                self.headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
                self
            }
        }
    }

    /// Sets the body of `POST …/$ref` and `PUT …/$ref`.
    pub fn reference(mut self, reference: &dyn EntityReference) -> Self {
        let url = self.url_of(reference);
        self.json(&serde_json::json!({ "@odata.id": url }))
    }

    /// Sets the query of `DELETE …/$ref`, which names the member to remove.
    pub fn reference_query(mut self, reference: &dyn EntityReference) -> Self {
        let url = self.url_of(reference);
        self.push("@id".into(), url);
        self
    }

    /// Returns the URL of a reference that the caller gave.
    fn url_of(&mut self, reference: &dyn EntityReference) -> String {
        if let Some(fault) = reference.reference_fault() {
            self.refuse(format!("the reference is not valid: {fault}"));
        }
        reference::url(self.root(), &reference.reference())
    }

    /// Adds a query parameter that the description requires.
    pub fn query(mut self, name: &'static str, value: &str) -> Self {
        self.push(name.into(), value.to_owned());
        self
    }

    /// Adds a point in time to the query that the description requires.
    pub fn time(mut self, name: &'static str, time: impl Into<Time>) -> Self {
        self.push(name.into(), time.into().to_string());
        self
    }

    /// Sets the etag that the description requires.
    pub fn if_match(self, etag: &dyn IfMatch) -> Self {
        self.condition(IF_MATCH, etag)
    }

    /// Sets a condition on the etag of the current state.
    pub(super) fn condition(mut self, header: HeaderName, etag: &dyn IfMatch) -> Self {
        match etag.etag() {
            Some(etag) => return self.header(header.as_str(), etag),
            None => self.refuse(format!(
                "`{header}` was set from an item without `@odata.etag`: read the item first, or \
                 pass `*`"
            )),
        }
        self
    }

    /// Returns the same address with another method, without the query, body, facts and per-request
    /// headers of this call.
    pub(super) fn ask(mut self, method: Method) -> Self {
        self.method = method;
        self.facts = None;
        self.query.clear();
        self.body = None;
        remove_headers_of_one_request(&mut self.headers);
        self
    }

    /// Sets a header. Several `Prefer` headers add up to several preferences ([RFC 7240,
    /// 2](https://www.rfc-editor.org/rfc/rfc7240#section-2)). Any other header replaces its earlier
    /// value.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            self.refuse(format!(
                "`{}` is not a valid header name",
                name.escape_debug()
            ));
            return self;
        };
        // The value may be a secret, so the error does not repeat it.
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
            self.refuse(format!(
                "the value of the header `{header}` contains a control character"
            ));
            return self;
        };
        if header == PREFER {
            prefer::add(&mut self.headers, &value);
        } else if self.headers.try_insert(header, value).is_err() {
            self.refuse("it has too many headers");
        }
        self
    }

    /// Sets the access token, given without the word `Bearer`.
    pub(super) fn access_token(mut self, token: &Secret<String>) -> Self {
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose().trim()));
        match HeaderValue::from_str(&bearer) {
            Ok(mut header) => {
                header.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, header);
            }
            Err(_) => self
                .refuse("the access token contains characters that an HTTP header cannot contain"),
        }
        self
    }

    /// Sets a system query option, which occurs only once. The last value replaces earlier ones.
    pub(super) fn set(&mut self, name: Cow<'static, str>, value: String) {
        match self.find(&name) {
            Some(there) => *there = value,
            None => self.push(name, value),
        }
    }

    /// Sets a query parameter that the caller gave. OData allows a system query option only once,
    /// so a `$` name that is already set is replaced. An operation's own parameter may be repeated.
    pub(super) fn set_or_push(&mut self, name: String, value: String) {
        if name.starts_with('$') {
            self.set(name.into(), value);
        } else {
            self.push(name.into(), value);
        }
    }

    /// Adds to a list that is sent as one option, `$select=a,b`. Graph refuses
    /// `$select=a&$select=b`.
    pub(super) fn extend_list(&mut self, name: &'static str, items: CommaList) {
        let items = match items.finish() {
            Ok(items) if items.is_empty() => return,
            Ok(items) => items,
            Err(reason) => return self.refuse(reason),
        };
        match self.find(name) {
            Some(list) => {
                list.push(',');
                list.push_str(&items);
            }
            None => self.push(name.into(), items),
        }
    }

    /// Adds a filter condition. Several filters are joined with `and`.
    pub(super) fn and_filter(&mut self, filter: Result<String, &'static str>) {
        let filter = match filter {
            Ok(filter) => filter,
            Err(reason) => return self.refuse(reason),
        };
        match self.find("$filter") {
            Some(there) => *there = format!("({there}) and ({filter})"),
            None => self.push("$filter".into(), filter),
        }
    }

    /// Adds a piece of a query that the caller has encoded.
    pub(super) fn push_written(&mut self, query: String) {
        self.query.push(Parameter::Written(query));
    }

    fn push(&mut self, name: Cow<'static, str>, value: String) {
        self.query.push(Parameter::Named { name, value });
    }

    fn find(&mut self, wanted: &str) -> Option<&mut String> {
        self.query.iter_mut().find_map(|parameter| match parameter {
            Parameter::Named { name, value } if name == wanted => Some(value),
            _ => None,
        })
    }

    pub(super) fn get_query(&self, wanted: &str) -> Option<&str> {
        self.query.iter().find_map(|parameter| match parameter {
            Parameter::Named { name, value } if name == wanted => Some(value.as_str()),
            _ => None,
        })
    }

    pub(super) fn has_query(&self) -> bool {
        !self.query.is_empty()
    }

    /// Returns the root of the version that the call uses: `https://graph.microsoft.com/beta`.
    fn root(&self) -> &str {
        let host_root = self.graph.host_root().len();
        let below = self.url.get(host_root + 1..).unwrap_or_default();
        let version = below.find('/').unwrap_or(below.len());
        self.url.get(..host_root + 1 + version).unwrap_or(&self.url)
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Remembers the first invalid value.
    pub(super) fn refuse(&mut self, reason: impl Into<Box<str>>) {
        self.invalid.get_or_insert_with(|| reason.into());
    }

    /// Builds the request. `advanced` says which parts of advanced queries the description allows
    /// for this operation.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Request`](crate::Error::Request) when a value that was given for the call
    /// cannot be sent.
    pub(crate) fn finish(mut self, advanced: Advanced) -> Result<Request> {
        if let Some(reason) = self.invalid {
            return Err(RequestError::new(self.method, self.template, reason.into()).into());
        }
        consistency::apply(&mut self, advanced);
        self.say_that_nothing_follows();
        let mut url = self.url;
        let mut separator = if url.contains('?') { '&' } else { '?' };
        for parameter in &self.query {
            url.push(separator);
            separator = '&';
            match parameter {
                Parameter::Named { name, value } => {
                    push_name(&mut url, name);
                    url.push('=');
                    match name.as_ref() {
                        "$select" | "$expand" | "$orderby" => push_list(&mut url, value),
                        _ => push_value(&mut url, value),
                    }
                }
                Parameter::Written(query) => url.push_str(query),
            }
        }
        Ok(Request {
            method: self.method,
            url,
            template: self.template,
            facts: self.facts,
            headers: self.headers,
            body: self.body,
            settings: self.settings,
        })
    }

    /// Sets `content-length: 0` on a request without a body whose method has one ([RFC 9110,
    /// 8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)). The layers below do not do this
    /// over HTTP/1.1, and Graph then responds with 411.
    fn say_that_nothing_follows(&mut self) {
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        if has_body && self.body.as_ref().is_none_or(Bytes::is_empty) {
            self.set_header("content-length", "0");
        }
    }

    pub(super) fn set_header(&mut self, name: &'static str, value: &'static str) {
        self.headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }

    pub(super) fn remove_header(&mut self, name: &'static str) {
        self.headers.remove(name);
    }
}

/// Prints the method, the template and the names of parameters and headers. Ids, values and the
/// body are not printed, because any of them may be private or secret.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: Vec<&str> = self
            .query
            .iter()
            .map(|parameter| match parameter {
                Parameter::Named { name, .. } => name.as_ref(),
                Parameter::Written(_) => "…",
            })
            .collect();
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("template", &self.template)
            .field("query", &query)
            .field("headers", &headers)
            .field("body", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}
