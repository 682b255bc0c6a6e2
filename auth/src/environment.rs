//! Sign-in with the application that the environment configures.

use std::fmt;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
use std::path::PathBuf;

use futures_util::future::BoxFuture;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
use tokio::sync::OnceCell;

use super::{AccessToken, Application, CacheKey, TokenProvider, TokenRequest};
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
use super::{Certificate, Secret};
use crate::cloud::authority;
use crate::error::SignInError;
use crate::redact::Address;
use crate::{Cloud, Result};

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const PASSWORD: &str = "AZURE_PASSWORD";
pub(super) const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";

/// A credential for the application in the environment variables that Microsoft's libraries read.
///
/// `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` identify the application. Its client authentication is
/// the first of these that is set:
///
/// 1. `AZURE_CLIENT_SECRET`, as [`ClientSecretCredential`](super::ClientSecretCredential);
/// 2. `AZURE_CLIENT_CERTIFICATE_PATH`, as
///    [`ClientCertificateCredential`](super::ClientCertificateCredential): a file with certificate
///    and key. Its password is `AZURE_CLIENT_CERTIFICATE_PASSWORD` (with the feature `pfx`).
///    `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN` may be `true` or `1`:
///    [`Certificate::send_chain`](super::Certificate::send_chain);
/// 3. `AZURE_FEDERATED_TOKEN_FILE`, as
///    [`WorkloadIdentityCredential`](super::WorkloadIdentityCredential).
///
/// The cloud is that of the client. If `AZURE_AUTHORITY_HOST` is set, it must be the login host of
/// that cloud, because no program signs in to one cloud and calls another.
///
/// An empty variable counts as not set. All variables are read when this credential is created. The
/// certificate is opened when the first token is needed.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::EnvironmentCredential;
///
/// let graph = Graph::new(EnvironmentCredential::new());
/// ```
///
/// A user's name and password (`AZURE_USERNAME`, `AZURE_PASSWORD`) are not supported. Their grant
/// supports neither a second factor nor Conditional Access. It does not work for federated and
/// personal accounts, and is deprecated in Microsoft's libraries
/// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc>). Use
/// [`InteractiveBrowserCredential`](super::InteractiveBrowserCredential) or
/// [`DeviceCodeCredential`](super::DeviceCodeCredential) for users.
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn):
///
/// * The error is [unavailable](SignInError::is_unavailable) if none of the three is set,
///   regardless of the two ids. The ids alone may be meant for a [managed
///   identity](super::ManagedIdentityCredential).
/// * If one of the three is set, it fails in these cases: an id is missing, the certificate or the
///   token cannot be read, `AZURE_AUTHORITY_HOST` belongs to another cloud, or the platform
///   refuses.
/// * If none of the three is set, it fails if a password is set: of a certificate without its file,
///   or of a user.
///
/// <https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential>
#[derive(Clone, Debug)]
pub struct EnvironmentCredential {
    found: Result<Found>,
}

/// An application and its client authentication from the environment.
#[derive(Clone)]
struct Found {
    /// The application with its client authentication, unless that is a certificate.
    application: Application,
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
    certificate: Option<CertificateAt>,
    /// The login host from the environment.
    authority: Option<String>,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("application", &self.application)
            .field("authority", &self.authority.as_deref().map(Address))
            .finish_non_exhaustive()
    }
}

/// A certificate that is opened once.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[derive(Clone, Debug)]
struct CertificateAt {
    path: PathBuf,
    password: Option<Secret<String>>,
    sends_chain: bool,
    opened: OnceCell<Application>,
}

impl EnvironmentCredential {
    /// Reads the environment of this process. The first call returns any error in it.
    pub fn new() -> Self {
        Self::with(&|name| std::env::var(name).ok())
    }

    /// Reads the variables with this function.
    pub(super) fn with(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self { found: found(&set) }
    }
}

impl Default for EnvironmentCredential {
    fn default() -> Self {
        Self::new()
    }
}

fn found(set: &dyn Fn(&str) -> Option<String>) -> Result<Found> {
    let credential = [SECRET, CERTIFICATE, TOKEN_FILE]
        .into_iter()
        .find_map(|name| Some((name, set(name)?)));
    let Some((name, value)) = credential else {
        return Err(nothing(set).into());
    };
    let (tenant, client) = match (set(TENANT), set(CLIENT)) {
        (Some(tenant), Some(client)) => (tenant, client),
        (tenant, client) => {
            let missing = [(TENANT, tenant), (CLIENT, client)];
            let missing = missing.iter().filter(|(_, value)| value.is_none());
            let missing: Vec<_> = missing.map(|(name, _)| format!("`{name}`")).collect();
            return Err(SignInError::new(format!(
                "the environment variable `{name}` is set without {}",
                missing.join(" and ")
            ))
            .into());
        }
    };
    let application = Application::new(tenant, client);
    let application = match name {
        SECRET => application.client_secret(value),
        TOKEN_FILE => application.federated_token_file(value),
        _ => return certified(application, value, set),
    };
    Ok(Found {
        application,
        #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
        certificate: None,
        authority: set(AUTHORITY),
    })
}

/// Configures an application with the certificate at this path.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
fn certified(
    application: Application,
    path: String,
    set: &dyn Fn(&str) -> Option<String>,
) -> Result<Found> {
    let password = set(CERTIFICATE_PASSWORD).map(Secret::from);
    if password.is_some() && cfg!(not(feature = "pfx")) {
        return Err(needs("`pfx`", CERTIFICATE_PASSWORD).into());
    }
    let sends_chain = set(SEND_CHAIN);
    let certificate = CertificateAt {
        path: path.into(),
        password,
        sends_chain: sends_chain
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true")),
        opened: OnceCell::new(),
    };
    Ok(Found {
        application,
        certificate: Some(certificate),
        authority: set(AUTHORITY),
    })
}

#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))]
fn certified(_: Application, _: String, _: &dyn Fn(&str) -> Option<String>) -> Result<Found> {
    Err(needs("`rustls-ring` or `rustls-aws-lc-rs`", CERTIFICATE).into())
}

fn needs(feature: &str, variable: &str) -> SignInError {
    SignInError::new(format!(
        "the environment variable `{variable}` is set, but the feature {feature} of msgraph is not \
         enabled"
    ))
}

/// Returns the error that no variable is set, or only unusable ones.
fn nothing(set: &dyn Fn(&str) -> Option<String>) -> SignInError {
    if set(CERTIFICATE_PASSWORD).is_some() {
        return SignInError::new(format!(
            "the environment variable `{CERTIFICATE_PASSWORD}` is set, but `{CERTIFICATE}` is not"
        ));
    }
    if set(PASSWORD).is_some() {
        return SignInError::new(format!(
            "the environment variable `{PASSWORD}` is set, but msgraph does not support sign-in \
             with a user name and password (ROPC): it does not work with multi-factor \
             authentication, Conditional Access, federated accounts or personal accounts, and \
             Microsoft's libraries deprecate it \
             (https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc)"
        ));
    }
    let ids = [TENANT, CLIENT].into_iter().filter(|id| set(id).is_none());
    let ids: String = ids.map(|id| format!(", nor is `{id}`")).collect();
    SignInError::unavailable(format!(
        "none of the environment variables `{SECRET}`, `{CERTIFICATE}` and `{TOKEN_FILE}` is \
         set{ids}"
    ))
}

impl Found {
    /// Returns the application with its client authentication.
    async fn application(&self) -> Result<&Application> {
        #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
        if let Some(file) = &self.certificate {
            let opened = file.opened.get_or_try_init(|| async {
                let certificate = file.open().await?;
                Ok(self.application.clone().certificate(certificate))
            });
            return opened.await;
        }
        Ok(&self.application)
    }
}

/// Checks that the login host in the environment (`AZURE_AUTHORITY_HOST`), if set, is that of the
/// client's cloud.
///
/// # Errors
///
/// Fails if it belongs to another cloud.
pub(super) fn is_of(named: Option<&str>, cloud: &Cloud) -> Result<()> {
    match named {
        Some(named) if authority(named) != authority(cloud.login()) => {
            Err(SignInError::new(format!(
                "the environment variable `{AUTHORITY}` is `{}`, but the client's cloud uses `{}`: \
                 change the variable or `GraphBuilder::cloud`",
                Address(named),
                Address(cloud.login())
            ))
            .into())
        }
        _ => Ok(()),
    }
}

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
impl CertificateAt {
    /// Adds the certificate's file and settings to a cache key. This does not open the file.
    fn identify(&self, key: CacheKey) -> CacheKey {
        let password = self
            .password
            .as_ref()
            .map(|password| password.expose().as_str());
        key.credential("certificate file")
            .credential(self.path.as_os_str().as_encoded_bytes())
            .credential(password.unwrap_or_default())
            .credential([u8::from(self.sends_chain)])
    }

    async fn open(&self) -> Result<Certificate> {
        let (path, password) = (self.path.clone(), self.password.clone());
        // Reading blocks, and decrypting takes time.
        let opening = tokio::task::spawn_blocking(move || match password {
            #[cfg(feature = "pfx")]
            Some(password) => Certificate::from_file_with_password(path, password),
            _ => Certificate::from_file(path),
        });
        let certificate = opening.await.map_err(|error| {
            SignInError::new("cannot open the certificate").with_source(error)
        })??;
        Ok(match self.sends_chain {
            true => certificate.send_chain(),
            false => certificate,
        })
    }
}

impl TokenProvider for EnvironmentCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let found = self.found.as_ref().map_err(Clone::clone)?;
            is_of(found.authority.as_deref(), request.cloud())?;
            found.application().await?.sign_in(request).await
        })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        let found = self.found.as_ref().ok()?;
        // A wrong host must always be an error, even if another provider has cached a token under
        // the same key.
        is_of(found.authority.as_deref(), cloud).ok()?;
        let key = found.application.cache_key(cloud);
        #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
        if let Some(certificate) = &found.certificate {
            return Some(certificate.identify(key));
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use msgraph_test_support::recorder::{Answer, Recorder};
    use serde_json::{Value, json};
    use url::form_urlencoded;

    use super::*;
    use crate::ClientSecretCredential;
    use crate::error::Error;
    use crate::tests::plain_client;
    use msgraph_core::cloud::CustomCloud;

    const IDS: [(&str, &str); 2] = [(TENANT, "contoso.com"), (CLIENT, "client")];
    const HUSH: &str = "hush-hush";

    fn environment(variables: &[(&str, &str)]) -> EnvironmentCredential {
        EnvironmentCredential::with(&|name| {
            let value = variables.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        })
    }

    /// Returns the environment of the application, with these additional variables.
    fn application(more: &[(&str, &str)]) -> EnvironmentCredential {
        environment(&[&IDS, more].concat())
    }

    fn fixture(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/certificates");
        folder.join(name).display().to_string()
    }

    /// Creates a file with the certificate, its key and the certificate of its issuer.
    fn pem() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let parts = ["leaf.key", "leaf.pem", "authority.pem"];
        let parts = parts.map(|name| std::fs::read_to_string(fixture(name)).unwrap());
        std::fs::write(&file, parts.concat()).unwrap();
        file
    }

    fn request(cloud: impl Into<Cloud>) -> TokenRequest {
        TokenRequest::new(Arc::new(cloud.into()), plain_client(), None)
    }

    async fn refused(environment: &EnvironmentCredential, cloud: impl Into<Cloud>) -> SignInError {
        match environment.token(request(cloud)).await {
            Err(Error::SignIn(error)) => *error,
            other => panic!("a sign-in error was expected: {other:?}"),
        }
    }

    /// Returns the form that is sent to the token endpoint.
    async fn sent(environment: &EnvironmentCredential) -> Vec<(String, String)> {
        let granted =
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" });
        let login = Recorder::always(Answer::json(granted)).await;
        let cloud = CustomCloud::new("http://127.0.0.1:1", login.url());
        let token = environment.token(request(cloud)).await.unwrap();
        assert_eq!(token.secret().expose(), "token");
        let request = login.only();
        assert_eq!(request.target, "/contoso.com/oauth2/v2.0/token");
        form_urlencoded::parse(&request.body).into_owned().collect()
    }

    fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let (_, value) = form.iter().find(|(field, _)| field == name)?;
        Some(value)
    }

    #[tokio::test]
    async fn first_configured_credential_is_used() {
        let (certificate, token) = (pem(), tempfile::NamedTempFile::new().unwrap());
        std::fs::write(&token, " federated\n").unwrap();
        let certificate = certificate.path().to_str().unwrap();
        let file = (TOKEN_FILE, token.path().to_str().unwrap());
        // A user's password changes nothing if a better credential is set.
        let password = (PASSWORD, "password");
        let form = sent(&application(&[
            password,
            file,
            (CERTIFICATE, certificate),
            (SECRET, HUSH),
        ]))
        .await;
        assert_eq!(field(&form, "client_id"), Some("client"));
        assert_eq!(field(&form, "client_secret"), Some(HUSH));
        assert_eq!(field(&form, "client_assertion"), None);

        let form = sent(&application(&[
            password,
            file,
            (CERTIFICATE, certificate),
            (SECRET, ""),
        ]))
        .await;
        assert_eq!(field(&form, "client_secret"), None);
        let header = header(&form);
        assert_eq!((&header["alg"], header.get("x5c")), (&json!("PS256"), None));

        let form = sent(&application(&[password, file])).await;
        assert_eq!(field(&form, "client_secret"), None);
        assert_eq!(field(&form, "client_assertion"), Some("federated"));
    }

    /// Returns the header of the assertion.
    fn header(form: &[(String, String)]) -> Value {
        let assertion = field(form, "client_assertion").expect("an assertion");
        let header = assertion.split('.').next().unwrap();
        let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
        serde_json::from_slice(&header).unwrap()
    }

    #[tokio::test]
    async fn certificate_may_have_password_and_send_its_chain() {
        let file = pem();
        let certificate = (CERTIFICATE, file.path().to_str().unwrap());
        for (value, certificates) in [
            ("1", Some(2)),
            ("true", Some(2)),
            ("True", Some(2)),
            ("0", None),
            ("false", None),
            ("yes", None),
        ] {
            let form = sent(&application(&[certificate, (SEND_CHAIN, value)])).await;
            let chain = header(&form);
            let chain = chain.get("x5c").and_then(Value::as_array);
            assert_eq!(chain.map(Vec::len), certificates, "{value}");
        }
    }

    #[cfg(feature = "pfx")]
    #[tokio::test]
    async fn unreadable_certificate_error_names_its_file() {
        let path = fixture("leaf.pfx");
        let with =
            |password| application(&[(CERTIFICATE, &path), (CERTIFICATE_PASSWORD, password)]);
        header(&sent(&with("correct horse")).await);
        let error = refused(&with(HUSH), Cloud::Global).await;
        assert_eq!(
            error.to_string(),
            format!(
                "sign-in failed: cannot use the certificate in `{path}`: the password is wrong"
            )
        );
        assert!(!error.is_unavailable() && !format!("{error:?}").contains(HUSH));
    }

    #[tokio::test]
    async fn missing_certificate_file_is_looked_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certificate.pem");
        let environment = application(&[(CERTIFICATE, path.to_str().unwrap())]);
        let error = refused(&environment, Cloud::Global).await.to_string();
        let says = format!("cannot use the certificate in `{}`", path.display());
        assert!(error.contains(&says), "{error}");
        std::fs::copy(pem(), &path).unwrap();
        header(&sent(&environment).await);
        // After the first read, a file that is missing while it is replaced is not an error.
        std::fs::remove_file(&path).unwrap();
        header(&sent(&environment).await);
    }

    #[tokio::test]
    async fn missing_credential_error_names_the_variables() {
        let none = "sign-in failed: none of the environment variables `AZURE_CLIENT_SECRET`, \
                    `AZURE_CLIENT_CERTIFICATE_PATH` and `AZURE_FEDERATED_TOKEN_FILE` is set";
        let [tenant, client] = IDS;
        for (variables, more) in [
            (
                &[][..],
                ", nor is `AZURE_TENANT_ID`, nor is `AZURE_CLIENT_ID`",
            ),
            (
                &[client, (TENANT, ""), (SECRET, "")],
                ", nor is `AZURE_TENANT_ID`",
            ),
            (&[tenant, (SEND_CHAIN, "1")], ", nor is `AZURE_CLIENT_ID`"),
            (&[tenant, client, ("AZURE_USERNAME", "ada")], ""),
            // The cloud does not matter without a credential.
            (&[tenant, client, (AUTHORITY, "https://login.example")], ""),
        ] {
            let environment = environment(variables);
            let error = refused(&environment, Cloud::Global).await;
            assert_eq!(error.to_string(), format!("{none}{more}"));
            assert!(error.is_unavailable());
            assert_eq!(environment.cache_key(&Cloud::Global), None);
        }
    }

    #[tokio::test]
    async fn incomplete_credential_error_names_missing_variable() {
        let [tenant, client] = IDS;
        for (variables, says) in [
            (
                &[(SECRET, HUSH)][..],
                "`AZURE_CLIENT_SECRET` is set without `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`",
            ),
            (
                &[client, (CERTIFICATE, "/nowhere")],
                "`AZURE_CLIENT_CERTIFICATE_PATH` is set without `AZURE_TENANT_ID`",
            ),
            (
                &[tenant, (CLIENT, ""), (TOKEN_FILE, "/nowhere")],
                "`AZURE_FEDERATED_TOKEN_FILE` is set without `AZURE_CLIENT_ID`",
            ),
            (
                &[tenant, client, (CERTIFICATE_PASSWORD, HUSH)],
                "`AZURE_CLIENT_CERTIFICATE_PASSWORD` is set, but `AZURE_CLIENT_CERTIFICATE_PATH` \
                 is not",
            ),
        ] {
            let error = refused(&environment(variables), Cloud::Global).await;
            assert_eq!(
                error.to_string(),
                format!("sign-in failed: the environment variable {says}")
            );
            assert!(!error.is_unavailable());
        }
        let unread = application(&[(TOKEN_FILE, "/nowhere/token")]);
        let error = refused(&unread, Cloud::Global).await;
        let says = "sign-in failed: cannot read the token file `/nowhere/token`";
        assert!(error.to_string().starts_with(says), "{error}");
        assert!(!error.is_unavailable());
    }

    #[tokio::test]
    async fn username_and_password_are_refused_with_reason() {
        let variables = [("AZURE_USERNAME", "ada@contoso.com"), (PASSWORD, HUSH)];
        let error = refused(&application(&variables), Cloud::Global).await;
        assert_eq!(
            error.to_string(),
            "sign-in failed: the environment variable `AZURE_PASSWORD` is set, but msgraph does \
             not support sign-in with a user name and password (ROPC): it does not work with \
             multi-factor authentication, Conditional Access, federated accounts or personal \
             accounts, and Microsoft's libraries deprecate it \
             (https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc)"
        );
        assert!(!error.is_unavailable() && !format!("{error:?}").contains(HUSH));
    }

    #[tokio::test]
    async fn authority_must_match_the_clients_cloud() {
        let of = |authority| application(&[(SECRET, HUSH), (AUTHORITY, authority)]);
        for (authority, cloud) in [
            ("https://login.microsoftonline.com/", Cloud::Global),
            ("https://login.microsoftonline.com", Cloud::Global),
            ("login.windows.net", Cloud::Global),
            ("HTTPS://Login.MicrosoftOnline.us/", Cloud::UsGovL5),
            ("https://login.chinacloudapi.cn/", Cloud::China),
        ] {
            let environment = of(authority);
            let found = environment.found.as_ref().unwrap();
            assert!(
                is_of(found.authority.as_deref(), &cloud).is_ok(),
                "{authority}"
            );
        }
        let error = refused(&of("https://login.microsoftonline.us/"), Cloud::China).await;
        assert_eq!(
            error.to_string(),
            "sign-in failed: the environment variable `AZURE_AUTHORITY_HOST` is \
             `https://login.microsoftonline.us/`, but the client's cloud uses \
             `https://login.partner.microsoftonline.cn`: change the variable or \
             `GraphBuilder::cloud`"
        );
        assert!(!error.is_unavailable());
        for authority in [
            "https://login.microsoftonline.com.evil.example/",
            "http://login.microsoftonline.com",
            "https://evil.example/login.microsoftonline.com",
        ] {
            refused(&of(authority), Cloud::Global).await;
        }
    }

    #[test]
    fn tokens_are_shared_for_the_same_application() {
        let key = application(&[(SECRET, HUSH)]).cache_key(&Cloud::Global);
        let same = ClientSecretCredential::new("contoso.com", "client", HUSH);
        assert_eq!(key, same.cache_key(&Cloud::Global));
        let other = ClientSecretCredential::new("contoso.com", "client", "another");
        assert_ne!(key, other.cache_key(&Cloud::Global));
        let certificate =
            |path: &str| application(&[(CERTIFICATE, path)]).cache_key(&Cloud::Global);
        assert_eq!(certificate("/a.pem"), certificate("/a.pem"));
        assert_ne!(certificate("/a.pem"), certificate("/b.pem"));
        assert!(key.is_some() && key != same.cache_key(&Cloud::China));
        let of_china = application(&[(SECRET, HUSH), (AUTHORITY, "login.chinacloudapi.cn")]);
        assert_eq!(of_china.cache_key(&Cloud::Global), None);
        assert!(of_china.cache_key(&Cloud::China).is_some());
    }

    #[cfg(feature = "pfx")]
    #[test]
    fn another_certificate_password_needs_another_token() {
        let key = |password: &str| {
            let variables = [(CERTIFICATE, "/a.pfx"), (CERTIFICATE_PASSWORD, password)];
            application(&variables).cache_key(&Cloud::Global)
        };
        assert_eq!(key(HUSH), key(HUSH));
        assert_ne!(key(HUSH), key("another"));
    }

    #[track_caller]
    fn prints_no_secret(variables: &[(&str, &str)]) {
        let shown = format!("{:?}", application(variables));
        assert!(
            shown.contains("contoso.com") && !shown.contains(HUSH),
            "{shown}"
        );
    }

    #[test]
    fn environment_credential_debug_prints_no_secret() {
        prints_no_secret(&[(SECRET, HUSH)]);
    }

    #[cfg(feature = "pfx")]
    #[test]
    fn environment_credential_debug_prints_no_password() {
        prints_no_secret(&[(CERTIFICATE, "/a.pfx"), (CERTIFICATE_PASSWORD, HUSH)]);
    }
}
