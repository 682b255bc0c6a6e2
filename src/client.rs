//! The client of Microsoft Graph and its builder.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use http::{Extensions, Method};
use reqwest_middleware::{ClientWithMiddleware, Middleware};
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;

use crate::auth::{CacheKey, SignInClient, TokenCache, TokenProvider, TokenRequest, Tokens};
use crate::call::{Opened, Request, Response, Sending, Settings};
use crate::error::{Error, RequestContext, RequestError, Result};
use crate::redact::Address;
use crate::transport::{
    self, Addresses, BodyMode, CallState, CallerMiddleware, Connections, Defaults, ExpectedBody,
    Gates, Hosts, Quota, Trying, of_the_stack, trace,
};
use crate::{Cloud, RetryPolicy};

/// The version of Graph that the typed calls use.
const VERSION: &str = "v1.0";

/// A client of Microsoft Graph.
///
/// A client holds its connections and its token. Make one for each identity and keep it; clones are
/// cheap and share both. Any number of calls may run at the same time.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::ClientSecretCredential;
///
/// # fn example(secret: String) {
/// let graph = Graph::new(ClientSecretCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     secret,
/// ));
/// # }
/// ```
///
/// # Runtimes
///
/// Calls need a Tokio runtime with I/O and time (`enable_all`). A client is not bound to one
/// runtime, but its pooled connections are. Each connection belongs to the runtime on which it was
/// opened, and carries data only while that runtime runs. One client on several runtimes therefore
/// behaves like this:
///
/// - A runtime that is dropped closes its connections, and the next call opens another. Runtimes
///   may come and go.
/// - A runtime that stands still (`current_thread`, and its `block_on` has returned) keeps its
///   connections open, but they receive no data. A call on another runtime that takes one of them
///   waits until a limit ends it. That limit is 100 seconds without data, the
///   [`timeout`](GraphBuilder::timeout), or the limits of a custom client
///   ([`http_client`](GraphBuilder::http_client)), which has none by default.
/// - A token request has a time limit of its own. If its runtime was dropped or stands still, the
///   calls that wait for it on other runtimes repeat it after about two seconds.
/// - A page that was [prefetched](crate::page::Items::prefetch) on such a runtime is requested
///   again.
/// - A future that is dropped ends its call. A token request that the call began continues, for the
///   calls that wait for it and for later ones.
/// - `Handle::block_on` within `spawn_blocking` works on a `multi_thread` runtime. On a
///   `current_thread` runtime it waits for as long as no other thread drives that runtime, as all
///   of Tokio's I/O does.
///
/// A program with several runtimes makes one client for each and gives all of them one
/// [`TokenCache`]. The clients then have their own connections and share their tokens:
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{ClientSecretCredential, TokenCache};
///
/// fn client(credential: &ClientSecretCredential, cache: &TokenCache) -> msgraph::Result<Graph> {
///     Graph::builder(credential.clone()).token_cache(cache.clone()).build()
/// }
/// ```
#[derive(Clone)]
pub struct Graph(Arc<Inner>);

struct Inner {
    root: String,
    host_root: String,
    addresses: Addresses,
    cloud: Arc<Cloud>,
    defaults: Defaults,
    retry: Arc<RetryPolicy>,
    timeout: Option<Duration>,
    /// The parts that calls need, or the error of every call if the client could not be built.
    ready: Result<Ready>,
}

#[derive(Clone)]
struct Ready {
    stack: ClientWithMiddleware,
    tokens: Arc<Tokens>,
    parts: Parts,
}

/// The parts of a middleware stack, except the token.
#[derive(Clone)]
struct Parts {
    http: reqwest::Client,
    middleware: CallerMiddleware,
    hosts: Hosts,
    cache: TokenCache,
    /// The known state of throttled services, shared by all clients that derive from one client.
    gates: Arc<Gates>,
    /// The quota that calls count against if the provider does not name its application.
    quota: Quota,
}

impl Parts {
    fn stack(mut self, provider: Arc<dyn TokenProvider>, request: TokenRequest) -> Ready {
        if let Some(key) = provider.cache_key(request.cloud()) {
            self.quota = self.gates.quota(key.application());
        }
        let tokens = Tokens::new(provider, request, &self.cache);
        let stack = transport::stack(
            self.http.clone(),
            self.middleware.clone(),
            self.hosts.clone(),
            Arc::clone(&tokens),
            Arc::clone(&self.gates),
            self.quota,
        );
        Ready {
            stack,
            tokens,
            parts: self,
        }
    }
}

/// A call that is ready for the middleware stack.
struct Prepared {
    request: reqwest::Request,
    context: RequestContext,
    /// The extensions of the request, with the state of the call.
    extensions: Extensions,
    timeout: Option<Duration>,
}

impl Graph {
    /// Creates a client of the [global cloud](Cloud::Global), with the defaults of
    /// [`GraphBuilder`].
    ///
    /// This sends nothing; [`sign_in`](Self::sign_in) checks the credentials at once. Only the
    /// setup of TLS on this machine can fail. In that case each call returns the error.
    pub fn new(provider: impl TokenProvider) -> Self {
        let builder = Self::builder(provider);
        match builder.build() {
            Ok(graph) => graph,
            Err(error) => Self::not_ready(error),
        }
    }

    /// Builds a client of another cloud, or with other settings that differ from the defaults.
    ///
    /// ```
    /// use std::time::Duration;
    /// use msgraph::{Cloud, Graph};
    /// use msgraph::auth::AccessTokenCredential;
    ///
    /// # fn main() -> msgraph::Result<()> {
    /// let graph = Graph::builder(AccessTokenCredential::new("eyJ0eXAi…"))
    ///     .cloud(Cloud::China)
    ///     .user_agent("inventory/1.2")
    ///     .timeout(Duration::from_secs(60))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(provider: impl TokenProvider) -> GraphBuilder {
        GraphBuilder {
            provider: Arc::new(provider),
            cloud: Cloud::default(),
            base_url: None,
            allowed: Vec::new(),
            connections: Connections::default(),
            middleware: CallerMiddleware::default(),
            retry: RetryPolicy::default(),
            timeout: None,
            user_agent: None,
            token_cache: TokenCache::default(),
        }
    }

    /// Returns the same client with the tokens of another provider. It shares the connections, the
    /// settings, the [`TokenCache`] and the known state of throttled services. It is cheap enough
    /// to create for each request that a server handles.
    ///
    /// ```
    /// # use msgraph::auth::Secret;
    /// use msgraph::Graph;
    /// use msgraph::auth::{AccessTokenCredential, Application, OnBehalfOfCredential};
    ///
    /// # fn example(graph: Graph, incoming: Secret<String>, application: Application) {
    /// let user = graph.with_provider(OnBehalfOfCredential::new(application, incoming));
    /// # }
    /// ```
    #[must_use]
    pub fn with_provider(&self, provider: impl TokenProvider) -> Self {
        let ready = self.ready().map(|ready| {
            let request = self.token_request(ready);
            ready.parts.clone().stack(Arc::new(provider), request)
        });
        Self(Arc::new(Inner {
            root: self.0.root.clone(),
            host_root: self.0.host_root.clone(),
            addresses: self.0.addresses.clone(),
            cloud: Arc::clone(&self.0.cloud),
            defaults: self.0.defaults.clone(),
            retry: Arc::clone(&self.0.retry),
            timeout: self.0.timeout,
            ready,
        }))
    }

    /// Gets a token now, so that wrong credentials show when the program starts and not in a later
    /// call.
    ///
    /// This does nothing if the client already has a token.
    ///
    /// ```no_run
    /// # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
    /// graph.sign_in().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`] with the error of the identity platform or the token provider.
    pub async fn sign_in(&self) -> Result<()> {
        self.ready()?.tokens.token().await?;
        Ok(())
    }

    /// Drops the cached token, so that the next call gets a new one.
    ///
    /// Only tokens that are issued later contain permissions that an administrator grants or a user
    /// consents to. The current token of a client stays unchanged for up to an hour, or a day.
    ///
    /// ```no_run
    /// # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
    /// // The administrator has consented to one permission more.
    /// graph.forget_token();
    /// let users = graph.users().list().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget_token(&self) {
        if let Ok(ready) = self.ready() {
            ready.tokens.renew_next();
        }
    }

    fn token_request(&self, ready: &Ready) -> TokenRequest {
        let http = ready.parts.http.clone();
        TokenRequest::new(Arc::clone(&self.0.cloud), http, self.0.timeout)
    }

    /// Returns the cloud that this client uses.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    /// Returns the tokens that this client's calls use.
    #[cfg(feature = "azure")]
    pub(crate) fn tokens(&self) -> Result<&Arc<Tokens>> {
        Ok(&self.ready()?.tokens)
    }

    /// Returns the retry policy of calls that do not set their own.
    pub(crate) fn retry_policy(&self) -> &Arc<RetryPolicy> {
        &self.0.retry
    }

    /// Returns the time limit of calls that do not set their own.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    /// Returns the root URL without a slash at its end: `https://graph.microsoft.com/v1.0`.
    pub(crate) fn root(&self) -> &str {
        &self.0.root
    }

    /// Returns the root URL without a version: `https://graph.microsoft.com`.
    pub(crate) fn host_root(&self) -> &str {
        &self.0.host_root
    }

    /// Sends a request through the stack and reads the complete response. `expected` is the body
    /// that a success must have.
    ///
    /// Every operation goes through this function. The future is boxed, because it is large and
    /// would be moved several times.
    ///
    /// # Errors
    ///
    /// Returns every error that can occur between the client and Graph. A response that is not a
    /// success is [`Error::Api`].
    pub(crate) fn send(&self, request: Request, expected: Option<ExpectedBody>) -> Sending {
        let mode = BodyMode::Buffered(expected_after(&request.method, expected));
        match self.prepare(request, mode) {
            Ok(prepared) => Box::pin(self.clone().execute(prepared).and_then(Opened::read)),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    /// Sends a request through the stack. The caller reads the body of the response.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`send`](Self::send), except those about the body of a success.
    pub(crate) async fn open(&self, request: Request) -> Result<Opened> {
        let prepared = self.prepare(request, BodyMode::Streamed)?;
        self.clone().execute(prepared).await
    }

    /// Sends a request to an address from Graph that takes no token, because the address itself is
    /// a secret. Nothing that is meant for Graph is sent along. The caller reads the body of the
    /// response.
    ///
    /// # Errors
    ///
    /// [`Error::Host`] if the address is not https, otherwise the errors of [`open`](Self::open).
    pub(crate) async fn open_elsewhere(&self, request: Request) -> Result<Opened> {
        self.execute_elsewhere(request, BodyMode::Streamed).await
    }

    /// Sends a request like [`open_elsewhere`](Self::open_elsewhere), and reads the response. The
    /// response describes a state, and is small for that reason.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_elsewhere`](Self::open_elsewhere) and of [`send`](Self::send).
    pub(crate) async fn send_elsewhere(
        &self,
        request: Request,
        expected: ExpectedBody,
    ) -> Result<Response> {
        let body = BodyMode::State(expected_after(&request.method, Some(expected)));
        self.execute_elsewhere(request, body).await?.read().await
    }

    async fn execute_elsewhere(&self, request: Request, mode: BodyMode) -> Result<Opened> {
        let mut context = RequestContext::new(request.method.clone(), request.template);
        context.facts = request.facts;
        let url =
            transport::elsewhere(&self.0.root, &request.url).map_err(|error| error.of(&context))?;
        let mut sent = reqwest::Request::new(request.method, url);
        *sent.headers_mut() = request.headers;
        self.0.defaults.set_user_agent(sent.headers_mut());
        *sent.body_mut() = request.body.map(Into::into);
        let mut prepared = self.complete(sent, context, request.settings, mode);
        CallState::of(&mut prepared.extensions).is_elsewhere = true;
        self.clone().execute(prepared).await
    }

    /// Sends a prepared request through the stack. The call begins when the future is polled.
    ///
    /// This is not an `async fn`, because its future would hold the arguments twice.
    fn execute(self, prepared: Prepared) -> impl Future<Output = Result<Opened>> + Send {
        let Prepared {
            request,
            mut context,
            mut extensions,
            timeout,
        } = prepared;
        async move {
            let span = trace::call(&context, request.url());
            let state = CallState::of(&mut extensions);
            if !span.is_disabled() {
                state.template = Some(context.template.as_str().into());
            }
            state.auth.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            let outcome = self
                .ready()?
                .stack
                .execute_with_extensions(request, &mut extensions)
                .instrument(span.clone())
                .await;
            let state = CallState::of(&mut extensions);
            context.attempts = state.attempts;
            trace::record_attempts(&span, &context.attempts);
            match outcome {
                Ok(response) => {
                    trace::record(&span, Ok(&response));
                    let opened = Opened::new(response, state.buffered.take(), context);
                    match opened.status().is_success() {
                        true => Ok(opened),
                        false => Err(Box::pin(opened.into_error()).await),
                    }
                }
                Err(error) => {
                    let did_nothing = state.auth.delivery.call_did_nothing();
                    let error = of_the_stack(error, did_nothing).of(&context);
                    trace::record(&span, Err(error.name()));
                    Err(error)
                }
            }
        }
    }

    fn prepare(&self, request: Request, mode: BodyMode) -> Result<Prepared> {
        let Request {
            method,
            url,
            template,
            facts,
            mut headers,
            body,
            settings,
        } = request;
        let url = self.0.addresses.parse(&url).map_err(|error| {
            RequestError::new(
                method.clone(),
                template.clone(),
                format!("its URL is not valid: {error}"),
            )
        })?;
        let mut context = RequestContext::new(method.clone(), template);
        context.facts = facts;
        context.client_request_id = self.0.defaults.set(&mut headers);
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(Into::into);
        Ok(self.complete(request, context, settings, mode))
    }

    /// Adds the settings of a call and the defaults of the client to a request. The settings of the
    /// call take precedence.
    fn complete(
        &self,
        request: reqwest::Request,
        mut context: RequestContext,
        settings: Option<Box<Settings>>,
        mode: BodyMode,
    ) -> Prepared {
        let settings = settings.map(|settings| *settings).unwrap_or_default();
        context.is_idempotent |= settings.idempotent;
        let trying = Trying {
            retry: settings.retry.unwrap_or_else(|| Arc::clone(&self.0.retry)),
            idempotent: settings.idempotent,
        };
        let mut extensions = Extensions::new();
        extensions.insert(CallState::new(trying, mode));
        Prepared {
            request,
            context,
            extensions,
            timeout: settings.timeout.or(self.0.timeout),
        }
    }

    fn ready(&self) -> Result<&Ready> {
        self.0.ready.as_ref().map_err(Clone::clone)
    }

    fn not_ready(error: Error) -> Self {
        let cloud = Cloud::default();
        Self(Arc::new(Inner {
            root: format!("{}/{VERSION}", cloud.graph()),
            host_root: cloud.graph().to_owned(),
            addresses: Addresses::default(),
            cloud: Arc::new(cloud),
            defaults: Defaults::default(),
            retry: Arc::default(),
            timeout: None,
            ready: Err(error),
        }))
    }
}

impl SignInClient for Graph {
    fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    fn sign_in_request(&self) -> Result<TokenRequest> {
        Ok(self.token_request(self.ready()?))
    }

    fn forget(&self, key: &CacheKey) {
        if let Ok(ready) = self.ready() {
            ready.parts.cache.forget(key);
        }
    }
}

/// Prints the root URL, and nothing of the token, the provider or the connections.
impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("root", &Address(&self.0.root))
            .finish_non_exhaustive()
    }
}

/// A builder of a [`Graph`]: see [`Graph::builder`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct GraphBuilder {
    provider: Arc<dyn TokenProvider>,
    cloud: Cloud,
    base_url: Option<String>,
    allowed: Vec<String>,
    connections: Connections,
    middleware: CallerMiddleware,
    retry: RetryPolicy,
    timeout: Option<Duration>,
    user_agent: Option<String>,
    token_cache: TokenCache,
}

impl GraphBuilder {
    /// Uses another cloud: its Graph, its login host and its scope.
    pub fn cloud(mut self, cloud: impl Into<Cloud>) -> Self {
        self.cloud = cloud.into();
        self
    }

    /// Sends calls to another address than the cloud's, such as a gateway or a test server. Sign-in
    /// does not change.
    ///
    /// The address must be one of the cloud's hosts, allowed by [`allow_host`](Self::allow_host),
    /// or on this machine (`http://127.0.0.1:8080`). Plain http is accepted only for this machine,
    /// and a proxy from the environment is not used then. `/v1.0` is added if the address does not
    /// end in a version (`/v1.0`, `/beta`).
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// # fn main() -> msgraph::Result<()> {
    /// let graph = Graph::builder(AccessTokenCredential::new("eyJ0eXAi…"))
    ///     .base_url("https://gateway.contoso.example/graph")
    ///     .allow_host("gateway.contoso.example")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Allows tokens to go to one more host, over https: `graph.contoso.example`, with a port if it
    /// is not that of https.
    ///
    /// Links in responses and the addresses of [`Graph::request`] may then lead there, too.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed.push(host.into());
        self
    }

    /// Uses a custom HTTP client.
    ///
    /// The custom client must not follow redirects: set
    /// `.redirect(reqwest::redirect::Policy::none())`. This crate follows them itself. A client
    /// that follows them takes headers along that are not meant for other hosts. A call that such a
    /// client redirected is an error. Headers that the client adds by itself are sent to every host
    /// that it contacts.
    ///
    /// A client that is built without a timeout has no limit: if no data arrives, a call waits
    /// forever. Set a [`timeout`](Self::timeout) here, or one of reqwest's on the client.
    ///
    /// [`configure_http`](Self::configure_http) has no such conditions.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.connections.own = Some(client);
        self
    }

    /// Changes the connections: a proxy, the size of the pool, a resolver.
    ///
    /// With the feature `rustls-ring`, this crate has already set the TLS configuration. Of
    /// reqwest's TLS options, only those that replace the whole configuration have an effect.
    /// Certificates are verified as the system does it, including the system's own roots.
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = reqwest::Proxy::https("http://proxy.contoso.example:8080")?;
    /// let graph = Graph::builder(AccessTokenCredential::new("eyJ0eXAi…"))
    ///     .configure_http(|http| http.proxy(proxy).pool_max_idle_per_host(8))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_http(
        mut self,
        change: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.connections.change = Some(match self.connections.change.take() {
            Some(first) => Box::new(move |builder| change(first(builder))),
            None => Box::new(change),
        });
        self
    }

    /// Adds a custom middleware around all others; the first one is the outermost. It sees each
    /// call once, before the token is added, and the final response that the caller receives. Token
    /// requests do not pass through it.
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// use reqwest_middleware::{Middleware, Next};
    ///
    /// struct Log;
    ///
    /// #[msgraph::async_trait]
    /// impl Middleware for Log {
    ///     async fn handle(
    ///         &self,
    ///         request: reqwest::Request,
    ///         extensions: &mut http::Extensions,
    ///         next: Next<'_>,
    ///     ) -> reqwest_middleware::Result<reqwest::Response> {
    ///         let method = request.method().clone();
    ///         let response = next.run(request, extensions).await?;
    ///         println!("{method} {}", response.status());
    ///         Ok(response)
    ///     }
    /// }
    ///
    /// # fn main() -> msgraph::Result<()> {
    /// let graph = Graph::builder(AccessTokenCredential::new("eyJ0eXAi…"))
    ///     .per_call_middleware(Log)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn per_call_middleware(mut self, middleware: impl Middleware) -> Self {
        self.middleware.around.push(Arc::new(middleware));
        self
    }

    /// Adds a custom middleware around each attempt; the first one is the outermost. It also sees
    /// repeats, which have the header `Retry-Attempt`. It sees responses that are not the last one,
    /// before their bodies are read.
    ///
    /// The request does not contain the token yet, and a redirect to another host does not pass
    /// through the middleware. A middleware that logs its requests must not receive a token that
    /// grants access to everything. A program that needs the token wraps the [`TokenProvider`].
    pub fn per_try_middleware(mut self, middleware: impl Middleware) -> Self {
        self.middleware.each_try.push(Arc::new(middleware));
        self
    }

    /// Sets the retry policy for calls that failed with a temporary fault.
    /// [`Call::retry`](crate::call::Call::retry) sets it for one call.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the time limit of a call, including its attempts and waits, and of a token request.
    /// [`Call::timeout`](crate::call::Call::timeout) sets it for one call. By default a call has no
    /// such limit; an attempt fails after 100 seconds without data. `configure_http(|http|
    /// http.timeout(…))` limits each attempt.
    ///
    /// A token request always has a limit, which this setting may shorten. It is 10 seconds for a
    /// first attempt at the token endpoint and 30 seconds for the next one. For a custom provider
    /// it is [60 seconds](TokenRequest::extend_time_limit).
    ///
    /// The wait for a long-running operation has this limit, too;
    /// [`Monitor::timeout`](crate::monitor::Monitor::timeout) sets another one for it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the time limit for opening a connection; the default is 30 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connections.connect_timeout = Some(timeout);
        self
    }

    /// Names the program in the `User-Agent` header, before this crate: `inventory/1.2`.
    pub fn user_agent(mut self, program: impl Into<String>) -> Self {
        self.user_agent = Some(program.into());
        self
    }

    /// Shares tokens with all other clients that use the same cache.
    pub fn token_cache(mut self, cache: TokenCache) -> Self {
        self.token_cache = cache;
        self
    }

    /// Builds the client. This sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Host`] if tokens must not go to the address. [`Error::Configuration`] for any other
    /// invalid setting, or if TLS cannot be set up on this machine.
    pub fn build(self) -> Result<Graph> {
        let graph = transport::root("cloud", self.cloud.graph())?;
        transport::root("cloud", self.cloud.login())?;
        let mut hosts = Hosts::named(&self.allowed)?;
        hosts.allow(&graph);
        let base = match &self.base_url {
            Some(text) => {
                let base = transport::root("base_url", text)?;
                // Plain http reaches this point only for this machine's own address, which the
                // caller named on purpose.
                if base.scheme() == "http" {
                    hosts.allow(&base);
                }
                hosts.check(&base)?;
                base
            }
            None => graph,
        };
        let (root, host_root) = roots(&base);
        let addresses = Addresses::new(&base);
        let defaults = Defaults::of_program(self.user_agent.as_deref())?;
        let is_local = base.scheme() == "http";
        let http = Connections {
            is_local,
            ..self.connections
        }
        .build()?;
        let cloud = Arc::new(self.cloud);
        let request = TokenRequest::new(Arc::clone(&cloud), http.clone(), self.timeout);
        let parts = Parts {
            http,
            middleware: self.middleware,
            hosts,
            cache: self.token_cache,
            gates: Arc::default(),
            quota: Quota::default(),
        };
        let ready = Ok(parts.stack(self.provider, request));
        Ok(Graph(Arc::new(Inner {
            root,
            host_root,
            addresses,
            cloud,
            defaults,
            retry: Arc::new(self.retry),
            timeout: self.timeout,
            ready,
        })))
    }
}

/// Returns the body that a success must have. A response to `HEAD` never has one.
fn expected_after(method: &Method, expected: Option<ExpectedBody>) -> Option<ExpectedBody> {
    expected.filter(|_| *method != Method::HEAD)
}

/// Returns the root with the version, and without it.
fn roots(base: &Url) -> (String, String) {
    let base = base.as_str().trim_end_matches('/');
    match base.rsplit_once('/') {
        Some((host_root, "v1.0" | "beta")) => (base.to_owned(), host_root.to_owned()),
        _ => (format!("{base}/{VERSION}"), base.to_owned()),
    }
}

/// Omits the provider and the connections, which may hold secrets.
impl fmt::Debug for GraphBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed: Vec<_> = self.allowed.iter().map(|host| Address(host)).collect();
        f.debug_struct("GraphBuilder")
            .field("cloud", &self.cloud)
            .field("base_url", &self.base_url.as_deref().map(Address))
            .field("allowed", &allowed)
            .field("connections", &self.connections)
            .field("middleware", &self.middleware.around.len())
            .field("per_try_middleware", &self.middleware.each_try.len())
            .field("retry", &self.retry)
            .field("timeout", &self.timeout)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}
