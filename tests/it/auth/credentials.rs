//! The token requests of each credential that has no user.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use msgraph::Graph;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, Application, ClientAssertionCredential,
    ClientSecretCredential, TokenProvider, TokenRequest, WorkloadIdentityCredential,
};
use msgraph::error::SignInError;
use serde_json::json;

use super::{
    ASSERTION_TYPE, CAPABILITY, SCOPE, assert_token_request, client, fields, form, me, platform,
    platform_and_graph, refusing, secret, sign_in_error, tokens,
};
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn client_secret_request_is_the_documented_one() {
    let (login, graph) = platform_and_graph().await;
    let client = client(secret(), &graph, &login);
    me(&client).await.unwrap();
    me(&client).await.unwrap();

    let request = login.only();
    assert_token_request(&request);
    assert_eq!(request.header("authorization"), None);
    assert!(request.header("content-length").is_some());
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("client_secret", "the secret/+&"),
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
    ];
    assert_eq!(form(&request), fields(&expected));
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-1"]);
}

fn with_assertion(assertion: &str) -> [(&str, &str); 6] {
    [
        ("claims", CAPABILITY),
        ("client_assertion", assertion),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_id", "client"),
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
    ]
}

#[tokio::test]
async fn assertion_is_requested_for_each_token() {
    let (login, graph) = platform_and_graph().await;
    let made = Arc::new(AtomicUsize::new(0));
    let provider = ClientAssertionCredential::new("contoso.com", "client", move || {
        let number = made.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, std::io::Error>(format!("header.{number}.signature")) }
    });
    assert!(!format!("{provider:?}").contains("signature"));
    let provider = Arc::new(provider);
    for number in 0..2 {
        let client = client(Arc::clone(&provider), &graph, &login);
        me(&client).await.unwrap();
        let assertion = format!("header.{number}.signature");
        let request = login.requests().pop().unwrap();
        assert_eq!(request.target, "/contoso.com/oauth2/v2.0/token");
        assert_eq!(form(&request), fields(&with_assertion(&assertion)));
    }
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test]
async fn missing_assertion_is_error_without_a_request() {
    let (login, graph) = platform_and_graph().await;
    let provider = ClientAssertionCredential::new("contoso.com", "client", || async {
        Err::<String, _>(std::io::Error::other("the vault is closed"))
    });
    let error = client(provider, &graph, &login)
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "sign-in failed: the client assertion callback failed: the vault is closed"
    );
    let provider = ClientAssertionCredential::new("common", "client", || async {
        Ok::<_, std::io::Error>("assertion")
    });
    let error = client(provider, &graph, &login)
        .sign_in()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("tenant `common`"), "{error}");
    assert_eq!((login.requests().len(), graph.requests().len()), (0, 0));
}

#[tokio::test]
async fn workload_token_file_is_read_for_each_request() {
    let (login, graph) = platform_and_graph().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let provider = Arc::new(WorkloadIdentityCredential::new(
        "contoso.com",
        "client",
        &file,
    ));
    let sign_in = || {
        let client = client(Arc::clone(&provider), &graph, &login);
        async move { client.sign_in().await }
    };
    let error = sign_in().await.unwrap_err().to_string();
    let named = format!(
        "sign-in failed: cannot read the token file `{}`: ",
        file.display()
    );
    assert!(error.starts_with(&named), "{error}");
    std::fs::write(&file, " \n").unwrap();
    let error = sign_in().await.unwrap_err().to_string();
    let empty = format!(
        "sign-in failed: the token file `{}` is empty",
        file.display()
    );
    assert_eq!(error, empty);
    assert_eq!(login.requests().len(), 0);
    for token in ["header.1.signature", "header.2.signature"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        sign_in().await.unwrap();
        let request = login.requests().pop().unwrap();
        assert_eq!(form(&request), fields(&with_assertion(token)));
    }
}

#[tokio::test]
async fn application_signs_in_with_its_client_authentication() {
    let (login, graph) = platform_and_graph().await;
    let public = Application::new("contoso.com", "client");
    let error = client(public.clone(), &graph, &login).sign_in().await;
    let text = sign_in_error(error.unwrap_err()).to_string();
    assert!(
        text.contains("has no secret, certificate or assertion"),
        "{text}"
    );
    assert!(login.requests().is_empty());

    let application = public.client_secret("the secret/+&");
    me(&client(application, &graph, &login)).await.unwrap();
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("client_secret", "the secret/+&"),
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
    ];
    assert_eq!(form(&login.only()), fields(&expected));
}

#[tokio::test]
async fn an_application_has_a_tenant_of_its_own() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = platform(json!({})).await;
    for tenant in ["common", "Organizations", "consumers", "a/../b", ""] {
        let client = client(
            ClientSecretCredential::new(tenant, "client", "secret"),
            &graph,
            &login,
        );
        let text = sign_in_error(client.sign_in().await.unwrap_err()).to_string();
        assert!(
            text.contains(&format!("`{}`", tenant.to_lowercase())),
            "{text}"
        );
    }
    assert_eq!(login.requests().len(), 0);
}

#[tokio::test]
async fn access_token_closure_is_called_for_each_call() {
    let graph = refusing(&["t2"], "Bearer").await;
    let count = AtomicUsize::new(0);
    let provider = AccessTokenCredential::from_fn(move || {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, std::convert::Infallible>(format!("t{n}")) }
    });
    let client = Graph::builder(provider)
        .base_url(graph.url())
        .build()
        .unwrap();
    me(&client).await.unwrap();
    me(&client).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer t1", "Bearer t2", "Bearer t3"]);
}

#[tokio::test]
async fn refused_fixed_access_token_is_not_retried() {
    let graph = refusing(&["t"], "Bearer realm=\"\"").await;
    let client = Graph::builder(AccessTokenCredential::new("t"))
        .base_url(graph.url())
        .build()
        .unwrap();
    let error = me(&client).await.unwrap_err();
    assert!(
        error.is_unauthorized() && error.has_code("invalidauthenticationtoken"),
        "{error}"
    );
    assert_eq!(tokens(&graph), ["Bearer t"]);
}

#[tokio::test]
async fn token_provider_is_a_closure_or_type() {
    struct Own;

    #[msgraph::async_trait]
    impl TokenProvider for Own {
        async fn token(&self, request: TokenRequest) -> msgraph::Result<AccessToken> {
            Ok(AccessToken::new(format!("for-{}", request.scope().len())))
        }
    }

    let graph = Recorder::always(Answer::json("{}")).await;
    let chosen: [Arc<dyn TokenProvider>; 3] = [
        Arc::new(Own),
        Arc::new(|_: TokenRequest| async { Ok(AccessToken::new("of-a-closure")) }),
        Arc::new(|_: TokenRequest| async { Err(SignInError::new("the vault is locked").into()) }),
    ];
    let mut errors = Vec::new();
    for provider in chosen {
        let client = Graph::builder(provider)
            .base_url(graph.url())
            .build()
            .unwrap();
        errors.extend(me(&client).await.err().map(|error| error.to_string()));
    }
    assert_eq!(tokens(&graph), ["Bearer for-36", "Bearer of-a-closure"]);
    assert_eq!(errors, ["sign-in failed: the vault is locked"]);
}

#[tokio::test]
async fn authorization_header_of_the_caller_is_kept() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = platform(json!({})).await;
    let client = client(secret(), &graph, &login);
    client
        .request(Method::GET, "/me")
        .header("Authorization", "Bearer mine")
        .await
        .unwrap();
    assert_eq!(tokens(&graph), ["Bearer mine"]);
    assert_eq!(login.requests().len(), 0);
}
