//! Applications, as the identity platform knows them.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;
use uuid::Uuid;

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
use super::Certificate;
use super::federation::{AzurePipelines, Federation, GitHubActions};
use super::platform::{ADMIN_CONSENT, LOGOUT, Platform, tenant_url};
use super::{BoxError, CacheKey, ManagedIdentity, Secret, Token, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::{Cloud, Result};

type MadeAssertion = Pin<Box<dyn Future<Output = Result<Secret<String>, BoxError>> + Send>>;

/// An application as the identity platform knows it: its tenant, its id, and how it shows who it is.
///
/// [`AuthorizationCode`](super::AuthorizationCode), [`OnBehalfOf`](super::OnBehalfOf) and [`RefreshToken::of`](super::RefreshToken::of) are
/// made of it; clones are cheap.
///
/// ```
/// use msgraph::auth::Application;
///
/// # fn example(secret: String) {
/// // A web application, which has a secret; without one it is a public client, as those on desktops are.
/// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
///     .client_secret(secret);
/// // The same application in another tenant, whose administrator has consented to it.
/// let fabrikam = application.in_tenant("fabrikam.com");
/// assert_eq!(fabrikam.tenant(), "fabrikam.com");
/// # }
/// ```
///
/// <https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals>
#[derive(Clone)]
pub struct Application {
    tenant: String,
    client_id: String,
    proof: Proof,
}

/// How an application shows who it is (<https://www.rfc-editor.org/rfc/rfc6749#section-2.3>).
#[derive(Clone)]
enum Proof {
    /// A public client has nothing to show.
    None,
    Secret(Secret<String>),
    /// What an assertion is signed with.
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
    Certificate(Certificate),
    /// What makes an assertion each time that one is needed.
    Callback {
        make: Arc<dyn Fn() -> MadeAssertion + Send + Sync>,
        /// Tells it from other callbacks, which cannot be compared.
        id: Uuid,
    },
    /// What another platform says of the program that runs on it.
    Federation(Federation),
}

/// What a token request says of its application, beside the id.
pub(super) enum Shown {
    Nothing,
    Secret(Secret<String>),
    Assertion(Secret<String>),
}

impl Application {
    /// An application that shows nothing: a public client.
    ///
    /// `tenant` is the tenant's id or one of its domains; where users of any may sign in, `organizations`, `consumers`
    /// (personal accounts) or `common` (both).
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            proof: Proof::None,
        }
    }

    /// Shows a client secret: its value, not its id.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<Secret<String>>) -> Self {
        self.proof = Proof::Secret(secret.into());
        self
    }

    /// Shows an assertion that its certificate's key signs.
    ///
    /// ```
    /// # use msgraph::auth::{Application, Certificate};
    /// # fn example(certificate: Certificate) {
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .certificate(certificate);
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
    #[cfg_attr(
        docsrs,
        doc(cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))
    )]
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.proof = Proof::Certificate(certificate);
        self
    }

    /// Shows an assertion: a token (JWT) that is made elsewhere and says who the application is. The callback is asked each
    /// time that one is needed; an assertion is good for minutes, so none is kept.
    ///
    /// Clones of this application share their tokens. One that is made anew with the same callback
    /// shares none with it, because callbacks cannot be compared.
    ///
    /// ```
    /// # use msgraph::auth::Application;
    /// # async fn sign_in_the_vault() -> std::io::Result<String> { Ok(String::new()) }
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .client_assertion(sign_in_the_vault);
    /// ```
    ///
    /// <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>
    #[must_use]
    pub fn client_assertion<F, R, S, E>(mut self, assertion: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Secret<String>>,
        E: Into<BoxError>,
    {
        let make = move || -> MadeAssertion {
            let made = assertion();
            Box::pin(async move { made.await.map(Into::into).map_err(Into::into) })
        };
        self.proof = Proof::Callback {
            make: Arc::new(make),
            id: Uuid::new_v4(),
        };
        self
    }

    /// Shows the token in a file, which is written by the platform on which the program runs. The file is read each time that a token is
    /// needed, since the platform replaces it about once an hour.
    ///
    /// ```
    /// use msgraph::auth::Application;
    ///
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .federated_token_file("/var/run/secrets/azure/tokens/azure-identity-token");
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
    #[must_use]
    pub fn federated_token_file(self, file: impl Into<PathBuf>) -> Self {
        self.vouched_for(Federation::File(file.into()))
    }

    /// Shows a token of this machine's managed identity, which the application trusts: the identity then needs no permissions of
    /// its own, and the application may be one that other tenants have consented to, where a managed identity has none.
    ///
    /// The identity is a user-assigned one of the tenant that the application is registered in. It is asked each time that a token is
    /// needed; where it has no token, its error is the call's. Which audience its token has to have in the sovereign clouds and in
    /// custom ones is documented nowhere; there it is `api://AzureADTokenExchange`, as in the global cloud.
    ///
    /// ```
    /// use msgraph::auth::{Application, ManagedIdentity};
    ///
    /// let identity = ManagedIdentity::new().client_id("22222222-2222-2222-2222-222222222222");
    /// let application = Application::new("fabrikam.com", "11111111-1111-1111-1111-111111111111")
    ///     .managed_identity(identity);
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity>
    #[must_use]
    pub fn managed_identity(self, identity: ManagedIdentity) -> Self {
        self.vouched_for(Federation::ManagedIdentity(Arc::new(identity)))
    }

    /// Shows the token by which GitHub Actions says which job this is, where the program runs in one. The job needs
    /// `permissions: id-token: write`; without it, there is [nothing to sign in with](SignInError::is_unavailable).
    ///
    /// The variables `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN` are read, and GitHub is asked, each time that a
    /// token is needed.
    ///
    /// ```
    /// use msgraph::auth::Application;
    ///
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .github_actions();
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust#github-actions>
    #[must_use]
    pub fn github_actions(self) -> Self {
        self.vouched_for(Federation::GitHubActions(GitHubActions::new()))
    }

    /// Shows the token of a service connection of Azure Pipelines, by its id (`resourceId` in the address of its page), where the
    /// program runs in a job that may use it.
    ///
    /// The variables `SYSTEM_OIDCREQUESTURI`, which each job has, and `SYSTEM_ACCESSTOKEN`, which the step has to be given
    /// (`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`), are read, and Azure DevOps is asked, each time that a token is needed.
    ///
    /// ```
    /// use msgraph::auth::Application;
    ///
    /// let application = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .azure_pipelines("33333333-3333-3333-3333-333333333333");
    /// ```
    ///
    /// <https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity>
    #[must_use]
    pub fn azure_pipelines(self, service_connection_id: impl Into<String>) -> Self {
        let pipelines = AzurePipelines::new(service_connection_id.into());
        self.vouched_for(Federation::AzurePipelines(pipelines))
    }

    pub(super) fn vouched_for(mut self, federation: Federation) -> Self {
        self.proof = Proof::Federation(federation);
        self
    }

    /// The same application in another tenant.
    #[must_use]
    pub fn in_tenant(&self, tenant: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            ..self.clone()
        }
    }

    /// The tenant: an id, a domain, or which users may sign in.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The application's id, which is called client id as well.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where an administrator consents to the application's permissions for the whole tenant, once. Afterwards the browser comes
    /// to `redirect_uri` with `admin_consent=True`, the tenant's id and the state; or with `error` and `error_description`.
    ///
    /// ```
    /// use msgraph::Cloud;
    /// use msgraph::auth::Application;
    ///
    /// # fn main() -> msgraph::Result<()> {
    /// let url = Application::new("organizations", "11111111-1111-1111-1111-111111111111")
    ///     .admin_consent_url(&Cloud::Global, "https://app.contoso.com/consented", "state of the session")?;
    /// assert_eq!(
    ///     url.as_str(),
    ///     "https://login.microsoftonline.com/organizations/v2.0/adminconsent\
    ///      ?client_id=11111111-1111-1111-1111-111111111111\
    ///      &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
    ///      &redirect_uri=https%3A%2F%2Fapp.contoso.com%2Fconsented\
    ///      &state=state+of+the+session",
    /// );
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the tenant's name cannot stand in a URL.
    ///
    /// <https://learn.microsoft.com/entra/identity-platform/v2-admin-consent>
    pub fn admin_consent_url(&self, cloud: &Cloud, redirect_uri: &str, state: &str) -> Result<Url> {
        let mut url = tenant_url(cloud, &self.tenant, ADMIN_CONSENT)?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("scope", cloud.scope())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state);
        Ok(url)
    }

    /// Where a browser signs its user out of the identity platform, and with it of all applications of this browser that listen.
    /// Afterwards it comes to `redirect_uri`, which has to be one of the application's.
    ///
    /// ```
    /// use msgraph::Cloud;
    /// use msgraph::auth::Application;
    ///
    /// # fn main() -> msgraph::Result<()> {
    /// let url = Application::new("contoso.com", "11111111-1111-1111-1111-111111111111")
    ///     .sign_out_url(&Cloud::Global, "https://app.contoso.com/")?;
    /// assert_eq!(
    ///     url.as_str(),
    ///     "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/logout\
    ///      ?post_logout_redirect_uri=https%3A%2F%2Fapp.contoso.com%2F",
    /// );
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SignIn`](crate::Error::SignIn) when the tenant's name cannot stand in a URL.
    ///
    /// <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request>
    pub fn sign_out_url(&self, cloud: &Cloud, redirect_uri: &str) -> Result<Url> {
        let mut url = tenant_url(cloud, &self.tenant, LOGOUT)?;
        url.query_pairs_mut()
            .append_pair("post_logout_redirect_uri", redirect_uri);
        Ok(url)
    }

    /// Signs in as the application itself.
    ///
    /// # Errors
    ///
    /// When there is nothing to show, or the platform refuses.
    pub(super) async fn sign_in(&self, request: &TokenRequest) -> Result<Token> {
        self.has_own_tenant()?;
        let platform = Platform::new(self, request).await?;
        Ok(platform.client_credentials().await?.token())
    }

    /// Returns what the application's own tokens are of.
    pub(super) fn cache_key(&self, cloud: &Cloud) -> CacheKey {
        let key = CacheKey::new(cloud, &self.tenant, &self.client_id);
        self.proof.identify(key)
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.proof, Proof::None)
    }

    /// An application signs in to a tenant of its own. The platform refuses these names as well, in words that do not name the
    /// tenant (AADSTS9001023 and others).
    ///
    /// # Errors
    ///
    /// When the tenant stands for whichever one a user is of.
    fn has_own_tenant(&self) -> Result<()> {
        match self.tenant.to_ascii_lowercase().as_str() {
            tenant @ ("common" | "organizations" | "consumers") => Err(SignInError::new(format!(
                "an application signs in to a tenant of its own, not to `{tenant}`: give the tenant's id or domain"
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// What the next request to a token endpoint shows.
    ///
    /// # Errors
    ///
    /// When there is no assertion to be had.
    #[cfg_attr(
        not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")),
        allow(unused_variables, reason = "certificates alone sign for an endpoint")
    )]
    pub(super) async fn show(&self, endpoint: &str, request: &TokenRequest) -> Result<Shown> {
        match &self.proof {
            Proof::None => Ok(Shown::Nothing),
            Proof::Secret(secret) => Ok(Shown::Secret(secret.clone())),
            #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
            Proof::Certificate(certificate) => {
                let assertion = certificate.assertion(&self.client_id, endpoint).await?;
                Ok(Shown::Assertion(assertion))
            }
            Proof::Callback { make, .. } => make().await.map(Shown::Assertion).map_err(|error| {
                SignInError::new("there is no assertion to sign in with")
                    .with_source(error)
                    .into()
            }),
            Proof::Federation(federation) => {
                federation.assertion(request).await.map(Shown::Assertion)
            }
        }
    }
}

/// As itself, with what it shows: the client credentials grant.
///
/// [`ClientSecret`](super::ClientSecret) and its like are the same in one line; this is for an application that has users as well.
#[async_trait]
impl TokenProvider for Application {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        if self.is_public() {
            return Err(SignInError::new(
                "an application needs a secret, a certificate or an assertion to sign in as itself",
            )
            .into());
        }
        self.sign_in(&request).await
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(Application::cache_key(self, cloud))
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("proof", &self.proof)
            .finish()
    }
}

impl Proof {
    /// Adds to a key what the application shows. Whoever shows something else shares no token.
    fn identify(&self, key: CacheKey) -> CacheKey {
        match self {
            Self::None => key,
            Self::Secret(secret) => key.credential("secret").credential(secret.expose()),
            #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
            Self::Certificate(certificate) => key
                .credential("certificate")
                .credential(certificate.digest()),
            Self::Callback { id, .. } => key.credential("callback").credential(id),
            Self::Federation(federation) => federation.identify(key),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Secret(secret) => f.debug_tuple("Secret").field(secret).finish(),
            #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
            Self::Certificate(certificate) => {
                f.debug_tuple("Certificate").field(certificate).finish()
            }
            Self::Callback { .. } => f.write_str("Callback"),
            Self::Federation(federation) => federation.fmt(f),
        }
    }
}
