//! The browser, and the port that it returns to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msgraph::auth::Prompt;
use tokio::net::{TcpListener, TcpStream};

use super::{ADELE, Browser, come_back, desktop, get};
use crate::sign_in::*;
use crate::support;

#[tokio::test]
async fn user_signs_in_with_system_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let desktop = browser
        .of(desktop(&simulator))
        .scopes(["User.Read"])
        .user(ADELE)
        .prompt(Prompt::SelectAccount);
    let desktop = Arc::new(desktop);
    let graph = client_of(&simulator, Arc::clone(&desktop));
    assert!(desktop.account().is_none());
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(desktop.account().unwrap().username(), Some(ADELE));

    let [url] = browser.opened().try_into().expect("one browser");
    assert_eq!(
        url.as_str().split('?').next(),
        Some(
            format!(
                "{}/organizations/oauth2/v2.0/authorize",
                simulator.login_url()
            )
            .as_str()
        )
    );
    let redirect = parameter(&url, "redirect_uri").unwrap();
    let port = redirect.strip_prefix("http://localhost:").unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    for (name, value) in [
        (
            "client_id",
            simulator.credentials().public_client_id.as_str(),
        ),
        ("scope", "User.Read openid profile offline_access"),
        ("prompt", "select_account"),
        ("login_hint", ADELE),
        ("response_mode", "query"),
        ("code_challenge_method", "S256"),
        ("claims", CAPABILITY),
    ] {
        assert_eq!(parameter(&url, name).as_deref(), Some(value), "{name}");
    }
    let [request] = token_requests(&simulator).try_into().expect("one request");
    assert_eq!(value(&request, "redirect_uri"), Some(redirect.as_str()));
    assert_eq!(value(&request, "client_secret"), None);
    // The program no longer listens.
    let port = port.parse::<u16>().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn declined_sign_in_is_an_error() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)));
    simulator.refuse_authorization("access_denied", 65_004, "The user declined to consent.");
    let error = who(&graph).await.unwrap_err();
    assert_eq!(said(error), ("access_denied".into(), vec![65_004], true));
    assert_eq!(
        (token_requests(&simulator).len(), calls(&simulator)),
        (0, 0)
    );
    // The next call asks the user again.
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(browser.opened().len(), 2);
}

#[tokio::test]
async fn abandoned_sign_in_times_out() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let desktop = browser
        .opening(desktop(&simulator), |_| async {})
        .timeout(Duration::from_millis(20));
    let graph = client_of(&simulator, desktop);
    let error = sign_in_error(who(&graph).await.unwrap_err());
    assert!(error.needs_user() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "sign-in failed: timed out waiting for the user to sign in"
    );
    let redirect = parameter(&browser.opened()[0], "redirect_uri").unwrap();
    let port = Url::parse(&redirect).unwrap().port().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn missing_browser_error_names_device_code_credential() {
    let simulator = support::simulator().await;
    let screenless = desktop(&simulator).open_browser(|_| Err("there is no screen"));
    let graph = client_of(&simulator, screenless);
    let error = who(&graph).await.unwrap_err().to_string();
    assert!(
        error.contains("sign in on another device with `DeviceCodeCredential`")
            && error.ends_with(": there is no screen"),
        "{error}"
    );
    let panicking = desktop(&simulator)
        .open_browser(|_| -> Result<(), std::io::Error> { panic!("a closure of this test") });
    let graph = client_of(&simulator, panicking);
    let error = who(&graph).await.unwrap_err().to_string();
    assert!(error.contains("cannot open a browser"), "{error}");
}

#[tokio::test]
async fn foreign_request_to_listener_is_refused() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let desktop = browser.opening(desktop(&simulator), |url| async move {
        let redirect = Url::parse(&parameter(&url, "redirect_uri").unwrap()).unwrap();
        for query in ["code=stolen&state=guessed", "error=access_denied", "code=x"] {
            let mut other = redirect.clone();
            other.set_query(Some(query));
            let answer = get(&other).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        come_back(&visit(&url).await).await;
    });
    let graph = client_of(&simulator, desktop);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let [request] = token_requests(&simulator).try_into().expect("one request");
    assert_ne!(value(&request, "code"), Some("stolen"));
}

#[tokio::test]
async fn occupied_port_is_named_in_error() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)).port(port));
    let error = who(&graph).await.unwrap_err().to_string();
    let begin =
        format!("sign-in failed: cannot listen for the redirect on 127.0.0.1 port {port}: ");
    assert!(error.starts_with(&begin), "{error}");
    assert!(browser.opened().is_empty());
    drop(taken);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let redirect = parameter(&browser.opened()[0], "redirect_uri");
    assert_eq!(redirect, Some(format!("http://localhost:{port}")));
}

#[tokio::test]
async fn cancelled_sign_in_frees_its_port() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let opened = Arc::new(AtomicUsize::new(0));
    let desktop = browser.opening(desktop(&simulator), {
        let opened = Arc::clone(&opened);
        move |_| {
            opened.fetch_add(1, Ordering::SeqCst);
            async {}
        }
    });
    let graph = base(&simulator);
    {
        let mut sign_in = std::pin::pin!(desktop.sign_in(&graph));
        while opened.load(Ordering::SeqCst) == 0 {
            let wait = Duration::from_millis(1);
            assert!(tokio::time::timeout(wait, &mut sign_in).await.is_err());
        }
        // Reading the account does not wait for the user.
        assert!(desktop.account().is_none());
    }
    let redirect = parameter(&browser.opened()[0], "redirect_uri").unwrap();
    let port = Url::parse(&redirect).unwrap().port().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
