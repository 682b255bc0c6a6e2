//! Values that serde_json refuses, in place of objects.

use msgraph::Model;
use msgraph::models::User;
use msgraph::page::Page;
use msgraph_core::decode::decode;
use serde::de::DeserializeOwned;
use serde_json::json;

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    decode(body, "T").ok()
}

#[test]
fn refused_values_are_accepted_in_place_of_objects() {
    for odd in ["1e999", r#""half \ud83d""#, "-1E+400"] {
        let text = concat!(
            r#"{"@odata.context":ODD,"value":[ODD,{"id":"1","assignedPlans":ODD,"#,
            r#""mailboxSettings":ODD},null,{"assignedPlans":[ODD,{"assignedDateTime":ODD}]}]}"#,
        );
        let text = text.replace("ODD", odd);
        assert!(serde_json::from_str::<Page<User>>(&text).is_err());
        let page: Page<User> = read(text.as_bytes()).expect("a page");
        assert_eq!(page.len(), 3, "{odd}");
        let paths: Vec<_> = page
            .iter()
            .flat_map(Model::mismatched_properties)
            .map(|(path, _)| path)
            .collect();
        assert_eq!(paths[..2], ["", "assignedPlans"], "{odd}");
        assert_eq!(
            paths[2..4],
            ["mailboxSettings", "assignedPlans[0]"],
            "{odd}"
        );
        assert_eq!(
            serde_json::to_string(&page).expect("JSON"),
            text.replace("null,", "")
        );
    }
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
