//! Delta queries.

use msgraph::delta::{Changes, DeltaEvent, RelatedChange, RemovedReason, ResyncKind};
use msgraph::models::{Group, User};
use msgraph::{Error, Graph, Model};
use serde_json::json;
use simulator::Simulator;

use crate::support::recorder::{Answer, Recorder};
use crate::support::{graph, graph_of};

#[path = "../cases/delta.rs"]
mod cases;

async fn simulator() -> Simulator {
    Simulator::builder()
        .page_size(5)
        .start()
        .await
        .expect("a port")
}

/// The events of a round, and the link to the next.
async fn round<T: Model>(mut changes: Changes<T>) -> (Vec<DeltaEvent<T>>, String) {
    let mut events = Vec::new();
    while let Some(event) = changes.try_next().await.unwrap() {
        events.push(event);
    }
    let link = changes.delta_link().expect("the round is over").to_owned();
    (events, link)
}

/// What a round ends with where Graph asks to start over.
async fn resync<T: Model>(mut changes: Changes<T>) -> msgraph::delta::Resync<T> {
    let Some(DeltaEvent::Resync(resync)) = changes.try_next().await.unwrap() else {
        panic!("no resync");
    };
    assert!(changes.try_next().await.unwrap().is_none(), "it is the end");
    assert_eq!(changes.delta_link(), None);
    resync
}

#[tokio::test]
async fn rounds_tell_what_is_new_cleared_and_gone() {
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
                // Cleared is null; the property that was not asked for is absent.
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
async fn members_come_with_their_group() {
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

/// A group that somebody is a member of.
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
    panic!("nobody has {id}");
}

#[tokio::test]
async fn items_of_a_drive_say_by_their_facet_that_they_are_gone() {
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
async fn the_link_from_now_on_goes_by_two_names() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    let link = graph.users().delta().latest().await.unwrap();
    let (none, _) = round(graph.delta_from::<User>(&link).changes()).await;
    assert!(none.is_empty());
    graph.me().drive().root().delta().latest().await.unwrap();
    let targets: Vec<_> = simulator
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets[0], "/v1.0/users/delta()?$deltatoken=latest");
    assert_eq!(targets[2], "/v1.0/me/drive/root/delta()?token=latest");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_no_resync() {
    let simulator = simulator().await;
    let graph = graph_of(&simulator, simulator.user_token());
    // The option, and not the token.
    let wrong = graph
        .users()
        .delta()
        .query("$search", "\"a\"")
        .changes()
        .try_next()
        .await;
    assert!(matches!(wrong, Err(Error::Api(_))), "{wrong:?}");
    let wrong = graph
        .me()
        .drive()
        .root()
        .delta()
        .token("nonsense")
        .changes()
        .try_next()
        .await;
    let error = wrong.unwrap_err();
    assert!(error.has_code("invalidRequest"), "{error}");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_says_which_it_is() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[{"id":"1"},5]}"#)).await;
    let error = graph(&recorder)
        .users()
        .delta()
        .changes()
        .try_next()
        .await
        .unwrap_err();
    let Error::Decode(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.path(), "value[1]");
}

#[tokio::test]
async fn round_that_starts_over_drops_headers_of_one_request() {
    let recorder = Recorder::in_turn([
        Answer::json(r#"{"error":{"code":"syncStateNotFound"}}"#).with_status(410),
        Answer::json(r#"{"value":[],"@odata.deltaLink":"{url}/v1.0/d?token=b"}"#),
    ])
    .await;
    let graph = graph(&recorder);
    let old = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
    let call = graph.users().delta();
    let call = call.header("If-None-Match", "\"1\"").header("Prefer", "a");
    let (events, _) = round(resync(call.changes_since(old)).await.start_over()).await;
    assert!(events.is_empty());
    let requests = recorder.requests();
    assert_eq!(requests[0].header("if-none-match"), Some("\"1\""));
    assert_eq!(requests[1].header("if-none-match"), None);
    assert_eq!(requests[1].header("prefer"), Some("a"));
}
