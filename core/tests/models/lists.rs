//! Lists whose items are read one by one.

use msgraph::Model;
use msgraph::models::User;
use msgraph::page::Page;
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

#[test]
fn values_beyond_serde_json_stand_for_objects() {
    for odd in ["1e999", r#""half \ud83d""#, "-1E+400"] {
        let text = concat!(
            r#"{"@odata.context":ODD,"value":[ODD,{"id":"1","assignedPlans":ODD,"#,
            r#""mailboxSettings":ODD},null,{"assignedPlans":[ODD,{"assignedDateTime":ODD}]}]}"#,
        );
        let text = text.replace("ODD", odd);
        let page: Page<User> = serde_json::from_str(&text).expect("a page");
        assert_eq!(page.len(), 3, "{odd}");
        let mismatched = page.iter().flat_map(Model::mismatched_properties);
        let paths: Vec<_> = mismatched.map(|(path, _)| path).collect();
        let wanted = [
            "",
            "assignedPlans",
            "mailboxSettings",
            "assignedPlans[0]",
            "assignedPlans[1].assignedDateTime",
        ];
        assert_eq!(paths, wanted, "{odd}");
        assert_eq!(
            serde_json::to_string(&page).expect("JSON"),
            text.replace("null,", "")
        );
    }
}
