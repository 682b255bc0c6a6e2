//! Credentials of the Azure SDK, used as a token provider and created from a client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::credentials::{AccessToken as AzureToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::time::OffsetDateTime;
use futures_util::future::join_all;
use http::Method;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, AzureCredential, GraphCredential, TokenRequest,
};
use msgraph::error::SignInError;
use msgraph::{Cloud, Error, Graph};

use crate::support::recorder::{Answer, Recorder};

const SCOPE: &str = "https://graph.microsoft.com/.default";
const HUSH: &str = "hush-hush";

/// A credential of the Azure SDK that records its requests. Its tokens live for this number of
/// seconds.
#[derive(Debug)]
struct Credential {
    lives: i64,
    asked: Mutex<Vec<String>>,
    secret: &'static str,
}

impl Credential {
    fn new(lives: i64) -> Arc<Self> {
        Arc::new(Self {
            lives,
            asked: Mutex::default(),
            secret: HUSH,
        })
    }
}

#[msgraph::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AzureToken> {
        let count = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(scopes.join(" "));
            asked.len()
        };
        if self.lives == 0 {
            let error =
                azure_core::Error::with_message(ErrorKind::Credential, "the vault is locked");
            return Err(error);
        }
        let end = OffsetDateTime::now_utc() + azure_core::time::Duration::seconds(self.lives);
        Ok(AzureToken::new(format!("{}-{count}", self.secret), end))
    }
}

#[tokio::test]
async fn azure_sdk_credential_signs_in() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (lives, asked) in [(3600, 1), (-1, 2)] {
        let credential = Credential::new(lives);
        let provider = AzureCredential::new(credential.clone());
        assert!(!format!("{provider:?}").contains(HUSH));
        let client = Graph::builder(provider)
            .base_url(graph.url())
            .build()
            .unwrap();
        for _ in 0..2 {
            client.request(Method::GET, "/me").await.unwrap();
        }
        assert_eq!(*credential.asked.lock().unwrap(), vec![SCOPE; asked]);
    }
    let sent: Vec<_> = graph
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    let expected = ["1", "1", "1", "2"].map(|count| format!("Bearer {HUSH}-{count}"));
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn azure_credential_gets_cloud_scope_and_keeps_error() {
    let credential = Credential::new(0);
    let client = Graph::builder(AzureCredential::new(credential.clone()))
        .cloud(Cloud::China)
        .build()
        .unwrap();
    let Error::SignIn(error) = client.sign_in().await.unwrap_err() else {
        panic!("a sign-in error was expected");
    };
    assert_eq!(
        error.to_string(),
        "sign-in failed: the Azure SDK credential failed: the vault is locked"
    );
    let source = std::error::Error::source(&*error).unwrap();
    let source = source.downcast_ref::<azure_core::Error>().unwrap();
    assert_eq!(*source.kind(), ErrorKind::Credential);
    assert_eq!(
        *credential.asked.lock().unwrap(),
        ["https://microsoftgraph.chinacloudapi.cn/.default"]
    );
}

/// Creates a client whose provider counts its calls, and issues tokens that live for an hour.
fn counting() -> (Graph, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let graph = Graph::new(move |_: TokenRequest| {
        let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            tokio::task::yield_now().await;
            Ok(AccessToken::new(format!("{HUSH}-{n}")).expires_in(Duration::from_secs(3600)))
        }
    });
    (graph, count)
}

#[tokio::test]
async fn client_and_azure_sdk_share_one_token_request() {
    let (graph, count) = counting();
    let credential: Arc<dyn TokenCredential> = Arc::new(GraphCredential::new(&graph));
    assert!(!format!("{credential:?}").contains(HUSH));
    let (signed_in, tokens) = tokio::join!(
        graph.sign_in(),
        join_all((0..1000).map(|_| credential.get_token(&[SCOPE], None)))
    );
    signed_in.unwrap();
    for token in tokens {
        let token = token.unwrap();
        assert_eq!(token.token.secret(), format!("{HUSH}-1"));
        let left = token.expires_on - OffsetDateTime::now_utc();
        assert!((3590..=3600).contains(&left.whole_seconds()), "{left}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn graph_credential_refuses_foreign_scopes() {
    let (graph, count) = counting();
    let credential = GraphCredential::new(&graph);
    for (scopes, named) in [
        (
            &["https://vault.azure.net/.default"][..],
            "https://vault.azure.net/.default",
        ),
        (&[], ""),
        (
            &[SCOPE, "User.Read"],
            "https://graph.microsoft.com/.default User.Read",
        ),
        (
            &["https://graph.microsoft.us/.default"],
            "https://graph.microsoft.us/.default",
        ),
    ] {
        let error = credential.get_token(scopes, None).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Credential);
        assert_eq!(
            error.to_string(),
            format!(
                "this credential only provides tokens for the scope `{SCOPE}`, not for `{named}`"
            )
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn graph_credential_reports_failed_sign_in() {
    let graph =
        Graph::new(|_: TokenRequest| async { Err(SignInError::new("the vault is locked").into()) });
    let error = GraphCredential::new(&graph)
        .get_token(&[SCOPE], None)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Credential);
    assert_eq!(error.to_string(), "sign-in failed: the vault is locked");
    let source = std::error::Error::source(&error).unwrap();
    assert!(
        source
            .downcast_ref::<Error>()
            .is_some_and(|error| matches!(error, Error::SignIn(_)))
    );
}

#[tokio::test]
async fn token_without_expiry_is_not_cached_by_sdk() {
    let graph = Graph::new(AccessTokenCredential::new(HUSH));
    let token = GraphCredential::new(&graph)
        .get_token(&[SCOPE], None)
        .await
        .unwrap();
    assert_eq!(token.token.secret(), HUSH);
    assert!(token.expires_on <= OffsetDateTime::now_utc());
}

#[tokio::test]
async fn token_expiry_beyond_the_calendar_does_not_panic() {
    for life in ["1000000000000", "\"1e300\"", "18446744073709551615"] {
        let token = format!(r#"{{"token_type":"Bearer","access_token":"t","expires_in":{life}}}"#);
        let login = Recorder::always(Answer::json(token)).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let cloud = msgraph::CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
        let secret = msgraph::auth::ClientSecretCredential::new("contoso.com", "client", "secret");
        let client = Graph::builder(secret).cloud(cloud).build().unwrap();
        let token = GraphCredential::new(&client)
            .get_token(&[SCOPE], None)
            .await;
        let years = (token.unwrap().expires_on - OffsetDateTime::now_utc()).whole_days() / 365;
        assert!((9..=10).contains(&years), "{life}: {years}");
    }
    for end in [
        OffsetDateTime::UNIX_EPOCH,
        azure_core::time::OffsetDateTime::now_utc(),
    ] {
        let token = AccessToken::new("t").expires_at(end.into());
        let client = Graph::new(move |_: TokenRequest| std::future::ready(Ok(token.clone())));
        client.sign_in().await.unwrap();
    }
    let token = AccessToken::new("t").expires_in(Duration::MAX);
    let client = Graph::new(move |_: TokenRequest| std::future::ready(Ok(token.clone())));
    GraphCredential::new(&client)
        .get_token(&[SCOPE], None)
        .await
        .unwrap();
}
