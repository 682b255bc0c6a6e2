//! Tenants and clouds, and tokens for single calls.

use http::StatusCode;
use msgraph::auth::{
    Application, AuthorizationCodeFlow, CacheKey, ClientSecretCredential, OnBehalfOfCredential,
    Secret, UserSession,
};
use msgraph::{Cloud, RetryPolicy};
use msgraph_simulator::{Fault, Simulator};
use serde_json::json;

use super::*;
use crate::auth::CLOUDS;
use crate::support;

const ADELE: &str = "adele@contoso.com";

// Reported: microsoftgraph/msgraph-sdk-python#672, microsoftgraph/msgraph-sdk-java#2354.
#[tokio::test]
async fn each_cloud_has_its_own_addresses() {
    let application = Application::new("contoso.com", "client");
    for (cloud, graph, login) in CLOUDS {
        let client = Graph::builder(no_tokens())
            .cloud(cloud.clone())
            .build()
            .unwrap();
        let web = AuthorizationCodeFlow::new(application.clone(), "https://app.contoso.com/");
        let url = web.begin(&client).unwrap().url().clone();
        let address = |url: &Url| url.as_str().split('?').next().unwrap().to_owned();
        assert_eq!(
            address(&url),
            format!("https://{login}/contoso.com/oauth2/v2.0/authorize")
        );
        assert_eq!(
            parameter(&url, "scope"),
            Some(format!(
                "https://{graph}/.default openid profile offline_access"
            ))
        );
        let consent = application.admin_consent_url(&cloud, "https://app.contoso.com/", "s");
        let consent = consent.unwrap();
        assert_eq!(
            address(&consent),
            format!("https://{login}/contoso.com/v2.0/adminconsent")
        );
        assert_eq!(
            parameter(&consent, "scope"),
            Some(format!("https://{graph}/.default"))
        );
        let out = application.sign_out_url(&cloud, "https://app.contoso.com/");
        assert_eq!(
            address(&out.unwrap()),
            format!("https://{login}/contoso.com/oauth2/v2.0/logout")
        );
    }
}

// Reported: microsoftgraph/msgraph-sdk-python#672, microsoftgraph/msgraph-sdk-java#2354.
#[tokio::test(start_paused = true)]
async fn each_cloud_gets_token_requests_at_its_host() {
    for (cloud, _, login) in CLOUDS {
        // The hosts that the client connects to, as recorded by a proxy that lets nothing through.
        let proxy = Recorder::always(Answer::status(502)).await;
        let through = reqwest::Proxy::all(proxy.url()).unwrap();
        let client = Graph::builder(no_tokens())
            .cloud(cloud)
            .configure_http(|http| http.proxy(through))
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let api = Application::new("contoso.com", "client").client_secret("secret");
        let web = AuthorizationCodeFlow::new(api.clone(), "https://app.contoso.com/");
        let pending = web.begin(&client).unwrap();
        let state = parameter(pending.url(), "state").unwrap();
        let answer = format!("code=x&state={state}");
        web.finish(&client, pending, &answer).await.unwrap_err();
        let device =
            msgraph::auth::DeviceCodeCredential::new("contoso.com", "client", |_| async {});
        device.sign_in(&client).await.unwrap_err();
        let user = client.with_provider(OnBehalfOfCredential::new(api, "incoming"));
        user.sign_in().await.unwrap_err();
        // Each request is sent once more, because there was no connection.
        assert_eq!(proxy.targets(), vec![format!("{login}:443"); 6]);
    }
}

// Reported: microsoftgraph/msgraph-sdk-python#672, microsoftgraph/msgraph-sdk-java#2354.
#[test]
fn clouds_never_share_a_token() {
    for (at, (one, ..)) in CLOUDS.iter().enumerate() {
        for (other, ..) in &CLOUDS[at + 1..] {
            let of = |cloud: &Cloud| CacheKey::new(cloud, "contoso.com", "client").user("ada");
            assert_ne!(of(one), of(other), "{one:?} {other:?}");
        }
    }
}

fn targets(simulator: &Simulator) -> Vec<String> {
    let requests = simulator.requests();
    let asked = requests.iter().filter(|request| request.is_sign_in());
    asked.map(|request| request.target.clone()).collect()
}

#[tokio::test]
async fn one_application_signs_in_to_several_tenants() {
    let simulator = support::simulator().await;
    let fabrikam = "5f2c4a5e-0000-4000-8000-00000000fab1";
    simulator.add_tenant(fabrikam, "fabrikam.com");
    let graph = base(&simulator);
    let contoso = simulator.credentials().tenant_id.clone();
    let application = confidential(&simulator);
    let token = simulator.incoming_token(ADELE);
    for _ in 0..2 {
        for tenant in [&contoso, fabrikam] {
            let provider = OnBehalfOfCredential::new(application.in_tenant(tenant), token.as_str());
            assert_eq!(who(&graph.with_provider(provider)).await.unwrap(), ADELE);
        }
    }
    let expected = [&contoso, fabrikam].map(|tenant| format!("/{tenant}/oauth2/v2.0/token"));
    assert_eq!(targets(&simulator), expected);

    simulator.forget_requests();
    let secret = &simulator.credentials().client_secret;
    let id = &simulator.credentials().client_id;
    for _ in 0..2 {
        for tenant in [&contoso, fabrikam] {
            let own = ClientSecretCredential::new(tenant, id.as_str(), secret.as_str());
            let client = graph.with_provider(own);
            client.request(Method::GET, "/users").await.unwrap();
        }
    }
    assert_eq!(targets(&simulator), expected);
}

#[tokio::test]
async fn guest_is_another_account_in_each_tenant() {
    let simulator = support::simulator().await;
    let fabrikam = "5f2c4a5e-0000-4000-8000-00000000fab1";
    simulator.add_tenant(fabrikam, "fabrikam.com");
    let graph = base(&simulator);
    let mut ids = Vec::new();
    for application in [
        confidential(&simulator),
        confidential(&simulator).in_tenant("fabrikam.com"),
        confidential(&simulator).in_tenant("organizations"),
    ] {
        let web = AuthorizationCodeFlow::new(application, REDIRECT);
        let pending = web.begin(&graph).unwrap();
        let back = visit(pending.url()).await;
        let session: UserSession = web.finish(&graph, pending, back.as_str()).await.unwrap();
        ids.push(session.account().unwrap().id());
        who(&graph.with_provider(session)).await.unwrap();
    }
    let user = &simulator.credentials().user_id;
    let home = format!("{user}.{}", simulator.credentials().tenant_id);
    assert_eq!(ids, [home.clone(), format!("{user}.{fabrikam}"), home]);
}

#[tokio::test]
async fn token_for_one_call_replaces_the_clients_token() {
    let simulator = support::simulator().await;
    let who = simulator.credentials();
    let own = ClientSecretCredential::new(
        who.domain.as_str(),
        who.client_id.as_str(),
        who.client_secret.as_str(),
    );
    let graph = client_of(&simulator, own);
    let token = simulator.user_token();
    let me = || graph.request(Method::GET, "/me");
    me().access_token(token.as_str()).await.unwrap();
    me().access_token(format!("{token}\n")).await.unwrap();
    assert_eq!(token_requests(&simulator).len(), 0);
    // The client's own token is still that of the application, which has no `/me`.
    me().await.unwrap_err();
    assert_eq!(token_requests(&simulator).len(), 1);
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
#[tokio::test]
async fn refused_token_for_one_call_is_not_renewed() {
    let simulator = support::simulator().await;
    let who = simulator.credentials();
    let own = ClientSecretCredential::new(
        who.domain.as_str(),
        who.client_id.as_str(),
        who.client_secret.as_str(),
    );
    let graph = client_of(&simulator, own);
    let call = || {
        let call = graph.request(Method::GET, "/users");
        call.access_token(simulator.app_token())
    };
    let wanted = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    for claims in [None, Some(wanted)] {
        simulator.forget_requests();
        simulator.fault(Fault::unauthorized(claims).at("/v1.0/users").always());
        match call().await.unwrap_err() {
            Error::Api(error) => {
                assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
                assert_eq!(error.claims().as_deref(), claims);
            }
            error => panic!("{error:?}"),
        }
        simulator.heal();
        assert_eq!(simulator.requests().len(), 1);
    }
}

#[tokio::test]
async fn token_for_one_call_stays_with_graph_unprinted() {
    const HUSH: &str = "hush-hush";
    let elsewhere = Recorder::always(Answer::json("{}")).await;
    let graph = Recorder::always(Answer::status(302).header("Location", elsewhere.url())).await;
    let login = platform(json!({})).await;
    let client = client(no_tokens(), &graph, &login);
    let call = client.request(Method::GET, "/me/photo/$value");
    let told = crate::tracing::listen();
    let call = call.access_token(Secret::from(HUSH));
    assert!(!format!("{call:?} {call:#?}").contains(HUSH));
    let answer = call.await.unwrap();
    assert!(!format!("{answer:?}").contains(HUSH));
    assert_eq!(tokens(&graph), [format!("Bearer {HUSH}")]);
    let request = elsewhere.only();
    assert_eq!(request.header("authorization"), None);
    assert!(!format!("{:?}", request.headers).contains(HUSH));

    let told = told.everything();
    assert!(
        told.contains("/me/photo/$value") && !told.contains(HUSH),
        "{told}"
    );

    let broken = client.request(Method::GET, "/me");
    let error = broken.access_token("hush\nhush").await.unwrap_err();
    assert_eq!(graph.requests().len(), 1);
    let text = error.to_string();
    assert!(
        text.contains("the access token contains characters that an HTTP header cannot contain")
            && !format!("{text} {error:?}").contains("hush"),
        "{error:?}"
    );
}

#[tokio::test]
async fn token_for_one_call_is_not_cached() {
    let simulator = support::simulator().await;
    let graph = base(&simulator);
    let call = graph.request(Method::GET, "/me");
    call.access_token(simulator.user_token()).await.unwrap();
    let error = who(&graph).await.unwrap_err().to_string();
    assert_eq!(error, "sign-in failed: this client has no tokens");
}
