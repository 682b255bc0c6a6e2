//! Tests of a user's grants: how they are renewed, revoked, used on the user's behalf, and blocked.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, start};
use crate::platform::{Platform, SCOPE, claims, field, redirected, refusal, sent_back, text};

fn invalid_grant(code: u64) -> (u16, String, u64) {
    (400, "invalid_grant".into(), code)
}

#[tokio::test]
async fn refresh_token_gives_only_granted_scopes() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let token = platform.who.refresh_token.clone();
    let refresh = |scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("scope", scope),
        ];
        let form = form.iter().filter(|(_, value)| !value.is_empty());
        platform.with_secret(&form.copied().collect::<Vec<_>>())
    };
    // Without scopes, the granted ones apply. Fewer scopes are allowed, and `.default` stands for
    // all of them.
    let named = "https://graph.microsoft.com/Directory.ReadWrite.All \
        https://graph.microsoft.com/Mail.ReadWrite \
                 https://graph.microsoft.com/User.Read";
    for (scope, granted) in [
        ("", "User.Read Mail.ReadWrite"),
        ("User.Read offline_access", "User.Read"),
        (SCOPE, named),
    ] {
        let answer = refresh(scope);
        assert_eq!(text(&answer, "scope"), granted);
        assert!(
            platform.me(&text(&answer, "access_token")).is_ok(),
            "{scope}"
        );
    }
    // A request can name another resource. Of several resources, the first one applies.
    for scope in [
        "https://vault.azure.net/user_impersonation",
        "https://vault.azure.net/user_impersonation User.Read",
    ] {
        let token = text(&refresh(scope), "access_token");
        assert_eq!(claims(&token)["aud"], "https://vault.azure.net");
        let refused = platform.me(&token).unwrap_err();
        assert_eq!(
            refused,
            (
                401,
                "Access token validation failure. Invalid audience.".into()
            )
        );
    }
    let nothing = refresh("https://nothing.contoso.com/x");
    assert_eq!(refusal(&nothing), (400, "invalid_resource".into(), 500_011));
    // A new token remembers the scopes of its request.
    let next = text(&refresh("User.Read"), "refresh_token");
    assert_eq!(text(&platform.refresh(&next), "scope"), "User.Read");
}

/// Signs a user in with the code flow of the confidential client. Returns the access token and the
/// refresh token.
fn signed_in(platform: &Platform<'_>, user: &str) -> (String, String) {
    let before = "adele@contoso.com";
    platform.simulator.browser_user(Some(user));
    let query = [
        ("client_id", platform.who.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:3000/signed-in"),
        ("scope", "offline_access User.Read"),
        (
            "claims",
            r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
        ),
    ];
    let code = field(&platform.visit("oauth2/v2.0/authorize", &query), "code");
    platform.simulator.browser_user(Some(before));
    let tokens = platform.with_secret(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://localhost:3000/signed-in"),
    ]);
    (
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    )
}

/// Returns the claims of Graph's challenge to the bearer of a token.
fn challenged(platform: &Platform<'_>, token: &str) -> Option<Value> {
    use base64::Engine;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let answer = platform.send(Method::GET, "/v1.0/me", &headers, String::new());
    assert_eq!(answer.status, 401);
    let claims = answer
        .header("www-authenticate")
        .split("claims=\"")
        .nth(1)?;
    let claims = claims.trim_end_matches('"');
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(claims)
        .unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn revoked_user_loses_all_refresh_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let (access, refresh) = signed_in(&platform, "bruno@contoso.com");
    assert_eq!(platform.me(&access).as_deref(), Ok("bruno@contoso.com"));
    simulator.revoke_user("bruno@contoso.com");
    let claims = challenged(&platform, &access).unwrap();
    assert_eq!(claims["access_token"]["nbf"]["essential"], true);
    assert_eq!(refusal(&platform.refresh(&refresh)), invalid_grant(50_173));
    let adele = platform.refresh(&platform.who.refresh_token);
    assert_eq!(adele.status, 200, "it is not hers");
    assert!(platform.me(&text(&adele, "access_token")).is_ok());
    // A user who signs in again with the claims gets access.
    let (access, refresh) = signed_in(&platform, "bruno@contoso.com");
    assert!(platform.me(&access).is_ok());
    assert_eq!(platform.refresh(&refresh).status, 200);
}

#[tokio::test]
async fn revoke_sign_in_sessions_ends_refresh_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let (access, refresh) = signed_in(&platform, "bruno@contoso.com");
    let post = |token: &str, path: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        platform.send(Method::POST, path, &headers, String::new())
    };
    let done = post(&access, "/v1.0/me/revokeSignInSessions");
    assert_eq!(
        (done.status.as_u16(), &done.json()["value"]),
        (200, &json!(true))
    );
    assert!(challenged(&platform, &access).is_some());
    assert_eq!(refusal(&platform.refresh(&refresh)), invalid_grant(50_173));

    let path = "/v1.0/users/adele@contoso.com/revokeSignInSessions";
    let app = simulator.app_token();
    assert_eq!(post(&app, path).status, 200);
    let adele = platform.refresh(&platform.who.refresh_token);
    assert_eq!(refusal(&adele), invalid_grant(50_173));
    assert!(platform.is_app(&app), "an application has no session");
}

#[tokio::test]
async fn new_token_with_claims_satisfies_challenge() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let (access, refresh) = signed_in(&platform, "adele@contoso.com");
    simulator.revoke_tokens();
    let mut claims = challenged(&platform, &access).unwrap();
    claims["access_token"]["xms_cc"] = json!({ "values": ["cp1"] });
    let renewed = platform.with_secret(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        ("claims", &claims.to_string()),
    ]);
    assert!(platform.me(&text(&renewed, "access_token")).is_ok());
}

#[tokio::test]
async fn sign_out_revokes_refresh_tokens() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    let silent = |platform: &Platform<'_>| {
        platform.visit(
            "oauth2/v2.0/authorize",
            &[
                ("client_id", platform.who.client_id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", "http://localhost:3000/signed-in"),
                ("scope", "User.Read"),
                ("prompt", "none"),
            ],
        )
    };
    let leave = "oauth2/v2.0/logout";
    let to = |uri| ("post_logout_redirect_uri", uri);
    assert!(!field(&silent(&platform), "code").is_empty());
    let back = platform.visit(
        leave,
        &[to("http://localhost:3000/signed-in"), ("state", "s 1")],
    );
    let (uri, fields) = sent_back(&back);
    assert_eq!(uri, "http://localhost:3000/signed-in");
    assert_eq!(fields, [("state".to_owned(), "s 1".to_owned())]);
    let refused = silent(&platform);
    assert_eq!(
        redirected(&refused),
        ("login_required".into(), "AADSTS50058".into())
    );
    assert_eq!(
        platform.refresh(&platform.who.refresh_token).status,
        200,
        "grants stay"
    );

    let bare = platform.visit(leave, &[to("http://localhost:3000/signed-in")]);
    assert_eq!(bare.header("location"), "http://localhost:3000/signed-in");
    for query in [vec![to("https://evil.contoso.com/")], vec![]] {
        simulator.browser_user(Some("adele@contoso.com"));
        let page = platform.visit(leave, &query);
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""));
        assert!(String::from_utf8_lossy(&page.body).contains("You signed out of your account"));
        assert_eq!(redirected(&silent(&platform)).0, "login_required");
    }
    platform.tenant = "fabrikam.com".into();
    assert_eq!(platform.visit(leave, &[]).status, 400);
}

const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn on_behalf_of(platform: &Platform<'_>, assertion: &str) -> Answer {
    platform.with_secret(&[
        ("grant_type", ON_BEHALF_OF),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", "User.Read"),
    ])
}

#[tokio::test]
async fn on_behalf_of_exchange_gives_user_token() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    let incoming = simulator.incoming_token("chiara@contoso.com");
    let audience = format!("api://{}", platform.who.client_id);
    assert_eq!(claims(&incoming)["aud"], audience);
    let refused = platform.me(&incoming).unwrap_err();
    assert_eq!(
        refused.1,
        "Access token validation failure. Invalid audience."
    );

    let answer = on_behalf_of(&platform, &incoming);
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let who = platform.me(&text(&answer, "access_token"));
    assert_eq!(who.as_deref(), Ok("chiara@contoso.com"));
    assert_eq!(text(&answer, "scope"), "User.Read");
    assert!(answer.json().get("refresh_token").is_none());

    let form = [
        ("grant_type", ON_BEHALF_OF),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", incoming.as_str()),
        ("scope", "User.Read offline_access openid"),
    ];
    let answer = platform.with_secret(&form);
    assert_eq!(
        claims(&text(&answer, "id_token"))["preferred_username"],
        "chiara@contoso.com"
    );
    let renewed = platform.refresh(&text(&answer, "refresh_token"));
    let who = platform.me(&text(&renewed, "access_token"));
    assert_eq!(who.as_deref(), Ok("chiara@contoso.com"));

    let invalid_request = |code| (400, "invalid_request".to_owned(), code);
    for (name, value, expected) in [
        ("requested_token_use", "", invalid_request(900_144)),
        ("requested_token_use", "mine", invalid_request(9_002_313)),
        ("assertion", "", invalid_request(900_144)),
        ("scope", "", invalid_request(900_144)),
        (
            "client_id",
            platform.who.public_client_id.as_str(),
            (401, "invalid_client".into(), 700_025),
        ),
    ] {
        let form = form
            .iter()
            .map(|(field, old)| (*field, if *field == name { value } else { *old }));
        let mut form: Vec<_> = form.filter(|(_, value)| !value.is_empty()).collect();
        if name == "client_id" {
            form.insert(0, (name, value));
            form.push(("client_secret", "x"));
            assert_eq!(refusal(&platform.token(&form)), expected, "{name}");
        } else {
            assert_eq!(refusal(&platform.with_secret(&form)), expected, "{name}");
        }
    }
    let public = platform.as_public(&form);
    assert_eq!(refusal(&public), (401, "invalid_client".into(), 7_000_218));
    for tenant in ["common", "organizations", "consumers"] {
        platform.tenant = tenant.into();
        let refused = on_behalf_of(&platform, &incoming);
        assert_eq!(refusal(&refused), invalid_request(9_001_023), "{tenant}");
    }
}

#[tokio::test]
async fn on_behalf_of_invalid_assertion_is_refused() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let id_token = platform.with_secret(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &platform.who.refresh_token),
        ("scope", "openid User.Read"),
    ]);
    let id_token = text(&id_token, "id_token");
    for (case, assertion, code) in [
        ("an application's", simulator.incoming_app_token(), 50_013),
        ("Graph's", simulator.user_token(), 500_131),
        ("an id token", id_token, 500_131),
        (
            "a refresh token",
            platform.who.refresh_token.clone(),
            50_013,
        ),
        ("garbage", "a.b.c".to_owned(), 50_013),
    ] {
        let refused = on_behalf_of(&platform, &assertion);
        assert_eq!(refusal(&refused), invalid_grant(code), "{case}");
    }
    let incoming = simulator.incoming_token("adele@contoso.com");
    simulator.revoke_user("adele@contoso.com");
    assert_eq!(
        refusal(&on_behalf_of(&platform, &incoming)),
        invalid_grant(50_173)
    );
    let incoming = simulator.incoming_token("adele@contoso.com");
    simulator.advance(Duration::from_secs(3_600));
    assert_eq!(
        refusal(&on_behalf_of(&platform, &incoming)),
        invalid_grant(500_133)
    );
}

/// Sends an authorization request of the confidential client.
fn authorize(platform: &Platform<'_>, more: &[(&str, &str)]) -> Answer {
    let mut query = vec![
        ("client_id", platform.who.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:3000/signed-in"),
        ("scope", "User.Read"),
    ];
    query.extend(more);
    platform.visit("oauth2/v2.0/authorize", &query)
}

#[tokio::test]
async fn unsatisfied_policy_requires_claims() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let wanted =
        json!({ "access_token": { "polids": { "essential": true, "values": ["9ab03e19"] } } });
    simulator.require_claims("adele@contoso.com", wanted.clone(), 50_076);
    let incoming = simulator.incoming_token("adele@contoso.com");
    let stands = || {
        let refreshed = platform.refresh(&platform.who.refresh_token);
        for answer in [refreshed, on_behalf_of(&platform, &incoming)] {
            assert_eq!(
                refusal(&answer),
                (400, "interaction_required".into(), 50_076)
            );
            assert_eq!(text(&answer, "suberror"), "basic_action");
            let claims: Value = serde_json::from_str(&text(&answer, "claims")).unwrap();
            assert_eq!(claims, wanted);
        }
    };
    stands();
    let other = simulator.incoming_token("bruno@contoso.com");
    assert_eq!(
        on_behalf_of(&platform, &other).status,
        200,
        "it is not about him"
    );
    // A sign-in without the claims or by another user does not fulfil the policy.
    let silent = authorize(&platform, &[("prompt", "none")]);
    assert_eq!(
        redirected(&silent),
        ("interaction_required".into(), "AADSTS50076".into())
    );
    assert_eq!(field(&silent, "suberror"), "basic_action");
    assert_eq!(field(&silent, "claims"), wanted.to_string());
    assert!(!field(&authorize(&platform, &[]), "code").is_empty());
    let mut brought = wanted.clone();
    brought["access_token"]["xms_cc"] = json!({ "values": ["cp1"] });
    let brought = brought.to_string();
    simulator.browser_user(Some("bruno@contoso.com"));
    authorize(&platform, &[("claims", &brought)]);
    stands();
    simulator.browser_user(Some("adele@contoso.com"));
    let answer = authorize(&platform, &[("claims", &brought)]);
    assert!(!field(&answer, "code").is_empty());
    assert_eq!(platform.refresh(&platform.who.refresh_token).status, 200);
    assert_eq!(on_behalf_of(&platform, &incoming).status, 200);

    // A sign-in with a device code fulfils the policy as well.
    for code in [50_079, 53_003] {
        simulator.require_claims("adele@contoso.com", wanted.clone(), code);
        let refused = platform.refresh(&platform.who.refresh_token);
        assert_eq!(
            refusal(&refused),
            (400, "interaction_required".into(), u64::from(code))
        );
        let begun = platform.post(
            "devicecode",
            &[
                ("client_id", &platform.who.public_client_id),
                ("scope", "User.Read"),
                ("claims", &brought),
            ],
        );
        assert!(simulator.approve_device(&text(&begun, "user_code")));
        assert_eq!(platform.refresh(&platform.who.refresh_token).status, 200);
    }
}

#[tokio::test]
async fn missing_consent_is_refused() {
    let simulator = start().await;
    simulator.set_device_interval(Duration::ZERO);
    let platform = Platform::new(&simulator);
    let incoming = simulator.incoming_token("adele@contoso.com");
    let code = field(&authorize(&platform, &[]), "code");
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:3000/signed-in"),
    ];
    let begun = platform.post(
        "devicecode",
        &[
            ("client_id", &platform.who.public_client_id),
            ("scope", "User.Read"),
        ],
    );
    assert!(simulator.approve_device(&text(&begun, "user_code")));
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", &text(&begun, "device_code")),
    ];
    let all = || {
        [
            platform.refresh(&platform.who.refresh_token),
            on_behalf_of(&platform, &incoming),
            platform.with_secret(&redeem),
            platform.as_public(&poll),
        ]
    };
    simulator.withdraw_consent();
    for answer in all() {
        assert_eq!(refusal(&answer), invalid_grant(65_001));
        assert_eq!(text(&answer, "suberror"), "consent_required");
    }
    for prompt in ["none", "login"] {
        let answer = authorize(&platform, &[("prompt", prompt)]);
        assert_eq!(
            redirected(&answer),
            ("consent_required".into(), "AADSTS65001".into())
        );
    }
    let here = "http://localhost:3000/signed-in";
    let mut query = vec![
        ("client_id", platform.who.client_id.as_str()),
        ("redirect_uri", here),
        ("state", "12345"),
    ];
    let bare = platform.visit("v2.0/adminconsent", &query);
    assert_eq!(
        redirected(&bare),
        ("invalid_request".into(), "AADSTS900144".into())
    );
    assert_eq!(field(&bare, "state"), "12345");
    query.push(("scope", SCOPE));
    simulator.refuse_authorization(
        "access_denied",
        65_004,
        "The administrator declined to consent.",
    );
    let declined = platform.visit("v2.0/adminconsent", &query);
    assert_eq!(
        redirected(&declined),
        ("access_denied".into(), "AADSTS65004".into())
    );
    simulator.browser_user(None);
    assert_eq!(
        platform.visit("v2.0/adminconsent", &query).status,
        200,
        "a page asks who it is"
    );
    assert_eq!(refusal(&all()[0]), invalid_grant(65_001));

    simulator.browser_user(Some("adele@contoso.com"));
    let granted = platform.visit("v2.0/adminconsent", &query);
    let (uri, fields) = sent_back(&granted);
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(uri, here);
    assert_eq!(
        fields,
        [
            field("admin_consent", "True"),
            field("tenant", &platform.who.tenant_id),
            field("scope", SCOPE),
            field("state", "12345"),
        ]
    );
    for answer in all() {
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let mut elsewhere = query.clone();
    elsewhere.retain(|(name, _)| *name != "redirect_uri");
    let stays = platform.visit("v2.0/adminconsent", &elsewhere);
    assert_eq!(stays.status, 400);
    assert!(String::from_utf8_lossy(&stays.body).contains("AADSTS50011: "));

    simulator.withdraw_consent();
    let asked = authorize(&platform, &[("prompt", "consent")]);
    assert!(!crate::platform::field(&asked, "code").is_empty());
    assert_eq!(platform.refresh(&platform.who.refresh_token).status, 200);
}
