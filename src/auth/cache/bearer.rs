//! A token as it goes into a request.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::super::Token;
use super::super::moment::Moment;
use super::super::secret;
use super::super::session::Life;
use crate::Result;
use crate::error::SignInError;

/// How long before its end a token is renewed.
pub(super) const RENEWED_BEFORE_END: Duration = Duration::from_secs(5 * 60);

/// The age at which a token is renewed at the earliest, whatever the response said. Without it,
/// `refresh_in: 0` would be a token request for each call.
const LEAST_AGE: Duration = Duration::from_secs(5 * 60);

/// A token as it goes into a request, prepared once for all requests.
#[derive(Clone)]
pub(crate) struct Bearer {
    header: HeaderValue,
    end: Option<Moment>,
    renewal: Option<Moment>,
    /// The challenge that it was to answer.
    claims: Option<Arc<str>>,
    /// The session that it is of.
    life: Option<Life>,
}

impl Bearer {
    pub(super) fn new(token: &Token, claims: Option<Arc<str>>) -> Result<Self> {
        // Files and command lines bring a line feed along.
        let text = token.secret().expose().trim();
        if text.is_empty() {
            return Err(SignInError::new("the token provider gave an empty token").into());
        }
        if text
            .get(..7)
            .is_some_and(|word| word.eq_ignore_ascii_case("Bearer "))
        {
            return Err(SignInError::new(
                "the token begins with the word `Bearer`: give the token alone",
            )
            .into());
        }
        let value = secret::joined(&["Bearer ", text]);
        let mut header = HeaderValue::from_str(&value)
            .map_err(|_| SignInError::new("the token holds characters that no header can"))?;
        header.set_sensitive(true);
        let now = Moment::now();
        let end = token.end();
        let life = end.map(|end| end.since(now));
        // Of a token that lives shortly, the second half: else it would be renewed with each call.
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

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// The token alone.
    #[cfg(feature = "azure")]
    pub(crate) fn text(&self) -> &str {
        let text = self.header.to_str().unwrap_or_default();
        text.strip_prefix("Bearer ").unwrap_or(text)
    }

    #[cfg(feature = "azure")]
    pub(crate) fn end(&self) -> Option<Moment> {
        self.end
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.header == other.header
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.renewal.is_some_and(|renewal| renewal.has_come(now))
    }

    pub(super) fn lives(&self, now: Moment) -> bool {
        !self.has_expired(now) && !self.has_ended()
    }

    /// Whether it had expired already when it came.
    pub(super) fn has_expired(&self, now: Moment) -> bool {
        self.end.is_some_and(|end| end.has_come(now))
    }

    /// The same token with another end.
    pub(super) fn ending_at(self, end: Moment) -> Self {
        Self {
            end: Some(end),
            renewal: Some(end),
            ..self
        }
    }

    /// Whether the session that it is of has ended, and it with it.
    pub(super) fn has_ended(&self) -> bool {
        self.life.as_ref().is_some_and(Life::has_ended)
    }

    pub(super) fn answers(&self, claims: Option<&Arc<str>>) -> bool {
        claims.is_none() || self.claims.as_ref() == claims
    }
}
