//! The responses of managed identity endpoints. They resemble those of the identity platform, with
//! forms of their own.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;
use serde_json::Value;

use crate::AccessToken;
use crate::error::SignInError;
use crate::seconds::Seconds;

/// The lifetime beyond which a token is renewed at half of its life
/// (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>).
const LONG: Duration = Duration::from_secs(2 * 3600);

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: Value,
    #[serde(default)]
    expires_in: Seconds,
    #[serde(default)]
    expires_on: Value,
    #[serde(default)]
    refresh_in: Seconds,
}

/// Reads a successful response of the endpoint that is named `whose`. Returns `None` if it contains
/// no token that Graph accepts.
///
/// # Errors
///
/// Returns an error if the token's expiry in the response cannot be read.
pub(super) fn token(
    body: &[u8],
    now: SystemTime,
    whose: &str,
) -> Result<Option<AccessToken>, Box<SignInError>> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let Ok(granted) = serde_json::from_slice::<Granted>(body) else {
        return Ok(None);
    };
    let is_bearer = match &granted.token_type {
        Value::String(kind) => kind.eq_ignore_ascii_case("Bearer"),
        _ => true,
    };
    if granted.access_token.is_empty() || !is_bearer {
        return Ok(None);
    }
    let token = AccessToken::new(granted.access_token);
    // `expires_in` counts from the creation of the token, which may be hours ago. `expires_on`
    // refers to a clock that may differ from the local one. The earlier of the two is safe.
    let left = time(&granted.expires_on).map(|end| end.duration_since(now).unwrap_or_default());
    let life = granted.expires_in.time().into_iter().chain(left).min();
    let Some(life) = life else {
        let whose = format!("the response of {whose}");
        granted.expires_in.checked(&whose, "expires_in")?;
        return match Seconds::of(&granted.expires_on) {
            Seconds::Absent => Ok(Some(token)),
            _ => {
                let message = format!("{whose} has an invalid `expires_on`: it is not a time");
                Err(Box::new(SignInError::new(message)))
            }
        };
    };
    let renewal = granted
        .refresh_in
        .time()
        .or((life > LONG).then(|| life / 2));
    let token = token.expires_in(life);
    Ok(Some(match renewal {
        Some(age) => token.renew_in(age),
        None => token,
    }))
}

/// Reads a time: seconds since 1970, or a date in one of the forms that App Service has used.
fn time(value: &Value) -> Option<SystemTime> {
    if let Some(since) = Seconds::of(value).time() {
        return SystemTime::UNIX_EPOCH.checked_add(since);
    }
    let text = value.as_str()?.trim();
    let with_offset = ["%m/%d/%Y %H:%M:%S %:z", "%m/%d/%Y %I:%M:%S %p %:z"];
    let with_offset = with_offset
        .into_iter()
        .find_map(|form| DateTime::parse_from_str(text, form).ok());
    let date = DateTime::parse_from_rfc3339(text).ok().or(with_offset);
    let date = date.map(|date| date.to_utc()).or_else(|| {
        let date = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
        Some(date.and_utc())
    })?;
    let since = u64::try_from(date.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since))
}

#[cfg(test)]
mod tests {
    use crate::moment::Moment;
    use serde_json::json;

    use super::*;

    /// The test's current time, 2026-01-02 03:04:05Z.
    const NOW: u64 = 1_767_323_045;

    fn read(response: &Value, now: SystemTime) -> Result<Option<AccessToken>, Box<SignInError>> {
        token(response.to_string().as_bytes(), now, "IMDS")
    }

    /// Returns the lifetime of a token and the age at which it is renewed, in seconds.
    fn times(response: Value) -> (Option<u64>, Option<u64>) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let token = read(&response, now).expect("valid times").expect("a token");
        assert_eq!(token.secret().expose(), "t");
        // The result is rounded, because the wall clock advances in between.
        let left = |at: Moment| at.since(Moment::now()).as_secs_f64().round() as u64;
        (token.end().map(left), token.renewal().map(left))
    }

    #[tokio::test(start_paused = true)]
    async fn expiry_is_read_in_every_form() {
        let hour = (Some(3600), None);
        for response in [
            json!({ "expires_in": "3600" }),
            json!({ "expires_in": 3600 }),
            json!({ "expires_on": (NOW + 3600).to_string() }),
            json!({ "expires_on": NOW + 3600 }),
            json!({ "expires_on": "01/02/2026 04:04:05 +00:00" }),
            json!({ "expires_on": "1/2/2026 4:04:05 AM +00:00" }),
            json!({ "expires_on": "2026-01-02 04:04:05" }),
            json!({ "expires_on": "2026-01-02T04:04:05Z" }),
            json!({ "expires_on": "2026-01-02T05:04:05+01:00" }),
            // The earlier of two times counts, and an unreadable one is ignored.
            json!({ "expires_in": "86399", "expires_on": (NOW + 3600).to_string() }),
            json!({ "expires_in": 3600, "expires_on": NOW + 86399 }),
            json!({ "expires_in": 3600, "expires_on": "tomorrow" }),
            json!({ "expires_in": null, "expires_on": NOW + 3600, "refresh_in": "" }),
        ] {
            let mut whole = response.clone();
            whole["access_token"] = json!("t");
            assert_eq!(times(whole), hour, "{response}");
        }
        assert_eq!(times(json!({ "access_token": "t" })), (None, None));
        let over = json!({ "access_token": "t", "expires_on": NOW - 1 });
        assert_eq!(times(over), (Some(0), None));
    }

    #[test]
    fn unreadable_expiry_is_an_error() {
        for (mut response, wrong) in [
            (
                json!({ "expires_in": -5 }),
                "`expires_in`: it is negative (-5)",
            ),
            (
                json!({ "expires_in": "soon" }),
                "`expires_in`: it is not a number",
            ),
            (
                json!({ "expires_on": "tomorrow" }),
                "`expires_on`: it is not a time",
            ),
            (
                json!({ "expires_on": -5 }),
                "`expires_on`: it is not a time",
            ),
        ] {
            response["access_token"] = json!("t");
            let error = read(&response, SystemTime::now())
                .expect_err("an error")
                .to_string();
            assert!(error.contains(wrong), "{response}: {error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn huge_expiry_is_clamped() {
        let years = Some(10 * 365 * 24 * 3600);
        let far = |mut response: Value| {
            response["access_token"] = json!("t");
            times(response).0
        };
        assert_eq!(far(json!({ "expires_in": 1_000_000_000_000_u64 })), years);
        assert_eq!(far(json!({ "expires_on": u64::MAX })), years);
        assert_eq!(
            far(json!({ "expires_in": 1e300, "expires_on": "1e300" })),
            years
        );
    }

    #[tokio::test(start_paused = true)]
    async fn long_lived_token_is_renewed_at_half_life() {
        let lives = |life: u64| times(json!({ "access_token": "t", "expires_in": life }));
        assert_eq!(lives(7200), (Some(7200), None));
        assert_eq!(lives(7202), (Some(7202), Some(3601)));
        assert_eq!(lives(86400), (Some(86400), Some(43200)));
        let said = json!({ "access_token": "t", "expires_in": 86400, "refresh_in": "60" });
        assert_eq!(times(said), (Some(86400), Some(60)));
    }

    #[test]
    fn response_without_token_is_an_error() {
        for response in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":["t"]}"#,
            r#"{"access_token":"t","token_type":"pop"}"#,
            r#"{"access_token":"t""#,
        ] {
            assert!(
                token(response.as_bytes(), SystemTime::now(), "IMDS")
                    .unwrap()
                    .is_none(),
                "{response}"
            );
        }
        let odd = "\u{feff}{\"access_token\":\"t\",\"token_type\":\"bearer\"}";
        assert!(
            token(odd.as_bytes(), SystemTime::now(), "IMDS")
                .unwrap()
                .is_some()
        );
    }
}
