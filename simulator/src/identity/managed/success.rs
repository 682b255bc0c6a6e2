//! The responses that carry a token.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The forms in which App Service has sent the expiry of a token.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// use msgraph_simulator::{ExpiresOn, Simulator};
///
/// let simulator = Simulator::start().await?;
/// simulator.set_expires_on(ExpiresOn::UsDateTime);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpiresOn {
    /// Seconds since 1970, as a number: `1586984735`.
    Epoch,
    /// Seconds since 1970, as text: `"1586984735"`.
    #[default]
    EpochText,
    /// A date and time as in the US: `"04/15/2020 21:05:35 +00:00"`.
    UsDateTime,
    /// A date and time without zone: `"2020-04-15 21:05:35"`.
    DateTime,
    /// A date and time of RFC 3339: `"2020-04-15T21:05:35Z"`.
    Rfc3339,
}

impl ExpiresOn {
    pub(super) fn write(self, time: DateTime<Utc>) -> Value {
        match self {
            Self::Epoch => json!(time.timestamp()),
            Self::EpochText => json!(time.timestamp().to_string()),
            Self::UsDateTime => json!(time.format("%m/%d/%Y %H:%M:%S +00:00").to_string()),
            Self::DateTime => json!(time.format("%Y-%m-%d %H:%M:%S").to_string()),
            Self::Rfc3339 => json!(time.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

/// Returns the response of the metadata service, in which every value is text.
pub(super) fn metadata(
    token: &str,
    resource: &str,
    client_id: &str,
    begins: DateTime<Utc>,
    expires: DateTime<Utc>,
) -> Value {
    let life = (expires - begins).num_seconds().to_string();
    json!({
        "access_token": token, "refresh_token": "", "client_id": client_id, "expires_in": life,
        "ext_expires_in": life,
        "expires_on": expires.timestamp().to_string(), "not_before": begins.timestamp().to_string(),
        "resource": resource, "token_type": "Bearer",
    })
}

/// Returns the response of App Service, which has no `expires_in`.
pub(super) fn app_service(
    token: &str,
    resource: &str,
    client_id: &str,
    begins: DateTime<Utc>,
    expires_on: Value,
) -> Value {
    json!({
        "access_token": token, "client_id": client_id, "expires_on": expires_on,
        "not_before": begins.timestamp().to_string(), "resource": resource, "token_type": "Bearer",
    })
}
