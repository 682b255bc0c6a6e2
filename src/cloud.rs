//! The clouds that run Graph.
//!
//! A national cloud has its own Graph, with its own hosts, sign-in and tenants. All other clouds
//! refuse its tokens (<https://learn.microsoft.com/graph/deployments>). Host, login and scope are
//! therefore one choice: parts of different clouds are never combined.

use std::fmt;

use crate::redact::Address;

/// The cloud that a client uses.
///
/// ```
/// use msgraph::auth::ClientSecretCredential;
/// use msgraph::{Cloud, CustomCloud, Graph};
///
/// # fn main() -> msgraph::Result<()> {
/// let credential = ClientSecretCredential::new(
///     "contoso.us",
///     "11111111-1111-1111-1111-111111111111",
///     "a secret",
/// );
/// let graph = Graph::builder(credential).cloud(Cloud::UsGovL4).build()?;
/// assert_eq!(graph.cloud().graph(), "https://graph.microsoft.us");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cloud {
    /// The worldwide cloud for work, school and personal accounts, including US GCC.
    #[default]
    Global,
    /// US Government L4, known as GCC High.
    UsGovL4,
    /// US Government L5, of the Department of Defense.
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
    /// The sovereign cloud of France. Its hosts are known from Microsoft's libraries. Graph's
    /// documentation does not name them yet; the same holds for the next two clouds.
    Bleu,
    /// The sovereign cloud of Germany.
    Delos,
    /// The cloud of the government of Singapore.
    GovSg,
    /// Any other cloud: a cloud without the internet, a gateway, a simulator.
    Custom(CustomCloud),
}

impl Cloud {
    /// Returns Graph's root, without a version: `https://graph.microsoft.com`.
    pub fn graph(&self) -> &str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGovL4 => "https://graph.microsoft.us",
            Cloud::UsGovL5 => "https://dod-graph.microsoft.us",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
            Cloud::Bleu => "https://graph.svc.sovcloud.fr",
            Cloud::Delos => "https://graph.svc.sovcloud.de",
            Cloud::GovSg => "https://graph.svc.sovcloud.sg",
            Cloud::Custom(cloud) => &cloud.graph,
        }
    }

    /// Returns the root of the identity platform: `https://login.microsoftonline.com`
    /// (<https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>).
    pub fn login(&self) -> &str {
        match self {
            Cloud::Global => "https://login.microsoftonline.com",
            Cloud::UsGovL4 | Cloud::UsGovL5 => "https://login.microsoftonline.us",
            Cloud::China => "https://login.partner.microsoftonline.cn",
            Cloud::Bleu => "https://login.sovcloud-identity.fr",
            Cloud::Delos => "https://login.sovcloud-identity.de",
            Cloud::GovSg => "https://login.sovcloud-identity.sg",
            Cloud::Custom(cloud) => &cloud.login,
        }
    }

    /// Returns the scope that stands for every permission of the application:
    /// `https://graph.microsoft.com/.default`
    /// (<https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope>).
    pub fn scope(&self) -> &str {
        match self {
            Cloud::Global => "https://graph.microsoft.com/.default",
            Cloud::UsGovL4 => "https://graph.microsoft.us/.default",
            Cloud::UsGovL5 => "https://dod-graph.microsoft.us/.default",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn/.default",
            Cloud::Bleu => "https://graph.svc.sovcloud.fr/.default",
            Cloud::Delos => "https://graph.svc.sovcloud.de/.default",
            Cloud::GovSg => "https://graph.svc.sovcloud.sg/.default",
            Cloud::Custom(cloud) => &cloud.scope,
        }
    }
}

/// The clouds whose hosts this crate knows.
const NAMED: [Cloud; 7] = [
    Cloud::Global,
    Cloud::UsGovL4,
    Cloud::UsGovL5,
    Cloud::China,
    Cloud::Bleu,
    Cloud::Delos,
    Cloud::GovSg,
];

/// A cloud that is not in the list. Its hosts are allowed because they are named here.
///
/// ```
/// use msgraph::auth::ClientSecretCredential;
/// use msgraph::{CustomCloud, Graph};
///
/// # fn main() -> msgraph::Result<()> {
/// let cloud = CustomCloud::new(
///     "https://graph.contoso.example",
///     "https://login.contoso.example",
/// );
/// let credential = ClientSecretCredential::new(
///     "contoso.com",
///     "11111111-1111-1111-1111-111111111111",
///     "a secret",
/// );
/// let graph = Graph::builder(credential).cloud(cloud).build()?;
/// assert_eq!(
///     graph.cloud().scope(),
///     "https://graph.contoso.example/.default"
/// );
/// # Ok(())
/// # }
/// ```
///
/// Both addresses are https. Plain http is accepted only for this machine's own addresses
/// (`http://127.0.0.1:8080`), for use with a simulator.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomCloud {
    graph: String,
    login: String,
    scope: String,
}

impl fmt::Debug for CustomCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomCloud")
            .field("graph", &Address(&self.graph))
            .field("login", &Address(&self.login))
            .field("scope", &Address(&self.scope))
            .finish()
    }
}

impl CustomCloud {
    /// Creates a cloud with these roots of Graph and the identity platform. The scope is the
    /// `/.default` of Graph's root.
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

    /// Requests tokens for another scope. Behind a gateway, tokens are still issued for Graph's own
    /// name.
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

/// The name of a cloud in Graph's descriptions of its operations.
///
/// Graph's descriptions do not mention US Government L5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamedCloud {
    /// The worldwide cloud: [`Cloud::Global`].
    Global,
    /// US Government L4: [`Cloud::UsGovL4`].
    UsGovL4,
    /// China, operated by 21Vianet: [`Cloud::China`].
    China,
    /// A cloud of the US Government without the internet.
    UsNat,
    /// Another cloud of the US Government without the internet.
    UsSec,
    /// The sovereign cloud of France: [`Cloud::Bleu`].
    Bleu,
    /// The sovereign cloud of Germany: [`Cloud::Delos`].
    Delos,
    /// The cloud of the government of Singapore: [`Cloud::GovSg`].
    GovSg,
}

impl NamedCloud {
    /// The list of all names.
    pub const ALL: [Self; 8] = [
        Self::Global,
        Self::UsGovL4,
        Self::China,
        Self::UsNat,
        Self::UsSec,
        Self::Bleu,
        Self::Delos,
        Self::GovSg,
    ];

    /// Returns the name of a client's cloud. A custom cloud has a name if its Graph root is that of
    /// a listed cloud.
    ///
    /// ```
    /// use msgraph::{Cloud, CustomCloud, NamedCloud};
    ///
    /// assert_eq!(
    ///     NamedCloud::from_cloud(&Cloud::China),
    ///     Some(NamedCloud::China)
    /// );
    /// let proxied = CustomCloud::new(
    ///     "https://graph.svc.sovcloud.fr",
    ///     "https://login.contoso.example",
    /// );
    /// assert_eq!(
    ///     NamedCloud::from_cloud(&proxied.into()),
    ///     Some(NamedCloud::Bleu)
    /// );
    /// assert_eq!(NamedCloud::from_cloud(&Cloud::UsGovL5), None);
    /// ```
    pub fn from_cloud(cloud: &Cloud) -> Option<Self> {
        match cloud {
            Cloud::Global => Some(Self::Global),
            Cloud::UsGovL4 => Some(Self::UsGovL4),
            Cloud::China => Some(Self::China),
            Cloud::UsGovL5 => None,
            Cloud::Bleu => Some(Self::Bleu),
            Cloud::Delos => Some(Self::Delos),
            Cloud::GovSg => Some(Self::GovSg),
            Cloud::Custom(custom) => NAMED
                .iter()
                .find(|named| named.graph() == custom.graph)
                .and_then(Self::from_cloud),
        }
    }

    /// Returns the bit of the cloud in the generated data. The global cloud has no bit, because it
    /// has every described operation.
    fn bit(self) -> u8 {
        match self {
            Self::Global => 0,
            Self::UsGovL4 => 1,
            Self::China => 1 << 1,
            Self::UsNat => 1 << 2,
            Self::UsSec => 1 << 3,
            Self::Bleu => 1 << 4,
            Self::Delos => 1 << 5,
            Self::GovSg => 1 << 6,
        }
    }
}

/// Prints `US Gov L4`, `China`, `Bleu`.
impl fmt::Display for NamedCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "Global",
            Self::UsGovL4 => "US Gov L4",
            Self::China => "China",
            Self::UsNat => "USNat",
            Self::UsSec => "USSec",
            Self::Bleu => "Bleu",
            Self::Delos => "Delos",
            Self::GovSg => "GovSG",
        })
    }
}

/// The clouds that have an operation: see [`Call::clouds`](crate::Call::clouds).
///
/// It prints as their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clouds {
    bits: u8,
}

impl Clouds {
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self { bits }
    }

    /// Checks whether this cloud has the operation.
    pub fn contains(&self, cloud: NamedCloud) -> bool {
        cloud.bit() == 0 || self.bits & cloud.bit() != 0
    }

    /// Iterates over the clouds that have the operation.
    pub fn iter(&self) -> impl Iterator<Item = NamedCloud> + use<> {
        let clouds = *self;
        NamedCloud::ALL
            .into_iter()
            .filter(move |cloud| clouds.contains(*cloud))
    }

    /// Iterates over the clouds that do not have the operation.
    pub fn missing(&self) -> impl Iterator<Item = NamedCloud> + use<> {
        let clouds = *self;
        NamedCloud::ALL
            .into_iter()
            .filter(move |cloud| !clouds.contains(*cloud))
    }
}

/// Prints `Global, US Gov L4, China`.
impl fmt::Display for Clouds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, cloud) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{cloud}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_a_bit_of_its_own() {
        for (at, cloud) in NamedCloud::ALL.into_iter().skip(1).enumerate() {
            assert_eq!(cloud.bit(), 1 << at);
            let only = Clouds::from_bits(cloud.bit());
            assert_eq!(only.iter().collect::<Vec<_>>(), [NamedCloud::Global, cloud]);
            assert_eq!(only.missing().count(), 6);
        }
    }
}
