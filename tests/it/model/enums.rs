//! Enums, and sets of flags.

use msgraph::model::Flags;
use msgraph::models::{
    Event, FreeBusyStatus, MailTips, MailboxSettings, RecipientScopeType, UserPurpose,
};
use serde_json::json;

use super::{read, round, written};

// Reported: microsoft/kiota#1978, microsoft/kiota#3566.
#[test]
fn unknown_enum_value_is_kept() {
    let settings: MailboxSettings = read(json!({"userPurpose": "hologram"}));
    assert_eq!(
        settings.user_purpose,
        Some(UserPurpose::Unknown("hologram".into()))
    );
    round::<MailboxSettings>(json!({"userPurpose": "hologram"}));

    // The capitalization is kept as it was sent, and does not matter to comparison.
    let settings: MailboxSettings = read(json!({"userPurpose": "SHARED"}));
    assert_eq!(settings.user_purpose, Some(UserPurpose::Shared));
    assert!(
        matches!(settings.user_purpose, Some(UserPurpose::Unknown(ref word)) if word == "SHARED")
    );
    assert_eq!(written(&settings), json!({"userPurpose": "SHARED"}));
    let set = std::collections::HashSet::from([UserPurpose::Shared]);
    assert!(set.contains(&"sHaReD".parse().unwrap()));
    assert!(!set.contains(&"sHaRe".parse().unwrap()));
}

// Reported: microsoft/kiota#1978, microsoft/kiota#3566.
#[test]
fn unknown_flag_is_kept() {
    let tips: MailTips = read(json!({"recipientScope": "internal,zzz,external"}));
    let scope = tips.recipient_scope.as_ref().unwrap();
    assert!(scope.contains(&RecipientScopeType::Internal));
    assert!(scope.contains(&RecipientScopeType::External));
    assert!(!scope.contains(&RecipientScopeType::ExternalPartner));
    let zzz = RecipientScopeType::Unknown("zzz".into());
    assert!(scope.contains(&zzz));
    assert_eq!(
        scope.iter().collect::<Vec<_>>(),
        [
            RecipientScopeType::Internal,
            zzz,
            RecipientScopeType::External
        ]
    );
    assert_eq!(
        written(&tips),
        json!({"recipientScope": "internal,zzz,external"})
    );
    for text in ["internal, External", "", "none", "internal,,external"] {
        round::<MailTips>(json!({ "recipientScope": text }));
    }
}

// Reported: microsoft/kiota#1978, microsoft/kiota#3566.
#[test]
fn flags_are_equal_in_any_order() {
    let read = |text: &str| text.parse::<Flags<RecipientScopeType>>().unwrap();
    assert_eq!(read("internal,zzz"), read("ZZZ, internal"));
    assert_ne!(read("internal,zzz"), read("internal"));
    let mut scope: Flags<_> = [RecipientScopeType::Internal].into_iter().collect();
    assert!(scope.insert(RecipientScopeType::External));
    assert!(!scope.insert(RecipientScopeType::External));
    assert_eq!(scope.to_string(), "internal,external");
    assert!(scope.remove(&RecipientScopeType::Internal));
    assert!(!scope.remove(&RecipientScopeType::Internal));
    assert_eq!(scope, RecipientScopeType::External.into());
    assert!(read("").is_empty() && read(" , ").is_empty());
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2636.
#[test]
fn enum_displays_and_parses_graphs_value() {
    assert_eq!(
        serde_json::to_string(&FreeBusyStatus::Oof).unwrap(),
        r#""oof""#
    );
    assert_eq!(FreeBusyStatus::Oof.to_string(), "oof");
    assert_eq!("oof".parse(), Ok(FreeBusyStatus::Oof));
    let event = Event {
        show_as: Some(FreeBusyStatus::WorkingElsewhere),
        ..Default::default()
    };
    assert_eq!(written(&event), json!({"showAs": "workingElsewhere"}));
    // `unknown` is one of Graph's own words.
    assert!(matches!("unknown".parse(), Ok(FreeBusyStatus::Unknown_)));
}
