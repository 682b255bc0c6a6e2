//! Access tokens: how they are issued, revoked, and checked.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::Identity;
use crate::ids::Ids;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

/// Graph's own application id, which is an audience of its tokens as well.
const GRAPH_APPLICATION: &str = "00000003-0000-0000-c000-000000000000";

/// The audience of the global cloud.
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";

/// An access token that was issued.
pub(super) struct AccessToken {
    pub(super) audience: String,
    pub(super) caller: Caller,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) revoked: bool,
    /// `true` if the client declared that it can handle a claims challenge.
    capable: bool,
}

/// The content of an access token that is to be issued.
pub(crate) struct Issue<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) client: &'a str,
    pub(crate) caller: Caller,
    pub(crate) capable: bool,
}

impl Identity {
    /// Issues an access token.
    pub(crate) fn issue(&mut self, ids: &mut Ids, now: DateTime<Utc>, token: Issue<'_>) -> String {
        let expires_at = self.expiry(now);
        let mut claims = json!({
            "aud": token.audience, "iss": format!("https://sts.windows.net/{}/", token.tenant_id),
            "iat": now.timestamp(), "nbf": now.timestamp(), "exp": expires_at.timestamp(),
            "appid": token.client,
            "tid": token.tenant_id, "ver": "1.0", "uti": ids.secret(16),
        });
        let kind = match token.caller {
            Caller::Application => {
                json!({ "idtyp": "app", "roles": ["Directory.ReadWrite.All", "Mail.ReadWrite"] })
            }
            Caller::User(_) => {
                json!({
                    "idtyp": "user", "scp": "Directory.ReadWrite.All Mail.ReadWrite User.Read",
                })
            }
        };
        if let (Some(claims), Some(kind)) = (claims.as_object_mut(), kind.as_object()) {
            claims.extend(kind.clone());
        }
        // Graph's access tokens look like a JWT, but a client must not depend on it.
        let header =
            json!({ "typ": "JWT", "nonce": ids.secret(24), "alg": "RS256", "kid": ids.secret(20) });
        let encode = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}.{}", encode(&header), encode(&claims), ids.secret(64));
        let Issue {
            audience,
            caller,
            capable,
            ..
        } = token;
        let token = AccessToken {
            audience: audience.to_owned(),
            caller,
            expires_at,
            revoked: false,
            capable,
        };
        self.access.insert(text.clone(), token);
        text
    }

    /// Returns the expiry of a token that is issued now.
    pub(super) fn expiry(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let lifetime = TimeDelta::from_std(self.lifetime).unwrap_or(TimeDelta::MAX);
        now.checked_add_signed(lifetime)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Returns the token of this text, if it was issued here.
    pub(super) fn issued(&self, text: &str) -> Option<&AccessToken> {
        self.access.get(text)
    }

    /// Revokes all access tokens before they expire.
    pub(crate) fn revoke(&mut self) {
        self.access
            .values_mut()
            .for_each(|token| token.revoked = true);
    }

    /// Revokes a user's access tokens before they expire.
    pub(super) fn revoke_of(&mut self, user: Id) {
        self.access
            .values_mut()
            .filter(|token| token.caller == Caller::User(user))
            .for_each(|token| token.revoked = true);
    }

    /// Lets all access tokens expire.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        self.access
            .values_mut()
            .for_each(|token| token.expires_at = now);
    }

    /// Returns the caller who sends a request with this `Authorization` header.
    pub(crate) fn authorize(
        &self,
        header: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Caller, Refusal> {
        let refuse = |message: &str| Err(Refusal::token(message, self.challenge(None)));
        let Some(header) = header.map(str::trim).filter(|header| !header.is_empty()) else {
            return refuse("Access token is empty.");
        };
        let text = header.split_once(' ').map_or("", |(_, text)| text.trim());
        if text.is_empty() {
            return refuse("UnableToParseTokens");
        }
        if text.split('.').count() != 3 {
            return refuse(
                "Protocol 'Bearer' failed to validate because The token could not be read.",
            );
        }
        let Some(token) = self.access.get(text) else {
            return refuse("Access token validation failure. Invalid signature.");
        };
        if !self.is_graph(&token.audience) {
            return refuse("Access token validation failure. Invalid audience.");
        }
        if token.expires_at <= now {
            return refuse("Lifetime validation failed, the token is expired.");
        }
        if token.revoked {
            let claims = format!(
                "{{\"access_token\":{{\"nbf\":{{\"essential\":true, \"value\":\"{}\"}}}}}}",
                now.timestamp()
            );
            let claims = token.capable.then_some(claims);
            let message = "Continuous access evaluation resulted in challenge with result: \
                           InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";
            return Err(Refusal::token(message, self.challenge(claims.as_deref())));
        }
        Ok(token.caller)
    }

    /// Checks whether tokens of this audience are for Graph.
    pub(super) fn is_graph(&self, audience: &str) -> bool {
        let audience = audience.strip_suffix('/').unwrap_or(audience);
        audience == GRAPH
            || audience == GRAPH_APPLICATION
            || self.audiences.iter().any(|own| own == audience)
    }

    /// Returns the value of `WWW-Authenticate`. With claims, it requests a token that has these
    /// claims.
    pub(crate) fn challenge(&self, claims: Option<&str>) -> String {
        let plain = format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", \
             client_id=\"{GRAPH_APPLICATION}\"",
            self.host
        );
        match claims {
            Some(claims) => {
                format!(
                    "{plain}, error=\"insufficient_claims\", claims=\"{}\"",
                    STANDARD.encode(claims)
                )
            }
            None => plain,
        }
    }
}
