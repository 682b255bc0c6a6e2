//! The prompt, and the user who follows it.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msgraph::auth::{DeviceCodeCredential, FileStore};
use msgraph::error::SignInReason;
use msgraph_simulator::{Fault, RetryAfter};

use super::{ADELE, approve, device, simulator};
use crate::sign_in::*;

const BRUNO: &str = "bruno@contoso.com";

#[tokio::test]
async fn prompt_shows_code_and_user_signs_in() {
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
async fn declined_expired_or_forbidden_code_is_an_error() {
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
async fn device_polls_until_the_user_signs_in() {
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
async fn failing_prompt_ends_the_sign_in() {
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
async fn dropped_sign_in_stops_polling() {
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
async fn second_start_shows_no_code() {
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
async fn revoked_user_gets_a_new_code() {
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
async fn refused_device_code_request_is_an_error() {
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

#[tokio::test]
async fn clones_share_session_until_configured_differently() {
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
