//! Tests of tokens: their requests, and Graph's response to them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use msgraph_simulator::{Credentials, RefreshTokens, Simulator};
use serde_json::Value;

use crate::client::{Answer, Client, start};
use crate::platform::{encoded, refusal, text};

const SCOPE: &str = "https://graph.microsoft.com/.default";

struct Login {
    client: Client,
    url: String,
    credentials: Credentials,
}

impl Login {
    async fn new(simulator: &Simulator) -> Self {
        let credentials = simulator.credentials().clone();
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            simulator.login_url(),
            credentials.domain
        );
        Self {
            client: Client::connect(simulator, None).await,
            url,
            credentials,
        }
    }

    async fn post(&mut self, form: &[(&str, &str)]) -> Answer {
        self.post_with(&[], form).await
    }

    async fn post_with(&mut self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        let url = self.url.clone();
        self.client
            .send(Method::POST, &url, &all, encoded(form))
            .await
    }

    /// Sends the form of `client_credentials` with one field changed. An empty value removes the
    /// field.
    async fn app(&mut self, name: &str, value: &str) -> Answer {
        let credentials = self.credentials.clone();
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.client_secret.as_str()),
            ("scope", SCOPE),
        ];
        form.retain(|(field, _)| *field != name);
        if !value.is_empty() {
            form.push((name, value));
        }
        self.post(&form).await
    }

    async fn refresh(&mut self, token: &str) -> Answer {
        let credentials = self.credentials.clone();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.client_secret.as_str()),
            ("refresh_token", token),
        ];
        self.post(&form).await
    }
}

#[tokio::test]
async fn client_credentials_give_application_token() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let answer = login.app("", "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let json = answer.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(
        (&json["expires_in"], &json["ext_expires_in"]),
        (&3599.into(), &3599.into())
    );
    assert!(json.get("refresh_token").is_none() && json.get("scope").is_none());
    assert_eq!(answer.header("cache-control"), "no-store, no-cache");
    let mut client = Client::connect(&simulator, Some(text(&answer, "access_token"))).await;
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
    assert_eq!(client.get("/me").await.status, StatusCode::BAD_REQUEST);

    // The tenant can be named by its GUID, and the resource by its own address or id. Scopes of
    // OpenID Connect may stand beside it.
    login.url = login
        .url
        .replace("contoso.com", &login.credentials.tenant_id);
    let own = format!("{}/.default", simulator.login_url());
    for scope in [
        &own,
        "00000003-0000-0000-c000-000000000000/.default",
        "openid offline_access https://graph.microsoft.com/.default",
    ] {
        let answer = login.app("scope", scope).await;
        let mut client = Client::connect(&simulator, Some(text(&answer, "access_token"))).await;
        assert_eq!(client.get("/users").await.status, StatusCode::OK, "{scope}");
    }
}

#[tokio::test]
async fn client_secret_is_accepted_in_basic_authorization() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let form = [("grant_type", "client_credentials"), ("scope", SCOPE)];
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let (id, secret) = (
        login.credentials.client_id.clone(),
        login.credentials.client_secret.clone(),
    );
    let basic = |secret: &str| {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", encode(&id), encode(secret)))
        )
    };
    let good = login
        .post_with(&[("authorization", &basic(&secret))], &form)
        .await;
    assert_eq!(good.status, StatusCode::OK);
    let wrong = login
        .post_with(&[("authorization", &basic("wrong"))], &form)
        .await;
    assert_eq!(refusal(&wrong), (401, "invalid_client".into(), 7_000_215));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
        ("client_secret", secret.as_str()),
    ];
    let both = login
        .post_with(&[("authorization", &basic(&secret))], &form)
        .await;
    assert_eq!(refusal(&both), (400, "invalid_request".into(), 9_002_313));
}

#[tokio::test]
async fn invalid_token_requests_are_refused() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    for (name, value, expected) in [
        ("client_secret", "wrong", (401, "invalid_client", 7_000_215)),
        ("client_secret", "", (401, "invalid_client", 7_000_218)),
        ("client_id", "", (400, "invalid_request", 900_144)),
        (
            "client_id",
            "00000000-0000-4000-8000-000000000000",
            (400, "unauthorized_client", 700_016),
        ),
        ("grant_type", "", (400, "invalid_request", 900_144)),
        (
            "grant_type",
            "password",
            (400, "unsupported_grant_type", 70_003),
        ),
        ("scope", "", (400, "invalid_request", 900_144)),
        ("scope", "User.Read", (400, "invalid_scope", 1_002_012)),
        (
            "scope",
            "https://graph.microsoft.com/User.Read",
            (400, "invalid_scope", 1_002_012),
        ),
        ("scope", "openid profile", (400, "invalid_scope", 700_023)),
        (
            "scope",
            "https://graph.microsoft.com/.default https://vault.azure.net/.default",
            (400, "invalid_scope", 70_011),
        ),
        (
            "scope",
            "https://graph.microsoft.com/.default User.Read",
            (400, "invalid_scope", 70_011),
        ),
        (
            "scope",
            "https://nothing.contoso.com/.default",
            (400, "invalid_resource", 500_011),
        ),
        (
            "resource",
            "https://graph.microsoft.com",
            (400, "invalid_request", 901_002),
        ),
        ("claims", "{", (400, "invalid_request", 900_093)),
    ] {
        let (status, error, code) = expected;
        let answer = login.app(name, value).await;
        assert_eq!(
            refusal(&answer),
            (status, error.into(), code),
            "{name}={value}"
        );
    }
    let url = login.url.clone();
    for (tenant, code) in [
        ("fabrikam.com", 90_002),
        ("00000000-0000-4000-8000-000000000000", 90_002),
        ("fabrikam", 900_021),
        ("common", 9_001_023),
        ("organizations", 9_001_023),
        ("consumers", 9_001_023),
    ] {
        login.url = url.replace("contoso.com", tenant);
        assert_eq!(
            refusal(&login.app("", "").await),
            (400, "invalid_request".into(), code),
            "{tenant}"
        );
    }
    let get = login.client.get(&url).await;
    assert_eq!(refusal(&get), (400, "invalid_request".into(), 900_561));
    let json = [("content-type", "application/json")];
    let json = login
        .client
        .send(
            Method::POST,
            &url,
            &json,
            r#"{"grant_type":"client_credentials"}"#,
        )
        .await;
    assert_eq!(refusal(&json), (400, "invalid_request".into(), 900_144));

    let own = "11111111-2222-4333-8444-555555555555";
    let headers = [
        ("client-request-id", own),
        ("return-client-request-id", "true"),
    ];
    let echoed = login.post_with(&headers, &[]).await;
    assert_eq!(
        (
            echoed.header("client-request-id"),
            text(&echoed, "correlation_id").as_str()
        ),
        (own, own)
    );
}

#[tokio::test]
async fn refresh_token_gives_new_tokens() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let first = login.credentials.refresh_token.clone();
    let answer = login.refresh(&first).await;
    assert_eq!(answer.status, StatusCode::OK);
    let second = text(&answer, "refresh_token");
    assert!(!second.is_empty() && second != first);
    let mut client = Client::connect(&simulator, Some(text(&answer, "access_token"))).await;
    assert_eq!(
        client.get("/me").await.json()["userPrincipalName"],
        "adele@contoso.com"
    );
    // The old token stays valid, and it works at any tenant name that users can sign in to.
    assert_eq!(login.refresh(&first).await.status, StatusCode::OK);
    let url = login.url.clone();
    login.url = url.replace("contoso.com", "organizations");
    assert_eq!(login.refresh(&second).await.status, StatusCode::OK);
    login.url = url;

    simulator.set_refresh_tokens(RefreshTokens::Kept);
    assert!(
        login
            .refresh(&second)
            .await
            .json()
            .get("refresh_token")
            .is_none()
    );
    simulator.set_refresh_tokens(RefreshTokens::SingleUse);
    assert_eq!(login.refresh(&second).await.status, StatusCode::OK);
    assert_eq!(
        refusal(&login.refresh(&second).await),
        (400, "invalid_grant".into(), 70_000)
    );

    let wrong = login.refresh("nonsense").await;
    assert_eq!(
        (refusal(&wrong), text(&wrong, "suberror")),
        ((400, "invalid_grant".into(), 70_000), "bad_token".into())
    );
    let other = login.credentials.public_refresh_token.clone();
    let other = login.refresh(&other).await;
    assert_eq!(text(&other, "suberror"), "client_mismatch");
    simulator.expire_refresh_tokens();
    assert_eq!(
        refusal(&login.refresh(&first).await),
        (400, "invalid_grant".into(), 700_082)
    );
    simulator.revoke_refresh_tokens();
    assert_eq!(
        refusal(&login.refresh(&first).await),
        (400, "invalid_grant".into(), 50_173)
    );
}

#[tokio::test]
async fn public_client_with_secret_is_refused() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let who = login.credentials.clone();
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("client_id", who.public_client_id.as_str()),
        ("refresh_token", who.public_refresh_token.as_str()),
        (
            "scope",
            "https://graph.microsoft.com/User.Read offline_access",
        ),
    ];
    let answer = login.post(&form).await;
    assert_eq!(answer.status, StatusCode::OK);
    form.push(("client_secret", "x"));
    assert_eq!(
        refusal(&login.post(&form).await),
        (401, "invalid_client".into(), 700_025)
    );
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", who.public_client_id.as_str()),
        ("scope", SCOPE),
    ];
    assert_eq!(
        refusal(&login.post(&form).await),
        (401, "invalid_client".into(), 7_000_218)
    );
}

#[tokio::test]
async fn token_lifetimes_can_be_set() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    simulator.set_token_lifetime(Duration::from_secs(60));
    simulator.set_text_lifetime(true);
    let answer = login.app("", "").await;
    assert_eq!(answer.json()["expires_in"], "60");
    let mut client = Client::connect(&simulator, Some(text(&answer, "access_token"))).await;
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
    simulator.advance(Duration::from_secs(61));
    let message = "Lifetime validation failed, the token is expired.";
    assert_eq!(
        client.get("/users").await.error(),
        ("InvalidAuthenticationToken".into(), message.into())
    );
    client.token = Some(simulator.app_token());
    assert_eq!(client.get("/users").await.status, StatusCode::OK);
    simulator.expire_tokens();
    assert_eq!(client.get("/users").await.error().1, message);
}

#[tokio::test]
async fn invalid_access_tokens_are_refused() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let foreign = text(
        &login.app("scope", "https://vault.azure.net/.default").await,
        "access_token",
    );
    let other_cloud = text(
        &login
            .app("scope", "https://graph.microsoft.us/.default")
            .await,
        "access_token",
    );
    let good = simulator.app_token();
    let mut client = Client::connect(&simulator, None).await;
    let cases = [
        (None, "Access token is empty."),
        (Some(String::new()), "Access token is empty."),
        (Some("Bearer".into()), "UnableToParseTokens"),
        (Some("Bearer ".into()), "UnableToParseTokens"),
        (
            Some("Bearer nonsense".into()),
            "Protocol 'Bearer' failed to validate because The token could not be read.",
        ),
        (
            Some("Bearer a.b.c".into()),
            "Access token validation failure. Invalid signature.",
        ),
        (
            Some(format!("Bearer {foreign}")),
            "Access token validation failure. Invalid audience.",
        ),
        (
            Some(format!("Bearer {other_cloud}")),
            "Access token validation failure. Invalid audience.",
        ),
        (
            Some(format!("Bearer {good}x")),
            "Access token validation failure. Invalid signature.",
        ),
    ];
    for (header, message) in cases {
        let headers: Vec<_> = header
            .iter()
            .map(|header| ("authorization", header.as_str()))
            .collect();
        let refused = client.send(Method::GET, "/users", &headers, "").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{header:?}");
        assert_eq!(
            refused.error(),
            ("InvalidAuthenticationToken".into(), message.into()),
            "{header:?}"
        );
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer realm=\"\", authorization_uri=\""),
            "{challenge}"
        );
        assert!(!challenge.contains("claims"), "{challenge}");
    }
    let refresh = [(
        "authorization",
        format!("Bearer {}", login.credentials.refresh_token),
    )];
    let headers: Vec<_> = refresh
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        client
            .send(Method::GET, "/users", &headers, "")
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn revoked_tokens_get_a_claims_challenge() {
    let simulator = start().await;
    let mut login = Login::new(&simulator).await;
    let plain = text(&login.app("", "").await, "access_token");
    let capable = login
        .app(
            "claims",
            r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
        )
        .await;
    let capable = text(&capable, "access_token");
    simulator.revoke_tokens();
    let mut client = Client::connect(&simulator, Some(plain)).await;
    let refused = client.get("/users").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        !refused.header("www-authenticate").contains("claims"),
        "this client cannot handle a challenge"
    );
    client.token = Some(capable);
    let refused = client.get("/users").await;
    let challenge = refused.header("www-authenticate").to_owned();
    assert!(
        challenge.contains("error=\"insufficient_claims\""),
        "{challenge}"
    );
    let claims = challenge
        .split("claims=\"")
        .nth(1)
        .unwrap()
        .trim_end_matches('"');
    let claims: Value = serde_json::from_slice(&STANDARD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["access_token"]["nbf"]["essential"], true);
    client.token = Some(text(&login.app("", "").await, "access_token"));
    assert_eq!(
        client.get("/users").await.status,
        StatusCode::OK,
        "a new one is good"
    );
}
