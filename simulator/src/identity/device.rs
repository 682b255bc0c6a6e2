//! The device code flow: a user enters a code elsewhere, and the device polls until they have done
//! so.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};

use super::client::Proof;
use super::endpoint::{Ask, Granted};
use super::form::{Form, is_capable};
use super::scope::Scopes;
use super::{Identity, Platform, SignInError};
use crate::request::Request;
use crate::store::Id;

/// The time in which a code can be entered.
const LIFE: TimeDelta = TimeDelta::minutes(15);

/// The time by which the interval grows for a device that polls too often (RFC 8628, 3.5).
const SLOWER: TimeDelta = TimeDelta::seconds(5);

/// The address at which the code is entered.
const ENTRY: &str = "https://microsoft.com/devicelogin";

/// The characters of codes, without those that look like others.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The devices that poll, and how often they may.
pub(crate) struct Devices {
    waiting: Vec<Device>,
    /// The time between two polls. With zero, a device may poll as often as it likes.
    pub(crate) interval: Duration,
    /// The number of polls that get `slow_down`, however late they come.
    pub(crate) slow_downs: u32,
}

impl Default for Devices {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            interval: Duration::from_secs(5),
            slow_downs: 0,
        }
    }
}

struct Device {
    device_code: String,
    user_code: String,
    client: String,
    scopes: Scopes,
    claims: Value,
    expires_at: DateTime<Utc>,
    interval: TimeDelta,
    asked_at: Option<DateTime<Utc>>,
    state: State,
}

/// The state of a device code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Pending,
    Approved(Id),
    Declined,
    /// Tokens were issued.
    Used,
}

impl Device {
    /// Checks whether the device polls too early, which makes its interval longer from then on. The
    /// first poll is never early.
    fn is_early(&mut self, now: DateTime<Utc>) -> bool {
        // A time that the clock cannot represent is never reached.
        let early = self.asked_at.is_some_and(|before| {
            let next = before.checked_add_signed(self.interval);
            next.is_none_or(|next| now < next)
        });
        self.asked_at = Some(now);
        if early {
            self.interval = self.interval.checked_add(&SLOWER).unwrap_or(TimeDelta::MAX);
        }
        early
    }
}

impl Devices {
    /// Returns the device whose code can still be entered.
    fn pending(&mut self, user_code: &str, now: DateTime<Utc>) -> Option<&mut Device> {
        self.waiting.iter_mut().find(|device| {
            device.user_code.eq_ignore_ascii_case(user_code)
                && device.state == State::Pending
                && now < device.expires_at
        })
    }

    /// Returns the codes that can still be entered.
    pub(crate) fn waiting(&self, now: DateTime<Utc>) -> Vec<String> {
        let waiting = self.waiting.iter();
        let waiting =
            waiting.filter(|device| device.state == State::Pending && now < device.expires_at);
        waiting.map(|device| device.user_code.clone()).collect()
    }

    /// Handles a poll with this device code. Returns the user who has approved it, or an error if
    /// no user has.
    fn ask(
        &mut self,
        device_code: &str,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<(Id, &Device), SignInError> {
        let mut devices = self.waiting.iter_mut();
        let device = devices
            .find(|device| device.device_code == device_code && device.client == client)
            .ok_or_else(|| not_valid("bad_verification_code", 70_018, "The code is unknown."))?;
        if now >= device.expires_at {
            let why = "This device code has expired.";
            return Err(not_valid("expired_token", 70_020, why));
        }
        // Microsoft has no number of its own for `slow_down`. A client that reads only the number
        // polls too often.
        let early = device.is_early(now);
        if self.slow_downs > 0 || early {
            self.slow_downs = self.slow_downs.saturating_sub(1);
            return Err(waiting("slow_down", "The client polls too often."));
        }
        let spent = "This device code was used or declined already.";
        match device.state {
            State::Approved(user) => Ok((user, device)),
            State::Pending => Err(waiting(
                "authorization_pending",
                "Authorization is pending. Continue polling.",
            )),
            State::Declined => Err(not_valid("authorization_declined", 90_120, spent)),
            State::Used => Err(not_valid("expired_token", 90_120, spent)),
        }
    }

    /// Marks the device code as used, because the tokens were issued.
    fn finish(&mut self, device_code: &str) {
        let mut devices = self.waiting.iter_mut();
        if let Some(device) = devices.find(|device| device.device_code == device_code) {
            device.state = State::Used;
        }
    }

    pub(crate) fn decline(&mut self, user_code: &str, now: DateTime<Utc>) -> bool {
        let device = self.pending(user_code, now);
        device
            .map(|device| device.state = State::Declined)
            .is_some()
    }
}

impl Identity {
    /// Enters the code for a user. The user then fulfils the claims that the device requested.
    pub(crate) fn approve_device(&mut self, user_code: &str, user: Id, now: DateTime<Utc>) -> bool {
        let Some(device) = self.devices.pending(user_code, now) else {
            return false;
        };
        device.state = State::Approved(user);
        let claims = device.claims.clone();
        self.fulfil(user, &claims);
        true
    }
}

/// Returns the error for a code that no user has entered yet.
fn waiting(error: &str, why: &str) -> SignInError {
    let what = "OAuth 2.0 device flow error.";
    SignInError::new(error, 70_016, format!("{what} {why}"))
}

/// Returns the error for a code that is invalid, or no longer valid.
fn not_valid(error: &str, code: u32, why: &str) -> SignInError {
    let what = "The provided value for the input parameter 'device_code' is not valid.";
    SignInError::new(error, code, format!("{what} {why}"))
}

impl Platform<'_> {
    /// Handles `POST /{tenant}/oauth2/v2.0/devicecode`. A client that is not allowed to use this
    /// flow gets the error when it requests tokens.
    pub(super) fn device_code(
        &mut self,
        request: &Request,
        tenant: &str,
    ) -> Result<Value, SignInError> {
        if request.method != Method::POST {
            return Err(SignInError::method("POST", &request.method));
        }
        let form = Form::body(request);
        self.any_tenant(tenant)?;
        let client = self.known_client(form.require("client_id")?)?;
        let scopes = Scopes::read(form.require("scope")?);
        self.user_audience(&scopes)?;
        let claims = form.claims()?;
        let user_code: String = self
            .ids
            .secret(9)
            .bytes()
            .take(9)
            .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
            .map(|letter| char::from(*letter))
            .collect();
        let device_code = format!("FAQABAAEAAAD{}", self.ids.secret(64));
        let devices = &mut self.identity.devices;
        let interval = devices.interval;
        devices.waiting.push(Device {
            device_code: device_code.clone(),
            user_code: user_code.clone(),
            client: client.id,
            scopes,
            claims,
            expires_at: self.now + LIFE,
            interval: TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX),
            asked_at: None,
            state: State::Pending,
        });
        Ok(json!({
            "user_code": user_code, "device_code": device_code, "verification_uri": ENTRY,
            "expires_in": LIFE.num_seconds(), "interval": interval.as_secs(),
            "message": format!("To sign in, use a web browser to open the page {ENTRY} and enter \
                                the code {user_code} to authenticate."),
        }))
    }

    /// Handles a token request of a device, which polls for the approval of its code.
    pub(super) fn poll(&mut self, ask: &Ask<'_>) -> Result<Value, SignInError> {
        let client = self.asking(ask, Proof::IfItHasAny)?;
        let device_code = ask.form.require("device_code")?;
        let devices = &mut self.identity.devices;
        let (user, device) = devices.ask(device_code, &client.id, self.now)?;
        let (scopes, capable) = (device.scopes.clone(), is_capable(&device.claims));
        self.check_consent()?;
        let granted = Granted {
            client: &client,
            user,
            scopes: &scopes,
            nonce: None,
            capable,
            renewable: scopes.has("offline_access"),
        };
        let answer = self.grant_answer(ask, &granted)?;
        self.identity.devices.finish(device_code);
        Ok(answer)
    }
}
