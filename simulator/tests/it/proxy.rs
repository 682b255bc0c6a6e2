//! Tests of the proxy for clients whose hosts are fixed.

use http::{Method, StatusCode};
use msgraph_simulator::Simulator;

use crate::client::builder;
use crate::https::{Secure, tunnel};

async fn proxied() -> (Simulator, String) {
    let simulator = builder()
        .proxy_port(0)
        .start()
        .await
        .expect("the simulator starts");
    let proxy = simulator.proxy_url().expect("a proxy").to_owned();
    (simulator, proxy)
}

#[tokio::test]
async fn proxy_serves_the_addresses_of_microsoft() {
    let (simulator, proxy) = proxied().await;
    let client = Secure::user(&simulator).through(&proxy);
    let users = client
        .get("https://graph.microsoft.com/v1.0/users?$top=1")
        .await
        .json();
    let next = users["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with("https://graph.microsoft.com/v1.0/users?"),
        "{next}"
    );
    let second = client.get(next).await.json();
    assert_ne!(second["value"][0]["id"], users["value"][0]["id"]);

    let login = "https://login.microsoftonline.com";
    let metadata = format!("{login}/contoso.com/v2.0/.well-known/openid-configuration");
    let metadata = client.get(&metadata).await.json();
    let endpoint = metadata["token_endpoint"].as_str().unwrap().to_owned();
    assert_eq!(endpoint, format!("{login}/contoso.com/oauth2/v2.0/token"));
    let who = simulator.credentials();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2F\
         graph.microsoft.com%2F.default",
        who.client_id, who.client_secret
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let signer = Secure::new(simulator.certificate().unwrap()).through(&proxy);
    let token = signer.send(Method::POST, &endpoint, &headers, &form).await;
    assert_eq!(token.status, StatusCode::OK);
    assert!(token.json()["access_token"].is_string());
}

#[tokio::test]
async fn proxy_serves_the_addresses_of_the_simulator() {
    let (simulator, proxy) = proxied().await;
    let client = Secure::user(&simulator).through(&proxy);
    let me = client.get(&format!("{}/me", simulator.url())).await;
    assert_eq!(me.json()["displayName"], "Adele Brandt");
    let storage = Secure::new(simulator.certificate().unwrap()).through(&proxy);
    let missing = storage
        .get(&format!("{}/monitor/x", simulator.storage_url()))
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn proxy_reaches_no_other_server() {
    let (_simulator, proxy) = proxied().await;
    let proxy = proxy.trim_start_matches("http://");
    for (line, status) in [
        ("CONNECT contoso.com:443 HTTP/1.1", "HTTP/1.1 403 "),
        ("CONNECT localhost:22 HTTP/1.1", "HTTP/1.1 403 "),
        ("GET http://contoso.com/ HTTP/1.1", "HTTP/1.1 405 "),
    ] {
        let refused = tunnel(proxy, line).await.unwrap_err().to_string();
        assert!(refused.starts_with(status), "{line}: {refused}");
        assert!(refused.contains("The simulator's proxy "), "{refused}");
    }
}
