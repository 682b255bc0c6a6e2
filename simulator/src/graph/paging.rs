//! The pages of a collection: their size, and the start of the next one.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::calendar::is_view;
use super::{Call, Graph};
use crate::answer::Answer;
use crate::fault::Quirk;
use crate::query::page::{Position, SkipToken};
use crate::query::{Options, option_name};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::{Resource, Tail, Target};
use crate::service::Service;
use crate::store::Id;

/// The part of a page that its query decides.
struct Query {
    context: String,
    /// `true` for an advanced query of the directory.
    advanced: bool,
    /// `true` for a view of a calendar.
    is_view: bool,
}

impl Graph<'_> {
    /// Returns a page of a collection, each item written by `write`.
    pub(super) fn page(
        &self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        write: impl Fn(&Self, Id) -> Value,
    ) -> Result<Answer, Refusal> {
        let Target::Set {
            declared, relation, ..
        } = &resource.target
        else {
            return Err(Refusal::unknown_segment(call.path));
        };
        let options = Options {
            skip: 0,
            ..call.options.clone()
        };
        self.check_token(call)?;
        let advanced = self.check_query(call, declared)?;
        let found = self.found(call, resource, &options)?;
        let context = match resource.tail {
            Tail::Ref => self.references_context(),
            _ => self.set_context(call, declared),
        };
        let query = Query {
            context,
            advanced,
            is_view: is_view(relation),
        };
        self.query_page(call, declared, found, query, write)
    }

    /// Returns a page of the result of a function.
    pub(super) fn result_page(
        &self,
        call: &Call<'_>,
        declared: &str,
        ids: Vec<Id>,
    ) -> Result<Answer, Refusal> {
        let options = Options {
            skip: 0,
            ..call.options.clone()
        };
        self.check_token(call)?;
        let found = self.renderer().list(ids, &options);
        let query = Query {
            context: self.set_context(call, declared),
            advanced: false,
            is_view: false,
        };
        self.query_page(call, declared, found, query, |graph, id| {
            Value::Object(graph.renderer().entity(id, declared, &call.options))
        })
    }

    /// Returns a page of the entities that a query has found.
    fn query_page(
        &self,
        call: &Call<'_>,
        declared: &str,
        found: Vec<Id>,
        query: Query,
        write: impl Fn(&Self, Id) -> Value,
    ) -> Result<Answer, Refusal> {
        let options = &call.options;
        let total = found.len();
        let size = self.page_size(call, declared)?;
        let start = match options.skip_token.map(|token| token.position) {
            None => options.skip.min(total),
            Some(Position::Offset(offset)) => {
                usize::try_from(offset).unwrap_or(usize::MAX).min(total)
            }
            Some(Position::After(number)) => {
                found.iter().filter(|id| id.number() <= number).count()
            }
        };
        // Versions are listed with the newest first, and the occurrences of a series are numbered
        // apart from the other events.
        let ascending = found.is_sorted() && !query.is_view;
        let empty = self.quirk == Some(&Quirk::EmptyPage);
        let size = if empty { 0 } else { size };
        let page: Vec<Id> = found.into_iter().skip(start).take(size).collect();
        let mut body = Map::new();
        body.insert("@odata.context".into(), json!(query.context));
        let directory = Service::of(self.tenant.schemas, declared) == Service::Directory;
        // Without the header, the directory leaves the count out without an error.
        let counted = options.count
            && (query.advanced || call.operation.header("ConsistencyLevel").is_none());
        if counted && (options.skip_token.is_none() || !directory) {
            body.insert("@odata.count".into(), json!(total));
        }
        if empty || start + page.len() < total {
            let position = match page.last() {
                Some(last) if options.orderby.is_empty() && ascending => {
                    Position::After(last.number())
                }
                _ => Position::Offset((start + page.len()) as u64),
            };
            body.insert(
                "@odata.nextLink".into(),
                json!(self.next_link(call, position)),
            );
        }
        body.insert(
            "value".into(),
            self.repeated(page).map(|id| write(self, id)).collect(),
        );
        Ok(Answer::json(StatusCode::OK, &Value::Object(body)))
    }

    /// Returns the items of a page, each twice if a fault requires it.
    pub(super) fn repeated<T: Clone>(&self, page: Vec<T>) -> impl Iterator<Item = T> + use<T> {
        let times = match self.quirk {
            Some(Quirk::RepeatedItems) => 2,
            _ => 1,
        };
        page.into_iter()
            .flat_map(move |item| std::iter::repeat_n(item, times))
    }

    /// Returns the number of items on this page.
    pub(super) fn page_size(&self, call: &Call<'_>, declared: &str) -> Result<usize, Refusal> {
        let sizes = Service::of(self.tenant.schemas, declared).page_size(declared);
        let preferred = call
            .request
            .preference("odata.maxpagesize")
            .and_then(|size| size.parse().ok());
        let default = preferred.or(self.page_size).unwrap_or(sizes.default);
        let Some(top) = call.options.top else {
            return Ok(default.clamp(1, sizes.max));
        };
        if top == 0 || (top > sizes.max && sizes.strict) {
            return Err(Refusal::unsupported_query(format!(
                "Invalid page size specified: '{top}'. Must be between 1 and {} inclusive.",
                sizes.max
            )));
        }
        Ok(top.min(sizes.max))
    }

    /// Returns a hash of the query that a page token continues, without the token itself.
    fn query_mark(call: &Call<'_>) -> u32 {
        let query: Vec<_> = call
            .request
            .query()
            .split('&')
            .filter(|pair| !is_paging(pair))
            .collect();
        crate::ids::hash(&format!("{}?{}", call.path, query.join("&"))) as u32
    }

    /// Returns the link to the next page: this request's own URL, with a token.
    fn next_link(&self, call: &Call<'_>, position: Position) -> String {
        let token = SkipToken {
            position,
            epoch: self.page_epoch,
            query: Self::query_mark(call),
        };
        let pairs = call
            .request
            .query()
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_paging(pair));
        let mut query: Vec<_> = pairs.map(str::to_owned).collect();
        query.push(format!("$skiptoken={}", token.encoded()));
        format!("{}{}?{}", self.root, call.path, query.join("&"))
    }

    /// Refuses a page token that has expired or belongs to another query.
    fn check_token(&self, call: &Call<'_>) -> Result<(), Refusal> {
        let Some(token) = call.options.skip_token else {
            return Ok(());
        };
        if token.epoch != self.page_epoch {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your \
                 request.",
            ));
        }
        if token.query != Self::query_mark(call) {
            return Err(Refusal::bad_request(
                "Badly formed token: it belongs to another request.",
            ));
        }
        Ok(())
    }
}

/// Checks whether the pair sets the start of a page. Its name may be percent-encoded.
fn is_paging(pair: &str) -> bool {
    let target = format!("?{pair}");
    let request = Request {
        method: http::Method::GET,
        target,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    };
    let pairs = request.pairs().unwrap_or_default();
    pairs
        .iter()
        .any(|(name, _)| matches!(option_name(name), Some("$skiptoken" | "$skip")))
}
