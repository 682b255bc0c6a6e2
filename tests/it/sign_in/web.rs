//! The authorization code flow of a web application.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use msgraph::auth::{
    Application, AuthorizationCodeFlow, FileStore, MemoryStore, PendingSignIn, Prompt, TokenCache,
    UserSession,
};
use msgraph::error::SignInReason;
use msgraph::{Cloud, Graph};
use serde_json::{Value, json};
use simulator::{Fault, Simulator};

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";

fn web(simulator: &Simulator) -> AuthorizationCodeFlow {
    AuthorizationCodeFlow::new(confidential(simulator), REDIRECT)
}

/// Begins a sign-in, lets the browser visit the address and return, and finishes.
async fn sign_in(graph: &Graph, web: &AuthorizationCodeFlow) -> msgraph::Result<UserSession> {
    let pending = web.begin(graph)?;
    let back = visit(pending.url()).await;
    web.finish(graph, pending, back.query().unwrap()).await
}

#[tokio::test]
async fn the_authorize_request_is_the_documented_one() {
    let graph = Graph::builder(nobody()).build().unwrap();
    let application = Application::new("contoso.com", "client");
    let bare = AuthorizationCodeFlow::new(application, "https://app.contoso.com/signed-in");
    let full = bare
        .clone()
        .scopes(["User.Read", "Mail.Read"])
        .prompt(Prompt::SelectAccount)
        .login_hint("ada@contoso.com")
        .domain_hint("contoso.com")
        .claims(r#"{"id_token":{"acr":null}}"#);
    let sent = |web: &AuthorizationCodeFlow| -> (String, Vec<(String, String)>) {
        let url = web.begin(&graph).unwrap().url().clone();
        let pairs = url.query_pairs().into_owned().collect();
        (url.as_str().split('?').next().unwrap().to_owned(), pairs)
    };
    let (address, pairs) = sent(&bare);
    assert_eq!(
        address,
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize"
    );
    let (known, made) = pairs.split_at(6);
    let scope = format!("{SCOPE} openid profile offline_access");
    let expected = [
        ("client_id", "client"),
        ("response_type", "code"),
        ("redirect_uri", "https://app.contoso.com/signed-in"),
        ("response_mode", "query"),
        ("scope", &scope),
        ("claims", CAPABILITY),
    ];
    assert_eq!(known, fields(&expected));
    let names: Vec<_> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["state", "nonce", "code_challenge", "code_challenge_method"]
    );
    assert_eq!(made[3].1, "S256");
    assert!(made[..3].iter().all(|(_, value)| value.len() == 43));

    let (_, pairs) = sent(&full);
    let claims = r#"{"access_token":{"xms_cc":{"values":["cp1"]}},"id_token":{"acr":null}}"#;
    let expected = [
        ("client_id", "client"),
        ("response_type", "code"),
        ("redirect_uri", "https://app.contoso.com/signed-in"),
        ("response_mode", "query"),
        ("scope", "User.Read Mail.Read openid profile offline_access"),
        ("claims", claims),
        ("prompt", "select_account"),
        ("login_hint", "ada@contoso.com"),
        ("domain_hint", "contoso.com"),
    ];
    assert_eq!(pairs[..9], fields(&expected));
    for (prompt, word) in [
        (Prompt::Login, "login"),
        (Prompt::None, "none"),
        (Prompt::Consent, "consent"),
    ] {
        let url = bare.clone().prompt(prompt).begin(&graph).unwrap();
        assert_eq!(parameter(url.url(), "prompt").as_deref(), Some(word));
    }
}

#[tokio::test]
async fn the_code_is_redeemed_as_documented() {
    let nonce = Arc::new(Mutex::new(String::new()));
    let login = Recorder::new({
        let nonce = Arc::clone(&nonce);
        move |_| {
            let claims = json!({ "aud": "client", "oid": "o", "tid": "t", "sub": "s", "nonce": *nonce.lock().unwrap() });
            Answer::json(json!({ "token_type": "Bearer", "access_token": "token-1", "id_token": id_token(&claims) }))
        }
    })
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let base = client(nobody(), &graph, &login);
    let application = Application::new("contoso.com", "client").client_secret("the secret/+&");
    let web = AuthorizationCodeFlow::new(application, REDIRECT);
    let pending = web.begin(&base).unwrap();
    *nonce.lock().unwrap() = parameter(pending.url(), "nonce").unwrap();
    let state = parameter(pending.url(), "state").unwrap();
    let verifier = serde_json::to_value(&pending).unwrap()["verifier"].clone();
    let answer = format!("code=0.A%2BX&state={state}");
    let session = web.finish(&base, pending, &answer).await.unwrap();

    let request = login.only();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/contoso.com/oauth2/v2.0/token")
    );
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let expected = [
        ("claims", CAPABILITY),
        ("client_id", "client"),
        ("client_secret", "the secret/+&"),
        ("code", "0.A+X"),
        ("code_verifier", verifier.as_str().unwrap()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
    ];
    assert_eq!(form(&request), fields(&expected));
    assert_eq!(session.account().unwrap().id(), "o.t");
    // The token from the same response is used, and no other is requested.
    me(&base.with_provider(session)).await.unwrap();
    assert_eq!(tokens(&graph), ["Bearer token-1"]);
    assert_eq!(login.requests().len(), 1);
}

#[tokio::test]
async fn a_user_signs_in_and_calls_graph() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator).scopes(["User.Read"]);
    let session = sign_in(&graph, &web).await.unwrap();
    let account = session.account().unwrap();
    let credentials = simulator.credentials();
    assert_eq!(account.object_id(), credentials.user_id);
    assert_eq!(account.tenant_id(), credentials.tenant_id);
    assert_eq!(
        account.username(),
        Some(credentials.user_principal_name.as_str())
    );
    let user = graph.with_provider(session);
    assert_eq!(who(&user).await.unwrap(), credentials.user_principal_name);
    assert_eq!(token_requests(&simulator).len(), 1);

    // An hour later, the refresh token is used.
    simulator.expire_tokens();
    who(&user).await.unwrap();
    let requests = token_requests(&simulator);
    assert_eq!(requests.len(), 2);
    assert_eq!(value(&requests[1], "grant_type"), Some("refresh_token"));
    assert_eq!(
        value(&requests[1], "scope"),
        Some("User.Read offline_access")
    );
    assert_eq!(
        value(&requests[1], "client_secret"),
        Some(credentials.client_secret.as_str())
    );
}

#[tokio::test]
async fn an_application_may_show_a_secret_a_certificate_an_assertion_or_nothing() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    simulator.federate("system:serviceaccount:contoso:web");
    let assertion = simulator.federated_token("system:serviceaccount:contoso:web");
    let certificate = certificate::registered(&simulator);
    let with_assertion = bare(&simulator)
        .client_assertion(move || std::future::ready(Ok::<_, std::io::Error>(assertion.clone())));
    for application in [
        confidential(&simulator),
        bare(&simulator).certificate(certificate),
        with_assertion,
    ] {
        let shown = format!("{application:?}");
        let web = AuthorizationCodeFlow::new(application, REDIRECT);
        let user = graph.with_provider(sign_in(&graph, &web).await.expect(&shown));
        assert_eq!(who(&user).await.expect(&shown), ADELE);
        // The next token comes with another assertion.
        simulator.expire_tokens();
        assert_eq!(who(&user).await.expect(&shown), ADELE);
    }
    let web = AuthorizationCodeFlow::new(public(&simulator), "http://localhost:7777/back");
    let user = graph.with_provider(sign_in(&graph, &web).await.unwrap());
    assert_eq!(who(&user).await.unwrap(), ADELE);
}

#[tokio::test]
async fn an_application_that_shows_the_wrong_thing_is_refused() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let public_id = simulator.credentials().public_client_id.clone();
    let tenant = simulator.credentials().tenant_id.clone();
    for (application, redirect, code, reason) in [
        (
            bare(&simulator),
            REDIRECT,
            7_000_218,
            SignInReason::SecretMissing,
        ),
        (
            bare(&simulator).client_secret("its id"),
            REDIRECT,
            7_000_215,
            SignInReason::WrongSecret,
        ),
        (
            Application::new(tenant, public_id).client_secret("secret"),
            "http://localhost",
            700_025,
            SignInReason::PublicClient,
        ),
    ] {
        let web = AuthorizationCodeFlow::new(application, redirect);
        let error = sign_in_error(sign_in(&graph, &web).await.unwrap_err());
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
        assert_eq!(
            (error.error(), error.codes(), error.reason()),
            (Some("invalid_client"), &[code][..], Some(reason))
        );
        assert!(!error.needs_user() && !error.is_retryable());
    }
    assert_eq!(token_requests(&simulator).len(), 3);
}

#[tokio::test]
async fn case_8_6_an_answer_to_another_sign_in_redeems_nothing() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let (mine, theirs) = (web.begin(&graph).unwrap(), web.begin(&graph).unwrap());
    let back = visit(theirs.url()).await;
    let code = parameter(&back, "code").unwrap();
    for answer in [back.query().unwrap(), &format!("code={code}"), ""] {
        let error = web
            .finish(&graph, mine.clone(), answer)
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "sign-in failed: the redirect belongs to another sign-in: its `state` is missing or \
             differs, so start the sign-in again"
        );
        assert!(!error.contains(&code));
    }
    assert_eq!(token_requests(&simulator).len(), 0);

    // The platform refuses a code that was injected into the response of another sign-in, because
    // the verifier does not match.
    let state = parameter(mine.url(), "state").unwrap();
    let answer = format!("code={code}&state={state}");
    let error = sign_in_error(web.finish(&graph, mine, &answer).await.unwrap_err());
    assert_eq!(
        (error.codes(), error.reason()),
        (&[501_481][..], Some(SignInReason::WrongVerifier))
    );
}

#[tokio::test]
async fn a_code_is_good_for_one_use_and_ten_minutes() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    web.finish(&graph, pending.clone(), back.as_str())
        .await
        .unwrap();
    let error = sign_in_error(
        web.finish(&graph, pending, back.as_str())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (error.error(), error.codes(), error.reason()),
        (
            Some("invalid_grant"),
            &[54_005][..],
            Some(SignInReason::CodeUsed)
        )
    );
    assert!(error.needs_user());
    assert_eq!(token_requests(&simulator).len(), 2);

    let pending = web.begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    simulator.advance(Duration::from_secs(10 * 60));
    let error = sign_in_error(
        web.finish(&graph, pending, back.as_str())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (error.error(), error.codes(), error.reason()),
        (
            Some("invalid_grant"),
            &[70_008][..],
            Some(SignInReason::GrantExpired)
        )
    );
}

#[tokio::test]
async fn the_redirect_uri_is_the_one_that_the_sign_in_was_begun_with() {
    let simulator = support::simulator().await;
    simulator.redirect_uri("https://app.contoso.com/signed-in");
    let graph = base(&simulator);
    let pending = web(&simulator).begin(&graph).unwrap();
    let back = visit(pending.url()).await;
    let other = AuthorizationCodeFlow::new(
        confidential(&simulator),
        "https://app.contoso.com/signed-in",
    );
    // The platform would refuse the code with another redirect URI than the one of the
    // authorization request.
    other.finish(&graph, pending, back.as_str()).await.unwrap();
    let [form] = token_requests(&simulator).try_into().expect("one request");
    assert_eq!(value(&form, "redirect_uri"), Some(REDIRECT));
    let nonsense = AuthorizationCodeFlow::new(confidential(&simulator), "signed-in");
    let pending = nonsense.begin(&graph).unwrap();
    let state = parameter(pending.url(), "state").unwrap();
    let error = nonsense
        .finish(&graph, pending, &format!("code=x&state={state}"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("sign-in failed: the redirect URI `signed-in` is not a URL"),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_browser_is_refused_is_said() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    for (error, code, reason, needs_user, is_retryable) in [
        (
            "access_denied",
            65_004,
            Some(SignInReason::ConsentDeclined),
            true,
            false,
        ),
        (
            "consent_required",
            65_001,
            Some(SignInReason::ConsentRequired),
            true,
            false,
        ),
        (
            "interaction_required",
            50_076,
            Some(SignInReason::MultiFactorRequired),
            true,
            false,
        ),
        (
            "login_required",
            50_058,
            Some(SignInReason::NoSession),
            true,
            false,
        ),
        ("invalid_request", 90_023, None, false, false),
        (
            "invalid_resource",
            500_011,
            Some(SignInReason::ResourceNotFound),
            false,
            false,
        ),
        (
            "unauthorized_client",
            700_016,
            Some(SignInReason::ApplicationNotFound),
            false,
            false,
        ),
        ("unsupported_response_type", 70_005, None, false, false),
        (
            "server_error",
            90_033,
            Some(SignInReason::Transient),
            false,
            true,
        ),
        (
            "temporarily_unavailable",
            90_006,
            Some(SignInReason::Transient),
            false,
            true,
        ),
    ] {
        simulator.refuse_authorization(error, code, "No & no.");
        let refused = sign_in_error(sign_in(&graph, &web).await.unwrap_err());
        assert_eq!(
            (refused.error(), refused.codes(), refused.reason()),
            (Some(error), &[u64::from(code)][..], reason)
        );
        assert_eq!(
            (refused.needs_user(), refused.is_retryable()),
            (needs_user, is_retryable),
            "{error}"
        );
        assert_eq!(refused.status(), None);
        assert!(refused.trace_id().is_some() && refused.correlation_id().is_some());
        let text = refused.to_string();
        let begin = format!("sign-in refused: {error} AADSTS{code}: No & no, correlation-id ");
        assert!(text.starts_with(&begin), "{text}");
    }
    assert_eq!(token_requests(&simulator).len(), 0);
}

/// Finishes a sign-in at a platform whose response to a code has this id token.
async fn finished_with(id_token: Option<String>) -> msgraph::Result<UserSession> {
    let mut answer =
        json!({ "token_type": "Bearer", "access_token": "hush", "refresh_token": "hush" });
    if let Some(id_token) = id_token {
        answer["id_token"] = id_token.into();
    }
    let login = Recorder::always(Answer::json(answer)).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let base = client(nobody(), &graph, &login);
    let web = AuthorizationCodeFlow::new(Application::new("contoso.com", "client"), REDIRECT);
    let pending = web.begin(&base).unwrap();
    let state = parameter(pending.url(), "state").unwrap();
    let answer = format!("code=x&state={state}");
    web.finish(&base, pending, &answer).await
}

#[tokio::test]
async fn who_has_signed_in_has_to_be_said_and_be_of_this_sign_in() {
    let of = |claims: Value| Some(id_token(&claims));
    for (token, says) in [
        (
            None,
            "the identity platform returned no ID token, so the signed-in user is unknown",
        ),
        (
            of(json!({ "aud": "client", "oid": "o", "tid": "t", "sub": "s", "nonce": "another" })),
            "the id token belongs to another sign-in: its `nonce` differs",
        ),
        (
            of(json!({ "aud": "client", "oid": "o", "tid": "t", "sub": "s" })),
            "the id token belongs to another sign-in: its `nonce` differs",
        ),
        (
            of(json!({ "aud": "another", "oid": "o", "tid": "t", "sub": "s" })),
            "the id token is for another application",
        ),
        (Some("hush".to_owned()), "the id token cannot be read"),
    ] {
        let error = finished_with(token).await.unwrap_err();
        assert_eq!(error.to_string(), format!("sign-in failed: {says}"));
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn a_code_is_not_sent_twice_when_its_answer_is_lost() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    simulator.fault(Fault::lost().at("/*/oauth2/v2.0/token"));
    let error = sign_in(&graph, &web).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(token_requests(&simulator).len(), 1);
}

#[tokio::test]
async fn users_who_sign_in_at_once_never_get_one_anothers_token() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let mut users = Vec::new();
    for name in [ADELE, BRUNO] {
        simulator.browser_user(Some(name));
        let pending = web.begin(&graph).unwrap();
        let back = visit(pending.url()).await;
        users.push((name, pending, back));
    }
    let finished = users.into_iter().map(async |(name, pending, back)| {
        let session = web.finish(&graph, pending, back.as_str()).await.unwrap();
        assert_eq!(session.account().unwrap().username(), Some(name));
        (name, graph.with_provider(session))
    });
    let users = join_all(finished).await;
    for _ in 0..3 {
        let calls = (0..20).map(async |at| {
            let (name, user) = &users[at % 2];
            assert_eq!(&who(user).await.unwrap(), name);
        });
        join_all(calls).await;
        simulator.expire_tokens();
    }
    // The base client does not get the tokens either.
    let error = who(&graph).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: this client is nobody's");
    assert_eq!(token_requests(&simulator).len(), 6);
}

#[tokio::test]
async fn nothing_is_used_once_the_user_has_signed_out() {
    let simulator = support::simulator().await;
    let cache = TokenCache::default();
    let built = |provider: Box<dyn TokenProvider>| {
        let provider: Arc<dyn TokenProvider> = provider.into();
        Graph::builder(provider)
            .cloud(cloud(&simulator))
            .token_cache(cache.clone())
            .build()
            .unwrap()
    };
    let graph = built(Box::new(nobody()));
    let store = MemoryStore::new();
    let web = web(&simulator).store(store.clone());
    let session = sign_in(&graph, &web).await.unwrap();
    let id = session.account().unwrap().id();
    let same_cache = built(Box::new(session.clone()));
    let other_cache = client_of(&simulator, session.clone());
    let with_provider = graph.with_provider(session.clone());
    for user in [&same_cache, &other_cache, &with_provider] {
        assert_eq!(who(user).await.unwrap(), ADELE);
    }
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1 }");
    let (asked, called) = (token_requests(&simulator).len(), calls(&simulator));
    assert_eq!((asked, called), (2, 3));

    session.sign_out(&graph).await.unwrap();
    let url = session.sign_out_url(&graph, REDIRECT).unwrap();
    let tenant = &simulator.credentials().tenant_id;
    let login = simulator.login_url();
    assert_eq!(
        url.as_str(),
        format!(
            "{login}/{tenant}/oauth2/v2.0/logout?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fsigned-in"
        )
    );
    for user in [&same_cache, &other_cache, &with_provider] {
        let error = sign_in_error(who(user).await.unwrap_err());
        assert!(error.needs_user());
        assert_eq!(error.to_string(), "sign-in failed: the user has signed out");
    }
    assert_eq!(token_requests(&simulator).len(), asked);
    assert_eq!(calls(&simulator), called);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    assert!(web.resume(&graph, &id).await.unwrap().is_none());
    session.sign_out(&graph).await.unwrap();

    // Following the address signs the browser out.
    let silent = web.clone().prompt(Prompt::None);
    sign_in(&graph, &silent).await.unwrap();
    assert_eq!(visit(&url).await.as_str(), REDIRECT);
    let error = sign_in(&graph, &silent).await.unwrap_err();
    assert_eq!(said(error), ("login_required".into(), vec![50_058], true));
}

/// Checks that a token ends with its session even if only clients still hold it, and no cache does.
#[tokio::test]
async fn a_token_that_its_cache_has_forgotten_ends_with_its_session_too() {
    let simulator = support::simulator().await;
    let one = std::num::NonZeroUsize::MIN;
    let graph = Graph::builder(nobody())
        .cloud(cloud(&simulator))
        .token_cache(TokenCache::with_capacity(one))
        .build()
        .unwrap();
    let web = web(&simulator);
    let session = sign_in(&graph, &web).await.unwrap();
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    simulator.browser_user(Some(BRUNO));
    let other = graph.with_provider(sign_in(&graph, &web).await.unwrap());
    assert_eq!(who(&other).await.unwrap(), BRUNO);
    session.sign_out(&graph).await.unwrap();
    sign_in_error(who(&user).await.unwrap_err());
    assert_eq!(who(&other).await.unwrap(), BRUNO);
}

/// Checks one user with two browsers: a sign-out in one does not affect the other.
#[tokio::test]
async fn another_session_of_the_same_user_goes_on() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let desk = sign_in(&graph, &web).await.unwrap();
    let phone = sign_in(&graph, &web).await.unwrap();
    let (left, user) = (
        graph.with_provider(desk.clone()),
        graph.with_provider(phone),
    );
    who(&left).await.unwrap();
    who(&user).await.unwrap();
    desk.sign_out(&graph).await.unwrap();
    simulator.forget_requests();
    for _ in 0..3 {
        assert_eq!(who(&user).await.unwrap(), ADELE);
    }
    // The session uses the token from its own sign-in. It is cached like any other, and not for a
    // session that has signed out.
    assert_eq!(token_requests(&simulator).len(), 0);
    let error = who(&left).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(who(&user).await.unwrap(), ADELE);
}

#[tokio::test]
async fn a_renewal_that_is_under_way_at_sign_out_brings_nothing_back() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let store = MemoryStore::new();
    let web = web(&simulator).store(store.clone());
    let session = sign_in(&graph, &web).await.unwrap();
    let user = graph.with_provider(session.clone());
    who(&user).await.unwrap();
    simulator.expire_tokens();
    simulator.fault(Fault::slow(Duration::from_millis(40)).at("/*/oauth2/v2.0/token"));
    let called = calls(&simulator);
    let call = tokio::spawn({
        let user = user.clone();
        async move { who(&user).await }
    });
    while calls(&simulator) == called {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    session.sign_out(&graph).await.unwrap();
    let error = call.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(token_requests(&simulator).len(), 2);
    // The refused call was the last.
    assert_eq!(calls(&simulator), called + 1);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    sign_in_error(who(&user).await.unwrap_err());
}

/// Checks that a session that waits for a renewal by another session of the same user is not signed
/// out with it.
#[tokio::test]
async fn a_renewal_that_ends_with_its_session_is_made_by_another() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let desk = sign_in(&graph, &web).await.unwrap();
    let phone = sign_in(&graph, &web).await.unwrap();
    let (left, user) = (
        graph.with_provider(desk.clone()),
        graph.with_provider(phone),
    );
    who(&left).await.unwrap();
    simulator.expire_tokens();
    simulator.fault(Fault::slow(Duration::from_millis(40)).at("/*/oauth2/v2.0/token"));
    simulator.forget_requests();
    let call = |graph: &Graph| {
        let graph = graph.clone();
        tokio::spawn(async move { who(&graph).await })
    };
    let first = call(&left);
    while calls(&simulator) < 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let second = call(&user);
    tokio::time::sleep(Duration::from_millis(5)).await;
    desk.sign_out(&graph).await.unwrap();
    let error = first.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: the user has signed out");
    assert_eq!(second.await.unwrap().unwrap(), ADELE);
}

#[tokio::test]
async fn a_session_is_resumed_by_its_account_in_another_process() {
    let simulator = support::simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    let storing = || web(&simulator).store(FileStore::new(&file));
    let mut ids = Vec::new();
    for name in [ADELE, BRUNO] {
        simulator.browser_user(Some(name));
        let graph = base(&simulator);
        let session = sign_in(&graph, &storing()).await.unwrap();
        ids.push(session.account().unwrap().id());
    }
    for (id, name) in ids.iter().zip([ADELE, BRUNO]) {
        let graph = base(&simulator);
        let session = storing().resume(&graph, id).await.unwrap().unwrap();
        let account = session.account().unwrap();
        assert_eq!(
            (account.id().as_str(), account.username()),
            (id.as_str(), Some(name))
        );
        assert_eq!(who(&graph.with_provider(session)).await.unwrap(), name);
    }
    let graph = base(&simulator);
    assert!(storing().resume(&graph, "o.t").await.unwrap().is_none());
    assert!(
        web(&simulator)
            .resume(&graph, &ids[0])
            .await
            .unwrap()
            .is_none()
    );
    let kept = std::fs::read_to_string(&file).unwrap();
    // The stored entry can sign a user in again, and is not an access token.
    assert!(!kept.contains("eyJ"), "{kept}");
}

#[tokio::test]
async fn two_sessions_out_of_one_entry_share_their_token() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator).store(MemoryStore::new());
    let id = sign_in(&graph, &web).await.unwrap().account().unwrap().id();
    for _ in 0..5 {
        let session = web.resume(&graph, &id).await.unwrap().unwrap();
        who(&graph.with_provider(session)).await.unwrap();
    }
    // The requests are for the code, and for one refresh token.
    assert_eq!(token_requests(&simulator).len(), 2);
}

#[tokio::test]
async fn a_pending_sign_in_survives_in_a_cookie() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let pending = web.begin(&graph).unwrap();
    let cookie = serde_json::to_string(&pending).unwrap();
    let back = visit(pending.url()).await;
    let pending: PendingSignIn = serde_json::from_str(&cookie).unwrap();
    let session = web
        .finish(&base(&simulator), pending, back.as_str())
        .await
        .unwrap();
    assert_eq!(session.account().unwrap().username(), Some(ADELE));
}

#[tokio::test]
async fn an_administrator_consents_at_the_address_for_it() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    simulator.withdraw_consent();
    let error = sign_in(&graph, &web).await.unwrap_err();
    assert_eq!(said(error), ("consent_required".into(), vec![65_001], true));

    let cloud = Cloud::from(cloud(&simulator));
    let url = confidential(&simulator)
        .admin_consent_url(&cloud, REDIRECT, "the state")
        .unwrap();
    let back = visit(&url).await;
    assert_eq!(parameter(&back, "admin_consent").as_deref(), Some("True"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("the state"));
    assert_eq!(
        parameter(&back, "tenant"),
        Some(simulator.credentials().tenant_id.clone())
    );
    sign_in(&graph, &web).await.unwrap();

    // A user may also consent when asked to.
    simulator.withdraw_consent();
    let asked = web.clone().prompt(Prompt::Consent);
    sign_in(&graph, &asked).await.unwrap();
}

#[tokio::test]
async fn a_user_is_expected_by_name() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let silent = web(&simulator).prompt(Prompt::None);
    sign_in(&graph, &silent.clone().login_hint(ADELE))
        .await
        .unwrap();
    let error = sign_in(&graph, &silent.login_hint(BRUNO)).await;
    assert_eq!(
        said(error.unwrap_err()),
        ("login_required".into(), vec![50_058], true)
    );
}

#[tokio::test]
async fn claims_that_a_refusal_asked_for_are_fulfilled_by_the_next_sign_in() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let web = web(&simulator);
    let user = graph.with_provider(sign_in(&graph, &web).await.unwrap());
    who(&user).await.unwrap();
    let wanted = json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    simulator.require_claims(ADELE, wanted.clone(), 50_076);
    simulator.expire_tokens();
    let error = sign_in_error(who(&user).await.unwrap_err());
    assert!(error.needs_user());
    let claims = error.claims().unwrap();
    assert_eq!(serde_json::from_str::<Value>(claims).unwrap(), wanted);

    let silent = web.clone().prompt(Prompt::None);
    let refused = sign_in(&graph, &silent).await.unwrap_err();
    assert_eq!(
        said(refused),
        ("interaction_required".into(), vec![50_076], true)
    );
    let session = sign_in(&graph, &web.claims(claims)).await.unwrap();
    let user = graph.with_provider(session);
    who(&user).await.unwrap();
    simulator.expire_tokens();
    who(&user).await.unwrap();
}

#[tokio::test]
async fn a_store_that_fails_fails_the_sign_in() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.json");
    std::fs::write(&file, "no store").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let web = web(&simulator).store(FileStore::new(&file));
    let error = sign_in(&graph, &web).await.unwrap_err().to_string();
    assert!(
        error.starts_with("sign-in failed: the token store failed: ")
            && error.contains("not a token store"),
        "{error}"
    );
    sign_in_error(web.resume(&graph, "o.t").await.unwrap_err());
    // The store does not overwrite an unrelated file.
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "no store");
}

#[tokio::test]
async fn a_sign_in_is_finished_with_what_it_was_begun_with() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let site = AuthorizationCodeFlow::new(confidential(&simulator), REDIRECT).scopes(["User.Read"]);
    // This user grants one more permission.
    let pending = site
        .clone()
        .scopes(["User.Read", "Mail.Read"])
        .begin(&graph);
    let kept = serde_json::to_string(&pending.unwrap()).unwrap();
    let pending: PendingSignIn = serde_json::from_str(&kept).unwrap();
    let back = visit(pending.url()).await;
    let session = site.finish(&graph, pending, back.as_str()).await.unwrap();
    let user = graph.with_provider(session);
    who(&user).await.unwrap();
    user.forget_token();
    who(&user).await.unwrap();
    let [.., renewal] = &token_requests(&simulator)[..] else {
        panic!("a request was expected");
    };
    assert_eq!(value(renewal, "grant_type"), Some("refresh_token"));
    assert_eq!(
        value(renewal, "scope"),
        Some("User.Read Mail.Read offline_access")
    );
}
