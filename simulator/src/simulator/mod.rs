//! A running simulator, and its start.

mod builder;
mod control;
mod network;
mod plan;
mod sign_in;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::activity::Activity;
use crate::answer::Answer;
use crate::changes::RecordedChange;
use crate::core::{Body, Core};
use crate::error::Error;
use crate::identity::{GRAPH, Issue};
use crate::recorder::{Host, RecordedRequest, RequestCounts};
use crate::request::Request;
use crate::resource::Caller;
use crate::seed_document::SeedDocument;
use crate::stub::StubResponse;
use crate::webhooks::Delivery;

pub use builder::Builder;
pub(crate) use plan::Plan;

/// A local Microsoft Graph and identity platform.
///
/// It listens on a port of the loopback interface, in its own thread, until it is dropped. Each
/// simulator has its own tenant.
///
/// ```
/// use msgraph_simulator::Simulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// let simulator = Simulator::start().await?;
/// assert!(simulator.url().ends_with("/v1.0"));
/// let adele = simulator.read("/users/adele@contoso.com")?;
/// assert_eq!(adele["displayName"], "Adele Brandt");
/// # Ok(())
/// # }
/// ```
pub struct Simulator {
    core: Arc<Core>,
    credentials: Credentials,
    endpoints: network::Endpoints,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The credentials that a simulator accepts. All of them are invented.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The tenant's GUID.
    pub tenant_id: String,
    /// The tenant's domain, which can be used in place of its GUID.
    pub domain: String,
    /// The id of a confidential client, for every grant. It authenticates with its secret, or with
    /// an assertion ([`trust_certificate`](Simulator::trust_certificate),
    /// [`federate`](Simulator::federate)).
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// The id of a public client, for every grant of a user. It has no secret.
    pub public_client_id: String,
    /// A refresh token of [`user_principal_name`](Self::user_principal_name), issued to the
    /// confidential client.
    pub refresh_token: String,
    /// A refresh token of the same user, issued to the public client.
    pub public_refresh_token: String,
    /// The id of the user who signs in. `/me` is this user.
    pub user_id: String,
    /// The principal name of that user.
    pub user_principal_name: String,
}

impl Simulator {
    /// Starts a simulator of the tenant Contoso, on any free port.
    ///
    /// # Errors
    /// Returns the errors of [`Builder::start`].
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Returns the settings for a new simulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the same simulator for the control interface. It does not stop the simulator when it
    /// is dropped.
    fn handle(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            credentials: self.credentials.clone(),
            url: self.url.clone(),
            endpoints: self.endpoints.clone(),
            stop: None,
            thread: None,
        }
    }

    /// Returns Graph's root: `http://127.0.0.1:…/v1.0`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the login host, to which `/{tenant}/oauth2/v2.0/token` is appended:
    /// `http://127.0.0.1:…`.
    pub fn login_url(&self) -> &str {
        &self.core.addresses.graph
    }

    /// Returns the host that takes no token: `http://localhost:…`, with another name and port than
    /// Graph. A client downloads files, uploads slices and polls copies there.
    pub fn storage_url(&self) -> String {
        self.core.addresses.storage.clone()
    }

    /// Returns the simulator as a cloud, for a client of the crate `msgraph`.
    ///
    /// ```
    /// use msgraph_simulator::Simulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = Simulator::start().await?;
    /// let cloud = simulator.cloud();
    /// // let graph = Graph::builder(credential).cloud(cloud).build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "msgraph")]
    pub fn cloud(&self) -> msgraph_core::cloud::CustomCloud {
        let host = self.login_url();
        msgraph_core::cloud::CustomCloud::new(host, host)
    }

    /// Returns the certificate that clients have to trust, as PEM, if the simulator serves https
    /// ([`Builder::tls`]).
    ///
    /// A program in another language trusts it by an environment variable with the name of a file:
    /// `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` or `NODE_EXTRA_CA_CERTS`.
    pub fn certificate(&self) -> Option<&str> {
        self.endpoints.certificate.as_deref()
    }

    /// Returns the address of the proxy (`HTTPS_PROXY`), if the simulator has one
    /// ([`Builder::proxy_port`]).
    pub fn proxy_url(&self) -> Option<&str> {
        self.endpoints.proxy.as_deref()
    }

    /// Returns the address of the [control interface](crate#control-over-http):
    /// `http://127.0.0.1:…`. It is `None` without [`Builder::control_port`].
    pub fn control_url(&self) -> Option<&str> {
        self.endpoints.control.as_deref()
    }

    /// Returns the credentials that the simulator accepts.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Returns an access token of the application, as `client_credentials` issues it.
    pub fn app_token(&self) -> String {
        self.issue(Caller::Application)
    }

    /// Returns an access token of the user who signs in.
    pub fn user_token(&self) -> String {
        let user = self.core.state().user;
        self.issue(Caller::User(user))
    }

    fn issue(&self, caller: Caller) -> String {
        let mut guard = self.core.state();
        let state = &mut *guard;
        let issue = Issue {
            tenant_id: &self.credentials.tenant_id,
            audience: GRAPH,
            client: &self.credentials.client_id,
            caller,
            capable: false,
        };
        state
            .identity
            .issue(&mut state.ids, state.clock.now(), issue)
    }

    /// Defines the response to requests of this method and path, for what the simulator does not
    /// simulate.
    ///
    /// The path is below the version, and `*` stands for one segment (the last one for all that
    /// follow). The response takes precedence over what is simulated. A request still needs a
    /// valid token. The latest response that fits a request serves it.
    ///
    /// ```
    /// use http::Method;
    /// use msgraph_simulator::Simulator;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = Simulator::start().await?;
    /// simulator.on(
    ///     Method::POST,
    ///     "/users/*/getMailTips",
    ///     json!({ "value": [{ "mailboxFull": false }] }),
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn on(&self, method: Method, path: impl Into<String>, response: impl Into<StubResponse>) {
        let mut state = self.core.state();
        state.stubs.add(method, path.into(), response.into());
    }

    /// Forgets the responses that [`on`](Self::on) has defined.
    pub fn clear_responses(&self) {
        self.core.state().stubs.clear();
    }

    /// Returns the requests so far, sign-in included, in the order in which they arrived. The
    /// simulator keeps the last 10,000, or as many as [`Builder::kept_requests`] sets.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.core.state().recorder.all()
    }

    /// Returns the number of requests, including those that are no longer kept.
    pub fn request_counts(&self) -> RequestCounts {
        self.core.state().recorder.counts()
    }

    /// Returns the changes that requests over HTTP have made so far, in their order. All are kept.
    ///
    /// ```
    /// use msgraph_simulator::{ChangeKind, Simulator};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = Simulator::start().await?;
    /// // … the client runs …
    /// let changes = simulator.changes();
    /// let created = changes.iter().filter(|change| change.kind == ChangeKind::Created);
    /// let welcomes = created.filter(|change| change.name.as_deref() == Some("Welcome"));
    /// assert!(welcomes.count() < 2, "nothing was created twice");
    /// # Ok(())
    /// # }
    /// ```
    pub fn changes(&self) -> Vec<RecordedChange> {
        self.core.state().changes.clone()
    }

    /// Returns the requests that are kept, each with the changes that it has made, for questions
    /// about them.
    pub fn activity(&self) -> Activity {
        let state = self.core.state();
        Activity::new(state.recorder.all(), &state.changes)
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.core.state().recorder.clear();
    }

    /// Returns the notifications that were sent to webhooks so far, without the validation
    /// requests.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.core.state().webhooks.deliveries.clone()
    }

    /// Creates an entity, as a POST to the path below [`url`](Self::url) would. The call needs no
    /// token and is not recorded.
    ///
    /// # Errors
    /// Returns [`Error::Refused`] if a client would be refused.
    pub fn create(&self, path: &str, entity: Value) -> Result<Value, Error> {
        self.perform(Method::POST, path, Some(entity))
    }

    /// Reads the resource at a path, as a GET would.
    ///
    /// # Errors
    /// Returns [`Error::Refused`] if a client would be refused.
    pub fn read(&self, path: &str) -> Result<Value, Error> {
        self.perform(Method::GET, path, None)
    }

    /// Changes the resource at a path, as a PATCH would.
    ///
    /// # Errors
    /// Returns [`Error::Refused`] if a client would be refused.
    pub fn update(&self, path: &str, properties: Value) -> Result<Value, Error> {
        self.perform(Method::PATCH, path, Some(properties))
    }

    /// Removes the resource at a path, as a DELETE would.
    ///
    /// # Errors
    /// Returns [`Error::Refused`] if a client would be refused.
    pub fn delete(&self, path: &str) -> Result<(), Error> {
        self.perform(Method::DELETE, path, None).map(|_| ())
    }

    /// Responds to a request without the network. The request is checked, carried out and recorded
    /// like one that came over the network. Faults of the connection have no effect here.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use msgraph_simulator::Simulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let simulator = Simulator::start().await?;
    /// let request = http::Request::get("/v1.0/users/adele@contoso.com").body(Bytes::new())?;
    /// assert_eq!(simulator.answer(request).status(), 401);
    /// # Ok(())
    /// # }
    /// ```
    pub fn answer(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (head, body) = request.into_parts();
        let request = Request::new(head, body);
        let answer =
            ready(self.core.handle(Host::Graph, &request, false)).map(|reply| reply.answer);
        let answer = answer.unwrap_or_else(|| Answer::empty(StatusCode::GATEWAY_TIMEOUT));
        let mut response = http::Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    /// Adds entities from a JSON text. See the [crate's documentation](crate#seeds) for its form.
    ///
    /// # Errors
    /// Returns [`Error::Seed`] for the first entity that cannot be added. Those before it stay.
    pub fn seed_json(&self, text: &str) -> Result<(), Error> {
        self.core.seed(&SeedDocument::parse("seed", text)?)
    }

    /// Returns to the state at the start: the initial content, the initial credentials, and the
    /// usual behavior. Everything else is forgotten, also requests, changes, faults and access
    /// tokens. The addresses stay.
    ///
    /// # Errors
    /// Returns [`Error::Seed`] if a seed cannot be added, as [`Builder::start`] does.
    pub fn reset(&self) -> Result<(), Error> {
        self.core.reset()
    }

    /// Carries out a request of the user who signs in. A response without JSON becomes null.
    pub(crate) fn perform(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Error> {
        let body = body.map(|body| Body::json(body.to_string()));
        match self.core.perform(method.clone(), path, body, false) {
            Ok(answer) => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            Err(refusal) => Err(Error::Refused {
                method,
                path: path.to_owned(),
                status: refusal.status,
                message: refusal.message,
            }),
        }
    }
}

/// Returns the output of a future that is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The server ends if it gets a message, or if the sender is dropped.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Omits all secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("tenant_id", &self.tenant_id)
            .field("domain", &self.domain)
            .field("client_id", &self.client_id)
            .field("public_client_id", &self.public_client_id)
            .field("user_principal_name", &self.user_principal_name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Simulator")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
