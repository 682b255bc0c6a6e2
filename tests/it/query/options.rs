//! Options: names, order, encoding.

use msgraph::call::Options;
use msgraph::models::{Group, ListItem, Message, User};
use msgraph::query::literal;

use super::{recorder, refused, take};
use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

// Reported: oxidecomputer/progenitor#950, oxidecomputer/progenitor#724.
#[tokio::test]
async fn select_is_sent_once() {
    let (recorder, graph) = recorder().await;
    graph.users().list().select(["id", "mail"]).await.unwrap();
    assert_eq!(take(&recorder).target, "/v1.0/users?$select=id,mail");

    let card = vec![User::DISPLAY_NAME.name().to_owned()];
    graph
        .users()
        .list()
        .select(User::ID)
        .select([User::MAIL, User::DISPLAY_NAME])
        .select((User::ACCOUNT_ENABLED, "brandNew", &card))
        .select(card.as_slice())
        .select([""; 0])
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$select=id,mail,displayName,accountEnabled,brandNew,displayName,displayName"
    );
}

#[tokio::test]
async fn options_are_sent_in_the_callers_order() {
    let (recorder, graph) = recorder().await;
    graph
        .me()
        .messages()
        .list()
        .orderby((Message::RECEIVED_DATE_TIME.desc(), "from/emailAddress/name"))
        .filter("isRead eq false")
        .filter("importance eq 'high' or flagged eq true")
        .top(10)
        .skip(20)
        .count(true)
        .top(50)
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/me/messages?$orderby=receivedDateTime%20desc,from/emailAddress/name\
         &$filter=%28isRead%20eq%20false%29%20and%20\
         %28importance%20eq%20%27high%27%20or%20flagged%20eq%20true%29\
         &$top=50&$skip=20&$count=true"
    );
}

#[test]
fn empty_option_set_needs_nothing() {
    const { assert!(!<() as Options>::CONSISTENCY_LEVEL && !<() as Options>::COUNT) };
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#744, microsoftgraph/msgraph-sdk-dotnet#914.
#[tokio::test]
async fn plus_in_query_is_not_sent_as_space() {
    let (recorder, graph) = recorder().await;
    graph
        .users()
        .list()
        .filter("mail eq 'a+b@c.d'")
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$filter=mail%20eq%20%27a%2Bb%40c.d%27"
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#700, microsoftgraph/msgraph-sdk-dotnet#2968.
#[tokio::test]
async fn reserved_characters_stay_in_the_query_value() {
    let (recorder, graph) = recorder().await;
    graph
        .me()
        .messages()
        .list()
        .filter("contains(title,'a&b#c%d')")
        .await
        .unwrap();
    let request = take(&recorder);
    let [(name, value)] = request.query()[..] else {
        panic!("one pair was expected: {request:?}");
    };
    assert_eq!(name, "$filter");
    assert!(value.contains("a%26b%23c%25d"), "{value}");
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#700, microsoftgraph/msgraph-sdk-dotnet#2968.
#[tokio::test]
async fn encoded_query_is_not_encoded_again() {
    let (recorder, graph) = recorder().await;
    let encoded = "$filter=contains(title,%27a%2526b%27)";
    graph
        .me()
        .messages()
        .list()
        .top(5)
        .raw_query(encoded)
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        format!("/v1.0/me/messages?$top=5&{encoded}")
    );
    for wrong in [
        "$filter=a b",
        "$filter=a#b",
        "$filter=ü",
        "$filter=50%",
        "a=%zz",
        "a=\n",
    ] {
        let error = refused(graph.me().messages().list().raw_query(wrong).await);
        assert!(error.contains("encoded query"), "{error}");
    }
    assert!(recorder.requests().is_empty());
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2251.
#[tokio::test]
async fn astral_characters_are_encoded_as_utf8() {
    let (recorder, graph) = recorder().await;
    let filter = format!("startswith(displayName,{})", literal("🛡️_"));
    graph.users().list().filter(filter).await.unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$filter=startswith%28displayName%2C%27%F0%9F%9B%A1%EF%B8%8F_%27%29"
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#875, microsoftgraph/msgraph-sdk-php#918.
#[tokio::test]
async fn count_is_read_despite_byte_order_mark() {
    for body in ["\u{feff}42", "42", " 42\r\n"] {
        let answer = Answer::status(200)
            .header("Content-Type", "text/plain;charset=utf-8")
            .body(body);
        let recorder = Recorder::always(answer).await;
        let count = graph(&recorder)
            .users()
            .count()
            .filter("accountEnabled eq true")
            .search("displayName:a")
            .await
            .unwrap();
        assert_eq!(count, 42i64);
        let request = recorder.only();
        assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
        assert_eq!(
            request.target,
            "/v1.0/users/$count?$filter=accountEnabled%20eq%20true&$search=%22displayName%3Aa%22"
        );
    }
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1771, microsoftgraph/msgraph-sdk-dotnet#1881.
#[tokio::test]
async fn options_within_expand_keep_their_dollar_signs() {
    let (recorder, graph) = recorder().await;
    graph
        .sites()
        .id("root")
        .lists()
        .id("1")
        .items()
        .list()
        .expand(ListItem::FIELDS.select(["Title"]))
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/sites/root/lists/1/items?$expand=fields($select=Title)"
    );

    graph
        .groups()
        .list()
        .expand(Group::MEMBERS.select("id").top(5))
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/groups?$expand=members($select=id;$top=5)"
    );

    graph
        .groups()
        .list()
        .expand((
            Group::MEMBERS
                .select("id")
                .select("displayName")
                .filter("displayName eq 'a&b;c'")
                .orderby("id desc"),
            "owners",
        ))
        .expand("sites($levels=max)")
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/groups?$expand=members($select=id,displayName;\
         $filter=displayName%20eq%20%27a%26b;c%27;$orderby=id%20desc),owners,sites($levels=max)"
    );
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#1689, microsoftgraph/msgraph-metadata#354.
#[tokio::test]
async fn unknown_query_parameter_is_sent() {
    let (recorder, graph) = recorder().await;
    graph
        .users()
        .list()
        .query("$format", "application/json")
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$format=application%2Fjson"
    );

    graph
        .users()
        .list()
        .query("@microsoft.graph.conflictBehavior", "re name")
        .query("a&b", "1")
        .query("a&b", "2")
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?@microsoft.graph.conflictBehavior=re%20name&a%26b=1&a%26b=2"
    );

    graph
        .users()
        .list()
        .select(User::ID)
        .top(5)
        .query("$top", "7")
        .query("$select", "mail")
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$select=mail&$top=7",
        "an option of OData's stands there once"
    );
}
