//! Sessions that outlive the browser.

use std::sync::Arc;

use futures_util::future::join_all;
use msgraph::auth::{FileStore, MemoryStore};
use serde_json::{Value, json};

use super::{ADELE, Browser, desktop};
use crate::sign_in::*;
use crate::support;

const BRUNO: &str = "bruno@contoso.com";

#[tokio::test]
async fn second_start_needs_no_browser() {
    let simulator = support::simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let browser = Browser::default();
    for start in 0..3 {
        let desktop = browser.of(desktop(&simulator)).store(FileStore::new(&file));
        let graph = client_of(&simulator, desktop);
        assert_eq!(who(&graph).await.unwrap(), ADELE, "start {start}");
        assert_eq!(browser.opened().len(), 1);
    }
    // Another user of the same program has a separate session.
    simulator.browser_user(Some(BRUNO));
    let bruno = || {
        let desktop = browser.of(desktop(&simulator));
        desktop.store(FileStore::new(&file)).user(BRUNO)
    };
    for name in [bruno(), bruno()] {
        assert_eq!(who(&client_of(&simulator, name)).await.unwrap(), BRUNO);
    }
    assert_eq!(browser.opened().len(), 2);
}

#[tokio::test]
async fn revoked_session_opens_browser_again() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)));
    who(&graph).await.unwrap();
    simulator.revoke_user(ADELE);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(browser.opened().len(), 2);
    let kinds: Vec<_> = token_requests(&simulator)
        .iter()
        .map(|form| value(form, "grant_type").unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["authorization_code", "refresh_token", "authorization_code"]
    );
}

#[tokio::test]
async fn concurrent_calls_open_one_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let desktop = Arc::new(browser.of(desktop(&simulator)));
    let (one, other) = (
        client_of(&simulator, Arc::clone(&desktop)),
        client_of(&simulator, desktop),
    );
    let calls = (0..50).map(|at| who(if at % 2 == 0 { &one } else { &other }));
    for call in join_all(calls).await {
        assert_eq!(call.unwrap(), ADELE);
    }
    assert_eq!(browser.opened().len(), 1);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn claims_challenge_opens_the_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)));
    who(&graph).await.unwrap();
    let wanted = json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    simulator.require_claims(ADELE, wanted, 50_076);
    simulator.revoke_tokens();
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let [_, second] = browser.opened().try_into().expect("two browsers");
    let claims: Value = serde_json::from_str(&parameter(&second, "claims").unwrap()).unwrap();
    assert_eq!(
        claims,
        json!({ "access_token": {
            "xms_cc": { "values": ["cp1"] }, "acrs": { "essential": true, "value": "c1" },
        } })
    );
}

#[tokio::test]
async fn new_sign_in_changes_the_user_at_once() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = MemoryStore::new();
    let desktop = Arc::new(browser.of(desktop(&simulator)).store(store.clone()));
    let graph = client_of(&simulator, Arc::clone(&desktop));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    simulator.browser_user(Some(BRUNO));
    let session = desktop.sign_in(&graph).await.unwrap();
    assert_eq!(session.account().unwrap().username(), Some(BRUNO));
    // The client does not use the token that it has kept of the first user.
    assert_eq!(who(&graph).await.unwrap(), BRUNO);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1 }");

    session.sign_out(&graph).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    assert!(desktop.account().is_none());
    simulator.browser_user(Some(ADELE));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(browser.opened().len(), 3);
}

#[tokio::test]
async fn stored_session_resumes_without_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let start = || {
        let desktop = Arc::new(browser.of(desktop(&simulator)).store(Arc::clone(&store)));
        (client_of(&simulator, Arc::clone(&desktop)), desktop)
    };
    let (graph, first) = start();
    assert!(first.resume(&graph).await.unwrap().is_none());
    who(&graph).await.unwrap();
    let requests = token_requests(&simulator).len();

    let (graph, second) = start();
    for desktop in [&first, &second] {
        let session = desktop.resume(&graph).await.unwrap().unwrap();
        assert_eq!(session.account().unwrap().username(), Some(ADELE));
    }
    assert_eq!(token_requests(&simulator).len(), requests);
    assert_eq!(second.account().unwrap().username(), Some(ADELE));

    // The user is needed, but a background call does not ask.
    let session = second.resume(&graph).await.unwrap().unwrap();
    let background = graph.with_provider(session.clone());
    assert_eq!(who(&background).await.unwrap(), ADELE);
    simulator.revoke_user(ADELE);
    let (word, codes, needs_user) = said(who(&background).await.unwrap_err());
    assert_eq!(
        (word.as_str(), codes, needs_user),
        ("invalid_grant", vec![50_173], true)
    );
    assert_eq!(browser.opened().len(), 1);

    session.sign_out(&graph).await.unwrap();
    let (graph, third) = start();
    assert!(third.resume(&graph).await.unwrap().is_none());
}

#[tokio::test]
async fn call_never_continues_as_another_user() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let desktop = browser.of(desktop(&simulator)).store(Arc::clone(&store));
    let desktop = Arc::new(desktop);
    let graph = client_of(&simulator, Arc::clone(&desktop));
    assert_eq!(who(&graph).await.unwrap(), ADELE);

    // Adele has to sign in again, and another user does.
    simulator.revoke_user(ADELE);
    simulator.browser_user(Some(BRUNO));
    let error = sign_in_error(who(&graph).await.unwrap_err());
    assert!(error.needs_user(), "{error}");
    assert!(
        error.to_string().contains("another user has signed in"),
        "{error}"
    );
    let [first, second] = browser.opened().try_into().expect("two browsers");
    assert_eq!(parameter(&first, "login_hint"), None);
    assert_eq!(parameter(&second, "login_hint").as_deref(), Some(ADELE));
    assert_eq!(desktop.account().unwrap().username(), Some(ADELE));

    // The user changes when the program asks for it.
    let session = desktop.sign_in(&graph).await.unwrap();
    assert_eq!(session.account().unwrap().username(), Some(BRUNO));
    assert_eq!(who(&graph).await.unwrap(), BRUNO);
    let [.., last] = &browser.opened()[..] else {
        panic!("a browser was opened");
    };
    assert_eq!(parameter(last, "login_hint"), None);
}

#[tokio::test]
async fn concurrent_resumes_share_one_session() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let start = || {
        let desktop = Arc::new(browser.of(desktop(&simulator)).store(Arc::clone(&store)));
        (client_of(&simulator, Arc::clone(&desktop)), desktop)
    };
    let (graph, _) = start();
    who(&graph).await.unwrap();

    let (graph, desktop) = start();
    let (one, other, call) =
        tokio::join!(desktop.resume(&graph), desktop.resume(&graph), who(&graph));
    assert_eq!(call.unwrap(), ADELE);
    let (one, other) = (one.unwrap().unwrap(), other.unwrap().unwrap());
    one.sign_out(&graph).await.unwrap();
    let error = who(&graph.with_provider(other)).await.unwrap_err();
    assert!(error.to_string().contains("signed out"), "{error}");
    assert!(desktop.resume(&graph).await.unwrap().is_none());
    assert_eq!(browser.opened().len(), 1);
}
