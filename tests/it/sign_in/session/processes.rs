//! Refresh tokens that several processes share.

use std::path::Path;

use msgraph::auth::{AuthorizationCodeFlow, FileStore, MemoryStore, RefreshTokenCredential};
use msgraph_simulator::{RefreshTokens, Simulator};

use super::{ADELE, Told, Write, given, key, rotating, sent, session, stored};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn two_processes_share_file_with_single_use_tokens() {
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
async fn newer_token_of_another_process_is_used() {
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

/// Runs a short program: it starts, calls, and ends.
async fn program(simulator: &Simulator, file: &Path) -> msgraph::Result<String> {
    let first = &simulator.credentials().public_refresh_token;
    let provider = given(simulator, first).store(FileStore::new(file));
    who(&client_of(simulator, provider)).await
}

#[tokio::test]
async fn restarted_program_uses_its_last_token() {
    let simulator = support::simulator().await;
    simulator.set_refresh_tokens(RefreshTokens::SingleUse);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.json");
    for _ in 0..3 {
        assert_eq!(program(&simulator, &file).await.unwrap(), ADELE);
    }
    assert_eq!(token_requests(&simulator).len(), 3);
}

#[tokio::test]
async fn two_processes_share_session_with_single_use_tokens() {
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
async fn signed_out_session_is_not_stored_by_others() {
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
