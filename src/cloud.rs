//! The clouds that Graph runs in.
//!
//! A national cloud is a Graph of its own, with its own hosts, its own login and its own tenants; a token of one is
//! refused by all others (<https://learn.microsoft.com/graph/deployments>). So host, login and scope are one choice:
//! half of one cloud and half of another never meet.

/// Which cloud a client speaks to.
///
/// ```
/// use msgraph::{Cloud, CustomCloud, Graph};
/// use msgraph::auth::ClientSecret;
///
/// # fn main() -> msgraph::Result<()> {
/// let credential = ClientSecret::new("contoso.us", "11111111-1111-1111-1111-111111111111", "a secret");
/// let graph = Graph::builder(credential).cloud(Cloud::UsGovL4).build()?;
/// assert_eq!(graph.cloud().graph(), "https://graph.microsoft.us");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cloud {
    /// Everybody's: work, school and personal accounts, US GCC among them.
    #[default]
    Global,
    /// US Government L4, known as GCC High.
    UsGovL4,
    /// US Government L5, of the Department of Defense.
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
    /// Any other: a sovereign cloud, a cloud without the internet, a gateway, a simulator.
    Custom(CustomCloud),
}

impl Cloud {
    /// Graph's root, without a version: `https://graph.microsoft.com`.
    pub fn graph(&self) -> &str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGovL4 => "https://graph.microsoft.us",
            Cloud::UsGovL5 => "https://dod-graph.microsoft.us",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
            Cloud::Custom(cloud) => &cloud.graph,
        }
    }

    /// The root of the identity platform: `https://login.microsoftonline.com`
    /// (<https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>).
    pub fn login(&self) -> &str {
        match self {
            Cloud::Global => "https://login.microsoftonline.com",
            Cloud::UsGovL4 | Cloud::UsGovL5 => "https://login.microsoftonline.us",
            Cloud::China => "https://login.partner.microsoftonline.cn",
            Cloud::Custom(cloud) => &cloud.login,
        }
    }

    /// The scope that stands for every permission that the application has: `https://graph.microsoft.com/.default`
    /// (<https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope>).
    pub fn scope(&self) -> &str {
        match self {
            Cloud::Global => "https://graph.microsoft.com/.default",
            Cloud::UsGovL4 => "https://graph.microsoft.us/.default",
            Cloud::UsGovL5 => "https://dod-graph.microsoft.us/.default",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn/.default",
            Cloud::Custom(cloud) => &cloud.scope,
        }
    }
}

/// A cloud that is not in the list: its hosts are allowed by being named here.
///
/// ```
/// use msgraph::{CustomCloud, Graph};
/// use msgraph::auth::ClientSecret;
///
/// # fn main() -> msgraph::Result<()> {
/// let bleu = CustomCloud::new("https://graph.svc.sovcloud.fr", "https://login.sovcloud-identity.fr");
/// let credential = ClientSecret::new("contoso.fr", "11111111-1111-1111-1111-111111111111", "a secret");
/// let graph = Graph::builder(credential).cloud(bleu).build()?;
/// assert_eq!(graph.cloud().scope(), "https://graph.svc.sovcloud.fr/.default");
/// # Ok(())
/// # }
/// ```
///
/// Both addresses are https; plain http is taken for this machine's own addresses only (`http://127.0.0.1:8080`), which
/// is how a simulator is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomCloud {
    graph: String,
    login: String,
    scope: String,
}

impl CustomCloud {
    /// A cloud whose Graph and whose identity platform have these roots. The scope is the root's `/.default`.
    pub fn new(graph: impl Into<String>, login: impl Into<String>) -> Self {
        let without_slash = |root: String| root.trim_end_matches('/').to_owned();
        let graph = without_slash(graph.into());
        let scope = format!("{graph}/.default");
        Self {
            graph,
            login: without_slash(login.into()),
            scope,
        }
    }

    /// Asks for another scope: where Graph stands behind a gateway, its own name is still what tokens are made for.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }
}

impl From<CustomCloud> for Cloud {
    fn from(cloud: CustomCloud) -> Self {
        Cloud::Custom(cloud)
    }
}
