//! Signing in on a desktop, with the browser of the machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use url::Url;

use super::super::session::{Lazy, joined};
use super::super::{
    Account, Application, BoxError, Token, TokenProvider, TokenRequest, TokenStore, UserSession,
};
use super::loopback::Loopback;
use super::{AuthorizationCode, Prompt};
use crate::error::SignInError;
use crate::{Graph, Result};

type Open = Arc<dyn Fn(&Url) -> Result<(), BoxError> + Send + Sync>;

/// How long the user may take.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Signs in the user of a desktop, with the browser of the machine: the authorization code flow with PKCE, and a listener on
/// 127.0.0.1 that the browser comes back to (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>,
/// [RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
///
/// The first call opens the browser, and waits until the user has signed in; so does any later one when the user has to sign in
/// again. With a [`store`](Self::store), the user need not sign in again each time that the program starts.
///
/// ```no_run
/// use msgraph::Graph;
/// use msgraph::auth::{DesktopSignIn, FileStore};
///
/// # async fn example() -> msgraph::Result<()> {
/// let user = DesktopSignIn::new("common", "11111111-1111-1111-1111-111111111111")
///     .scopes(["User.Read", "Mail.Read"])
///     .store(FileStore::new("/home/ada/.local/state/mailer/session.json"));
/// let graph = Graph::new(user);
/// graph.sign_in().await?;
/// # Ok(())
/// # }
/// ```
///
/// The application is registered for mobile and desktop, with the redirect URI `http://localhost`: any port will do then.
///
/// Clones are cheap, and have one session, until one of them is told of another user, store or scope.
///
/// # Errors
///
/// A call gives [`Error::SignIn`](crate::Error::SignIn) when there is no browser, when the user declines or takes too long, or when
/// the platform refuses.
#[derive(Clone)]
pub struct DesktopSignIn {
    lazy: Lazy,
    prompt: Option<Prompt>,
    port: Option<u16>,
    timeout: Duration,
    open: Open,
}

impl DesktopSignIn {
    /// `tenant` is the tenant's id or one of its domains, or `organizations`, `consumers` or `common`.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self::of(Application::new(tenant, client_id))
    }

    /// Signs in to an application that there is already. It is a public client, which has nothing to show.
    pub fn of(application: Application) -> Self {
        Self {
            lazy: Lazy::new(application),
            prompt: None,
            port: None,
            timeout: TIMEOUT,
            open: Arc::new(|url| Ok(open::that_detached(url.as_str())?)),
        }
    }

    /// Asks for these permissions in place of all that were consented to.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.lazy.set_scope(joined(scopes));
        self
    }

    /// Keeps the session beyond the program, and begins with the one that is there.
    #[must_use]
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.lazy.set_store(Arc::new(store));
        self
    }

    /// The name that the user is expected to sign in with. It tells this user's session in the [`store`](Self::store) from others'.
    #[must_use]
    pub fn user(mut self, username: impl Into<String>) -> Self {
        self.lazy.set_user(username.into());
        self
    }

    /// Has the platform ask the user something.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Listens on this port, instead of any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// How long the user may take; by default, 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the browser in another way, or shows the address. The closure may block for as long as a program takes to start, but must
    /// not wait for the user: the browser's answer is taken once it has returned.
    ///
    /// ```
    /// # use msgraph::auth::DesktopSignIn;
    /// let user = DesktopSignIn::new("common", "11111111-1111-1111-1111-111111111111").open_browser(|url| {
    ///     println!("Open {url}");
    ///     Ok::<_, std::io::Error>(())
    /// });
    /// ```
    #[must_use]
    pub fn open_browser<E: Into<BoxError>>(
        mut self,
        open: impl Fn(&Url) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.open = Arc::new(move |url| open(url).map_err(Into::into));
        self
    }

    /// Signs in now, whether there is a session or not. Dropping the future ends it.
    ///
    /// # Errors
    ///
    /// As those of a call.
    pub async fn sign_in(&self, graph: &Graph) -> Result<UserSession> {
        let request = graph.sign_in_request()?;
        let expected = self.lazy.user().map(str::to_owned);
        self.lazy.begin(self.ask_user(request, expected)).await
    }

    /// The session that there is: of this program, or in the [`store`](Self::store). No browser opens, and nothing is sent.
    ///
    /// With [`Graph::with_provider`], its calls never open a browser: where the user is needed, they fail
    /// ([`needs_user`](SignInError::needs_user)). That is for work in the background, and for signing out at the start of a program.
    ///
    /// ```
    /// # async fn example(graph: msgraph::Graph, user: msgraph::auth::DesktopSignIn) -> msgraph::Result<()> {
    /// match user.resume(&graph).await? {
    ///     Some(session) => println!("signed in as {:?}", session.account().and_then(|user| user.username())),
    ///     None => println!("nobody is signed in"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the token store fails.
    pub async fn resume(&self, graph: &Graph) -> Result<Option<UserSession>> {
        self.lazy.resume(graph.cloud()).await
    }

    /// The user, once somebody has signed in and until they sign out.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::DesktopSignIn;
    ///
    /// # async fn example(user: DesktopSignIn) -> msgraph::Result<()> {
    /// let graph = Graph::new(user.clone());
    /// graph.sign_in().await?;
    /// let account = user.account();
    /// # Ok(())
    /// # }
    /// ```
    pub fn account(&self) -> Option<Account> {
        self.lazy.account()
    }

    async fn ask_user(
        &self,
        request: TokenRequest,
        expected: Option<String>,
    ) -> Result<UserSession> {
        let listener = Loopback::bind(self.port).await.map_err(|error| {
            let port = match self.port {
                Some(port) => format!("port {port} on 127.0.0.1 is not free"),
                None => "there is no port on 127.0.0.1".to_owned(),
            };
            SignInError::new(format!("{port} for the browser to come back to")).with_source(error)
        })?;
        let sign_in = AuthorizationCode {
            scope: self.lazy.scope().map(str::to_owned),
            prompt: self.prompt,
            login_hint: expected,
            claims: request.claims().map(str::to_owned),
            ..AuthorizationCode::new(self.lazy.application().clone(), listener.redirect_uri())
        };
        let pending = sign_in.begin_at(request.cloud())?;
        self.lazy.wait_for_user(&request, self.timeout);
        self.open(pending.url().clone()).await?;
        self.lazy.wait_for_user(&request, self.timeout);
        let answer = timeout(self.timeout, listener.answer(&pending))
            .await
            .map_err(|_| SignInError::user_needed("the user has not signed in in time"))?
            .map_err(|error| {
                SignInError::new("the browser could not come back").with_source(error)
            })?;
        let place = |_: &Account| self.lazy.place(request.cloud());
        sign_in.finish_by(&request, pending, &answer, place).await
    }

    /// Opens the browser, off the runtime: starting a program may take its time.
    async fn open(&self, url: Url) -> Result<()> {
        let open = Arc::clone(&self.open);
        let opened = tokio::task::spawn_blocking(move || open(&url)).await;
        let failed = || {
            SignInError::new(
                "no browser could be opened: `DesktopSignIn::open_browser` shows the address in another way, and `DeviceCode` \
                 signs in with another device",
            )
        };
        match opened {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed().with_source(error).into()),
            Err(error) => Err(failed().with_source(error).into()),
        }
    }
}

#[async_trait]
impl TokenProvider for DesktopSignIn {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        self.lazy
            .token(&request, |request, expected| {
                self.ask_user(request, expected)
            })
            .await
    }
}

impl fmt::Debug for DesktopSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DesktopSignIn")
            .field("application", self.lazy.application())
            .field("scope", &self.lazy.scope())
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
