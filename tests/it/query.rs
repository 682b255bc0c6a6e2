//! Queries and addresses, as they go over the wire.

use http::Method;
use msgraph::call::{ConsistencyLevel, Options};
use msgraph::models::{Group, ListItem, Message, User};
use msgraph::query::{Search, literal};
use msgraph::{Error, Graph};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorded, Recorder};

/// A recorder that has an empty page for everybody.
async fn recorder() -> (Recorder, Graph) {
    let recorder = Recorder::always(Answer::json(r#"{"value":[]}"#)).await;
    let graph = graph(&recorder);
    (recorder, graph)
}

/// The request that came, which is then forgotten.
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

#[tokio::test]
async fn case_3_1_plus_does_not_turn_into_a_space() {
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

#[tokio::test]
async fn case_3_2_hash_ampersand_and_percent_stay_in_the_value() {
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

#[tokio::test]
async fn case_3_2_a_query_that_is_encoded_already_passes() {
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

#[tokio::test]
async fn case_3_3_astral_unicode() {
    let (recorder, graph) = recorder().await;
    let filter = format!("startswith(displayName,{})", literal("🛡️_"));
    graph.users().list().filter(filter).await.unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users?$filter=startswith%28displayName%2C%27%F0%9F%9B%A1%EF%B8%8F_%27%29"
    );
}

#[tokio::test]
async fn case_3_5_ids_are_encoded_once_as_one_segment() {
    let (recorder, graph) = recorder().await;
    for (id, segment) in [
        ("AAMk/a+b_c-d=", "AAMk%2Fa%2Bb_c-d%3D"),
        ("AA%2F", "AA%252F"),
        ("F1!106", "F1%21106"),
        ("h,g1,g2", "h%2Cg1%2Cg2"),
        ("a.b~c..d", "a.b~c..d"),
        ("a_b#EXT#@c.d", "a_b%23EXT%23%40c.d"),
        ("%2e%2e", "%252e%252e"),
        ("a\\..\\b?c", "a%5C..%5Cb%3Fc"),
        ("æ\n", "%C3%A6%0A"),
        ("...", "..."),
    ] {
        graph.me().messages().id(id).get().await.unwrap();
        assert_eq!(
            take(&recorder).target,
            format!("/v1.0/me/messages/{segment}")
        );
    }
}

#[tokio::test]
async fn case_3_5_an_id_that_would_lead_elsewhere_is_refused() {
    let (recorder, graph) = recorder().await;
    for id in ["", ".", ".."] {
        let error = refused(graph.users().id(id).messages().id("1").get().await);
        assert!(error.contains("{user-id}"), "{error}");
        assert!(
            error.contains("/users/{user-id}/messages/{message-id}"),
            "{error}"
        );
    }
    let error = refused(graph.users().id("").messages().id("..").delete().await);
    assert!(
        error.contains("is empty"),
        "the first fault is the one that is said: {error}"
    );
    assert!(recorder.requests().is_empty());
}

/// <https://learn.microsoft.com/graph/api/user-get>
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
async fn case_3_7_the_header_goes_out_where_the_query_needs_it_and_the_operation_has_it() {
    let (recorder, graph) = recorder().await;

    graph.users().list().search("displayName:a").await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), [("$search", "%22displayName%3Aa%22")]);

    graph.users().list().count(true).await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), [("$count", "true")]);

    for (filter, order) in [
        ("userType ne 'Guest'", ""),
        ("not(startswith(mail,'a'))", ""),
        ("endsWith(mail,'@a.b')", ""),
        ("assignedLicenses/$count eq 0", ""),
        ("accountEnabled eq true", "displayName"),
        ("", "createdDateTime desc"),
    ] {
        let mut list = graph.users().list();
        if !filter.is_empty() {
            list = list.filter(filter);
        }
        list.orderby(order).await.unwrap();
        let request = take(&recorder);
        assert_eq!(
            request.header("ConsistencyLevel"),
            Some("eventual"),
            "{filter} {order}"
        );
        assert!(
            request.query().contains(&("$count", "true")),
            "{filter} {order}"
        );
    }

    graph
        .groups()
        .id("1")
        .members()
        .as_user()
        .list()
        .select(User::ID)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert!(request.query().contains(&("$count", "true")));
}

#[tokio::test]
async fn case_3_7_the_header_stays_away_where_it_is_not_needed() {
    let (recorder, graph) = recorder().await;

    graph
        .users()
        .list()
        .filter("startswith(displayName,'not ne endswith(a)')")
        .select(User::ID)
        .expand(User::MANAGER)
        .top(5)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), None);
    assert!(!request.target.contains("$count"));

    graph
        .users()
        .list()
        .orderby(User::DISPLAY_NAME.desc())
        .await
        .unwrap();
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);

    graph
        .groups()
        .id("1")
        .members()
        .as_user()
        .list()
        .await
        .unwrap();
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);
}

#[tokio::test]
async fn case_3_7_an_operation_without_the_header_does_not_send_it() {
    let (recorder, graph) = recorder().await;
    let messages = graph.me().messages();
    messages.list().search("a").await.unwrap();
    messages.list().count(true).await.unwrap();
    messages
        .list()
        .filter("subject ne 'a'")
        .orderby(Message::SUBJECT)
        .await
        .unwrap();
    for request in recorder.requests() {
        assert_eq!(request.header("ConsistencyLevel"), None, "{request:?}");
    }
    assert_eq!(
        recorder.targets().last().unwrap(),
        "/v1.0/me/messages?$filter=subject%20ne%20%27a%27&$orderby=subject"
    );
}

#[tokio::test]
async fn case_3_7_the_caller_has_the_last_word() {
    let (recorder, graph) = recorder().await;
    let list = || graph.users().list().filter("userType ne 'Guest'");

    list()
        .consistency_level(ConsistencyLevel::Unset)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), None);
    assert!(!request.target.contains("$count"));

    list().header("ConsistencyLevel", "session").await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("session"));
    assert!(!request.target.contains("$count"));

    list().count(false).await.unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert!(request.query().contains(&("$count", "false")));

    graph
        .users()
        .list()
        .consistency_level(ConsistencyLevel::Eventual)
        .await
        .unwrap();
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.query(), []);
}

#[tokio::test]
async fn case_3_8_a_search_stands_in_quotes() {
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

#[tokio::test]
async fn case_3_9_a_count_is_a_number_with_or_without_a_byte_order_mark() {
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

#[tokio::test]
async fn case_3_9_the_header_of_a_count() {
    let recorder = Recorder::always(Answer::status(200).body("7")).await;
    let graph = graph(&recorder);

    assert_eq!(graph.users().count().await.unwrap(), 7);
    let request = take(&recorder);
    assert_eq!(request.header("ConsistencyLevel"), Some("eventual"));
    assert_eq!(request.target, "/v1.0/users/$count");

    assert_eq!(graph.me().messages().count().await.unwrap(), 7);
    assert_eq!(take(&recorder).header("ConsistencyLevel"), None);
}

#[tokio::test]
async fn case_3_10_options_within_expand_have_their_dollar_signs() {
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

#[tokio::test]
async fn case_3_11_any_other_parameter_passes() {
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
        assert!(error.contains("the address"), "{error}");
    }
    assert!(recorder.requests().is_empty());
    let dots_in_a_query = "/me/drive/root/delta?token=../a";
    graph.request(Method::GET, dots_in_a_query).await.unwrap();
    assert_eq!(take(&recorder).target, format!("/v1.0{dots_in_a_query}"));
}

/// What is printed of a call holds nothing of the caller's.
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
async fn case_3_6_a_path_below_a_drive_item_leads_to_all_that_an_item_has() {
    let (recorder, graph) = recorder().await;
    let drive = graph.drives().id("d");
    let file = "C# Files/50% off & more/a+b's [x].txt";
    let encoded = "C%23%20Files/50%25%20off%20%26%20more/a%2Bb%27s%20%5Bx%5D.txt";
    for path in [file.to_owned(), format!("/{file}/")] {
        drive.root().path(&path).content().get().await.unwrap();
        let target = format!("/v1.0/drives/d/root:/{encoded}:/content");
        assert_eq!(take(&recorder).target, target);
    }
    drive.root().path("A%2FB.zip").get().await.unwrap();
    assert_eq!(take(&recorder).target, "/v1.0/drives/d/root:/A%252FB.zip");
    let item = drive.items().id("1").path("a/b");
    item.children().list().await.unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/drives/d/items/1:/a/b:/children"
    );
    let error = refused(drive.root().path("a/../b").get().await);
    assert!(error.contains(".."), "{error}");
    assert!(recorder.requests().is_empty());
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
        users(User::USER_PRINCIPAL_NAME.is_in(["adele@contoso.com", "nobody@contoso.com"])).await,
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
        "GET /users cannot be sent: a filter asks for a value that is in a list of none"
    );
    let members = Group::MEMBERS.filter(msgraph::models::DirectoryObject::ID.is_in([""; 0]));
    let error = graph.groups().list().expand(members).await.unwrap_err();
    assert!(error.to_string().ends_with("in a list of none"), "{error}");
    assert_eq!(recorder.requests().len(), 0);
}
