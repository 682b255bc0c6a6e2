//! Tests of authorization codes: a browser requests them, and a client redeems them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use msgraph_simulator::Simulator;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Answer, start};
use crate::platform::{Platform, claims, field, redirected, refusal, sent_back, text};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The challenge of the verifier above (RFC 7636, appendix B).
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const HERE: &str = "http://localhost:51234/signed-in";

type Fields<'a> = Vec<(&'a str, &'a str)>;

/// Returns the fields with one changed. An empty value removes it.
fn with<'a>(fields: &Fields<'a>, name: &'a str, value: &'a str) -> Fields<'a> {
    let mut fields = fields.clone();
    fields.retain(|(field, _)| *field != name);
    if !value.is_empty() {
        fields.push((name, value));
    }
    fields
}

/// Returns the fields of the public client's authorization request.
fn asked(client: &str) -> Fields<'_> {
    vec![
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", HERE),
        ("scope", "openid offline_access User.Read"),
        ("state", "a&b=ü"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn authorize(platform: &Platform<'_>, query: &Fields<'_>) -> Answer {
    platform.visit("oauth2/v2.0/authorize", query)
}

/// Returns the fields that redeem a code.
fn redeeming(code: &str) -> Fields<'_> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", HERE),
        ("code_verifier", VERIFIER),
    ]
}

/// Returns a new code of the public client.
fn code(platform: &Platform<'_>) -> String {
    let client = platform.who.public_client_id.clone();
    field(&authorize(platform, &asked(&client)), "code")
}

#[tokio::test]
async fn authorization_code_is_exchanged_for_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.as_str();
    let query = with(&asked(client), "client_info", "1");
    let answer = authorize(&platform, &query);
    let (uri, _) = sent_back(&answer);
    assert_eq!(uri, HERE);
    assert_eq!(field(&answer, "state"), "a&b=ü");
    assert_eq!(field(&answer, "session_state").len(), 36);
    let code = field(&answer, "code");

    let tokens = platform.as_public(&with(&redeeming(&code), "client_info", "1"));
    assert_eq!(tokens.status, 200, "{:?}", tokens.body);
    let json = tokens.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 3599);
    assert_eq!(json["scope"], "openid User.Read");
    let who = platform.me(&text(&tokens, "access_token"));
    assert_eq!(who.as_deref(), Ok("adele@contoso.com"));

    let (id_token, user) = (text(&tokens, "id_token"), &platform.who.user_id);
    let told = claims(&id_token);
    assert_eq!(told["aud"], client);
    assert_eq!(told["tid"], platform.who.tenant_id);
    let issuer = format!(
        "https://login.microsoftonline.com/{}/v2.0",
        platform.who.tenant_id
    );
    assert_eq!(
        (&told["iss"], &told["ver"]),
        (&json!(issuer), &json!("2.0"))
    );
    assert_eq!(told["oid"], *user);
    assert_eq!(told["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(told["preferred_username"], "adele@contoso.com");
    assert_eq!(told["name"], "Adele Brandt");
    assert!(told["sub"] != told["oid"] && told["sub"].as_str().unwrap().len() == 43);
    assert_eq!(
        told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(),
        3599
    );
    assert!(is_signed(&platform, &id_token));

    let info = URL_SAFE_NO_PAD
        .decode(text(&tokens, "client_info"))
        .unwrap();
    let info: Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info, json!({ "uid": user, "utid": platform.who.tenant_id }));
    assert_eq!(field(&answer, "client_info"), text(&tokens, "client_info"));

    let refreshed = platform.as_public(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &text(&tokens, "refresh_token")),
    ]);
    assert_eq!(refreshed.status, 200, "{:?}", refreshed.body);
    assert_eq!(
        refreshed.json()["scope"],
        "openid User.Read",
        "what the user has granted"
    );
    assert!(claims(&text(&refreshed, "id_token")).get("nonce").is_none());
}

/// Checks whether a token is signed with a key that the tenant publishes.
fn is_signed(platform: &Platform<'_>, token: &str) -> bool {
    use rsa::signature::Verifier;
    let keys = platform.visit("discovery/v2.0/keys", &[]).json();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let number = |name: &str| {
        let text = keys["keys"][0][name].as_str().unwrap();
        rsa::BigUint::from_bytes_be(&decode(text))
    };
    let key = rsa::RsaPublicKey::new(number("n"), number("e")).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = rsa::pkcs1v15::Signature::try_from(decode(signature).as_slice()).unwrap();
    rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key)
        .verify(signed.as_bytes(), &signature)
        .is_ok()
}

#[tokio::test]
async fn token_response_matches_the_requested_scopes() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    let query = with(
        &asked(&client),
        "scope",
        "https://graph.microsoft.com/.default",
    );
    let code = field(&authorize(&platform, &query), "code");
    let tokens = platform.as_public(&redeeming(&code)).json();
    let granted = "https://graph.microsoft.com/Directory.ReadWrite.All \
        https://graph.microsoft.com/Mail.ReadWrite \
                   https://graph.microsoft.com/User.Read";
    assert_eq!(tokens["scope"], granted);
    for name in ["refresh_token", "id_token", "client_info"] {
        assert!(tokens.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn every_response_mode_is_supported() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    let query = asked(&client);
    for (mode, sign) in [("query", '?'), ("fragment", '#')] {
        let answer = authorize(&platform, &with(&query, "response_mode", mode));
        let location = answer.header("location");
        assert!(
            location.starts_with(&format!("{HERE}{sign}code=")),
            "{location}"
        );
    }
    let query_of_its_own = with(&query, "redirect_uri", "http://localhost/back?tab=1");
    let answer = authorize(&platform, &query_of_its_own);
    let location = answer.header("location");
    assert!(
        location.starts_with("http://localhost/back?tab=1&code="),
        "{location}"
    );
    let answer = authorize(
        &platform,
        &with(&query, "redirect_uri", "http://localhost:7"),
    );
    let location = answer.header("location");
    assert!(
        location.starts_with("http://localhost:7/?code="),
        "{location}"
    );

    let posted = with(&query, "response_mode", "form_post");
    let answer = authorize(&platform, &with(&posted, "state", "\"<&>"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let html = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(html.contains(&format!(
        "method=\"POST\" name=\"hiddenform\" action=\"{HERE}\""
    )));
    assert!(
        html.contains("name=\"state\" value=\"&quot;&lt;&amp;&gt;\""),
        "{html}"
    );
    let code = html.split("name=\"code\" value=\"").nth(1).unwrap();
    let code = code.split('"').next().unwrap();
    assert_eq!(platform.as_public(&redeeming(code)).status, 200);

    let wrong = authorize(&platform, &with(&query, "response_mode", "smoke"));
    assert_eq!(
        redirected(&wrong),
        ("invalid_request".into(), "AADSTS70007".into())
    );
}

#[tokio::test]
async fn unregistered_redirect_uri_is_refused() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    let who = platform.who.clone();
    let query = asked(&who.public_client_id);
    let stays = |answer: Answer, code: u32| {
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (400, "")
        );
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let html = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(html.contains(&format!("AADSTS{code}: ")), "{html}");
    };
    for uri in [
        "",
        "https://evil.contoso.com/",
        "http://localhost.contoso.com/",
        "http://127.0.0.1:51234/signed-in",
    ] {
        stays(
            authorize(&platform, &with(&query, "redirect_uri", uri)),
            50_011,
        );
    }
    simulator.redirect_uri("https://app.contoso.com/signed-in");
    let registered = with(&query, "redirect_uri", "https://app.contoso.com/signed-in");
    assert!(!field(&authorize(&platform, &registered), "code").is_empty());
    let case = with(&query, "redirect_uri", "https://app.contoso.com/Signed-In");
    stays(authorize(&platform, &case), 50_011);
    // The confidential client has another redirect address.
    let elsewhere = with(&query, "redirect_uri", "http://localhost:51234/other");
    let confidential = with(&elsewhere, "client_id", &who.client_id);
    stays(authorize(&platform, &confidential), 50_011);
    stays(
        authorize(&platform, &with(&query, "client_id", "")),
        900_144,
    );
    let stranger = "00000000-0000-4000-8000-000000000000";
    stays(
        authorize(&platform, &with(&query, "client_id", stranger)),
        700_016,
    );
    let target = format!("/{}/oauth2/v2.0/authorize", platform.tenant);
    stays(
        platform.send(Method::PUT, &target, &[], String::new()),
        900_561,
    );
    for (tenant, code) in [("fabrikam.com", 90_002), ("fabrikam", 900_021)] {
        platform.tenant = tenant.to_owned();
        stays(authorize(&platform, &query), code);
    }
}

#[tokio::test]
async fn authorize_error_is_redirected_back() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    let query = asked(&client);
    for (name, value, error, code) in [
        ("response_type", "", "invalid_request", 900_144),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
            700_054,
        ),
        (
            "response_type",
            "token",
            "unsupported_response_type",
            700_051,
        ),
        (
            "response_type",
            "cheese",
            "unsupported_response_type",
            70_005,
        ),
        ("scope", "", "invalid_request", 900_144),
        (
            "scope",
            "https://nothing.contoso.com/Read",
            "invalid_resource",
            500_011,
        ),
        ("claims", "{", "invalid_request", 900_093),
        ("prompt", "please", "invalid_request", 90_023),
        (
            "code_challenge_method",
            "S512",
            "invalid_request",
            9_002_313,
        ),
        ("code_challenge", "short", "invalid_request", 501_491),
        ("code_challenge", "", "invalid_request", 900_144),
    ] {
        let answer = authorize(&platform, &with(&query, name, value));
        let expected = (error.to_owned(), format!("AADSTS{code}"));
        assert_eq!(redirected(&answer), expected, "{name}={value}");
        assert_eq!(field(&answer, "state"), "a&b=ü");
        assert_eq!(field(&answer, "code"), "");
        let uri = field(&answer, "error_uri");
        assert_eq!(uri, format!("{}/error?code={code}", simulator.login_url()));
    }
    let mut plain = with(&query, "code_challenge", "");
    plain.retain(|(name, _)| *name != "code_challenge_method");
    let answer = authorize(&platform, &plain);
    assert_eq!(
        redirected(&answer),
        ("invalid_request".into(), "AADSTS9002325".into())
    );

    simulator.refuse_authorization("access_denied", 65_004, "The user declined to consent.");
    let own = "11111111-2222-4333-8444-555555555555";
    let named = with(&query, "client-request-id", own);
    let answer = authorize(&platform, &named);
    assert_eq!(
        redirected(&answer),
        ("access_denied".into(), "AADSTS65004".into())
    );
    let description = field(&answer, "error_description");
    assert!(description.starts_with("AADSTS65004: The user declined to consent.\r\nTrace ID: "));
    assert!(description.contains(&format!("\r\nCorrelation ID: {own}\r\nTimestamp: ")));
    assert!(
        !field(&authorize(&platform, &query), "code").is_empty(),
        "only once"
    );
}

#[tokio::test]
async fn browser_user_and_prompt_select_the_account() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    let query = asked(&client);
    simulator.browser_user(Some("bruno@contoso.com"));
    let code = field(
        &authorize(&platform, &with(&query, "prompt", "none")),
        "code",
    );
    let tokens = platform.as_public(&redeeming(&code));
    let who = platform.me(&text(&tokens, "access_token"));
    assert_eq!(who.as_deref(), Ok("bruno@contoso.com"));
    // Another user cannot sign in silently.
    let silent = with(&query, "prompt", "none");
    let login_required = ("login_required".to_owned(), "AADSTS50058".to_owned());
    for hint in ["adele@contoso.com", "unknown@contoso.com"] {
        let answer = authorize(&platform, &with(&silent, "login_hint", hint));
        assert_eq!(redirected(&answer), login_required, "{hint}");
    }
    let own = authorize(&platform, &with(&silent, "login_hint", "bruno@contoso.com"));
    assert!(!field(&own, "code").is_empty());

    simulator.browser_user(None);
    assert_eq!(redirected(&authorize(&platform, &silent)), login_required);
    let page = authorize(&platform, &query);
    assert_eq!((page.status.as_u16(), page.header("location")), (200, ""));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        html.contains("<title>Sign in to your account</title>"),
        "{html}"
    );
}

#[tokio::test]
#[should_panic(expected = "the tenant has no user `unknown@contoso.com`")]
async fn unknown_browser_user_panics() {
    start().await.browser_user(Some("unknown@contoso.com"));
}

#[tokio::test]
async fn code_is_bound_to_client_and_redirect() {
    let simulator = start().await;
    let fabrikam = "b0a1c2d3-0000-4000-8000-00000000fab1";
    simulator.add_tenant(fabrikam, "fabrikam.com");
    let mut platform = Platform::new(&simulator);
    let text_of_a_code = code(&platform);
    let good = redeeming(&text_of_a_code);
    let invalid_grant = |code| (400, "invalid_grant".to_owned(), code);
    let invalid_request = |code| (400, "invalid_request".to_owned(), code);
    let other = VERIFIER.replace('d', "e");
    for (name, value, expected) in [
        ("code", "", invalid_request(900_144)),
        ("code", "nonsense", invalid_grant(9_002_313)),
        ("redirect_uri", "", invalid_request(900_144)),
        (
            "redirect_uri",
            "http://localhost:51235/signed-in",
            invalid_request(500_112),
        ),
        ("code_verifier", "", invalid_grant(501_481)),
        ("code_verifier", &other, invalid_grant(501_481)),
        ("code_verifier", "short", invalid_grant(501_481)),
        ("scope", "Mail.Send", (400, "invalid_scope".into(), 70_011)),
        (
            "scope",
            "User.Read https://vault.azure.net/User.Read",
            (400, "invalid_scope".into(), 70_011),
        ),
        (
            "client_secret",
            "x",
            (401, "invalid_client".into(), 700_025),
        ),
    ] {
        let answer = platform.as_public(&with(&good, name, value));
        assert_eq!(refusal(&answer), expected, "{name}={value}");
    }
    let stranger = platform.with_secret(&good);
    assert_eq!(refusal(&stranger), invalid_grant(70_000));
    assert_eq!(text(&stranger, "suberror"), "client_mismatch");
    platform.tenant = "fabrikam.com".into();
    assert_eq!(refusal(&platform.as_public(&good)), invalid_grant(700_005));
    platform.tenant = "contoso.com".into();
    let target = format!("/{}/oauth2/v2.0/token", platform.tenant);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://app.contoso.com"),
    ];
    let mut form = good.clone();
    form.push(("client_id", &platform.who.public_client_id));
    let body = crate::platform::encoded(&form);
    let script = platform.send(Method::POST, &target, &headers, body);
    assert_eq!(refusal(&script), invalid_request(9_002_326));

    // None of these attempts has used the code. The users' own tenant has several names.
    platform.tenant = "organizations".into();
    let subset = with(
        &good,
        "scope",
        "https://graph.microsoft.com/user.read openid",
    );
    assert_eq!(platform.as_public(&subset).status, 200);
    assert_eq!(refusal(&platform.as_public(&good)), invalid_grant(54_005));

    let old = code(&platform);
    simulator.advance(Duration::from_secs(599));
    let new = code(&platform);
    simulator.advance(Duration::from_secs(1));
    assert_eq!(
        refusal(&platform.as_public(&redeeming(&old))),
        invalid_grant(70_008)
    );
    assert_eq!(platform.as_public(&redeeming(&new)).status, 200);
}

#[tokio::test]
async fn pkce_challenges_are_verified() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    // A challenge without a method is the verifier itself.
    for method in ["plain", ""] {
        let query = with(&asked(&client), "code_challenge", VERIFIER);
        let query = with(&query, "code_challenge_method", method);
        let code = field(&authorize(&platform, &query), "code");
        let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let wrong = with(&redeeming(&code), "code_verifier", &hashed);
        let refused = platform.as_public(&wrong);
        assert_eq!(refusal(&refused), (400, "invalid_grant".into(), 501_481));
        assert_eq!(
            platform.as_public(&redeeming(&code)).status,
            200,
            "{method}"
        );
    }
}

#[tokio::test]
async fn web_application_requires_its_secret() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.client_id.clone();
    let here = "http://localhost:3000/signed-in";
    let mut query = with(&asked(&client), "redirect_uri", here);
    let with_challenge = field(&authorize(&platform, &query), "code");
    query.retain(|(name, _)| !name.starts_with("code_challenge"));
    let without = field(&authorize(&platform, &query), "code");

    let form = with(&redeeming(&without), "redirect_uri", here);
    let verified = platform.with_secret(&form);
    assert_eq!(
        refusal(&verified),
        (400, "invalid_grant".into(), 501_481),
        "the request had no challenge"
    );
    let form = with(&form, "code_verifier", "");
    let mut bare = form.clone();
    bare.push(("client_id", &client));
    assert_eq!(
        refusal(&platform.token(&bare)),
        (401, "invalid_client".into(), 7_000_218)
    );
    assert_eq!(platform.with_secret(&form).status, 200);
    let form = with(&redeeming(&with_challenge), "redirect_uri", here);
    let tokens = platform.with_secret(&form);
    assert_eq!(claims(&text(&tokens, "id_token"))["aud"], client);
}

#[tokio::test]
async fn blocked_users_are_refused() {
    let simulator: Simulator = start().await;
    let platform = Platform::new(&simulator);
    let client = platform.who.public_client_id.clone();
    let before = code(&platform);
    simulator
        .update(
            "/users/adele@contoso.com",
            json!({ "accountEnabled": false }),
        )
        .unwrap();
    let answer = authorize(&platform, &asked(&client));
    assert_eq!(
        redirected(&answer),
        ("access_denied".into(), "AADSTS50057".into())
    );
    let disabled = (400, "invalid_grant".to_owned(), 50_057);
    assert_eq!(refusal(&platform.as_public(&redeeming(&before))), disabled);
    assert_eq!(
        refusal(&platform.refresh(&platform.who.refresh_token)),
        disabled
    );
    simulator.delete("/users/adele@contoso.com").unwrap();
    let gone = platform.refresh(&platform.who.refresh_token);
    assert_eq!(refusal(&gone), (400, "invalid_grant".into(), 50_034));
}
