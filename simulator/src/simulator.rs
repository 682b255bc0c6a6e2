//! A running simulator, and how one is started.

use std::fmt;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::clock::Clock;
use crate::core::{Core, State};
use crate::delta::Deltas;
use crate::description::Description;
use crate::error::Error;
use crate::fault::Fault;
use crate::graph::Graph;
use crate::identity::{Client, Identity, Issue, RefreshTokens};
use crate::ids::Ids;
use crate::recorder::{Host, RecordedRequest, Recorder};
use crate::request::Request;
use crate::resource::Caller;
use crate::seed::{Contoso, Seed, plant};
use crate::server::serve;
use crate::storage::{ExpectedRanges, Storage};
use crate::store::Store;
use crate::throttle::{Limit, Throttle};
use crate::webhooks::deliver::deliver;
use crate::webhooks::{Delivery, Forgery, Lifecycle, Validation, Webhooks};

/// A local Microsoft Graph and identity platform.
///
/// It listens on a port of the loopback interface, in a thread of its own, until it is dropped. Each simulator has its
/// own tenant.
///
/// ```
/// use simulator::Simulator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), simulator::Error> {
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
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Who may sign in to a simulator. All of it is invented.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The tenant's GUID.
    pub tenant_id: String,
    /// The tenant's domain, which is as good as its GUID.
    pub domain: String,
    /// A confidential client, for `client_credentials` and `refresh_token`.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// A public client, for `refresh_token`. It has no secret.
    pub public_client_id: String,
    /// A refresh token of [`user_principal_name`](Self::user_principal_name), issued to the confidential client.
    pub refresh_token: String,
    /// A refresh token of the same user, issued to the public client.
    pub public_refresh_token: String,
    /// The id of the user who signs in: whom `/me` is.
    pub user_id: String,
    /// That user's principal name.
    pub user_principal_name: String,
}

/// The choices for a new [`Simulator`].
///
/// ```
/// use simulator::{Seed, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), simulator::Error> {
/// let simulator = Simulator::builder()
///     .tenant("8f1f9a9e-5a8c-4b0e-9d55-6f4f4f1b2c3d", "fabrikam.com")
///     .client("7c1d6f0a-1111-4222-8333-444455556666", "a secret")
///     .seed(Seed::Empty)
///     .page_size(5)
///     .start()
///     .await?;
/// assert_eq!(simulator.credentials().domain, "fabrikam.com");
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    source: Source,
    beta: Option<Source>,
    port: u16,
    tenant_id: String,
    domain: String,
    client_id: String,
    client_secret: String,
    seed: Seed,
    page_size: Option<usize>,
}

#[derive(Debug)]
enum Source {
    Folder(PathBuf),
    Read(Description),
}

impl Source {
    fn read(self) -> Result<Description, Error> {
        match self {
            Self::Folder(folder) => Description::read(folder),
            Self::Read(description) => Ok(description),
        }
    }
}

/// The public client's id, in every tenant.
const PUBLIC_CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

impl Default for Builder {
    fn default() -> Self {
        Self {
            source: Source::Folder(Description::bundled()),
            beta: None,
            port: 0,
            tenant_id: "dcd219dd-bc68-4b9b-bf0b-4a33a796be35".into(),
            domain: "contoso.com".into(),
            client_id: "6731de76-14a6-49ae-97bc-6eba6914391e".into(),
            client_secret: "simulated~secret.of-Contoso_Tests".into(),
            seed: Seed::default(),
            page_size: None,
        }
    }
}

impl Builder {
    /// Reads the description from this folder instead of [`Description::bundled`].
    pub fn openapi(mut self, folder: impl Into<PathBuf>) -> Self {
        self.source = Source::Folder(folder.into());
        self
    }

    /// Takes a description that was read before, which saves reading it for each simulator.
    pub fn description(mut self, description: Description) -> Self {
        self.source = Source::Read(description);
        self
    }

    /// Serves another description below `/beta`, over the same tenant. Without one, `/beta` is refused.
    pub fn beta(mut self, description: Description) -> Self {
        self.beta = Some(Source::Read(description));
        self
    }

    /// Listens on this port instead of any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The tenant's GUID and domain.
    pub fn tenant(mut self, id: impl Into<String>, domain: impl Into<String>) -> Self {
        self.tenant_id = id.into();
        self.domain = domain.into();
        self
    }

    /// The confidential client's id and secret.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client_id = id.into();
        self.client_secret = secret.into();
        self
    }

    /// What the tenant holds from the start.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// The number of items on a page where a request has no `$top`, instead of each service's own.
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = Some(items);
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// [`Error::Description`] where the description cannot be read, [`Error::Listen`] where the port is taken.
    pub async fn start(self) -> Result<Simulator, Error> {
        let port = self.port;
        let listen = move |source| Error::Listen { port, source };
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        // A thread with a runtime of its own: a caller's runtime may have its clock paused, or be blocked by the
        // caller's test.
        let thread = std::thread::Builder::new()
            .name("simulator".into())
            .spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = ready.send(Err(listen(error)));
                        return;
                    }
                };
                runtime.block_on(async move {
                    match self.open().await {
                        Ok((core, credentials, [listener, storage])) => {
                            let core = Arc::new(core);
                            let (outbox, inbox) = unbounded_channel();
                            core.state().webhooks.outbox = Some(outbox);
                            tokio::spawn(deliver(Arc::clone(&core), inbox));
                            // It ends with the runtime.
                            let never = std::future::pending();
                            let other = serve(Arc::clone(&core), Host::Storage, storage, never);
                            tokio::spawn(other);
                            if ready.send(Ok((Arc::clone(&core), credentials))).is_ok() {
                                serve(core, Host::Graph, listener, async {
                                    stopped.await.unwrap_or_default()
                                })
                                .await;
                            }
                        }
                        Err(error) => {
                            let _ = ready.send(Err(error));
                        }
                    }
                });
            });
        let thread = thread.map_err(listen)?;
        match started.await {
            Ok(Ok((core, credentials))) => {
                let url = format!("{}/v1.0", core.host);
                Ok(Simulator {
                    core,
                    credentials,
                    url,
                    stop: Some(stop),
                    thread: Some(thread),
                })
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(listen(std::io::Error::other(
                "the simulator's thread ended",
            ))),
        }
    }

    async fn open(self) -> Result<(Core, Credentials, [TcpListener; 2]), Error> {
        let bind = async |port| {
            let listen = move |source| Error::Listen { port, source };
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
            let listener = listener.map_err(listen)?;
            let host = format!("http://{}", listener.local_addr().map_err(listen)?);
            Ok((listener, host))
        };
        let (listener, host) = bind(self.port).await?;
        let (storage, storage_host) = bind(0).await?;
        let description = self.source.read()?;
        let beta = self.beta.map(Source::read).transpose()?;

        let (mut store, mut ids, clock) = (Store::new(), Ids::default(), Clock::default());
        let contoso = Contoso {
            tenant_id: &self.tenant_id,
            domain: &self.domain,
            client_id: &self.client_id,
        };
        let user = plant(
            self.seed,
            description.schemas(),
            &mut store,
            &mut ids,
            &contoso,
        );
        let clients = vec![
            Client {
                id: self.client_id.clone(),
                secret: Some(self.client_secret.clone()),
            },
            Client {
                id: PUBLIC_CLIENT.into(),
                secret: None,
            },
        ];
        let mut identity = Identity::new(&self.tenant_id, &self.domain, clients, &host);
        let text = |name: &str| {
            let value = store.get(user).and_then(|user| user.properties.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let credentials = Credentials {
            refresh_token: identity.grant(&mut ids, &self.client_id, user),
            public_refresh_token: identity.grant(&mut ids, PUBLIC_CLIENT, user),
            user_id: text("id"),
            user_principal_name: text("userPrincipalName"),
            tenant_id: self.tenant_id,
            domain: self.domain,
            client_id: self.client_id,
            client_secret: self.client_secret,
            public_client_id: PUBLIC_CLIENT.into(),
        };
        let state = State {
            store,
            ids,
            clock,
            identity,
            faults: Vec::new(),
            throttle: Throttle::default(),
            deltas: Deltas::default(),
            storage: Storage::new(storage_host),
            webhooks: Webhooks::default(),
            recorder: Recorder::default(),
            page_size: self.page_size,
            page_epoch: 0,
            user,
        };
        Ok((
            Core::new(description, beta, host, state),
            credentials,
            [listener, storage],
        ))
    }
}

impl Simulator {
    /// Starts a simulator of the tenant Contoso, on any free port.
    ///
    /// # Errors
    /// Those of [`Builder::start`].
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// The choices for a new simulator.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Graph's root: `http://127.0.0.1:…/v1.0`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The login host, to which `/{tenant}/oauth2/v2.0/token` is appended: `http://127.0.0.1:…`.
    pub fn login_url(&self) -> &str {
        &self.core.host
    }

    /// The host that takes no token: files are read from there, slices of uploads are sent there, and copies are watched
    /// there. `http://127.0.0.1:…`, of another port than Graph.
    pub fn storage_url(&self) -> String {
        self.core.state().storage.host.clone()
    }

    /// Who may sign in.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// An access token of the application, as `client_credentials` gives it.
    pub fn app_token(&self) -> String {
        self.issue(Caller::Application)
    }

    /// An access token of the user who signs in.
    pub fn user_token(&self) -> String {
        let user = self.core.state().user;
        self.issue(Caller::User(user))
    }

    fn issue(&self, caller: Caller) -> String {
        let mut guard = self.core.state();
        let state = &mut *guard;
        let issue = Issue {
            audience: "https://graph.microsoft.com",
            client: &self.credentials.client_id,
            caller,
            capable: false,
        };
        state
            .identity
            .issue(&mut state.ids, state.clock.now(), issue)
    }

    /// The requests so far, sign-in included, in the order in which they came. The last 10,000 are kept.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.core.state().recorder.all()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.core.state().recorder.clear();
    }

    /// Lets something go wrong. Of several faults, the first that is for a request happens to it.
    pub fn fault(&self, fault: Fault) {
        self.core.state().faults.push(fault);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.core.state().faults.clear();
    }

    /// Sets a limit to what a service takes: more is answered with 429. Each service has any number of limits, and none
    /// at the start.
    pub fn limit(&self, limit: Limit) {
        self.core.state().throttle.add(limit);
    }

    /// Takes all limits back.
    pub fn lift_limits(&self) {
        self.core.state().throttle.clear();
    }

    /// Ends all access tokens that were issued so far, before their time: Graph answers them with 401.
    pub fn revoke_tokens(&self) {
        self.core.state().identity.revoke();
    }

    /// Lets all access tokens that were issued so far run out.
    pub fn expire_tokens(&self) {
        let mut state = self.core.state();
        let now = state.clock.now();
        state.identity.expire(now);
    }

    /// Ends all refresh tokens: the token endpoint answers them with `invalid_grant`.
    pub fn revoke_refresh_tokens(&self) {
        self.core.state().identity.revoke_grants();
    }

    /// Lets all refresh tokens run out, as 90 days without use do.
    pub fn expire_refresh_tokens(&self) {
        self.core.state().identity.expire_grants();
    }

    /// Whether answers of the token endpoint carry a new refresh token.
    pub fn set_refresh_tokens(&self, refresh_tokens: RefreshTokens) {
        self.core.state().identity.refresh_tokens = refresh_tokens;
    }

    /// How long access tokens live that are issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.core.state().identity.lifetime = lifetime;
    }

    /// Whether `expires_in` is sent as text instead of a number.
    pub fn set_text_lifetime(&self, text: bool) {
        self.core.state().identity.text_lifetime = text;
    }

    /// Moves the simulator's clock on: tokens run out, and nobody has to wait.
    pub fn advance(&self, by: Duration) {
        self.core.state().clock.advance(by);
    }

    /// Lets all page tokens run out that were sent so far: `Directory_ExpiredPageToken`.
    pub fn expire_page_tokens(&self) {
        let mut state = self.core.state();
        state.page_epoch = state.page_epoch.wrapping_add(1);
    }

    /// Lets all tokens of delta queries run out: drives answer 410 with a `Location`, Exchange 410 without one, the
    /// directory 400.
    pub fn expire_delta_tokens(&self) {
        self.core.state().deltas.expire();
    }

    /// Lets all URLs for downloads run out that were given so far.
    pub fn expire_download_urls(&self) {
        let mut state = self.core.state();
        state.storage.epoch = state.storage.epoch.wrapping_add(1);
    }

    /// Lets all upload sessions run out.
    pub fn expire_upload_sessions(&self) {
        self.core.state().storage.expire_uploads();
    }

    /// Loses bytes of the upload sessions that are under way: they are expected again.
    pub fn lose_uploaded(&self, range: Range<u64>) {
        self.core.state().storage.lose(&range);
    }

    /// How upload sessions say which bytes they expect.
    pub fn set_expected_ranges(&self, ranges: ExpectedRanges) {
        self.core.state().storage.ranges = ranges;
    }

    /// How often work that starts from now on (a copy, a new team) is looked at before it is done. Twice at the start.
    pub fn set_polls(&self, polls: u32) {
        self.core.state().storage.polls = polls;
    }

    /// What was sent to webhooks so far, handshakes aside.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.core.state().webhooks.deliveries.clone()
    }

    /// Forges the next delivery of notifications.
    pub fn forge(&self, forgery: Forgery) {
        self.core.state().webhooks.forgery = Some(forgery);
    }

    /// Tells a subscription's lifecycle endpoint of an event. `false` where there is no such subscription, or no endpoint.
    pub fn lifecycle(&self, subscription_id: &str, event: Lifecycle) -> bool {
        self.core.state().tell_lifecycle(subscription_id, event)
    }

    /// The number of items on a page where a request has no `$top`. `None`: each service's own.
    pub fn set_page_size(&self, items: Option<usize>) {
        self.core.state().page_size = items;
    }

    /// Creates an entity, as a POST to the path below [`url`](Self::url) would, without token and record.
    ///
    /// # Errors
    /// [`Error::Refused`] where a client would be refused.
    pub fn create(&self, path: &str, entity: Value) -> Result<Value, Error> {
        self.perform(Method::POST, path, Some(entity))
    }

    /// Reads what is at a path, as a GET would.
    ///
    /// # Errors
    /// [`Error::Refused`] where a client would be refused.
    pub fn read(&self, path: &str) -> Result<Value, Error> {
        self.perform(Method::GET, path, None)
    }

    /// Changes what is at a path, as a PATCH would.
    ///
    /// # Errors
    /// [`Error::Refused`] where a client would be refused.
    pub fn update(&self, path: &str, properties: Value) -> Result<Value, Error> {
        self.perform(Method::PATCH, path, Some(properties))
    }

    /// Removes what is at a path, as a DELETE would.
    ///
    /// # Errors
    /// [`Error::Refused`] where a client would be refused.
    pub fn delete(&self, path: &str) -> Result<(), Error> {
        self.perform(Method::DELETE, path, None).map(|_| ())
    }

    /// Answers a request without the network: checked, carried out and recorded like one that came over it. Faults of
    /// the connection have no effect here.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use simulator::Simulator;
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
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .to_owned();
        let request = Request {
            method: head.method,
            target,
            headers: head.headers,
            body,
        };
        let answer =
            ready(self.core.handle(Host::Graph, &request, false)).map(|reply| reply.answer);
        let answer = answer.unwrap_or_else(|| Answer::empty(StatusCode::GATEWAY_TIMEOUT));
        let mut response = http::Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    /// Carries out a request of the user who signs in. An answer without JSON is null.
    fn perform(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let mut headers = HeaderMap::new();
        headers.insert("consistencylevel", HeaderValue::from_static("eventual"));
        let body = body.map_or_else(Bytes::new, |body| {
            headers.insert(
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            body.to_string().into()
        });
        let request = Request {
            method: method.clone(),
            target: path.to_owned(),
            headers,
            body,
        };
        let mut guard = self.core.state();
        let state = &mut *guard;
        let caller = Caller::User(state.user);
        let graph = state.graph(&self.core.description, &self.url, caller, None);
        // Nobody is asked whether a webhook is there: this is no request of a client.
        let outcome = Graph {
            validation: Validation::Passed,
            ..graph
        }
        .answer(&request, request.path());
        state.notify(&self.core.description, &self.url);
        match outcome.result {
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

/// What a future gives that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The server ends on either: a message, or nobody left to send one.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Shows no secret.
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

/// Shows no secret.
impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("source", &self.source)
            .field("port", &self.port)
            .field("domain", &self.domain)
            .field("client_id", &self.client_id)
            .field("seed", &self.seed)
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
