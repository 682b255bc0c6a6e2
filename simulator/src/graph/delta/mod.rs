//! The function `delta()`, which returns all entities, and from then on their changes.
//!
//! <https://learn.microsoft.com/graph/delta-query-overview>. The services form three families: the
//! directory, Exchange with Teams, and files. They differ in their tokens, in the form of deleted
//! entities, and in the response to an expired token.

mod round;
mod write;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Map, Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::delta::{Cursor, Found};
use crate::description::operation::Operation;
use crate::description::walk::Step;
use crate::domain::mail::FOLDER;
use crate::fault::Quirk;
use crate::query::{Options, filter, option_name};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::resource::{Resource, Target};
use crate::segment::Argument;
use crate::service::Service;
use crate::store::Id;

const DRIVE_ITEM: &str = "microsoft.graph.driveItem";

/// The number of objects that a filter of the directory may name.
const NAMED: usize = 50;

/// The lifetime of tokens of the directory and of Exchange, although seven days are documented for
/// the former.
const LIFETIME: TimeDelta = TimeDelta::days(30);

/// The lifetime of tokens of drives.
const LIFETIME_FILES: TimeDelta = TimeDelta::days(60);

/// The entities that a delta query watches.
#[derive(Clone, Debug)]
struct Scope {
    owner: Id,
    relation: String,
    declared: String,
    service: Service,
    /// The relation to the entities at any depth below, if the query covers them: the items below a
    /// drive item, the folders of a mailbox.
    nested: Option<&'static str>,
}

/// A client's request, and the token in it.
struct Asked<'a> {
    operation: &'a Operation,
    resource: &'a Resource<'a>,
    /// The path below the root without a token.
    path: String,
    /// The options except for tokens.
    pairs: Vec<(String, String)>,
    token: Option<String>,
}

impl Graph<'_> {
    /// Returns a page of a round of a delta query.
    pub(super) fn delta(
        &mut self,
        request: &Request,
        path: &str,
        operation: &Operation,
        steps: &[Step<'_>],
        resource: &Resource<'_>,
        arguments: &[(String, Argument)],
    ) -> Result<Answer, Refusal> {
        let scope = self.scope(resource)?;
        let asked = asked(request, path, operation, resource, arguments, &scope)?;
        let cursor = match asked.token.as_deref() {
            None => self.start(&asked, None),
            Some("latest") => {
                let now = self.tenant.store.journal.end();
                // The options are checked, although no selected entity is sent.
                let cursor = self.start(&asked, Some(now));
                self.options(&asked, &scope, &cursor)?;
                return self.page_of(&asked, &scope, &cursor, now, Vec::new(), None);
            }
            Some(token) => self.continued(&asked, &scope, token)?,
        };
        let options = self.options(&asked, &scope, &cursor)?;
        let until = cursor.until.unwrap_or(self.tenant.store.journal.end());
        let call = Call {
            request,
            operation,
            options,
            path,
            steps,
        };
        self.open_view(&call, scope.owner, &scope.relation)?;
        let size = self.page_size(&call, &scope.declared)?;
        let entries = self.round(&call, &scope, &cursor, until, size)?;
        let empty = self.quirk == Some(&Quirk::EmptyPage);
        let size = if empty { 0 } else { size };
        let start = usize::try_from(cursor.position).unwrap_or(usize::MAX);
        let page: Vec<_> = entries.iter().skip(start).take(size).cloned().collect();
        let end = start.saturating_add(page.len());
        let more = (empty || end < entries.len()).then_some(end as u64);
        let items = self
            .repeated(page)
            .map(|entry| self.write(&call, &scope, &cursor, until, &entry));
        let items = items.collect();
        self.page_of(&asked, &scope, &cursor, until, items, more)
    }

    fn scope(&self, resource: &Resource<'_>) -> Result<Scope, Refusal> {
        let schemas = self.tenant.schemas;
        match &resource.target {
            Target::Set {
                owner,
                relation,
                declared,
                ..
            } => Ok(Scope {
                owner: *owner,
                relation: relation.clone(),
                declared: declared.clone(),
                service: Service::of(schemas, declared),
                nested: (declared == FOLDER && relation == "mailFolders").then_some("childFolders"),
            }),
            Target::Entity { id, declared, .. } if declared == DRIVE_ITEM => Ok(Scope {
                owner: *id,
                relation: "children".into(),
                declared: declared.clone(),
                service: Service::Files,
                nested: Some("children"),
            }),
            target => Err(target.missing(schemas)),
        }
    }

    /// Returns the cursor of the first page of a first round.
    fn start(&self, asked: &Asked<'_>, since: Option<usize>) -> Cursor {
        Cursor {
            path: asked.path.clone(),
            pairs: asked.pairs.clone(),
            since,
            until: None,
            position: 0,
            issued: self.now,
        }
    }

    /// Returns the cursor behind a token, or the error for the token.
    fn continued(&self, asked: &Asked<'_>, scope: &Scope, token: &str) -> Result<Cursor, Refusal> {
        let lifetime = match scope.service {
            Service::Files => LIFETIME_FILES,
            _ => LIFETIME,
        };
        let old = |time: DateTime<Utc>| self.now.signed_duration_since(time) > lifetime;
        if scope.service == Service::Files
            && let Ok(time) = DateTime::parse_from_rfc3339(token)
        {
            let time = time.to_utc();
            if old(time) {
                return Err(self.gone(asked, scope, None));
            }
            let since = self.tenant.store.journal.since(time);
            return Ok(self.start(asked, Some(since)));
        }
        let cursor = match self.deltas.find(token) {
            Found::Cursor(cursor) if cursor.path == asked.path => cursor,
            // The token belongs to another folder, drive or set.
            Found::Cursor(_) => return Err(malformed(scope)),
            Found::Dead(cursor) => return Err(self.gone(asked, scope, cursor)),
            Found::Malformed => return Err(malformed(scope)),
        };
        if old(cursor.issued) {
            return Err(self.gone(asked, scope, Some(cursor)));
        }
        if asked.pairs.is_empty() {
            Ok(cursor)
        } else {
            Err(Refusal::bad_request(
                "The options of a delta query belong to its first request; use the links of its \
                 responses unchanged.",
            ))
        }
    }

    /// Returns the response of a service to an expired token.
    fn gone(&self, asked: &Asked<'_>, scope: &Scope, cursor: Option<Cursor>) -> Refusal {
        match scope.service {
            Service::Files => {
                let pairs = cursor.map_or(Vec::new(), |cursor| cursor.pairs);
                let fresh = self.link(&asked.path, &pairs, None);
                let message = "Resync required. Replace any local items with the server's version \
                               (including deletes) if you're sure that the service was up to date \
                               with your local changes when you last sync'd. Upload any local \
                               changes that the server doesn't know about.";
                Refusal::new(StatusCode::GONE, "resyncRequired", message)
                    .inner_code("resyncApplyDifferences")
                    .header(LOCATION, &fresh)
            }
            Service::Directory => {
                Refusal::unsupported_query("DeltaLink older than 30 days is not supported.")
            }
            _ => Refusal::new(
                StatusCode::GONE,
                "SyncStateNotFound",
                "The sync state generation is not found; generation=149;[highest=157].",
            ),
        }
    }

    fn options(
        &self,
        asked: &Asked<'_>,
        scope: &Scope,
        cursor: &Cursor,
    ) -> Result<Options, Refusal> {
        let item = self.item(asked.operation, asked.resource);
        let options = Options::read(self.tenant.schemas, asked.operation, &item, &cursor.pairs)?;
        let refused = |name: &str| {
            Err(Refusal::option(
                name,
                "it is not supported by a delta query.",
            ))
        };
        if options.search.is_some() {
            return refused("$search");
        }
        if scope.relation == "calendarView" && !options.select.is_empty() {
            return refused("$select");
        }
        if scope.service != Service::Directory {
            return Ok(options);
        }
        if !options.orderby.is_empty() {
            return refused("$orderby");
        }
        let by_id = options.filter.as_ref().is_none_or(|filter| {
            let mut paths = filter.paths().into_iter();
            paths.all(|path| matches!(path, [name] if name == "id"))
        });
        let many = options.filter.as_ref().map_or(0, filter::alternatives);
        if by_id && many <= NAMED {
            Ok(options)
        } else {
            Err(Refusal::unsupported_query(format!(
                "A delta query only supports a filter for up to {NAMED} values of 'id'."
            )))
        }
    }

    /// Returns a page's JSON: with a link to the next page, or with a delta link for later changes.
    fn page_of(
        &mut self,
        asked: &Asked<'_>,
        scope: &Scope,
        cursor: &Cursor,
        until: usize,
        items: Vec<Value>,
        more: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let next = match more {
            Some(position) => Cursor {
                until: Some(until),
                position,
                issued: self.now,
                ..cursor.clone()
            },
            None => Cursor {
                since: Some(until),
                until: None,
                position: 0,
                issued: self.now,
                ..cursor.clone()
            },
        };
        // After a round without changes, the token is the one that the round began with.
        let quiet = more.is_none() && cursor.since == Some(until) && cursor.position == 0;
        let token = match &asked.token {
            Some(token) if quiet && matches!(self.deltas.find(token), Found::Cursor(_)) => {
                token.clone()
            }
            _ => self.deltas.token(next),
        };
        let name = match (scope.service, more) {
            (Service::Files, _) => "token",
            (_, Some(_)) => "$skiptoken",
            (_, None) => "$deltatoken",
        };
        let link = self.link(&asked.path, &[], Some((name, &token)));
        let mut body = Map::new();
        body.insert(
            "@odata.context".into(),
            json!(self.round_context(scope, cursor)),
        );
        let link_name = match more {
            Some(_) => "@odata.nextLink",
            None => "@odata.deltaLink",
        };
        body.insert(link_name.into(), json!(link));
        body.insert("value".into(), items.into());
        Ok(Answer::json(StatusCode::OK, &Value::Object(body)))
    }

    /// Returns the context URL: `…/$metadata#users(displayName)`.
    fn round_context(&self, scope: &Scope, cursor: &Cursor) -> String {
        let select = cursor.pairs.iter().find(|(name, _)| name == "$select");
        let select = select.map_or(String::new(), |(_, names)| format!("({names})"));
        self.delta_context(&scope.declared, &select)
    }

    /// Returns a URL of this query.
    fn link(&self, path: &str, pairs: &[(String, String)], token: Option<(&str, &str)>) -> String {
        let encoded = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        // `$` is not encoded, and a token holds no character that must be.
        let query = pairs.map(|(name, value)| format!("{name}={}", encoded(value)));
        let token = token.map(|(name, token)| format!("{name}={token}"));
        let query: Vec<_> = query.chain(token).collect();
        if query.is_empty() {
            format!("{}{path}", self.root)
        } else {
            format!("{}{path}?{}", self.root, query.join("&"))
        }
    }
}

/// Splits a request into its token and its other options.
fn asked<'a>(
    request: &Request,
    path: &str,
    operation: &'a Operation,
    resource: &'a Resource<'a>,
    arguments: &[(String, Argument)],
    scope: &Scope,
) -> Result<Asked<'a>, Refusal> {
    let files = scope.service == Service::Files;
    let mut token = arguments.iter().find_map(|(name, value)| match value {
        Argument::Quoted(text) if name.eq_ignore_ascii_case("token") => Some(text.clone()),
        _ => None,
    });
    let mut pairs = Vec::new();
    for (name, value) in request.pairs()? {
        let ours = match name.as_str() {
            "token" => files,
            "$skiptoken" | "$deltatoken" => !files,
            _ => {
                let system = option_name(&name).filter(|_| operation.query(&name).is_none());
                pairs.push((system.map_or(name, str::to_owned), value));
                continue;
            }
        };
        if !ours {
            return Err(Refusal::option_not_allowed(&name));
        }
        if token.replace(value).is_some() {
            return Err(Refusal::option_twice(&name));
        }
    }
    // The links hold the function without its argument.
    let path = match (arguments.is_empty(), path.rsplit_once('/')) {
        (false, Some((before, _))) => format!("{before}/delta"),
        _ => path.to_owned(),
    };
    Ok(Asked {
        operation,
        resource,
        path,
        pairs,
        token: token.filter(|token| !token.is_empty()),
    })
}

/// Returns the response of a service to a malformed token.
fn malformed(scope: &Scope) -> Refusal {
    match scope.service {
        Service::Files => Refusal::new(
            StatusCode::BAD_REQUEST,
            "invalidRequest",
            "Provided sync token is malformed",
        ),
        _ => Refusal::bad_request("Badly formed token."),
    }
}
