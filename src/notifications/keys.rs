//! The keys with which the identity platform signs.
//!
//! [OpenID Connect Discovery 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html) says where they are,
//! [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) how they are written.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};
use rsa::pkcs1v15::VerifyingKey;
use rsa::sha2::Sha256;
use rsa::{BoxedUint, PublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::call::{Request, Settings};
use crate::error::{NotificationError, NotificationErrorKind, TransportError};
use crate::{Graph, Result};

/// How long keys are taken for current. The platform publishes new ones long before it signs with them.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// An unknown key is asked for at most so often: whoever makes up tokens must not make the receiver ask for each.
const PAUSE: Duration = Duration::from_secs(5 * 60);

pub(super) type Key = Arc<VerifyingKey<Sha256>>;

/// The keys, asked for when one is needed that is not known, by one caller for all that wait.
pub(super) struct SigningKeys {
    graph: Graph,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Key>,
    since: Option<Instant>,
}

#[derive(Deserialize)]
struct Configuration {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<PublishedKey>,
}

#[derive(Deserialize)]
struct PublishedKey {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl SigningKeys {
    pub(super) fn new(graph: Graph) -> Self {
        Self {
            graph,
            known: Mutex::default(),
        }
    }

    /// # Errors
    ///
    /// [`NotificationErrorKind::UnknownKey`] for one that is not published;
    /// [`Error::Api`](crate::Error::Api) and [`Error::Transport`](crate::Error::Transport) when the platform cannot be asked.
    pub(super) async fn get(&self, id: &str) -> Result<Key> {
        let mut known = self.known.lock().await;
        let age = known.since.map(|since| since.elapsed());
        let key = known.keys.get(id).cloned();
        let may_ask = match key {
            Some(_) => age.is_none_or(|age| age > FRESH),
            None => age.is_none_or(|age| age > PAUSE),
        };
        if !may_ask {
            return key.ok_or_else(unknown);
        }
        match (self.fetch().await, key) {
            (Ok(keys), _) => {
                known.keys = keys;
                known.since = Some(Instant::now());
                known.keys.get(id).cloned().ok_or_else(unknown)
            }
            // A key that was good yesterday is better than none.
            (Err(_), Some(key)) => Ok(key),
            (Err(error), None) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>> {
        let login = self.graph.cloud().login().trim_end_matches('/');
        let address = format!("{login}/common/.well-known/openid-configuration");
        let configuration: Configuration = self.read(address.clone()).await?;
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        if origin(&configuration.jwks_uri) != origin(&address) {
            let message =
                "the keys of the identity platform are said to be at another host than its own";
            return Err(TransportError::new(message).into());
        }
        let set: KeySet = self.read(configuration.jwks_uri).await?;
        Ok(set
            .keys
            .into_iter()
            .filter_map(PublishedKey::read)
            .collect())
    }

    async fn read<T: DeserializeOwned>(&self, url: String) -> Result<T> {
        let request = Request {
            method: Method::GET,
            url,
            template: "{openid-configuration}".to_owned(),
            facts: None,
            headers: HeaderMap::new(),
            body: None,
            // Graph waits for its answer and sends the notification again; nothing is won by waiting here.
            settings: Settings::one_try(None),
        };
        let answer = self.graph.open_elsewhere(request).await?.read().await?;
        answer.json()
    }
}

impl PublishedKey {
    /// `None` for a key of another kind, which signs no validation token.
    fn read(self) -> Option<(String, Key)> {
        let is_for_signatures = self.purpose.is_none_or(|purpose| purpose == "sig");
        if self.kty != "RSA" || !is_for_signatures {
            return None;
        }
        let number = |text: Option<String>| {
            let bytes = BASE64_URL_SAFE_NO_PAD
                .decode(text?.trim_end_matches('='))
                .ok()?;
            Some(BoxedUint::from_be_slice_vartime(&bytes))
        };
        // Keys that are too short to be safe are none.
        let key = PublicKey::new(number(self.n)?, number(self.e)?).ok()?;
        Some((self.kid?, Arc::new(VerifyingKey::new(key))))
    }
}

fn unknown() -> crate::Error {
    NotificationError::new(
        NotificationErrorKind::UnknownKey,
        "a validation token is signed with a key that the identity platform does not publish",
    )
    .into()
}
