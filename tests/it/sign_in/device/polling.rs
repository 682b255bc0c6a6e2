//! Requests until the user has signed in.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use msgraph::auth::{DeviceCodeCredential, UserSession};
use msgraph_simulator::Fault;
use serde_json::json;
use tokio::task::JoinHandle;

use super::{ADELE, approve, device, simulator};
use crate::sign_in::*;

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
            "user_code": "FJC3B5LMP", "device_code": "device",
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": expires_in,
        });
        if let Some(interval) = interval {
            code["interval"] = interval.into();
        }
        let login = Recorder::in_turn([Answer::json(code)].into_iter().chain(polls)).await;
        let graph = Recorder::always(Answer::json("{}")).await;
        let base = client(no_tokens(), &graph, &login);
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
async fn polling_uses_interval_and_slows_down() {
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
async fn gateway_errors_and_throttling_continue_polling() {
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
async fn polling_stops_when_the_code_expires() {
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
async fn final_errors_end_polling_at_once() {
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
async fn lost_response_is_polled_again_after_pause() {
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
async fn prompt_may_run_until_the_code_expires() {
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
async fn huge_device_code_times_do_not_panic() {
    let login = Recorder::in_turn([
        Answer::json(json!({
            "user_code": "A", "device_code": "d",
            "verification_uri": "https://microsoft.com/devicelogin",
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
