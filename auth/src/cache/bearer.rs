//! The `Authorization` header of an access token.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::super::AccessToken;
use super::super::moment::Moment;
use super::super::secret;
use super::super::session::RevocationFlag;
use crate::Result;
use crate::error::SignInError;

/// The time before its expiry at which a token is renewed.
pub(super) const RENEWED_BEFORE_END: Duration = Duration::from_secs(5 * 60);

/// The earliest age at which a token is renewed, even if the response names an earlier time.
/// Without it, `refresh_in: 0` would cause a token request for each call.
const LEAST_AGE: Duration = Duration::from_secs(5 * 60);

/// An access token as a header value, prepared once for all requests.
#[derive(Clone)]
pub struct Bearer {
    header: HeaderValue,
    end: Option<Moment>,
    renewal: Option<Moment>,
    /// The claims challenge that the token was requested for.
    claims: Option<Arc<str>>,
    /// The session that the token belongs to.
    life: Option<RevocationFlag>,
}

impl Bearer {
    pub(super) fn new(token: &AccessToken, claims: Option<Arc<str>>) -> Result<Self> {
        // Tokens from files and command lines often end with a line feed.
        let text = token.secret().expose().trim();
        if text.is_empty() {
            return Err(SignInError::new("the token provider returned an empty token").into());
        }
        if text
            .get(..7)
            .is_some_and(|word| word.eq_ignore_ascii_case("Bearer "))
        {
            return Err(SignInError::new(
                "the token begins with the word `Bearer`: pass only the token",
            )
            .into());
        }
        let value = secret::joined(&["Bearer ", text]);
        let mut header = HeaderValue::from_str(&value).map_err(|_| {
            SignInError::new("the token contains characters that an HTTP header cannot contain")
        })?;
        header.set_sensitive(true);
        let now = Moment::now();
        let end = token.end();
        let life = end.map(|end| end.since(now));
        // A token with a short life is renewed in the second half of it. Otherwise it would be
        // renewed with each call.
        let latest = life.map(|life| (life / 2).max(life.saturating_sub(RENEWED_BEFORE_END)));
        let earliest = life.map_or(LEAST_AGE, |life| LEAST_AGE.min(life / 2));
        let said = token.renewal().map(|renewal| renewal.since(now));
        let age = said.into_iter().chain(latest).min();
        let renewal = age.map(|age| now.after(age.max(earliest)));
        Ok(Self {
            header,
            end,
            renewal,
            claims,
            life: token.life().cloned(),
        })
    }

    /// Returns the value of the `Authorization` header, marked as sensitive.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// Returns the token alone.
    #[cfg(feature = "azure")]
    pub fn text(&self) -> &str {
        let text = self.header.to_str().unwrap_or_default();
        text.strip_prefix("Bearer ").unwrap_or(text)
    }

    #[cfg(feature = "azure")]
    pub fn end(&self) -> Option<Moment> {
        self.end
    }

    pub fn is_same(&self, other: &Self) -> bool {
        self.header == other.header
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.renewal.is_some_and(|renewal| renewal.has_come(now))
    }

    pub(super) fn lives(&self, now: Moment) -> bool {
        !self.has_expired(now) && !self.has_ended()
    }

    /// Checks whether the token has expired. It may have expired already when it arrived.
    pub(super) fn has_expired(&self, now: Moment) -> bool {
        self.end.is_some_and(|end| end.has_come(now))
    }

    /// Returns the same token with another expiry.
    pub(super) fn ending_at(self, end: Moment) -> Self {
        Self {
            end: Some(end),
            renewal: Some(end),
            ..self
        }
    }

    /// Checks whether the session of the token, and so the token itself, has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.life.as_ref().is_some_and(RevocationFlag::has_ended)
    }

    pub(super) fn responses(&self, claims: Option<&Arc<str>>) -> bool {
        claims.is_none() || self.claims.as_ref() == claims
    }
}
