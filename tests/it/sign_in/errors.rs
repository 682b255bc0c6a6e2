//! Errors of the token endpoint, and the number of requests to it.

use std::time::Duration;

use msgraph::auth::{
    Application, ClientSecretCredential, OnBehalfOfCredential, RefreshTokenCredential,
};
use msgraph::error::SignInReason;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;

/// Numbers of WIRE's table, with the word and the status that the platform sends with them.
struct Row(u16, &'static str, &'static [u64], SignInReason);

#[rustfmt::skip]
const ROWS: &[Row] = {
    use SignInReason::*;
    &[
        Row(400, "invalid_request", &[50_011, 500_112], RedirectUri),
        Row(401, "invalid_client", &[50_012, 700_027, 50_027, 50_048], WrongAssertion),
        Row(400, "invalid_grant", &[50_013, 500_131, 500_133], WrongIncomingToken),
        Row(400, "invalid_grant", &[50_020], UserNotInTenant),
        Row(400, "invalid_grant", &[50_034], UserNotFound),
        Row(400, "invalid_grant", &[50_053], UserLocked),
        Row(400, "invalid_grant", &[50_055], PasswordExpired),
        Row(400, "invalid_grant", &[50_057], UserDisabled),
        Row(400, "login_required", &[50_058], NoSession),
        Row(400, "interaction_required", &[50_076], MultiFactorRequired),
        Row(400, "interaction_required", &[50_079], MultiFactorEnrollment),
        Row(400, "invalid_grant", &[50_105], UserNotAssigned),
        Row(400, "invalid_grant", &[50_126], WrongPassword),
        Row(400, "invalid_grant", &[50_173], GrantRevoked),
        Row(400, "unauthorized_client", &[50_194], SingleTenant),
        Row(400, "invalid_grant", &[50_196], Throttled),
        Row(400, "invalid_resource", &[500_011], ResourceNotFound),
        Row(400, "interaction_required", &[53_000], DeviceNotCompliant),
        Row(400, "interaction_required", &[53_001], DeviceNotJoined),
        Row(400, "interaction_required", &[53_002, 53_009], ApplicationNotApproved),
        Row(400, "interaction_required", &[53_003], ConditionalAccess),
        Row(400, "interaction_required", &[530_035], SecurityDefaults),
        Row(400, "invalid_grant", &[54_005], CodeUsed),
        Row(400, "invalid_grant", &[65_001], ConsentRequired),
        Row(400, "consent_required", &[65_004], ConsentDeclined),
        Row(400, "unauthorized_client", &[650_056, 650_057], PermissionNotRegistered),
        Row(400, "invalid_grant", &[70_000], GrantInvalid),
        Row(400, "unauthorized_client", &[70_001, 700_016], ApplicationNotFound),
        Row(400, "invalid_grant", &[70_008, 700_082, 700_084], GrantExpired),
        Row(400, "invalid_scope", &[70_011, 1_002_012, 700_022, 700_023], Scope),
        Row(400, "authorization_pending", &[70_016], DeviceCodePending),
        Row(400, "bad_verification_code", &[70_018], DeviceCodeInvalid),
        Row(400, "expired_token", &[70_019, 70_020], DeviceCodeExpired),
        Row(400, "expired_token", &[90_120], DeviceCodeUsed),
        Row(400, "invalid_request", &[70_021, 700_213, 700_211], FederationMismatch),
        Row(400, "invalid_grant", &[70_043], SignInFrequency),
        Row(400, "invalid_grant", &[700_005], CodeOfAnotherTenant),
        Row(401, "invalid_client", &[700_024], AssertionOutOfTime),
        Row(401, "invalid_client", &[700_025], PublicClient),
        Row(400, "unauthorized_client", &[7_000_112], ApplicationDisabled),
        Row(401, "invalid_client", &[7_000_215], WrongSecret),
        Row(401, "invalid_client", &[7_000_218], SecretMissing),
        Row(401, "invalid_client", &[7_000_222], ExpiredSecret),
        Row(400, "invalid_request", &[90_002, 900_021, 900_023], TenantNotFound),
        Row(400, "invalid_request", &[90_014, 900_144, 9_002_313, 900_561, 901_002],
            InvalidRequest),
        Row(400, "invalid_request", &[9_001_023], TenantNeeded),
        Row(400, "invalid_request", &[90_038], WrongCloud),
        Row(400, "consent_required", &[90_094], AdminConsentRequired),
        Row(400, "temporarily_unavailable", &[90_006], Transient),
        // The number decides, even if the word says something else.
        Row(400, "invalid_request", &[90_024, 90_033, 90_090], Transient),
        Row(429, "temporarily_unavailable", &[90_055], Throttled),
        Row(500, "server_error", &[90_033], Transient),
        Row(503, "temporarily_unavailable", &[90_033], Transient),
    ]
};

fn refusal(error: &str, code: u64) -> Value {
    json!({
        "error": error,
        "error_description": format!("AADSTS{code}: No.\r\nTrace ID: t\r\nCorrelation ID: \
            c\r\nTimestamp: 2026-01-02 03:04:05Z"),
        "error_codes": [code], "timestamp": "2026-01-02 03:04:05Z", "trace_id": "t",
        "correlation_id": "c",
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    })
}

fn secret() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.com", "client", "the secret")
}

/// Returns the error of a sign-in, the number of requests, and the time that it took.
async fn refused(provider: impl TokenProvider, answer: Answer) -> (SignInError, usize, Duration) {
    let login = Recorder::always(answer).await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let start = Instant::now();
    let error = client(provider, &graph, &login)
        .sign_in()
        .await
        .unwrap_err();
    assert_eq!(graph.requests().len(), 0);
    (
        sign_in_error(error),
        login.requests().len(),
        start.elapsed(),
    )
}

/// Returns the same as [`refused`] for a secret, a refresh token and a call on behalf of a user.
async fn refused_by_each_grant(answer: impl Fn() -> Answer) -> [(SignInError, usize, Duration); 3] {
    let application = || Application::new("contoso.com", "client").client_secret("the secret");
    let refresh_token = RefreshTokenCredential::from_application(application(), "refresh-0");
    let on_behalf_of = OnBehalfOfCredential::new(application(), "incoming");
    [
        refused(secret(), answer()).await,
        refused(refresh_token, answer()).await,
        refused(on_behalf_of, answer()).await,
    ]
}

#[tokio::test(start_paused = true)]
async fn each_error_code_is_classified_and_retried() {
    for Row(status, word, codes, reason) in ROWS {
        for code in *codes {
            let answer = Answer::json(refusal(word, *code)).with_status(*status);
            let (error, requests, _) = refused(secret(), answer).await;
            assert_eq!(error.status().unwrap().as_u16(), *status);
            assert_eq!((error.error(), error.codes()), (Some(*word), &[*code][..]));
            assert_eq!(error.reason(), Some(*reason), "{code}");
            let of_the_user = [
                "invalid_grant",
                "interaction_required",
                "consent_required",
                "login_required",
                "expired_token",
            ];
            // Too many requests (50196) have the word for errors that the user has to fix, but the
            // user cannot fix them.
            let needs_user = of_the_user.contains(word) && *code != 50_196;
            assert_eq!(error.needs_user(), needs_user, "{code}");
            let is_passing = *reason == SignInReason::Transient || *status == 429;
            assert_eq!(error.is_retryable(), is_passing, "{code}");
            let expected = if is_passing && *status != 429 { 2 } else { 1 };
            assert_eq!(requests, expected, "{code}");
            let text = error.to_string();
            let expected = format!(
                "sign-in refused: {status} {word} AADSTS{code}: No, correlation-id c, trace-id t"
            );
            assert_eq!(text, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn final_errors_are_not_retried_by_any_grant() {
    for word in ["invalid_grant", "invalid_client", "interaction_required"] {
        // The same holds with a number that would otherwise be retried.
        for code in [70_008, 90_033] {
            let answer = || Answer::json(refusal(word, code)).with_status(400);
            for (_, requests, waited) in refused_by_each_grant(answer).await {
                assert_eq!((requests, waited.as_secs()), (1, 0), "{word} {code}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn server_fault_is_retried_once_without_retry_after() {
    for status in [500, 502, 503, 504] {
        for (headers, expected) in [(None, (2, 1)), (Some("7"), (1, 0))] {
            let answer = || match headers {
                Some(after) => Answer::status(status).header("Retry-After", after),
                None => Answer::status(status),
            };
            for (error, requests, waited) in refused_by_each_grant(answer).await {
                assert_eq!((requests, waited.as_secs()), expected, "{status}");
                assert!(error.is_retryable() && !error.needs_user());
                let after = headers.map(|_| Duration::from_secs(7));
                assert_eq!(error.retry_after(), after);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn platform_gets_no_request_until_retry_after() {
    let login = Recorder::in_turn([
        Answer::status(503).header("Retry-After", "30"),
        Answer::json(json!({ "token_type": "Bearer", "access_token": "token-1" })),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(secret(), &graph, &login);
    for _ in 0..10 {
        let error = sign_in_error(client.sign_in().await.unwrap_err());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
        assert_eq!(login.requests().len(), 1);
    }
    tokio::time::advance(Duration::from_secs(30)).await;
    client.sign_in().await.unwrap();
    assert_eq!(login.requests().len(), 2);
}

/// Checks that members may be missing, of another type, or more than expected.
#[tokio::test]
async fn refusals_of_every_form_are_read() {
    type Said = (
        Option<&'static str>,
        &'static [u64],
        Option<&'static str>,
        Option<&'static str>,
    );
    let forms: [(&str, Said); 9] = [
        (
            r#"{"error":"invalid_grant"}"#,
            (Some("invalid_grant"), &[], None, None),
        ),
        (
            r#"{"error":"invalid_grant","error_description":"AADSTS70008: Over."}"#,
            (Some("invalid_grant"), &[70_008], None, None),
        ),
        (
            r#"{"error":"invalid_grant","error_codes":["70008","x",50173.5,50173]}"#,
            (Some("invalid_grant"), &[70_008, 50_173], None, None),
        ),
        (
            "\u{feff}{\"error\":\"invalid_grant\",\"suberror\":\"bad_token\",\"new\":[{}]}",
            (Some("invalid_grant"), &[], Some("bad_token"), None),
        ),
        (
            r#"{"error":"interaction_required","claims":"{\"access_token\":{}}","suberror":""}"#,
            (
                Some("interaction_required"),
                &[],
                None,
                Some(r#"{"access_token":{}}"#),
            ),
        ),
        (
            r#"{"error":"interaction_required","claims":{"access_token":{"a":1}}}"#,
            (
                Some("interaction_required"),
                &[],
                None,
                Some(r#"{"access_token":{"a":1}}"#),
            ),
        ),
        (
            r#"{"error":["x"],"error_codes":"70008","claims":7}"#,
            (None, &[], None, None),
        ),
        ("<html>No.</html>", (None, &[], None, None)),
        ("", (None, &[], None, None)),
    ];
    for (body, (word, codes, suberror, claims)) in forms {
        let answer = Answer::status(400)
            .header("Content-Type", "application/json")
            .body(body);
        let (error, requests, _) = refused(secret(), answer).await;
        assert_eq!(
            (error.error(), error.codes(), error.suberror()),
            (word, codes, suberror),
            "{body}"
        );
        assert_eq!(error.claims(), claims, "{body}");
        assert_eq!(error.www_authenticate().is_some(), claims.is_some());
        assert_eq!(error.needs_user(), word.is_some(), "{body}");
        assert_eq!((requests, error.is_retryable()), (1, false), "{body}");
        let body = body.trim_start_matches('\u{feff}');
        assert_eq!(error.raw_body(), body.as_bytes());
        assert!(error.interaction_url().is_none());
    }
}

#[tokio::test]
async fn needs_user_only_for_credentials_with_user() {
    let application = || Application::new("contoso.com", "client").client_secret("the secret");
    let answer = || {
        let mut refusal = refusal("interaction_required", 50_076);
        refusal["claims"] = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#.into();
        Answer::json(refusal).with_status(400)
    };
    let claims =
        r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}"#;
    for (error, scope) in [
        (
            refused(
                RefreshTokenCredential::from_application(application(), "refresh-0"),
                answer(),
            )
            .await,
            format!("{SCOPE} offline_access"),
        ),
        (
            refused(
                OnBehalfOfCredential::new(application(), "incoming"),
                answer(),
            )
            .await,
            SCOPE.to_owned(),
        ),
    ] {
        let url = error.0.interaction_url().unwrap().clone();
        assert_eq!(url.path(), "/contoso.com/oauth2/v2.0/authorize");
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["client_id", "response_type", "scope", "claims"]);
        assert_eq!(parameter(&url, "client_id").as_deref(), Some("client"));
        assert_eq!(parameter(&url, "response_type").as_deref(), Some("code"));
        assert_eq!(parameter(&url, "scope"), Some(scope));
        let sent: Value = serde_json::from_str(&parameter(&url, "claims").unwrap()).unwrap();
        assert_eq!(sent, serde_json::from_str::<Value>(claims).unwrap());
    }
    // An application has no user who could do it.
    let (error, _, _) = refused(secret(), answer()).await;
    assert!(error.interaction_url().is_none() && error.needs_user());
}
