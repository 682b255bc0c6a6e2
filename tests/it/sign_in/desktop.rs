//! The browser of a desktop, simulated by a task that visits an address as a browser does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use msgraph::auth::{FileStore, InteractiveBrowserCredential, MemoryStore, Prompt};
use serde_json::{Value, json};
use simulator::Simulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";

/// The addresses with which a browser was opened.
#[derive(Clone, Default)]
struct Browser(Arc<Mutex<Vec<Url>>>);

impl Browser {
    fn opened(&self) -> Vec<Url> {
        self.0.lock().unwrap().clone()
    }

    /// Sets a browser that follows the address, and returns to the program.
    fn of(&self, desktop: InteractiveBrowserCredential) -> InteractiveBrowserCredential {
        self.opening(desktop, |url| async move {
            come_back(&visit(&url).await).await;
        })
    }

    /// Sets a browser that handles the address in another way.
    fn opening<F>(
        &self,
        desktop: InteractiveBrowserCredential,
        go: impl Fn(Url) -> F + Send + Sync + 'static,
    ) -> InteractiveBrowserCredential
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let opened = Arc::clone(&self.0);
        let runtime = tokio::runtime::Handle::current();
        desktop.open_browser(move |url| {
            opened.lock().unwrap().push(url.clone());
            runtime.spawn(go(url.clone()));
            Ok::<_, std::io::Error>(())
        })
    }
}

/// Returns the program's response to a browser. The program listens on 127.0.0.1, which `localhost`
/// resolves to.
async fn get(address: &Url) -> String {
    let port = address.port().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let target = format!("{}?{}", address.path(), address.query().unwrap_or_default());
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn come_back(address: &Url) {
    let answer = get(address).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("You can close this window"), "{answer}");
    assert!(!answer.contains("code="), "{answer}");
}

fn desktop(simulator: &Simulator) -> InteractiveBrowserCredential {
    let who = simulator.credentials();
    InteractiveBrowserCredential::new("organizations", who.public_client_id.as_str())
}

#[tokio::test]
async fn a_user_signs_in_with_the_browser_of_the_machine() {
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
async fn a_user_who_declines_is_heard() {
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
async fn patience_has_an_end() {
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
async fn no_browser_is_an_error_that_says_what_to_do() {
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
async fn case_8_6_another_page_that_finds_the_port_gets_nowhere() {
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
async fn a_port_that_is_taken_is_named_and_one_that_is_free_is_used() {
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
async fn the_second_start_needs_no_browser() {
    let simulator = support::simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let browser = Browser::default();
    for start in 0..3 {
        let desktop = browser.of(desktop(&simulator)).store(FileStore::new(&file));
        let graph = client_of(&simulator, desktop);
        assert_eq!(who(&graph).await.unwrap(), ADELE, "start {start}");
        assert_eq!(browser.opened().len(), 1);
    }
    // Another user of the same program has a separate session.
    simulator.browser_user(Some(BRUNO));
    let bruno = || {
        let desktop = browser.of(desktop(&simulator));
        desktop.store(FileStore::new(&file)).user(BRUNO)
    };
    for name in [bruno(), bruno()] {
        assert_eq!(who(&client_of(&simulator, name)).await.unwrap(), BRUNO);
    }
    assert_eq!(browser.opened().len(), 2);
}

#[tokio::test]
async fn a_revoked_user_is_asked_again() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)));
    who(&graph).await.unwrap();
    simulator.revoke_user(ADELE);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(browser.opened().len(), 2);
    let kinds: Vec<_> = token_requests(&simulator)
        .iter()
        .map(|form| value(form, "grant_type").unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["authorization_code", "refresh_token", "authorization_code"]
    );
}

#[tokio::test]
async fn calls_at_once_open_one_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let desktop = Arc::new(browser.of(desktop(&simulator)));
    let (one, other) = (
        client_of(&simulator, Arc::clone(&desktop)),
        client_of(&simulator, desktop),
    );
    let calls = (0..50).map(|at| who(if at % 2 == 0 { &one } else { &other }));
    for call in join_all(calls).await {
        assert_eq!(call.unwrap(), ADELE);
    }
    assert_eq!(browser.opened().len(), 1);
}

#[tokio::test]
async fn case_8_3_what_the_user_has_to_prove_is_asked_of_the_user() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let graph = client_of(&simulator, browser.of(desktop(&simulator)));
    who(&graph).await.unwrap();
    let wanted = json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    simulator.require_claims(ADELE, wanted, 50_076);
    simulator.revoke_tokens();
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let [_, second] = browser.opened().try_into().expect("two browsers");
    let claims: Value = serde_json::from_str(&parameter(&second, "claims").unwrap()).unwrap();
    assert_eq!(
        claims,
        json!({ "access_token": {
            "xms_cc": { "values": ["cp1"] }, "acrs": { "essential": true, "value": "c1" },
        } })
    );
}

#[tokio::test]
async fn signing_in_anew_changes_the_user_at_once() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = MemoryStore::new();
    let desktop = Arc::new(browser.of(desktop(&simulator)).store(store.clone()));
    let graph = client_of(&simulator, Arc::clone(&desktop));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    simulator.browser_user(Some(BRUNO));
    let session = desktop.sign_in(&graph).await.unwrap();
    assert_eq!(session.account().unwrap().username(), Some(BRUNO));
    // The client does not use the token that it has kept of the first user.
    assert_eq!(who(&graph).await.unwrap(), BRUNO);
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1 }");

    session.sign_out(&graph).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0 }");
    assert!(desktop.account().is_none());
    simulator.browser_user(Some(ADELE));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(browser.opened().len(), 3);
}

#[tokio::test]
async fn a_sign_in_that_is_given_up_leaves_its_port() {
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

#[tokio::test]
async fn what_is_there_is_resumed_without_a_browser() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let start = || {
        let desktop = Arc::new(browser.of(desktop(&simulator)).store(Arc::clone(&store)));
        (client_of(&simulator, Arc::clone(&desktop)), desktop)
    };
    let (graph, first) = start();
    assert!(first.resume(&graph).await.unwrap().is_none());
    who(&graph).await.unwrap();
    let requests = token_requests(&simulator).len();

    let (graph, second) = start();
    for desktop in [&first, &second] {
        let session = desktop.resume(&graph).await.unwrap().unwrap();
        assert_eq!(session.account().unwrap().username(), Some(ADELE));
    }
    assert_eq!(token_requests(&simulator).len(), requests);
    assert_eq!(second.account().unwrap().username(), Some(ADELE));

    // The user is needed, but a background call does not ask.
    let session = second.resume(&graph).await.unwrap().unwrap();
    let background = graph.with_provider(session.clone());
    assert_eq!(who(&background).await.unwrap(), ADELE);
    simulator.revoke_user(ADELE);
    let (word, codes, needs_user) = said(who(&background).await.unwrap_err());
    assert_eq!(
        (word.as_str(), codes, needs_user),
        ("invalid_grant", vec![50_173], true)
    );
    assert_eq!(browser.opened().len(), 1);

    session.sign_out(&graph).await.unwrap();
    let (graph, third) = start();
    assert!(third.resume(&graph).await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_does_not_go_on_as_another_user() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let desktop = browser.of(desktop(&simulator)).store(Arc::clone(&store));
    let desktop = Arc::new(desktop);
    let graph = client_of(&simulator, Arc::clone(&desktop));
    assert_eq!(who(&graph).await.unwrap(), ADELE);

    // Adele has to sign in again, and another user does.
    simulator.revoke_user(ADELE);
    simulator.browser_user(Some(BRUNO));
    let error = sign_in_error(who(&graph).await.unwrap_err());
    assert!(error.needs_user(), "{error}");
    assert!(
        error.to_string().contains("another user has signed in"),
        "{error}"
    );
    let [first, second] = browser.opened().try_into().expect("two browsers");
    assert_eq!(parameter(&first, "login_hint"), None);
    assert_eq!(parameter(&second, "login_hint").as_deref(), Some(ADELE));
    assert_eq!(desktop.account().unwrap().username(), Some(ADELE));

    // The user changes when the program asks for it.
    let session = desktop.sign_in(&graph).await.unwrap();
    assert_eq!(session.account().unwrap().username(), Some(BRUNO));
    assert_eq!(who(&graph).await.unwrap(), BRUNO);
    let [.., last] = &browser.opened()[..] else {
        panic!("a browser was opened");
    };
    assert_eq!(parameter(last, "login_hint"), None);
}

#[tokio::test]
async fn whoever_resumes_at_the_same_time_has_the_same_session() {
    let simulator = support::simulator().await;
    let browser = Browser::default();
    let store = Arc::new(MemoryStore::new());
    let start = || {
        let desktop = Arc::new(browser.of(desktop(&simulator)).store(Arc::clone(&store)));
        (client_of(&simulator, Arc::clone(&desktop)), desktop)
    };
    let (graph, _) = start();
    who(&graph).await.unwrap();

    let (graph, desktop) = start();
    let (one, other, call) =
        tokio::join!(desktop.resume(&graph), desktop.resume(&graph), who(&graph));
    assert_eq!(call.unwrap(), ADELE);
    let (one, other) = (one.unwrap().unwrap(), other.unwrap().unwrap());
    one.sign_out(&graph).await.unwrap();
    let error = who(&graph.with_provider(other)).await.unwrap_err();
    assert!(error.to_string().contains("signed out"), "{error}");
    assert!(desktop.resume(&graph).await.unwrap().is_none());
    assert_eq!(browser.opened().len(), 1);
}
