//! Token requests to a managed identity source.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use msgraph_core::verdict::Verdict;
use msgraph_io::{Backoff, Change, Connections};
use reqwest::Request;
use tokio::sync::OnceCell;
use tokio::time::sleep;
use url::Url;

use super::source::{Kind, ManagedIdentitySource};
use super::{Identity, arc, token_response};
use crate::Result;
use crate::error::{Error, SignInError, TransportError};
use crate::exchange::{RawResponse, exchange};
use crate::{AccessToken, TokenRequest};

/// The time limit of a connection to the machine itself, or to an adjacent one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The time in which the metadata service must respond to the probe. It refuses such a request at
/// once.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// The pauses of Microsoft's libraries between attempts
/// (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance>).
const WAITS: Backoff = Backoff::new(Duration::from_secs(1), LONGEST_WAIT);
const MAX_RETRIES: u32 = 3;

/// The pause while the metadata service is being updated, and the number of such pauses. An update
/// takes 70 seconds at most.
const UPDATE_WAIT: Duration = Duration::from_secs(10);
const MAX_UPDATES: u32 = 7;

/// The longest pause that is waited for here. A longer one is left to the calls, which then report
/// why they wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The text that replaces the address in traces.
const TEMPLATE: &str = "{endpoint}";

/// A source, with the HTTP client for its requests.
///
/// There is one HTTP client for all other requests, but a source has a client of its own. The
/// client of the calls may use a proxy. These requests hold a secret and must not go to another
/// machine, where they would not get this machine's identity anyway.
#[derive(Clone)]
pub(super) struct Endpoint {
    source: ManagedIdentitySource,
    url: Url,
    http: reqwest::Client,
    /// Set once the metadata service has responded, if its existence is a guess.
    is_there: Arc<OnceCell<()>>,
}

impl Endpoint {
    /// Creates the endpoint of a source.
    ///
    /// # Errors
    ///
    /// Returns an error if the source's address is invalid, or TLS cannot be set up for it.
    pub(super) fn new(source: ManagedIdentitySource) -> Result<Self> {
        Ok(Self {
            url: source.url()?,
            http: connections(&source)?.build()?,
            is_there: Arc::default(),
            source,
        })
    }

    /// Requests a token.
    ///
    /// The claims of a challenge are not sent. The metadata service accepts none, and returns the
    /// token that it has cached. App Service and Service Fabric can be told which token not to
    /// return again. Microsoft says so far that the parameters for this may change
    /// (<https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/blob/main/docs/msiv1_token_revocation.md>).
    /// Therefore the request does not declare that this program supports challenges, and Graph
    /// sends none.
    pub(super) async fn token(
        &self,
        identity: &Identity,
        resource: &str,
        request: &TokenRequest,
    ) -> Result<AccessToken> {
        let asked = self.source.request(&self.url, identity, resource)?;
        if let Kind::Imds { is_guess: true } = self.source.kind {
            request.extend_time_limit(2 * PROBE_TIMEOUT);
            self.is_there.get_or_try_init(|| self.probe()).await?;
        }
        let response = self.ask(asked, request).await?;
        if response.status.is_success() {
            return token_response::token(&response.body, SystemTime::now(), self.source.name())?
                .ok_or_else(|| response.without_token(self.source.name()).into());
        }
        Err(self.refusal(&response, identity).into())
    }

    /// Checks whether the metadata service exists. The probe lacks the service's header, so the
    /// service always refuses it with 400.
    ///
    /// Without a metadata service, most networks do not respond at all. On machines of other
    /// clouds, another service has its address.
    async fn probe(&self) -> Result<()> {
        let absent = |found: &str| {
            SignInError::unavailable(format!(
                "no managed identity endpoint found on this machine: the environment variables \
                 name none, and the metadata service (IMDS) {found}"
            ))
        };
        let request = Request::new(Method::GET, self.url.clone());
        let response = match self.send(request, PROBE_TIMEOUT, 0).await {
            Ok(response) => response,
            Err(lost) => return Err(absent("does not respond").with_source(lost).into()),
        };
        match response.status {
            StatusCode::BAD_REQUEST | StatusCode::GONE => Ok(()),
            status if Verdict::of_token_service(status).is_passing() => Ok(()),
            status => {
                let status = status.as_u16();
                Err(absent(&format!("responded with an unexpected status ({status})")).into())
            }
        }
    }

    /// Repeats the request until another attempt could not change the outcome.
    async fn ask(&self, asked: Request, request: &TokenRequest) -> Result<RawResponse> {
        let mut attempts = Attempts::default();
        loop {
            // The form is a text, so it can be sent again.
            let copy = asked
                .try_clone()
                .ok_or_else(|| SignInError::new("the token request cannot be repeated"))?;
            let outcome = self.exchange(copy, request, attempts.count()).await;
            match attempts.wait(&self.source.kind, &outcome) {
                Some(wait) => sleep(wait).await,
                None => return outcome.map_err(Failed::into_error),
            }
        }
    }

    /// Sends a request, and sends it once more with the key if Azure Arc requires one.
    async fn exchange(
        &self,
        asked: Request,
        request: &TokenRequest,
        resend_count: u32,
    ) -> Result<RawResponse, Failed> {
        let limit = || request.limit().attempt(true);
        let Kind::AzureArc { keys } = &self.source.kind else {
            return Ok(self.send(asked, limit(), resend_count).await?);
        };
        let with_key = asked.try_clone();
        let response = self.send(asked, limit(), resend_count).await?;
        match with_key {
            Some(mut again) if response.status == StatusCode::UNAUTHORIZED => {
                let key = arc::response(&response.headers, keys)
                    .await
                    .map_err(Failed::Final)?;
                again.headers_mut().insert(AUTHORIZATION, key);
                Ok(self.send(again, limit(), resend_count + 1).await?)
            }
            _ => Ok(response),
        }
    }

    async fn send(
        &self,
        asked: Request,
        limit: Duration,
        resend_count: u32,
    ) -> Result<RawResponse, TransportError> {
        exchange(&self.http, asked, limit, TEMPLATE, resend_count).await
    }

    /// Returns the error for a refusal, with advice.
    fn refusal(&self, response: &RawResponse, identity: &Identity) -> SignInError {
        let error = response.refusal();
        let name = self.source.name();
        let not_found = matches!(response.status.as_u16(), 400 | 404);
        if error.error() == Some("invalid_resource") {
            return error.with_message(format!(
                "{name} does not know the client's cloud: check `GraphBuilder::cloud`"
            ));
        }
        let named = match identity {
            Identity::SystemAssigned => None,
            Identity::Client(id) => Some(("client id", id)),
            Identity::Object(id) => Some(("object id", id)),
            Identity::Resource(id) => Some(("resource id", id)),
        };
        match (not_found, named) {
            (false, _) => error.with_message(format!("in the token request to {name}")),
            (true, Some((by, id))) => error.with_message(format!(
                "in the token request to {name}: check that a user-assigned identity with the {by} \
                 `{id}` is assigned to this machine"
            )),
            (true, None) => {
                let error = error.with_message(format!(
                    "in the token request to {name}: check that an identity is assigned to this \
                     machine; if there are several, choose one with \
                     `ManagedIdentityCredential::client_id`"
                ));
                match self.source.kind {
                    // Neither the program nor the environment names an identity, and the machine
                    // has none.
                    Kind::Imds { is_guess: true } => error.into_unavailable(),
                    _ => error,
                }
            }
        }
    }
}

/// The failure of an attempt.
enum Failed {
    Lost(TransportError),
    /// A local failure, which another attempt would not change.
    Final(Error),
}

impl Failed {
    fn into_error(self) -> Error {
        match self {
            Self::Lost(lost) => SignInError::from_transport(lost).into(),
            Self::Final(error) => error,
        }
    }
}

impl From<TransportError> for Failed {
    fn from(lost: TransportError) -> Self {
        Self::Lost(lost)
    }
}

/// The numbers of attempts that were made.
#[derive(Default)]
struct Attempts {
    ordinary: u32,
    updates: u32,
}

impl Attempts {
    fn count(&self) -> u32 {
        self.ordinary + self.updates
    }

    /// Returns the pause before the next attempt, if another attempt may succeed.
    fn wait(&mut self, kind: &Kind, outcome: &Result<RawResponse, Failed>) -> Option<Duration> {
        let is_imds = matches!(kind, Kind::Imds { .. });
        let is_always_there = is_imds || matches!(kind, Kind::ServiceFabric { .. });
        let mut ordinary = || {
            self.ordinary += 1;
            (self.ordinary <= MAX_RETRIES).then(|| WAITS.wait(self.ordinary, None))
        };
        let response = match outcome {
            Ok(response) => response,
            // The metadata service does not start with the program, as services beside it may do. A
            // server with the wrong certificate keeps that certificate.
            Err(Failed::Lost(lost)) if lost.is_connect() && is_always_there => return None,
            // The time limit belongs to the caller, so a timeout is not repeated.
            Err(Failed::Lost(lost)) if lost.is_retryable() && !lost.is_timeout() => {
                return ordinary();
            }
            Err(_) => return None,
        };
        let wait = match response.status {
            // In Microsoft's words, the identity is just being assigned.
            StatusCode::NOT_FOUND if is_imds => ordinary(),
            StatusCode::GONE => {
                self.updates += 1;
                (self.updates <= MAX_UPDATES).then_some(UPDATE_WAIT)
            }
            status if Verdict::of_token_service(status).is_passing() => ordinary(),
            _ => None,
        }?;
        let asked = response.retry_after().unwrap_or_default();
        (asked <= LONGEST_WAIT).then_some(wait.max(asked))
    }
}

/// Returns the settings for connections without a proxy, which follow no redirect.
fn connections(source: &ManagedIdentitySource) -> Result<Connections> {
    let mut connections = Connections {
        connect_timeout: Some(CONNECT_TIMEOUT),
        is_local: true,
        ..Connections::default()
    };
    if let Kind::ServiceFabric { thumbprint, .. } = &source.kind {
        connections.change = Some(pinned(thumbprint)?);
    }
    Ok(connections)
}

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
fn pinned(thumbprint: &str) -> Result<Change> {
    let tls = super::pinned::tls(thumbprint)?;
    Ok(Box::new(|http| {
        http.tls_backend_preconfigured(tls).https_only(true)
    }))
}

#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))]
fn pinned(_: &str) -> Result<Change> {
    let message = "Service Fabric needs the feature `rustls-ring` or `rustls-aws-lc-rs` of \
                   msgraph, because its certificate is checked by thumbprint";
    Err(SignInError::new(message).into())
}
