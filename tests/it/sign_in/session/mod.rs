//! Refresh tokens and their sessions: stored, shared, lost and found.

mod processes;
mod store;
mod users;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use msgraph::auth::{
    AuthorizationCodeFlow, MemoryStore, RefreshTokenCredential, Secret, StoreOutcome, Stored,
    TokenStore, UserSession,
};
use msgraph_simulator::Simulator;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const ADELE: &str = "adele@contoso.com";

/// A store that follows the test's instructions, and otherwise keeps everything in memory.
#[derive(Clone, Default)]
struct Told {
    store: MemoryStore,
    /// The results of the next writes, the first one first.
    writes: Arc<Mutex<VecDeque<Write>>>,
    reads_fail: Arc<Mutex<bool>>,
    deletes_fail: Arc<Mutex<bool>>,
}

#[derive(Clone, Copy)]
enum Write {
    Fails,
    /// Another process has written first.
    Comes(&'static str),
}

impl Told {
    fn tell(&self, write: Write) {
        self.writes.lock().unwrap().push_back(write);
    }

    async fn only(&self, key: &str) -> String {
        let stored = self.store.load(key).await.unwrap().unwrap();
        stored.contents.expose().clone()
    }
}

#[msgraph::async_trait]
impl TokenStore for Told {
    async fn load(&self, key: &str) -> Result<Option<Stored>, BoxError> {
        if *self.reads_fail.lock().unwrap() {
            return Err("the database is away".into());
        }
        self.store.load(key).await
    }

    async fn store(
        &self,
        key: &str,
        contents: Secret<String>,
        replaces: Option<u64>,
    ) -> Result<StoreOutcome, BoxError> {
        let told = self.writes.lock().unwrap().pop_front();
        match told {
            Some(Write::Fails) => Err("the disk is full".into()),
            Some(Write::Comes(token)) => {
                put(&self.store, key, &stored(token)).await;
                Ok(StoreOutcome::Conflict)
            }
            None => self.store.store(key, contents, replaces).await,
        }
    }

    async fn delete(&self, key: &str) -> Result<(), BoxError> {
        if *self.deletes_fail.lock().unwrap() {
            return Err("the database is read-only".into());
        }
        self.store.delete(key).await
    }
}

/// Overwrites the stored entry.
async fn put(store: &MemoryStore, key: &str, contents: &str) {
    let there = store.load(key).await.unwrap().map(|there| there.version);
    let outcome = store.store(key, contents.into(), there).await.unwrap();
    assert!(matches!(outcome, StoreOutcome::Stored { .. }));
}

/// Starts a platform that issues `refresh-1`, `refresh-2` … along with `token-1`, `token-2` …, and
/// accepts each refresh token that it issued.
async fn rotating() -> Recorder {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Recorder::new(move |request| {
        let sent = field(request, "refresh_token").unwrap_or_default();
        if sent.starts_with("dead") {
            return Answer::json(json!({ "error": "invalid_grant", "error_codes": [700_082] }))
                .with_status(400);
        }
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Answer::json(json!({
            "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-{n}"),
            "refresh_token": format!("refresh-{n}"),
        }))
    })
    .await
}

fn sent(login: &Recorder) -> Vec<String> {
    let requests = login.requests();
    let token = |request| field(request, "refresh_token").unwrap();
    requests.iter().map(token).collect()
}

/// Returns the store key of a user of `client` in `common`, at a platform on this machine.
fn key_of(login: &Recorder, user: &str) -> String {
    let host = login.url().trim_start_matches("https://");
    format!("{host}/common/client/{user}")
}

/// Returns the store key of an unknown user's successors to this refresh token.
fn key(login: &Recorder, token: &str) -> String {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token));
    key_of(login, &format!("refresh-token:{digest}"))
}

fn stored(token: &str) -> String {
    json!({ "format": 1, "refresh_token": token }).to_string()
}

fn given(simulator: &Simulator, token: &str) -> RefreshTokenCredential {
    RefreshTokenCredential::from_application(public(simulator), token)
}

async fn session(simulator: &Simulator, store: impl TokenStore) -> UserSession {
    let graph = base(simulator);
    let web = AuthorizationCodeFlow::new(confidential(simulator), REDIRECT).store(store);
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    web.finish(&graph, pending, back.as_str()).await.unwrap()
}
