//! The changes that a round reports.

use msgraph::delta::{DeltaEvent, RelatedChange, RemovedReason};
use msgraph::error::Attempts;
use msgraph::models::{Group, User};
use msgraph::{Error, Graph, Model};
use serde_json::json;

use super::{END, changes_of, round, simulator};
use crate::support::recorder::Answer;
use crate::support::{graph, graph_of};

#[tokio::test]
async fn delta_round_reports_new_cleared_and_removed() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.app_token());
    let users = || {
        let delta = graph.users().delta();
        delta.select([User::DISPLAY_NAME, User::JOB_TITLE])
    };
    let (all, link) = round(users().changes()).await;
    assert_eq!(all.len(), 12);
    assert_eq!(simulator.requests().len(), 3);
    let ids: Vec<String> = all
        .iter()
        .map(|event| match event {
            DeltaEvent::Changed(user) => user.id.clone().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();

    let cleared = User::default().with_null(User::JOB_TITLE);
    graph.users().id(&ids[0]).update(cleared).await.unwrap();
    graph.users().id(&ids[1]).delete().await.unwrap();
    let (changed, link) = round(users().changes_since(&link)).await;
    assert_eq!(changed.len(), 2);
    for event in &changed {
        match event {
            DeltaEvent::Changed(user) => {
                assert_eq!(user.id.as_ref(), Some(&ids[0]));
                assert_eq!(user.display_name.as_deref(), Some("Adele Brandt"));
                // A cleared property is null; a property that was not selected is absent.
                assert!(user.is_null(User::JOB_TITLE));
                assert!(!user.is_null(User::MAIL));
                assert_eq!(user.nulls().collect::<Vec<_>>(), ["jobTitle"]);
            }
            DeltaEvent::Removed(user) => {
                assert_eq!(user.id(), Some(ids[1].as_str()));
                assert_eq!(user.reason(), &RemovedReason::Changed);
                assert_eq!(user.item().id.as_ref(), Some(&ids[1]));
            }
            other => panic!("{other:?}"),
        }
    }
    let (quiet, _) = round(users().changes_since(link)).await;
    assert!(quiet.is_empty());
}

#[tokio::test]
async fn group_changes_include_their_members() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.app_token());
    let groups = || graph.groups().delta().select(["displayName", "members"]);
    let (all, link) = round(groups().changes()).await;
    let everyone: Vec<_> = all
        .iter()
        .filter_map(|event| match event {
            DeltaEvent::Changed(group) => Some(group.related_changes(Group::MEMBERS).unwrap()),
            _ => None,
        })
        .flatten()
        .collect();
    let first = match &everyone[0] {
        RelatedChange::Added(member) => member.id.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let (group, _) = find_member(&graph, &first).await;
    let member = graph.groups().id(&group).members().id(&first);
    member.remove_ref().await.unwrap();

    let (changed, _) = round(groups().changes_since(link)).await;
    let [DeltaEvent::Changed(group)] = changed.as_slice() else {
        panic!("{changed:?}");
    };
    let told = group.related_changes(Group::MEMBERS).unwrap();
    let [RelatedChange::Removed(member)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(member.id(), Some(first.as_str()));
    assert_eq!(member.reason(), &RemovedReason::Deleted);
    assert!(member.item().downcast::<User>().unwrap().is_some());
    assert!(group.related_changes(Group::OWNERS).unwrap().is_empty());
}

/// Finds a group with a member, and returns both.
async fn find_member(graph: &Graph, id: &str) -> (String, String) {
    for group in graph.groups().list().all().await.unwrap() {
        let group = group.id.unwrap();
        let members = graph.groups().id(&group).members().list();
        let members = members.all().await.unwrap();
        if members
            .iter()
            .any(|member| member.id.as_deref() == Some(id))
        {
            return (group, id.to_owned());
        }
    }
    panic!("no group has the member {id}");
}

#[tokio::test]
async fn deleted_facet_marks_drive_item_as_removed() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let root = graph.me().drive().root();
    let link = root.delta().latest().await.unwrap();
    let file = root
        .path("gone.txt")
        .content()
        .replace("x")
        .await
        .unwrap()
        .unwrap();
    root.path("gone.txt").delete().await.unwrap();
    let (events, _) = round(root.delta().changes_since(link)).await;
    let gone = events.iter().find_map(|event| match event {
        DeltaEvent::Removed(item) => Some(item),
        _ => None,
    });
    let gone = gone.expect("the file is gone");
    assert_eq!(gone.id(), file.id.as_deref());
    assert_eq!(gone.reason(), &RemovedReason::Deleted);
    assert!(gone.item().deleted.is_some());
}

#[tokio::test]
async fn mismatched_delta_items_do_not_end_the_round() {
    let page = format!(
        r#"{{"value":[null,{{"id":"1","mailboxSettings":1e999,"city":null}},5,{{"id":"\ud83d",
            "@removed":true,"n":1e999}}],{END}}}"#
    );
    let (_recorder, changes) = changes_of([Answer::json(page)]).await;
    let (events, _) = round(changes).await;
    let [
        DeltaEvent::Changed(user),
        DeltaEvent::Changed(odd),
        DeltaEvent::Removed(gone),
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert!(user.is_null(User::CITY));
    assert_eq!(user.extra["mailboxSettings"], "1e999");
    assert_eq!(odd.extra.instead_of_object(), Some(&json!(5)));
    assert_eq!(gone.id(), Some("\u{fffd}"));
    assert_eq!(gone.item().extra["@removed"], true);
}

#[tokio::test]
async fn removal_without_documented_reason_is_unknown() {
    let unknown = |word: &str| RemovedReason::Unknown(word.to_owned());
    for (mark, reason) in [
        ("{}", unknown("")),
        (r#"{"reason":null}"#, unknown("")),
        (r#"{"reason":1}"#, unknown("1")),
        (r#"{"reason":{"a":1e999}}"#, unknown("")),
        (r#""changed""#, unknown("changed")),
        (r#""\ud83d""#, unknown("\u{fffd}")),
        ("true", unknown("true")),
        ("1e999", unknown("1e999")),
        ("[]", unknown("")),
        (r#"{"reason":"changed"}"#, RemovedReason::Changed),
        (r#"{"reason":"deleted","by":1}"#, RemovedReason::Deleted),
    ] {
        let page = format!(r#"{{"value":[{{"id":"1","@removed":{mark}}}],{END}}}"#);
        let (recorder, changes) = changes_of([Answer::json(&page), Answer::json(&page)]).await;
        let (events, _) = round(changes).await;
        let [DeltaEvent::Removed(user)] = events.as_slice() else {
            panic!("{mark}: {events:?}");
        };
        assert_eq!(user.reason(), &reason, "{mark}");
        assert_eq!(user.id(), Some("1"));
        let kept = user.item().extra.json_text("@removed").unwrap();
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert!(kept == mark || json(&kept) == json(mark), "{kept}");
        // A single page gives events, too.
        let page = graph(&recorder).users().delta().await.unwrap();
        assert!(matches!(&page.value[0], DeltaEvent::Removed(user) if user.reason() == &reason));
    }
}

#[tokio::test]
async fn single_relation_changes_are_reported() {
    let page = format!(
        r##"{{"value":[{{"id":"1","manager@delta":[{{"@odata.type":"#microsoft.graph.user","id":"2",
            "@removed":{{"reason":"deleted"}}}},null,{{"id":"3"}},4]}},
            {{"id":"5","manager@delta":{{"id":"6"}}}},{{"id":"7","manager@delta":"8"}},{{"id":"9",
            "manager@delta":null}}],{END}}}"##
    );
    let answer = Answer::json(page).header("request-id", "327f7bf0");
    let (_recorder, changes) = changes_of([answer]).await;
    let (events, _) = round(changes).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| match event {
            DeltaEvent::Changed(user) => user.related_changes(User::MANAGER),
            other => panic!("{other:?}"),
        })
        .collect();
    let Ok(
        [
            RelatedChange::Removed(gone),
            RelatedChange::Added(new),
            RelatedChange::Added(odd),
        ],
    ) = told[0].as_deref()
    else {
        panic!("{:?}", told[0]);
    };
    assert_eq!(gone.id(), Some("2"));
    assert_eq!(gone.reason(), &RemovedReason::Deleted);
    assert_eq!(new.id.as_deref(), Some("3"));
    assert_eq!(odd.extra.instead_of_object(), Some(&json!(4)));
    assert!(matches!(told[1].as_deref(), Ok([RelatedChange::Added(_)])));
    let Err(error @ Error::Decode(_)) = &told[2] else {
        panic!("{:?}", told[2]);
    };
    assert_eq!(error.request_id(), Some("327f7bf0"));
    assert_eq!(error.attempts().map(Attempts::count), Some(1));
    assert!(matches!(told[3].as_deref(), Ok([])));
}
