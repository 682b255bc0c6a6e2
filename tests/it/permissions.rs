//! The permissions that calls need, the clouds that support them, and the error for a 403.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use msgraph::auth::AccessTokenCredential;
use msgraph::permissions::Permissions;
use msgraph::{Cloud, CustomCloud, Error, Graph, NamedCloud};
use serde_json::{Value, json};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

/// Returns a token with these claims and an invalid signature.
fn token(claims: Value) -> String {
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.c2ln", part(json!({ "alg": "none" })), part(claims))
}

fn client(url: &str, token: &str) -> Graph {
    Graph::builder(AccessTokenCredential::new(token))
        .base_url(url)
        .build()
        .expect("a client can be built")
}

fn refusal() -> Answer {
    Answer::status(403).header("request-id", "r").body(
        r#"{"error":{"code":"Authorization_RequestDenied",
            "message":"Insufficient privileges to complete the operation."}}"#,
    )
}

fn least(permissions: Option<Permissions>) -> String {
    permissions.expect("it is listed").to_string()
}

#[test]
fn one_type_needs_different_permissions_by_path() {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let (me, user) = (graph.me(), graph.users().id("1"));
    assert_eq!(
        least(me.online_meetings().id("1").get().permissions()),
        "delegated: OnlineMeetings.Read; personal: not supported; application: not supported"
    );
    assert_eq!(
        least(user.online_meetings().id("1").get().permissions()),
        "delegated: OnlineMeetings.Read; personal: not supported; application: \
         OnlineMeetings.Read.All"
    );
    // The node is the same as that of a team, but Microsoft does not list its permissions at this
    // path.
    assert_eq!(
        me.joined_teams().id("1").channels().list().permissions(),
        None
    );
    assert!(
        graph
            .teams()
            .id("1")
            .channels()
            .list()
            .permissions()
            .is_some()
    );
    assert_eq!(
        graph.request(Method::GET, "/me/messages").permissions(),
        None
    );
}

#[test]
fn equivalent_paths_need_the_same_permissions() {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let group = graph.groups().id("1");
    let members = least(group.members().list().permissions());
    assert_eq!(least(group.members().count().permissions()), members);
    assert_eq!(
        least(group.members().as_user().list().permissions()),
        members
    );
    let messages = least(graph.me().messages().list().permissions());
    assert_eq!(least(graph.me().messages().count().permissions()), messages);
}

#[test]
fn options_keep_the_permissions_of_a_call() {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let call = graph.me().messages().list();
    let permissions = call.permissions();
    assert_eq!(call.select("subject").top(5).permissions(), permissions);
    assert_eq!(
        graph.me().messages().list().raw().permissions(),
        permissions
    );
}

#[test]
fn call_lists_the_clouds_that_support_it() {
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let everywhere = graph.users().list();
    assert_eq!(everywhere.is_available_in(&Cloud::Global), Some(true));
    assert_eq!(everywhere.is_available_in(&Cloud::China), Some(true));
    assert_eq!(everywhere.clouds().expect("listed").missing().count(), 0);
    // The clouds of this call are not listed.
    assert_eq!(everywhere.is_available_in(&Cloud::UsGovL5), None);

    let presence = graph.me().presence().get();
    assert_eq!(presence.is_available_in(&Cloud::UsGovL4), Some(true));
    assert_eq!(presence.is_available_in(&Cloud::China), Some(false));
    let delos = CustomCloud::new(
        "https://graph.svc.sovcloud.de",
        "https://login.sovcloud-identity.de",
    );
    assert_eq!(presence.is_available_in(&delos.into()), Some(false));
    let clouds = presence.clouds().expect("listed");
    assert!(clouds.contains(NamedCloud::Bleu) && !clouds.contains(NamedCloud::GovSg));
    assert_eq!(clouds.to_string(), "Global, US Gov L4, USNat, USSec, Bleu");
    assert_eq!(graph.request(Method::GET, "/me/presence").clouds(), None);
}

// Reported: microsoftgraph/msgraph-sdk-powershell#2873, microsoftgraph/msgraph-sdk-powershell#1289.
#[tokio::test]
async fn forbidden_error_names_missing_permissions() {
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

// Reported: microsoftgraph/msgraph-sdk-powershell#2873, microsoftgraph/msgraph-sdk-powershell#1289.
#[tokio::test]
async fn forbidden_error_describes_each_kind_of_token() {
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

// Reported: microsoftgraph/msgraph-sdk-powershell#2873, microsoftgraph/msgraph-sdk-powershell#1289.
#[tokio::test]
async fn only_forbidden_error_names_permissions() {
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

// Reported: microsoftgraph/msgraph-sdk-powershell#2873, microsoftgraph/msgraph-sdk-powershell#1289.
#[tokio::test]
async fn page_needs_the_permissions_of_its_list() {
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

// Reported: microsoftgraph/msgraph-sdk-dotnet#1290, microsoftgraph/msgraph-sdk-dotnet#1848.
#[test]
fn drive_item_needs_same_permissions_by_any_path() {
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
