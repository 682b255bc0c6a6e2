//! The keys with which the identity platform signs tokens.
//!
//! [OpenID Connect Discovery 1.0](https://openid.net/specs/openid-connect-discovery-1_0.html)
//! defines how to find the keys, and [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) defines
//! their format.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, Method};
use rsa::pkcs1v15::VerifyingKey;
use rsa::sha2::Sha256;
use rsa::{BoxedUint, PublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use url::Url;

use crate::call::{Request, Settings};
use crate::error::{NotificationError, NotificationErrorKind, TransportError};
use crate::transport::Backoff;
use crate::{Error, Graph, Result};

/// The time for which keys count as current. The platform publishes new keys long before it signs
/// with them.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause between two requests for keys. Without it, a sender of forged tokens could make the
/// receiver send a request for each token.
const PAUSE: Duration = Duration::from_secs(5 * 60);

/// The pause after two failures in a row. It doubles with each further failure, up to [`PAUSE`]. A
/// single failure has no pause, because lost connections are common and notifications wait.
const PAUSE_AFTER_FAILURES: Backoff = Backoff::new(Duration::from_secs(30), PAUSE);

/// The time limit of a request for keys. Graph waits ten seconds for the response to a
/// notification.
const TIME_LIMIT: Duration = Duration::from_secs(10);

pub(super) type Key = Arc<VerifyingKey<Sha256>>;

/// The signing keys. They are fetched when an unknown key is needed, in one request for all waiting
/// notifications.
///
/// A notification whose key is known does not wait for a request, even if the key is old.
pub(super) struct SigningKeys {
    graph: Graph,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Key>,
    /// The time when the current keys were fetched.
    since: Option<Instant>,
    /// The time before which no keys are requested.
    pause: Option<Instant>,
    /// The number of failed requests in a row, and the error of the last one.
    failed: Option<(u32, Error)>,
    /// The request that is under way.
    refresh: Option<watch::Receiver<bool>>,
    /// The number of requests so far. It keeps a late result from replacing that of a newer
    /// request.
    generation: u64,
}

impl State {
    fn is_stale(&self, now: Instant) -> bool {
        self.since
            .is_none_or(|since| now.saturating_duration_since(since) > FRESH)
    }

    fn is_paused(&self, now: Instant) -> bool {
        self.pause.is_some_and(|pause| now < pause)
    }

    /// Returns the error for an unknown key while no request is sent.
    fn missing(&self) -> Error {
        match &self.failed {
            Some((_, error)) => error.clone(),
            None => unknown(),
        }
    }

    fn end(&mut self, outcome: Result<HashMap<String, Key>>) {
        let now = Instant::now();
        self.refresh = None;
        match outcome {
            Ok(keys) => {
                self.failed = None;
                self.pause = now.checked_add(PAUSE);
                // A set without usable keys does not invalidate the known ones.
                if !keys.is_empty() {
                    self.keys = keys;
                    self.since = Some(now);
                }
            }
            Err(error) => {
                let count = self.failed.as_ref().map_or(0, |(count, _)| *count) + 1;
                self.pause = match count {
                    1 => None,
                    _ => now.checked_add(PAUSE_AFTER_FAILURES.wait(count - 1, None)),
                };
                self.failed = Some((count, error));
            }
        }
    }
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
            state: Mutex::default(),
        }
    }

    /// Returns the key with this id.
    ///
    /// # Errors
    ///
    /// Returns [`NotificationErrorKind::UnknownKey`] for a key that is not published. Returns
    /// [`Error::Api`](crate::Error::Api) and [`Error::Transport`](crate::Error::Transport) when the
    /// request to the platform fails.
    pub(super) async fn get(self: &Arc<Self>, id: &str) -> Result<Key> {
        loop {
            let (refresh, generation, start) = {
                let mut state = self.lock();
                let now = Instant::now();
                let known = state.keys.get(id).cloned();
                let may_ask = state.refresh.is_none() && !state.is_paused(now);
                match known {
                    Some(key) if !may_ask || !state.is_stale(now) => return Ok(key),
                    Some(key) => {
                        let start = state.reserve();
                        drop(state);
                        // The known key stays in use, even if this refresh fails.
                        let _ = self.start(start);
                        return Ok(key);
                    }
                    None => {}
                }
                match &state.refresh {
                    Some(refresh) => (refresh.clone(), state.generation, None),
                    None if state.is_paused(now) => return Err(state.missing()),
                    None => {
                        let start = state.reserve();
                        let refresh = start.sender.subscribe();
                        (refresh, start.generation, Some(start))
                    }
                }
            };
            let is_own = start.is_some();
            if let Some(start) = start {
                self.start(start)?;
            }
            if self.has_ended(refresh, generation).await {
                let state = self.lock();
                return state.keys.get(id).cloned().ok_or_else(|| state.missing());
            }
            if is_own {
                return Err(TransportError::new("the Tokio runtime has shut down").into());
            }
        }
    }

    /// Waits for a request; returns `false` when it was cut off because its runtime ended.
    ///
    /// The runtime of the request may also be stalled. After the time limit, the request counts as
    /// failed.
    async fn has_ended(&self, mut refresh: watch::Receiver<bool>, generation: u64) -> bool {
        match timeout(2 * TIME_LIMIT, refresh.wait_for(|ended| *ended)).await {
            Ok(ended) => ended.is_ok(),
            Err(_) => {
                self.end(generation, Err(TransportError::out_of_time().into()));
                true
            }
        }
    }

    /// Requests the keys in a task of its own, because the notification that needs them first may
    /// be dropped while others still wait.
    fn start(self: &Arc<Self>, start: Start) -> Result<()> {
        let Start { sender, generation } = start;
        let refresh = Refresh {
            keys: Arc::clone(self),
            generation,
        };
        let runtime = Handle::try_current().map_err(|error| {
            TransportError::new(format!(
                "a request for signing keys needs a Tokio runtime: {error}"
            ))
        })?;
        let task = async move {
            let fetched = timeout(TIME_LIMIT, refresh.keys.fetch()).await;
            let outcome = fetched.unwrap_or_else(|_| Err(TransportError::out_of_time().into()));
            refresh.keys.end(generation, outcome);
            sender.send_replace(true);
            drop(refresh);
        };
        runtime.spawn(task.in_current_span());
        Ok(())
    }

    fn end(&self, generation: u64, outcome: Result<HashMap<String, Key>>) {
        let mut state = self.lock();
        if state.generation == generation && state.refresh.is_some() {
            if let Err(error) = &outcome {
                tracing::warn!(target: "msgraph", %error, "cannot fetch the signing keys");
            }
            state.end(outcome);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>> {
        let login = self.graph.cloud().login().trim_end_matches('/');
        let address = format!("{login}/common/.well-known/openid-configuration");
        let configuration: Configuration = self.read(address.clone()).await?;
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        if origin(&configuration.jwks_uri) != origin(&address) {
            let message = "the `jwks_uri` of the identity platform names another host";
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
            // Graph waits for the response and sends the notification again, so waiting here for
            // another attempt is useless.
            settings: Settings::one_try(None),
        };
        let response = self.graph.open_elsewhere(request).await?;
        let response = response.read_state().await?;
        response.json()
    }
}

/// A request that has been reserved but not started.
struct Start {
    sender: watch::Sender<bool>,
    generation: u64,
}

impl State {
    /// Reserves the only place for a request. The caller must start it.
    fn reserve(&mut self) -> Start {
        let (sender, ended) = watch::channel(false);
        self.refresh = Some(ended);
        self.generation += 1;
        Start {
            sender,
            generation: self.generation,
        }
    }
}

/// A guard that makes room for another request if this one ends early with its runtime.
struct Refresh {
    keys: Arc<SigningKeys>,
    generation: u64,
}

impl Drop for Refresh {
    fn drop(&mut self) {
        let mut state = self.keys.lock();
        if state.generation == self.generation {
            state.refresh = None;
        }
    }
}

impl PublishedKey {
    /// Reads a published key; returns `None` for a key of another kind, which signs no validation
    /// tokens.
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
        // `PublicKey::new` refuses keys that are too short to be safe.
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

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn key() -> Key {
        let modulus = BoxedUint::from_be_slice_vartime(&[0xff; 256]);
        let key = PublicKey::new(modulus, BoxedUint::from_be_slice_vartime(&[1, 0, 1]));
        Arc::new(VerifyingKey::new(
            key.expect("a number of 2048 bits is taken for one"),
        ))
    }

    fn published(id: &str) -> HashMap<String, Key> {
        HashMap::from([(id.to_owned(), key())])
    }

    fn failure() -> Error {
        TransportError::broken("gone").into()
    }

    #[tokio::test(start_paused = true)]
    async fn empty_key_set_keeps_known_keys() {
        let mut state = State::default();
        state.end(Ok(published("a")));
        advance(FRESH * 2).await;
        state.end(Ok(HashMap::new()));
        let now = Instant::now();
        assert!(state.keys.contains_key("a"));
        assert!(state.is_stale(now) && state.is_paused(now));
        assert!(!state.missing().is_retryable());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_followed_by_growing_pauses() {
        let mut state = State::default();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            state.end(Err(failure()));
            let pause = state.pause.map(|pause| pause - Instant::now());
            pauses.push(pause.unwrap_or_default().as_secs());
        }
        assert_eq!(pauses, [0, 30, 60, 120, 240, 300, 300]);
        assert!(state.missing().is_retryable());
        state.end(Ok(published("a")));
        state.end(Err(failure()));
        assert_eq!(state.pause, None);
        assert!(state.keys.contains_key("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn new_key_set_replaces_the_old_one() {
        let mut state = State::default();
        state.end(Ok(published("a")));
        state.end(Ok(published("b")));
        let mut ids: Vec<_> = state.keys.keys().collect();
        ids.sort();
        assert_eq!(ids, ["b"]);
    }
}
