//! The endpoints of the identity platform, by their paths.

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::json;

use super::JSON;
use super::managed::Source;
use super::redirect::page;
use crate::answer::Answer;

/// An endpoint of the identity platform. Most belong to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door<'a> {
    Token(&'a str),
    DeviceCode(&'a str),
    Authorize(&'a str),
    AdminConsent(&'a str),
    SignOut(&'a str),
    /// The metadata that a tenant publishes: its endpoints.
    Configuration(&'a str),
    /// The metadata of the clouds, by which libraries check an authority.
    Instance,
    /// The keys with which tokens are signed, the same for all tenants.
    Keys,
    Managed(Source),
}

impl<'a> Door<'a> {
    pub(crate) fn at(path: &'a str) -> Option<Self> {
        if let Some(source) = Source::at(path) {
            return Some(Self::Managed(source));
        }
        let (tenant, rest) = path.strip_prefix('/')?.split_once('/')?;
        match rest {
            "oauth2/v2.0/token" => Some(Self::Token(tenant)),
            "oauth2/v2.0/devicecode" => Some(Self::DeviceCode(tenant)),
            "oauth2/v2.0/authorize" => Some(Self::Authorize(tenant)),
            "oauth2/v2.0/logout" => Some(Self::SignOut(tenant)),
            "v2.0/adminconsent" => Some(Self::AdminConsent(tenant)),
            "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration" => {
                Some(Self::Configuration(tenant))
            }
            "discovery/instance" => Some(Self::Instance),
            "discovery/v2.0/keys" | "discovery/keys" => Some(Self::Keys),
            _ => None,
        }
    }

    /// Returns the form of errors at this endpoint.
    pub(crate) fn manner(self) -> Manner {
        match self {
            Self::Token(_)
            | Self::DeviceCode(_)
            | Self::Configuration(_)
            | Self::Instance
            | Self::Keys => Manner::Platform,
            Self::Authorize(_) | Self::AdminConsent(_) | Self::SignOut(_) => Manner::Page,
            Self::Managed(source) => Manner::Managed(source),
        }
    }
}

/// The form in which a service sends its own errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Graph,
    /// The JSON of OAuth, with an AADSTS number.
    Platform,
    /// A page for users.
    Page,
    Managed(Source),
}

/// Returns the response that the platform's endpoints send with an error status of their own.
pub(crate) fn problem(status: StatusCode, now: DateTime<Utc>, id: &str) -> Answer {
    let (error, code) = trouble(status);
    let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let body = json!({
        "error": error, "error_codes": [code], "timestamp": timestamp,
        "error_description": format!("AADSTS{code}: {TRANSIENT}\r\nTrace ID: {id}\r\nCorrelation \
                                      ID: {id}\r\nTimestamp: {timestamp}"),
        "trace_id": id, "correlation_id": id,
    });
    Answer::bytes(status, JSON, body.to_string())
}

/// Returns the page that a browser shows for such an error.
pub(crate) fn problem_page(status: StatusCode) -> Answer {
    let (_, code) = trouble(status);
    let title = "Sorry, but we’re having trouble signing you in.";
    page(status, title, &format!("AADSTS{code}: {TRANSIENT}"))
}

const TRANSIENT: &str = "A transient error has occurred. Please try again.";

fn trouble(status: StatusCode) -> (&'static str, u32) {
    match status {
        StatusCode::TOO_MANY_REQUESTS => ("temporarily_unavailable", 90_055),
        _ => ("server_error", 90_033),
    }
}
