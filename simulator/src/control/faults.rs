//! The control of misbehavior: faults, chance, limits, and responses of a test's own.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::fields::{Fields, Problem, Required};
use super::{Call, Route};
use crate::chaos::{Chaos, Misbehavior};
use crate::fault::{Fault, RetryAfter};
use crate::service::Service;
use crate::simulator::Simulator;
use crate::stub::StubResponse;
use crate::throttle::Limit;

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        "/faults",
        "`kind`, with its `status`, `retryAfter`, `claims`, `seconds`, `code`, `message`, \
         `header`, `bytes`, `headers`, `json`, `text` or `base64`; for requests of `method`, \
         `path` and `query`; `times` or `always`",
        "Adds a fault.",
        fault,
    ),
    Route::delete(
        "/faults",
        "Removes all faults, and ends chaos.",
        |simulator, _| {
            simulator.heal();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/chaos",
        "`seed`, `rate`, `without`",
        "Misbehaves at random from now on.",
        chaos,
    ),
    Route::get(
        "/misbehaviors",
        "",
        "Returns how often each kind of misbehavior has happened.",
        |simulator, _| {
            let counts = simulator.misbehaviors().into_iter();
            Ok(counts
                .map(|(kind, count)| (kind.name().to_owned(), json!(count)))
                .collect())
        },
    ),
    Route::post(
        "/limits",
        "`service`, with `requests` or `resourceUnits` in `seconds`, or `concurrent`; `retryAfter`",
        "Adds a limit on the load of a service.",
        limit,
    ),
    Route::delete("/limits", "Removes all limits.", |simulator, _| {
        simulator.lift_limits();
        Ok(Value::Null)
    }),
    Route::post(
        "/responses",
        "`method`, `path`, `status`, `headers`, `json`, `text` or `base64`",
        "Defines the response to requests that are not simulated.",
        response,
    ),
    Route::delete("/responses", "Forgets these responses.", |simulator, _| {
        simulator.clear_responses();
        Ok(Value::Null)
    }),
];

/// The names of the services.
const SERVICES: &[(&str, Service)] = &[
    ("directory", Service::Directory),
    ("outlook", Service::Outlook),
    ("files", Service::Files),
    ("teams", Service::Teams),
    ("planner", Service::Planner),
    ("other", Service::Other),
];

/// The kinds of faults.
const KINDS: &[(&str, Kind)] = &[
    ("throttled", Kind::Throttled),
    ("status", Kind::Status),
    ("html", Kind::Html),
    ("unauthorized", Kind::Unauthorized),
    ("answer", Kind::Answer),
    ("reset", Kind::Reset),
    ("lost", Kind::Lost),
    ("slow", Kind::Slow),
    ("slowBody", Kind::SlowBody),
    ("truncated", Kind::Truncated),
    ("cutJson", Kind::CutJson),
    ("errorInSuccess", Kind::ErrorInSuccess),
    ("errorBesideValue", Kind::ErrorBesideValue),
    ("lateStatus", Kind::LateStatus),
    ("clockJump", Kind::ClockJump),
    ("changedContent", Kind::ChangedContent),
    ("singleUse", Kind::SingleUse),
    ("unheard", Kind::Unheard),
    ("emptyPage", Kind::EmptyPage),
    ("repeatedItems", Kind::RepeatedItems),
    ("kept", Kind::Kept),
    ("failedOperation", Kind::FailedOperation),
];

/// A kind of fault: the constructors of [`Fault`].
#[derive(Clone, Copy)]
enum Kind {
    Throttled,
    Status,
    Html,
    Unauthorized,
    Answer,
    Reset,
    Lost,
    Slow,
    SlowBody,
    Truncated,
    CutJson,
    ErrorInSuccess,
    ErrorBesideValue,
    LateStatus,
    ClockJump,
    ChangedContent,
    SingleUse,
    Unheard,
    EmptyPage,
    RepeatedItems,
    Kept,
    FailedOperation,
}

fn fault(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let kind = fields.choice("kind", KINDS).required("kind")?;
    let mut fault = of_kind(kind, &mut fields)?;
    if let Some(method) = fields.method("method")? {
        fault = fault.method(method);
    }
    if let Some(path) = fields.text("path")? {
        fault = fault.at(&path);
    }
    if let Some(query) = fields.text("query")? {
        fault = fault.query(&query);
    }
    if let Some(times) = fields.size("times")? {
        fault = fault.times(times);
    }
    if fields.flag("always")?.unwrap_or_default() {
        fault = fault.always();
    }
    fields.finish()?;
    simulator.fault(fault);
    Ok(Value::Null)
}

fn of_kind(kind: Kind, fields: &mut Fields) -> Result<Fault, Problem> {
    let status = |fields: &mut Fields| fields.status("status").required("status");
    let seconds = |fields: &mut Fields| fields.seconds("seconds").required("seconds");
    let words = |fields: &mut Fields| {
        let code = fields.text("code").required("code")?;
        Ok((code, fields.text("message")?.unwrap_or_default()))
    };
    Ok(match kind {
        Kind::Throttled => Fault::throttled(retry_after(fields)?.unwrap_or(RetryAfter::Missing)),
        Kind::Status => Fault::status(status(fields)?),
        Kind::Html => Fault::html(status(fields)?),
        Kind::Unauthorized => Fault::unauthorized(fields.text("claims")?.as_deref()),
        Kind::Answer => answer(fields)?,
        Kind::Reset => Fault::reset(),
        Kind::Lost => Fault::lost(),
        Kind::Slow => Fault::slow(seconds(fields)?),
        Kind::SlowBody => Fault::slow_body(seconds(fields)?),
        Kind::Truncated => Fault::truncated(),
        Kind::CutJson => Fault::cut_json(),
        Kind::ErrorInSuccess => {
            let (code, message) = words(fields)?;
            Fault::error_in_success(&code, &message)
        }
        Kind::ErrorBesideValue => {
            let (code, message) = words(fields)?;
            Fault::error_beside_value(&code, &message)
        }
        Kind::LateStatus => Fault::late_status(status(fields)?),
        Kind::ClockJump => Fault::clock_jump(seconds(fields)?),
        Kind::ChangedContent => Fault::changed_content(),
        Kind::SingleUse => Fault::single_use(),
        Kind::Unheard => Fault::unheard(&fields.text("header").required("header")?),
        Kind::EmptyPage => Fault::empty_page(),
        Kind::RepeatedItems => Fault::repeated_items(),
        Kind::Kept => Fault::kept(fields.integer("bytes").required("bytes")?),
        Kind::FailedOperation => {
            let (code, message) = words(fields)?;
            Fault::failed_operation(&code, &message)
        }
    })
}

/// Reads a fault with any response.
fn answer(fields: &mut Fields) -> Result<Fault, Problem> {
    let status = fields.status("status").required("status")?;
    let headers = headers(fields)?;
    let (media_type, body) = fields.content()?.unwrap_or_default();
    let mut fault = Fault::answer(status, body);
    let typed = headers
        .iter()
        .any(|(name, _)| *name == CONTENT_TYPE.as_str());
    if !typed && !media_type.is_empty() {
        fault = fault.header(CONTENT_TYPE.as_str(), media_type);
    }
    for (name, value) in headers {
        fault = fault.header(&name, &value);
    }
    Ok(fault)
}

/// Takes the headers of a response: an object of texts.
fn headers(fields: &mut Fields) -> Result<Vec<(String, String)>, Problem> {
    let headers = fields.object("headers")?.unwrap_or_default();
    let headers = headers.into_iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name.to_ascii_lowercase(), text)),
        _ => Err(Problem::field(
            &format!("headers.{name}"),
            "a text was expected",
        )),
    });
    headers.collect()
}

/// Takes the form of a `Retry-After`: a number of seconds, any text, or an object with a date.
fn retry_after(fields: &mut Fields) -> Result<Option<RetryAfter>, Problem> {
    let name = "retryAfter";
    let wrong = || {
        Problem::field(
            name,
            "seconds, a text, `{\"dateAfterSeconds\": …}` or `{\"dateBeforeSeconds\": …}` was \
             expected",
        )
    };
    let value = match fields.value(name) {
        None => return Ok(None),
        Some(Value::String(text)) => RetryAfter::Text(text),
        Some(Value::Number(seconds)) => RetryAfter::Seconds(seconds.as_u64().ok_or_else(wrong)?),
        Some(Value::Object(date)) => {
            let mut date = Fields::from_object(date);
            let found = match date.seconds("dateAfterSeconds")? {
                Some(ahead) => RetryAfter::Date(ahead),
                None => RetryAfter::PastDate(date.seconds("dateBeforeSeconds")?.ok_or_else(wrong)?),
            };
            date.finish()?;
            found
        }
        Some(_) => return Err(wrong()),
    };
    Ok(Some(value))
}

fn chaos(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let mut chaos = Chaos::new(fields.integer("seed")?.unwrap_or_default());
    if let Some(rate) = fields.fraction("rate")? {
        chaos = chaos.rate(rate);
    }
    match fields.value("without") {
        None => {}
        Some(Value::Array(names)) => {
            for name in names {
                let all = Misbehavior::ALL.iter().copied();
                let kind = all.into_iter().find(|kind| name == kind.name());
                let kind = kind.ok_or_else(|| {
                    let known: Vec<_> = Misbehavior::ALL.iter().map(|kind| kind.name()).collect();
                    let message = format!("{name} is none of {}", known.join(", "));
                    Problem::field("without", message)
                })?;
                chaos = chaos.without([kind]);
            }
        }
        Some(_) => return Err(Problem::field("without", "a list of names was expected")),
    }
    fields.finish()?;
    simulator.chaos(chaos);
    Ok(Value::Null)
}

fn limit(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let service = fields.choice("service", SERVICES).required("service")?;
    let (requests, units) = (fields.small("requests")?, fields.small("resourceUnits")?);
    let concurrent = fields.small("concurrent")?;
    let mut limit = match (requests, units, concurrent) {
        (Some(most), None, None) => Limit::requests(
            service,
            most,
            fields.seconds("seconds").required("seconds")?,
        ),
        (None, Some(most), None) => {
            let window = fields.seconds("seconds").required("seconds")?;
            Limit::resource_units(service, most, window)
        }
        (None, None, Some(most)) => Limit::concurrent(service, most),
        _ => {
            return Err(Problem::new(
                "exactly one of `requests`, `resourceUnits` and `concurrent` was expected",
            ));
        }
    };
    if let Some(retry_after) = retry_after(&mut fields)? {
        limit = limit.retry_after(retry_after);
    }
    fields.finish()?;
    simulator.limit(limit);
    Ok(Value::Null)
}

fn response(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let method = fields.method("method").required("method")?;
    let path = fields.text("path").required("path")?;
    if !path.starts_with('/') {
        return Err(Problem::field(
            "path",
            "a path below the version was expected: `/users/*`",
        ));
    }
    let status = fields.status("status")?.unwrap_or(http::StatusCode::OK);
    let headers = headers(&mut fields)?;
    let mut response = match fields.content()? {
        Some((media_type, body)) => StubResponse::bytes(status, media_type, body),
        None => StubResponse::empty(status),
    };
    fields.finish()?;
    for (name, value) in headers {
        response = response.header(&name, &value);
    }
    simulator.on(method, path, response);
    Ok(Value::Null)
}
