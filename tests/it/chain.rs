//! Chained credentials, used one after another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use http::Method;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, ChainedCredential, ClientSecretCredential, TokenProvider,
    TokenRequest,
};
use msgraph::error::SignInError;
use msgraph::{CustomCloud, Error, Graph, RetryPolicy};

use crate::support::recorder::{Answer, Recorder};

/// The names of the credentials that were asked, in order.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<&'static str>>>);

impl Asked {
    /// Creates a provider that records its calls, and responds by their number.
    fn link(
        &self,
        name: &'static str,
        answer: impl Fn(usize) -> msgraph::Result<AccessToken> + Send + Sync + 'static,
    ) -> impl TokenProvider {
        let asked = self.clone();
        let count = AtomicUsize::new(0);
        move |_: TokenRequest| {
            asked.0.lock().unwrap().push(name);
            let answer = answer(count.fetch_add(1, Ordering::SeqCst));
            async move {
                tokio::task::yield_now().await;
                answer
            }
        }
    }

    fn names(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn unavailable<T>(why: &str) -> msgraph::Result<T> {
    Err(SignInError::unavailable(why).into())
}

fn client(provider: impl TokenProvider, graph: &Recorder) -> Graph {
    Graph::builder(provider)
        .base_url(graph.url())
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

async fn refused(chain: ChainedCredential) -> SignInError {
    match Graph::new(chain).sign_in().await {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

#[tokio::test]
async fn first_credential_with_token_gives_later_ones() {
    let graph = Recorder::always(Answer::status(401)).await;
    let asked = Asked::default();
    // The first provider would have a token later, but then the identity would change.
    let late = |n| {
        if n == 0 {
            unavailable("not yet")
        } else {
            Ok(AccessToken::new("late"))
        }
    };
    let chain = ChainedCredential::new()
        .or("late", asked.link("late", late))
        .or(
            "second",
            asked.link("second", |n| Ok(AccessToken::new(format!("second-{n}")))),
        )
        .or(
            "third",
            asked.link("third", |_| Ok(AccessToken::new("third"))),
        );
    assert_eq!(
        format!("{chain:?}"),
        r#"ChainedCredential ["late", "second", "third"]"#
    );
    let client = client(chain, &graph);
    client.sign_in().await.unwrap();
    assert_eq!(asked.names(), ["late", "second"]);
    for _ in 0..2 {
        client.request(Method::GET, "/me").await.unwrap_err();
    }
    assert!(asked.names().iter().all(|name| *name == "second"));
    let tokens = graph.requests();
    let tokens = tokens
        .iter()
        .filter_map(|request| request.header("authorization"));
    assert!(
        tokens
            .into_iter()
            .all(|token| token.starts_with("Bearer second-"))
    );
}

#[tokio::test]
async fn chosen_credential_failure_does_not_continue_the_chain() {
    let asked = Asked::default();
    let once = |n| {
        if n == 0 {
            Ok(AccessToken::new("once"))
        } else {
            unavailable("signed out")
        }
    };
    let chain = Arc::new(
        ChainedCredential::new()
            .or("once", asked.link("once", once))
            .or(
                "other",
                asked.link("other", |_| Ok(AccessToken::new("other"))),
            ),
    );
    Graph::new(Arc::clone(&chain)).sign_in().await.unwrap();
    let error = Graph::new(chain).sign_in().await.unwrap_err();
    assert_eq!(error.to_string(), "sign-in failed: signed out");
    assert_eq!(asked.names(), ["once", "once"]);
}

#[tokio::test]
async fn refusal_ends_the_chain_and_names_its_credential() {
    let login = Recorder::always(
        Answer::json(
            r#"{"error":"invalid_client","error_codes":[7000215],
            "error_description":"AADSTS7000215: Wrong."}"#,
        )
        .with_status(401),
    )
    .await;
    let asked = Asked::default();
    let chain = ChainedCredential::new()
        .or(
            "nothing",
            asked.link("nothing", |_| unavailable("nothing is set")),
        )
        .or(
            "environment",
            ClientSecretCredential::new("contoso.com", "client", "hush"),
        )
        .or("tool", asked.link("tool", |_| Ok(AccessToken::new("tool"))));
    let cloud = CustomCloud::new("http://127.0.0.1:1", login.url());
    let client = Graph::builder(chain).cloud(cloud).build().unwrap();
    let Error::SignIn(error) = client.sign_in().await.unwrap_err() else {
        panic!("a sign-in error was expected");
    };
    assert_eq!(
        crate::support::without_correlation_id(&error),
        "sign-in refused: 401 invalid_client AADSTS7000215: Wrong: `environment` failed, and the \
         chain does not continue after this error"
    );
    assert_eq!(
        (error.error(), error.is_unavailable()),
        (Some("invalid_client"), false)
    );
    assert_eq!(asked.names(), ["nothing"]);

    let broken = |_| Err(SignInError::new("the vault is locked").into());
    let error = refused(ChainedCredential::new().or("vault", asked.link("vault", broken))).await;
    assert_eq!(
        error.to_string(),
        "sign-in failed: the vault is locked (`vault` failed, and the chain does not continue \
         after this error)"
    );

    // An error that is not a sign-in error is returned unchanged.
    let wrong = Graph::builder(AccessTokenCredential::new("t")).base_url("http://evil.example");
    let wrong = wrong.build().unwrap_err();
    let other = move |_| Err(wrong.clone());
    let chain = ChainedCredential::new()
        .or("odd", asked.link("odd", other))
        .or("tool", asked.link("tool", |_| Ok(AccessToken::new("tool"))));
    assert!(matches!(
        Graph::new(chain).sign_in().await,
        Err(Error::Host(_))
    ));
}

#[tokio::test]
async fn exhausted_chain_lists_reasons_on_one_line() {
    let asked = Asked::default();
    let inner = ChainedCredential::new().or(
        "tool",
        asked.link("tool", |_| unavailable("not\ninstalled")),
    );
    let chain = ChainedCredential::new()
        .or(
            "environment",
            asked.link("environment", |_| unavailable("nothing is set")),
        )
        .or("tools", inner);
    let error = refused(chain).await;
    assert_eq!(
        error.to_string(),
        "sign-in failed: no credential in the chain can sign in: `environment`: nothing is set; \
         `tools`: no credential in the chain can sign in: `tool`: not installed"
    );
    assert!(error.is_unavailable() && !error.is_retryable());
    let error = refused(ChainedCredential::new()).await;
    assert_eq!(
        error.to_string(),
        "sign-in failed: the chain contains no credential"
    );
    assert!(error.is_unavailable());
}

#[tokio::test]
async fn exhausted_chain_starts_again_with_next_call() {
    let asked = Asked::default();
    let late = |n| {
        if n == 0 {
            unavailable("not yet")
        } else {
            Ok(AccessToken::new("late"))
        }
    };
    let client = Graph::new(ChainedCredential::new().or("late", asked.link("late", late)));
    client.sign_in().await.unwrap_err();
    client.sign_in().await.unwrap();
    assert_eq!(asked.names(), ["late", "late"]);
}

#[tokio::test]
async fn clients_with_one_chain_share_the_choice() {
    let asked = Asked::default();
    let chain = Arc::new(
        ChainedCredential::new()
            .or("none", asked.link("none", |_| unavailable("nothing")))
            .or(
                "second",
                asked.link("second", |n| Ok(AccessToken::new(format!("second-{n}")))),
            ),
    );
    let clients: Vec<_> = (0..10).map(|_| Graph::new(Arc::clone(&chain))).collect();
    for signed_in in join_all(clients.iter().map(Graph::sign_in)).await {
        signed_in.unwrap();
    }
    let names = asked.names();
    assert_eq!(names.iter().filter(|name| **name == "none").count(), 1);
    assert_eq!(names.iter().filter(|name| **name == "second").count(), 10);
}

#[tokio::test]
async fn chain_shares_tokens_only_if_all_credentials_do() {
    let own = |_: TokenRequest| async { Ok(AccessToken::new("t")) };
    assert!(ChainedCredential::new().or("own", own).shares_tokens());
    let chain = ChainedCredential::new()
        .or("own", own)
        .or("fixed", AccessTokenCredential::new("t"));
    assert!(!chain.shares_tokens());
}

#[tokio::test]
async fn chain_shares_tokens_of_the_chosen_credential() {
    let unavailable = |_: TokenRequest| async { Err(SignInError::unavailable("not here").into()) };
    let own = |_: TokenRequest| async { Ok(AccessToken::new("t")) };
    let chain = Arc::new(
        ChainedCredential::new()
            .or("unavailable", unavailable)
            .or("own", own)
            .or("fixed", AccessTokenCredential::new("t")),
    );
    let graph = Graph::builder(Arc::clone(&chain)).build().unwrap();
    assert!(!chain.shares_tokens());
    graph.sign_in().await.unwrap();
    assert!(chain.shares_tokens());
}
