//! Asks a source for tokens.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use reqwest::Request;
use tokio::sync::OnceCell;
use tokio::time::sleep;
use url::Url;

use super::source::{Kind, ManagedIdentitySource};
use super::{Identity, answer, arc};
use crate::Result;
use crate::auth::exchange::{Answer, exchange};
use crate::auth::{Token, TokenRequest};
use crate::error::{Error, SignInError, TransportError};
use crate::transport::{Change, Connections};

/// How long a connection may take: to the machine itself, or to the next one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the metadata service may take to show that it is there. It refuses such a request at once.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// What Microsoft's libraries wait between tries
/// (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance>).
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How long to wait for a metadata service that is being updated, and how often: an update takes 70 seconds at the most.
const UPDATE_WAIT: Duration = Duration::from_secs(10);
const UPDATE_TRIES: usize = 7;

/// A longer wait than this is left to the calls, which then say why they wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What stands in traces for the address.
const TEMPLATE: &str = "{endpoint}";

/// A source, and the way to it.
///
/// There is one HTTP client for everything else, but this way has one of its own: that of the calls may have a proxy, and to
/// another machine neither these requests may go, which hold a secret, nor would they get the identity of this one there.
#[derive(Clone)]
pub(super) struct Endpoint {
    source: ManagedIdentitySource,
    url: Url,
    http: reqwest::Client,
    /// Set once the metadata service was seen, where its being there is a guess.
    is_there: Arc<OnceCell<()>>,
}

impl Endpoint {
    /// # Errors
    ///
    /// When the source's address is wrong, or TLS cannot be set up as it needs it.
    pub(super) fn new(source: ManagedIdentitySource) -> Result<Self> {
        Ok(Self {
            url: source.url()?,
            http: connections(&source)?.build()?,
            is_there: Arc::default(),
            source,
        })
    }

    /// Gets a token.
    ///
    /// A challenge's claims do not go along. The metadata service takes none, and gives the token that it keeps; App Service and Service
    /// Fabric can be told which token not to give again, but by parameters of which Microsoft says so far that they may change
    /// (<https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/blob/main/docs/msiv1_token_revocation.md>).
    /// Nor is it said, then, that this program understands challenges: so Graph sends none.
    pub(super) async fn token(
        &self,
        identity: &Identity,
        resource: &str,
        request: &TokenRequest,
    ) -> Result<Token> {
        let asked = self.source.request(&self.url, identity, resource)?;
        if let Kind::Imds { is_guess: true } = self.source.kind {
            request.extend_time_limit(2 * PROBE_TIMEOUT);
            self.is_there.get_or_try_init(|| self.probe()).await?;
        }
        let answer = self.ask(asked, request).await?;
        if answer.status.is_success() {
            return answer::token(&answer.body, SystemTime::now(), self.source.name())?
                .ok_or_else(|| answer.without_token(self.source.name()).into());
        }
        Err(self.refusal(&answer, identity).into())
    }

    /// Looks whether the metadata service is there, by a request that it always refuses with 400: without its header.
    ///
    /// Where it is not, most networks say nothing at all; on machines of other clouds, another service has its address.
    async fn probe(&self) -> Result<()> {
        let absent = |found: &str| {
            SignInError::unavailable(format!(
                "this machine seems to have no managed identity: the environment names none, and {found} at the address of the \
                 metadata service (IMDS)"
            ))
        };
        let request = Request::new(Method::GET, self.url.clone());
        let answer = match self.send(request, PROBE_TIMEOUT, 0).await {
            Ok(answer) => answer,
            Err(lost) => return Err(absent("nobody answers").with_source(lost).into()),
        };
        match answer.status.as_u16() {
            400 | 408 | 410 | 429 | 500..=599 => Ok(()),
            status => Err(absent(&format!("somebody else answers ({status})")).into()),
        }
    }

    /// Asks until there is an answer that no further try could change.
    async fn ask(&self, asked: Request, request: &TokenRequest) -> Result<Answer> {
        let mut tries = Tries::default();
        loop {
            // A form is a text, so it can be sent again.
            let copy = asked
                .try_clone()
                .ok_or_else(|| SignInError::new("the token request cannot be repeated"))?;
            let outcome = self.exchange(copy, request, tries.count()).await;
            match tries.wait(&self.source.kind, &outcome) {
                Some(wait) => sleep(wait).await,
                None => return outcome.map_err(Failed::into_error),
            }
        }
    }

    /// Sends a request, and once more with the key where Azure Arc asks for one.
    async fn exchange(
        &self,
        asked: Request,
        request: &TokenRequest,
        resend_count: u32,
    ) -> Result<Answer, Failed> {
        let limit = || request.limit().attempt(true);
        let Kind::AzureArc { keys } = &self.source.kind else {
            return Ok(self.send(asked, limit(), resend_count).await?);
        };
        let with_key = asked.try_clone();
        let answer = self.send(asked, limit(), resend_count).await?;
        match with_key {
            Some(mut again) if answer.status == StatusCode::UNAUTHORIZED => {
                let key = arc::answer(&answer.headers, keys)
                    .await
                    .map_err(Failed::Final)?;
                again.headers_mut().insert(AUTHORIZATION, key);
                Ok(self.send(again, limit(), resend_count + 1).await?)
            }
            _ => Ok(answer),
        }
    }

    async fn send(
        &self,
        asked: Request,
        limit: Duration,
        resend_count: u32,
    ) -> Result<Answer, TransportError> {
        exchange(&self.http, asked, limit, TEMPLATE, resend_count).await
    }

    /// What was refused, and what may be done about it.
    fn refusal(&self, answer: &Answer, identity: &Identity) -> SignInError {
        let error = answer.refusal();
        let name = self.source.name();
        let not_found = matches!(answer.status.as_u16(), 400 | 404);
        if error.error() == Some("invalid_resource") {
            return error
                .with_message(format!("is the client's cloud the one in which {name} is?"));
        }
        let named = match identity {
            Identity::SystemAssigned => None,
            Identity::Client(id) => Some(("client id", id)),
            Identity::Object(id) => Some(("object id", id)),
            Identity::Resource(id) => Some(("resource id", id)),
        };
        match (not_found, named) {
            (false, _) => error.with_message(format!("asked of {name}")),
            (true, Some((by, id))) => error.with_message(format!(
                "asked of {name}: is a user-assigned identity with the {by} `{id}` assigned to this machine?"
            )),
            (true, None) => {
                let error = error.with_message(format!(
                    "asked of {name}: is an identity assigned to this machine? Where there are several, say which"
                ));
                match self.source.kind {
                    // Neither the program nor the environment spoke of an identity, and the machine has none.
                    Kind::Imds { is_guess: true } => error.into_unavailable(),
                    _ => error,
                }
            }
        }
    }
}

/// What a try failed with.
enum Failed {
    Lost(TransportError),
    /// On this side: no other try would do better.
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

/// The tries that were made.
#[derive(Default)]
struct Tries {
    ordinary: usize,
    updates: usize,
}

impl Tries {
    fn count(&self) -> u32 {
        u32::try_from(self.ordinary + self.updates).unwrap_or(u32::MAX)
    }

    /// How long to wait before the next try, where one may do better.
    fn wait(&mut self, kind: &Kind, outcome: &Result<Answer, Failed>) -> Option<Duration> {
        let is_imds = matches!(kind, Kind::Imds { .. });
        let is_always_there = is_imds || matches!(kind, Kind::ServiceFabric { .. });
        let mut ordinary = || {
            let wait = WAITS.get(self.ordinary).copied()?;
            self.ordinary += 1;
            Some(wait)
        };
        let answer = match outcome {
            Ok(answer) => answer,
            // The metadata service does not start with the program, as services beside it may do, and a server with another
            // certificate keeps that one.
            Err(Failed::Lost(lost)) if lost.is_connect() && is_always_there => return None,
            // A time that is over was the caller's.
            Err(Failed::Lost(lost)) if lost.is_retryable() && !lost.is_timeout() => {
                return ordinary();
            }
            Err(_) => return None,
        };
        let wait = match answer.status.as_u16() {
            // An identity that is just being assigned, in Microsoft's words.
            404 if is_imds => ordinary(),
            408 | 429 | 500..=599 => ordinary(),
            410 => {
                self.updates += 1;
                (self.updates <= UPDATE_TRIES).then_some(UPDATE_WAIT)
            }
            _ => None,
        }?;
        let asked = answer.refusal().retry_after().unwrap_or_default();
        (asked <= LONGEST_WAIT).then_some(wait.max(asked))
    }
}

/// Connections without a proxy, which follow no redirect.
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
    let message = "Service Fabric is known by its certificate's thumbprint, which needs a feature of this crate that is not on: \
        `rustls-ring` or `rustls-aws-lc-rs`";
    Err(SignInError::new(message).into())
}
