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

/// Returns the events of a round, and the link to the next round.
async fn round<T: Model>(mut changes: Changes<T>) -> (Vec<DeltaEvent<T>>, String) {
    let mut events = Vec::new();
    while let Some(event) = changes.try_next().await.unwrap() {
        events.push(event);
    }
    let link = changes.delta_link().expect("the round is over").to_owned();
    (events, link)
}

/// Returns the event that ends a round where Graph asks to start over.
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
    // The option is wrong, not the token.
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

/// Returns a recorder, and the changes of users that it responds with.
async fn changes_of(answers: impl IntoIterator<Item = Answer>) -> (Recorder, Changes<User>) {
    let recorder = Recorder::in_turn(answers).await;
    let changes = graph(&recorder).users().delta().changes();
    (recorder, changes)
}

const END: &str = r#""@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=z""#;

#[tokio::test]
async fn odd_items_do_not_lose_the_round() {
    let page = format!(
        r#"{{"value":[null,{{"id":"1","mailboxSettings":1e999,"city":null}},5,{{"id":"\ud83d","@removed":true,"n":1e999}}],{END}}}"#
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
async fn round_without_any_link_is_an_error() {
    for page in [
        r#"{"value":[{"id":"1"}]}"#,
        r#"{"value":[{"id":"1"}],"@odata.deltaLink":""}"#,
        r#"{"value":[{"id":"1"}],"@odata.nextLink":null,"@odata.deltaLink":null}"#,
        r#"{"value":[{"id":"1"}],"@odata.deltaLink":"later"}"#,
    ] {
        let first = r#"{"value":[],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
        let (_recorder, mut changes) = changes_of([Answer::json(first), Answer::json(page)]).await;
        assert!(changes.try_next().await.unwrap().is_some(), "{page}");
        let error = changes.try_next().await.unwrap_err();
        assert!(matches!(error, Error::Paging(_)), "{error}");
        assert!(error.to_string().contains("@odata.deltaLink"), "{error}");
        assert_eq!(changes.delta_link(), None);
        assert!(changes.try_next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn page_with_both_links_is_not_the_last() {
    let both = format!(
        r#"{{"value":[{{"id":"1"}}],"@odata.nextLink":"{{url}}/v1.0/users/delta?$skiptoken=a",{}}}"#,
        END.replace('z', "early")
    );
    let last = format!(r#"{{"value":[{{"id":"2"}}],{END}}}"#);
    let (recorder, mut changes) = changes_of([Answer::json(both), Answer::json(last)]).await;
    assert!(changes.try_next().await.unwrap().is_some());
    assert_eq!(changes.delta_link(), None);
    let (events, link) = round(changes).await;
    assert_eq!(events.len(), 1);
    assert!(link.ends_with("$deltatoken=z"), "{link}");
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn next_link_that_repeats_ends_the_round() {
    let page = r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
    let pages = [Answer::json(page), Answer::json(page), Answer::json(page)];
    let (recorder, mut changes) = changes_of(pages).await;
    let error = loop {
        match changes.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Paging(_)), "{error}");
    assert_eq!(recorder.requests().len(), 2);
}

/// Runs the documented example of starting over, where Graph asks for it each time.
#[tokio::test(start_paused = true)]
async fn standing_resync_pauses_and_ends() {
    let first = r#"{"value":[{"id":"1"}],"@odata.nextLink":"{url}/v1.0/users/delta?$skiptoken=a"}"#;
    for reads_pages in [false, true] {
        let recorder =
            Recorder::new(
                move |request| match reads_pages && !request.target.contains("token") {
                    true => {
                        let url = format!("http://{}", request.header("host").unwrap_or_default());
                        Answer::json(first.replace("{url}", &url))
                    }
                    false => Answer::json(r#"{"error":{"code":"resyncRequired","message":"m"}}"#)
                        .with_status(410),
                },
            )
            .await;
        let graph = graph(&recorder);
        let begun = tokio::time::Instant::now();
        let link = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
        let mut changes = graph.users().delta().changes_since(link);
        let mut rounds = 0;
        let error = loop {
            match changes.try_next().await {
                Ok(Some(DeltaEvent::Resync(resync))) => {
                    rounds += 1;
                    changes = resync.start_over();
                }
                Ok(Some(_)) => {}
                Ok(None) => panic!("the round ended"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.status(), Some(http::StatusCode::GONE));
        assert_eq!(rounds, 4);
        assert!(begun.elapsed() >= std::time::Duration::from_secs(7));
        assert_eq!(recorder.requests().len(), if reads_pages { 9 } else { 5 });
    }
}

/// Checks that the directory's response for an old token is an error in a round without a token.
#[tokio::test]
async fn directory_refusal_after_start_over_is_an_error() {
    let answer = r#"{"error":{"code":"Request_UnsupportedQuery","message":"m"}}"#;
    let recorder = Recorder::always(Answer::json(answer).with_status(400)).await;
    let link = format!("{}/v1.0/users/delta?$deltatoken=old", recorder.url());
    let changes = graph(&recorder).users().delta().changes_since(link);
    let mut changes = resync(changes).await.start_over();
    let error = changes.try_next().await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error}");
    assert_eq!(recorder.requests().len(), 2);
}

#[tokio::test]
async fn single_relations_change_too() {
    let page = format!(
        r##"{{"value":[{{"id":"1","manager@delta":[{{"@odata.type":"#microsoft.graph.user","id":"2","@removed":{{"reason":"deleted"}}}},null,{{"id":"3"}},4]}},
            {{"id":"5","manager@delta":{{"id":"6"}}}},{{"id":"7","manager@delta":"8"}},{{"id":"9","manager@delta":null}}],{END}}}"##
    );
    let (_recorder, changes) = changes_of([Answer::json(page)]).await;
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
    assert!(matches!(&told[2], Err(Error::Decode(_))));
    assert!(matches!(told[3].as_deref(), Ok([])));
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
