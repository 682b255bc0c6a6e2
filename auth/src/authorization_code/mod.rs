//! Sign-in of users with a browser: the authorization code flow with PKCE.

mod authorization_response;
mod desktop;
mod loopback;
mod pending;

use std::fmt;
use std::sync::Arc;

use self::authorization_response::AuthorizationResponse;
pub use self::desktop::InteractiveBrowserCredential;
use self::pending::Asked;
pub use self::pending::PendingSignIn;
use super::claims::claims;
use super::platform::{AUTHORIZE, Platform, tenant_url};
use super::session::{StoreKey, joined, sign_in_scope};
use super::{Account, Application, TokenRequest, TokenStore, UserSession};
use crate::redact::Address;
use crate::{Cloud, Result, SignInClient};

/// A sign-in flow for the users of a web application. It sends their browsers to the identity
/// platform, and reads the response with which they return
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>).
///
/// A sign-in has two halves, each in a handler of the application. Between them, keep the
/// [`PendingSignIn`] in a place that belongs to one browser only. That is the browser's session, or
/// an encrypted cookie that is limited to this site. This type creates, sends and checks the state,
/// the nonce and PKCE.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{Application, AuthorizationCodeFlow, PendingSignIn, UserSession};
///
/// fn sign_in(secret: &str) -> AuthorizationCodeFlow {
///     let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
///         .client_secret(secret);
///     AuthorizationCodeFlow::new(application, "https://app.contoso.com/signed-in")
///         .scopes(["User.Read", "Mail.Read"])
/// }
///
/// // GET /sign-in: redirect to `pending.url()`, and keep `pending` for this browser.
/// fn begin(graph: &Graph, sign_in: &AuthorizationCodeFlow) -> msgraph::Result<PendingSignIn> {
///     sign_in.begin(graph)
/// }
///
/// // GET /signed-in?code=…&state=…
/// async fn finish(
///     graph: &Graph,
///     sign_in: &AuthorizationCodeFlow,
///     pending: PendingSignIn,
///     query: &str,
/// ) -> msgraph::Result<Graph> {
///     let session: UserSession = sign_in.finish(graph, pending, query).await?;
///     Ok(graph.with_provider(session))
/// }
/// ```
///
/// Both halves use the cloud and the connections of the client, never its tokens. A client with
/// [`NoCredential`](super::NoCredential) is enough.
#[derive(Clone)]
pub struct AuthorizationCodeFlow {
    application: Application,
    redirect_uri: String,
    scope: Option<String>,
    prompt: Option<Prompt>,
    login_hint: Option<String>,
    domain_hint: Option<String>,
    claims: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
}

/// The question that the platform asks the user in addition to the necessary ones.
///
/// ```
/// use msgraph::auth::{InteractiveBrowserCredential, Prompt};
///
/// let user = InteractiveBrowserCredential::new("common", "11111111-1111-1111-1111-111111111111")
///     .prompt(Prompt::SelectAccount);
/// ```
///
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Prompt {
    /// The platform asks for the password, even if the browser is signed in.
    Login,
    /// The platform asks nothing. If it would have to, the sign-in fails with `login_required`,
    /// `interaction_required` or `consent_required`.
    None,
    /// The platform asks for consent, even if it was given.
    Consent,
    /// The platform asks which of several accounts to use.
    SelectAccount,
    /// The platform asks the user to create an account, in a tenant with self-service sign-up
    /// (<https://learn.microsoft.com/entra/identity-platform/msal-js-prompt-behavior>).
    Create,
}

impl Prompt {
    fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::None => "none",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

impl AuthorizationCodeFlow {
    /// Creates the flow. `redirect_uri` is the address to which the browser returns, as registered
    /// for the application.
    pub fn new(application: Application, redirect_uri: impl Into<String>) -> Self {
        Self {
            application,
            redirect_uri: redirect_uri.into(),
            scope: None,
            prompt: None,
            login_hint: None,
            domain_hint: None,
            claims: None,
            store: None,
        }
    }

    /// Requests these permissions in place of all that were consented to.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(joined(scopes));
        self
    }

    /// Sets what the platform asks the user.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Sets the name that the user is expected to sign in with.
    #[must_use]
    pub fn login_hint(mut self, username: impl Into<String>) -> Self {
        self.login_hint = Some(username.into());
        self
    }

    /// Sets the user's domain. The platform then opens the domain's own sign-in page directly.
    #[must_use]
    pub fn domain_hint(mut self, domain: impl Into<String>) -> Self {
        self.domain_hint = Some(domain.into());
        self
    }

    /// Sets the claims that the user has to meet, from an error
    /// ([`SignInError::claims`](crate::error::SignInError::claims),
    /// [`ApiError::claims`](crate::error::ApiError::claims)).
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::{AuthorizationCodeFlow, PendingSignIn};
    /// # use msgraph::error::SignInError;
    /// # fn example(
    /// #     graph: &Graph,
    /// #     sign_in: &AuthorizationCodeFlow,
    /// #     error: &SignInError,
    /// # ) -> msgraph::Result<PendingSignIn> {
    /// // A call of this user has failed with claims. The browser is sent to sign in again.
    /// let sign_in = match error.claims() {
    ///     Some(claims) => sign_in.clone().claims(claims),
    ///     None => sign_in.clone(),
    /// };
    /// sign_in.begin(graph)
    /// # }
    /// ```
    #[must_use]
    pub fn claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// Keeps each user's session in a store beyond the run of the program, where
    /// [`resume`](Self::resume) finds it by the account.
    #[must_use]
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if the tenant's name is not valid in a URL, or the
    /// system has no random bytes.
    pub fn begin(&self, graph: &impl SignInClient) -> Result<PendingSignIn> {
        self.begin_at(graph.cloud())
    }

    fn begin_at(&self, cloud: &Cloud) -> Result<PendingSignIn> {
        let mut url = tenant_url(cloud, self.application.tenant(), AUTHORIZE)?;
        let scope = sign_in_scope(self.scope.as_deref(), cloud);
        let claims = claims(self.claims.as_deref());
        let parameters = [
            ("client_id", Some(self.application.client_id())),
            ("response_type", Some("code")),
            ("redirect_uri", Some(self.redirect_uri.as_str())),
            ("response_mode", Some("query")),
            ("scope", Some(scope.as_str())),
            ("claims", Some(claims.as_str())),
            ("prompt", self.prompt.map(Prompt::as_str)),
            ("login_hint", self.login_hint.as_deref()),
            ("domain_hint", self.domain_hint.as_deref()),
        ];
        let given = parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(given);
        Ok(PendingSignIn::new(url)?.asking(Asked {
            redirect_uri: self.redirect_uri.clone(),
            scope: self.scope.clone(),
            claims: self.claims.clone(),
        }))
    }

    /// Finishes a sign-in. `response` is the query with which the browser returned, the whole
    /// address, or the body of a form. Redirect URI and scopes are those of the first half.
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) in these cases:
    ///
    /// * The response belongs to another sign-in, because its state differs.
    /// * The user declined or the platform refused ([`error`](crate::error::SignInError::error)).
    /// * The code cannot be redeemed.
    /// * The token response does not identify the user, or belongs to another sign-in, because its
    ///   nonce differs.
    /// * The token store fails.
    pub async fn finish(
        &self,
        graph: &impl SignInClient,
        pending: PendingSignIn,
        response: &str,
    ) -> Result<UserSession> {
        let place = |account: &Account| self.place(graph.cloud(), &account.id());
        let response = AuthorizationResponse::read(response);
        let session = self
            .finish_by(&graph.sign_in_request()?, pending, &response, place)
            .await?;
        session.keep().await?;
        Ok(session)
    }

    async fn finish_by(
        &self,
        request: &TokenRequest,
        pending: PendingSignIn,
        response: &AuthorizationResponse,
        place: impl FnOnce(&Account) -> Option<StoreKey>,
    ) -> Result<UserSession> {
        let code = response.code(&pending)?;
        let Asked {
            redirect_uri,
            scope,
            claims,
        } = pending.asked();
        let request = request.with_claims(claims.as_deref().map(Into::into));
        let platform = Platform::new(&self.application, &request).await?;
        let grant = platform
            .authorization_code(&code, pending.verifier(), redirect_uri)
            .await?;
        UserSession::begun(
            self.application.clone(),
            scope.clone(),
            place,
            Some(pending.nonce()),
            &grant,
            request.cloud(),
        )
    }

    /// Returns the session of a user who has signed in before, by [`Account::id`]. Returns `None`
    /// if nothing is stored.
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AuthorizationCodeFlow;
    /// # async fn example(
    /// #     graph: &Graph,
    /// #     sign_in: &AuthorizationCodeFlow,
    /// #     account_id: &str,
    /// # ) -> msgraph::Result<()> {
    /// // The application has restarted. It finds the account's id by the browser's cookie.
    /// if let Some(session) = sign_in.resume(graph, account_id).await? {
    ///     let me = graph.with_provider(session).me().get().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) if the token store fails.
    pub async fn resume(
        &self,
        graph: &impl SignInClient,
        account_id: &str,
    ) -> Result<Option<UserSession>> {
        match self.place(graph.cloud(), account_id) {
            Some(place) => {
                let (application, scope) = (self.application.clone(), self.scope.clone());
                UserSession::resumed(application, scope, place, graph.cloud()).await
            }
            None => Ok(None),
        }
    }

    fn place(&self, cloud: &Cloud, account_id: &str) -> Option<StoreKey> {
        let store = self.store.as_ref()?;
        Some(StoreKey::of(
            store,
            &self.application,
            cloud,
            Some(account_id),
        ))
    }
}

impl fmt::Debug for AuthorizationCodeFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCodeFlow")
            .field("application", &self.application)
            .field("redirect_uri", &Address(&self.redirect_uri))
            .field("scope", &self.scope)
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}
