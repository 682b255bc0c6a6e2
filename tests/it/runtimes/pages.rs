//! Pages and sessions that outlive a runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use msgraph::auth::Secret;
use msgraph::{Error, Graph};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::{current_thread, in_time, servers};
use crate::auth::{client, platform};
use crate::support::recorder::{Answer, Recorder};

/// Starts a recorder with a list of three pages.
async fn pages() -> Recorder {
    Recorder::new(|request| {
        let page = match request.query().first() {
            Some((_, page)) => page.parse().unwrap_or(0),
            None => 1,
        };
        let host = request.header("host").unwrap_or_default();
        let mut body = json!({ "value": [{ "id": format!("{page}") }] });
        if page < 3 {
            let link = format!("http://{host}/v1.0/users?page={}", page + 1);
            body["@odata.nextLink"] = link.into();
        }
        Answer::json(body)
    })
    .await
}

#[test]
fn prefetched_page_of_ended_runtime_is_requested_again() {
    prefetched_page_survives(drop::<Runtime>);
}

#[test]
fn prefetched_page_of_idle_runtime_is_requested_again() {
    // Connections of a runtime that stands still do so, too: see the documentation of `Graph`.
    prefetched_page_survives(std::mem::forget::<Runtime>);
}

fn prefetched_page_survives(end: fn(Runtime)) {
    let servers = servers();
    let recorder = servers.block_on(pages());
    let graph = Graph::builder(msgraph::auth::AccessTokenCredential::new("token"))
        .base_url(recorder.url())
        .configure_http(|http| http.pool_max_idle_per_host(0))
        .build()
        .unwrap();
    let first = current_thread();
    let mut users = graph.users().list().stream().prefetch();
    let mut ids = Vec::new();
    in_time(&first, async {
        // The second page is requested here.
        ids.extend(users.try_next().await.unwrap().unwrap().id);
    });
    end(first);
    let rest = in_time(&current_thread(), async {
        let mut rest = Vec::new();
        while let Some(user) = users.try_next().await? {
            rest.extend(user.id);
        }
        Ok::<_, Error>(rest)
    });
    ids.extend(rest.unwrap());
    assert_eq!(ids, ["1", "2", "3"]);
}

#[test]
fn session_of_idle_runtime_serves_other_clients() {
    let servers = servers();
    let answer = json!({ "refresh_token": "next" });
    let (login, graph) = servers.block_on(async {
        let graph = Recorder::always(Answer::json("{}")).await;
        (platform(answer).await, graph)
    });
    let rotated = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&rotated);
    let refresh = msgraph::auth::RefreshTokenCredential::new("contoso.com", "client", "stored")
        .on_rotation(move |_: Secret<String>| {
            let n = count.fetch_add(1, Ordering::SeqCst);
            async move {
                if n == 0 {
                    std::future::pending::<()>().await;
                }
                Ok::<_, std::io::Error>(())
            }
        });
    let client = client(refresh, &graph, &login);
    let idle = current_thread();
    // The session is locked while its callback runs.
    idle.block_on(async {
        assert!(
            timeout(Duration::from_millis(500), client.sign_in())
                .await
                .is_err()
        );
    });
    assert_eq!(rotated.load(Ordering::SeqCst), 1);
    in_time(&current_thread(), client.sign_in()).unwrap();
    assert_eq!(rotated.load(Ordering::SeqCst), 2);
}

#[test]
fn client_serves_each_new_runtime() {
    let servers = servers();
    let recorder = servers.block_on(Recorder::always(Answer::json(json!({ "id": "1" }))));
    let graph = crate::support::graph(&recorder);
    let body: Value = in_time(&current_thread(), async {
        graph.request(Method::GET, "/me").json().await
    })
    .unwrap();
    assert_eq!(body["id"], "1");
}
