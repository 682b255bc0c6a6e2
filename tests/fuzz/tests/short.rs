//! The short form of `cargo xtask fuzz`: every target, and every input that ever failed.

use fuzz::{Options, run};

#[test]
fn every_target_keeps_its_promises() {
    let report = run(&Options {
        inputs: 20_000,
        ..Options::default()
    })
    .expect("the description can be read");
    assert!(
        report.is_clean(),
        "{report}\n{}",
        report.findings.join("\n")
    );
    assert!(report.inputs >= 20_000, "{report}");
}

/// Checks that the fuzz run can fail, because a check that cannot fail would prove nothing.
#[test]
fn unknown_target_is_an_error() {
    let options = Options {
        target: Some("nothing".to_owned()),
        ..Options::default()
    };
    assert!(run(&options).is_err());
}
