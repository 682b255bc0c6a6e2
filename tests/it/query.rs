//! Queries and addresses, as they go over the wire.

use http::Method;
use msgraph::call::{ConsistencyLevel, Options};
use msgraph::models::{Group, ListItem, Message, User};
use msgraph::query::{Search, literal};
use msgraph::{Error, Graph};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorded, Recorder};

#[path = "../cases/query.rs"]
mod cases;

/// Starts a recorder that responds to every request with an empty page.
async fn recorder() -> (Recorder, Graph) {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    (recorder, graph)
}

/// Returns the only request, and removes it from the recorder.
#[track_caller]
fn take(recorder: &Recorder) -> Recorded {
    let request = recorder.only();
    recorder.clear();
    request
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: msgraph::Result<T>) -> String {
    match result {
        Err(error @ Error::Request(_)) => error.to_string(),
        other => panic!("the request should have been refused: {other:?}"),
    }
}

#[tokio::test]
async fn case_1_7_select_goes_out_once() {
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

/// Checks the documented exception: <https://learn.microsoft.com/graph/api/user-get>
#[tokio::test]
async fn a_user_name_with_a_dollar_sign_in_front_stands_in_parentheses() {
    let (recorder, graph) = recorder().await;
    graph.users().id("$x'y@z").messages().list().await.unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users('%24x%27%27y%40z')/messages"
    );
}

#[tokio::test]
async fn options_stand_in_the_order_in_which_they_were_given() {
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
         &$filter=%28isRead%20eq%20false%29%20and%20%28importance%20eq%20%27high%27%20or%20flagged%20eq%20true%29\
         &$top=50&$skip=20&$count=true"
    );
}

#[tokio::test]
async fn functions_and_alternate_keys_quote_their_arguments() {
    let (recorder, graph) = recorder().await;
    graph
        .applications()
        .by_app_id("O'Brien/1")
        .get()
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/applications(appId='O%27%27Brien%2F1')"
    );
    graph
        .me()
        .reminder_view_with_start_date_time_end_date_time("2026-01-01T00:00", "2026-01-02 00:00")
        .top(5)
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/me/reminderView(StartDateTime='2026-01-01T00%3A00',EndDateTime='2026-01-02%2000%3A00')?$top=5"
    );
    graph
        .me()
        .calendar_view()
        .list("2026-01-01T00:00:00+02:00", "b")
        .top(5)
        .await
        .unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/me/calendarView?startDateTime=2026-01-01T00%3A00%3A00%2B02%3A00&endDateTime=b&$top=5"
    );
}

#[tokio::test]
async fn an_address_that_somebody_wrote_out_keeps_its_encoding() {
    let (recorder, graph) = recorder().await;
    for (address, target) in [
        ("/users/a%2Fb?$top=5", "/v1.0/users/a%2Fb?$top=5"),
        ("users", "/v1.0/users"),
        ("/beta/me", "/beta/me"),
        ("/v1.0/me", "/v1.0/me"),
        ("/beta?a=b", "/beta?a=b"),
        ("/betas/me", "/v1.0/betas/me"),
        ("/me/drive/root:/a b.txt", "/v1.0/me/drive/root:/a%20b.txt"),
        (
            "/me/getByPath(path='ü')",
            "/v1.0/me/getByPath(path='%C3%BC')",
        ),
        (
            "/users?$filter=mail eq 'a%2Bb'",
            "/v1.0/users?$filter=mail%20eq%20%27a%2Bb%27",
        ),
    ] {
        graph.request(Method::GET, address).await.unwrap();
        assert_eq!(take(&recorder).target, target);
    }
    let absolute = format!("{}/beta/me?a=%2f", recorder.url());
    graph
        .request(Method::GET, absolute)
        .select("id")
        .query("x", "y z")
        .await
        .unwrap();
    assert_eq!(take(&recorder).target, "/beta/me?a=%2f&$select=id&x=y%20z");
}

#[tokio::test]
async fn an_address_that_would_lead_elsewhere_is_refused() {
    let (recorder, graph) = recorder().await;
    for address in [
        "/users/../me",
        "/users/./me",
        "/users/%2e%2E/me",
        "/users/.%2e",
        "/users/%2E",
        "/users\\..\\me",
        "/users/.\t./me",
        "/users/#1",
        "/users/50%",
        "/users?$filter=50%zz",
    ] {
        let error = refused(graph.request(Method::GET, address).await);
        assert!(error.contains("the URL contains"), "{error}");
    }
    assert!(recorder.requests().is_empty());
    let dots_in_a_query = "/me/drive/root/delta?token=../a";
    graph.request(Method::GET, dots_in_a_query).await.unwrap();
    assert_eq!(take(&recorder).target, format!("/v1.0{dots_in_a_query}"));
}

/// Checks that the debug output of a call contains no values of the caller.
#[tokio::test]
async fn calls_print_templates() {
    let (_recorder, graph) = recorder().await;
    let secret = "s3cret";
    let node = graph.users().id(secret);
    assert_eq!(format!("{node:?}"), r#"UsersId(Path("/users/{user-id}"))"#);
    let call = node
        .update(User {
            display_name: Some(secret.into()),
            ..Default::default()
        })
        .query(secret.len().to_string(), secret)
        .header("x-key", secret);
    let printed = format!("{call:?}");
    assert!(
        printed.contains("/users/{user-id}") && printed.contains("PATCH"),
        "{printed}"
    );
    assert!(!printed.contains(secret), "{printed}");
    let error = refused(call.header("x-other", format!("{secret}\n")).await);
    assert!(!error.contains(secret), "{error}");
    for address in [
        format!("/users/{secret}99@contoso.com/messages?$filter={secret}"),
        format!("/shares/u!{secret}/driveItem"),
        format!("/me/drive/root:/{secret}/{secret}:/content"),
        format!("/me/getByPath(path='{secret}')"),
    ] {
        let printed = format!("{:?}", graph.request(Method::GET, &address));
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn the_set_of_no_options_needs_nothing() {
    const { assert!(!<() as Options>::CONSISTENCY_LEVEL && !<() as Options>::COUNT) };
}

#[tokio::test]
async fn filters_of_properties_are_taken_by_graph() {
    use msgraph::models::{EmailAddress, Message, Recipient};
    use msgraph::query::Null;

    let simulator = simulator::Simulator::builder().start().await.unwrap();
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
    let one = one.expect("somebody has written");
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
async fn a_filter_that_cannot_be_sent_is_said() {
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
