//! Faults that users of other SDKs reported: the permissions that calls need, the clouds that
//! support them, and the error for a 403.

use super::*;

#[tokio::test]
async fn case_9_6_a_403_says_what_is_missing() {
    let recorder = Recorder::always(refusal()).await;
    let text = async |claims: Value| {
        let graph = client(recorder.url(), &token(claims));
        graph.users().list().await.expect_err("refused").to_string()
    };
    assert_eq!(
        text(json!({ "roles": ["Mail.Read"], "oid": "private" })).await,
        "GET /users → 403 Authorization_RequestDenied: Insufficient privileges to complete the \
         operation, needs User.ReadBasic.All (application), the token has Mail.Read, request-id r"
    );
    assert_eq!(
        text(json!({ "scp": "Mail.Read openid" })).await,
        "GET /users → 403 Authorization_RequestDenied: Insufficient privileges to complete the \
         operation, needs User.ReadBasic.All (delegated), the token has Mail.Read openid, \
         request-id r"
    );
    let personal = json!({ "scp": "User.Read", "tid": "9188040d-6c67-4c5b-b112-36a304b66dad" });
    assert!(
        text(personal)
            .await
            .contains(", does not support personal permissions, the token has User.Read,")
    );
    let without = text(json!({ "idtyp": "app" })).await;
    assert!(
        without.contains("(application), the token has no permissions,"),
        "{without}"
    );
}

#[tokio::test]
async fn case_9_6_what_cannot_be_told_is_said_for_each_kind_of_token() {
    let recorder = Recorder::always(refusal()).await;
    let graph = client(recorder.url(), "opaque");
    let error = graph.users().list().await.expect_err("refused");
    let Error::Api(api) = &error else {
        panic!("another error: {error:?}");
    };
    assert_eq!(api.granted_permissions(), None);
    assert_eq!(
        least(api.permissions()),
        "delegated: User.ReadBasic.All; personal: not supported; application: User.ReadBasic.All"
    );
    let needs =
        "needs User.ReadBasic.All (delegated) or User.ReadBasic.All (application), request-id r";
    assert!(error.to_string().contains(needs), "{error}");
    let unknown = graph
        .request(Method::GET, "/users")
        .await
        .expect_err("refused");
    assert!(unknown.is_forbidden());
    assert!(!unknown.to_string().contains("needs"), "{unknown}");
}

#[tokio::test]
async fn case_9_6_only_a_403_is_about_permissions() {
    let recorder = Recorder::always(Answer::status(404)).await;
    let graph = client(recorder.url(), &token(json!({ "roles": ["Mail.Read"] })));
    let error = graph
        .users()
        .list()
        .await
        .expect_err("not found")
        .to_string();
    assert!(
        !error.contains("Mail.Read") && !error.contains("User."),
        "{error}"
    );
}

#[tokio::test]
async fn case_9_6_a_page_needs_what_the_list_needs() {
    let recorder = Recorder::new(|request| match request.target.contains("skiptoken") {
        true => refusal(),
        false => {
            let host = request.header("host").unwrap_or_default();
            let next = format!("http://{host}/v1.0/users?$skiptoken=x");
            Answer::json(json!({ "value": [], "@odata.nextLink": next }))
        }
    })
    .await;
    let error = graph(&recorder)
        .users()
        .list()
        .all()
        .await
        .expect_err("refused");
    assert!(
        error.to_string().contains("needs User.ReadBasic.All"),
        "{error}"
    );
}

#[test]
fn case_5_2_a_drive_item_needs_the_same_whichever_way_leads_to_it() {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let drive = graph.me().drive();
    let by_id = least(drive.items().id("1").content().get().permissions());
    assert_eq!(
        least(drive.root().path("a/b").content().get().permissions()),
        by_id
    );
    assert_eq!(
        least(
            drive
                .items()
                .id("1")
                .path("b")
                .content()
                .get()
                .permissions()
        ),
        by_id
    );
    assert!(by_id.starts_with("delegated: Files.Read;"), "{by_id}");
    let of_drives = graph.drives().id("1").items().id("1").content().get();
    assert_ne!(least(of_drives.permissions()), by_id);
}
