//! Downloads Graph's description from the repository in which Microsoft publishes it.
//!
//! [microsoftgraph/msgraph-metadata](https://github.com/microsoftgraph/msgraph-metadata) has the
//! description of each version in CSDL, as Graph's own services provide it, and in OpenAPI, which
//! is converted from that. A commit identifies both permanently. The download is checked against
//! the pin: the same file of the same commit must have the digest that it had when it was pinned.

use std::env;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{DateTime, FixedOffset};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;

use crate::document::{self, Document};
use crate::pin::Pin;

/// The repository in which the description is published.
pub const REPOSITORY: &str = "microsoftgraph/msgraph-metadata";

/// The time without any data after which the download is aborted.
const PATIENCE: Duration = Duration::from_secs(60);

/// A version of Graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    #[default]
    V1,
    Beta,
}

impl Version {
    /// Returns the version as it is written in Graph's URLs and in the repository's paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V1 => "v1.0",
            Version::Beta => "beta",
        }
    }

    /// Returns the version with this name.
    ///
    /// # Errors
    ///
    /// Fails if there is no such version.
    pub fn new(name: &str) -> Result<Version> {
        match name {
            "v1.0" => Ok(Version::V1),
            "beta" => Ok(Version::Beta),
            _ => bail!("{name:?} is not a version of Graph: use v1.0 or beta"),
        }
    }

    /// Returns the path of the OpenAPI description, with the settings that the crate's fixups know.
    fn openapi(self) -> String {
        format!("openapi/{}/openapi.yaml", self.as_str())
    }

    /// Returns the path of the CSDL that the OpenAPI description is converted from.
    fn csdl(self) -> String {
        let (folder, version) = match self {
            Version::V1 => ("clean_v10_metadata", "v1.0"),
            Version::Beta => ("clean_beta_metadata", "beta"),
        };
        format!("{folder}/cleanMetadataWithDescriptionsAndAnnotationsAndErrors{version}.xml")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The servers that have the repository: GitHub's, or others for a test or behind a firewall.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// GitHub's API, which knows the commits.
    pub api: String,
    /// The server of the files.
    pub files: String,
}

impl Default for Hosts {
    fn default() -> Self {
        Hosts {
            api: "https://api.github.com".to_owned(),
            files: "https://raw.githubusercontent.com".to_owned(),
        }
    }
}

/// The description to download.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub version: Version,
    /// The commit. Defaults to the newest one.
    pub commit: Option<String>,
    /// The digest that the file must have.
    pub sha256: Option<String>,
}

/// The downloaded description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The repository, file and commit, in the form that `trim` writes into the pin.
    pub source: String,
    /// The digest of the unpacked file.
    pub sha256: String,
    pub bytes: usize,
    /// `true` if this description is the pinned one.
    pub is_pinned: bool,
    /// Additional notes.
    pub notes: Vec<String>,
}

/// Downloads the description into the file `out`. `pin` is that of the folder that is generated
/// from it.
///
/// # Errors
///
/// Fails if a server cannot be reached or does not have the file. Also fails if the download is not
/// a description, or has an unexpected digest. `out` is then unchanged.
pub async fn fetch(
    hosts: &Hosts,
    wanted: &Wanted,
    pin: Option<&Pin>,
    out: &Path,
) -> Result<Fetched> {
    let servers = Servers::new(hosts)?;
    let path = wanted.version.openapi();
    let mut notes = Vec::new();
    let commit = match &wanted.commit {
        Some(commit) => {
            is_commit(commit)?;
            commit.clone()
        }
        None => {
            let newest = servers.newest(&path).await?;
            let csdl = servers.newest(&wanted.version.csdl()).await?;
            if csdl.at > newest.at {
                notes.push(only_csdl(wanted.version, &csdl));
            }
            newest.sha
        }
    };
    let bytes = servers.file(&commit, &path).await?;
    let sha256 = document::digest(&bytes);
    let source = format!("{REPOSITORY}, {path}, commit {commit}");
    if let Some(must) = &wanted.sha256 {
        ensure!(
            sha256.eq_ignore_ascii_case(must),
            "{source} has the SHA-256 {sha256}, but --sha256 is {must}"
        );
    }
    let pinned = pin.map(|pin| &pin.document);
    if let Some(pinned) = pinned.filter(|pinned| pinned.source == source) {
        ensure!(
            sha256 == pinned.sha256,
            "{source} has the SHA-256 {sha256}, but the pin has {} for the same commit: check \
             both, because a commit does not change",
            pinned.sha256
        );
    }
    Document::parse(path, &bytes).with_context(|| format!("{source} is not a description"))?;
    fs::write(out, &bytes).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(Fetched {
        is_pinned: pinned.is_some_and(|pinned| pinned.sha256 == sha256),
        bytes: bytes.len(),
        source,
        sha256,
        notes,
    })
}

/// Checks that a commit has its full name, because a shorter one may become ambiguous.
fn is_commit(commit: &str) -> Result<()> {
    ensure!(
        commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()),
        "{commit:?} is not a full commit name (40 hexadecimal digits)"
    );
    Ok(())
}

/// Explains the next steps if the newest description exists only as CSDL.
fn only_csdl(version: Version, csdl: &Commit) -> String {
    let Commit { sha, at } = csdl;
    let file = version.csdl();
    format!(
        "the CSDL is newer than the OpenAPI description: {file} is of {at}. To make OpenAPI of it, \
         with Microsoft's own converter \
         (https://www.nuget.org/packages/Microsoft.OpenApi.Hidi):\n\x20   dotnet tool install \
         --global Microsoft.OpenApi.Hidi\n\x20   git clone --filter=blob:none \
         https://github.com/{REPOSITORY} && cd msgraph-metadata && git checkout {sha}\n\x20   hidi \
         transform --csdl {file} --settings-path conversion-settings/openapi.json \
         --metadata-version {version} --version OpenApi3_0 --format json --output \
         openapi-{version}.json\n\x20   cargo xtask trim openapi-{version}.json --source \
         \"{REPOSITORY}, {file}, commit {sha}\""
    )
}

/// The newest commit of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Commit {
    sha: String,
    at: DateTime<FixedOffset>,
}

struct Servers<'h> {
    hosts: &'h Hosts,
    client: Client,
    /// The token for GitHub's API, which has a higher rate limit for authenticated requests.
    token: Option<HeaderValue>,
}

impl<'h> Servers<'h> {
    fn new(hosts: &'h Hosts) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // This fails if a provider is already installed, which is sufficient.
        let _ = rustls::crypto::CryptoProvider::install_default(Arc::unwrap_or_clone(provider));
        let mut client = Client::builder()
            .read_timeout(PATIENCE)
            .connect_timeout(PATIENCE);
        if [&hosts.api, &hosts.files]
            .iter()
            .all(|host| host.starts_with("http://127.0.0.1"))
        {
            // A server on this machine needs no proxy.
            client = client.no_proxy();
        }
        let token = env::var("GITHUB_TOKEN")
            .ok()
            .filter(|token| !token.is_empty());
        let token = token
            .map(|token| {
                let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
                    anyhow::anyhow!(
                        "GITHUB_TOKEN contains characters that an HTTP header cannot contain"
                    )
                })?;
                value.set_sensitive(true);
                Ok::<_, anyhow::Error>(value)
            })
            .transpose()?;
        Ok(Self {
            hosts,
            client: client.build().context("cannot build the HTTP client")?,
            token,
        })
    }

    /// Returns the newest commit that changed a file.
    async fn newest(&self, path: &str) -> Result<Commit> {
        #[derive(Deserialize)]
        struct Listed {
            sha: String,
            commit: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            committer: Committer,
        }
        #[derive(Deserialize)]
        struct Committer {
            date: DateTime<FixedOffset>,
        }

        let url = format!(
            "{}/repos/{REPOSITORY}/commits?path={path}&per_page=1",
            self.hosts.api
        );
        let mut request = self
            .client
            .get(&url)
            .header(USER_AGENT, "msgraph-xtask")
            .header(ACCEPT, "application/vnd.github+json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        let answer = success(&url, request.send().await).await?;
        let text = answer
            .bytes()
            .await
            .with_context(|| format!("the response of {url} was truncated"))?;
        let listed: Vec<Listed> = serde_json::from_slice(&text)
            .with_context(|| format!("the response of {url} is not a list of commits"))?;
        let Some(Listed { sha, commit }) = listed.into_iter().next() else {
            bail!("{REPOSITORY} has no commit of {path}: the file may have been renamed");
        };
        is_commit(&sha)?;
        Ok(Commit {
            sha,
            at: commit.committer.date,
        })
    }

    /// Returns a file as it was in a commit.
    async fn file(&self, commit: &str, path: &str) -> Result<Vec<u8>> {
        let url = format!("{}/{REPOSITORY}/{commit}/{path}", self.hosts.files);
        let request = self.client.get(&url).header(USER_AGENT, "msgraph-xtask");
        let answer = success(&url, request.send().await).await?;
        let bytes = answer
            .bytes()
            .await
            .with_context(|| format!("the response of {url} was truncated"))?;
        Ok(bytes.into())
    }
}

/// Returns the response if its status is a success.
async fn success(url: &str, answer: reqwest::Result<Response>) -> Result<Response> {
    let answer = answer.with_context(|| format!("cannot reach {url}"))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    let line: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let hint = match status {
        StatusCode::NOT_FOUND => ": the file or the commit does not exist",
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            ": this may be GitHub's rate limit; set GITHUB_TOKEN to a token of any account to \
             raise it"
        }
        _ => "",
    };
    bail!("{url} responded with {status}{hint} ({line})")
}
