//! The settings and the start of a simulator.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::oneshot;

use super::Simulator;
use super::network::{Network, Sockets};
use super::plan::Plan;
use crate::core::Core;
use crate::description::Description;
use crate::error::Error;
use crate::seed::Seed;
use crate::seed_document::SeedDocument;
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
    pub(super) network: Network,
    plan: Plan,
    documents: Vec<Document>,
}

/// A seed in JSON that is not read yet.
#[derive(Debug)]
enum Document {
    File(PathBuf),
    Text(String),
}

impl Document {
    fn read(self) -> Result<SeedDocument, Error> {
        match self {
            Self::File(file) => SeedDocument::read(&file),
            Self::Text(text) => SeedDocument::parse("seed", &text),
        }
    }
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

impl Default for Builder {
    fn default() -> Self {
        Self {
            source: Source::Bundled,
            beta: None,
            network: Network::default(),
            plan: Plan::default(),
            documents: Vec::new(),
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

    /// Serves another description below `/beta`, over the same tenant. Without one, `/beta` has the
    /// description of `/v1.0`.
    pub fn beta(mut self, description: Description) -> Self {
        self.beta = Some(Source::Read(description));
        self
    }

    /// Listens on this port instead of any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.network.port = port;
        self
    }

    /// Serves uploads, downloads and monitors ([`Simulator::storage_url`]) on this port instead of
    /// any free one.
    pub fn storage_port(mut self, port: u16) -> Self {
        self.network.storage_port = port;
        self
    }

    /// Sets the tenant's GUID and domain.
    pub fn tenant(mut self, id: impl Into<String>, domain: impl Into<String>) -> Self {
        self.plan.tenant_id = id.into();
        self.plan.domain = domain.into();
        self
    }

    /// Sets the confidential client's id and secret.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.plan.client_id = id.into();
        self.plan.client_secret = secret.into();
        self
    }

    /// Sets the initial content of the tenant.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.plan.seed = seed;
        self
    }

    /// Adds entities from a file of JSON to the initial content. The file is read at the start. See
    /// the [crate's documentation](crate#seeds) for its form.
    pub fn seed_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.documents.push(Document::File(file.into()));
        self
    }

    /// Adds entities from a JSON text to the initial content, as [`seed_file`](Self::seed_file)
    /// does.
    ///
    /// ```
    /// use msgraph_simulator::{Seed, Simulator};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = Simulator::builder()
    ///     .seed(Seed::Empty)
    ///     .seed_json(r#"{
    ///         "/users": [{ "displayName": "Ada", "userPrincipalName": "ada@contoso.com" }],
    ///         "/users/ada@contoso.com/todo/lists": [{ "displayName": "Groceries" }]
    ///     }"#)
    ///     .start()
    ///     .await?;
    /// assert_eq!(simulator.read("/users/ada@contoso.com")?["displayName"], "Ada");
    /// # Ok(())
    /// # }
    /// ```
    pub fn seed_json(mut self, text: impl Into<String>) -> Self {
        self.documents.push(Document::Text(text.into()));
        self
    }

    /// Sets the number of items on a page if a request has no `$top`, instead of each service's
    /// own.
    pub fn page_size(mut self, items: usize) -> Self {
        self.plan.page_size = Some(items);
        self
    }

    /// Sets the number of requests that [`Simulator::requests`] keeps with their bodies, instead of
    /// 10,000.
    pub fn kept_requests(mut self, requests: usize) -> Self {
        self.plan.kept_requests = requests;
        self
    }

    /// Responds with values that are made from their types, instead of 501, where nothing is
    /// simulated.
    ///
    /// It serves the test of a client that calls each operation of the description once. The
    /// values say nothing about what Graph would do, so a test of a program must not use them.
    pub fn synthesize_responses(mut self) -> Self {
        self.plan.synthesizes = true;
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    /// Returns [`Error::Description`] if the description cannot be read, [`Error::Seed`] if a seed
    /// cannot be read or would be refused, [`Error::Listen`] if a port is taken, and
    /// [`Error::PublicUrl`] if a public address is invalid.
    pub async fn start(self) -> Result<Simulator, Error> {
        let port = self.network.port;
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
                        Ok((simulator, sockets)) => {
                            let core = Arc::clone(&simulator.core);
                            let (outbox, inbox) = unbounded_channel();
                            core.state().webhooks.outbox = Some(outbox);
                            tokio::spawn(deliver(core, inbox));
                            sockets.serve(&simulator);
                            if ready.send(Ok(simulator)).is_ok() {
                                stopped.await.unwrap_or_default();
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
            Ok(Ok(mut simulator)) => {
                simulator.stop = Some(stop);
                simulator.thread = Some(thread);
                Ok(simulator)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(listen(std::io::Error::other(
                "the simulator's thread ended",
            ))),
        }
    }

    /// Returns the simulator without its thread, and its sockets.
    async fn open(self) -> Result<(Simulator, Sockets), Error> {
        let sockets = self.network.open().await?;
        let addresses = sockets.addresses.clone();
        let description = self.source.read()?;
        let beta = self.beta.map(Source::read).transpose()?;

        let documents = self.documents.into_iter().map(Document::read);
        let plan = Plan {
            documents: documents.collect::<Result<_, _>>()?,
            ..self.plan
        };
        let (state, credentials) = plan.begin(&description, &addresses);
        let core = Core::new(description, beta, addresses, plan, state);
        core.plant()?;
        let simulator = Simulator {
            url: format!("{}/v1.0", core.addresses.graph),
            core: Arc::new(core),
            credentials,
            endpoints: sockets.endpoints(),
            stop: None,
            thread: None,
        };
        Ok((simulator, sockets))
    }
}

/// Omits all secrets.
impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("source", &self.source)
            .field("network", &self.network)
            .field("domain", &self.plan.domain)
            .field("client_id", &self.plan.client_id)
            .field("seed", &self.plan.seed)
            .finish_non_exhaustive()
    }
}
