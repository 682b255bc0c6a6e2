//! Tokens that several clients share.

use std::num::NonZeroUsize;

use futures_util::future::join_all;
use msgraph::auth::{
    AccessTokenCredential, CacheKey, Certificate, ChainedCredential, ClientAssertionCredential,
    ClientCertificateCredential, ClientSecretCredential, OnBehalfOfCredential,
    RefreshTokenCredential, TokenCache,
};
use serde_json::json;

use super::*;

fn secret(tenant: &str) -> ClientSecretCredential {
    ClientSecretCredential::new(tenant, "client", "secret")
}

fn sharing(
    provider: impl TokenProvider,
    cache: &TokenCache,
    graph: &Recorder,
    login: &Recorder,
) -> Graph {
    Graph::builder(provider)
        .cloud(CustomCloud::new(graph.url(), login.url()).scope(SCOPE))
        .token_cache(cache.clone())
        .build()
        .unwrap()
}

/// Starts a platform whose first token has already expired on arrival.
async fn expired_first() -> Recorder {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Recorder::new(move |_| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let life = if n == 0 { 0 } else { 3599 };
        Answer::json(json!({ "access_token": format!("token-{}", n + 1), "expires_in": life }))
    })
    .await
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn expired_token_causes_one_request_for_all_calls() {
    let login = expired_first().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret("contoso.com"), &graph, &login);
    client.sign_in().await.unwrap();
    assert_eq!(login.requests().len(), 1);
    for call in join_all((0..10_000).map(|_| client.sign_in())).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
    me(&client).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-2"]);
    assert_eq!(login.requests().len(), 2);
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn clients_with_one_cache_share_token_request() {
    let login = expired_first().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::default();
    let clients = [
        sharing(secret("contoso.com"), &cache, &graph, &login),
        sharing(secret("CONTOSO.com"), &cache, &graph, &login),
    ];
    clients[0].sign_in().await.unwrap();
    for call in join_all((0..10_000).map(|at| clients[at % 2].sign_in())).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
    for client in &clients {
        me(client).await.unwrap();
    }
    assert_eq!(tokens(&graph), ["Bearer token-2", "Bearer token-2"]);
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn unauthorized_calls_of_two_clients_share_renewal() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let cache = TokenCache::default();
    let clients = [
        sharing(secret("contoso.com"), &cache, &graph, &login),
        sharing(secret("contoso.com"), &cache, &graph, &login),
    ];
    clients[0].sign_in().await.unwrap();
    for call in join_all((0..200).map(|at| me(&clients[at % 2]))).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
}

// Reported: Azure/azure-sdk-for-net#13610, microsoftgraph/msgraph-sdk-dotnet#4309.
#[tokio::test]
async fn each_cache_key_has_its_own_token() {
    let (login, graph) = platform_and_graph().await;
    let cache = TokenCache::default();
    let contoso = sharing(secret("contoso.com"), &cache, &graph, &login);
    let fabrikam = contoso.with_provider(secret("fabrikam.com"));
    let another = contoso.with_provider(ClientSecretCredential::new(
        "contoso.com",
        "another",
        "secret",
    ));
    for client in [&contoso, &fabrikam, &another, &contoso, &fabrikam, &another] {
        me(client).await.unwrap();
    }
    assert_eq!(
        tokens(&graph),
        [1, 2, 3, 1, 2, 3].map(|n| format!("Bearer token-{n}"))
    );
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 3, capacity: 10000 }"
    );
    // A provider without a cache key is not in any cache.
    let fixed = contoso.with_provider(AccessTokenCredential::new("fixed"));
    me(&fixed).await.unwrap();
    assert_eq!(tokens(&graph).last().unwrap(), "Bearer fixed");
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 3, capacity: 10000 }"
    );
}

#[tokio::test]
async fn full_cache_drops_least_recently_used_token() {
    let (login, graph) = platform_and_graph().await;
    let cache = TokenCache::with_capacity(NonZeroUsize::new(2).unwrap());
    let base = sharing(no_tokens(), &cache, &graph, &login);
    let call = async |tenant: &str| {
        me(&base.with_provider(secret(tenant))).await.unwrap();
        login.requests().len()
    };
    assert_eq!(call("a.com").await, 1);
    assert_eq!(call("b.com").await, 2);
    assert_eq!(call("a.com").await, 2);
    assert_eq!(call("c.com").await, 3);
    assert_eq!(call("a.com").await, 3);
    assert_eq!(call("b.com").await, 4);
    assert_eq!(
        format!("{cache:?}"),
        "TokenCache { tokens: 2, capacity: 2 }"
    );
}

/// Starts a platform that knows one secret, and issues `token-1`, `token-2` … for it.
async fn knowing(secret: &'static str) -> Recorder {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Recorder::new(move |request| {
        if field(request, "client_secret").as_deref() != Some(secret) {
            let refusal = json!({ "error": "invalid_client", "error_codes": [7_000_215] });
            return Answer::json(refusal).with_status(401);
        }
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Answer::json(json!({ "access_token": format!("token-{n}"), "expires_in": 3599 }))
    })
    .await
}

fn with_secret(secret: &str) -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", secret)
}

#[tokio::test]
async fn wrong_secret_never_gets_token_of_right_one() {
    let login = knowing("right").await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let right = client(with_secret("right"), &graph, &login);
    me(&right).await.unwrap();
    let wrong = right.with_provider(with_secret("wrong"));
    let error = sign_in_error(me(&wrong).await.unwrap_err());
    assert_eq!(error.codes(), [7_000_215]);
    // A client with the right secret shares the token.
    me(&right.with_provider(with_secret("right")))
        .await
        .unwrap();
    me(&right).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1"; 3]);
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test]
async fn refusal_of_wrong_secret_spares_right_one() {
    let login = knowing("right").await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let wrong = client(with_secret("wrong"), &graph, &login);
    let right = wrong.with_provider(with_secret("right"));
    let calls = (0..100).map(|at| if at % 2 == 0 { me(&wrong) } else { me(&right) });
    // All calls start at once, so that they would wait for one token request.
    let outcomes = join_all(calls).await;
    let calls_of = |at: usize| outcomes.iter().skip(at).step_by(2);
    assert!(calls_of(0).all(Result::is_err));
    assert!(calls_of(1).all(Result::is_ok));
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test]
async fn rotated_secret_requests_new_token() {
    let (login, graph) = platform_and_graph().await;
    let old = client(with_secret("old"), &graph, &login);
    let new = old.with_provider(with_secret("new"));
    for client in [&old, &new, &old] {
        me(client).await.unwrap();
    }
    assert_eq!(
        tokens(&graph),
        [1, 2, 1].map(|n| format!("Bearer token-{n}"))
    );
}

#[tokio::test]
async fn each_credential_of_an_application_has_own_token() {
    let (login, graph) = platform_and_graph().await;
    let base = client(no_tokens(), &graph, &login);
    let application = Application::new("contoso.com", "client");
    let assertion = |text: &'static str| {
        let assertion = move || async move { Ok::<_, std::io::Error>(text) };
        application.clone().client_assertion(assertion)
    };
    let (one, other) = (assertion("one"), assertion("other"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "assertion").unwrap();
    let federated = application.clone().federated_token_file(file.path());
    for (provider, token) in [
        (one.clone(), 1),
        (other.clone(), 2),
        (application.clone().client_secret("secret"), 3),
        (federated.clone(), 4),
        // Clones are one credential.
        (one, 1),
        (other, 2),
        (federated, 4),
    ] {
        me(&base.with_provider(provider)).await.unwrap();
        let sent = tokens(&graph);
        assert_eq!(sent.last().unwrap(), &format!("Bearer token-{token}"));
    }
}

#[tokio::test]
async fn user_tokens_are_separate_per_api_secret() {
    let login = knowing("right").await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let base = client(no_tokens(), &graph, &login);
    let call = async |secret: &str, incoming: &str| {
        let api = Application::new("contoso.com", "api").client_secret(secret);
        me(&base.with_provider(OnBehalfOfCredential::new(api, incoming))).await
    };
    call("right", "ada").await.unwrap();
    call("right", "ada").await.unwrap();
    call("right", "grace").await.unwrap();
    sign_in_error(call("wrong", "ada").await.unwrap_err());
    assert_eq!(
        tokens(&graph),
        [1, 1, 2].map(|n| format!("Bearer token-{n}"))
    );
}

#[tokio::test]
async fn key_prints_no_credential() {
    let key = CacheKey::new(&msgraph::Cloud::Global, "contoso.com", "client");
    let with = key.clone().credential("hush");
    assert_eq!(format!("{with:?}"), format!("{key:?}"));
}

fn certificate(file: &str) -> Certificate {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/certificates");
    let key = std::fs::read_to_string(format!("{folder}/leaf.key")).unwrap();
    let certificate = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    Certificate::from_pem(certificate + &key).unwrap()
}

#[tokio::test]
async fn each_certificate_has_its_own_token() {
    let (login, graph) = platform_and_graph().await;
    let base = client(no_tokens(), &graph, &login);
    let call = async |certificate: Certificate| {
        let provider = ClientCertificateCredential::new("contoso.com", "client", certificate);
        me(&base.with_provider(provider)).await.unwrap();
        login.requests().len()
    };
    let leaf = || certificate("leaf.pem");
    assert_eq!(call(leaf()).await, 1);
    // The same certificate, read twice, counts as one.
    assert_eq!(call(leaf()).await, 1);
    assert_eq!(call(leaf().rs256()).await, 2);
    assert_eq!(call(leaf().send_chain()).await, 3);
    let signed_elsewhere = || {
        let public = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/certificates/leaf.pem"
        );
        let public = std::fs::read(public).unwrap();
        let sign = |_| async { Ok::<_, std::io::Error>(vec![1, 2, 3]) };
        Certificate::with_signer(public, sign).unwrap()
    };
    let one = signed_elsewhere();
    assert_eq!(call(one.clone()).await, 4);
    assert_eq!(call(one).await, 4);
    assert_eq!(call(signed_elsewhere()).await, 5);
}

#[tokio::test]
async fn replaced_certificate_file_is_another_credential() {
    let (login, graph) = platform_and_graph().await;
    let base = client(no_tokens(), &graph, &login);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/certificates");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, read("leaf.pem") + &read("leaf.key")).unwrap();
    let kept = Certificate::from_file(file.path()).unwrap();
    let call = async |certificate: Certificate| {
        let provider = ClientCertificateCredential::new("contoso.com", "client", certificate);
        me(&base.with_provider(provider)).await.unwrap();
        login.requests().len()
    };
    assert_eq!(call(kept.clone()).await, 1);
    assert_eq!(call(certificate("leaf.pem")).await, 1);
    // The issuer's certificate is sent as well, so the client authentication differs.
    let more = read("leaf.pem") + &read("authority.pem") + &read("leaf.key");
    std::fs::write(&file, more).unwrap();
    assert_eq!(call(Certificate::from_file(file.path()).unwrap()).await, 2);
}

/// Makes a call with a credential and one with its clone, in two clients that share a cache.
/// Returns the number of token requests.
async fn token_requests_of_two<C: TokenProvider + Clone>(credential: C) -> usize {
    let login = platform(json!({ "refresh_token": "refresh-1" })).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::default();
    for credential in [credential.clone(), credential] {
        let client = sharing(credential, &cache, &graph, &login);
        me(&client).await.unwrap();
    }
    assert_eq!(tokens(&graph), ["Bearer token-1"; 2]);
    login.requests().len()
}

#[tokio::test]
async fn clone_of_credential_does_not_sign_in_again() {
    let application = Application::new("contoso.com", "client").client_secret("secret");
    let assertion = || async { Ok::<_, SignInError>("assertion") };
    let assertion = ClientAssertionCredential::new("contoso.com", "client", assertion);
    let on_behalf_of = OnBehalfOfCredential::new(application.clone(), "incoming");
    let refresh_token = RefreshTokenCredential::new("contoso.com", "client", "refresh-0");
    assert_eq!(token_requests_of_two(secret("contoso.com")).await, 1);
    assert_eq!(token_requests_of_two(application).await, 1);
    assert_eq!(token_requests_of_two(assertion).await, 1);
    assert_eq!(token_requests_of_two(on_behalf_of).await, 1);
    assert_eq!(token_requests_of_two(refresh_token).await, 1);
}

#[tokio::test]
async fn clone_with_other_scopes_has_its_own_session() {
    let login = platform(json!({ "refresh_token": "refresh-1" })).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let cache = TokenCache::default();
    let credential = RefreshTokenCredential::new("contoso.com", "client", "refresh-0");
    let other = credential.clone().scopes(["Mail.Read"]);
    for credential in [credential, other] {
        me(&sharing(credential, &cache, &graph, &login))
            .await
            .unwrap();
    }
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);
    for request in login.requests() {
        assert_eq!(
            field(&request, "refresh_token").as_deref(),
            Some("refresh-0")
        );
    }
}

#[tokio::test]
async fn clone_of_chain_keeps_the_chosen_credential() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let missing = move |_: TokenRequest| {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async { Err(SignInError::unavailable("not configured here").into()) }
    };
    let chain = ChainedCredential::new()
        .or("missing", missing)
        .or("secret", secret("contoso.com"));
    let copy = chain.clone();
    me(&client(chain, &graph, &login)).await.unwrap();
    me(&client(copy, &graph, &login)).await.unwrap();
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert_eq!(login.requests().len(), 2);
}
