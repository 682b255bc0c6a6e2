//! Each way to sign in: against the simulator, which checks what it is sent as the platform does, and against a recorder where the exact
//! request matters.

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
use serde_json::Value;
use simulator::Simulator;
use url::Url;

use crate::auth::own_client;

pub use crate::auth::{
    ASSERTION_TYPE, CAPABILITY, SCOPE, client, field, fields, form, me, platform, refusing,
    sign_in_error, tokens,
};
pub use crate::support::recorder::{Answer, Recorder};

/// Where the web application of the simulator has its users come back to.
pub const REDIRECT: &str = "http://localhost:3000/signed-in";

/// The simulator as a cloud.
pub fn cloud(simulator: &Simulator) -> CustomCloud {
    let root = simulator.url().trim_end_matches("/v1.0");
    CustomCloud::new(root, simulator.login_url())
}

/// Whoever has no token: what signs users in uses such a client's connections, and never its tokens.
pub fn nobody() -> impl TokenProvider {
    |_: TokenRequest| async { Err(SignInError::new("this client is nobody's").into()) }
}

/// A client of nobody's.
pub fn base(simulator: &Simulator) -> Graph {
    client_of(simulator, nobody())
}

/// A client of the simulator's.
pub fn client_of(simulator: &Simulator, provider: impl TokenProvider) -> Graph {
    Graph::builder(provider)
        .cloud(cloud(simulator))
        .build()
        .expect("a client of this machine's own address")
}

/// The simulator's confidential client, which has shown nothing yet.
pub fn bare(simulator: &Simulator) -> Application {
    let who = simulator.credentials();
    Application::new(who.tenant_id.as_str(), who.client_id.as_str())
}

/// The simulator's confidential client, with its secret.
pub fn confidential(simulator: &Simulator) -> Application {
    bare(simulator).client_secret(simulator.credentials().client_secret.as_str())
}

/// The simulator's public client.
pub fn public(simulator: &Simulator) -> Application {
    let who = simulator.credentials();
    Application::new(who.tenant_id.as_str(), who.public_client_id.as_str())
}

/// Who `/me` is.
pub async fn who(graph: &Graph) -> msgraph::Result<String> {
    let me: Value = graph.request(Method::GET, "/me").json().await?;
    Ok(me["userPrincipalName"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

/// Goes to an address as a browser does; gives where it is sent from there.
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

/// The value of a parameter.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find_map(|(own, value)| (own == name).then(|| value.into_owned()))
}

/// What the simulator's token endpoint was asked, in that order.
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

/// How often somebody asked for `/me`.
pub fn calls(simulator: &Simulator) -> usize {
    let requests = simulator.requests();
    requests
        .iter()
        .filter(|request| request.path() == "/v1.0/me")
        .count()
}

/// One field of a form.
pub fn value<'f>(form: &'f [(String, String)], name: &str) -> Option<&'f str> {
    let mut fields = form.iter();
    fields.find_map(|(own, value)| (own == name).then_some(value.as_str()))
}

/// An id token with these claims. Who gets it of the token endpoint itself has no need of its signature.
pub fn id_token(claims: &Value) -> String {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("e30.{claims}.c2ln")
}

/// What a refusal says: `error`, the numbers, and whether the user is needed.
#[track_caller]
pub fn said(error: Error) -> (String, Vec<u64>, bool) {
    let error = sign_in_error(error);
    let word = error.error().unwrap_or_default().to_owned();
    (word, error.codes().to_vec(), error.needs_user())
}
