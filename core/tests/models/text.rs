//! Texts that a field cannot hold.

use msgraph::Model;
use msgraph::models::{PublicClientApplication, TimeRange, UnifiedApprovalStage, User};

#[test]
fn text_beyond_its_field_is_written_again() {
    fn written<T: Model>(text: &str) -> String {
        let read: T = serde_json::from_str(text).expect(text);
        serde_json::to_string(&read).expect("JSON")
    }

    for text in [
        r#"{"createdDateTime":"2016-12-31T23:59:60Z"}"#,
        r#"{"businessPhones":["half \ud83d","a",1e39,1e308,1.50,12345678901234567890,true]}"#,
        r#"{"businessPhones":["half \ud83d",null,1e999,-0]}"#,
    ] {
        assert_eq!(written::<User>(text), text);
    }
    for text in ["P1DT2H3M.5S", "PT01H", "+PT1H"] {
        let text = format!(r#"{{"durationBeforeEscalation":"{text}"}}"#);
        assert_eq!(written::<UnifiedApprovalStage>(&text), text);
    }
    let text = r#"{"startTime":"08:00"}"#;
    assert_eq!(written::<TimeRange>(text), text);
    let text = r#"{"redirectUris":["\udc00",0.10]}"#;
    assert_eq!(written::<PublicClientApplication>(text), text);
}

#[test]
fn changed_field_replaces_text_beyond_it() {
    let text = r#"{"createdDateTime":"2016-12-31T23:59:60Z"}"#;
    let mut user: User = serde_json::from_str(text).expect("a user");
    let read = user.created_date_time.expect("a time");
    assert_eq!(read.to_string(), "2016-12-31T23:59:59Z");
    let (path, value) = user.mismatched_properties().remove(0);
    assert_eq!(
        (path.as_str(), value.is_string()),
        ("createdDateTime", true)
    );

    user.created_date_time = "2026-08-21T00:00:00Z".parse().ok();
    let text = r#"{"createdDateTime":"2026-08-21T00:00:00Z"}"#;
    assert_eq!(serde_json::to_string(&user).expect("JSON"), text);
    assert!(user.mismatched_properties().is_empty());
}
