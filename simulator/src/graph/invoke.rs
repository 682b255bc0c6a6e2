//! Functions and actions. The description lacks their effect, but has their parameters and results.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Call, Graph, empty_payload};
use crate::answer::Answer;
use crate::body;
use crate::body::json::Json;
use crate::description::operation::Kind;
use crate::description::schema::Type;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::segment::Argument;
use crate::synth;

/// The actions that Exchange accepts with 202 and carries out later.
const ACCEPTED: [&str; 9] = [
    "accept",
    "cancel",
    "decline",
    "forward",
    "reply",
    "replyAll",
    "send",
    "sendMail",
    "tentativelyAccept",
];

impl Graph<'_> {
    /// Calls a function or an action.
    pub(super) fn invoke(
        &mut self,
        call: &Call<'_>,
        name: &str,
        arguments: &[(String, Argument)],
        resource: &Resource<'_>,
        body: Option<Json>,
    ) -> Result<Answer, Refusal> {
        let schemas = self.tenant.schemas;
        if name == "createUploadSession" {
            return self.open_upload(call, resource, body);
        }
        if let Target::Vacant { .. } = &resource.target {
            let parameters = body.clone().map_or(Value::Null, Json::into_value);
            if let Some(answer) = self.of_recycled(name, &resource.target, &parameters) {
                return answer;
            }
            return Err(resource.target.missing(schemas));
        }
        self.check_arguments(call, arguments)?;
        let mut parameters = Value::Null;
        if call.request.method == Method::POST
            && let Some(described) = call.operation.json_body()
        {
            let optional = self.is_mime(call.request, call.operation, call.steps)
                || self.is_bodiless(call.request, call.steps);
            parameters = match body {
                None if optional => Value::Null,
                body => {
                    let body = body.ok_or_else(empty_payload)?;
                    body::parameters(schemas, described, body, name)?
                }
            };
        }
        if let Some(result) = self.behave(call, name, arguments, resource, &parameters) {
            return result;
        }
        if !self.tenant.synthesizes {
            let what = match call.operation.kind {
                Kind::Function => "function",
                _ => "action",
            };
            return Err(Refusal::not_simulated(format!("the {what} `{name}` here")));
        }
        let Some((media_type, kind)) = call.operation.answer.first() else {
            let status = if ACCEPTED.contains(&name) {
                StatusCode::ACCEPTED
            } else {
                StatusCode::NO_CONTENT
            };
            return Ok(Answer::empty(status));
        };
        if media_type != "application/json"
            && call
                .steps
                .first()
                .is_some_and(|step| step.place.name() == "reports")
            && let Target::Entity { id, .. } = &resource.target
        {
            return Ok(self.report(*id, name));
        }
        if media_type != "application/json" {
            return Ok(Answer::bytes(
                StatusCode::OK,
                media_type,
                synth::content(media_type, name),
            ));
        }
        let mut answer = Map::new();
        match self.value(kind, name) {
            Value::Object(entries) => answer.extend(entries),
            other => {
                answer.insert("value".into(), other);
            }
        }
        answer.insert("@odata.context".into(), json!(self.result_context(call)));
        Ok(Answer::json(StatusCode::OK, &Value::Object(answer)))
    }

    /// Returns the value of the response.
    fn value(&self, kind: &Type, name: &str) -> Value {
        let schemas = self.tenant.schemas;
        match schemas.page_items(kind) {
            // The page has no link, because there are no more items.
            Some(items) => json!({ "value": [synth::value(schemas, items, name)] }),
            None => synth::value(schemas, kind, name),
        }
    }

    /// Checks the arguments of a function: literals of their types, and aliases that stand in the
    /// query.
    fn check_arguments(
        &self,
        call: &Call<'_>,
        arguments: &[(String, Argument)],
    ) -> Result<(), Refusal> {
        for (name, argument) in arguments {
            let parameter = call
                .operation
                .parameters
                .iter()
                .find(|parameter| parameter.name.eq_ignore_ascii_case(name));
            let text = match argument {
                Argument::Quoted(_) => continue,
                Argument::Bare(text) => text.as_str(),
                Argument::Alias(alias) => {
                    let missing = || {
                        Refusal::bad_request(format!(
                            "The parameter alias '@{alias}' has no value."
                        ))
                    };
                    call.alias(alias).ok_or_else(missing)?
                }
            };
            let fits = match parameter.map(|parameter| &parameter.kind) {
                Some(Type::Boolean) => matches!(text, "true" | "false"),
                Some(Type::Int16 | Type::Int32 | Type::Int64 | Type::Uint8) => {
                    text.parse::<i64>().is_ok()
                }
                Some(Type::Double | Type::Float | Type::Decimal) => text.parse::<f64>().is_ok(),
                // A date stands for the beginning of its day.
                Some(Type::DateTime) => {
                    chrono::DateTime::parse_from_rfc3339(text).is_ok()
                        || text.parse::<chrono::NaiveDate>().is_ok()
                }
                Some(Type::Date) => text.parse::<chrono::NaiveDate>().is_ok(),
                Some(Type::Guid) => crate::ids::is_guid(text),
                _ => true,
            };
            if !fits && text != "null" {
                return Err(Refusal::bad_request(format!(
                    "The value '{text}' of the parameter '{name}' is not valid."
                )));
            }
        }
        Ok(())
    }
}
