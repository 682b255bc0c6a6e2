//! Several ways to sign in, of which the first one that is there is taken.

use std::fmt;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::{AzureCli, ManagedIdentity, Token, TokenProvider, TokenRequest, WorkloadIdentity};
use crate::Result;
use crate::error::{Error, SignInError};

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
    /// A chain of nobody yet.
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

    /// What a program needs that is developed on a desk and then runs in Azure, all without a secret:
    ///
    /// 1. [`WorkloadIdentity`], where the environment has `AZURE_FEDERATED_TOKEN_FILE`, with `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`;
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
            .or("workload identity", OfEnvironment::workload(variable))
            .or("managed identity", managed_identity(variable))
            .or("Azure CLI", AzureCli::new())
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

    /// Only if all do: which one it will be is not known yet.
    fn shares_tokens(&self) -> bool {
        self.links.iter().all(|link| link.provider.shares_tokens())
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

/// A provider that the environment configures, or does not.
enum OfEnvironment<P> {
    Set(P),
    /// A variable without which there is none.
    Unset(&'static str),
    /// A variable that lacks beside those that are set.
    Incomplete(&'static str),
}

impl OfEnvironment<WorkloadIdentity> {
    fn workload(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        const FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
        let set = |name| variable(name).filter(|value| !value.is_empty()).ok_or(name);
        let Ok(file) = set(FILE) else {
            return Self::Unset(FILE);
        };
        match (set("AZURE_TENANT_ID"), set("AZURE_CLIENT_ID")) {
            (Ok(tenant), Ok(client)) => Self::Set(WorkloadIdentity::new(tenant, client, file)),
            (Err(name), _) | (_, Err(name)) => Self::Incomplete(name),
        }
    }
}

fn managed_identity(variable: &dyn Fn(&str) -> Option<String>) -> ManagedIdentity {
    match variable("AZURE_CLIENT_ID").filter(|id| !id.is_empty()) {
        Some(id) => ManagedIdentity::new().client_id(id),
        None => ManagedIdentity::new(),
    }
}

#[async_trait]
impl<P: TokenProvider> TokenProvider for OfEnvironment<P> {
    async fn token(&self, request: TokenRequest) -> Result<Token> {
        let message = |name| format!("the environment variable `{name}` is not set");
        match self {
            Self::Set(provider) => provider.token(request).await,
            Self::Unset(name) => Err(SignInError::unavailable(message(name)).into()),
            Self::Incomplete(name) => Err(SignInError::new(message(name)).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Cloud;
    use crate::transport::tests::plain_client;

    fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let value = variables.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        }
    }

    async fn first(variables: &[(&str, &str)]) -> SignInError {
        let request = TokenRequest::new(Arc::new(Cloud::Global), plain_client(), None);
        let chain = Chain::on_azure_with(&environment(variables));
        match chain.links[0].provider.token(request).await {
            Err(Error::SignIn(error)) => *error,
            other => panic!("a sign-in error was expected: {other:?}"),
        }
    }

    #[test]
    fn a_developers_tool_comes_last() {
        assert_eq!(
            format!("{:?}", Chain::on_azure_with(&environment(&[]))),
            r#"Chain ["workload identity", "managed identity", "Azure CLI"]"#
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
    async fn a_workload_that_is_not_configured_is_passed_over_and_one_that_is_wrongly_is_not() {
        let tenant = ("AZURE_TENANT_ID", "contoso.com");
        let client = ("AZURE_CLIENT_ID", "client");
        let file = ("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token");
        let none = first(&[tenant, client, ("AZURE_FEDERATED_TOKEN_FILE", "")]).await;
        assert!(none.is_unavailable(), "{none}");
        assert_eq!(
            none.to_string(),
            "sign-in failed: the environment variable `AZURE_FEDERATED_TOKEN_FILE` is not set"
        );
        for (variables, says) in [
            (&[tenant, file][..], "`AZURE_CLIENT_ID` is not set"),
            (&[file, client], "`AZURE_TENANT_ID` is not set"),
            (
                &[tenant, client, file],
                "the token in `/nowhere/token` cannot be read",
            ),
        ] {
            let error = first(variables).await;
            assert!(
                !error.is_unavailable() && error.to_string().contains(says),
                "{error}"
            );
        }
    }
}
