//! The programs that make the calls. Each has its own client: half of them an application's, half a
//! user's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use msgraph::auth::{
    Application, AuthorizationCodeFlow, ClientSecretCredential, TokenProvider, UserSession,
};
use msgraph::{CustomCloud, Graph, RetryPolicy, async_trait};
use reqwest_middleware::{Middleware, Next};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::{Position, Url};

use crate::Error;
use crate::server::Access;

/// The number of times that a call is repeated.
pub const RETRIES: u32 = 5;

/// The redirect address of the simulator's confidential client.
const REDIRECT: &str = "http://localhost:3000/signed-in";

/// A client.
#[derive(Clone)]
pub struct Program {
    pub graph: Graph,
    /// `true` if the client is a user's.
    pub is_user: bool,
}

/// Creates this many clients, before the misbehavior begins.
pub async fn programs(
    access: &Access,
    number: usize,
    attempts: &Arc<Attempts>,
) -> Result<Vec<Program>, Error> {
    let application = client(access, attempts, secret(access))?;
    let mut programs = Vec::new();
    for place in 0..number {
        let is_user = place % 2 == 1;
        let graph = if is_user {
            let session = sign_in(access, &application).await?;
            client(access, attempts, session)?
        } else {
            client(access, attempts, secret(access))?
        };
        programs.push(Program { graph, is_user });
    }
    Ok(programs)
}

/// Returns a client of the application.
pub fn own(access: &Access) -> Result<Graph, Error> {
    client(access, &Arc::default(), secret(access))
}

fn secret(access: &Access) -> ClientSecretCredential {
    let secret = access.client_secret.as_str();
    ClientSecretCredential::new(access.tenant.as_str(), access.client_id.as_str(), secret)
}

fn client(
    access: &Access,
    attempts: &Arc<Attempts>,
    provider: impl TokenProvider,
) -> Result<Graph, Error> {
    let retry = RetryPolicy::new()
        .max_retries(RETRIES)
        .first_wait(Duration::from_millis(20))
        .max_wait(Duration::from_secs(10))
        .max_elapsed(Duration::from_secs(60))
        .server_errors(true);
    let graph = Graph::builder(provider)
        .cloud(CustomCloud::new(access.host.as_str(), access.host.as_str()))
        .retry(retry)
        .per_try_middleware(Watch(Arc::clone(attempts)))
        .build()?;
    Ok(graph)
}

/// Signs in the user who is at the browser.
pub async fn sign_in(access: &Access, graph: &Graph) -> Result<UserSession, Error> {
    let application = Application::new(access.tenant.as_str(), access.client_id.as_str());
    let application = application.client_secret(access.client_secret.as_str());
    let web = AuthorizationCodeFlow::new(application, REDIRECT);
    let pending = web.begin(graph)?;
    let back = visit(pending.url()).await?;
    let query = back.query().ok_or("the browser came back without a code")?;
    Ok(web.finish(graph, pending, query).await?)
}

/// Opens an address as a browser does, and returns the address of its redirect.
async fn visit(url: &Url) -> Result<Url, Error> {
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = TcpStream::connect(addresses.as_slice()).await?;
    let (host, target) = (url.authority(), &url[Position::BeforePath..]);
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    let response = String::from_utf8_lossy(&response);
    let mut headers = response.lines().filter_map(|line| line.split_once(": "));
    let location = headers.find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let (_, location) = location.ok_or("the browser was not sent back")?;
    Ok(Url::parse(location)?)
}

/// The largest retry number that a request carried.
#[derive(Debug, Default)]
pub struct Attempts {
    most_retries: AtomicU32,
}

impl Attempts {
    pub fn most_retries(&self) -> u32 {
        self.most_retries.load(Ordering::Relaxed)
    }
}

struct Watch(Arc<Attempts>);

#[async_trait]
impl Middleware for Watch {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let repeat = request.headers().get("retry-attempt");
        let repeat = repeat.and_then(|value| value.to_str().ok()?.parse().ok());
        let repeat = repeat.unwrap_or_default();
        self.0.most_retries.fetch_max(repeat, Ordering::Relaxed);
        next.run(request, extensions).await
    }
}
