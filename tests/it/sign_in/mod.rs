//! Each way to sign in. The tests run against the simulator, which checks requests as the platform
//! does, and against a recorder where the exact request matters.

mod cache;
mod certificate;
mod challenge;
mod desktop;
mod device;
mod errors;
mod on_behalf_of;
mod provider;
mod session;
mod tenants;
mod web;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Method;
use msgraph::auth::{Application, TokenProvider, TokenRequest};
use msgraph::error::SignInError;
use msgraph::{CustomCloud, Error, Graph};
use msgraph_simulator::Simulator;
use serde_json::Value;
use url::Url;

use crate::auth::own_client;

pub use crate::auth::{
    ASSERTION_TYPE, CAPABILITY, SCOPE, assert_token_request, client, field, fields, form, me,
    platform, platform_and_graph, refusing, sign_in_error, tokens,
};
pub use crate::support::recorder::{Answer, Recorder};

/// The redirect URI of the simulator's web application.
pub const REDIRECT: &str = "http://localhost:3000/signed-in";

/// Returns the simulator as a cloud.
pub fn cloud(simulator: &Simulator) -> CustomCloud {
    simulator.cloud()
}

/// Creates a provider without tokens. Code that signs users in uses the connections of such a
/// client, and never its tokens.
pub fn no_tokens() -> impl TokenProvider {
    |_: TokenRequest| async { Err(SignInError::new("this client has no tokens").into()) }
}

/// Creates a client without tokens.
pub fn base(simulator: &Simulator) -> Graph {
    client_of(simulator, no_tokens())
}

/// Creates a client of the simulator.
pub fn client_of(simulator: &Simulator, provider: impl TokenProvider) -> Graph {
    Graph::builder(provider)
        .cloud(cloud(simulator))
        .build()
        .expect("a client of this machine's own address")
}

/// Returns the simulator's confidential client, without client authentication.
pub fn bare(simulator: &Simulator) -> Application {
    let who = simulator.credentials();
    Application::new(who.tenant_id.as_str(), who.client_id.as_str())
}

/// Returns the simulator's confidential client, with its secret.
pub fn confidential(simulator: &Simulator) -> Application {
    bare(simulator).client_secret(simulator.credentials().client_secret.as_str())
}

/// Returns the simulator's public client.
pub fn public(simulator: &Simulator) -> Application {
    let who = simulator.credentials();
    Application::new(who.tenant_id.as_str(), who.public_client_id.as_str())
}

/// Returns the user name of `/me`.
pub async fn who(graph: &Graph) -> msgraph::Result<String> {
    let me: Value = graph.request(Method::GET, "/me").json().await?;
    Ok(me["userPrincipalName"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

/// Visits an address as a browser does, and returns the target of its redirect.
pub async fn visit(url: &Url) -> Url {
    let browser = own_client().redirect(reqwest::redirect::Policy::none());
    let answer = browser
        .build()
        .unwrap()
        .get(url.clone())
        .send()
        .await
        .unwrap();
    let location = answer.headers().get("location").map(|to| to.to_str());
    let status = answer.status();
    match location {
        Some(Ok(to)) => Url::parse(to).unwrap(),
        _ => panic!("{status}: {}", answer.text().await.unwrap()),
    }
}

/// Returns the value of a parameter.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find_map(|(own, value)| (own == name).then(|| value.into_owned()))
}

/// Returns the forms that the simulator's token endpoint received, in order.
pub fn token_requests(simulator: &Simulator) -> Vec<Vec<(String, String)>> {
    let requests = simulator.requests();
    let forms = requests.iter().filter(|request| request.is_sign_in());
    forms
        .map(|request| {
            url::form_urlencoded::parse(&request.body)
                .into_owned()
                .collect()
        })
        .collect()
}

/// Returns the number of requests for `/me`.
pub fn calls(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    requests
        .iter()
        .filter(|request| request.path() == "/v1.0/me")
        .count()
}

/// Returns one field of a form.
pub fn value<'f>(form: &'f [(String, String)], name: &str) -> Option<&'f str> {
    let mut fields = form.iter();
    fields.find_map(|(own, value)| (own == name).then_some(value.as_str()))
}

/// Returns an id token with these claims. A client that gets it from the token endpoint itself does
/// not need its signature.
pub fn id_token(claims: &Value) -> String {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("e30.{claims}.c2ln")
}

/// Returns the content of a refusal: `error`, the numbers, and whether the user is needed.
#[track_caller]
pub fn said(error: Error) -> (String, Vec<u64>, bool) {
    let error = sign_in_error(error);
    let word = error.error().unwrap_or_default().to_owned();
    (word, error.codes().to_vec(), error.needs_user())
}
