//! Lists whose items are read one by one.

use msgraph::Model;
use msgraph::models::User;
use msgraph_core::model::lists::Listed;
use serde::Deserialize;
use serde_json::{Value, json};

#[test]
fn nulls_are_dropped_from_lists() {
    let text = r#"[null,"a",null,null,"b",null]"#;
    let Listed(read) = serde_json::from_str::<Listed<Vec<String>>>(text).expect("a list");
    assert_eq!(read, ["a", "b"]);
    let value: Value = serde_json::from_str(text).expect("JSON");
    let Listed(read) = Listed::<Vec<String>>::deserialize(&value).expect("a list");
    assert_eq!(read, ["a", "b"]);
    let Listed(read) = serde_json::from_str::<Listed<Vec<i32>>>("[null]").expect("a list");
    assert!(read.is_empty());
}

#[test]
fn non_text_items_are_kept_as_json() {
    let text = r#"["a\n",1.50,{"b":1},null,"half \ud83d",[1e999]]"#;
    let Listed(read) = serde_json::from_str::<Listed<Vec<String>>>(text).expect("a list");
    assert_eq!(
        read,
        ["a\n", "1.50", r#"{"b":1}"#, "half \u{fffd}", "[1e999]"]
    );
}

#[test]
fn only_list_items_may_be_non_objects() {
    let text = r#"[{"id":"1"},5,null,"a",[1],{"id":{}}]"#;
    let Listed(read) = serde_json::from_str::<Listed<Vec<User>>>(text).expect("a list");
    let instead = |user: &User| user.extra.instead_of_object().cloned();
    let instead: Vec<_> = read.iter().map(instead).collect();
    let wanted = [
        None,
        Some(json!(5)),
        Some(json!("a")),
        Some(json!([1])),
        None,
    ];
    assert_eq!(instead, wanted);
    assert_eq!(
        read[4].mismatched_properties(),
        [("id".to_owned(), &json!({}))]
    );
    assert_eq!(
        serde_json::to_value(&read).expect("JSON"),
        json!([{"id": "1"}, 5, "a", [1], {"id": {}}])
    );
    assert!(serde_json::from_str::<Listed<User>>("5").is_err());
    assert!(serde_json::from_str::<Vec<User>>("[5]").is_err());
}
