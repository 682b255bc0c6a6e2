//! Strings that serde_json refuses, in types of a program.

use msgraph::models::User;
use msgraph::page::Page;
use msgraph_core::decode::decode;
use serde::de::DeserializeOwned;
use serde_json::json;

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    decode(body, "T").ok()
}

#[test]
fn half_surrogate_pairs_are_read_as_u_fffd() {
    #[derive(serde::Deserialize)]
    struct Badge {
        id: String,
        owner: User,
    }

    let text = r#"{"a\udc00":1,"value":[{"id":"half \ud83d","owner":{"jobTitle":1e999}}]}"#;
    assert!(serde_json::from_str::<Page<Badge>>(text).is_err());
    let page: Page<Badge> = read(text.as_bytes()).expect("a page");
    assert!(page.extra.contains_key("a\u{fffd}"));
    assert_eq!(page.value[0].id, "half \u{fffd}");
    assert_eq!(page.value[0].owner.job_title.as_deref(), Some("1e999"));
}

#[test]
fn malformed_json_is_refused() {
    for text in ["", "{", "[1e999", r#"{"value":[{]}"#, r#"{"value":1e999}"#] {
        assert!(read::<Page<User>>(text.as_bytes()).is_none(), "{text}");
    }
    let deep = format!(
        r#"{{"value":[{}1e999{}]}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    assert!(read::<Page<User>>(deep.as_bytes()).is_none());
    assert_eq!(read::<Vec<f64>>(b"[1]"), Some(vec![1.0]));
    assert_eq!(
        read::<serde_json::Value>(br#"{"a":[true,null]}"#),
        Some(json!({"a": [true, null]}))
    );
}
