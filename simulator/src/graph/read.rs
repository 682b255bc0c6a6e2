//! GET requests of entities, collections, counts and properties.

use http::StatusCode;
use http::header::ETAG;
use msgraph_odata::filter::{Condition, TextFunction};
use serde_json::{Map, Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::description::schema::Type;
use crate::query::Options;
use crate::query::filter::{alternatives, is_advanced};
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::service::Service;
use crate::store::Id;

/// The number of values that a directory filter may name.
const ALTERNATIVES: usize = 15;

/// The properties by which the directory sorts without an advanced query.
const SORTED: [&str; 2] = ["displayName", "userPrincipalName"];

impl Graph<'_> {
    /// Returns one entity.
    pub(super) fn get(
        &mut self,
        call: &Call<'_>,
        resource: &Resource<'_>,
    ) -> Result<Answer, Refusal> {
        let Target::Entity { id, declared, .. } = &resource.target else {
            return Err(Refusal::unknown_segment(call.path));
        };
        if Service::of(self.tenant.schemas, declared) == Service::Directory {
            check_expand(&call.options)?;
        }
        self.watch(*id);
        let selected = |name: &str| {
            let mut paths = call.options.select.iter();
            paths.any(|path| path.first().is_some_and(|first| first == name))
        };
        if selected("sharepointIds") {
            self.tenant.open(*id, "listItem");
        }
        self.settle_presence(*id);
        self.check_known(*id, call.path)?;
        let mut entity = self.renderer().entity(*id, declared, &call.options);
        let context = self.entity_context(call, declared);
        entity.insert("@odata.context".into(), json!(context));
        let etag = entity
            .get("@odata.etag")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if let (Some(etag), Some(known)) = (&etag, call.request.header("if-none-match"))
            && let Some(stored) = self.tenant.store.get(*id)
            && super::names(&known, etag, stored)
        {
            return Ok(Answer::empty(StatusCode::NOT_MODIFIED).with(ETAG, etag));
        }
        let answer = Answer::json(StatusCode::OK, &Value::Object(entity));
        Ok(match etag {
            Some(etag) => answer.with(ETAG, &etag),
            None => answer,
        })
    }

    /// Refuses to read an entity whose properties nothing has set.
    fn check_known(&self, id: Id, path: &str) -> Result<(), Refusal> {
        let Some(entity) = self.tenant.store.get(id).filter(|entity| entity.is_unknown) else {
            return Ok(());
        };
        if self.is_photo(id) {
            return Err(super::photo::no_photo());
        }
        let schemas = self.tenant.schemas;
        let has_more = schemas
            .properties(&entity.kind)
            .into_iter()
            .any(|property| {
                !property.navigation && property.name != "id" && !property.name.starts_with('@')
            });
        if has_more {
            return Err(Refusal::not_simulated(format!(
                "the content of `{path}`, which no request has set"
            )));
        }
        Ok(())
    }

    /// Returns a page of a collection.
    pub(super) fn list(&self, call: &Call<'_>, resource: &Resource<'_>) -> Result<Answer, Refusal> {
        let Target::Set { declared, .. } = &resource.target else {
            return Err(Refusal::unknown_segment(call.path));
        };
        self.page(call, resource, |graph, id| {
            Value::Object(graph.renderer().entity(id, declared, &call.options))
        })
    }

    /// Returns `$count` as plain digits.
    pub(super) fn count(
        &self,
        call: &Call<'_>,
        resource: &Resource<'_>,
    ) -> Result<Answer, Refusal> {
        let count = match &resource.target {
            Target::Set { declared, .. } => {
                if call.operation.header("ConsistencyLevel").is_some()
                    && !call.request.is_eventual()
                {
                    return Err(Refusal::directory("$count is not currently supported."));
                }
                self.check_query(call, declared)?;
                self.found(call, resource, &call.options)?.len()
            }
            Target::Property { owner, path, .. } => {
                let value = self.renderer().at(*owner, path);
                value.as_array().map_or(0, Vec::len)
            }
            _ => return Err(Refusal::unknown_segment("$count")),
        };
        Ok(Answer::bytes(
            StatusCode::OK,
            "text/plain",
            count.to_string(),
        ))
    }

    /// Returns a structural property.
    pub(super) fn get_property(
        &self,
        call: &Call<'_>,
        owner: Id,
        path: &[String],
    ) -> Result<Answer, Refusal> {
        let value = match path.split_first() {
            Some((first, rest)) if first == "mailboxSettings" && !self.tenant.synthesizes => {
                let settings = Value::Object(self.mailbox_settings(owner));
                let value = rest
                    .iter()
                    .try_fold(settings, |value, name| value.get(name).cloned());
                value.unwrap_or_default()
            }
            _ => self.renderer().at(owner, path),
        };
        let described = call.operation.json_answer();
        let kind = described.map(|kind| self.property_kind(kind));
        let value = match (value, kind) {
            (Value::Null, Some(kind)) if self.tenant.synthesizes => {
                let name = path.last().map_or("", String::as_str);
                crate::synth::value(self.tenant.schemas, &kind, name)
            }
            (Value::Null, Some(Type::Collection(_))) => json!([]),
            (Value::Null, Some(Type::Named(_) | Type::Inline(_))) => {
                return Err(Refusal::not_simulated(format!(
                    "the content of `{}`, which no request has set",
                    call.path
                )));
            }
            (value, _) => value,
        };
        let mut body = Map::new();
        match value {
            Value::Object(properties) => body.extend(properties),
            other => {
                body.insert("value".into(), other);
            }
        }
        body.insert("@odata.context".into(), json!(self.property_context(call)));
        Ok(Answer::json(StatusCode::OK, &Value::Object(body)))
    }

    /// Returns the type of a property that is read at its own path: the path of a collection is a
    /// page.
    fn property_kind(&self, described: &Type) -> Type {
        match self.tenant.schemas.page_items(described) {
            Some(items) => Type::Collection(Box::new(items.clone())),
            None => self.tenant.schemas.resolve(described).clone(),
        }
    }

    /// Returns the entities of the collection that the query selects.
    pub(super) fn found(
        &self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        options: &Options,
    ) -> Result<Vec<Id>, Refusal> {
        let Target::Set {
            owner, relation, ..
        } = &resource.target
        else {
            return Ok(Vec::new());
        };
        self.check_indexed(call, *owner)?;
        let mut ids = self.tenant.members(*owner, relation);
        if let Some(type_name) = &resource.cast {
            ids.retain(|id| {
                let kind = self
                    .tenant
                    .store
                    .get(*id)
                    .map_or("", |entity| entity.kind.as_str());
                self.tenant.schemas.is_a(kind, type_name)
            });
        }
        if matches!(relation.as_str(), "mailFolders" | "childFolders")
            && options.custom("includeHiddenFolders") != Some("true")
        {
            let hidden = |id: &Id| {
                let folder = self.tenant.store.get(*id);
                folder.is_some_and(|folder| super::mail::folder::is_hidden(&folder.properties))
            };
            ids.retain(|id| !hidden(id));
        }
        let ids = self.in_view(call, relation, ids)?;
        Ok(self.renderer().list(ids, options))
    }

    /// Refuses combinations of options that the service does not support. Returns whether the query
    /// is an advanced one.
    pub(super) fn check_query(&self, call: &Call<'_>, declared: &str) -> Result<bool, Refusal> {
        let options = &call.options;
        match Service::of(self.tenant.schemas, declared) {
            Service::Directory => self.check_directory(call),
            Service::Outlook => {
                if options.search.is_some()
                    && (options.filter.is_some() || !options.orderby.is_empty())
                {
                    return Err(Refusal::new(
                        StatusCode::BAD_REQUEST,
                        "SearchWithFilter",
                        "The query parameter '$search' cannot be combined with '$filter' or \
                         '$orderby'.",
                    ));
                }
                if let Some(filter) = &options.filter {
                    let named = filter.paths();
                    let same = options.orderby.iter().enumerate().all(|(at, order)| {
                        named
                            .get(at)
                            .is_some_and(|path| *path == order.path.as_slice())
                    });
                    if !same {
                        return Err(Refusal::new(
                            StatusCode::BAD_REQUEST,
                            "InefficientFilter",
                            "The restriction or sort order is too complex for this operation.",
                        ));
                    }
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn check_directory(&self, call: &Call<'_>) -> Result<bool, Refusal> {
        let options = &call.options;
        if options.skip > 0 {
            return Err(Refusal::unsupported_query(
                "'$skip' is not supported by the service.",
            ));
        }
        if let Some(filter) = &options.filter {
            let alternatives = alternatives(filter);
            if alternatives > ALTERNATIVES {
                return Err(Refusal::unsupported_query(format!(
                    "Too many child clauses specified in search filter expression containing 'OR' \
                     operators: {alternatives}. Max allowed: {ALTERNATIVES}."
                )));
            }
        }
        let mut contains = false;
        if let Some(filter) = &options.filter {
            filter.walk(&mut |condition| {
                contains |= matches!(condition, Condition::Text(TextFunction::Contains, ..));
            });
        }
        if contains {
            return Err(Refusal::unsupported_query(
                "The specified filter to the reference property query is currently not supported.",
            ));
        }
        check_expand(options)?;
        let eventual =
            call.request.is_eventual() && call.operation.header("ConsistencyLevel").is_some();
        if options.search.is_some() && !eventual {
            return Err(Refusal::unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special \
                 request header: 'ConsistencyLevel: eventual'",
            ));
        }
        let sorts = options.orderby.iter().any(
            |order| !matches!(order.path.as_slice(), [name] if SORTED.contains(&name.as_str())),
        );
        let needed = options.filter.as_ref().is_some_and(is_advanced)
            || sorts
            || (options.filter.is_some() && !options.orderby.is_empty());
        // An advanced query needs `$count=true`, except with `$search` and `/$count`.
        let counts = options.count || options.search.is_some() || call.path.ends_with("/$count");
        if needed && !(eventual && counts) {
            return Err(Refusal::unsupported_query("Unsupported Query."));
        }
        let advanced = eventual && (options.count || options.search.is_some());
        if advanced && !options.expand.is_empty() {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "Request_UnsupportedQuery",
                "$expand is not supported together with 'ConsistencyLevel: eventual'.",
            ));
        }
        Ok(eventual)
    }
}

/// Checks that a query expands one relation, one level deep, as the directory requires.
fn check_expand(options: &Options) -> Result<(), Refusal> {
    let nested = options
        .expand
        .iter()
        .any(|expand| !expand.options.expand.is_empty());
    if options.expand.len() <= 1 && !nested {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        "Multiple $expand properties are not supported.",
    ))
}
