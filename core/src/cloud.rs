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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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

/// The names and addresses of a cloud. These tables are the only place in this crate that knows
/// the hosts of named clouds.
struct Facts {
    graph: &'static str,
    login: &'static str,
    scope: &'static str,
    /// The other hosts of the identity platform
    /// (<https://learn.microsoft.com/entra/msal/dotnet/advanced/instance-discovery>).
    login_aliases: &'static [&'static str],
    /// The audience of tokens that authenticate an application
    /// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity>).
    /// The audiences of the sovereign clouds are not documented.
    assertion_audience: &'static str,
    /// The issuer of tokens of version 1, without the tenant.
    issuer_v1: &'static str,
}

/// Returns the facts of a cloud that has this Graph and this identity platform, and is otherwise
/// like the global cloud.
macro_rules! facts {
    ($graph:literal, $login:literal) => {
        Facts {
            graph: $graph,
            login: $login,
            scope: concat!($graph, "/.default"),
            login_aliases: &[],
            assertion_audience: "api://AzureADTokenExchange",
            issuer_v1: "https://sts.windows.net",
        }
    };
}

static GLOBAL: Facts = Facts {
    login_aliases: &[
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
    ],
    ..facts!(
        "https://graph.microsoft.com",
        "https://login.microsoftonline.com"
    )
};

static US_GOV_L4: Facts = Facts {
    login_aliases: &["login.usgovcloudapi.net"],
    assertion_audience: "api://AzureADTokenExchangeUSGov",
    ..facts!(
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us"
    )
};

static US_GOV_L5: Facts = Facts {
    login_aliases: US_GOV_L4.login_aliases,
    assertion_audience: US_GOV_L4.assertion_audience,
    ..facts!(
        "https://dod-graph.microsoft.us",
        "https://login.microsoftonline.us"
    )
};

static CHINA: Facts = Facts {
    login_aliases: &["login.chinacloudapi.cn"],
    assertion_audience: "api://AzureADTokenExchangeChina",
    issuer_v1: "https://sts.chinacloudapi.cn",
    ..facts!(
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn"
    )
};

static BLEU: Facts = facts!(
    "https://graph.svc.sovcloud.fr",
    "https://login.sovcloud-identity.fr"
);

static DELOS: Facts = facts!(
    "https://graph.svc.sovcloud.de",
    "https://login.sovcloud-identity.de"
);

static GOV_SG: Facts = facts!(
    "https://graph.svc.sovcloud.sg",
    "https://login.sovcloud-identity.sg"
);

/// The facts of all named clouds.
static ALL_FACTS: [&Facts; 7] = [
    &GLOBAL, &US_GOV_L4, &US_GOV_L5, &CHINA, &BLEU, &DELOS, &GOV_SG,
];

impl Cloud {
    /// Returns the facts of a named cloud. A custom cloud has those of the global cloud, which each
    /// caller replaces by what it knows of the custom cloud.
    fn facts(&self) -> &'static Facts {
        match self {
            Cloud::Global | Cloud::Custom(_) => &GLOBAL,
            Cloud::UsGovL4 => &US_GOV_L4,
            Cloud::UsGovL5 => &US_GOV_L5,
            Cloud::China => &CHINA,
            Cloud::Bleu => &BLEU,
            Cloud::Delos => &DELOS,
            Cloud::GovSg => &GOV_SG,
        }
    }

    /// Returns Graph's root, without a version: `https://graph.microsoft.com`.
    pub fn graph(&self) -> &str {
        match self {
            Cloud::Custom(cloud) => &cloud.graph,
            named => named.facts().graph,
        }
    }

    /// Returns the root of the identity platform: `https://login.microsoftonline.com`
    /// (<https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>).
    pub fn login(&self) -> &str {
        match self {
            Cloud::Custom(cloud) => &cloud.login,
            named => named.facts().login,
        }
    }

    /// Returns the scope that stands for every permission of the application:
    /// `https://graph.microsoft.com/.default`
    /// (<https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope>).
    pub fn scope(&self) -> &str {
        match self {
            Cloud::Custom(cloud) => &cloud.scope,
            named => named.facts().scope,
        }
    }

    /// Returns the audience of a token that authenticates an application. A custom cloud has that
    /// of the cloud whose identity platform it uses, or else that of the global cloud.
    #[doc(hidden)]
    pub fn assertion_audience(&self) -> &'static str {
        let facts = match self {
            Cloud::Custom(cloud) => {
                let authority = authority(&cloud.login);
                let mut all = ALL_FACTS.into_iter();
                all.find(|facts| host(facts.login) == authority)
            }
            _ => None,
        };
        facts.unwrap_or(self.facts()).assertion_audience
    }

    /// Returns the issuer of tokens of version 1, without the tenant. A custom cloud has that of
    /// the cloud whose Graph it uses, or else that of the global cloud.
    #[doc(hidden)]
    pub fn issuer_v1(&self) -> &'static str {
        let graph = self.graph();
        let facts = ALL_FACTS.into_iter().find(|facts| facts.graph == graph);
        facts.unwrap_or(&GLOBAL).issuer_v1
    }
}

/// Returns the canonical host of an identity platform, which may be given as an address, a host or
/// an alias.
pub fn authority(login: &str) -> String {
    let login = login.to_ascii_lowercase();
    let given = host(&login);
    let mut all = ALL_FACTS.into_iter();
    match all.find(|facts| facts.login_aliases.contains(&given)) {
        Some(facts) => host(facts.login).to_owned(),
        None => given.to_owned(),
    }
}

fn host(address: &str) -> &str {
    address.trim_start_matches("https://").trim_end_matches('/')
}

/// The clouds whose hosts this crate knows.
static NAMED: [Cloud; 7] = [
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
#[derive(Clone, PartialEq, Eq, Hash)]
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
    pub const ALL: &'static [Self] = &[
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

/// The clouds that have an operation: see `Call::clouds`.
///
/// It prints as their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clouds {
    bits: u8,
}

impl Clouds {
    #[doc(hidden)]
    pub fn from_bits(bits: u8) -> Self {
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
            .iter()
            .copied()
            .filter(move |cloud| clouds.contains(*cloud))
    }

    /// Iterates over the clouds that do not have the operation.
    pub fn missing(&self) -> impl Iterator<Item = NamedCloud> + use<> {
        let clouds = *self;
        NamedCloud::ALL
            .iter()
            .copied()
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
    fn custom_cloud_has_facts_of_its_hosts() {
        let custom = |graph: &str, login: &str| Cloud::from(CustomCloud::new(graph, login));
        for named in &NAMED {
            let behind_gateway = custom("https://gateway.example", named.login());
            assert_eq!(
                behind_gateway.assertion_audience(),
                named.assertion_audience(),
                "{named:?}"
            );
            assert_eq!(
                custom(named.graph(), "https://gateway.example").issuer_v1(),
                named.issuer_v1(),
                "{named:?}"
            );
            assert_eq!(authority(named.login()), host(named.login()));
        }
        let alias = custom("https://gateway.example", "https://LOGIN.chinacloudapi.cn/");
        assert_eq!(alias.assertion_audience(), CHINA.assertion_audience);
        let other = custom("https://gateway.example", "https://login.example");
        assert_eq!(other.assertion_audience(), GLOBAL.assertion_audience);
    }

    #[test]
    fn each_cloud_has_its_own_bit() {
        for (at, cloud) in NamedCloud::ALL.iter().copied().skip(1).enumerate() {
            assert_eq!(cloud.bit(), 1 << at);
            let only = Clouds::from_bits(cloud.bit());
            assert_eq!(only.iter().collect::<Vec<_>>(), [NamedCloud::Global, cloud]);
            assert_eq!(only.missing().count(), 6);
        }
    }
}
