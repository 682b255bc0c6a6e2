//! Tests of several tenants that an application may sign in to.

use serde_json::json;

use crate::client::start;
use crate::platform::{Platform, SCOPE, claims, field, refusal, text};

const FABRIKAM: &str = "b0a1c2d3-0000-4000-8000-00000000fab1";

#[tokio::test]
async fn each_tenant_has_its_own_tokens() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    let app = [("grant_type", "client_credentials"), ("scope", SCOPE)];
    platform.tenant = "fabrikam.com".into();
    let unknown = platform.with_secret(&app);
    assert_eq!(refusal(&unknown), (400, "invalid_request".into(), 90_002));

    simulator.add_tenant(FABRIKAM, "fabrikam.com");
    let home = platform.who.tenant_id.clone();
    for (tenant, id) in [
        ("fabrikam.com", FABRIKAM),
        ("Fabrikam.com", FABRIKAM),
        (FABRIKAM, FABRIKAM),
        ("contoso.com", &home),
    ] {
        platform.tenant = tenant.into();
        let answer = platform.with_secret(&app);
        let token = text(&answer, "access_token");
        assert_eq!(claims(&token)["tid"], id, "{tenant}");
        assert_eq!(
            claims(&token)["iss"],
            format!("https://sts.windows.net/{id}/")
        );
        assert!(platform.is_app(&token));
        let configuration = platform
            .visit("v2.0/.well-known/openid-configuration", &[])
            .json();
        let issuer = format!("https://login.microsoftonline.com/{id}/v2.0");
        assert_eq!(configuration["issuer"], issuer);
        let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", simulator.login_url());
        assert_eq!(configuration["token_endpoint"], endpoint);
    }
}

#[tokio::test]
async fn guest_signs_in_to_another_tenant() {
    let simulator = start().await;
    simulator.add_tenant(FABRIKAM, "fabrikam.com");
    let mut platform = Platform::new(&simulator);
    platform.tenant = "fabrikam.com".into();
    let here = "http://localhost:3000/signed-in";
    let query = [
        ("client_id", platform.who.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", here),
        ("scope", "openid User.Read"),
    ];
    let code = field(&platform.visit("oauth2/v2.0/authorize", &query), "code");
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", here),
        ("client_info", "1"),
    ];
    let tokens = platform.with_secret(&redeem);
    assert_eq!(claims(&text(&tokens, "access_token"))["tid"], FABRIKAM);
    let id_token = claims(&text(&tokens, "id_token"));
    assert_eq!(id_token["tid"], FABRIKAM);
    let issuer = format!("https://login.microsoftonline.com/{FABRIKAM}/v2.0");
    assert_eq!(id_token["iss"], json!(issuer));
    let who = platform.me(&text(&tokens, "access_token"));
    assert_eq!(who.as_deref(), Ok("adele@contoso.com"));
    // A refresh token does not belong to a tenant.
    let refreshed = platform.refresh(&platform.who.refresh_token);
    assert_eq!(claims(&text(&refreshed, "access_token"))["tid"], FABRIKAM);
    let query = [
        ("client_id", platform.who.client_id.as_str()),
        ("redirect_uri", here),
        ("scope", SCOPE),
    ];
    let consented = platform.visit("v2.0/adminconsent", &query);
    assert_eq!(field(&consented, "tenant"), FABRIKAM);
}
