//! Ids and paths in an address.

use http::Method;
use msgraph::models::User;

use super::{recorder, refused, take};

/// Checks the documented exception: <https://learn.microsoft.com/graph/api/user-get>
#[tokio::test]
async fn user_name_with_leading_dollar_uses_parentheses() {
    let (recorder, graph) = recorder().await;
    graph.users().id("$x'y@z").messages().list().await.unwrap();
    assert_eq!(
        take(&recorder).target,
        "/v1.0/users('%24x%27%27y%40z')/messages"
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
        "/v1.0/me/reminderView(StartDateTime='2026-01-01T00%3A00',\
         EndDateTime='2026-01-02%2000%3A00')?$top=5"
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
async fn written_address_keeps_its_encoding() {
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
async fn address_with_dot_segments_is_refused() {
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

// Reported: microsoftgraph/microsoft-graph-docs#3598, microsoftgraph/microsoft-graph-docs#10167.
#[tokio::test]
async fn id_is_encoded_once_as_one_segment() {
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

// Reported: microsoftgraph/microsoft-graph-docs#3598, microsoftgraph/microsoft-graph-docs#10167.
#[tokio::test]
async fn id_that_changes_the_path_is_refused() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#147, microsoftgraph/msgraph-sdk-dotnet#487.
#[tokio::test]
async fn drive_item_by_path_has_all_operations() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#1737, microsoftgraph/msgraph-sdk-dotnet#1848.
#[tokio::test]
async fn drive_has_all_operations_at_every_place() {
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
