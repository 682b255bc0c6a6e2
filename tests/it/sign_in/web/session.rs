//! Sessions of users: shared, renewed, resumed and ended.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use msgraph::Graph;
use msgraph::auth::{FileStore, MemoryStore, Prompt, TokenCache};
use msgraph_simulator::Fault;

use super::{ADELE, BRUNO, sign_in, web};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn concurrent_users_never_share_tokens() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let mut users = Vec::new();
    for name in [ADELE, BRUNO] {
        simulator.browser_user(Some(name));
        let pending = web.begin(&graph).unwrap();
        let back = visit(pending.url()).await;
        users.push((name, pending, back));
    }
    let finished = users.into_iter().map(async |(name, pending, back)| {
        let session = web.finish(&graph, pending, back.as_str()).await.unwrap();
        assert_eq!(session.account().unwrap().username(), Some(name));
        (name, graph.with_provider(session))
    });
    let users = join_all(finished).await;
    for _ in 0..3 {
        let calls = (0..20).map(async |at| {
            let (name, user) = &users[at % 2];
            assert_eq!(&who(user).await.unwrap(), name);
        });
        join_all(calls).await;
        simulator.expire_tokens();
    }
    // The base client does not get the tokens either.
    let error = who(&graph).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: this client has no tokens");
    assert_eq!(token_requests(&simulator).len(), 6);
}

#[tokio::test]
async fn signed_out_session_uses_no_token() {
    let simulator = support::simulator().await;
    let cache = TokenCache::default();
    let built = |provider: Box<dyn TokenProvider>| {
        let provider: Arc<dyn TokenProvider> = provider.into();
        Graph::builder(provider)
            .cloud(cloud(&simulator))
            .token_cache(cache.clone())
            .build()
            .unwrap()
    };
    let graph = built(Box::new(no_tokens()));
    let store = MemoryStore::new();
    let web = web(&simulator).store(store.clone());
    let session = sign_in(&graph, &web).await.unwrap();
    let id = session.account().unwrap().id();
    let same_cache = built(Box::new(session.clone()));
    let other_cache = client_of(&simulator, session.clone());
    let with_provider = graph.with_provider(session.clone());
    for user in [&same_cache, &other_cache, &with_provider] {
        assert_eq!(who(user).await.unwrap(), ADELE);
    }
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1 }");
    let (asked, called) = (token_requests(&simulator).len(), calls(&simulator));
    assert_eq!((asked, called), (2, 3));

    session.sign_out(&graph).await.unwrap();
    let url = session.sign_out_url(&graph, REDIRECT).unwrap();
    let tenant = &simulator.credentials().tenant_id;
    let login = simulator.login_url();
    assert_eq!(
        url.as_str(),
        format!(
            "{login}/{tenant}/oauth2/v2.0/logout?\
             post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fsigned-in"
        )
    );
    for user in [&same_cache, &other_cache, &with_provider] {
        let error = sign_in_error(who(user).await.unwrap_err());
        assert!(error.needs_user());
        assert_eq!(error.to_string(), "sign-in failed: the user has signed out");
    }
    assert_eq!(token_requests(&simulator).len(), asked);
    assert_eq!(calls(&simulator), called);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    assert!(web.resume(&graph, &id).await.unwrap().is_none());
    session.sign_out(&graph).await.unwrap();

    // Following the address signs the browser out.
    let silent = web.clone().prompt(Prompt::None);
    sign_in(&graph, &silent).await.unwrap();
    assert_eq!(visit(&url).await.as_str(), REDIRECT);
    let error = sign_in(&graph, &silent).await.unwrap_err();
    assert_eq!(said(error), ("login_required".into(), vec![50_058], true));
}

/// Checks that a token ends with its session even if only clients still hold it, and no cache does.
#[tokio::test]
async fn evicted_token_ends_with_its_session() {
    let simulator = support::simulator().await;
    let one = std::num::NonZeroUsize::MIN;
    let graph = Graph::builder(no_tokens())
        .cloud(cloud(&simulator))
        .token_cache(TokenCache::with_capacity(one))
        .build()
        .unwrap();
    let web = web(&simulator);
    let session = sign_in(&graph, &web).await.unwrap();
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    simulator.browser_user(Some(BRUNO));
    let other = graph.with_provider(sign_in(&graph, &web).await.unwrap());
    assert_eq!(who(&other).await.unwrap(), BRUNO);
    session.sign_out(&graph).await.unwrap();
    sign_in_error(who(&user).await.unwrap_err());
    assert_eq!(who(&other).await.unwrap(), BRUNO);
}

/// Checks one user with two browsers: a sign-out in one does not affect the other.
#[tokio::test]
async fn other_session_of_the_user_survives_sign_out() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let desk = sign_in(&graph, &web).await.unwrap();
    let phone = sign_in(&graph, &web).await.unwrap();
    let (left, user) = (
        graph.with_provider(desk.clone()),
        graph.with_provider(phone),
    );
    who(&left).await.unwrap();
    who(&user).await.unwrap();
    desk.sign_out(&graph).await.unwrap();
    simulator.forget_requests();
    for _ in 0..3 {
        assert_eq!(who(&user).await.unwrap(), ADELE);
    }
    // The session uses the token from its own sign-in. It is cached like any other, and not for a
    // session that has signed out.
    assert_eq!(token_requests(&simulator).len(), 0);
    let error = who(&left).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(who(&user).await.unwrap(), ADELE);
}

#[tokio::test]
async fn renewal_during_sign_out_stores_nothing() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let store = MemoryStore::new();
    let web = web(&simulator).store(store.clone());
    let session = sign_in(&graph, &web).await.unwrap();
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    simulator.expire_tokens();
    simulator.fault(Fault::slow(Duration::from_millis(40)).at("/*/oauth2/v2.0/token"));
    let called = calls(&simulator);
    let call = tokio::spawn({
        let user = user.clone();
        async move { who(&user).await }
    });
    while calls(&simulator) == called {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    session.sign_out(&graph).await.unwrap();
    let error = call.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(token_requests(&simulator).len(), 2);
    // The refused call was the last.
    assert_eq!(calls(&simulator), called + 1);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    sign_in_error(who(&user).await.unwrap_err());
}

/// Checks that a session that waits for a renewal by another session of the same user is not signed
/// out with it.
#[tokio::test]
async fn renewal_of_ended_session_is_repeated_by_another() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let desk = sign_in(&graph, &web).await.unwrap();
    let phone = sign_in(&graph, &web).await.unwrap();
    let (left, user) = (
        graph.with_provider(desk.clone()),
        graph.with_provider(phone),
    );
    who(&left).await.unwrap();
    simulator.expire_tokens();
    simulator.fault(Fault::slow(Duration::from_millis(40)).at("/*/oauth2/v2.0/token"));
    simulator.forget_requests();
    let call = |graph: &Graph| {
        let graph = graph.clone();
        tokio::spawn(async move { who(&graph).await })
    };
    let first = call(&left);
    while calls(&simulator) < 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = call(&user);
    tokio::time::sleep(Duration::from_millis(5)).await;
    desk.sign_out(&graph).await.unwrap();
    let error = first.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(second.await.unwrap().unwrap(), ADELE);
}

#[tokio::test]
async fn account_resumes_session_in_another_process() {
    let simulator = support::simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    let storing = || web(&simulator).store(FileStore::new(&file));
    let mut ids = Vec::new();
    for name in [ADELE, BRUNO] {
        simulator.browser_user(Some(name));
        let graph = base(&simulator);
        let session = sign_in(&graph, &storing()).await.unwrap();
        ids.push(session.account().unwrap().id());
    }
    for (id, name) in ids.iter().zip([ADELE, BRUNO]) {
        let graph = base(&simulator);
        let session = storing().resume(&graph, id).await.unwrap().unwrap();
        let account = session.account().unwrap();
        assert_eq!(
            (account.id().as_str(), account.username()),
            (id.as_str(), Some(name))
        );
        assert_eq!(who(&graph.with_provider(session)).await.unwrap(), name);
    }
    let graph = base(&simulator);
    assert!(storing().resume(&graph, "o.t").await.unwrap().is_none());
    assert!(
        web(&simulator)
            .resume(&graph, &ids[0])
            .await
            .unwrap()
            .is_none()
    );
    let kept = std::fs::read_to_string(&file).unwrap();
    // The stored entry can sign a user in again, and is not an access token.
    assert!(!kept.contains("eyJ"), "{kept}");
}

#[tokio::test]
async fn two_sessions_of_one_entry_share_token() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator).store(MemoryStore::new());
    let id = sign_in(&graph, &web).await.unwrap().account().unwrap().id();
    for _ in 0..5 {
        let session = web.resume(&graph, &id).await.unwrap().unwrap();
        who(&graph.with_provider(session)).await.unwrap();
    }
    // The requests are for the code, and for one refresh token.
    assert_eq!(token_requests(&simulator).len(), 2);
}

#[tokio::test]
async fn failing_store_fails_the_sign_in() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    std::fs::write(&file, "no store").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let web = web(&simulator).store(FileStore::new(&file));
    let error = sign_in(&graph, &web).await.unwrap_err().to_string();
    assert!(
        error.starts_with("sign-in failed: the token store failed: ")
            && error.contains("not a token store"),
        "{error}"
    );
    sign_in_error(web.resume(&graph, "o.t").await.unwrap_err());
    // The store does not overwrite an unrelated file.
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "no store");
}
