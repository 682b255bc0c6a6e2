//! The properties that a type declares.

use std::collections::HashMap;

use msgraph::models::{MailTips, TeamsAsyncOperation, User};
use msgraph::page::Page;
use msgraph_core::model::Declared;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[allow(dead_code)]
struct Badge {
    id: String,
    #[serde(rename = "error")]
    fault: Option<Value>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Wrapper(Badge);

#[derive(Deserialize)]
#[allow(dead_code)]
struct Flat {
    #[serde(flatten)]
    user: User,
}

#[test]
fn models_and_structs_declare_their_properties() {
    let user = Declared::of::<User>().unwrap();
    assert!(user.has("id") && user.has("displayName") && !user.has("error"));
    assert!(user.is_called("#microsoft.graph.user") && user.is_called("microsoft.graph.User"));
    assert!(!user.is_called("#microsoft.graph.group"));
    for declared in [
        Declared::of::<TeamsAsyncOperation>(),
        Declared::of::<Vec<MailTips>>(),
        Declared::of::<Option<Box<MailTips>>>(),
        Declared::of::<Badge>(),
        Declared::of::<Vec<Option<Wrapper>>>(),
    ] {
        let declared = declared.unwrap();
        assert!(declared.has("error"), "{declared:?}");
        assert!(!declared.has("fault"), "{declared:?}");
    }
}

#[test]
fn types_accepting_any_object_declare_nothing() {
    assert_eq!(Declared::of::<Value>(), None);
    assert_eq!(Declared::of::<Box<RawValue>>(), None);
    assert_eq!(Declared::of::<HashMap<String, Value>>(), None);
    assert_eq!(Declared::of::<Flat>(), None);
    assert_eq!(Declared::of::<Page<User>>(), None);
    assert_eq!(Declared::of::<i64>(), None);
    assert_eq!(Declared::of::<Vec<String>>(), None);
}

#[test]
fn declaration_error_names_only_the_type() {
    let error = serde_json::from_str::<User>("[]").unwrap_err().to_string();
    assert!(
        error.contains("expected an object (microsoft.graph.user)"),
        "{error}"
    );
}
