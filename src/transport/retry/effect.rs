//! The effect at Graph of sending a request twice.
//!
//! RFC 9110 calls `PUT` and `DELETE` idempotent. Graph does not treat them so in two cases, so the
//! method alone does not decide:
//!
//! - `@microsoft.graph.conflictBehavior=rename`, in the query or anywhere in a JSON body: each
//!   request creates one more item
//!   (<https://learn.microsoft.com/graph/api/resources/driveitem#instance-attributes>).
//! - `DELETE` of an item that is addressed by its position, such as a row of a workbook's table.
//!   The second request deletes the next item.

use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap};
use msgraph_core::effect::Effect;
use serde_json::Value;
use url::form_urlencoded;

/// The parts of a request that show its effect.
pub(crate) struct Intent<'a> {
    pub(crate) method: &'a Method,
    /// The path, and the text that follows it.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Intent<'a> {
    pub(crate) fn of(request: &'a reqwest::Request) -> Self {
        Self {
            method: request.method(),
            path: request.url().path(),
            query: request.url().query(),
            headers: request.headers(),
            body: request.body().and_then(reqwest::Body::as_bytes),
        }
    }

    /// Returns the effect of the request itself, without the caller's declaration.
    pub(crate) fn effect(&self) -> Effect {
        match Effect::of_method(self.method) {
            Effect::Idempotent if self.renames() || self.deletes_by_position() => Effect::Other,
            effect => effect,
        }
    }

    fn renames(&self) -> bool {
        let query = self.query.unwrap_or_default().as_bytes();
        let in_query = form_urlencoded::parse(query)
            .any(|(name, value)| is_conflict_behavior(&name) && is_rename(&value));
        in_query || self.json().is_some_and(|json| renames(&json))
    }

    fn json(&self) -> Option<Value> {
        let media_type = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if !media_type.to_ascii_lowercase().contains("json") {
            return None;
        }
        serde_json::from_slice(self.body?).ok()
    }

    fn deletes_by_position(&self) -> bool {
        if self.method != Method::DELETE {
            return false;
        }
        let path = self.path.to_ascii_lowercase();
        let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
        let last = segments.next().unwrap_or_default();
        let function = last.rsplit('.').next().unwrap_or_default();
        let is_row = segments.next() == Some("rows") && segments.any(|before| before == "workbook");
        is_row || function.starts_with("itemat(")
    }
}

/// OneDrive's own prefix (`@name.`) was documented before Graph's.
fn is_conflict_behavior(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with('@') && name.ends_with(".conflictbehavior")
}

fn is_rename(value: &str) -> bool {
    let value = value.trim().trim_matches(['\'', '"']);
    value.eq_ignore_ascii_case("rename")
}

fn renames(json: &Value) -> bool {
    match json {
        Value::Object(members) => members.iter().any(|(name, value)| {
            is_conflict_behavior(name) && value.as_str().is_some_and(is_rename) || renames(value)
        }),
        Value::Array(items) => items.iter().any(renames),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn effect(method: Method, target: &str, body: Option<&str>) -> Effect {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(CONTENT_TYPE, json);
        let body = body.map(str::as_bytes);
        let intent = Intent {
            method: &method,
            path,
            query,
            headers: &headers,
            body,
        };
        intent.effect()
    }

    #[test]
    fn methods_have_the_effect_of_rfc_9110() {
        for (method, expected) in [
            (Method::GET, Effect::Safe),
            (Method::HEAD, Effect::Safe),
            (Method::PUT, Effect::Idempotent),
            (Method::DELETE, Effect::Idempotent),
            (Method::POST, Effect::Other),
            (Method::PATCH, Effect::Other),
        ] {
            assert_eq!(
                effect(method.clone(), "/v1.0/me", None),
                expected,
                "{method}"
            );
        }
    }

    #[test]
    fn rename_in_query_is_not_idempotent() {
        for (query, expected) in [
            ("@microsoft.graph.conflictBehavior=rename", Effect::Other),
            ("%40microsoft.graph.conflictBehavior=Rename", Effect::Other),
            ("$select=id&@name.conflictBehavior=rename", Effect::Other),
            (
                "@microsoft.graph.conflictBehavior=replace",
                Effect::Idempotent,
            ),
            ("@microsoft.graph.conflictBehavior=fail", Effect::Idempotent),
            ("name=rename", Effect::Idempotent),
        ] {
            let target = format!("/v1.0/me/drive/root:/a.txt:/content?{query}");
            assert_eq!(effect(Method::PUT, &target, None), expected, "{query}");
        }
    }

    #[test]
    fn rename_in_body_is_not_idempotent() {
        for (body, expected) in [
            (
                r#"{"@microsoft.graph.conflictBehavior":"rename"}"#,
                Effect::Other,
            ),
            (
                r#"{"item":{"@microsoft.graph.conflictBehavior":"rename"}}"#,
                Effect::Other,
            ),
            (
                r#"[{"@microsoft.graph.\u0063onflictBehavior":"rename"}]"#,
                Effect::Other,
            ),
            (
                r#"{"@microsoft.graph.conflictBehavior":"fail"}"#,
                Effect::Idempotent,
            ),
            (r#"{"name":"rename"}"#, Effect::Idempotent),
            ("not JSON: conflictBehavior rename", Effect::Idempotent),
        ] {
            let made = effect(Method::PUT, "/v1.0/me/drive/root:/a.txt", Some(body));
            assert_eq!(made, expected, "{body}");
        }
    }

    #[test]
    fn delete_by_position_is_not_idempotent() {
        for (path, expected) in [
            (
                "/v1.0/me/drive/items/1/workbook/tables/2/rows/3",
                Effect::Other,
            ),
            (
                "/v1.0/drives/1/items/2/workbook/tables('a')/rows/itemAt(index=3)",
                Effect::Other,
            ),
            (
                "/v1.0/me/x/workbook/tables/1/columns/microsoft.graph.itemAt(index=0)",
                Effect::Other,
            ),
            (
                "/v1.0/me/drive/items/1/workbook/tables/2",
                Effect::Idempotent,
            ),
            ("/v1.0/me/messages/1", Effect::Idempotent),
        ] {
            assert_eq!(effect(Method::DELETE, path, None), expected, "{path}");
        }
    }
}
