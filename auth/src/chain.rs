//! A chain of several credentials, of which the first available one is used.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::{
    AccessToken, AzureCliCredential, CacheKey, EnvironmentCredential, ManagedIdentityCredential,
    TokenProvider, TokenRequest,
};
use crate::error::{Error, SignInError};
use crate::{Cloud, Result};

/// A credential that uses the first available provider of several. It is for a program that runs on
/// a developer's machine as well as in a cluster.
///
/// The providers are called in order when the first token is needed. A provider that is
/// [unavailable](SignInError::is_unavailable) is skipped. If a provider is refused or fails in any
/// other way, the search ends with its error. A configured provider is there on purpose, and to
/// sign in with another identity would be worse than to fail. The provider of the first token also
/// gives all later ones, so that the identity never changes during a run.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{AzureCliCredential, ChainedCredential, ManagedIdentityCredential};
///
/// let graph = Graph::new(
///     ChainedCredential::new()
///         .or("managed identity", ManagedIdentityCredential::new())
///         .or("Azure CLI", AzureCliCredential::new().tenant("contoso.com")),
/// );
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`]. If no provider can sign in, the error gives the reason of
/// each in one line. It is [unavailable](SignInError::is_unavailable) itself, because a chain may
/// be part of a chain.
#[derive(Clone, Default)]
pub struct ChainedCredential {
    links: Arc<Vec<Link>>,
    /// The index of the provider that gave the first token.
    chosen: Arc<OnceCell<usize>>,
}

#[derive(Clone)]
struct Link {
    name: String,
    provider: Arc<dyn TokenProvider>,
}

impl ChainedCredential {
    /// Creates a chain without providers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider at the end. Errors contain its name.
    #[must_use]
    pub fn or(mut self, name: impl Into<String>, provider: impl TokenProvider) -> Self {
        Arc::make_mut(&mut self.links).push(Link {
            name: name.into(),
            provider: Arc::new(provider),
        });
        // A clone with other credentials chooses for itself.
        self.chosen = Arc::default();
        self
    }

    /// Creates the chain for a program that is developed on a desk and then runs in Azure:
    ///
    /// 1. [`EnvironmentCredential`], as the application for which the environment has a secret, a
    ///    certificate or a federated token;
    /// 2. [`ManagedIdentityCredential`], with the client id in `AZURE_CLIENT_ID` if it is set,
    ///    otherwise the machine's own;
    /// 3. [`AzureCliCredential`].
    ///
    /// The developer's tool comes last. If the program has an identity of its own, it must not use
    /// a person who happens to be signed in on the same machine. This function reads the
    /// environment.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::ChainedCredential;
    ///
    /// let graph = Graph::new(ChainedCredential::on_azure());
    /// ```
    pub fn on_azure() -> Self {
        Self::on_azure_with(&|name| std::env::var(name).ok())
    }

    fn on_azure_with(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::new()
            .or("environment", EnvironmentCredential::with(variable))
            .or("managed identity", managed_identity(variable))
            .or("Azure CLI", AzureCliCredential::new())
    }

    /// Returns the provider that gave the first token.
    fn chosen(&self) -> Option<&Link> {
        self.links.get(*self.chosen.get()?)
    }

    /// Gets the first token, and returns it with the index of its provider.
    async fn choose(&self, request: &TokenRequest) -> Result<(usize, AccessToken)> {
        let mut reasons = Vec::new();
        for (at, link) in self.links.iter().enumerate() {
            match link.provider.token(request.clone()).await {
                Ok(token) => return Ok((at, token)),
                Err(Error::SignIn(error)) if error.is_unavailable() => {
                    let reason = error.to_string();
                    let reason = reason.strip_prefix("sign-in failed: ").unwrap_or(&reason);
                    reasons.push(format!("`{}`: {reason}", link.name));
                }
                Err(Error::SignIn(error)) => return Err(error.of_link(&link.name).into()),
                Err(error) => return Err(error),
            }
        }
        let message = match reasons.is_empty() {
            true => "the chain contains no credential".to_owned(),
            false => format!(
                "no credential in the chain can sign in: {}",
                reasons.join("; ")
            ),
        };
        Err(SignInError::unavailable(message).into())
    }
}

impl TokenProvider for ChainedCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let mut first = None;
            let chosen = self.chosen.get_or_try_init(|| async {
                let (at, token) = self.choose(&request).await?;
                first = Some(token);
                Ok::<_, Error>(at)
            });
            let chosen = *chosen.await?;
            match (first, self.links.get(chosen)) {
                (Some(token), _) => Ok(token),
                (None, Some(link)) => link.provider.token(request).await,
                (None, None) => {
                    Err(SignInError::unavailable("the chain contains no credential").into())
                }
            }
        })
    }

    /// Returns the value of the provider that gave the first token. Before that, returns `true`
    /// only if all providers share tokens.
    fn shares_tokens(&self) -> bool {
        match self.chosen() {
            Some(link) => link.provider.shares_tokens(),
            None => self.links.iter().all(|link| link.provider.shares_tokens()),
        }
    }

    fn has_ended(&self) -> bool {
        self.chosen().is_some_and(|link| link.provider.has_ended())
    }

    /// Returns `None`: a chain's tokens may come from any of its providers, and a key is needed
    /// before the first token.
    fn cache_key(&self, _: &Cloud) -> Option<CacheKey> {
        None
    }
}

/// Prints the names, in order.
impl fmt::Debug for ChainedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.links.iter().map(|link| &link.name);
        f.write_str("ChainedCredential ")?;
        f.debug_list().entries(names).finish()
    }
}

fn managed_identity(variable: &dyn Fn(&str) -> Option<String>) -> ManagedIdentityCredential {
    match variable("AZURE_CLIENT_ID").filter(|id| !id.is_empty()) {
        Some(id) => ManagedIdentityCredential::new().client_id(id),
        None => ManagedIdentityCredential::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use msgraph_test_support::recorder::{Answer, Recorder};

    use super::*;
    use crate::ManagedIdentitySource;
    use crate::tests::plain_client;

    fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let value = variables.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn developer_tools_come_last_in_chain() {
        assert_eq!(
            format!("{:?}", ChainedCredential::on_azure_with(&environment(&[]))),
            r#"ChainedCredential ["environment", "managed identity", "Azure CLI"]"#
        );
    }

    #[test]
    fn environment_may_name_the_managed_identity() {
        let named = |variables| format!("{:?}", managed_identity(&environment(variables)));
        let client = named(&[("AZURE_CLIENT_ID", "client")]);
        assert!(client.contains(r#"Client("client")"#), "{client}");
        for variables in [&[][..], &[("AZURE_CLIENT_ID", "")]] {
            let own = named(variables);
            assert!(own.contains("SystemAssigned"), "{own}");
        }
    }

    #[tokio::test]
    async fn empty_environment_lists_reasons_of_all_credentials() {
        // A machine of another cloud that has another service at the address of the metadata
        // service.
        let other = Recorder::always(Answer::status(404)).await;
        let machine = ManagedIdentitySource::guessed_at(other.url());
        let chain = ChainedCredential::new()
            .or(
                "environment",
                EnvironmentCredential::with(&environment(&[])),
            )
            .or(
                "managed identity",
                ManagedIdentityCredential::new().source(machine),
            )
            .or(
                "Azure CLI",
                AzureCliCredential::new().program("/nowhere/az"),
            );
        let request = TokenRequest::new(Arc::new(Cloud::Global), plain_client(), None);
        let Err(Error::SignIn(error)) = chain.token(request).await else {
            panic!("a sign-in error was expected");
        };
        let says = "sign-in failed: no credential in the chain can sign in: `environment`: none of \
                    the environment variables `AZURE_CLIENT_SECRET`, \
                    `AZURE_CLIENT_CERTIFICATE_PATH` and `AZURE_FEDERATED_TOKEN_FILE` is set, nor \
                    is `AZURE_TENANT_ID`, nor is `AZURE_CLIENT_ID`; `managed identity`: no managed \
                    identity endpoint found on this machine: the environment variables name none, \
                    and the metadata service (IMDS) responded with an unexpected status (404); \
                    `Azure CLI`: the Azure CLI is not installed, or `/nowhere/az` is not in \
                    `PATH`: ";
        assert!(error.to_string().starts_with(says), "{error}");
        assert!(error.is_unavailable());
    }

    #[test]
    fn tokens_of_a_chain_have_no_known_account() {
        let set = environment(&[
            ("AZURE_TENANT_ID", "contoso.com"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_CLIENT_SECRET", "hush"),
        ]);
        let chain = ChainedCredential::on_azure_with(&set);
        let first = &chain.links[0].provider;
        assert!(first.cache_key(&Cloud::Global).is_some());
        assert_eq!(chain.cache_key(&Cloud::Global), None);
    }
}
