//! The examples, run against the simulator as they are.

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/upload_with_progress.rs"]
mod upload_with_progress;

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/webhook_receiver.rs"]
mod webhook_receiver;

#[tokio::test]
async fn upload_with_progress_shows_all_of_it() {
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
async fn webhook_receiver_is_told_what_changes() {
    let mut shown = Vec::new();
    webhook_receiver::run(&mut shown).await.unwrap();
    let shown = String::from_utf8(shown).unwrap();
    for wanted in [
        "subscribed, and asked whether somebody is there",
        "created: For your eyes",
        "reauthorizationRequired: renewed",
        "missed: time for a delta query",
        "subscriptionRemoved: subscribe again",
        "a forged one: answered 202, and not believed",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
}
