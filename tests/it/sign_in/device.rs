//! Codes that the user types on another device.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msgraph::auth::{DeviceCodeCredential, DeviceCodePrompt, FileStore, UserSession};
use msgraph::error::SignInReason;
use serde_json::json;
use simulator::{Fault, RetryAfter, Simulator};
use tokio::task::JoinHandle;

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";
const BRUNO: &str = "bruno@contoso.com";

async fn simulator() -> Arc<Simulator> {
    let simulator = support::simulator().await;
    simulator.set_device_interval(Duration::ZERO);
    Arc::new(simulator)
}

/// Creates a device whose user handles the code with this closure.
fn device(
    simulator: &Arc<Simulator>,
    user: impl Fn(&Simulator, DeviceCodePrompt) + Send + Sync + 'static,
) -> DeviceCodeCredential {
    let id = simulator.credentials().public_client_id.clone();
    let simulator = Arc::clone(simulator);
    DeviceCodeCredential::new("organizations", id, move |prompt| {
        user(&simulator, prompt);
        ready(())
    })
}

fn approve(simulator: &Simulator, prompt: DeviceCodePrompt) {
    assert!(simulator.approve_device(prompt.user_code()));
}

#[tokio::test]
async fn the_user_is_told_what_to_do_and_signs_in() {
    let simulator = simulator().await;
    let prompts = Arc::new(Mutex::new(Vec::new()));
    let device = device(&simulator, {
        let prompts = Arc::clone(&prompts);
        move |simulator, prompt| {
            prompts.lock().unwrap().push(prompt.clone());
            approve(simulator, prompt);
        }
    });
    let graph = client_of(&simulator, device.scopes(["User.Read"]));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let [prompt] = prompts.lock().unwrap().clone().try_into().expect("one");
    let (code, uri) = (prompt.user_code(), prompt.verification_uri());
    assert_eq!(code.len(), 9);
    assert_eq!(uri, "https://microsoft.com/devicelogin");
    assert_eq!(
        prompt.message(),
        format!(
            "To sign in, use a web browser to open the page {uri} and enter the code {code} to \
             authenticate."
        )
    );
    let left = prompt.expires_in();
    assert!(
        left > Duration::from_secs(14 * 60) && left <= Duration::from_secs(15 * 60),
        "{left:?}"
    );
    assert!(!format!("{prompt:?}").contains(code));

    let requests = simulator.requests();
    let begun = &requests[0];
    assert_eq!(begun.path(), "/organizations/oauth2/v2.0/devicecode");
    let sent: Vec<_> = url::form_urlencoded::parse(&begun.body)
        .into_owned()
        .collect();
    let id = &simulator.credentials().public_client_id;
    let scope = "User.Read openid profile offline_access";
    let expected = [("scope", scope), ("client_id", id), ("claims", CAPABILITY)];
    assert_eq!(sent, fields(&expected));
    let [mut asked] = token_requests(&simulator).try_into().expect("one");
    asked.retain(|(name, _)| name != "device_code");
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", id),
        ("claims", CAPABILITY),
    ];
    assert_eq!(asked, fields(&expected));
}

#[tokio::test]
async fn a_user_who_declines_lets_the_code_run_out_or_has_no_right_is_heard() {
    let simulator = simulator().await;
    let declined = device(&simulator, |simulator, prompt| {
        assert!(simulator.decline_device(prompt.user_code()));
    });
    let error = who(&client_of(&simulator, declined)).await.unwrap_err();
    assert_eq!(
        said(error),
        ("authorization_declined".into(), vec![90_120], true)
    );
    let late = device(&simulator, |simulator, _| {
        simulator.advance(Duration::from_secs(15 * 60));
    });
    let error = sign_in_error(who(&client_of(&simulator, late)).await.unwrap_err());
    assert_eq!(
        (error.error(), error.reason(), error.needs_user()),
        (
            Some("expired_token"),
            Some(SignInReason::DeviceCodeExpired),
            true
        )
    );
    // The confidential client does not authenticate here.
    let id = simulator.credentials().client_id.clone();
    let confidential = DeviceCodeCredential::new("organizations", id, |_| ready(()));
    let error = sign_in_error(who(&client_of(&simulator, confidential)).await.unwrap_err());
    assert_eq!(
        (error.error(), error.codes()),
        (Some("invalid_client"), &[7_000_218][..])
    );
    assert_eq!(calls(&simulator), 0);
}

#[tokio::test]
async fn the_device_asks_until_the_user_has_signed_in() {
    let simulator = simulator().await;
    let asked = Arc::new(Mutex::new(None));
    let device = device(&simulator, {
        let asked = Arc::clone(&asked);
        move |_, prompt| {
            *asked.lock().unwrap() = Some(prompt);
        }
    });
    let graph = client_of(&simulator, device);
    let call = tokio::spawn(async move { who(&graph).await });
    let code = loop {
        if let Some(prompt) = asked.lock().unwrap().clone() {
            break prompt.user_code().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    while token_requests(&simulator).len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!call.is_finished());
    assert!(simulator.approve_device(&code));
    assert_eq!(call.await.unwrap().unwrap(), ADELE);
}

#[tokio::test]
async fn a_prompt_ends_the_sign_in() {
    let simulator = simulator().await;
    let device = device(&simulator, |_, prompt| prompt.cancel());
    let graph = client_of(&simulator, device);
    let error = sign_in_error(who(&graph).await.unwrap_err());
    assert!(error.needs_user());
    assert_eq!(
        error.to_string(),
        "sign-in failed: the sign-in was cancelled"
    );
    assert_eq!(token_requests(&simulator).len(), 0);
}

#[tokio::test]
async fn a_sign_in_that_is_dropped_asks_no_more() {
    let simulator = simulator().await;
    let device = device(&simulator, |_, _| {});
    let graph = base(&simulator);
    {
        let mut sign_in = std::pin::pin!(device.sign_in(&graph));
        while token_requests(&simulator).len() < 2 {
            let wait = Duration::from_millis(1);
            assert!(tokio::time::timeout(wait, &mut sign_in).await.is_err());
        }
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let asked = token_requests(&simulator).len();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(token_requests(&simulator).len(), asked);
}

#[tokio::test]
async fn the_second_start_shows_no_code() {
    let simulator = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.json");
    let stored = |device: DeviceCodeCredential| device.store(FileStore::new(&file));
    let first = stored(device(&simulator, approve));
    assert_eq!(who(&client_of(&simulator, first)).await.unwrap(), ADELE);
    let second = Arc::new(stored(device(&simulator, |_, _| {
        panic!("no code is needed")
    })));
    let graph = client_of(&simulator, Arc::clone(&second));
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    assert_eq!(second.account().unwrap().username(), Some(ADELE));
    let bruno = stored(device(&simulator, approve)).user(BRUNO);
    simulator.browser_user(Some(BRUNO));
    assert_eq!(who(&client_of(&simulator, bruno)).await.unwrap(), BRUNO);
}

#[tokio::test]
async fn a_user_who_was_revoked_gets_a_new_code() {
    let simulator = simulator().await;
    let graph = client_of(&simulator, device(&simulator, approve));
    who(&graph).await.unwrap();
    simulator.revoke_user(ADELE);
    assert_eq!(who(&graph).await.unwrap(), ADELE);
    let requests = simulator.requests();
    let codes = requests
        .iter()
        .filter(|request| request.path().ends_with("/devicecode"));
    assert_eq!(codes.count(), 2);
}

#[tokio::test]
async fn a_platform_that_gives_no_code_says_why() {
    let simulator = simulator().await;
    let unknown = DeviceCodeCredential::new("organizations", "client", |_| ready(()));
    let error = sign_in_error(who(&client_of(&simulator, unknown)).await.unwrap_err());
    assert_eq!(
        (error.codes(), error.reason()),
        (&[700_016][..], Some(SignInReason::ApplicationNotFound))
    );
    let throttled = Fault::throttled(RetryAfter::Seconds(7));
    simulator.fault(throttled.at("/*/oauth2/v2.0/devicecode"));
    let device = device(&simulator, |_, _| panic!("there is no code"));
    let error = device.sign_in(&base(&simulator)).await.unwrap_err();
    let error = sign_in_error(error);
    assert!(error.is_retryable());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

/// Keeps the runtime busy until a condition holds and the client has seen it. The paused clock
/// stands still meanwhile.
async fn busy_until(is_so: impl Fn() -> bool) {
    let limit = std::time::Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(
            std::time::Instant::now() < limit,
            "what the test waits for does not come"
        );
        tokio::task::yield_now().await;
    }
    let settled = std::time::Instant::now() + Duration::from_millis(40);
    while std::time::Instant::now() < settled {
        tokio::task::yield_now().await;
    }
}

/// A device that polls a recorder, with a clock that advances when the test says so.
struct Polling {
    login: Recorder,
    _graph: Recorder,
    sign_in: JoinHandle<msgraph::Result<UserSession>>,
}

impl Polling {
    /// Starts the sign-in. The platform's first response is a code, and the responses to polls
    /// follow.
    async fn start(expires_in: u64, interval: Option<u64>, polls: Vec<Answer>) -> Self {
        let mut code = json!({
            "user_code": "FJC3B5LMP", "device_code": "device", "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": expires_in,
        });
        if let Some(interval) = interval {
            code["interval"] = interval.into();
        }
        let login = Recorder::in_turn([Answer::json(code)].into_iter().chain(polls)).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let base = client(nobody(), &graph, &login);
        let device = DeviceCodeCredential::new("organizations", "client", |prompt| {
            // The platform did not send the message in this language.
            assert_eq!(
                prompt.message(),
                "To sign in, open https://microsoft.com/devicelogin in a browser and enter the \
                 code FJC3B5LMP."
            );
            ready(())
        });
        let sign_in = tokio::spawn(async move { device.sign_in(&base).await });
        let polling = Self {
            login,
            _graph: graph,
            sign_in,
        };
        busy_until(|| polling.login.requests().len() == 1).await;
        polling
    }

    /// Checks that the next poll comes after this number of seconds, and no earlier.
    async fn polls_after(&self, seconds: u64) {
        let before = self.login.requests().len();
        tokio::time::advance(Duration::from_millis(seconds * 1000 - 100)).await;
        busy_until(|| true).await;
        assert_eq!(self.login.requests().len(), before, "too early");
        tokio::time::advance(Duration::from_millis(100)).await;
        busy_until(|| self.login.requests().len() > before).await;
    }

    async fn outcome(self) -> msgraph::Result<UserSession> {
        busy_until(|| self.sign_in.is_finished()).await;
        self.sign_in.await.unwrap()
    }
}

fn refusal(error: &str) -> Answer {
    Answer::json(json!({ "error": error })).with_status(400)
}

fn granted() -> Answer {
    let claims = json!({ "aud": "client", "oid": "o", "tid": "t", "sub": "s" });
    Answer::json(
        json!({ "token_type": "Bearer", "access_token": "token-1", "id_token": id_token(&claims) }),
    )
}

#[tokio::test(start_paused = true)]
async fn the_device_asks_as_often_as_it_is_told_and_less_when_it_is_too_often() {
    let polls = vec![
        refusal("authorization_pending"),
        refusal("slow_down"),
        refusal("authorization_pending"),
        refusal("slow_down"),
        granted(),
    ];
    let polling = Polling::start(900, Some(3), polls).await;
    for seconds in [3, 3, 8, 8, 13] {
        polling.polls_after(seconds).await;
    }
    let session = polling.outcome().await.unwrap();
    assert_eq!(session.account().unwrap().id(), "o.t");
}

#[tokio::test(start_paused = true)]
async fn gateways_and_throttling_do_not_end_it() {
    let html = Answer::status(503)
        .header("Content-Type", "text/html")
        .body("<html>Our services aren't available right now");
    let polls = vec![
        html,
        Answer::status(429).header("Retry-After", "20"),
        Answer::status(200).body("half a tok"),
        refusal("authorization_pending"),
        granted(),
    ];
    let polling = Polling::start(900, None, polls).await;
    // Each longer pause applies to one poll. The interval stays at its default of five seconds.
    for seconds in [5, 10, 25] {
        polling.polls_after(seconds).await;
    }
    let error = polling.outcome().await.unwrap_err();
    // A success without a token is an error that waiting would not fix.
    assert_eq!(
        crate::support::without_correlation_id(&error),
        "sign-in failed: the response of the token endpoint contains no token"
    );
}

#[tokio::test(start_paused = true)]
async fn the_device_stops_when_the_code_has_run_out() {
    let pending = vec![refusal("authorization_pending"); 5];
    let polling = Polling::start(12, Some(5), pending).await;
    polling.polls_after(5).await;
    polling.polls_after(5).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let error = sign_in_error(polling.outcome().await.unwrap_err());
    assert!(error.needs_user());
    assert_eq!(
        error.to_string(),
        "sign-in failed: the device code expired before the user signed in"
    );
}

#[tokio::test(start_paused = true)]
async fn words_that_end_it_are_heard_at_once() {
    for (error, needs_user) in [
        ("authorization_declined", true),
        ("access_denied", true),
        ("expired_token", true),
        ("bad_verification_code", false),
        ("invalid_client", false),
        ("invalid_grant", true),
    ] {
        let polling = Polling::start(900, Some(5), vec![refusal(error)]).await;
        polling.polls_after(5).await;
        let refused = sign_in_error(polling.outcome().await.unwrap_err());
        assert_eq!(
            (
                refused.error(),
                refused.needs_user(),
                refused.is_retryable()
            ),
            (Some(error), needs_user, false)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_gets_lost_is_asked_for_again_after_a_pause() {
    let simulator = simulator().await;
    for _ in 0..2 {
        simulator.fault(Fault::reset().at("/*/oauth2/v2.0/token"));
    }
    let device = device(&simulator, approve);
    let base = base(&simulator);
    let sign_in = tokio::spawn(async move { device.sign_in(&base).await });
    busy_until(|| !simulator.requests().is_empty()).await;
    // The shortest interval between two polls.
    tokio::time::advance(Duration::from_secs(1)).await;
    for asked in 1..=2 {
        busy_until(|| token_requests(&simulator).len() == asked).await;
        assert!(!sign_in.is_finished());
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    busy_until(|| sign_in.is_finished()).await;
    sign_in.await.unwrap().unwrap();
    assert_eq!(token_requests(&simulator).len(), 3);
}

#[tokio::test]
async fn a_prompt_may_stay_for_as_long_as_it_is_shown() {
    let simulator = simulator().await;
    let who_knows = simulator.credentials();
    let (tenant, id) = (&who_knows.domain, &who_knows.public_client_id);
    let shown = Arc::clone(&simulator);
    let device = DeviceCodeCredential::new(tenant.as_str(), id.as_str(), move |prompt| {
        shown.approve_device(prompt.user_code());
        std::future::pending()
    });
    assert_eq!(who(&client_of(&simulator, device)).await.unwrap(), ADELE);
}

/// Checks that times beyond the range of any clock do not panic.
#[tokio::test]
async fn times_beyond_measure_are_no_panic() {
    let login = Recorder::in_turn([
        Answer::json(json!({
            "user_code": "A", "device_code": "d", "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": u64::MAX, "interval": 0,
        })),
        Answer::status(503).header("Retry-After", "1e300"),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let device = DeviceCodeCredential::new("common", "client", |prompt| async move {
        assert!(prompt.expires_in() > Duration::from_secs(23 * 60 * 60));
        tokio::time::sleep(Duration::from_millis(50)).await;
        prompt.cancel();
    });
    let error = client(device, &graph, &login).sign_in().await.unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
}

#[tokio::test]
async fn clones_are_one_session_until_they_differ() {
    let simulator = simulator().await;
    let asked = Arc::new(Mutex::new(0));
    let device = device(&simulator, {
        let asked = Arc::clone(&asked);
        move |simulator, prompt| {
            *asked.lock().unwrap() += 1;
            simulator.approve_device(prompt.user_code());
        }
    });
    assert_eq!(
        who(&client_of(&simulator, device.clone())).await.unwrap(),
        ADELE
    );
    assert_eq!(device.account().unwrap().username(), Some(ADELE));
    assert_eq!(
        who(&client_of(&simulator, device.clone())).await.unwrap(),
        ADELE
    );
    assert_eq!(*asked.lock().unwrap(), 1);

    let other = device.clone().user("bruno@contoso.com");
    assert!(other.account().is_none());
    who(&client_of(&simulator, other)).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), 2);
}
