//! The examples, run unchanged against the simulator.
//!
//! Cargo builds examples as programs, and a test cannot call a program's functions. Each example is
//! therefore included by its path.

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/invite_guests.rs"]
mod invite_guests;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/mailbox_sync.rs"]
mod mailbox_sync;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/upload_with_progress.rs"]
mod upload_with_progress;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/web/src/bin/webhook_receiver.rs"]
mod webhook_receiver;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/daemon_certificate.rs"]
mod daemon_certificate;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/desktop_sign_in.rs"]
mod desktop_sign_in;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/device_code.rs"]
mod device_code;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/web/src/bin/on_behalf_of.rs"]
mod on_behalf_of;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/persisted_session.rs"]
mod persisted_session;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/web/src/bin/web_app.rs"]
mod web_app;

async fn shown<E: std::fmt::Debug>(run: impl AsyncFnOnce(&mut Vec<u8>) -> Result<(), E>) -> String {
    let mut shown = Vec::new();
    run(&mut shown).await.unwrap();
    String::from_utf8(shown).unwrap()
}

#[tokio::test]
async fn daemon_certificate_signs_in() {
    let shown = shown(async |out| daemon_certificate::run(out).await).await;
    assert!(shown.starts_with("Certificate { thumbprint: "), "{shown}");
    assert!(shown.contains("\nsigned in\n  "), "{shown}");
}

#[tokio::test]
async fn desktop_sign_in_greets_the_user() {
    let shown = shown(async |out| desktop_sign_in::run(out).await).await;
    assert_eq!(shown, "Hello, Adele Brandt\n");
}

#[tokio::test]
async fn device_code_greets_the_user() {
    let shown = shown(async |out| device_code::run(out).await).await;
    assert_eq!(shown, "Hello, Adele Brandt\n");
}

#[tokio::test]
async fn persisted_session_signs_in_once() {
    let shown = shown(async |out| persisted_session::run(out).await).await;
    assert_eq!(
        shown,
        format!("{}sign-ins: 1\n", "Hello, Adele Brandt\n".repeat(3))
    );
}

#[tokio::test]
async fn on_behalf_of_serves_users_and_forwards_challenge() {
    let shown = shown(async |out| on_behalf_of::run(out).await).await;
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "adele@contoso.com: Hello, Adele Brandt");
    assert!(
        lines[1].starts_with("bruno@contoso.com: Hello, Bruno"),
        "{shown}"
    );
    assert!(
        lines[2].starts_with("adele@contoso.com: 401 Unauthorized, Some(\"Bearer realm"),
        "{shown}"
    );
    assert!(lines[2].contains("insufficient_claims"), "{shown}");
}

#[tokio::test]
async fn web_app_separates_two_users_and_signs_out() {
    let shown = shown(async |out| web_app::run(out).await).await;
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "adele@contoso.com: Hello, Adele Brandt");
    assert!(
        lines[1].starts_with("bruno@contoso.com: Hello, Bruno"),
        "{shown}"
    );
    assert_eq!(lines[2], "the first browser again: Hello, Adele Brandt");
    assert_eq!(lines[3], "the first browser, signed out: asked to sign in");
    assert!(
        lines[4].starts_with("the second browser still: Hello, Bruno"),
        "{shown}"
    );
}

#[tokio::test]
async fn upload_with_progress_reports_every_byte() {
    let mut shown = Vec::new();
    upload_with_progress::run(&mut shown).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let bars: Vec<_> = shown.split('\r').collect();
    assert!(bars.len() > 4, "{shown}");
    assert!(bars[1].contains("  0 %"), "{shown}");
    assert!(
        shown.contains("[########################################] 100 %"),
        "{shown}"
    );
    assert!(shown.ends_with("\nfilm.bin: 33554432 bytes\n"), "{shown}");
}

#[tokio::test]
async fn webhook_receiver_prints_changes() {
    let mut shown = Vec::new();
    webhook_receiver::run(&mut shown).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    for wanted in [
        "subscribed, and passed the validation handshake",
        "created: For your eyes",
        "reauthorizationRequired: renewed",
        "missed: run a delta query",
        "subscriptionRemoved: create a new subscription",
        "a forged notification: responded 202, then ignored it",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
}

#[tokio::test]
async fn mailbox_sync_prints_changes() {
    let mut shown = Vec::new();
    mailbox_sync::run(&mut shown).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let rounds: Vec<_> = shown.split_inclusive(" messages\n").collect();
    let counts: Vec<usize> = rounds
        .iter()
        .map(|round| round.matches("  new: ").count())
        .collect();
    let all = counts[0];
    assert!(all > 0, "{shown}");
    assert_eq!(
        rounds[1],
        format!("A message comes\n  new: Lunch?\n  {} messages\n", all + 1)
    );
    assert_eq!(
        rounds[2],
        format!(
            "It is changed\n  changed: Dinner?\n  {} messages\n",
            all + 1
        )
    );
    assert_eq!(
        rounds[3],
        format!("It is deleted\n  gone: Dinner?\n  {all} messages\n")
    );
    assert!(
        rounds[4].starts_with(
            "A long time passes\n  the delta link has expired: starting a full sync\n"
        ),
        "{shown}"
    );
    assert_eq!(rounds[4].matches("  changed: ").count(), all);
    assert_eq!(rounds.len(), 5);
}

#[tokio::test]
async fn invite_guests_invites_all_in_five_requests() {
    let mut shown = Vec::new();
    invite_guests::run(&mut shown).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(shown, "100 of 100 invited\n5 requests\n");
}
