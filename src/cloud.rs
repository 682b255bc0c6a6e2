//! The clouds that Graph runs in.
//!
//! A national cloud is a Graph of its own, with its own hosts, its own login and its own tenants; a token of one is
//! refused by all others (<https://learn.microsoft.com/graph/deployments>). So host, login and scope are one choice:
//! half of one cloud and half of another never meet.

use std::fmt;

use crate::redact::Address;

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
    /// The sovereign cloud of France. Its hosts are known from Microsoft's libraries; no page of Graph's names them yet, as with
    /// the next two.
    Bleu,
    /// The sovereign cloud of Germany.
    Delos,
    /// The cloud of the government of Singapore.
    GovSg,
    /// Any other: a cloud without the internet, a gateway, a simulator.
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
            Cloud::Bleu => "https://graph.svc.sovcloud.fr",
            Cloud::Delos => "https://graph.svc.sovcloud.de",
            Cloud::GovSg => "https://graph.svc.sovcloud.sg",
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
            Cloud::Bleu => "https://login.sovcloud-identity.fr",
            Cloud::Delos => "https://login.sovcloud-identity.de",
            Cloud::GovSg => "https://login.sovcloud-identity.sg",
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
            Cloud::Bleu => "https://graph.svc.sovcloud.fr/.default",
            Cloud::Delos => "https://graph.svc.sovcloud.de/.default",
            Cloud::GovSg => "https://graph.svc.sovcloud.sg/.default",
            Cloud::Custom(cloud) => &cloud.scope,
        }
    }
}

/// The clouds that have hosts of their own here.
const NAMED: [Cloud; 7] = [
    Cloud::Global,
    Cloud::UsGovL4,
    Cloud::UsGovL5,
    Cloud::China,
    Cloud::Bleu,
    Cloud::Delos,
    Cloud::GovSg,
];

/// A cloud that is not in the list: its hosts are allowed by being named here.
///
/// ```
/// use msgraph::{CustomCloud, Graph};
/// use msgraph::auth::ClientSecret;
///
/// # fn main() -> msgraph::Result<()> {
/// let cloud = CustomCloud::new("https://graph.contoso.example", "https://login.contoso.example");
/// let credential = ClientSecret::new("contoso.com", "11111111-1111-1111-1111-111111111111", "a secret");
/// let graph = Graph::builder(credential).cloud(cloud).build()?;
/// assert_eq!(graph.cloud().scope(), "https://graph.contoso.example/.default");
/// # Ok(())
/// # }
/// ```
///
/// Both addresses are https; plain http is taken for this machine's own addresses only (`http://127.0.0.1:8080`), which
/// is how a simulator is reached.
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

/// A cloud by its name, among those that Graph says its operations of.
///
/// Of US Government L5 it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamedCloud {
    /// Everybody's: [`Cloud::Global`].
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
    /// All of them.
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

    /// The name of a client's cloud; a custom one has a name if its Graph's root is that of a cloud here.
    ///
    /// ```
    /// use msgraph::{Cloud, CustomCloud, NamedCloud};
    ///
    /// assert_eq!(NamedCloud::of(&Cloud::China), Some(NamedCloud::China));
    /// let proxied = CustomCloud::new("https://graph.svc.sovcloud.fr", "https://login.contoso.example");
    /// assert_eq!(NamedCloud::of(&proxied.into()), Some(NamedCloud::Bleu));
    /// assert_eq!(NamedCloud::of(&Cloud::UsGovL5), None);
    /// ```
    pub fn of(cloud: &Cloud) -> Option<Self> {
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
                .and_then(Self::of),
        }
    }

    /// Its bit in what the generator writes; the global cloud has none, as it has all that is described.
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

/// `US Gov L4`, `China`, `Bleu`.
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

    /// Whether this cloud has it.
    pub fn contains(&self, cloud: NamedCloud) -> bool {
        cloud.bit() == 0 || self.bits & cloud.bit() != 0
    }

    /// Those that have it.
    pub fn iter(&self) -> impl Iterator<Item = NamedCloud> + use<> {
        let clouds = *self;
        NamedCloud::ALL
            .into_iter()
            .filter(move |cloud| clouds.contains(*cloud))
    }

    /// Those that do not have it.
    pub fn missing(&self) -> impl Iterator<Item = NamedCloud> + use<> {
        let clouds = *self;
        NamedCloud::ALL
            .into_iter()
            .filter(move |cloud| !clouds.contains(*cloud))
    }
}

/// `Global, US Gov L4, China`
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
