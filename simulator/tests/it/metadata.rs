//! Tests of the metadata that the identity platform and Graph publish, and of their headers.

use http::Method;
use msgraph_simulator::Simulator;
use serde_json::{Value, json};

use crate::client::{Client, Local, start};
use crate::platform::{Platform, SCOPE, refusal, text};

const CONFIGURATION: &str = "v2.0/.well-known/openid-configuration";

#[tokio::test]
async fn metadata_of_unknown_tenant_is_refused() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    platform.tenant = "fabrikam.com".into();
    let unknown = platform.visit(CONFIGURATION, &[]);
    assert_eq!(refusal(&unknown), (400, "invalid_tenant".into(), 90_002));
    platform.tenant = "nothing".into();
    let invalid = platform.visit(CONFIGURATION, &[]);
    assert_eq!(refusal(&invalid), (400, "invalid_tenant".into(), 900_021));
}

#[tokio::test]
async fn metadata_of_several_tenants_has_a_placeholder() {
    let simulator = start().await;
    let mut platform = Platform::new(&simulator);
    for (tenant, issuer) in [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"),
    ] {
        platform.tenant = tenant.into();
        let configuration = platform.visit(CONFIGURATION, &[]).json();
        let expected = format!("https://login.microsoftonline.com/{issuer}/v2.0");
        assert_eq!(configuration["issuer"], expected, "{tenant}");
    }
}

fn instance(simulator: &Simulator, endpoint: &str) -> crate::client::Answer {
    let mut platform = Platform::new(simulator);
    platform.tenant = "common".into();
    let query = [("api-version", "1.1"), ("authorization_endpoint", endpoint)];
    platform.visit("discovery/instance", &query)
}

#[tokio::test]
async fn instance_discovery_knows_clouds_and_itself() {
    let simulator = start().await;
    for authority in [
        simulator.login_url(),
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.us",
    ] {
        let endpoint = format!("{authority}/contoso.com/oauth2/v2.0/authorize");
        let found = instance(&simulator, &endpoint).json();
        let expected = format!("{authority}/contoso.com/v2.0/.well-known/openid-configuration");
        assert_eq!(found["tenant_discovery_endpoint"], expected);
        let global = &found["metadata"][0];
        assert_eq!(global["preferred_network"], "login.microsoftonline.com");
        assert_eq!(global["preferred_cache"], "login.windows.net");
        let has = |alias: &str| {
            global["aliases"]
                .as_array()
                .unwrap()
                .contains(&json!(alias))
        };
        assert!(has("login.microsoftonline.com") && has("sts.windows.net"));
    }
}

#[tokio::test]
async fn instance_discovery_refuses_unknown_authorities() {
    let simulator = start().await;
    for endpoint in [
        "https://login.contoso.com/common/oauth2/v2.0/authorize",
        "http://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com.contoso.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.com/",
        "",
    ] {
        let refused = instance(&simulator, endpoint);
        assert_eq!(refused.status, 400, "{endpoint}");
        if !endpoint.is_empty() {
            let expected = (400, "invalid_instance".into(), 50_049);
            assert_eq!(refusal(&refused), expected, "{endpoint}");
        }
    }
}

#[tokio::test]
async fn platform_sends_no_headers_of_graph() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let app = [("grant_type", "client_credentials"), ("scope", SCOPE)];
    let tokens = platform.with_secret(&app);
    let refused = platform.token(&app);
    for answer in [&tokens, &refused] {
        for name in ["odata-version", "x-ms-ags-diagnostic", "request-id", "vary"] {
            assert_eq!(answer.header(name), "", "{name}");
        }
        assert_eq!(answer.header("cache-control"), "no-store, no-cache");
        assert_eq!(answer.header("pragma"), "no-cache");
        assert_ne!(answer.header("x-ms-request-id"), "");
        assert_ne!(answer.header("date"), "");
    }
    let me = Local::user(&simulator).get("/me");
    assert_eq!(me.header("odata-version"), "4.0");
    assert_ne!(me.header("request-id"), "");
}

#[tokio::test]
async fn device_code_grant_has_two_names() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    for grant_type in [
        "device_code",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let begun = platform.post(
            "devicecode",
            &[
                ("client_id", &platform.who.public_client_id),
                ("scope", "User.Read offline_access"),
            ],
        );
        let device_code = text(&begun, "device_code");
        assert!(simulator.approve_device(&text(&begun, "user_code")));
        let form = [
            ("grant_type", grant_type),
            ("device_code", device_code.as_str()),
        ];
        let tokens = platform.as_public(&form);
        let who = platform.me(&text(&tokens, "access_token"));
        assert_eq!(who.as_deref(), Ok("adele@contoso.com"), "{grant_type}");
    }
}

#[tokio::test]
async fn surplus_slashes_of_base_url_are_ignored() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let root = simulator.login_url();
    for url in ["/v1.0//users?$top=1", "//v1.0/users?$top=1"] {
        let users = client.get(&format!("{root}{url}")).await.json();
        let next = users["@odata.nextLink"].as_str().unwrap();
        let expected = format!("{}/users?", simulator.url());
        assert!(next.starts_with(&expected), "{url}: {next}");
    }
    let last = simulator.requests().pop().unwrap();
    assert_eq!(last.target, "//v1.0/users?$top=1");
    assert_eq!(last.template.as_deref(), Some("/users"));
    let body = json!({
        "displayName": "New", "mailNickname": "new", "mailEnabled": false, "securityEnabled": true,
    });
    let group = client.post(&format!("{root}/v1.0//groups"), body).await;
    assert_eq!(group.status, 201);
    let body = json!({ "requests": [{ "id": "1", "method": "GET", "url": "//me" }] });
    let batch = client.post(&format!("{root}/v1.0//$batch"), body).await;
    let name: &Value = &batch.json()["responses"][0]["body"]["displayName"];
    assert_eq!(name, "Adele Brandt");
    // Inside a path, an empty segment is a fault of the client.
    let inside = client
        .send(
            Method::GET,
            &format!("{root}/v1.0/users//messages"),
            &[],
            "",
        )
        .await;
    assert_eq!(inside.status, 400);
}

#[tokio::test]
async fn metadata_of_graph_declares_types_and_sets() {
    let simulator = start().await;
    let mut client = Client::connect(&simulator, None).await;
    let metadata = client.get("/$metadata").await;
    assert_eq!(metadata.status, 200);
    assert_eq!(metadata.header("content-type"), "application/xml");
    let text = String::from_utf8(metadata.body.to_vec()).unwrap();
    for declared in [
        "<Schema Namespace=\"microsoft.graph.security\" ",
        "<EntityType Name=\"entity\"><Key><PropertyRef Name=\"id\"/></Key>",
        "<EntityType Name=\"user\" BaseType=\"microsoft.graph.directoryObject\">",
        "<Property Name=\"businessPhones\" Type=\"Collection(Edm.String)\"/>",
        "<NavigationProperty Name=\"manager\" Type=\"microsoft.graph.directoryObject\"/>",
        "<ComplexType Name=\"itemBody\">",
        "<EnumType Name=\"importance\"><Member Name=\"low\"/><Member Name=\"normal\"/>",
        "<EntitySet Name=\"users\" EntityType=\"microsoft.graph.user\"/>",
        "<Singleton Name=\"me\" Type=\"microsoft.graph.user\"/>",
    ] {
        assert!(text.contains(declared), "{declared}");
    }
    for absent in ["userCollectionResponse", "ODataError", "@odata"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let refused = client.post("/$metadata", json!({})).await;
    assert_eq!(refused.status, 405);
}
