//! Sign-in with the user of an Azure tool, for programs that a developer runs.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::DateTime;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::moment::since_1970;
use super::seconds::Seconds;
use super::{AccessToken, CacheKey, TokenProvider, TokenRequest};
use crate::error::SignInError;
use crate::{Cloud, Result};

/// The time limit of a tool. The Azure CLI starts an interpreter first, and both tools may renew a
/// token.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of characters of a tool's message that an error contains.
const LONGEST_COMPLAINT: usize = 300;

/// A credential that uses the account of the Azure CLI. It runs `az account get-access-token`.
///
/// This is for a program on a developer's machine. The token belongs to a user and has the
/// permissions that Microsoft gave to the Azure CLI. These are permissions for the directory, not
/// for mail or files. A program in production signs in as itself.
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::AzureCliCredential;
///
/// let graph = Graph::new(AzureCliCredential::new().tenant("contoso.com"));
/// ```
///
/// # Errors
///
/// A call fails with [`Error::SignIn`](crate::Error::SignIn) if the tool fails, and contains the
/// tool's error line. The error is [unavailable](SignInError::is_unavailable) if the tool is not
/// installed, or no user is signed in. If Graph requires claims, only the user can meet them, with
/// the command that the error names.
///
/// <https://learn.microsoft.com/cli/azure/account#az-account-get-access-token>
#[derive(Clone)]
pub struct AzureCliCredential {
    tool: Tool,
    subscription: Option<String>,
}

impl AzureCliCredential {
    /// Runs `az` as the shell finds it, and uses its default tenant.
    pub fn new() -> Self {
        Self {
            tool: Tool::new("az", "the Azure CLI"),
            subscription: None,
        }
    }

    /// Signs in to this tenant, by its id or one of its domains. It replaces a
    /// [subscription](Self::subscription), because the tool takes only one of both.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tool.tenant = Some(tenant.into());
        self.subscription = None;
        self
    }

    /// Signs in with the account of this subscription, by its id or name, if several accounts are
    /// signed in. It replaces a [tenant](Self::tenant), because a subscription has its own.
    #[must_use]
    pub fn subscription(mut self, subscription: impl Into<String>) -> Self {
        self.subscription = Some(subscription.into());
        self.tool.tenant = None;
        self
    }

    /// Runs this program instead of the `az` that the shell finds.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.tool.program = Some(path.into());
        self
    }

    /// Sets the time limit of a run; the default is 10 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.tool.timeout = timeout;
        self
    }
}

impl Default for AzureCliCredential {
    fn default() -> Self {
        Self::new()
    }
}

/// The output of `az account get-access-token`. It also contains `expiresOn`, in the machine's
/// local time and without the time zone. A CLI before 2.54 has only that; its token is kept until
/// Graph refuses it.
#[derive(Deserialize)]
struct CliToken {
    #[serde(rename = "accessToken")]
    token: String,
    /// The expiry, in seconds since 1970.
    #[serde(default)]
    expires_on: Seconds,
}

impl TokenProvider for AzureCliCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let scope = request.scope();
            let resource = scope.strip_suffix("/.default").unwrap_or(scope);
            let mut arguments = Arguments::new(["account", "get-access-token", "--output", "json"]);
            arguments.add("--resource", resource, Arguments::ADDRESS)?;
            if let Some(tenant) = &self.tool.tenant {
                arguments.add("--tenant", tenant, Arguments::NAME)?;
            }
            if let Some(subscription) = &self.subscription {
                arguments.add("--subscription", subscription, Arguments::TITLE)?;
            }
            if let Some(claims) = request.claims() {
                let tenant = self.tool.tenant.as_ref();
                let tenant = tenant.map(|tenant| format!(" --tenant {tenant}"));
                return Err(SignInError::user_needed(format!(
                    "Graph sent a claims challenge that only the user can meet: run `az login{} \
                     --scope {scope} --claims-challenge {}` (Azure CLI 2.76 or later)",
                    tenant.unwrap_or_default(),
                    BASE64_STANDARD.encode(claims),
                ))
                .into());
            }
            self.tool.extend(&request);
            let printed: CliToken = self
                .tool
                .run(arguments, &["az login", "az account set"])
                .await?;
            let token = AccessToken::new(printed.token);
            let since = printed
                .expires_on
                .checked("the output of the Azure CLI", "expires_on")?;
            let end = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
            Ok(match end {
                Some(end) => token.expires_at(end),
                None => token,
            })
        })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.tool.cache_key(cloud, self.subscription.as_deref()))
    }
}

impl fmt::Debug for AzureCliCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureCliCredential")
            .field("tool", &self.tool)
            .field("subscription", &self.subscription)
            .finish()
    }
}

/// A credential that uses the account of the Azure Developer CLI. It runs `azd auth token`.
///
/// It is for the same programs as [`AzureCliCredential`].
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::AzureDeveloperCliCredential;
///
/// let graph = Graph::new(AzureDeveloperCliCredential::new());
/// ```
///
/// # Errors
///
/// A call fails for the same reasons as with [`AzureCliCredential`].
///
/// <https://learn.microsoft.com/azure/developer/azure-developer-cli/reference#azd-auth-token>
#[derive(Clone, Debug)]
pub struct AzureDeveloperCliCredential {
    tool: Tool,
}

impl AzureDeveloperCliCredential {
    /// Runs `azd` as the shell finds it, and uses its default tenant.
    pub fn new() -> Self {
        Self {
            tool: Tool::new("azd", "the Azure Developer CLI"),
        }
    }

    /// Signs in to this tenant, by its id.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tool.tenant = Some(tenant.into());
        self
    }

    /// Runs this program instead of the `azd` that the shell finds.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.tool.program = Some(path.into());
        self
    }

    /// Sets the time limit of a run; the default is 10 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.tool.timeout = timeout;
        self
    }
}

impl Default for AzureDeveloperCliCredential {
    fn default() -> Self {
        Self::new()
    }
}

/// The output of `azd auth token`.
#[derive(Deserialize)]
struct DeveloperCliToken {
    token: String,
    /// The expiry, in the form of RFC 3339.
    #[serde(rename = "expiresOn", default)]
    expires_on: Option<String>,
}

impl TokenProvider for AzureDeveloperCliCredential {
    fn token<'a: 'f, 'f>(&'a self, request: TokenRequest) -> BoxFuture<'f, Result<AccessToken>> {
        Box::pin(async move {
            let mut arguments =
                Arguments::new(["auth", "token", "--output", "json", "--no-prompt"]);
            arguments.add("--scope", request.scope(), Arguments::ADDRESS)?;
            if let Some(tenant) = &self.tool.tenant {
                arguments.add("--tenant-id", tenant, Arguments::NAME)?;
            }
            if request.claims().is_some() {
                let message = "Graph sent a claims challenge that only the user can meet: run \
                               `azd auth login`";
                return Err(SignInError::user_needed(message).into());
            }
            self.tool.extend(&request);
            let printed: DeveloperCliToken = self.tool.run(arguments, &["azd auth login"]).await?;
            let token = AccessToken::new(printed.token);
            let Some(end) = printed.expires_on else {
                return Ok(token);
            };
            let end = DateTime::parse_from_rfc3339(&end).map_err(|error| {
                let message = "the output of the Azure Developer CLI has an invalid `expiresOn`";
                SignInError::new(message).with_source(error)
            })?;
            Ok(token.expires_at(since_1970(end.timestamp())))
        })
    }

    fn cache_key(&self, cloud: &Cloud) -> Option<CacheKey> {
        Some(self.tool.cache_key(cloud, None))
    }
}

/// The arguments of a tool.
struct Arguments(Vec<OsString>);

impl Arguments {
    /// The characters besides letters and digits in ids and domains.
    const NAME: &[char] = &['-', '.'];
    /// The characters besides letters and digits in names of subscriptions. A name with brackets
    /// would end a block of the tool's script; use the subscription's id instead.
    const TITLE: &[char] = &['-', '.', '_', ' '];
    /// The characters besides letters and digits in scopes and root URLs.
    const ADDRESS: &[char] = &['-', '.', '_', ':', '/'];

    fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.map(OsString::from).into())
    }

    /// Adds an option and its value. On Windows both tools are scripts of a shell that interprets
    /// many characters, even when they are quoted (CVE-2024-24576). On every system, only
    /// characters that valid values contain are therefore allowed.
    fn add(&mut self, option: &str, value: &str, signs: &[char]) -> Result<()> {
        let is_right = |sign: char| sign.is_ascii_alphanumeric() || signs.contains(&sign);
        if value.is_empty() || value.starts_with('-') || !value.chars().all(is_right) {
            let value = value.escape_debug();
            return Err(
                SignInError::new(format!("`{value}` is not a valid value for `{option}`")).into(),
            );
        }
        self.0.extend([option.into(), value.into()]);
        Ok(())
    }
}

/// A program that prints a token.
#[derive(Clone, Debug)]
struct Tool {
    command: &'static str,
    name: &'static str,
    program: Option<PathBuf>,
    tenant: Option<String>,
    timeout: Duration,
}

impl Tool {
    fn new(command: &'static str, name: &'static str) -> Self {
        Self {
            command,
            name,
            program: None,
            tenant: None,
            timeout: TIMEOUT,
        }
    }

    /// Extends the time limit of the token request to that of a run and a little more, so that the
    /// run ends first.
    fn extend(&self, request: &TokenRequest) {
        request.extend_time_limit(self.timeout.saturating_add(TIMEOUT));
    }

    /// Returns the cache key for this program and its arguments. The tenant and application are
    /// unknown before the program runs. Their placeholders contain spaces, so they cannot equal a
    /// real tenant or application.
    fn cache_key(&self, cloud: &Cloud, subscription: Option<&str>) -> CacheKey {
        let tenant = self.tenant.as_deref().unwrap_or("its own tenant");
        let program = &self.program;
        CacheKey::new(cloud, tenant, self.name).user(format!("{program:?} {subscription:?}"))
    }

    /// Runs the tool. `remedies` are the commands that the tool suggests to users who are not
    /// signed in, the most frequently needed one first.
    async fn run<T: DeserializeOwned>(&self, arguments: Arguments, remedies: &[&str]) -> Result<T> {
        let (command, name) = (self.command, self.name);
        let running = self
            .command()
            .args(arguments.0)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let mut output = match timeout(self.timeout, running).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(self.not_installed().with_source(error).into());
            }
            Ok(Err(error)) => {
                let message = format!("cannot run {name} (`{command}`)");
                return Err(SignInError::new(message).with_source(error).into());
            }
            Err(_) => {
                let seconds = self.timeout.as_secs_f64();
                let message = format!("{name} (`{command}`) timed out after {seconds} s");
                return Err(SignInError::new(message).into());
            }
        };
        // The output contains the token, and is overwritten on every path.
        let printed = Zeroizing::new(std::mem::take(&mut output.stdout));
        if !output.status.success() {
            return Err(self.complaint(&output, remedies).into());
        }
        // Neither the output nor the parser's message goes into the error, because both may contain
        // the token.
        serde_json::from_slice(&printed).map_err(|_| {
            SignInError::new(format!(
                "cannot read a token in the output of {name} (`{command}`)"
            ))
            .into()
        })
    }

    fn command(&self) -> Command {
        match &self.program {
            Some(program) => Command::new(program),
            // On Windows the tool is a script, which only the shell finds and runs. The shell
            // searches the current folder first, so it starts in another folder.
            None if cfg!(windows) => {
                let mut shell = Command::new("cmd");
                shell.args(["/D", "/C", self.command]);
                if let Some(root) = std::env::var_os("SystemRoot") {
                    shell.current_dir(root);
                }
                shell
            }
            None => Command::new(self.command),
        }
    }

    fn not_installed(&self) -> SignInError {
        let program = match &self.program {
            Some(program) => program.display().to_string(),
            None => self.command.to_owned(),
        };
        SignInError::unavailable(format!(
            "{} is not installed, or `{program}` is not in `PATH`",
            self.name
        ))
    }

    /// Creates the error from the output of a tool that failed.
    fn complaint(&self, output: &Output, remedies: &[&str]) -> SignInError {
        // The exit codes of shells for a missing program.
        if matches!(output.status.code(), Some(127 | 9009)) {
            return self.not_installed();
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // The Azure Developer CLI writes its error in the requested output format.
        let within = serde_json::from_str::<serde_json::Value>(&said).ok();
        let within = within
            .as_ref()
            .and_then(|said| said.pointer("/data/message")?.as_str());
        let said = within.unwrap_or(&said);
        let is_signed_out = remedies.iter().any(|remedy| said.contains(remedy));
        // Warnings may come before the error.
        let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines().find(|line| line.starts_with("ERROR"));
        let line = line
            .or_else(|| lines().next())
            .unwrap_or("it printed no reason");
        let line: String = line.chars().take(LONGEST_COMPLAINT).collect();
        let (command, name) = (self.command, self.name);
        match remedies.first().filter(|_| is_signed_out) {
            Some(remedy) => SignInError::unavailable(format!(
                "no user is signed in with {name}, run `{remedy}`: {line}"
            )),
            None => SignInError::new(format!("{name} (`{command}`) failed: {line}")),
        }
    }
}
