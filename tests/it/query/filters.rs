//! Filters and searches.

use msgraph::models::{Group, User};
use msgraph::query::Search;

use super::{recorder, take};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

#[tokio::test]
async fn typed_filters_are_accepted_by_the_simulator() {
    use msgraph::models::{EmailAddress, Message, Recipient};
    use msgraph::query::Null;

    let simulator = msgraph_simulator::Simulator::builder()
        .start()
        .await
        .unwrap();
    let directory = crate::support::graph_of(&simulator, simulator.app_token());
    let users = |filter: msgraph::query::Filter<User>| {
        let list = directory.users().list().filter(filter).count(true);
        async move { list.all().await.unwrap().len() }
    };
    let all = users(User::ID.ne(Null)).await;
    assert_eq!(all, 12);
    let adele = users(User::DISPLAY_NAME.startswith("Adele")).await;
    assert_eq!(adele, 1);
    assert_eq!(
        users(!User::DISPLAY_NAME.startswith("Adele")).await,
        all - 1
    );
    assert_eq!(
        users(User::USER_PRINCIPAL_NAME.endswith("@contoso.com")).await,
        all
    );
    let either = User::DISPLAY_NAME
        .startswith("Adele")
        .or(User::DISPLAY_NAME.startswith("Bruno"));
    assert_eq!(users(either.and(User::ACCOUNT_ENABLED.eq(true))).await, 2);
    assert_eq!(
        users(User::USER_PRINCIPAL_NAME.is_in(["adele@contoso.com", "unknown@contoso.com"])).await,
        1
    );
    assert_eq!(
        users(User::PROXY_ADDRESSES.any(|address| address.startswith("x"))).await,
        0
    );

    let mail = crate::support::graph_of(&simulator, simulator.user_token());
    let messages = mail.me().messages().list().top(50);
    let all = messages.clone().all().await.unwrap();
    let sender = || Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::ADDRESS;
    let one = all.iter().find_map(|message| {
        message
            .from
            .as_ref()?
            .email_address
            .as_ref()?
            .address
            .clone()
    });
    let one = one.expect("the mailbox has a message with a sender");
    let wanted = all.iter().filter(|message| {
        let from = message
            .from
            .as_ref()
            .and_then(|from| from.email_address.as_ref());
        from.and_then(|from| from.address.as_ref()) == Some(&one)
    });
    let wanted = wanted.count();
    let found = messages
        .clone()
        .filter(sender().eq(&one))
        .all()
        .await
        .unwrap();
    assert_eq!(found.len(), wanted);
    let unread = messages
        .filter(Message::IS_READ.eq(false))
        .all()
        .await
        .unwrap();
    let wanted = all.iter().filter(|message| message.is_read == Some(false));
    assert_eq!(unread.len(), wanted.count());
}

#[tokio::test]
async fn unsendable_filter_is_a_request_error() {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    let none = User::ID.is_in(Vec::<String>::new());
    let error = graph.users().list().filter(none).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /users cannot be sent: a filter with `in` has an empty list of values"
    );
    let members = Group::MEMBERS.filter(msgraph::models::DirectoryObject::ID.is_in([""; 0]));
    let error = graph.groups().list().expand(members).await.unwrap_err();
    assert!(
        error.to_string().ends_with("has an empty list of values"),
        "{error}"
    );
    assert_eq!(recorder.requests().len(), 0);
}

// Reported: microsoftgraph/msgraph-sdk-powershell#513.
#[tokio::test]
async fn search_is_sent_in_quotes() {
    let (recorder, graph) = recorder().await;
    let users = graph.users();

    users.list().search("displayName:teams").await.unwrap();
    assert_eq!(
        take(&recorder).query(),
        [("$search", "%22displayName%3Ateams%22")]
    );

    users.list().search(r#"displayName:a"b\c"#).await.unwrap();
    assert_eq!(
        take(&recorder).query(),
        [("$search", "%22displayName%3Aa%5C%22b%5C%5Cc%22")]
    );

    let search = Search::from("displayName:a")
        .or("displayName:b")
        .and("mail:c");
    users.list().search(search).await.unwrap();
    assert_eq!(
        take(&recorder).query(),
        [(
            "$search",
            "%28%22displayName%3Aa%22%20OR%20%22displayName%3Ab%22%29%20AND%20%22mail%3Ac%22"
        )]
    );

    users
        .list()
        .search(Search::raw(r#""displayName:a""#))
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).query(),
        [("$search", "%22displayName%3Aa%22")]
    );
}
