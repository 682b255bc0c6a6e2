//! Sign-in over the wire: the requests to the token endpoint and to Graph, and the results of their
//! responses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, Application, AuthorizationCodeFlow,
    ClientAssertionCredential, ClientSecretCredential, Prompt, RefreshTokenCredential,
    TokenProvider, TokenRequest, WorkloadIdentityCredential,
};
use msgraph::error::SignInError;
use msgraph::{Cloud, CustomCloud, Error, Graph, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use crate::support::recorder::{Answer, Recorded, Recorder};
use crate::support::without_correlation_id;

pub const SCOPE: &str = "https://graph.microsoft.com/.default";
pub const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// Creates a client with two recorders, one for Graph and one for the identity platform.
pub fn client(provider: impl TokenProvider, graph: &Recorder, login: &Recorder) -> Graph {
    let cloud = CustomCloud::new(graph.url(), login.url()).scope(SCOPE);
    Graph::builder(provider)
        .cloud(cloud)
        .build()
        .expect("a client can be built")
}

fn secret() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", "the secret/+&")
}

/// Starts a platform that issues `token-1`, `token-2` …, each with the properties of `more`.
pub async fn platform(more: serde_json::Value) -> Recorder {
    let count = AtomicUsize::new(0);
    Recorder::new(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-{n}") });
        if let (Some(answer), Some(more)) = (answer.as_object_mut(), more.as_object()) {
            answer.extend(more.clone());
        }
        Answer::json(answer)
    })
    .await
}

/// Starts a Graph that refuses these tokens and accepts any other.
pub async fn refusing(refused: &'static [&'static str], header: &'static str) -> Recorder {
    Recorder::new(move |request| {
        let token = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        match token {
            Some(token) if !refused.contains(&token) => Answer::json(json!({ "by": token })),
            _ => Answer::json(
                json!({ "error": { "code": "InvalidAuthenticationToken", "message": "Refused." } }),
            )
            .with_status(401)
            .header("WWW-Authenticate", header),
        }
    })
    .await
}

/// Returns the fields of a form, decoded and sorted.
pub fn form(request: &Recorded) -> Vec<(String, String)> {
    let mut fields: Vec<_> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    fields.sort();
    fields
}

pub fn field(request: &Recorded, name: &str) -> Option<String> {
    form(request)
        .into_iter()
        .find_map(|(field, value)| (field == name).then_some(value))
}

pub fn fields(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn tokens(graph: &Recorder) -> Vec<String> {
    let requests = graph.requests();
    let token = |request: &Recorded| request.header("authorization").unwrap_or("none").to_owned();
    requests.iter().map(token).collect()
}

pub async fn me(graph: &Graph) -> msgraph::Result<()> {
    graph.request(Method::GET, "/me").await.map(drop)
}

#[track_caller]
pub fn sign_in_error(error: Error) -> SignInError {
    match error {
        Error::SignIn(error) => *error,
        error => panic!("a sign-in error was expected: {error:?}"),
    }
}

#[tokio::test]
async fn a_client_secret_is_exchanged_as_the_platform_documents_it() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    me(&client).await.unwrap();
    me(&client).await.unwrap();

    let request = login.only();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/contoso.com/oauth2/v2.0/token")
    );
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(request.header("accept"), Some("application/json"));
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

/// The assertion type that the platform expects:
/// <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

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
async fn an_assertion_is_made_for_each_token_and_takes_the_secrets_place() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
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
async fn that_there_is_no_assertion_is_said_and_nothing_is_sent() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
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
async fn the_token_of_a_workload_is_read_again_each_time() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
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

#[test]
fn the_platform_is_told_by_its_words_what_to_ask_the_user() {
    let graph = Graph::new(secret());
    for (prompt, word) in [
        (Prompt::Login, "login"),
        (Prompt::None, "none"),
        (Prompt::Consent, "consent"),
        (Prompt::SelectAccount, "select_account"),
        (Prompt::Create, "create"),
    ] {
        let site = Application::new("contoso.com", "client");
        let site = AuthorizationCodeFlow::new(site, "https://app.contoso.com/signed-in");
        let pending = site.prompt(prompt).begin(&graph).unwrap();
        let told = pending
            .url()
            .query_pairs()
            .find(|(name, _)| name == "prompt");
        assert_eq!(
            told.map(|(_, told)| told.into_owned()).as_deref(),
            Some(word)
        );
    }
}

#[tokio::test]
async fn an_error_without_an_id_of_the_platforms_has_that_of_the_request() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = Recorder::always(Answer::status(400)).await;
    let error = sign_in_error(
        client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err(),
    );
    let sent = login.only();
    assert_eq!(error.correlation_id(), sent.header("client-request-id"));
    assert!(uuid::Uuid::try_parse(error.correlation_id().unwrap()).is_ok());

    // A repeated request keeps its id. The platform's own id takes precedence.
    let refusal = json!({ "error": "invalid_client", "correlation_id": "of the platform" });
    let answers = [Answer::status(503), Answer::json(refusal).with_status(401)];
    let login = Recorder::in_turn(answers).await;
    let error = sign_in_error(
        client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err(),
    );
    assert_eq!(error.correlation_id(), Some("of the platform"));
    let [first, second] = login.requests().try_into().expect("two requests");
    assert_eq!(
        first.header("client-request-id"),
        second.header("client-request-id")
    );
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let body = format!(
        r#"{{"access_token":"hush-{}"}}"#,
        "x".repeat(2 * 1024 * 1024)
    );
    let login = Recorder::always(Answer::json("{}").body(body)).await;
    let error = client(secret(), &graph, &login)
        .sign_in()
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("longer than 1048576 bytes") && !text.contains("hush"),
        "{text}"
    );
}

#[tokio::test]
async fn an_application_signs_in_as_itself_with_what_it_shows() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
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
async fn a_token_that_is_forgotten_is_got_anew() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    me(&client).await.unwrap();
    client.forget_token();
    me(&client).await.unwrap();
    me(&client).await.unwrap();
    let [first, second] = ["Bearer token-1", "Bearer token-2"];
    assert_eq!(tokens(&graph), [first, second, second]);
}

#[tokio::test]
async fn signing_in_gets_a_token_at_once_and_once() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    assert_eq!(login.requests().len(), 0);
    client.sign_in().await.unwrap();
    client.sign_in().await.unwrap();
    me(&client).await.unwrap();
    assert_eq!(login.requests().len(), 1);
}

#[tokio::test]
async fn wrong_credentials_show_with_all_that_the_platform_says() {
    let login = Recorder::always(
        Answer::json(json!({
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: \
                                  trace\r\nCorrelation ID: correlation",
            "error_codes": [7000215],
            "timestamp": "2026-01-02 03:04:05Z",
            "trace_id": "trace",
            "correlation_id": "correlation",
            "error_uri": "https://login.microsoftonline.com/error?code=7000215",
        }))
        .with_status(401),
    )
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    let error = sign_in_error(client.sign_in().await.unwrap_err());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert_eq!(
        (error.error(), error.codes()),
        (Some("invalid_client"), &[7000215][..])
    );
    assert_eq!(
        (error.correlation_id(), error.trace_id()),
        (Some("correlation"), Some("trace"))
    );
    assert!(!error.is_retryable());
    insta::assert_snapshot!(
        error,
        @"sign-in refused: 401 invalid_client AADSTS7000215: Invalid client secret provided, \
          correlation-id correlation, trace-id trace"
    );
    // A call fails in the same way, and is not sent.
    sign_in_error(me(&client).await.unwrap_err());
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_may_answer_anything() {
    let html = "<html><title>Our services aren't available right now</title>";
    let answers = [
        (
            Answer::status(502)
                .header("Content-Type", "text/html")
                .body(html),
            "sign-in refused: 502 Bad Gateway",
            true,
        ),
        (
            Answer::status(503),
            "sign-in refused: 503 Service Unavailable",
            true,
        ),
        (
            Answer::status(429).header("Retry-After", "7"),
            "sign-in refused: 429 Too Many Requests",
            true,
        ),
        (
            Answer::status(400).body("{\"error\":\"inv"),
            "sign-in refused: 400 Bad Request",
            false,
        ),
        (
            Answer::status(302).header("Location", "/x"),
            "sign-in refused: 302 Found",
            false,
        ),
        (
            Answer::status(200).body(html),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::status(200),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json("[]"),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json(r#"{"token_type":"Bearer","id_token":"hush"}"#),
            "sign-in failed: the response of the token endpoint contains no token",
            false,
        ),
        (
            Answer::json(r#"{"token_type":"pop","access_token":"hush"}"#),
            "sign-in failed: the identity platform returned a token that is not a bearer token",
            false,
        ),
    ];
    let graph = Recorder::always(Answer::json("{}")).await;
    for (answer, says, retryable) in answers {
        let login = Recorder::always(answer).await;
        let error = client(secret(), &graph, &login)
            .sign_in()
            .await
            .unwrap_err();
        assert_eq!(
            (
                without_correlation_id(&error).as_str(),
                error.is_retryable()
            ),
            (says, retryable)
        );
        let error = sign_in_error(error);
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        assert!(
            !error.raw_body().windows(4).any(|window| window == b"hush"),
            "{error:?}"
        );
        if error.status().is_some_and(|status| status == 429) {
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn answers_that_are_a_little_off_are_taken() {
    let answers = [
        Answer::json(r#"{"token_type":"bearer","expires_in":"3599","access_token":"t"}"#),
        Answer::status(200)
            .header("Content-Type", "text/plain")
            .body("\u{feff}{\"token_type\":\"BEARER\",\"expires_in\":3599.0,\"access_token\":\"t\",\"refresh_token\":\"\"}"),
        Answer::json(r#"{"access_token":"t","expires_in":null,"scope":null,"foci":"1"}"#),
    ];
    for answer in answers {
        let login = Recorder::always(answer).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let client = client(secret(), &graph, &login);
        me(&client).await.unwrap();
        me(&client).await.unwrap();
        assert_eq!(tokens(&graph), ["Bearer t", "Bearer t"]);
        assert_eq!(login.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_not_there_is_told_from_a_graph_that_is_not_there() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = platform(json!({})).await;
    let nobody = CustomCloud::new(graph.url(), "http://127.0.0.1:1");
    let client = Graph::builder(secret()).cloud(nobody).build().unwrap();
    let error = me(&client).await.unwrap_err();
    assert!(error.is_retryable());
    let text = sign_in_error(error).to_string();
    assert!(
        text.starts_with("sign-in failed: cannot connect: "),
        "{text}"
    );

    let nobody = CustomCloud::new("http://127.0.0.1:1", login.url());
    let client = Graph::builder(secret())
        .cloud(nobody)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match me(&client).await.unwrap_err() {
        Error::Transport(error) => {
            assert!(error.is_connect() && !error.is_timeout());
            assert!(
                error.to_string().starts_with("GET /me → cannot connect: "),
                "{error}"
            );
        }
        error => panic!("a transport error was expected: {error:?}"),
    }
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
async fn a_refresh_token_is_exchanged_and_never_sent_to_graph() {
    let login = platform(json!({ "refresh_token": "refresh-0" })).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        RefreshTokenCredential::new("common", "client", "refresh-0"),
        &graph,
        &login,
    );
    me(&client).await.unwrap();

    let request = login.only();
    assert_eq!(request.target, "/common/oauth2/v2.0/token");
    let scope = format!("{SCOPE} offline_access");
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "refresh-0"),
        ("scope", &scope),
    ];
    assert_eq!(form(&request), fields(&expected));
    let request = graph.only();
    assert_eq!(request.header("authorization"), Some("Bearer token-1"));
    assert!(!format!("{:?}", request.headers).contains("refresh-0"));
}

#[tokio::test]
async fn a_confidential_client_and_chosen_scopes_go_along_with_a_refresh_token() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0")
        .client_secret("the secret")
        .scopes(["User.Read", "Mail.Send"]);
    client(provider, &graph, &login).sign_in().await.unwrap();
    let request = login.only();
    assert_eq!(
        field(&request, "client_secret").as_deref(),
        Some("the secret")
    );
    assert_eq!(
        field(&request, "scope").as_deref(),
        Some("User.Read Mail.Send offline_access")
    );
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_before_the_call_goes_on() {
    let login = platform(json!({ "refresh_token": "refresh-1" })).await;
    let graph = Arc::new(refusing(&["token-1"], "Bearer").await);
    let stored = Arc::new(Mutex::new(Vec::new()));
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0").on_rotation({
        let (stored, graph) = (Arc::clone(&stored), Arc::clone(&graph));
        move |token| {
            let (stored, graph) = (Arc::clone(&stored), Arc::clone(&graph));
            async move {
                tokio::task::yield_now().await;
                stored
                    .lock()
                    .unwrap()
                    .push((token.into_inner(), graph.requests().len()));
                Ok::<_, std::io::Error>(())
            }
        }
    });
    me(&client(provider, &graph, &login)).await.unwrap();
    // The second response contains the token that is already known.
    assert_eq!(*stored.lock().unwrap(), [("refresh-1".to_owned(), 0)]);
    let sent: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "refresh_token").unwrap())
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-1"]);
}

#[tokio::test]
async fn without_a_new_refresh_token_the_old_one_goes_on() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0")
        .on_rotation(|_| std::future::ready(Err::<(), _>("nothing to store")));
    me(&client(provider, &graph, &login)).await.unwrap();
    let sent: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "refresh_token").unwrap())
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-0"]);
}

#[tokio::test]
async fn a_refresh_token_that_could_not_be_stored_fails_the_call_and_is_handed_over_again() {
    let login = Recorder::in_turn([Answer::json(
        json!({ "token_type": "Bearer", "access_token": "token-1", "refresh_token": "refresh-1" }),
    )])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let handed = Arc::new(Mutex::new(Vec::new()));
    let provider = RefreshTokenCredential::new("common", "client", "refresh-0").on_rotation({
        let handed = Arc::clone(&handed);
        move |token| {
            let mut handed = handed.lock().unwrap();
            handed.push(token.into_inner());
            std::future::ready(if handed.len() == 1 {
                Err("the disk is full")
            } else {
                Ok(())
            })
        }
    });
    let client = client(provider, &graph, &login);
    let error = sign_in_error(me(&client).await.unwrap_err());
    assert_eq!(
        error.to_string(),
        "sign-in failed: cannot store the new refresh token: the disk is full"
    );
    assert_eq!(graph.requests().len(), 0);
    me(&client).await.unwrap();
    assert_eq!(*handed.lock().unwrap(), ["refresh-1", "refresh-1"]);
    // The access token from the same response is used, so no other one is requested.
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(login.requests().len(), 1);
}

#[tokio::test]
async fn a_dead_refresh_token_needs_the_user() {
    let login = Recorder::always(
        Answer::json(
            r#"{"error":"invalid_grant","error_codes":[70008],"suberror":"token_expired"}"#,
        )
        .with_status(400),
    )
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(
        RefreshTokenCredential::new("common", "client", "refresh-0"),
        &graph,
        &login,
    );
    let error = sign_in_error(me(&client).await.unwrap_err());
    assert!(error.needs_user() && !error.is_retryable());
    assert_eq!(
        (error.codes(), error.suberror()),
        (&[70008][..], Some("token_expired"))
    );
}

#[tokio::test]
async fn a_closure_of_access_tokens_is_asked_for_each_call() {
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
async fn a_fixed_access_token_is_not_tried_twice() {
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
async fn providers_of_ones_own_are_closures_or_types() {
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
async fn a_call_that_brings_its_own_authorization_keeps_it() {
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

/// The clouds, each with its Graph host and its identity platform host.
pub const CLOUDS: [(Cloud, &str, &str); 7] = [
    (
        Cloud::Global,
        "graph.microsoft.com",
        "login.microsoftonline.com",
    ),
    (
        Cloud::UsGovL4,
        "graph.microsoft.us",
        "login.microsoftonline.us",
    ),
    (
        Cloud::UsGovL5,
        "dod-graph.microsoft.us",
        "login.microsoftonline.us",
    ),
    (
        Cloud::China,
        "microsoftgraph.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    ),
    (
        Cloud::Bleu,
        "graph.svc.sovcloud.fr",
        "login.sovcloud-identity.fr",
    ),
    (
        Cloud::Delos,
        "graph.svc.sovcloud.de",
        "login.sovcloud-identity.de",
    ),
    (
        Cloud::GovSg,
        "graph.svc.sovcloud.sg",
        "login.sovcloud-identity.sg",
    ),
];

#[tokio::test]
async fn case_8_2_a_cloud_is_one_choice() {
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

#[tokio::test]
async fn case_8_3_a_challenge_is_answered_once_with_its_claims() {
    // The claims are {"access_token":{"nbf":{"essential":true, "value":"1726258122"}}}
    const CHALLENGE: &str = "Bearer realm=\"\", error=\"insufficient_claims\", \
                             claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTcyNjI1ODEyMiJ9fX0=\"";
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], CHALLENGE).await;
    let first = client(secret(), &graph, &login);
    me(&first).await.unwrap();
    let claims: Vec<serde_json::Value> = login
        .requests()
        .iter()
        .map(|request| serde_json::from_str(&field(request, "claims").unwrap()).unwrap())
        .collect();
    let capability = json!({ "values": ["cp1"] });
    assert_eq!(
        claims,
        [
            json!({ "access_token": { "xms_cc": capability } }),
            json!({ "access_token": { "xms_cc": capability, "nbf": { "essential": true, "value": "1726258122" } } }),
        ]
    );
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);

    // A second refusal goes to the caller, without a third attempt.
    let graph = refusing(&["token-3", "token-4"], CHALLENGE).await;
    let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
    assert_eq!(tokens(&graph), ["Bearer token-3", "Bearer token-4"]);
    match error {
        Error::Api(error) => {
            assert_eq!(error.message(), Some("Refused."));
            let claims = error.claims().expect("the claims are there for the app");
            assert!(claims.contains("1726258122"), "{claims}");
        }
        error => panic!("an API error was expected: {error:?}"),
    }
}

#[tokio::test]
async fn case_8_3_a_refusal_without_claims_makes_one_new_token_and_then_is_an_ordinary_error() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1", "token-2"], "Bearer realm=\"\"").await;
    let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
    assert!(
        error.is_unauthorized() && error.to_string().contains("Refused"),
        "{error}"
    );
    assert_eq!(tokens(&graph), ["Bearer token-1", "Bearer token-2"]);
    let claims: Vec<_> = login
        .requests()
        .iter()
        .map(|request| field(request, "claims").unwrap())
        .collect();
    assert_eq!(claims, [CAPABILITY, CAPABILITY]);
}

#[tokio::test]
async fn case_8_3_what_only_the_user_can_prove_is_said_with_the_claims() {
    let login = Recorder::in_turn([
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
        Answer::json(json!({
            "error": "interaction_required",
            "error_codes": [50076],
            "claims": "{\"access_token\":{\"polids\":{\"essential\":true}}}",
        }))
        .with_status(400),
    ])
    .await;
    let graph = refusing(
        &["token-1"],
        "Bearer error=\"insufficient_claims\", claims=\"e30=\"",
    )
    .await;
    let error = sign_in_error(me(&client(secret(), &graph, &login)).await.unwrap_err());
    assert!(error.needs_user());
    assert_eq!(
        error.claims(),
        Some(r#"{"access_token":{"polids":{"essential":true}}}"#)
    );
    assert_eq!(graph.requests().len(), 1);
}

#[tokio::test]
async fn a_refused_call_is_made_again_whole() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let client = client(secret(), &graph, &login);
    client
        .request(Method::POST, "/me/sendMail?x=%27")
        .header("Prefer", "return=minimal")
        .body("{\"a\":1}", "application/json")
        .await
        .unwrap();
    let [first, second] = graph.requests().try_into().expect("two requests");
    let without_token = |request: &Recorded| {
        let mut headers = request.headers.clone();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        headers.sort();
        (
            request.method.clone(),
            request.target.clone(),
            headers,
            request.body.clone(),
        )
    };
    assert_eq!(without_token(&first), without_token(&second));
    assert_eq!(second.body, b"{\"a\":1}");
}

#[tokio::test]
async fn case_8_4_a_thousand_calls_at_once_make_one_token_request() {
    let login = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    for call in join_all((0..1000).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (1, 1000));
}

#[tokio::test]
async fn case_8_4_a_thousand_refused_calls_make_one_new_token() {
    let login = platform(json!({})).await;
    let graph = refusing(&["token-1"], "Bearer").await;
    let client = client(secret(), &graph, &login);
    client.sign_in().await.unwrap();
    for call in join_all((0..1000).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert_eq!(login.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_8_4_the_next_call_tries_again_when_the_token_endpoint_has_failed() {
    let login = Recorder::in_turn([
        Answer::status(503),
        Answer::status(503),
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    for failed in join_all((0..100).map(|_| me(&client))).await {
        assert!(sign_in_error(failed.unwrap_err()).is_retryable());
    }
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 0));
    me(&client).await.unwrap();
    assert_eq!(login.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_request_is_made_once_more_after_a_second() {
    let token = || {
        Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        )
    };
    let passing = Answer::json(json!({ "error": "temporarily_unavailable" })).with_status(400);
    for failure in [Answer::status(500), Answer::status(503), passing] {
        let login = Recorder::in_turn([failure, token()]).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let start = Instant::now();
        me(&client(secret(), &graph, &login)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 1);
        let requests = login.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body, requests[1].body);
    }
    for code in ["invalid_grant", "invalid_client", "interaction_required"] {
        let refusal = Answer::json(json!({ "error": code })).with_status(400);
        let login = Recorder::always(refusal).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        me(&client(secret(), &graph, &login)).await.unwrap_err();
        assert_eq!(login.requests().len(), 1, "{code}");
    }
}

/// Checks that calls wait as long as the platform asks, and that no request reaches it meanwhile.
#[tokio::test(start_paused = true)]
async fn a_platform_that_throttles_is_left_alone() {
    let start = Instant::now();
    let login = Recorder::new(move |_| match start.elapsed().as_secs() {
        ..7 => Answer::status(429).header("Retry-After", "7"),
        _ => Answer::json(
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token-1" }),
        ),
    })
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    let refused = sign_in_error(client.sign_in().await.unwrap_err());
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(7)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    sign_in_error(client.sign_in().await.unwrap_err());
    for call in join_all((0..10).map(|_| me(&client))).await {
        call.unwrap();
    }
    assert!(
        (7..9).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
    assert_eq!((login.requests().len(), graph.requests().len()), (2, 10));
}

#[tokio::test]
async fn a_secret_does_not_follow_a_redirect_of_the_token_endpoint() {
    let elsewhere = platform(json!({})).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    for status in [302, 307] {
        let login =
            Recorder::always(Answer::status(status).header("Location", elsewhere.url())).await;
        let error = sign_in_error(
            client(secret(), &graph, &login)
                .sign_in()
                .await
                .unwrap_err(),
        );
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(elsewhere.requests().len(), 0);

        // The same holds for a caller's own HTTP client that follows redirects by itself.
        let cloud = CustomCloud::new(graph.url(), login.url());
        let own = own_client().build().unwrap();
        let client = Graph::builder(secret())
            .cloud(cloud)
            .http_client(own)
            .build()
            .unwrap();
        sign_in_error(client.sign_in().await.unwrap_err());
        assert!(
            elsewhere
                .requests()
                .iter()
                .all(|request| request.body.is_empty()),
            "the secret went elsewhere"
        );
        elsewhere.clear();
    }
}

/// Returns a plain reqwest client builder with reqwest's own redirects.
///
/// These tests install no TLS provider for the process, so `rustls-ring` needs an explicit one.
pub fn own_client() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().no_proxy();
    #[cfg(feature = "rustls-ring")]
    let builder = {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.tls_backend_preconfigured(tls)
    };
    builder
}

#[tokio::test]
async fn lifetimes_that_make_no_sense_are_an_error() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (life, wrong) in [
        (json!(-5), "it is negative (-5)"),
        (json!("-5"), "it is negative (-5)"),
        (json!("soon"), "it is not a number of seconds"),
        (json!([3599]), "it is not a number of seconds"),
    ] {
        let login = platform(json!({ "expires_in": life })).await;
        let error = me(&client(secret(), &graph, &login)).await.unwrap_err();
        let says =
            format!("sign-in failed: the token response has an invalid `expires_in`: {wrong}");
        assert_eq!(without_correlation_id(&error), says);
    }
    assert_eq!(graph.requests().len(), 0);
}

#[tokio::test]
async fn odd_lifetimes_do_not_make_a_token_request_a_call() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (times, requests) in [
        (json!({ "refresh_in": 0 }), 1),
        (json!({ "refresh_in": -5 }), 1),
        (json!({ "refresh_in": "soon" }), 1),
        (json!({ "expires_in": "3599.5" }), 1),
        (json!({ "expires_in": 1_000_000_000_000_u64 }), 1),
        (json!({ "expires_in": 1e300 }), 1),
        (json!({ "expires_in": null }), 1),
        // The second token that has already expired on arrival is used for a while.
        (json!({ "expires_in": 0 }), 2),
        (json!({ "expires_in": 0, "refresh_in": 0 }), 2),
    ] {
        let login = platform(times.clone()).await;
        let client = client(secret(), &graph, &login);
        for _ in 0..50 {
            me(&client).await.unwrap();
        }
        assert_eq!(login.requests().len(), requests, "{times}");
    }
}

#[tokio::test]
async fn failing_platform_is_left_alone_for_a_moment() {
    let graph = Recorder::always(Answer::json("{}")).await;
    for (status, requests) in [(429, 1), (503, 2), (500, 2)] {
        let login = Recorder::always(Answer::status(status)).await;
        let client = client(secret(), &graph, &login);
        for _ in 0..50 {
            let error = sign_in_error(client.sign_in().await.unwrap_err());
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
        assert_eq!(login.requests().len(), requests, "{status}");
    }
}

/// Checks that a platform without responses does not get a request for every call, and gets one
/// again later.
#[tokio::test(start_paused = true)]
async fn platform_out_of_reach_is_left_alone_for_a_moment() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let login = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let graph = Recorder::always(Answer::json("{}")).await;
    let cloud = CustomCloud::new(graph.url(), login).scope(SCOPE);
    let client = Graph::builder(secret()).cloud(cloud).build().unwrap();
    let burst = async || {
        for _ in 0..50 {
            assert!(client.sign_in().await.unwrap_err().is_retryable());
        }
        connections.load(Ordering::SeqCst)
    };
    let first = burst().await;
    assert!(first <= 4, "{first}");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(burst().await > first);
}

#[tokio::test(start_paused = true)]
async fn calls_wait_out_one_failure_and_fail_fast_after_more() {
    let graph = Recorder::always(Answer::json("{}")).await;
    let login = Recorder::always(Answer::status(429)).await;
    let client = client(secret(), &graph, &login);
    for _ in 0..50 {
        sign_in_error(me(&client).await.unwrap_err());
    }
    assert_eq!(login.requests().len(), 2);
}
