//! The address that the browser is sent to.

use msgraph::auth::{Application, AuthorizationCodeFlow, Prompt};
use msgraph::{Cloud, Graph};
use serde_json::{Value, json};

use super::{ADELE, BRUNO, sign_in, web};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn authorize_request_is_the_documented_one() {
    let graph = Graph::builder(no_tokens()).build().unwrap();
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
async fn redirect_uri_of_authorize_request_is_redeemed() {
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
async fn administrator_consents_at_admin_consent_url() {
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
async fn login_hint_selects_the_expected_user() {
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
async fn next_sign_in_sends_the_required_claims() {
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
