//! Sign-in on a desktop, with the browser of the machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::timeout;
use url::Url;

use super::super::session::{InteractiveSession, joined};
use super::super::{
    AccessToken, Account, Application, BoxError, TokenProvider, TokenRequest, TokenStore,
    UserSession,
};
use super::loopback::Loopback;
use super::{AuthorizationCodeFlow, Prompt};
use crate::error::SignInError;
use crate::{Result, SignInClient};

type Open = Arc<dyn Fn(&Url) -> Result<(), BoxError> + Send + Sync>;

/// The time limit for the user.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A credential for the user of a desktop, with the browser of the machine. It uses the
/// authorization code flow with PKCE. The browser returns to a listener on 127.0.0.1
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>, [RFC
/// 8252](https://www.rfc-editor.org/rfc/rfc8252)).
///
/// The first call opens the browser, and waits until the user has signed in. A later call does the
/// same if the user has to sign in again. With a [`store`](Self::store), the user need not sign in
/// again each time the program starts.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::{InteractiveBrowserCredential, FileStore};
///
/// # async fn example() -> msgraph::Result<()> {
/// let user = InteractiveBrowserCredential::new("common", "11111111-1111-1111-1111-111111111111")
///     .scopes(["User.Read", "Mail.Read"])
///     .store(FileStore::new("/home/ada/.local/state/mailer/session.json"));
/// let graph = Graph::new(user);
/// graph.sign_in().await?;
/// # Ok(())
/// # }
/// ```
///
/// Register the application for mobile and desktop, with the redirect URI `http://localhost`, which
/// allows any port.
///
/// Clones are cheap and share one session, until one of them is given another user, store or scope.
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if no browser is available, if the
/// user declines or takes too long, or if the platform refuses.
#[derive(Clone)]
pub struct InteractiveBrowserCredential {
    lazy: InteractiveSession,
    prompt: Option<Prompt>,
    port: Option<u16>,
    timeout: Duration,
    open: Open,
}

impl InteractiveBrowserCredential {
    /// Creates the credential. `tenant` is the tenant's id or one of its domains, or
    /// `organizations`, `consumers` or `common`.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self::from_application(Application::new(tenant, client_id))
    }

    /// Creates the credential for an existing application. It must be a public client, without
    /// client authentication.
    pub fn from_application(application: Application) -> Self {
        Self {
            lazy: InteractiveSession::new(application),
            prompt: None,
            port: None,
            timeout: TIMEOUT,
            open: Arc::new(|url| Ok(open::that_detached(url.as_str())?)),
        }
    }

    /// Requests these permissions in place of all that were consented to.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.lazy.set_scope(joined(scopes));
        self
    }

    /// Keeps the session in a store beyond the run of the program, and starts with a stored
    /// session.
    #[must_use]
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.lazy.set_store(Arc::new(store));
        self
    }

    /// Sets the name that the user is expected to sign in with. It identifies this user's session
    /// in the [`store`](Self::store).
    #[must_use]
    pub fn user(mut self, username: impl Into<String>) -> Self {
        self.lazy.set_user(username.into());
        self
    }

    /// Sets what the platform asks the user.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Listens on this port, instead of any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets the time limit for the user; the default is 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the browser in another way, or shows the address. The closure may block for the time
    /// that a program takes to start. It must not wait for the user, because the browser's response
    /// is read only after the closure returns.
    ///
    /// ```
    /// # use msgraph::auth::InteractiveBrowserCredential;
    /// let user =
    ///     InteractiveBrowserCredential::new("common", "11111111-1111-1111-1111-111111111111")
    ///         .open_browser(|url| {
    ///             println!("Open {url}");
    ///             Ok::<_, std::io::Error>(())
    ///         });
    /// ```
    #[must_use]
    pub fn open_browser<E: Into<BoxError>>(
        mut self,
        open: impl Fn(&Url) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.open = Arc::new(move |url| open(url).map_err(Into::into));
        self
    }

    /// Signs in now, even if a session exists. Dropping the future ends the sign-in.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as a call.
    pub async fn sign_in(&self, graph: &impl SignInClient) -> Result<UserSession> {
        let request = graph.sign_in_request()?;
        let expected = self.lazy.user().map(str::to_owned);
        self.lazy.begin(self.ask_user(request, expected)).await
    }

    /// Returns the existing session: of this program, or from the [`store`](Self::store). It opens
    /// no browser, and sends nothing.
    ///
    /// With `Graph::with_provider`, the calls of the session never open a browser. If the user is
    /// needed, they fail ([`needs_user`](SignInError::needs_user)). This is for work in the
    /// background, and for sign-out at the start of a program.
    ///
    /// ```
    /// # async fn example(
    /// #     graph: msgraph::Graph,
    /// #     user: msgraph::auth::InteractiveBrowserCredential,
    /// # ) -> msgraph::Result<()> {
    /// match user.resume(&graph).await? {
    ///     Some(session) => println!(
    ///         "signed in as {:?}",
    ///         session.account().and_then(|user| user.username())
    ///     ),
    ///     None => println!("no user is signed in"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if the token store fails.
    pub async fn resume(&self, graph: &impl SignInClient) -> Result<Option<UserSession>> {
        self.lazy.resume(graph.cloud()).await
    }

    /// Returns the user, from sign-in until sign-out.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::InteractiveBrowserCredential;
    ///
    /// # async fn example(user: InteractiveBrowserCredential) -> msgraph::Result<()> {
    /// let graph = Graph::new(user.clone());
    /// graph.sign_in().await?;
    /// let account = user.account();
    /// # Ok(())
    /// # }
    /// ```
    pub fn account(&self) -> Option<Account> {
        self.lazy.account()
    }

    fn ask_user(
        &self,
        request: TokenRequest,
        expected: Option<String>,
    ) -> BoxFuture<'_, Result<UserSession>> {
        Box::pin(async move {
            let listener = Loopback::bind(self.port).await.map_err(|error| {
                let port = match self.port {
                    Some(port) => {
                        format!("cannot listen for the redirect on 127.0.0.1 port {port}")
                    }
                    None => "cannot listen for the redirect on any port of 127.0.0.1".to_owned(),
                };
                SignInError::new(port).with_source(error)
            })?;
            let sign_in = AuthorizationCodeFlow {
                scope: self.lazy.scope().map(str::to_owned),
                prompt: self.prompt,
                login_hint: expected,
                claims: request.claims().map(str::to_owned),
                ..AuthorizationCodeFlow::new(
                    self.lazy.application().clone(),
                    listener.redirect_uri(),
                )
            };
            let pending = sign_in.begin_at(request.cloud())?;
            self.lazy.wait_for_user(&request, self.timeout);
            self.open(pending.url().clone()).await?;
            self.lazy.wait_for_user(&request, self.timeout);
            let response = timeout(self.timeout, listener.response(&pending))
                .await
                .map_err(|_| SignInError::user_needed("timed out waiting for the user to sign in"))?
                .map_err(|error| {
                    SignInError::new("cannot receive the browser's redirect").with_source(error)
                })?;
            let place = |_: &Account| self.lazy.place(request.cloud());
            sign_in.finish_by(&request, pending, &response, place).await
        })
    }

    /// Opens the browser outside of the runtime, because starting a program may take time.
    async fn open(&self, url: Url) -> Result<()> {
        let open = Arc::clone(&self.open);
        let opened = tokio::task::spawn_blocking(move || open(&url)).await;
        let failed = || {
            SignInError::new(
                "cannot open a browser: show the address in another way with \
                 `InteractiveBrowserCredential::open_browser`, or sign in on another device with \
                 `DeviceCodeCredential`",
            )
        };
        match opened {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed().with_source(error).into()),
            Err(error) => Err(failed().with_source(error).into()),
        }
    }
}

impl TokenProvider for InteractiveBrowserCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        let sign_in = |request, expected| self.ask_user(request, expected);
        self.lazy.token(request, Box::new(sign_in))
    }
}

impl fmt::Debug for InteractiveBrowserCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InteractiveBrowserCredential")
            .field("application", self.lazy.application())
            .field("scope", &self.lazy.scope())
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
