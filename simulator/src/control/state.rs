//! The control of a simulator's content, settings and clock.

use http::Method;
use serde_json::{Value, json};

use super::fields::{Fields, Problem, Required};
use super::identity::browser_user;
use super::{Call, Route};
use crate::error::Error;
use crate::identity::{ExpiresOn, RefreshTokens};
use crate::simulator::Simulator;
use crate::storage::ExpectedRanges;
use crate::webhooks::{Forgery, Lifecycle};

pub(super) const ROUTES: &[Route] = &[
    Route::post(
        "/reset",
        "",
        "Returns to the state at the start.",
        |simulator, _| {
            simulator.reset().map_err(seeding)?;
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/seed",
        "paths with bodies, as in a seed file",
        "Adds entities.",
        |simulator, call| {
            let text = std::str::from_utf8(call.body);
            let text = text.map_err(|_| Problem::new("the body is not text"))?;
            simulator.seed_json(text).map_err(seeding)?;
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/graph",
        "`method`, `path`, `body`",
        "Carries out a request of the user who signs in, without a token and a record.",
        graph,
    ),
    Route::post(
        "/clock",
        "`advanceSeconds`",
        "Moves the clock ahead.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let ahead = fields
                .seconds("advanceSeconds")
                .required("advanceSeconds")?;
            fields.finish()?;
            simulator.advance(ahead);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/settings",
        "`pageSize`, `polls`, `expectedRanges`, `tokenLifetimeSeconds`, `textLifetime`, \
         `refreshTokens`, `expiresOn`, `browserUser`, `deviceIntervalSeconds`, `deviceSlowDowns`",
        "Changes the settings that are named.",
        settings,
    ),
    Route::post(
        "/page-tokens/expire",
        "",
        "Lets all page tokens expire.",
        |simulator, _| {
            simulator.expire_page_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/delta-tokens/expire",
        "",
        "Lets all delta tokens expire.",
        |simulator, _| {
            simulator.expire_delta_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/download-urls/expire",
        "",
        "Lets all download URLs expire.",
        |simulator, _| {
            simulator.expire_download_urls();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/uploads/expire",
        "",
        "Lets all upload sessions expire.",
        |simulator, _| {
            simulator.expire_upload_sessions();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/uploads/lose",
        "`from`, `to`",
        "Loses the bytes from `from` to before `to` of the uploads in progress.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let from = fields.integer("from").required("from")?;
            let to = fields.integer("to").required("to")?;
            fields.finish()?;
            simulator.lose_uploaded(from..to);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/forgeries",
        "`kind`",
        "Forges the next notification.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let forgery = fields.choice("kind", FORGERIES).required("kind")?;
            fields.finish()?;
            simulator.forge(forgery);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/lifecycle",
        "`subscriptionId`, `event`",
        "Notifies a subscription's lifecycle endpoint.",
        lifecycle,
    ),
];

const FORGERIES: &[(&str, Forgery)] = &[
    ("clientState", Forgery::ClientState),
    ("signature", Forgery::Signature),
    ("unsigned", Forgery::Unsigned),
    ("key", Forgery::Key),
    ("audience", Forgery::Audience),
    ("issuer", Forgery::Issuer),
    ("publisher", Forgery::Publisher),
    ("expired", Forgery::Expired),
    ("missing", Forgery::Missing),
    ("content", Forgery::Content),
    ("certificate", Forgery::Certificate),
    ("repeated", Forgery::Repeated),
    ("otherTenant", Forgery::OtherTenant),
];

const EVENTS: &[(&str, Lifecycle)] = &[
    (
        "reauthorizationRequired",
        Lifecycle::ReauthorizationRequired,
    ),
    ("subscriptionRemoved", Lifecycle::SubscriptionRemoved),
    ("missed", Lifecycle::Missed),
];

const RANGES: &[(&str, ExpectedRanges)] = &[
    ("usual", ExpectedRanges::Usual),
    ("open", ExpectedRanges::Open),
    ("closed", ExpectedRanges::Closed),
    ("missing", ExpectedRanges::Missing),
];

const REFRESH_TOKENS: &[(&str, RefreshTokens)] = &[
    ("renewed", RefreshTokens::Renewed),
    ("singleUse", RefreshTokens::SingleUse),
    ("kept", RefreshTokens::Kept),
];

const EXPIRES_ON: &[(&str, ExpiresOn)] = &[
    ("epoch", ExpiresOn::Epoch),
    ("epochText", ExpiresOn::EpochText),
    ("usDateTime", ExpiresOn::UsDateTime),
    ("dateTime", ExpiresOn::DateTime),
    ("rfc3339", ExpiresOn::Rfc3339),
];

/// Returns the error for a seed. Its field is the path of the refused entity.
fn seeding(error: Error) -> Problem {
    match error {
        Error::Seed {
            place: Some(place),
            message,
            ..
        } => Problem::field(&place, message),
        Error::Seed { message, .. } => Problem::new(message),
        other => Problem::new(other.to_string()),
    }
}

fn graph(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let method = fields.method("method")?.unwrap_or(Method::GET);
    let path = fields.text("path").required("path")?;
    let body = fields.value("body");
    fields.finish()?;
    match simulator.perform(method, &path, body) {
        Ok(value) => Ok(json!({ "body": value })),
        Err(Error::Refused {
            status, message, ..
        }) => Err(Problem {
            status,
            ..Problem::field("path", message)
        }),
        Err(other) => Err(Problem::new(other.to_string())),
    }
}

/// A setting that is read, and not yet changed.
type Change<'a> = Box<dyn FnOnce() + 'a>;

/// Changes the settings, unless one of them is wrong.
fn settings(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let mut changes: Vec<Change<'_>> = Vec::new();
    let own_size = fields.is_null("pageSize");
    let size = fields.size("pageSize")?;
    if size == Some(0) {
        return Err(Problem::field("pageSize", "a page has at least one item"));
    }
    if own_size || size.is_some() {
        changes.push(Box::new(move || simulator.set_page_size(size)));
    }
    if let Some(polls) = fields.small("polls")? {
        changes.push(Box::new(move || simulator.set_polls(polls)));
    }
    if let Some(ranges) = fields.choice("expectedRanges", RANGES)? {
        changes.push(Box::new(move || simulator.set_expected_ranges(ranges)));
    }
    tokens(simulator, &mut fields, &mut changes)?;
    if let Some(user) = browser_user(simulator, &mut fields)? {
        changes.push(Box::new(move || simulator.browser_user(user.as_deref())));
    }
    if let Some(interval) = fields.seconds("deviceIntervalSeconds")? {
        changes.push(Box::new(move || simulator.set_device_interval(interval)));
    }
    if let Some(times) = fields.small("deviceSlowDowns")? {
        changes.push(Box::new(move || simulator.device_slow_down(times)));
    }
    fields.finish()?;
    changes.into_iter().for_each(|change| change());
    Ok(Value::Null)
}

fn tokens<'a>(
    simulator: &'a Simulator,
    fields: &mut Fields,
    changes: &mut Vec<Change<'a>>,
) -> Result<(), Problem> {
    if let Some(lifetime) = fields.seconds("tokenLifetimeSeconds")? {
        changes.push(Box::new(move || simulator.set_token_lifetime(lifetime)));
    }
    if let Some(text) = fields.flag("textLifetime")? {
        changes.push(Box::new(move || simulator.set_text_lifetime(text)));
    }
    if let Some(tokens) = fields.choice("refreshTokens", REFRESH_TOKENS)? {
        changes.push(Box::new(move || simulator.set_refresh_tokens(tokens)));
    }
    if let Some(expires_on) = fields.choice("expiresOn", EXPIRES_ON)? {
        changes.push(Box::new(move || simulator.set_expires_on(expires_on)));
    }
    Ok(())
}

fn lifecycle(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let id = fields.text("subscriptionId").required("subscriptionId")?;
    let event = fields.choice("event", EVENTS).required("event")?;
    fields.finish()?;
    match simulator.lifecycle(&id, event) {
        true => Ok(Value::Null),
        false => Err(Problem::not_found(
            "subscriptionId",
            "the subscription does not exist, or has no `lifecycleNotificationUrl`",
        )),
    }
}
