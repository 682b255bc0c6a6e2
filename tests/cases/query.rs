//! Faults that users of other SDKs reported: queries and addresses, as they go over the wire.

use super::*;

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
async fn case_5_1_drives_have_all_that_hangs_below_them_wherever_they_stand() {
    let (recorder, graph) = recorder().await;
    let drives = [
        (graph.me().drive(), "/me/drive"),
        (graph.users().id("1").drive(), "/users/1/drive"),
        (graph.groups().id("1").drive(), "/groups/1/drive"),
        (graph.sites().id("1").drive(), "/sites/1/drive"),
        (graph.drives().id("1"), "/drives/1"),
    ];
    for (drive, path) in drives {
        drive.root().children().list().await.unwrap();
        let request = take(&recorder);
        assert_eq!(request.method, "GET");
        assert_eq!(request.target, format!("/v1.0{path}/root/children"));
        drive.items().id("x").children().list().await.unwrap();
        assert_eq!(
            take(&recorder).target,
            format!("/v1.0{path}/items/x/children")
        );
    }
    let shared = graph.shares().id("1").drive_item();
    shared.children().list().await.unwrap();
    assert_eq!(take(&recorder).target, "/v1.0/shares/1/driveItem/children");
}
