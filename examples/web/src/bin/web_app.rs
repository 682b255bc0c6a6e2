//! A web application to which its users sign in, with axum: the authorization code flow with PKCE.
//!
//! By default, two browsers use it with a simulated tenant. With `AZURE_TENANT_ID`,
//! `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` set, it serves at <http://localhost:3000>. The
//! application must be of the kind web, with the redirect URI `http://localhost:3000/signed-in` and
//! the delegated permission `User.Read`.
//!
//! Sessions are in memory here. A real application keeps them with its other sessions, and serves
//! https.

use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use msgraph::auth::{Application, AuthorizationCodeFlow, NoCredential, PendingSignIn, UserSession};
use msgraph::{Cloud, Graph};
use msgraph_simulator::{Browser, Simulator};
use tokio::net::TcpListener;
use uuid::Uuid;

/// The application's state for a browser.
#[derive(Clone)]
enum Known {
    /// The browser was sent to the identity platform, and is expected back.
    Pending(PendingSignIn),
    SignedIn(UserSession),
}

struct App {
    /// The address of the application.
    address: String,
    /// The client of a user who has not signed in.
    graph: Graph,
    sign_in: AuthorizationCodeFlow,
    /// The browsers, by the value of their cookie.
    browsers: Mutex<HashMap<String, Known>>,
}

impl App {
    fn new(
        address: String,
        cloud: impl Into<Cloud>,
        application: Application,
    ) -> msgraph::Result<Self> {
        Ok(Self {
            graph: Graph::builder(NoCredential).cloud(cloud).build()?,
            sign_in: AuthorizationCodeFlow::new(application, format!("{address}/signed-in"))
                .scopes(["User.Read"]),
            address,
            browsers: Mutex::default(),
        })
    }

    /// Removes and returns the state of the browser that sends these headers.
    fn take(&self, headers: &HeaderMap) -> Option<Known> {
        let id = cookie(headers)?;
        self.browsers().remove(id)
    }

    /// Stores the state of a browser under a new cookie that cannot be guessed. A cookie from
    /// before the sign-in is therefore invalid afterwards. Returns the response that redirects the
    /// browser.
    fn keep(&self, known: Known, location: &str) -> Response {
        let id = Uuid::new_v4().to_string();
        let cookie = format!("id={id}; Path=/; HttpOnly; SameSite=Lax");
        self.browsers().insert(id, known);
        (
            StatusCode::FOUND,
            [(LOCATION, location), (SET_COOKIE, &cookie)],
        )
            .into_response()
    }

    fn browsers(&self) -> std::sync::MutexGuard<'_, HashMap<String, Known>> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn router(self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/sign-in", get(sign_in))
            .route("/signed-in", get(signed_in))
            .route("/sign-out", get(sign_out))
            .with_state(Arc::new(self))
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies
        .split(';')
        .find_map(|cookie| cookie.trim().strip_prefix("id="))
}

/// Handles `GET /`: greets a signed-in user, and sends all others to sign in.
async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    let known = cookie(&headers).and_then(|id| app.browsers().get(id).cloned());
    let Some(Known::SignedIn(session)) = known else {
        return Ok((StatusCode::FOUND, [(LOCATION, "/sign-in")]).into_response());
    };
    let me = app.graph.with_provider(session).me().get().await?;
    Ok(format!("Hello, {}", me.display_name.unwrap_or_default()).into_response())
}

/// Handles `GET /sign-in`: sends the browser to the identity platform.
async fn sign_in(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let pending = app.sign_in.begin(&app.graph)?;
    let url = pending.url().to_string();
    Ok(app.keep(Known::Pending(pending), &url))
}

/// Handles `GET /signed-in?code=…&state=…`, the redirect from the identity platform.
async fn signed_in(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some(Known::Pending(pending)) = app.take(&headers) else {
        return Ok((
            StatusCode::BAD_REQUEST,
            "this browser has no sign-in in progress",
        )
            .into_response());
    };
    let query = query.unwrap_or_default();
    let session = app.sign_in.finish(&app.graph, pending, &query).await?;
    Ok(app.keep(Known::SignedIn(session), "/"))
}

/// Handles `GET /sign-out`: ends the session here, and redirects the browser to end it at the
/// identity platform too.
async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    let url = match app.take(&headers) {
        Some(Known::SignedIn(session)) => {
            let goodbye = format!("{}/", app.address);
            session.sign_out(&app.graph).await?;
            session.sign_out_url(&app.graph, &goodbye)?.to_string()
        }
        _ => "/".to_owned(),
    };
    let gone = "id=; Path=/; Max-Age=0";
    Ok((
        StatusCode::FOUND,
        [(LOCATION, url.as_str()), (SET_COOKIE, gone)],
    )
        .into_response())
}

/// An error, shown as a page.
struct Failure(msgraph::Error);

impl From<msgraph::Error> for Failure {
    fn from(error: msgraph::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self.0 {
            // The user has declined, or has to sign in again.
            msgraph::Error::SignIn(error) if error.needs_user() => {
                let page = format!("{error}\nGo to /sign-in to try again.");
                (StatusCode::FORBIDDEN, page).into_response()
            }
            error => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let [Some(tenant), Some(client), Some(secret)] = names.map(variable) else {
        return run(&mut std::io::stdout()).await;
    };
    let application = Application::new(tenant, client).client_secret(secret);
    let address = "http://localhost:3000".to_owned();
    println!("{address}");
    let app = App::new(address, Cloud::Global, application)?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app.router()).await?)
}

/// Lets two browsers use the application, with a simulated tenant.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let known = simulator.credentials();
    let cloud = simulator.cloud();
    let application =
        Application::new(&*known.domain, &*known.client_id).client_secret(&*known.client_secret);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://localhost:{}", listener.local_addr()?.port());
    simulator.redirect_uri(&format!("{address}/signed-in"));
    simulator.redirect_uri(&format!("{address}/"));
    let app = App::new(address.clone(), cloud, application)?.router();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut browsers = [Browser::default(), Browser::default()];
    let users = [known.user_principal_name.as_str(), "bruno@contoso.com"];
    for (browser, user) in browsers.iter_mut().zip(users) {
        simulator.browser_user(Some(user));
        let page = browser.open(&address).await.ok_or("no response")?;
        writeln!(out, "{user}: {}", page.text)?;
    }
    let [adele, bruno] = &mut browsers;
    let page = adele.open(&address).await.ok_or("no response")?;
    writeln!(out, "the first browser again: {}", page.text)?;

    // One user signs out. The browser is sent to the identity platform and back, and is then signed
    // out.
    let goodbye = format!("{address}/sign-out");
    let page = adele.open(&goodbye).await.ok_or("no response")?;
    writeln!(out, "the first browser, signed out: {}", asked(&page.text))?;
    let page = bruno.open(&address).await.ok_or("no response")?;
    writeln!(out, "the second browser still: {}", page.text)?;
    Ok(())
}

fn asked(page: &str) -> &'static str {
    if page.contains("Hello") {
        "not asked"
    } else {
        "asked to sign in"
    }
}
