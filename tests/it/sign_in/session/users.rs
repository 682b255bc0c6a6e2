//! Sessions of several users and clouds.

use std::sync::Arc;

use msgraph::auth::{
    AuthorizationCodeFlow, InteractiveBrowserCredential, MemoryStore, RefreshTokenCredential,
    TokenStore,
};

use super::{ADELE, given, rotating, sent};
use crate::sign_in::*;
use crate::support;

const BRUNO: &str = "bruno@contoso.com";

/// Checks two processes of a program that does not distinguish its users.
#[tokio::test]
async fn session_keeps_its_user_beside_other_sign_ins() {
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

#[tokio::test]
async fn user_credentials_print_no_secret() {
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
async fn refresh_tokens_of_two_users_are_stored_apart() {
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
async fn session_belongs_to_one_cloud() {
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
async fn dropped_sign_out_is_still_carried_out() {
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
