//! A web API that calls Microsoft Graph for its own callers, with axum: the on-behalf-of flow.
//!
//! By default, two users of a simulated tenant call it. Then the tenant requires a second factor
//! from one of them, which only the API's caller can ask for. With `AZURE_TENANT_ID`,
//! `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` set (of the API, with the delegated permission
//! `User.Read`), it serves at <http://127.0.0.1:3000/greeting>. A real API first checks the tokens
//! that it receives: signature, issuer, audience and times.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use msgraph::Graph;
use msgraph::auth::{Application, NoCredential, OnBehalfOfCredential};
use msgraph_simulator::Simulator;
use serde_json::json;

/// The state of the API.
struct Api {
    graph: Graph,
    application: Application,
}

/// Handles `GET /greeting`.
async fn greeting(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(incoming) = bearer.and_then(|value| value.strip_prefix("Bearer ")) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let user = OnBehalfOfCredential::new(api.application.clone(), incoming).scopes(["User.Read"]);
    match api.graph.with_provider(user).me().get().await {
        Ok(me) => format!("Hello, {}", me.display_name.unwrap_or_default()).into_response(),
        Err(msgraph::Error::SignIn(error)) => match error.www_authenticate() {
            // The caller gets a token that satisfies the challenge, and calls again.
            Some(challenge) => {
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
            }
            None => (StatusCode::FORBIDDEN, error.to_string()).into_response(),
        },
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let [Some(tenant), Some(client), Some(secret)] = names.map(variable) else {
        return run(&mut std::io::stdout()).await;
    };
    let api = Api {
        graph: Graph::new(NoCredential),
        application: Application::new(tenant, client).client_secret(secret),
    };
    let app = Router::new()
        .route("/greeting", get(greeting))
        .with_state(Arc::new(api));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/greeting", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

/// Lets the users of a simulated tenant call the API.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let known = simulator.credentials();
    let api = Arc::new(Api {
        graph: Graph::builder(NoCredential)
            .cloud(simulator.cloud())
            .build()?,
        application: Application::new(&*known.domain, &*known.client_id)
            .client_secret(&*known.client_secret),
    });
    let call = async |token: String| -> Result<Response, Box<dyn Error>> {
        let bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        Ok(greeting(State(Arc::clone(&api)), headers).await)
    };

    let adele = known.user_principal_name.as_str();
    for user in [adele, "bruno@contoso.com"] {
        let answer = call(simulator.incoming_token(user)).await?;
        let body = to_bytes(answer.into_body(), 1024).await?;
        writeln!(out, "{user}: {}", String::from_utf8_lossy(&body))?;
    }

    let second_factor = json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    simulator.require_claims(adele, second_factor, 50_076);
    let answer = call(simulator.incoming_token(adele)).await?;
    let challenge = answer.headers().get(WWW_AUTHENTICATE);
    writeln!(out, "{adele}: {}, {challenge:?}", answer.status())?;
    Ok(())
}
