//! The redirect back from the browser.

use msgraph::auth::{Application, AuthorizationCodeFlow, PendingSignIn, UserSession};
use msgraph::error::SignInReason;
use serde_json::{Value, json};

use super::{ADELE, sign_in, web};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn redirect_of_another_sign_in_redeems_nothing() {
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
async fn refused_authorization_is_an_error() {
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
    let base = client(no_tokens(), &graph, &login);
    let web = AuthorizationCodeFlow::new(Application::new("contoso.com", "client"), REDIRECT);
    let pending = web.begin(&base).unwrap();
    let state = parameter(pending.url(), "state").unwrap();
    let answer = format!("code=x&state={state}");
    web.finish(&base, pending, &answer).await
}

#[tokio::test]
async fn id_token_must_belong_to_this_sign_in() {
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
async fn pending_sign_in_survives_in_a_cookie() {
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
async fn sign_in_is_finished_with_its_first_settings() {
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
