//! Sign-in on another device.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::platform::{DeviceAuthorization, Grant, Platform};
use super::session::{InteractiveSession, joined, sign_in_scope};
use super::{
    AccessToken, Account, Application, Secret, TokenProvider, TokenRequest, TokenStore, UserSession,
};
use crate::error::SignInError;
use crate::{Result, SignInClient};

/// The time by which the polling interval grows when the platform asks to slow down ([RFC 8628,
/// 3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
const SLOWER: Duration = Duration::from_secs(5);

type Shown = BoxFuture<'static, ()>;
type Show = Arc<dyn Fn(DeviceCodePrompt) -> Shown + Send + Sync>;

/// A credential for a user who has a browser on another device. It is for command lines, servers
/// without a screen, and televisions
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>).
///
/// The first call shows the instructions, and waits until the user has followed them. A later call
/// does the same if the user has to sign in again. With a [`store`](Self::store), the user need not
/// sign in again each time the program starts.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{DeviceCodeCredential, FileStore};
///
/// # async fn example() -> msgraph::Result<()> {
/// let user = DeviceCodeCredential::new(
///     "organizations",
///     "11111111-1111-1111-1111-111111111111",
///     |prompt| {
///         println!("{}", prompt.message());
///         std::future::ready(())
///     },
/// )
/// .scopes(["User.Read", "Mail.Read"])
/// .store(FileStore::new("/home/ada/.local/state/mailer/session.json"));
/// let graph = Graph::new(user);
/// graph.sign_in().await?;
/// # Ok(())
/// # }
/// ```
///
/// The application must allow public client flows. Policies of Conditional Access often refuse
/// device codes, because an attacker may talk a user into entering the attacker's code. If a
/// browser is available, prefer
/// [`InteractiveBrowserCredential`](super::InteractiveBrowserCredential).
///
/// Clones are cheap and share one session, until one of them is given another user, store or scope.
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the user declines, cancels or lets
/// the code expire, or if the platform refuses.
#[derive(Clone)]
pub struct DeviceCodeCredential {
    lazy: InteractiveSession,
    show: Show,
}

/// The instructions for the user: open an address, and enter a code ([RFC 8628,
/// 3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
///
/// ```
/// use msgraph::auth::DeviceCodeCredential;
///
/// let user =
///     DeviceCodeCredential::new("common", "11111111-1111-1111-1111-111111111111", |prompt| {
///         println!("{}: {}", prompt.verification_uri(), prompt.user_code());
///         std::future::ready(())
///     });
/// ```
#[derive(Clone)]
pub struct DeviceCodePrompt {
    message: String,
    user_code: String,
    verification_uri: String,
    ends: Instant,
    cancelled: Arc<Notify>,
}

impl DeviceCodePrompt {
    /// Returns the text to show, which contains the address and the code. It is the platform's own
    /// sentence, in English.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the code that the user enters.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Returns the address that the user opens.
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// Returns how long the code is still valid.
    pub fn expires_in(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// Ends the sign-in, which then fails. Keep the prompt, or a clone of it, to call this later.
    pub fn cancel(&self) {
        self.cancelled.notify_one();
    }
}

/// Omits the code, because anyone who enters it can sign in.
impl fmt::Debug for DeviceCodePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodePrompt")
            .field("verification_uri", &self.verification_uri)
            .field("expires_in", &self.expires_in())
            .finish_non_exhaustive()
    }
}

impl DeviceCodeCredential {
    /// Creates the credential. `tenant` is the tenant's id or one of its domains, or
    /// `organizations`, `consumers` or `common`. `show` shows the instructions to the user.
    pub fn new<F, R>(tenant: impl Into<String>, client_id: impl Into<String>, show: F) -> Self
    where
        F: Fn(DeviceCodePrompt) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::from_application(Application::new(tenant, client_id), show)
    }

    /// Creates the credential for an existing application.
    pub fn from_application<F, R>(application: Application, show: F) -> Self
    where
        F: Fn(DeviceCodePrompt) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self {
            lazy: InteractiveSession::new(application),
            show: Arc::new(move |prompt| Box::pin(show(prompt))),
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

    /// Identifies this user's session in the [`store`](Self::store), if several users work with the
    /// program. It is the name that the user signs in with, or any other name.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.lazy.set_user(user.into());
        self
    }

    /// Signs in now, even if a session exists. Dropping the future ends the sign-in.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as a call.
    pub async fn sign_in(&self, graph: &impl SignInClient) -> Result<UserSession> {
        let request = graph.sign_in_request()?;
        self.lazy.begin(self.ask_user(request)).await
    }

    /// Returns the existing session: of this program, or from the [`store`](Self::store). It shows
    /// nothing to the user, and sends nothing.
    ///
    /// With `Graph::with_provider`, the calls of the session never involve the user. If the user
    /// is needed, they fail ([`needs_user`](SignInError::needs_user)).
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if the token store fails.
    pub async fn resume(&self, graph: &impl SignInClient) -> Result<Option<UserSession>> {
        self.lazy.resume(graph.cloud()).await
    }

    /// Returns the user, from sign-in until sign-out.
    pub fn account(&self) -> Option<Account> {
        self.lazy.account()
    }

    fn ask_user(&self, request: TokenRequest) -> BoxFuture<'_, Result<UserSession>> {
        Box::pin(async move {
            let application = self.lazy.application();
            let platform = Platform::new(application, &request).await?;
            let scope = sign_in_scope(self.lazy.scope(), request.cloud());
            let authorization = platform.device_code(&scope).await?;
            let (life, interval) = authorization.times()?;
            self.lazy.wait_for_user(&request, life);
            let prompt = prompt(&authorization, life);
            let device_code = Secret::new(authorization.device_code);
            // The callback may run for as long as it shows the prompt.
            let shown = async {
                (self.show)(prompt.clone()).await;
                std::future::pending().await
            };
            let grant = tokio::select! {
                outcome = timeout_at(prompt.ends, poll(&platform, &device_code, interval)) => {
                    let late = "the device code expired before the user signed in";
                    outcome.map_err(|_| SignInError::user_needed(late))?
                }
                never = shown => never,
                () = prompt.cancelled.notified() => {
                    return Err(SignInError::user_needed("the sign-in was cancelled").into());
                }
            }?;
            let place = |_: &Account| self.lazy.place(request.cloud());
            let scope = self.lazy.scope().map(str::to_owned);
            UserSession::begun(
                application.clone(),
                scope,
                place,
                None,
                &grant,
                request.cloud(),
            )
        })
    }
}

fn prompt(authorization: &DeviceAuthorization, life: Duration) -> DeviceCodePrompt {
    let DeviceAuthorization {
        user_code,
        verification_uri,
        message,
        ..
    } = authorization;
    let message = message.clone().unwrap_or_else(|| {
        format!("To sign in, open {verification_uri} in a browser and enter the code {user_code}.")
    });
    let now = Instant::now();
    DeviceCodePrompt {
        message,
        user_code: user_code.clone(),
        verification_uri: verification_uri.clone(),
        ends: now.checked_add(life).unwrap_or(now),
        cancelled: Arc::default(),
    }
}

/// Polls until the user has signed in, or the sign-in has failed. The oauth2 crate's own loop gives
/// up at the first lost response, and at a response that is not JSON. The user may already be
/// entering the code then.
async fn poll(
    platform: &Platform<'_>,
    device_code: &Secret<String>,
    mut interval: Duration,
) -> Result<Grant> {
    let mut pause = Duration::ZERO;
    loop {
        sleep(interval.saturating_add(std::mem::take(&mut pause))).await;
        let error = match platform.device_token(device_code).await {
            Ok(grant) => return Ok(grant),
            Err(error) => error,
        };
        match error.error() {
            Some("authorization_pending") => {}
            Some("slow_down") => interval = interval.saturating_add(SLOWER),
            // A lost response, or a response of a gateway.
            _ if error.is_retryable() => pause = error.retry_after().unwrap_or(SLOWER),
            _ => return Err(error.into()),
        }
    }
}

impl TokenProvider for DeviceCodeCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        let sign_in = |request, _| self.ask_user(request);
        self.lazy.token(request, Box::new(sign_in))
    }
}

impl fmt::Debug for DeviceCodeCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodeCredential")
            .field("application", self.lazy.application())
            .field("scope", &self.lazy.scope())
            .finish_non_exhaustive()
    }
}
