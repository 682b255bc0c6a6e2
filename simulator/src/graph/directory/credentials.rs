//! The secrets of applications and service principals.

use chrono::{DateTime, Duration, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::required;
use crate::answer::Answer;
use crate::clock::timestamp;
use crate::graph::Graph;
use crate::graph::behavior::Invocation;
use crate::refusal::Refusal;

/// A secret that the directory has issued. It is valid at the token endpoint while its credential
/// is in the directory.
pub(crate) struct IssuedSecret {
    pub(crate) app_id: String,
    pub(crate) key_id: String,
    pub(crate) text: String,
}

/// The lifetime of a secret if the client chooses none: two years.
const LIFETIME: Duration = Duration::days(730);

/// Adds a secret. Its text is in this response only.
///
/// <https://learn.microsoft.com/graph/api/application-addpassword>
pub(super) fn add_password(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let sent = invocation.parameter("passwordCredential");
    let sent = |name: &str| sent.and_then(|sent| sent.get(name)).cloned();
    let moment = |name: &str| {
        let text = sent(name)?;
        let time = DateTime::parse_from_rfc3339(text.as_str()?).ok()?;
        Some(time.with_timezone(&Utc))
    };
    let start = moment("startDateTime").unwrap_or(graph.now);
    let end = moment("endDateTime").unwrap_or(start + LIFETIME);
    if end <= start {
        return Err(Refusal::directory(
            "Invalid value specified for property 'endDateTime' of resource \
             'PasswordCredential'.",
        ));
    }
    let (key_id, text) = (graph.tenant.ids.guid(), graph.tenant.ids.secret(30));
    let hint: String = text.chars().take(3).collect();
    let credential = json!({
        "customKeyIdentifier": sent("customKeyIdentifier"), "displayName": sent("displayName"),
        "endDateTime": timestamp(end), "hint": hint, "keyId": key_id, "secretText": null,
        "startDateTime": timestamp(start),
    });
    let mut answer = credential.clone();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("secretText".into(), json!(text));
    }
    let mut app_id = String::new();
    graph.tenant.store.change(invocation.id, |application| {
        app_id = text_of(application, "appId");
        let credentials = application
            .entry("passwordCredentials")
            .or_insert_with(|| json!([]));
        if let Some(credentials) = credentials.as_array_mut() {
            credentials.push(credential);
        }
    });
    graph.secrets.push(IssuedSecret {
        app_id,
        key_id,
        text,
    });
    Ok(graph.answer_value(invocation.call, StatusCode::OK, answer))
}

/// Removes a secret.
///
/// <https://learn.microsoft.com/graph/api/application-removepassword>
pub(super) fn remove_password(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let key_id = required(invocation, "keyId")?;
    let key_id = key_id.as_str().unwrap_or_default().to_owned();
    let mut removed = false;
    graph.tenant.store.change(invocation.id, |application| {
        let credentials = application.get_mut("passwordCredentials");
        if let Some(credentials) = credentials.and_then(Value::as_array_mut) {
            let before = credentials.len();
            credentials.retain(|credential| {
                let own = credential.get("keyId").and_then(Value::as_str);
                !own.is_some_and(|own| own.eq_ignore_ascii_case(&key_id))
            });
            removed = credentials.len() < before;
        }
    });
    match removed {
        true => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        false => Err(Refusal::directory(
            "No password credential found with keyId.",
        )),
    }
}

fn text_of(properties: &Map<String, Value>, name: &str) -> String {
    let text = properties.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
