//! Several ways to sign in, of which the first one that is there is taken.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::{AzureCli, CacheKey, Environment, ManagedIdentity, Token, TokenProvider, TokenRequest};
use crate::error::{Error, SignInError};
use crate::{Cloud, Result};

/// Signs in with the first of several providers that can: for a program that runs here on a developer's machine, there in a cluster.
///
/// They are asked in their order, when the first token is needed. One that has [nothing to sign in with](SignInError::is_unavailable)
/// is passed over. One that is refused, or that fails in any other way, ends the search, and its error is the chain's: what is
/// configured was meant, and to sign in as somebody else would be worse than not to sign in. Whoever gave the first token gives all
/// later ones, so that the identity never changes under way.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{AzureCli, Chain, ManagedIdentity};
///
/// let graph = Graph::new(
///     Chain::new()
///         .or("managed identity", ManagedIdentity::new())
///         .or("Azure CLI", AzureCli::new().tenant("contoso.com")),
/// );
/// ```
///
/// # Errors
///
/// A call gives [`Error::SignIn`]. Where nobody can sign in, it says of each why, in one line, and is
/// [unavailable](SignInError::is_unavailable) itself: a chain may be part of a chain.
#[derive(Default)]
pub struct Chain {
    links: Vec<Link>,
    /// The link that gave the first token.
    chosen: OnceCell<usize>,
}

struct Link {
    name: String,
    provider: Box<dyn TokenProvider>,
}

impl Chain {
    /// A chain that has no provider yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider behind all others. Its name stands in errors.
    #[must_use]
    pub fn or(mut self, name: impl Into<String>, provider: impl TokenProvider) -> Self {
        self.links.push(Link {
            name: name.into(),
            provider: Box::new(provider),
        });
        self.chosen = OnceCell::new();
        self
    }

    /// What a program needs that is developed on a desk and then runs in Azure:
    ///
    /// 1. [`Environment`]: as the application for which the environment has a secret, a certificate or a federated token;
    /// 2. [`ManagedIdentity`], of the client id `AZURE_CLIENT_ID` where the environment has it, otherwise the machine's own;
    /// 3. [`AzureCli`].
    ///
    /// A developer's tool comes last: wherever the program has an identity of its own, it must not be a person who happens to be
    /// signed in on the same machine. The environment is read by this function.
    ///
    /// ```
    /// use msgraph::Graph;
    /// use msgraph::auth::Chain;
    ///
    /// let graph = Graph::new(Chain::on_azure());
    /// ```
    pub fn on_azure() -> Self {
        Self::on_azure_with(&|name| std::env::var(name).ok())
    }

    fn on_azure_with(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::new()
            .or("environment", Environment::with(variable))
            .or("managed identity", managed_identity(variable))
            .or("Azure CLI", AzureCli::new())
    }

    /// Whoever gave the first token.
    fn chosen(&self) -> Option<&Link> {
        self.links.get(*self.chosen.get()?)
    }

    /// The first token, and the link that gave it.
    async fn choose(&self, request: &TokenRequest) -> Result<(usize, Token)> {
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
            true => "the chain has no provider".to_owned(),
            false => format!("nobody in the chain can sign in: {}", reasons.join("; ")),
        };
        Err(SignInError::unavailable(message).into())
    }
}

#[async_trait]
impl TokenProvider for Chain {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
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
            (None, None) => Err(SignInError::unavailable("the chain has no provider").into()),
        }
    }

    /// As whoever gave the first token; before that, only if all do.
    fn shares_tokens(&self) -> bool {
        match self.chosen() {
            Some(link) => link.provider.shares_tokens(),
            None => self.links.iter().all(|link| link.provider.shares_tokens()),
        }
    }

    fn has_ended(&self) -> bool {
        self.chosen().is_some_and(|link| link.provider.has_ended())
    }

    /// None: a chain's tokens may be of any of its links, and a key has to be known before the first one.
    fn cache_key(&self, _: &Cloud) -> Option<CacheKey> {
        None
    }
}

/// The names, in their order.
impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.links.iter().map(|link| &link.name);
        f.write_str("Chain ")?;
        f.debug_list().entries(names).finish()
    }
}

fn managed_identity(variable: &dyn Fn(&str) -> Option<String>) -> ManagedIdentity {
    match variable("AZURE_CLIENT_ID").filter(|id| !id.is_empty()) {
        Some(id) => ManagedIdentity::new().client_id(id),
        None => ManagedIdentity::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::managed_identity::recorder::{Answer, Recorder};
    use super::*;
    use crate::auth::ManagedIdentitySource;
    use crate::transport::tests::plain_client;

    fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let value = variables.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn a_developers_tool_comes_last() {
        assert_eq!(
            format!("{:?}", Chain::on_azure_with(&environment(&[]))),
            r#"Chain ["environment", "managed identity", "Azure CLI"]"#
        );
    }

    #[test]
    fn the_environment_may_name_the_identity_of_the_machine() {
        let named = |variables| format!("{:?}", managed_identity(&environment(variables)));
        let client = named(&[("AZURE_CLIENT_ID", "client")]);
        assert!(client.contains(r#"Client("client")"#), "{client}");
        for variables in [&[][..], &[("AZURE_CLIENT_ID", "")]] {
            let own = named(variables);
            assert!(own.contains("SystemAssigned"), "{own}");
        }
    }

    #[tokio::test]
    async fn where_there_is_nothing_at_all_each_says_why() {
        // A machine of another cloud, which has another service at the address of the metadata service.
        let other = Recorder::always(Answer::status(404)).await;
        let machine = ManagedIdentitySource::guessed_at(other.url());
        let chain = Chain::new()
            .or("environment", Environment::with(&environment(&[])))
            .or("managed identity", ManagedIdentity::new().source(machine))
            .or("Azure CLI", AzureCli::new().program("/nowhere/az"));
        let request = TokenRequest::new(Arc::new(Cloud::Global), plain_client(), None);
        let Err(Error::SignIn(error)) = chain.token(request).await else {
            panic!("a sign-in error was expected");
        };
        let says = "sign-in failed: nobody in the chain can sign in: \
             `environment`: none of the environment variables `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH` and \
             `AZURE_FEDERATED_TOKEN_FILE` is set, nor is `AZURE_TENANT_ID`, nor is `AZURE_CLIENT_ID`; \
             `managed identity`: this machine seems to have no managed identity: the environment names none, and somebody else answers \
             (404) at the address of the metadata service (IMDS); \
             `Azure CLI`: the Azure CLI is not installed, or `/nowhere/az` is not where programs are looked for: ";
        assert!(error.to_string().starts_with(says), "{error}");
        assert!(error.is_unavailable());
    }

    #[test]
    fn a_chains_tokens_are_of_nobody_known() {
        let set = environment(&[
            ("AZURE_TENANT_ID", "contoso.com"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_CLIENT_SECRET", "hush"),
        ]);
        let chain = Chain::on_azure_with(&set);
        let first = &chain.links[0].provider;
        assert!(first.cache_key(&Cloud::Global).is_some());
        assert_eq!(chain.cache_key(&Cloud::Global), None);
    }
}
