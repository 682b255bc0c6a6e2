//! Refresh tokens and their sessions: stored, shared, lost and found.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use msgraph::auth::{
    AuthorizationCodeFlow, FileStore, InteractiveBrowserCredential, MemoryStore,
    RefreshTokenCredential, Secret, StoreOutcome, Stored, TokenStore, UserSession,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use simulator::{RefreshTokens, Simulator};

use super::*;
use crate::support;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";

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

#[tokio::test]
async fn two_processes_share_a_file_though_each_token_is_good_once() {
    let simulator = support::simulator().await;
    simulator.set_refresh_tokens(RefreshTokens::SingleUse);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.json");
    let first = simulator.credentials().public_refresh_token.clone();
    let process = || {
        let provider = given(&simulator, &first).store(FileStore::new(&file));
        client_of(&simulator, provider)
    };
    let (one, other) = (process(), process());
    // The processes alternate.
    for _ in 0..3 {
        for graph in [&one, &other] {
            simulator.expire_tokens();
            assert_eq!(who(graph).await.unwrap(), ADELE);
        }
    }
    // The processes run at once.
    for round in 0..8 {
        simulator.expire_tokens();
        let (one, other) = tokio::join!(who(&one), who(&other));
        assert_eq!(one.unwrap(), ADELE, "round {round}");
        assert_eq!(other.unwrap(), ADELE, "round {round}");
    }
    // The last stored token is valid: a third process starts with it.
    simulator.forget_requests();
    assert_eq!(who(&process()).await.unwrap(), ADELE);
    let [request] = token_requests(&simulator).try_into().expect("one");
    assert_ne!(value(&request, "refresh_token"), Some(first.as_str()));
}

#[tokio::test]
async fn several_processes_share_a_file_at_once() {
    for kind in [RefreshTokens::Renewed, RefreshTokens::Kept] {
        let simulator = support::simulator().await;
        simulator.set_refresh_tokens(kind);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.json");
        let first = simulator.credentials().public_refresh_token.clone();
        let process = || {
            let provider = given(&simulator, &first).store(FileStore::new(&file));
            client_of(&simulator, provider)
        };
        let processes: Vec<_> = (0..4).map(|_| process()).collect();
        for _ in 0..3 {
            simulator.expire_tokens();
            let calls = processes.iter().map(who);
            for call in futures_util::future::join_all(calls).await {
                assert_eq!(call.unwrap(), ADELE);
            }
        }
        assert_eq!(file.exists(), kind == RefreshTokens::Renewed);
        assert_eq!(who(&process()).await.unwrap(), ADELE);
    }
}

#[tokio::test]
async fn a_write_that_fails_is_made_up_for_with_the_next_call() {
    let login = rotating().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let store = Told::default();
    let provider =
        RefreshTokenCredential::new("common", "client", "refresh-0").store(store.clone());
    let client = client(provider, &graph, &login);
    store.tell(Write::Fails);
    store.tell(Write::Fails);
    for _ in 0..2 {
        let error = me(&client).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "sign-in failed: the token store failed: the disk is full"
        );
    }
    assert_eq!((graph.requests().len(), login.requests().len()), (0, 1));
    me(&client).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(sent(&login), ["refresh-0"]);
    assert_eq!(
        store.only(&key(&login, "refresh-0")).await,
        stored("refresh-1")
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_read_fails_the_call_before_the_platform_is_asked() {
    let login = rotating().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let store = Told::default();
    let provider =
        RefreshTokenCredential::new("common", "client", "refresh-0").store(store.clone());
    let client = client(provider, &graph, &login);
    *store.reads_fail.lock().unwrap() = true;
    let error = me(&client).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "sign-in failed: the token store failed: the database is away"
    );
    assert_eq!(login.requests().len(), 0);
    *store.reads_fail.lock().unwrap() = false;
    me(&client).await.unwrap();
}

#[tokio::test]
async fn where_another_process_has_written_meanwhile_its_token_goes_on() {
    let login = rotating().await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let store = Told::default();
    let provider =
        RefreshTokenCredential::new("common", "client", "refresh-0").store(store.clone());
    let client = client(provider, &graph, &login);
    let key = key(&login, "refresh-0");
    store.tell(Write::Comes("refresh-of-another-process"));
    me(&client).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(sent(&login), ["refresh-0", "refresh-of-another-process"]);
    assert_eq!(store.only(&key).await, stored("refresh-2"));
}

#[tokio::test]
async fn an_entry_that_is_damaged_is_an_error_each_time_and_stays() {
    let login = rotating().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let (key, store) = (key(&login, "refresh-0"), MemoryStore::new());
    for (contents, says) in [
        (
            "{\"half\":",
            "was not written by msgraph: delete it, and sign in again",
        ),
        (
            r#"{"format":2,"refresh_token":"hush"}"#,
            "was written by a later version of msgraph: update msgraph",
        ),
    ] {
        store.delete(&key).await.unwrap();
        put(&store, &key, contents).await;
        let provider =
            RefreshTokenCredential::new("common", "client", "refresh-0").store(store.clone());
        let client = client(provider, &graph, &login);
        for _ in 0..2 {
            let error = me(&client).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("sign-in failed: the session in the token store {says}")
            );
            assert!(!format!("{error:?}").contains("hush"));
        }
        let there = store.load(&key).await.unwrap().unwrap();
        assert_eq!(there.contents.expose(), contents);
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (0, 0));
}

/// Checks that a new refresh token replaces a stored one that no longer works. A program gets a new
/// one when it moves to another account.
#[tokio::test(start_paused = true)]
async fn a_fresh_token_takes_the_place_of_a_stored_one_that_is_dead() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let kept = Recorder::new(|request| {
        if field(request, "refresh_token").as_deref() == Some("dead") {
            return Answer::json(json!({ "error": "invalid_grant" })).with_status(400);
        }
        Answer::json(json!({ "token_type": "Bearer", "access_token": "t" }))
    });
    for (login, last) in [(rotating().await, "refresh-1"), (kept.await, "fresh")] {
        let (key, store) = (key_of(&login, "adele"), MemoryStore::new());
        put(&store, &key, &stored("dead")).await;
        let provider = RefreshTokenCredential::new("common", "client", "fresh")
            .store(store.clone())
            .user("Adele");
        me(&client(provider, &graph, &login)).await.unwrap();
        assert_eq!(sent(&login), ["dead", "fresh"]);
        let there = store.load(&key).await.unwrap().unwrap();
        assert_eq!(there.contents.expose(), &stored(last));
    }
}

#[tokio::test(start_paused = true)]
async fn where_both_are_dead_the_user_is_needed_and_nobody_is_asked_in_a_loop() {
    let login = rotating().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let (key, store) = (key_of(&login, "adele"), MemoryStore::new());
    put(&store, &key, &stored("dead-1")).await;
    let provider = RefreshTokenCredential::new("common", "client", "dead-0")
        .store(store.clone())
        .user("Adele");
    let client = client(provider, &graph, &login);
    let error = me(&client).await.unwrap_err();
    assert_eq!(said(error), ("invalid_grant".into(), vec![700_082], true));
    assert_eq!(sent(&login), ["dead-1", "dead-0"]);
    // The error lasts until another process has signed in.
    put(&store, &key, &stored("refresh-x")).await;
    me(&client).await.unwrap();
    assert_eq!(sent(&login)[2..], ["refresh-x"]);
}

/// Checks that a refused refresh token is used again. Missing consent has the same error word as a
/// dead token, and an administrator may grant it meanwhile.
#[tokio::test]
async fn what_was_in_a_refresh_tokens_way_may_pass() {
    let simulator = support::simulator().await;
    let first = simulator.credentials().public_refresh_token.as_str();
    let graph = client_of(&simulator, given(&simulator, first));
    simulator.withdraw_consent();
    for asked in 1..=2 {
        let error = who(&graph).await.unwrap_err();
        assert_eq!(said(error), ("invalid_grant".into(), vec![65_001], true));
        assert_eq!(token_requests(&simulator).len(), asked);
    }
    let consent = public(&simulator)
        .admin_consent_url(graph.cloud(), "http://localhost", "")
        .unwrap();
    visit(&consent).await;
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    // A token is not dead either if a client has used it in a loop.
    let login = Recorder::in_turn([
        Answer::json(json!({ "error": "invalid_grant", "error_codes": [50_196] })).with_status(400),
        Answer::json(json!({ "access_token": "token-1" })),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let provider =
        RefreshTokenCredential::new("common", "client", "refresh-0").store(MemoryStore::new());
    let client = client(provider, &graph, &login);
    let error = me(&client).await.unwrap_err();
    assert_eq!(said(error), ("invalid_grant".into(), vec![50_196], false));
    me(&client).await.unwrap();
    assert_eq!(sent(&login), ["refresh-0", "refresh-0"]);
}

#[tokio::test]
async fn a_damaged_session_gives_way_to_a_new_sign_in_alone() {
    let simulator = Arc::new(support::simulator().await);
    simulator.set_device_interval(std::time::Duration::ZERO);
    let store = MemoryStore::new();
    let credentials = simulator.credentials().clone();
    let device = msgraph::auth::DeviceCodeCredential::new(
        credentials.tenant_id.as_str(),
        credentials.public_client_id.as_str(),
        {
            let simulator = Arc::clone(&simulator);
            move |prompt| {
                assert!(simulator.approve_device(prompt.user_code()));
                std::future::ready(())
            }
        },
    );
    let device = Arc::new(device.store(store.clone()));
    let host = simulator.login_url().trim_start_matches("https://");
    let key = format!(
        "{host}/{}/{}/",
        credentials.tenant_id, credentials.public_client_id
    );
    put(&store, &key, "nonsense").await;
    let graph = client_of(&simulator, Arc::clone(&device));
    for _ in 0..2 {
        let error = who(&graph).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "sign-in failed: the session in the token store was not written by msgraph: delete it, \
             and sign in again"
        );
    }
    assert_eq!(simulator.requests().len(), 0);
    device.sign_in(&graph).await.unwrap();
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let there = store.load(&key).await.unwrap().unwrap();
    assert!(there.contents.expose().starts_with("{\"format\":1,"));
}

#[tokio::test]
async fn a_callback_and_a_store_both_get_the_new_token() {
    let login = rotating().await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let handed = Arc::new(Mutex::new(Vec::new()));
    let store = Told::default();
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0")
        .store(store.clone())
        .on_rotation({
            let handed = Arc::clone(&handed);
            move |token| {
                handed.lock().unwrap().push(token.into_inner());
                std::future::ready(Ok::<_, std::io::Error>(()))
            }
        });
    let client = client(provider, &graph, &login);
    store.tell(Write::Fails);
    client.sign_in().await.unwrap_err();
    me(&client).await.unwrap();
    // A callback does not receive the same token twice.
    assert_eq!(*handed.lock().unwrap(), ["refresh-1", "refresh-2"]);
    assert_eq!(
        store.only(&key(&login, "refresh-0")).await,
        stored("refresh-2")
    );
    assert_eq!(sent(&login), ["refresh-0", "refresh-1"]);
}

/// Runs a short program: it starts, calls, and ends.
async fn program(simulator: &Simulator, file: &Path) -> msgraph::Result<String> {
    let first = &simulator.credentials().public_refresh_token;
    let provider = given(simulator, first).store(FileStore::new(file));
    who(&client_of(simulator, provider)).await
}

#[tokio::test]
async fn a_program_that_starts_again_goes_on_with_its_last_token() {
    let simulator = support::simulator().await;
    simulator.set_refresh_tokens(RefreshTokens::SingleUse);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.json");
    for _ in 0..3 {
        assert_eq!(program(&simulator, &file).await.unwrap(), ADELE);
    }
    assert_eq!(token_requests(&simulator).len(), 3);
}

async fn session(simulator: &Simulator, store: impl TokenStore) -> UserSession {
    let graph = base(simulator);
    let web = AuthorizationCodeFlow::new(confidential(simulator), REDIRECT).store(store);
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    web.finish(&graph, pending, back.as_str()).await.unwrap()
}

#[tokio::test]
async fn two_processes_share_a_session_though_each_token_is_good_once() {
    let simulator = support::simulator().await;
    simulator.set_refresh_tokens(RefreshTokens::SingleUse);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    let begun = session(&simulator, FileStore::new(&file)).await;
    let id = begun.account().unwrap().id();
    let resumed = async || {
        let web = AuthorizationCodeFlow::new(confidential(&simulator), REDIRECT);
        let (web, graph) = (web.store(FileStore::new(&file)), base(&simulator));
        let session = web.resume(&graph, &id).await.unwrap().unwrap();
        graph.with_provider(session)
    };
    let (one, other) = (client_of(&simulator, begun), resumed().await);
    for round in 0..8 {
        let (one, other) = tokio::join!(who(&one), who(&other));
        assert_eq!(one.unwrap(), ADELE, "round {round}");
        assert_eq!(other.unwrap(), ADELE, "round {round}");
        simulator.expire_tokens();
    }
    assert_eq!(who(&resumed().await).await.unwrap(), ADELE);
}

#[tokio::test]
async fn a_session_ends_though_its_store_fails() {
    let simulator = support::simulator().await;
    let store = Told::default();
    let session = session(&simulator, store.clone()).await;
    let graph = base(&simulator);
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    *store.deletes_fail.lock().unwrap() = true;
    let error = session.sign_out(&graph).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sign-in failed: the token store failed: the database is read-only"
    );
    let error = who(&user).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    *store.deletes_fail.lock().unwrap() = false;

    // An entry that another user has stored meanwhile stays.
    let who = simulator.credentials();
    let host = simulator.login_url().trim_start_matches("https://");
    let id = session.account().unwrap().id();
    let key = format!("{host}/{}/{}/{id}", who.tenant_id, who.client_id);
    let own = store.store.load(&key).await.unwrap().unwrap();
    let bruno = json!({
        "format": 1, "refresh_token": "x",
        "account": { "object_id": "bruno", "tenant_id": "t", "username": null, "name": null },
    });
    put(&store.store, &key, &bruno.to_string()).await;
    session.sign_out(&graph).await.unwrap();
    assert_eq!(format!("{:?}", store.store), "MemoryStore { entries: 1 }");

    put(&store.store, &key, own.contents.expose()).await;
    session.sign_out(&graph).await.unwrap();
    assert_eq!(format!("{:?}", store.store), "MemoryStore { entries: 0 }");
}

#[tokio::test]
async fn what_one_process_has_signed_out_of_another_does_not_store_again() {
    let simulator = support::simulator().await;
    let store = MemoryStore::new();
    let here = session(&simulator, store.clone()).await;
    let web = AuthorizationCodeFlow::new(confidential(&simulator), REDIRECT).store(store.clone());
    let id = here.account().unwrap().id();
    let graph = base(&simulator);
    let there = web.resume(&graph, &id).await.unwrap().unwrap();
    let there = graph.with_provider(there);
    who(&there).await.unwrap();
    here.sign_out(&base(&simulator)).await.unwrap();
    simulator.expire_tokens();
    let error = sign_in_error(who(&there).await.unwrap_err());
    assert!(error.needs_user());
    assert_eq!(error.to_string(), "sign-in failed: the user has signed out");
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
}

/// Checks two processes of a program that does not distinguish its users.
#[tokio::test]
async fn a_session_stays_its_users_whoever_signs_in_beside_it() {
    let simulator = Arc::new(support::simulator().await);
    let store = MemoryStore::new();
    let process = |name: &'static str| {
        let (simulator, runtime) = (Arc::clone(&simulator), tokio::runtime::Handle::current());
        let who = simulator.credentials().clone();
        InteractiveBrowserCredential::new(who.tenant_id.as_str(), who.public_client_id.as_str())
            .store(store.clone())
            .open_browser(move |url| {
                simulator.browser_user(Some(name));
                let url = url.clone();
                runtime.spawn(async move {
                    let mut back = visit(&url).await;
                    back.set_host(Some("127.0.0.1")).unwrap();
                    crate::auth::own_client()
                        .build()
                        .unwrap()
                        .get(back)
                        .send()
                        .await
                        .unwrap();
                });
                Ok::<_, std::io::Error>(())
            })
    };
    let adele = Arc::new(process(ADELE));
    let graph = client_of(&simulator, Arc::clone(&adele));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let bruno = Arc::new(process(BRUNO));
    let other = client_of(&simulator, Arc::clone(&bruno));
    // It finds Adele's session, and then signs another user in.
    assert_eq!(who(&other).await.unwrap(), ADELE);
    let session = bruno.sign_in(&other).await.unwrap();
    assert_eq!(who(&other).await.unwrap(), BRUNO);
    for _ in 0..2 {
        simulator.expire_tokens();
        assert_eq!(who(&graph).await.unwrap(), ADELE);
        assert_eq!(who(&other).await.unwrap(), BRUNO);
    }
    assert_eq!(adele.account().unwrap().username(), Some(ADELE));
    // The store holds the session of Bruno, who signed in last. Only Bruno's session may remove it.
    let adeles = adele.sign_in(&graph).await.unwrap();
    assert_eq!(adeles.account().unwrap().username(), Some(ADELE));
    session.sign_out(&other).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1 }");
}

/// Checks that a sign-in survives a failed store. The user is not asked again because a disk is
/// full.
#[tokio::test]
async fn a_sign_in_outlives_a_store_that_fails() {
    let simulator = support::simulator().await;
    simulator.set_device_interval(std::time::Duration::ZERO);
    let simulator = Arc::new(simulator);
    let store = Told::default();
    let shown = Arc::new(Mutex::new(0));
    let device = {
        let (simulator, shown) = (Arc::clone(&simulator), Arc::clone(&shown));
        let who = simulator.credentials().clone();
        msgraph::auth::DeviceCodeCredential::new(
            who.tenant_id.as_str(),
            who.public_client_id.as_str(),
            move |prompt| {
                *shown.lock().unwrap() += 1;
                assert!(simulator.approve_device(prompt.user_code()));
                std::future::ready(())
            },
        )
        .store(store.clone())
    };
    let graph = client_of(&simulator, device);
    store.tell(Write::Fails);
    let error = who(&graph).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "sign-in failed: the token store failed: the disk is full"
    );
    assert_eq!(format!("{:?}", store.store), "MemoryStore { entries: 0 }");
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(format!("{:?}", store.store), "MemoryStore { entries: 1 }");
    assert_eq!(*shown.lock().unwrap(), 1);
    // The token that came with the code was used.
    let kinds: Vec<_> = token_requests(&simulator)
        .iter()
        .map(|form| value(form, "grant_type").unwrap().to_owned())
        .collect();
    assert!(
        kinds.iter().all(|kind| kind.ends_with(":device_code")),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn case_8_6_what_signs_users_in_prints_no_secret() {
    let simulator = support::simulator().await;
    let credentials = simulator.credentials();
    let secret = credentials.client_secret.as_str();
    let graph = base(&simulator);
    let store = MemoryStore::new();
    let web = AuthorizationCodeFlow::new(confidential(&simulator), REDIRECT).store(store.clone());
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    let code = parameter(&back, "code").unwrap();
    let state = parameter(&back, "state").unwrap();
    let mut printed = format!("{web:?} {pending:?}");
    let session = web.finish(&graph, pending, back.as_str()).await.unwrap();
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    let id = session.account().unwrap().id();
    let host = simulator.login_url().trim_start_matches("https://");
    let (tenant, client) = (&credentials.tenant_id, &credentials.client_id);
    let key = format!("{host}/{tenant}/{client}/{id}");
    let kept = store.load(&key).await.unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept.contents.expose()).unwrap();
    let refresh = kept["refresh_token"].as_str().unwrap();
    let bearer = simulator.requests();
    let bearer = bearer.last().unwrap().header("authorization").unwrap();
    let bearer = bearer.trim_start_matches("Bearer ").to_owned();
    printed += &format!("{session:?} {user:?} {graph:?} {store:?}");
    let refreshing = RefreshTokenCredential::from_application(confidential(&simulator), refresh);
    printed += &format!("{refreshing:?} {:?}", confidential(&simulator));
    simulator.revoke_user(ADELE);
    let error = who(&user).await.unwrap_err();
    printed += &format!("{error} {error:?}");
    for hush in [secret, &code, &state, refresh, &bearer] {
        assert!(hush.len() > 8 && !printed.contains(hush), "{printed}");
    }
    // The user's name is not printed either: programs may show it, but it does not belong in logs.
    assert!(
        !printed.contains(ADELE) && !printed.contains("Brandt"),
        "{printed}"
    );
}

#[tokio::test]
async fn refresh_tokens_of_two_users_meet_in_no_store() {
    let login = rotating().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let store = MemoryStore::new();
    for (given, sends) in [
        ("refresh-of-ada", "refresh-of-ada"),
        ("refresh-of-grace", "refresh-of-grace"),
        // After a restart, the successor of the first user's token is used.
        ("refresh-of-ada", "refresh-1"),
    ] {
        let provider = RefreshTokenCredential::new("common", "client", given).store(store.clone());
        me(&client(provider, &graph, &login)).await.unwrap();
        assert_eq!(sent(&login).last().unwrap(), sends);
    }
}

#[tokio::test]
async fn a_session_is_of_one_cloud() {
    let simulator = support::simulator().await;
    let other = Recorder::always(Answer::json("{}")).await;
    let first = simulator.credentials().public_refresh_token.as_str();
    let provider = Arc::new(given(&simulator, first));
    who(&client_of(&simulator, Arc::clone(&provider)))
        .await
        .unwrap();
    let error = sign_in_error(me(&client(provider, &other, &other)).await.unwrap_err());
    assert!(
        error.to_string().contains("the client's cloud uses"),
        "{error}"
    );
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_sign_out_that_nobody_waits_for_is_carried_out() {
    let simulator = support::simulator().await;
    let store = MemoryStore::new();
    let site = AuthorizationCodeFlow::new(confidential(&simulator), REDIRECT).store(store.clone());
    let graph = base(&simulator);
    let pending = site.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    let session = site.finish(&graph, pending, back.as_str()).await.unwrap();
    let account = session.account().unwrap().id();
    assert!(site.resume(&graph, &account).await.unwrap().is_some());

    // The browser has disconnected, and the handler was dropped.
    let mut sign_out = Box::pin(session.sign_out(&graph));
    assert!(futures_util::poll!(&mut sign_out).is_pending());
    drop(sign_out);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(site.resume(&graph, &account).await.unwrap().is_none());
}
