//! The hosts and scopes of each cloud.

use std::sync::{Arc, Mutex};

use msgraph::auth::{AccessToken, TokenRequest};
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};

use super::{CLOUDS, me, secret};
use crate::support::recorder::{Answer, Recorder};

// Reported: microsoftgraph/msgraph-sdk-python#672, microsoftgraph/msgraph-sdk-java#2354.
#[tokio::test]
async fn cloud_sets_all_hosts_and_scopes() {
    let custom = CustomCloud::new(
        "https://graph.contoso.example/",
        "https://login.contoso.example",
    );
    let custom = (
        custom.into(),
        "graph.contoso.example",
        "login.contoso.example",
    );
    for (cloud, graph, login) in CLOUDS.into_iter().chain([custom]) {
        // The token request of the provider.
        let asked = Arc::new(Mutex::new(None));
        let provider = {
            let asked = Arc::clone(&asked);
            move |request: TokenRequest| {
                *asked.lock().unwrap() = Some((
                    request.scope().to_owned(),
                    request.cloud().login().to_owned(),
                ));
                std::future::ready(Ok(AccessToken::new("t")))
            }
        };
        // The hosts that the client connects to, as recorded by a proxy that lets nothing through.
        let proxy = Recorder::always(Answer::status(502)).await;
        let through = |builder: msgraph::GraphBuilder| {
            let proxy = reqwest::Proxy::all(proxy.url()).unwrap();
            builder
                .cloud(cloud.clone())
                .configure_http(|http| http.proxy(proxy))
                .retry(RetryPolicy::none())
                .build()
                .unwrap()
        };
        let client = through(Graph::builder(provider));
        assert!(matches!(me(&client).await, Err(Error::Transport(_))));
        let expected = (
            format!("https://{graph}/.default"),
            format!("https://{login}"),
        );
        assert_eq!(*asked.lock().unwrap(), Some(expected));
        assert!(through(Graph::builder(secret())).sign_in().await.is_err());
        assert_eq!(
            proxy.targets(),
            [
                format!("{graph}:443"),
                format!("{login}:443"),
                // A token request without a connection is sent once more.
                format!("{login}:443")
            ]
        );
    }
}
