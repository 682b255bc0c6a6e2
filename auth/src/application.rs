//! Applications that are registered with the identity platform.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use url::Url;
use uuid::Uuid;

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
use super::Certificate;
use super::federation::{AzurePipelines, Federation, GitHubActions};
use super::platform::{ADMIN_CONSENT, LOGOUT, Platform, tenant_url};
use super::{
    AccessToken, BoxError, CacheKey, ManagedIdentityCredential, Secret, TokenProvider, TokenRequest,
};
use crate::error::SignInError;
use crate::{Cloud, Result};

type MadeAssertion = BoxFuture<'static, Result<Secret<String>, BoxError>>;

/// An application that is registered with the identity platform: its tenant, its id and its client
/// authentication.
///
/// [`AuthorizationCodeFlow`](super::AuthorizationCodeFlow),
/// [`OnBehalfOfCredential`](super::OnBehalfOfCredential) and
/// [`RefreshTokenCredential::from_application`](super::RefreshTokenCredential::from_application)
/// take one; clones are cheap.
///
/// ```
/// use msgraph::auth::Application;
///
/// # fn example(secret: String) {
/// // A web application, which has a secret. Without one it is a public client, as on desktops.
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
    authentication: ClientAuthentication,
}

/// The client authentication of an application
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-2.3>).
#[derive(Clone)]
enum ClientAuthentication {
    /// No authentication: a public client.
    None,
    Secret(Secret<String>),
    /// The certificate whose key signs an assertion.
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
    Certificate(Certificate),
    /// A callback that makes an assertion for each token request.
    Callback {
        make: Arc<dyn Fn() -> MadeAssertion + Send + Sync>,
        /// The identity of the callback, because callbacks cannot be compared.
        id: Uuid,
    },
    /// A token of another platform for the program that runs on it.
    Federation(Federation),
}

/// The client authentication that a token request contains, in addition to the application's id.
pub(super) enum Shown {
    Nothing,
    Secret(Secret<String>),
    Assertion(Secret<String>),
}

impl Application {
    /// Creates an application without client authentication: a public client.
    ///
    /// `tenant` is the tenant's id or one of its domains. Use `organizations`, `consumers`
    /// (personal accounts) or `common` (both) if users of any tenant may sign in.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            authentication: ClientAuthentication::None,
        }
    }

    /// Authenticates with a client secret: its value, not its id.
    #[must_use]
    pub fn client_secret(mut self, secret: impl Into<Secret<String>>) -> Self {
        self.authentication = ClientAuthentication::Secret(secret.into());
        self
    }

    /// Authenticates with an assertion that the certificate's key signs.
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
        self.authentication = ClientAuthentication::Certificate(certificate);
        self
    }

    /// Authenticates with an assertion from another source: a token (JWT) that identifies the
    /// application. The callback runs for each token request. Its result is not kept, because an
    /// assertion is valid only for minutes.
    ///
    /// Clones of this application share their tokens. A new application with the same callback
    /// shares no tokens with it, because callbacks cannot be compared.
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
        self.authentication = ClientAuthentication::Callback {
            make: Arc::new(make),
            id: Uuid::new_v4(),
        };
        self
    }

    /// Authenticates with the token in a file, which the platform that runs the program writes. The
    /// file is read for each token request, because the platform replaces it about once an hour.
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

    /// Authenticates with a token of this machine's managed identity, which the application trusts.
    /// The identity then needs no permissions of its own. The application may be one that other
    /// tenants have consented to, which a managed identity cannot be.
    ///
    /// The identity is a user-assigned one of the tenant that the application is registered in. Its
    /// token is requested for each token request of the application. If the identity has no token,
    /// the call fails with its error. The required audience in the sovereign clouds and in custom
    /// ones is not documented. This crate uses `api://AzureADTokenExchange` there, as in the global
    /// cloud.
    ///
    /// ```
    /// use msgraph::auth::{Application, ManagedIdentityCredential};
    ///
    /// let identity =
    ///     ManagedIdentityCredential::new().client_id("22222222-2222-2222-2222-222222222222");
    /// let application = Application::new("fabrikam.com", "11111111-1111-1111-1111-111111111111")
    ///     .managed_identity(identity);
    /// ```
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity>
    #[must_use]
    pub fn managed_identity(self, identity: ManagedIdentityCredential) -> Self {
        self.vouched_for(Federation::ManagedIdentityCredential(Arc::new(identity)))
    }

    /// Authenticates with the token that GitHub Actions issues for the current job. The job needs
    /// `permissions: id-token: write`. Without it, or outside of a job, this credential is
    /// [unavailable](SignInError::is_unavailable).
    ///
    /// For each token request, this reads the variables `ACTIONS_ID_TOKEN_REQUEST_URL` and
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN` and sends a request to GitHub.
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

    /// Authenticates with the token of a service connection of Azure Pipelines. The argument is the
    /// connection's id (`resourceId` in the address of its page). The program must run in a job
    /// that may use it.
    ///
    /// For each token request, this reads two variables and sends a request to Azure DevOps. Each
    /// job has `SYSTEM_OIDCREQUESTURI`. The step must be given `SYSTEM_ACCESSTOKEN`
    /// (`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`).
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
        self.authentication = ClientAuthentication::Federation(federation);
        self
    }

    /// Returns the same application in another tenant.
    #[must_use]
    pub fn in_tenant(&self, tenant: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            ..self.clone()
        }
    }

    /// Returns the tenant: an id, a domain, or the name for the users that may sign in.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Returns the application's id, also called client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the address where an administrator consents once to the application's permissions
    /// for the whole tenant. Afterwards the browser returns to `redirect_uri` with
    /// `admin_consent=True`, the tenant's id and the state, or with `error` and
    /// `error_description`.
    ///
    /// ```
    /// use msgraph::Cloud;
    /// use msgraph::auth::Application;
    ///
    /// # fn main() -> msgraph::Result<()> {
    /// let url = Application::new("organizations", "11111111-1111-1111-1111-111111111111")
    ///     .admin_consent_url(
    ///         &Cloud::Global,
    ///         "https://app.contoso.com/consented",
    ///         "state of the session",
    ///     )?;
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
    /// [`Error::SignIn`](crate::Error::SignIn) if the tenant's name is not valid in a URL.
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

    /// Returns the address where a browser signs its user out of the identity platform. This also
    /// signs the user out of all applications of this browser that listen for it. Afterwards the
    /// browser returns to `redirect_uri`, which must be registered for the application.
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
    /// [`Error::SignIn`](crate::Error::SignIn) if the tenant's name is not valid in a URL.
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
    /// Fails if the application has no client authentication, or if the platform refuses.
    pub(super) fn sign_in(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken>> {
        Box::pin(async move {
            self.has_own_tenant()?;
            let platform = Platform::new(self, &request).await?;
            Ok(platform.client_credentials().await?.token())
        })
    }

    /// Returns the cache key of the application's own tokens.
    pub(super) fn cache_key(&self, cloud: &Cloud) -> CacheKey {
        let key = CacheKey::new(cloud, &self.tenant, &self.client_id);
        self.authentication.identify(key)
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.authentication, ClientAuthentication::None)
    }

    /// Checks that the tenant is a single tenant, because an application signs in to a tenant of
    /// its own. The platform also refuses the other names, but its errors do not name the tenant
    /// (AADSTS9001023 and others).
    ///
    /// # Errors
    ///
    /// Fails if the tenant is a name that stands for users of any tenant.
    fn has_own_tenant(&self) -> Result<()> {
        match self.tenant.to_ascii_lowercase().as_str() {
            tenant @ ("common" | "organizations" | "consumers") => Err(SignInError::new(format!(
                "an application cannot sign in to the tenant `{tenant}`, which stands for several \
                 tenants: set the tenant's id or domain"
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// Returns the client authentication for the next request to a token endpoint.
    ///
    /// # Errors
    ///
    /// Fails if no assertion is available.
    #[cfg_attr(
        not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")),
        allow(unused_variables, reason = "only certificates sign for an endpoint")
    )]
    pub(super) async fn show(&self, endpoint: &str, request: &TokenRequest) -> Result<Shown> {
        match &self.authentication {
            ClientAuthentication::None => Ok(Shown::Nothing),
            ClientAuthentication::Secret(secret) => Ok(Shown::Secret(secret.clone())),
            #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
            ClientAuthentication::Certificate(certificate) => {
                let assertion = certificate.assertion(&self.client_id, endpoint).await?;
                Ok(Shown::Assertion(assertion))
            }
            ClientAuthentication::Callback { make, .. } => {
                make().await.map(Shown::Assertion).map_err(|error| {
                    SignInError::new("the client assertion callback failed")
                        .with_source(error)
                        .into()
                })
            }
            ClientAuthentication::Federation(federation) => {
                federation.assertion(request).await.map(Shown::Assertion)
            }
        }
    }
}

/// Signs in as the application itself, with the client credentials grant.
///
/// [`ClientSecretCredential`](super::ClientSecretCredential) and similar types do the same in one
/// line. This implementation is for an application that also signs in users.
impl TokenProvider for Application {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            if self.is_public() {
                return Err(SignInError::new(
                    "the application has no secret, certificate or assertion, so it cannot sign in \
                     as itself",
                )
                .into());
            }
            self.sign_in(request).await
        })
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
            .field("authentication", &self.authentication)
            .finish()
    }
}

impl ClientAuthentication {
    /// Adds the client authentication to a cache key. Applications with different authentication
    /// share no tokens.
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

impl fmt::Debug for ClientAuthentication {
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
