//! Stores that fail or hold damaged entries.

use std::sync::{Arc, Mutex};

use msgraph::auth::{MemoryStore, RefreshTokenCredential, TokenStore};
use serde_json::json;

use super::{ADELE, Told, Write, given, key, key_of, put, rotating, sent, session, stored};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn failed_write_is_repeated_with_next_call() {
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
async fn unreadable_store_fails_before_token_request() {
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
async fn damaged_entry_is_error_and_is_kept() {
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
async fn configured_token_replaces_expired_stored_token() {
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
async fn two_expired_tokens_need_the_user_once() {
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
async fn refused_refresh_token_is_sent_again_after_consent() {
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
async fn damaged_session_is_replaced_only_by_sign_in() {
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
async fn callback_and_store_both_get_new_token() {
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

#[tokio::test]
async fn session_ends_despite_failing_store() {
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

/// Checks that a sign-in survives a failed store. The user is not asked again because a disk is
/// full.
#[tokio::test]
async fn sign_in_survives_a_failing_store() {
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
