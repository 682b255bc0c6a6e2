//! The identity platform: who may ask for tokens, and which tokens there are.

mod endpoint;

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::ids::Ids;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

/// Graph's own application id, which is an audience of its tokens as well.
const GRAPH_APPLICATION: &str = "00000003-0000-0000-c000-000000000000";

/// The audience of the global cloud.
const GRAPH: &str = "https://graph.microsoft.com";

/// Whether the answers to a refresh token carry a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshTokens {
    /// Each answer carries a new one, and the old one stays good: what Microsoft Entra does.
    #[default]
    Renewed,
    /// Each answer carries a new one, and the old one is dead from then on.
    SingleUse,
    /// No answer carries one; the old one stays good.
    Kept,
}

/// An application that may sign in.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// `None`: a public client, which has no secret.
    pub(crate) secret: Option<String>,
}

/// A token that was issued.
struct AccessToken {
    audience: String,
    caller: Caller,
    expires_at: DateTime<Utc>,
    revoked: bool,
    /// Whether the client said that it can handle a claims challenge.
    capable: bool,
}

struct RefreshToken {
    client: String,
    user: Id,
    state: Grant,
}

/// Whether a refresh token is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Good,
    Idle,
    Revoked,
}

/// The tenant's part of the identity platform.
pub(crate) struct Identity {
    pub(crate) tenant_id: String,
    pub(crate) domain: String,
    pub(crate) clients: Vec<Client>,
    /// The id of the confidential client, which stands for the application.
    pub(crate) application: String,
    /// How long an access token lives.
    pub(crate) lifetime: Duration,
    pub(crate) refresh_tokens: RefreshTokens,
    /// Whether `expires_in` is sent as text, as managed identity does.
    pub(crate) text_lifetime: bool,
    /// Where the simulator listens: another name of its audience.
    pub(crate) host: String,
    tokens: HashMap<String, AccessToken>,
    grants: HashMap<String, RefreshToken>,
}

impl Identity {
    pub(crate) fn new(tenant_id: &str, domain: &str, clients: Vec<Client>, host: &str) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            domain: domain.to_owned(),
            application: clients
                .first()
                .map_or(String::new(), |client| client.id.clone()),
            clients,
            lifetime: Duration::from_secs(3599),
            refresh_tokens: RefreshTokens::default(),
            text_lifetime: false,
            host: host.to_owned(),
            tokens: HashMap::new(),
            grants: HashMap::new(),
        }
    }

    /// The endpoints of a tenant.
    pub(crate) fn configuration(&self, host: &str, tenant: &str) -> Value {
        let base = format!("{host}/{tenant}");
        json!({
            "issuer": format!("https://login.microsoftonline.com/{}/v2.0", self.tenant_id),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_types_supported": ["code", "id_token", "code id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "EU",
        })
    }

    /// Issues an access token.
    pub(crate) fn issue(&mut self, ids: &mut Ids, now: DateTime<Utc>, token: Issue<'_>) -> String {
        let lifetime = TimeDelta::from_std(self.lifetime).unwrap_or(TimeDelta::MAX);
        let expires_at = now
            .checked_add_signed(lifetime)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let mut claims = json!({
            "aud": token.audience, "iss": format!("https://sts.windows.net/{}/", self.tenant_id),
            "iat": now.timestamp(), "nbf": now.timestamp(), "exp": expires_at.timestamp(), "appid": token.client,
            "tid": self.tenant_id, "ver": "1.0", "uti": ids.secret(16),
        });
        let kind = match token.caller {
            Caller::Application => {
                json!({ "idtyp": "app", "roles": ["Directory.ReadWrite.All", "Mail.ReadWrite"] })
            }
            Caller::User(_) => {
                json!({ "idtyp": "user", "scp": "Directory.ReadWrite.All Mail.ReadWrite User.Read" })
            }
        };
        if let (Some(claims), Some(kind)) = (claims.as_object_mut(), kind.as_object()) {
            claims.extend(kind.clone());
        }
        // Graph's access tokens look like a JWT, and no client may rely on it.
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
        self.tokens.insert(text.clone(), token);
        text
    }

    /// Issues a refresh token.
    pub(crate) fn grant(&mut self, ids: &mut Ids, client: &str, user: Id) -> String {
        let text = format!("0.AX{}", ids.secret(96));
        self.grants.insert(
            text.clone(),
            RefreshToken {
                client: client.to_owned(),
                user,
                state: Grant::Good,
            },
        );
        text
    }

    /// Ends all access tokens before their time.
    pub(crate) fn revoke(&mut self) {
        self.tokens
            .values_mut()
            .for_each(|token| token.revoked = true);
    }

    /// Lets all access tokens run out.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        self.tokens
            .values_mut()
            .for_each(|token| token.expires_at = now);
    }

    /// Ends all refresh tokens, as a user's administrator does.
    pub(crate) fn revoke_grants(&mut self) {
        self.grants
            .values_mut()
            .for_each(|grant| grant.state = Grant::Revoked);
    }

    /// Lets all refresh tokens run out, as 90 days without use do.
    pub(crate) fn expire_grants(&mut self) {
        self.grants
            .values_mut()
            .for_each(|grant| grant.state = Grant::Idle);
    }

    /// Who sends a request with this `Authorization` header.
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
        let Some(token) = self.tokens.get(text) else {
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
            let message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                           TokenIssuedBeforeRevocationTimestamp";
            return Err(Refusal::token(message, self.challenge(claims.as_deref())));
        }
        Ok(token.caller)
    }

    /// Whether tokens of this audience are for Graph.
    fn is_graph(&self, audience: &str) -> bool {
        let audience = audience.strip_suffix('/').unwrap_or(audience);
        audience == GRAPH || audience == GRAPH_APPLICATION || audience == self.host
    }

    /// The value of `WWW-Authenticate`; with claims, the one that asks for a token that has them.
    pub(crate) fn challenge(&self, claims: Option<&str>) -> String {
        let plain = format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", client_id=\"{GRAPH_APPLICATION}\"",
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

/// What an access token is to say.
pub(crate) struct Issue<'a> {
    pub(crate) audience: &'a str,
    pub(crate) client: &'a str,
    pub(crate) caller: Caller,
    pub(crate) capable: bool,
}
