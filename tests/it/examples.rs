//! The examples, run against the simulator as they are.

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

#[tokio::test]
async fn mailbox_sync_follows_what_happens() {
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
        rounds[4].starts_with("A long time passes\n  the link is too old: everything again\n"),
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
