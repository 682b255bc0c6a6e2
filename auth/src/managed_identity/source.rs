//! The sources of a managed identity's tokens.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use reqwest::Request;
use url::{Host, Url, form_urlencoded};

use super::{Identity, arc};
use crate::Result;
use crate::Secret;
use crate::error::SignInError;
use crate::redact::Address;

const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const AZURE_ARC: &str = "http://127.0.0.1:40342/metadata/identity/oauth2/token";

/// A service that issues the tokens of managed identities: see
/// [`ManagedIdentityCredential::source`](super::ManagedIdentityCredential::source).
///
/// Its values are those that the environment of its platform has. An invalid address causes an
/// error with the first token.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};
///
/// # fn example(header: String) {
/// let source = ManagedIdentitySource::app_service("http://localhost:42356/msi/token", header);
/// let graph = Graph::new(ManagedIdentityCredential::new().source(source));
/// # }
/// ```
#[derive(Clone)]
pub struct ManagedIdentitySource {
    endpoint: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The metadata service. It is a guess if the environment names no other source. In that case
    /// the machine may have no managed identity at all.
    Imds {
        is_guess: bool,
    },
    AppService {
        header: Secret<String>,
    },
    AzureArc {
        /// The folder of the keys that Azure Arc may name.
        keys: PathBuf,
    },
    AzureMl {
        secret: Secret<String>,
        /// The platform's default identity, for a program that names none.
        default_client_id: Option<String>,
    },
    CloudShell,
    ServiceFabric {
        header: Secret<String>,
        thumbprint: String,
    },
}

impl fmt::Debug for ManagedIdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentitySource")
            .field("endpoint", &Address(&self.endpoint))
            .field("kind", &self.kind)
            .finish()
    }
}

impl ManagedIdentitySource {
    /// Creates the source for the metadata service of virtual machines
    /// (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>),
    /// at its fixed address.
    pub fn imds() -> Self {
        Self::imds_at(IMDS)
    }

    /// Creates the source for the metadata service at another address of this machine or of its
    /// link, such as a simulator.
    pub fn imds_at(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint, Kind::Imds { is_guess: false })
    }

    /// Creates the source for App Service, Functions and Container Apps, which set
    /// `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`
    /// (<https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>).
    pub fn app_service(endpoint: impl Into<String>, header: impl Into<Secret<String>>) -> Self {
        let header = header.into();
        Self::new(endpoint, Kind::AppService { header })
    }

    /// Creates the source for Azure Arc, which sets `IDENTITY_ENDPOINT` and `IMDS_ENDPOINT`
    /// (<https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication>). The
    /// program authenticates itself by reading a file of the agent.
    pub fn azure_arc(endpoint: impl Into<String>) -> Self {
        Self::arc_with_keys(endpoint, arc::keys(&of_process))
    }

    pub(super) fn arc_with_keys(endpoint: impl Into<String>, keys: impl Into<PathBuf>) -> Self {
        let keys = keys.into();
        Self::new(endpoint, Kind::AzureArc { keys })
    }

    /// Creates the source for Azure Machine Learning, which sets `MSI_ENDPOINT` and `MSI_SECRET`
    /// (<https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication>).
    pub fn azure_ml(endpoint: impl Into<String>, secret: impl Into<Secret<String>>) -> Self {
        let kind = Kind::AzureMl {
            secret: secret.into(),
            default_client_id: None,
        };
        Self::new(endpoint, kind)
    }

    /// Creates the source for Cloud Shell, which sets `MSI_ENDPOINT`
    /// (<https://learn.microsoft.com/azure/cloud-shell/msi-authorization>).
    pub fn cloud_shell(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint, Kind::CloudShell)
    }

    /// Creates the source for Service Fabric, which sets `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` and
    /// `IDENTITY_SERVER_THUMBPRINT`
    /// (<https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code>).
    ///
    /// Its certificate is self-signed, so it is identified by `thumbprint`, the SHA-1 of the
    /// certificate in hexadecimal. The features `rustls-ring` and `rustls-aws-lc-rs` support that.
    /// `native-tls` does not.
    pub fn service_fabric(
        endpoint: impl Into<String>,
        header: impl Into<Secret<String>>,
        thumbprint: impl Into<String>,
    ) -> Self {
        let kind = Kind::ServiceFabric {
            header: header.into(),
            thumbprint: thumbprint.into(),
        };
        Self::new(endpoint, kind)
    }

    fn new(endpoint: impl Into<String>, kind: Kind) -> Self {
        Self {
            endpoint: endpoint.into(),
            kind,
        }
    }

    /// Returns the source that the environment of this process names.
    pub(super) fn of_environment() -> Self {
        Self::found(&of_process, &|file| file.exists())
    }

    /// Returns the source that an environment names. The order is that of Microsoft's libraries,
    /// because some platforms also set the variables of others.
    fn found(variable: &dyn Fn(&str) -> Option<String>, exists: &dyn Fn(&Path) -> bool) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        match (set("IDENTITY_ENDPOINT"), set("IDENTITY_HEADER")) {
            (Some(endpoint), Some(header)) => {
                return match set("IDENTITY_SERVER_THUMBPRINT") {
                    Some(thumbprint) => Self::service_fabric(endpoint, header, thumbprint),
                    None => Self::app_service(endpoint, header),
                };
            }
            (identity, _) => {
                if let Some(endpoint) = set("MSI_ENDPOINT") {
                    return match set("MSI_SECRET") {
                        Some(secret) => {
                            let kind = Kind::AzureMl {
                                secret: secret.into(),
                                default_client_id: set("DEFAULT_IDENTITY_CLIENT_ID"),
                            };
                            Self::new(endpoint, kind)
                        }
                        None => Self::cloud_shell(endpoint),
                    };
                }
                if let Some(endpoint) = identity.filter(|_| set("IMDS_ENDPOINT").is_some()) {
                    return Self::arc_with_keys(endpoint, arc::keys(variable));
                }
            }
        }
        if exists(&arc::agent(variable)) {
            return Self::arc_with_keys(AZURE_ARC, arc::keys(variable));
        }
        Self::new(IMDS, Kind::Imds { is_guess: true })
    }

    #[cfg(test)]
    pub(crate) fn guessed_at(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint, Kind::Imds { is_guess: true })
    }

    /// Returns the name of the service in errors.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Imds { .. } => "the metadata service (IMDS)",
            Kind::AppService { .. } => "App Service",
            Kind::AzureArc { .. } => "Azure Arc",
            Kind::AzureMl { .. } => "Azure Machine Learning",
            Kind::CloudShell => "Cloud Shell",
            Kind::ServiceFabric { .. } => "Service Fabric",
        }
    }

    /// Returns the service and its address, without its secret.
    pub(super) fn place(&self) -> String {
        format!("{} at {}", self.name(), Address(&self.endpoint))
    }

    /// Returns the address for requests. Plain http is allowed for the machine itself and for the
    /// endpoints that its platform provides beside it.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is invalid, or cannot belong to this source.
    pub(super) fn url(&self) -> Result<Url> {
        let wrong = |why: &str| {
            let name = self.name();
            let shown = Address(&self.endpoint);
            SignInError::new(format!("the address of {name}, `{shown}`, {why}"))
        };
        let mut url =
            Url::parse(&self.endpoint).map_err(|error| wrong("is not a URL").with_source(error))?;
        url.set_fragment(None);
        let is_right = match self.kind {
            _ if !matches!(url.scheme(), "http" | "https") => false,
            Kind::Imds { .. } => is_near(&url, true),
            Kind::AzureArc { .. } => is_near(&url, false),
            // The platform names these addresses itself. They are on the network of the machine,
            // most often over plain http.
            Kind::AppService { .. } | Kind::AzureMl { .. } | Kind::CloudShell => true,
            // Without TLS there would be no certificate to identify the server.
            Kind::ServiceFabric { .. } => url.scheme() == "https",
        };
        match (is_right, &self.kind) {
            (true, _) => Ok(url),
            (false, Kind::ServiceFabric { .. }) => Err(wrong("is not https").into()),
            (false, _) => Err(wrong("is not an address of this machine").into()),
        }
    }

    /// Builds the token request.
    ///
    /// # Errors
    ///
    /// Returns an error if the source does not support this kind of identity. Nothing was sent in
    /// that case.
    pub(super) fn request(
        &self,
        url: &Url,
        identity: &Identity,
        resource: &str,
    ) -> Result<Request> {
        let is_post = matches!(self.kind, Kind::CloudShell);
        let mut fields = Vec::new();
        let version = match self.kind {
            Kind::Imds { .. } => Some("2018-02-01"),
            Kind::AppService { .. } => Some("2019-08-01"),
            Kind::AzureArc { .. } => Some("2020-06-01"),
            Kind::AzureMl { .. } => Some("2017-09-01"),
            Kind::CloudShell => None,
            Kind::ServiceFabric { .. } => Some("2019-07-01-preview"),
        };
        fields.extend(version.map(|version| ("api-version", version)));
        fields.push(("resource", resource));
        fields.extend(self.identity(identity)?);
        let (header, value) = match &self.kind {
            Kind::Imds { .. } | Kind::AzureArc { .. } | Kind::CloudShell => {
                ("metadata", HeaderValue::from_static("true"))
            }
            Kind::AppService { header } => ("x-identity-header", self.secret(header)?),
            Kind::AzureMl { secret, .. } => ("secret", self.secret(secret)?),
            Kind::ServiceFabric { header, .. } => ("secret", self.secret(header)?),
        };
        let mut request = Request::new(Method::GET, url.clone());
        if is_post {
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish();
            *request.method_mut() = Method::POST;
            let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form_type);
            *request.body_mut() = Some(form.into());
        } else {
            request.url_mut().query_pairs_mut().extend_pairs(fields);
        }
        request
            .headers_mut()
            .insert(HeaderName::from_static(header), value);
        Ok(request)
    }

    /// Returns the parameter that names an identity.
    fn identity<'a>(&'a self, identity: &'a Identity) -> Result<Option<(&'static str, &'a str)>> {
        let (by, id) = match identity {
            Identity::SystemAssigned => {
                return Ok(match &self.kind {
                    Kind::AzureMl {
                        default_client_id: Some(id),
                        ..
                    } => Some(("clientid", id)),
                    _ => None,
                });
            }
            Identity::Client(id) => ("client_id", id),
            Identity::Object(id) => ("object_id", id),
            Identity::Resource(id) => ("resource_id", id),
        };
        let parameter = match (&self.kind, by) {
            (Kind::Imds { .. }, "resource_id") => "msi_res_id",
            (Kind::AppService { .. }, "resource_id") => "mi_res_id",
            (Kind::Imds { .. } | Kind::AppService { .. }, by) => by,
            (Kind::AzureMl { .. }, "client_id") => "clientid",
            (Kind::AzureMl { .. }, by) => {
                let message = format!(
                    "Azure Machine Learning selects a user-assigned identity only by its client \
                     id: use `client_id` instead of `{by}`"
                );
                return Err(SignInError::new(message).into());
            }
            (Kind::ServiceFabric { .. }, _) => {
                let message = "on Service Fabric the deployment chooses the identity of an \
                               application: do not set one in the program";
                return Err(SignInError::new(message).into());
            }
            (Kind::AzureArc { .. } | Kind::CloudShell, _) => {
                let message = format!(
                    "{} does not support user-assigned identities: do not set one",
                    self.name()
                );
                return Err(SignInError::new(message).into());
            }
        };
        Ok(Some((parameter, id)))
    }

    fn secret(&self, secret: &Secret<String>) -> Result<HeaderValue> {
        let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
            let name = self.name();
            SignInError::new(format!(
                "the secret of {name} contains characters that an HTTP header cannot contain"
            ))
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Checks whether an address belongs to the machine itself, or to its link, which no router
/// forwards.
fn is_near(url: &Url, or_of_its_link: bool) -> bool {
    let is_near = |address: IpAddr| match address {
        IpAddr::V4(address) => address.is_loopback() || (or_of_its_link && address.is_link_local()),
        IpAddr::V6(address) => address.is_loopback(),
    };
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => is_near(address.into()),
        Some(Host::Ipv6(address)) => is_near(address.into()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], agent: bool) -> ManagedIdentitySource {
        let variable = |name: &str| {
            let value = variables.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        ManagedIdentitySource::found(&variable, &|_| agent)
    }

    #[test]
    fn environment_determines_the_platform() {
        let endpoint = ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/a");
        let header = ("IDENTITY_HEADER", "hush");
        let thumbprint = ("IDENTITY_SERVER_THUMBPRINT", "AB");
        let msi = ("MSI_ENDPOINT", "http://127.0.0.1:2/b");
        let secret = ("MSI_SECRET", "hush");
        let imds = ("IMDS_ENDPOINT", "http://127.0.0.1:3/c");
        for (variables, agent, name, at) in [
            (
                &[endpoint, header, thumbprint, msi, secret, imds][..],
                true,
                "Service Fabric",
                endpoint.1,
            ),
            (
                &[endpoint, header, msi, imds],
                true,
                "App Service",
                endpoint.1,
            ),
            (
                &[msi, secret, endpoint, imds],
                true,
                "Azure Machine Learning",
                msi.1,
            ),
            (&[msi, endpoint, imds], true, "Cloud Shell", msi.1),
            (&[endpoint, imds], false, "Azure Arc", endpoint.1),
            (&[], true, "Azure Arc", AZURE_ARC),
            (&[endpoint], false, "the metadata service (IMDS)", IMDS),
            (
                &[header, secret, imds, thumbprint],
                false,
                "the metadata service (IMDS)",
                IMDS,
            ),
            // An empty variable counts as not set.
            (
                &[
                    ("IDENTITY_ENDPOINT", ""),
                    ("IDENTITY_HEADER", ""),
                    ("MSI_ENDPOINT", ""),
                ],
                false,
                "the metadata service (IMDS)",
                IMDS,
            ),
        ] {
            let source = found(variables, agent);
            assert_eq!(
                (source.name(), source.endpoint.as_str()),
                (name, at),
                "{variables:?}"
            );
            assert!(!format!("{source:?}").contains("hush"), "{source:?}");
        }
        let is_guess =
            |source: ManagedIdentitySource| matches!(source.kind, Kind::Imds { is_guess: true });
        assert!(is_guess(found(&[], false)));
        assert!(!is_guess(ManagedIdentitySource::imds()));
    }

    #[test]
    fn azure_machine_learning_default_identity_is_used() {
        let source = found(
            &[
                ("MSI_ENDPOINT", "http://127.0.0.1:2/b"),
                ("MSI_SECRET", "hush"),
                ("DEFAULT_IDENTITY_CLIENT_ID", "default"),
            ],
            false,
        );
        let named = |identity: &Identity| {
            let named = source.identity(identity).unwrap();
            named.map(|(parameter, id)| (parameter, id.to_owned()))
        };
        let default = Some(("clientid", "default".to_owned()));
        assert_eq!(named(&Identity::SystemAssigned), default);
        let own = Some(("clientid", "own".to_owned()));
        assert_eq!(named(&Identity::Client("own".to_owned())), own);
    }

    #[test]
    fn metadata_service_has_the_documented_address() {
        let url = ManagedIdentitySource::imds().url().unwrap();
        assert_eq!(url.as_str(), IMDS);
        assert!(found(&[], true).url().is_ok());
    }

    #[test]
    fn remote_endpoint_address_is_refused() {
        let far = "http://203.0.113.7/metadata/identity/oauth2/token";
        let link = "http://169.254.169.254/metadata/identity/oauth2/token";
        for (source, says) in [
            (
                ManagedIdentitySource::imds_at(far),
                "is not an address of this machine",
            ),
            (
                ManagedIdentitySource::imds_at("http://evil.example/"),
                "is not an address of this machine",
            ),
            (
                ManagedIdentitySource::azure_arc(link),
                "is not an address of this machine",
            ),
            (
                ManagedIdentitySource::service_fabric("http://127.0.0.1:1/", "hush", "AB"),
                "is not https",
            ),
            (
                ManagedIdentitySource::app_service("/msi/token", "hush"),
                "is not a URL",
            ),
            (
                ManagedIdentitySource::cloud_shell("ftp://127.0.0.1/"),
                "is not an address of this machine",
            ),
        ] {
            let error = source.url().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            ManagedIdentitySource::app_service(far, "hush")
                .url()
                .is_ok()
        );
        assert!(
            ManagedIdentitySource::azure_arc("http://localhost:40342/")
                .url()
                .is_ok()
        );
        assert!(
            ManagedIdentitySource::azure_arc("http://[::1]:40342/")
                .url()
                .is_ok()
        );
    }
}
