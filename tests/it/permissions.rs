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

#[path = "../cases/permissions.rs"]
mod cases;

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
    Answer::status(403)
        .header("request-id", "r")
        .body(r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#)
}

fn least(permissions: Option<Permissions>) -> String {
    permissions.expect("it is listed").to_string()
}

#[test]
fn one_type_at_two_paths_needs_what_is_listed_for_each() {
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
fn what_leads_to_the_same_thing_needs_the_same() {
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
fn options_leave_what_is_known_of_a_call() {
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
fn a_call_says_which_clouds_have_it() {
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
