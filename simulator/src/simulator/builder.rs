//! The settings and the start of a simulator.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use super::{Credentials, Simulator};
use crate::clock::Clock;
use crate::core::{Core, State};
use crate::delta::Deltas;
use crate::description::Description;
use crate::error::Error;
use crate::identity::{Client, Identity, Redirects, Scopes};
use crate::ids::Ids;
use crate::recorder::{Host, KEPT, Recorder};
use crate::seed::{Contoso, Seed, plant};
use crate::server::serve;
use crate::storage::Storage;
use crate::store::Store;
use crate::stub::Stubs;
use crate::throttle::Throttle;
use crate::webhooks::Webhooks;
use crate::webhooks::deliver::deliver;

/// The settings for a new [`Simulator`].
///
/// ```
/// use msgraph_simulator::{Seed, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
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
#[must_use = "a builder does nothing until `start` is called"]
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
    kept_requests: usize,
    synthesizes: bool,
}

#[derive(Debug)]
enum Source {
    Bundled,
    Folder(PathBuf),
    Read(Description),
}

impl Source {
    fn read(self) -> Result<Description, Error> {
        match self {
            Self::Bundled => Description::bundled(),
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
            source: Source::Bundled,
            beta: None,
            port: 0,
            tenant_id: "dcd219dd-bc68-4b9b-bf0b-4a33a796be35".into(),
            domain: "contoso.com".into(),
            client_id: "6731de76-14a6-49ae-97bc-6eba6914391e".into(),
            client_secret: "simulated~secret.of-Contoso_Tests".into(),
            seed: Seed::default(),
            page_size: None,
            kept_requests: KEPT,
            synthesizes: false,
        }
    }
}

impl Builder {
    /// Reads the description from this folder instead of [`Description::bundled`].
    pub fn openapi(mut self, folder: impl Into<PathBuf>) -> Self {
        self.source = Source::Folder(folder.into());
        self
    }

    /// Takes a description that was read before, so that each simulator need not read it again.
    pub fn description(mut self, description: Description) -> Self {
        self.source = Source::Read(description);
        self
    }

    /// Serves another description below `/beta`, over the same tenant. Without one, `/beta` is
    /// refused.
    pub fn beta(mut self, description: Description) -> Self {
        self.beta = Some(Source::Read(description));
        self
    }

    /// Listens on this port instead of any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the tenant's GUID and domain.
    pub fn tenant(mut self, id: impl Into<String>, domain: impl Into<String>) -> Self {
        self.tenant_id = id.into();
        self.domain = domain.into();
        self
    }

    /// Sets the confidential client's id and secret.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client_id = id.into();
        self.client_secret = secret.into();
        self
    }

    /// Sets the initial content of the tenant.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the number of items on a page if a request has no `$top`, instead of each service's
    /// own.
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = Some(items);
        self
    }

    /// Sets the number of requests that [`Simulator::requests`] keeps with their bodies, instead of
    /// 10,000.
    pub fn kept_requests(mut self, requests: usize) -> Self {
        self.kept_requests = requests;
        self
    }

    /// Responds with values that are made from their types to what is not simulated, instead of 501.
    ///
    /// It serves the test of a client that calls each operation of the description once. The
    /// values say nothing about what Graph would do, so a test of a program must not use them.
    pub fn synthesize_responses(mut self) -> Self {
        self.synthesizes = true;
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// Returns [`Error::Description`] if the description cannot be read, and [`Error::Listen`] if
    /// the port is taken.
    pub async fn start(self) -> Result<Simulator, Error> {
        let port = self.port;
        let listen = move |source| Error::Listen { port, source };
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        // The server has its own thread and runtime. A caller's runtime may have a paused clock, or
        // the caller's test may block it.
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
                            // The second server ends with the runtime.
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
                redirects: Redirects::new("http://localhost:3000/signed-in"),
            },
            Client {
                id: PUBLIC_CLIENT.into(),
                secret: None,
                redirects: Redirects::new("http://localhost"),
            },
        ];
        let mut identity = Identity::new(&self.tenant_id, &self.domain, clients, &host);
        identity.browser = Some(user);
        let scopes = Scopes::read("offline_access User.Read Mail.ReadWrite");
        let text = |name: &str| {
            let value = store.get(user).and_then(|user| user.properties.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let credentials = Credentials {
            refresh_token: identity.grant(&mut ids, &self.client_id, user, scopes.clone()),
            public_refresh_token: identity.grant(&mut ids, PUBLIC_CLIENT, user, scopes),
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
            chaos: None,
            changes: Vec::new(),
            throttle: Throttle::default(),
            deltas: Deltas::default(),
            storage: Storage::new(storage_host),
            webhooks: Webhooks::default(),
            recorder: Recorder::keeping(self.kept_requests),
            page_size: self.page_size,
            page_epoch: 0,
            synthesizes: self.synthesizes,
            stubs: Stubs::default(),
            user,
        };
        Ok((
            Core::new(description, beta, host, state),
            credentials,
            [listener, storage],
        ))
    }
}

/// Omits all secrets.
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
