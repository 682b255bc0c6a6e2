//! The examples, run against the simulator as they are.

#[allow(dead_code, reason = "a test does not begin where the example does")]
#[path = "../../examples/upload_with_progress.rs"]
mod upload_with_progress;

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
