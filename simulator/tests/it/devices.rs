//! Tests of devices, which show a code and poll until a user has entered it.

use std::time::Duration;

use msgraph_simulator::Simulator;
use serde_json::json;

use crate::client::{Answer, start};
use crate::platform::{Platform, refusal, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device with its codes: the one that it shows, and the one that it polls with.
struct Device<'a> {
    platform: &'a Platform<'a>,
    user_code: String,
    device_code: String,
}

impl<'a> Device<'a> {
    fn start(platform: &'a Platform<'a>) -> Self {
        let answer = begin(platform, &[("scope", "openid offline_access User.Read")]);
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        Self {
            platform,
            user_code: text(&answer, "user_code"),
            device_code: text(&answer, "device_code"),
        }
    }

    fn poll(&self) -> Answer {
        let form = [
            ("grant_type", GRANT),
            ("device_code", self.device_code.as_str()),
        ];
        self.platform.as_public(&form)
    }

    /// Polls, and returns the error.
    fn refused(&self) -> (u16, String, u64) {
        refusal(&self.poll())
    }
}

fn begin(platform: &Platform<'_>, form: &[(&str, &str)]) -> Answer {
    let mut all = vec![("client_id", platform.who.public_client_id.as_str())];
    all.retain(|(name, _)| form.iter().all(|(other, _)| other != name));
    all.extend(form);
    platform.post("devicecode", &all)
}

fn says(error: &str, code: u64) -> (u16, String, u64) {
    (400, error.to_owned(), code)
}

async fn without_waits() -> Simulator {
    let simulator = start().await;
    simulator.set_device_interval(Duration::ZERO);
    simulator
}

#[tokio::test]
async fn entered_device_code_gives_tokens() {
    let simulator = without_waits().await;
    let platform = Platform::new(&simulator);
    let answer = begin(&platform, &[("scope", "User.Read")]).json();
    let user_code = answer["user_code"].as_str().unwrap();
    assert_eq!(user_code.len(), 9);
    assert!(
        user_code
            .chars()
            .all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit())
    );
    assert_eq!(
        answer["verification_uri"],
        "https://microsoft.com/devicelogin"
    );
    assert_eq!(
        (&answer["expires_in"], &answer["interval"]),
        (&json!(900), &json!(0))
    );
    let message = format!(
        "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and \
         enter the code \
         {user_code} to authenticate."
    );
    assert_eq!(answer["message"], message);
    assert!(answer.get("verification_uri_complete").is_none());

    let (device, other) = (Device::start(&platform), Device::start(&platform));
    for _ in 0..3 {
        assert_eq!(device.refused(), says("authorization_pending", 70_016));
    }
    assert!(!simulator.approve_device("NO-SUCH-1"));
    assert!(simulator.approve_device(&device.user_code.to_lowercase()));
    assert!(!simulator.approve_device(&device.user_code), "only once");
    assert_eq!(other.refused(), says("authorization_pending", 70_016));
    let tokens = device.poll();
    assert_eq!(tokens.status, 200, "{:?}", tokens.body);
    let who = platform.me(&text(&tokens, "access_token"));
    assert_eq!(who.as_deref(), Ok("adele@contoso.com"));
    assert!(!text(&tokens, "refresh_token").is_empty());
    assert!(!text(&tokens, "id_token").is_empty());
    assert_eq!(text(&tokens, "scope"), "openid User.Read");
    assert_eq!(
        device.refused(),
        says("expired_token", 90_120),
        "it was used"
    );

    // The user at the browser enters the code.
    simulator.browser_user(Some("bruno@contoso.com"));
    assert!(simulator.approve_device(&other.user_code));
    let who = platform.me(&text(&other.poll(), "access_token"));
    assert_eq!(who.as_deref(), Ok("bruno@contoso.com"));
}

#[tokio::test]
async fn declined_or_expired_device_code_is_refused() {
    let simulator = without_waits().await;
    let platform = Platform::new(&simulator);
    let (declined, late) = (Device::start(&platform), Device::start(&platform));
    assert!(simulator.decline_device(&declined.user_code));
    assert!(!simulator.decline_device(&declined.user_code), "only once");
    assert!(!simulator.approve_device(&declined.user_code));
    assert_eq!(declined.refused(), says("authorization_declined", 90_120));
    simulator.advance(Duration::from_secs(899));
    assert_eq!(late.refused(), says("authorization_pending", 70_016));
    simulator.advance(Duration::from_secs(1));
    assert_eq!(late.refused(), says("expired_token", 70_020));
    assert!(!simulator.approve_device(&late.user_code));
    assert!(!simulator.decline_device(&late.user_code));
}

#[tokio::test]
async fn fast_polling_is_told_to_slow_down() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let device = Device::start(&platform);
    let (pending, slow_down) = (
        says("authorization_pending", 70_016),
        says("slow_down", 70_016),
    );
    assert_eq!(device.refused(), pending);
    simulator.advance(Duration::from_secs(5));
    assert_eq!(device.refused(), pending);
    simulator.advance(Duration::from_secs(4));
    assert_eq!(device.refused(), slow_down);
    // The interval is now ten seconds.
    simulator.advance(Duration::from_secs(9));
    assert_eq!(device.refused(), slow_down);
    // The interval is now fifteen seconds.
    simulator.advance(Duration::from_secs(15));
    assert_eq!(device.refused(), pending);

    simulator.set_device_interval(Duration::ZERO);
    let device = Device::start(&platform);
    simulator.device_slow_down(2);
    assert_eq!(device.refused(), slow_down);
    assert!(simulator.approve_device(&device.user_code));
    assert_eq!(device.refused(), slow_down);
    assert_eq!(device.poll().status, 200);
}

#[tokio::test]
async fn invalid_device_code_requests_are_refused() {
    let simulator = without_waits().await;
    let mut platform = Platform::new(&simulator);
    let scope = ("scope", "User.Read");
    let unknown = ("client_id", "00000000-0000-4000-8000-000000000000");
    for (form, error, code) in [
        (vec![], "invalid_request", 900_144),
        (vec![scope, ("client_id", "")], "invalid_request", 900_144),
        (vec![scope, unknown], "unauthorized_client", 700_016),
        (
            vec![("scope", "https://nothing.contoso.com/x")],
            "invalid_resource",
            500_011,
        ),
        (vec![scope, ("claims", "{")], "invalid_request", 900_093),
    ] {
        let refused = begin(&platform, &form);
        assert_eq!(refusal(&refused), says(error, code), "{form:?}");
    }
    let page = platform.visit("oauth2/v2.0/devicecode", &[scope]);
    assert_eq!(refusal(&page), says("invalid_request", 900_561));

    let bad = platform.as_public(&[("grant_type", GRANT), ("device_code", "nonsense")]);
    assert_eq!(refusal(&bad), says("bad_verification_code", 70_018));
    let none = platform.as_public(&[("grant_type", GRANT)]);
    assert_eq!(refusal(&none), says("invalid_request", 900_144));
    let device = Device::start(&platform);
    let form = [
        ("grant_type", GRANT),
        ("device_code", device.device_code.as_str()),
    ];
    let other = platform.with_secret(&form);
    assert_eq!(
        refusal(&other),
        says("bad_verification_code", 70_018),
        "not its code"
    );

    // A client that may not use this flow gets a code, but no tokens.
    let client = platform.who.client_id.clone();
    let begun = begin(&platform, &[scope, ("client_id", &client)]);
    let device_code = text(&begun, "device_code");
    let refused = platform.token(&[
        ("grant_type", GRANT),
        ("client_id", &client),
        ("device_code", &device_code),
    ]);
    assert_eq!(refusal(&refused), (401, "invalid_client".into(), 7_000_218));

    platform.tenant = "fabrikam.com".into();
    assert_eq!(
        refusal(&begin(&platform, &[scope])),
        says("invalid_request", 90_002)
    );
    platform.tenant = "organizations".into();
    assert_eq!(begin(&platform, &[scope]).status, 200);
}
