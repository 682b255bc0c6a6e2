//! Secrets, which no output contains.

use std::fmt::Debug;
use std::time::Duration;

use http::Method;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, Application, ClientAssertionCredential,
    ClientSecretCredential, DeviceCodeCredential, MemoryStore, OnBehalfOfCredential,
    RefreshTokenCredential, Secret, TokenProvider, TokenRequest,
};
use msgraph::error::SignInError;
use msgraph::{Cloud, CustomCloud, Error, Graph};
use serde_json::json;

use crate::support::recorder::{Answer, Recorder};
use crate::tracing::{Told, listen};

/// The text that every secret of these tests contains.
const HUSH: &str = "hush-hush";

#[track_caller]
fn silent(printed: &str) {
    assert!(
        !printed.to_ascii_lowercase().contains(HUSH),
        "a secret is printed: {printed}"
    );
}

#[track_caller]
fn debug(value: &impl Debug) {
    silent(&format!("{value:?}"));
    silent(&format!("{value:#?}"));
}

/// Checks an error and all its causes.
#[track_caller]
fn error(error: &(dyn std::error::Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        silent(&format!("{error} {error:?} {error:#?}"));
        cause = error.source();
    }
}

#[test]
fn credentials_print_no_secret() {
    debug(&Secret::new(HUSH.to_owned()));
    debug(&AccessToken::new(HUSH).expires_in(Duration::from_secs(1)));
    debug(&ClientSecretCredential::new("contoso.com", "client", HUSH));
    debug(&AccessTokenCredential::new(HUSH));
    debug(&AccessTokenCredential::from_fn(|| {
        std::future::ready(Ok::<_, Error>(HUSH))
    }));
    let refresh = || {
        RefreshTokenCredential::new("common", "client", HUSH)
            .client_secret(HUSH)
            .on_rotation(|_| std::future::ready(Ok::<_, Error>(())))
    };
    debug(&refresh());
    debug(&Graph::new(ClientSecretCredential::new(
        "contoso.com",
        "client",
        HUSH,
    )));
    debug(&Graph::new(AccessTokenCredential::new(HUSH)));
    let mut headers = http::HeaderMap::new();
    headers.insert("x-api-key", HUSH.parse().unwrap());
    let builder = Graph::builder(refresh()).configure_http(|http| http.default_headers(headers));
    debug(&builder);
    debug(&builder.build().unwrap());
    assert_eq!(format!("{:?}", Secret::new(HUSH.to_owned())), "[redacted]");
    // These types hold no secrets, and print their content.
    assert!(format!("{:?}", Cloud::UsGovL4).contains("UsGovL4"));
    assert!(
        format!(
            "{:?}",
            CustomCloud::new("https://a.example", "https://b.example")
        )
        .contains("a.example")
    );
}

#[tokio::test]
async fn token_request_prints_no_secret() {
    let provider = |request: TokenRequest| {
        debug(&request);
        std::future::ready(Ok(AccessToken::new(HUSH)))
    };
    Graph::new(provider).sign_in().await.unwrap();
}

#[tokio::test]
async fn calls_and_responses_print_no_secret() {
    let recorder =
        Recorder::always(Answer::json(json!({ "secretText": HUSH })).header("Set-Cookie", HUSH))
            .await;
    let client = Graph::builder(AccessTokenCredential::new(HUSH))
        .base_url(recorder.url())
        .build()
        .unwrap();
    let call = client
        .request(Method::POST, "/me")
        .header("Authorization", format!("Bearer {HUSH}").as_str())
        .body(HUSH, "text/plain");
    debug(&call);
    debug(&call.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn errors_print_no_secret() {
    let hushed = |status: u16| {
        Answer::status(status)
            .header("Set-Cookie", HUSH)
            .header(
                "Location",
                &format!("https://storage.example:1/?tempauth={HUSH}"),
            )
            .body(format!("<html>{HUSH}"))
    };
    let cloud = |graph: &str, login: &str| CustomCloud::new(graph, login);
    let secret = || ClientSecretCredential::new("contoso.com", "client", HUSH);
    let login = Recorder::always(Answer::json(
        json!({ "token_type": "Bearer", "access_token": HUSH }),
    ))
    .await;

    // Graph refuses, redirects, or is unreachable.
    for answer in [
        hushed(401),
        hushed(404),
        hushed(302),
        redirect_to(&format!("http://evil.example/{HUSH}")),
    ] {
        let graph = Recorder::always(answer).await;
        let client = Graph::builder(secret())
            .cloud(cloud(graph.url(), login.url()))
            .build()
            .unwrap();
        let call = client.request(Method::GET, "/me").header("x-api-key", HUSH);
        error(&call.await.unwrap_err());
    }
    let client = Graph::builder(secret())
        .cloud(cloud("http://127.0.0.1:1", login.url()))
        .build()
        .unwrap();
    error(
        &client
            .request(Method::GET, format!("/me?code={HUSH}"))
            .await
            .unwrap_err(),
    );
    let link = format!("https://user:{HUSH}@evil.example/?code={HUSH}");
    error(&client.request(Method::GET, link).await.unwrap_err());

    // The platform refuses, sends a truncated token, redirects, or is unreachable.
    let half = Answer::json(format!(
        r#"{{"token_type":"Bearer","access_token":"{HUSH}","#
    ));
    let none = Answer::json(
        json!({ "token_type": "Bearer", "refresh_token": HUSH, "access_token": [HUSH] }),
    );
    let pop = Answer::json(json!({ "token_type": "pop", "access_token": HUSH }));
    let broken =
        Answer::json(json!({ "token_type": "Bearer", "access_token": format!("{HUSH}\n{HUSH}") }));
    for answer in [hushed(400), hushed(307), half, none, pop, broken] {
        let login = Recorder::always(answer).await;
        let client = Graph::builder(secret())
            .cloud(cloud("http://127.0.0.1:1", login.url()))
            .build()
            .unwrap();
        error(&client.sign_in().await.unwrap_err());
    }
    let unreachable = cloud("http://127.0.0.1:1", "http://127.0.0.1:1");
    let providers = RefreshTokenCredential::new("common", "client", HUSH).client_secret(HUSH);
    error(
        &Graph::builder(providers)
            .cloud(unreachable)
            .build()
            .unwrap()
            .sign_in()
            .await
            .unwrap_err(),
    );
    error(
        &Graph::new(AccessTokenCredential::new(format!("Bearer {HUSH}")))
            .sign_in()
            .await
            .unwrap_err(),
    );
    error(
        &Graph::new(AccessTokenCredential::new(format!("{HUSH}\n{HUSH}")))
            .sign_in()
            .await
            .unwrap_err(),
    );

    // The client cannot be built.
    let base = format!("https://user:{HUSH}@graph.microsoft.com");
    error(&Graph::builder(secret()).base_url(base).build().unwrap_err());
    error(&SignInError::new("the vault is locked"));
}

fn redirect_to(location: &str) -> Answer {
    Answer::status(302).header("Location", location)
}

/// Starts an identity platform whose tokens contain the secret.
async fn platform_with_secrets() -> Recorder {
    Recorder::new(|request| {
        if request.target.ends_with("/devicecode") {
            return Answer::json(json!({
                "device_code": HUSH, "user_code": "ABC", "interval": 0, "expires_in": 900,
                "verification_uri": "https://microsoft.com/devicelogin", "message": "sign in",
            }));
        }
        Answer::json(json!({
            "token_type": "Bearer", "expires_in": 3599,
            "access_token": HUSH, "refresh_token": HUSH, "id_token": HUSH,
        }))
        .header("Set-Cookie", HUSH)
    })
    .await
}

#[tokio::test]
async fn sign_ins_trace_no_secret() {
    let told = listen();
    let login = platform_with_secrets().await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let application = || Application::new("contoso.com", "client").client_secret(HUSH);
    let assertion = || async { Ok::<_, SignInError>(HUSH) };
    let device = DeviceCodeCredential::new("contoso.com", "client", |_| std::future::ready(()));
    let tokens = [
        sign_in(application(), &graph, &login).await,
        sign_in(
            ClientAssertionCredential::new("contoso.com", "client", assertion),
            &graph,
            &login,
        )
        .await,
        sign_in(
            OnBehalfOfCredential::new(application(), HUSH),
            &graph,
            &login,
        )
        .await,
        sign_in(
            RefreshTokenCredential::new("contoso.com", "client", HUSH).store(MemoryStore::new()),
            &graph,
            &login,
        )
        .await,
    ];
    assert_eq!(tokens, [true; 4]);
    // The ID token is not valid, so the sign-in fails after it has received its tokens.
    assert!(!sign_in(device, &graph, &login).await);
    quiet(&told);
}

/// Signs in and makes a call. Returns `false` if the sign-in failed.
async fn sign_in(provider: impl TokenProvider, graph: &Recorder, login: &Recorder) -> bool {
    let client = Graph::builder(provider)
        .cloud(CustomCloud::new(graph.url(), login.url()))
        .build()
        .unwrap();
    debug(&client);
    match client.request(Method::GET, "/me").await {
        Ok(_) => true,
        Err(failed) => {
            error(&failed);
            false
        }
    }
}

#[tokio::test]
async fn downloads_trace_no_secret() {
    let told = listen();
    let storage = Recorder::always(Answer::status(200).body("bytes")).await;
    let location = format!("{}/f?tempauth={HUSH}", storage.url());
    let graph = Recorder::always(Answer::status(302).header("Location", &location)).await;
    let client = Graph::builder(AccessTokenCredential::new(HUSH))
        .base_url(graph.url())
        .build()
        .unwrap();
    let content = || {
        let item = client.me().drive().items().id(HUSH);
        item.content().get().header("x-api-key", HUSH)
    };
    let mut stream = content().stream().await.unwrap();
    while stream.try_next().await.unwrap().is_some() {}
    debug(&stream);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    content().to_file(&file).await.unwrap();
    assert_eq!(std::fs::read(file).unwrap(), b"bytes");
    assert_eq!(storage.requests().len(), 2);
    quiet(&told);
}

/// Checks all events at level TRACE, of this crate and of its dependencies.
#[track_caller]
fn quiet(told: &Told) {
    let traced = told.everything() + &told.elsewhere();
    assert!(traced.contains("request"), "nothing was traced: {traced}");
    silent(&traced);
}
