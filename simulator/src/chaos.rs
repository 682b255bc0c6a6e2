//! Random misbehavior: the choice of a fault for each request.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::fault::{Fault, RetryAfter};
use crate::identity::Manner;
use crate::ids::Chance;
use crate::request::Request;

/// The time by which the clock jumps. It is longer than the usual lifetime of an access token.
const JUMP: Duration = Duration::from_secs(3660);

/// The claims of a challenge.
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

/// A simulator that misbehaves at random.
///
/// For each request, including each part of a batch, the simulator draws whether a fault happens.
/// It then draws one of the kinds of [`Misbehavior`] that are possible for the request. The draws
/// are the same for the same seed and the same sequence of requests. Kinds that have not happened
/// yet are preferred, so that a short run has all of them.
///
/// ```
/// use msgraph_simulator::{Chaos, Misbehavior, Simulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), msgraph_simulator::Error> {
/// let simulator = Simulator::start().await?;
/// simulator.chaos(Chaos::new(1).rate(0.1).without([Misbehavior::ClockJump]));
/// // … the client runs …
/// simulator.heal();
/// for (misbehavior, times) in simulator.misbehaviors() {
///     println!("{} {times}", misbehavior.name());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "chaos does nothing until it is passed to `simulator.chaos(…)`"]
pub struct Chaos {
    seed: u64,
    rate: f64,
    kinds: Vec<Misbehavior>,
}

impl Chaos {
    /// Creates chaos of all kinds, for one request in ten.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rate: 0.1,
            kinds: Misbehavior::ALL.to_vec(),
        }
    }

    /// Sets the share of the requests that are affected, from 0 to 1.
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Leaves out kinds of misbehavior.
    pub fn without(mut self, kinds: impl IntoIterator<Item = Misbehavior>) -> Self {
        for kind in kinds {
            self.kinds.retain(|own| *own != kind);
        }
        self
    }
}

/// A kind of misbehavior. A test can also request each of them as a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Misbehavior {
    /// 429 with a `Retry-After` of zero or one second.
    Throttled,
    /// 429 without `Retry-After`.
    ThrottledSilently,
    /// 500; the request is not carried out.
    InternalServerError,
    /// 502 with a gateway's HTML; the request is not carried out.
    BadGateway,
    /// 503; the request is not carried out.
    Unavailable,
    /// 504; the request is not carried out.
    GatewayTimeout,
    /// 504; the request is carried out.
    LateGatewayTimeout,
    /// The connection is reset before the request is carried out.
    Reset,
    /// The connection is reset after the request was carried out.
    LostResponse,
    /// The connection ends in the middle of the body, after the request was carried out.
    CutBody,
    /// The response comes late.
    SlowResponse,
    /// The body comes slowly.
    SlowBody,
    /// A JSON body that ends in its middle with the right `Content-Length`, after the request was
    /// carried out.
    CutJson,
    /// An OData error inside a success, after the request was carried out.
    ErrorInSuccess,
    /// 401 with a claims challenge.
    ClaimsChallenge,
    /// 401 without claims: the token has expired early.
    TokenRefused,
    /// The refresh token of the request is invalid from then on, and the response has the next one.
    RotatedRefreshToken,
    /// Some or all bytes of a slice of an upload session are lost.
    LostSlice,
    /// A file changes while it is downloaded.
    ChangedFile,
    /// The simulator's clock jumps ahead by more than an hour, so that all access tokens expire.
    ClockJump,
}

impl Misbehavior {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Throttled,
        Self::ThrottledSilently,
        Self::InternalServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::GatewayTimeout,
        Self::LateGatewayTimeout,
        Self::Reset,
        Self::LostResponse,
        Self::CutBody,
        Self::SlowResponse,
        Self::SlowBody,
        Self::CutJson,
        Self::ErrorInSuccess,
        Self::ClaimsChallenge,
        Self::TokenRefused,
        Self::RotatedRefreshToken,
        Self::LostSlice,
        Self::ChangedFile,
        Self::ClockJump,
    ];

    /// Returns the name, in lower case with underscores: `lost_response`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::ThrottledSilently => "throttled_silently",
            Self::InternalServerError => "internal_server_error",
            Self::BadGateway => "bad_gateway",
            Self::Unavailable => "unavailable",
            Self::GatewayTimeout => "gateway_timeout",
            Self::LateGatewayTimeout => "late_gateway_timeout",
            Self::Reset => "reset",
            Self::LostResponse => "lost_response",
            Self::CutBody => "cut_body",
            Self::SlowResponse => "slow_response",
            Self::SlowBody => "slow_body",
            Self::CutJson => "cut_json",
            Self::ErrorInSuccess => "error_in_success",
            Self::ClaimsChallenge => "claims_challenge",
            Self::TokenRefused => "token_refused",
            Self::RotatedRefreshToken => "rotated_refresh_token",
            Self::LostSlice => "lost_slice",
            Self::ChangedFile => "changed_file",
            Self::ClockJump => "clock_jump",
        }
    }

    /// Returns how often the kind is drawn, compared with others. A clock jump affects every
    /// request that is in progress, so it is rare. Kinds that few requests can have are frequent
    /// for those requests.
    fn weight(self) -> u64 {
        match self {
            Self::ClockJump => 1,
            Self::RotatedRefreshToken | Self::LostSlice | Self::ChangedFile => 60,
            _ => 10,
        }
    }

    /// Checks whether the kind is possible for a request.
    fn is_for(self, asked: Asked<'_>, manner: Manner) -> bool {
        let Asked { request, place } = asked;
        let at_graph = place != Place::Storage && manner == Manner::Graph;
        match self {
            Self::Throttled
            | Self::ThrottledSilently
            | Self::InternalServerError
            | Self::BadGateway
            | Self::Unavailable
            | Self::GatewayTimeout
            | Self::LateGatewayTimeout
            | Self::Reset
            | Self::LostResponse
            | Self::SlowResponse => true,
            // A part of a batch has no body of its own on the wire.
            Self::CutBody | Self::SlowBody | Self::CutJson => place != Place::Batch,
            Self::ErrorInSuccess => at_graph,
            Self::ClaimsChallenge | Self::TokenRefused | Self::ClockJump => {
                at_graph && place == Place::Graph
            }
            Self::RotatedRefreshToken => {
                let form = String::from_utf8_lossy(&request.body);
                manner == Manner::Platform
                    && form
                        .split('&')
                        .any(|pair| pair == "grant_type=refresh_token")
            }
            Self::LostSlice => {
                place == Place::Storage
                    && request.method == Method::PUT
                    && request.path().starts_with("/upload/")
            }
            Self::ChangedFile => {
                place == Place::Storage
                    && request.method == Method::GET
                    && request.path().starts_with("/download/")
            }
        }
    }

    /// Returns the fault that produces the kind.
    fn fault(self, chance: &mut Chance, request: &Request) -> Fault {
        let code = "InternalServerError";
        let message = "An internal server error occurred.";
        let mut short = || Duration::from_millis(20 + chance.below(180));
        match self {
            Self::Throttled => {
                Fault::throttled(RetryAfter::Seconds(u64::from(chance.below(5) == 0)))
            }
            Self::ThrottledSilently => Fault::throttled(RetryAfter::Missing),
            Self::InternalServerError => Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
            Self::BadGateway => Fault::html(StatusCode::BAD_GATEWAY),
            Self::Unavailable => Fault::status(StatusCode::SERVICE_UNAVAILABLE),
            Self::GatewayTimeout => Fault::status(StatusCode::GATEWAY_TIMEOUT),
            Self::LateGatewayTimeout => Fault::late_status(StatusCode::GATEWAY_TIMEOUT),
            Self::Reset => Fault::reset(),
            Self::LostResponse => Fault::lost(),
            Self::CutBody => Fault::truncated(),
            Self::SlowResponse => Fault::slow(short()),
            Self::SlowBody => Fault::slow_body(short() / 2),
            Self::CutJson => Fault::cut_json(),
            Self::ErrorInSuccess if chance.below(2) == 0 => Fault::error_in_success(code, message),
            Self::ErrorInSuccess => Fault::error_beside_value(code, message),
            Self::ClaimsChallenge => Fault::unauthorized(Some(CLAIMS)),
            Self::TokenRefused => Fault::unauthorized(None),
            Self::RotatedRefreshToken => Fault::single_use(),
            Self::LostSlice => Fault::kept(chance.below(request.body.len() as u64 + 1)),
            Self::ChangedFile => Fault::changed_content(),
            Self::ClockJump => Fault::clock_jump(JUMP),
        }
    }
}

/// The place at which a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Graph or the identity platform.
    Graph,
    /// The host that takes no token.
    Storage,
    /// Graph, in a batch.
    Batch,
}

/// A request, and the place at which it arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) place: Place,
}

/// The random draws of a simulator's chaos.
#[derive(Debug)]
pub(crate) struct Draws {
    chaos: Chaos,
    chance: Chance,
    counts: BTreeMap<Misbehavior, u64>,
}

impl Draws {
    pub(crate) fn new(chaos: Chaos) -> Self {
        Self {
            chance: Chance::new(chaos.seed),
            counts: chaos.kinds.iter().map(|kind| (*kind, 0)).collect(),
            chaos,
        }
    }

    /// Ends the draws; the counts stay.
    pub(crate) fn end(&mut self) {
        self.chaos.kinds.clear();
    }

    /// Draws the fault for a request, if any. Pages for users are never affected.
    pub(crate) fn draw(
        &mut self,
        asked: Asked<'_>,
        manner: Manner,
    ) -> Option<(Misbehavior, Fault)> {
        if manner == Manner::Page || self.chance.fraction() >= self.chaos.rate {
            return None;
        }
        let kinds = self.chaos.kinds.iter().copied();
        let possible: Vec<_> = kinds.filter(|kind| kind.is_for(asked, manner)).collect();
        let new = possible.iter().copied();
        let new: Vec<_> = new
            .filter(|kind| self.counts.get(kind) == Some(&0))
            .collect();
        let among = if new.is_empty() || self.chance.below(2) == 0 {
            &possible
        } else {
            &new
        };
        let kind = self.weighted(among)?;
        Some((kind, kind.fault(&mut self.chance, asked.request)))
    }

    fn weighted(&mut self, kinds: &[Misbehavior]) -> Option<Misbehavior> {
        let mut at = self
            .chance
            .below(kinds.iter().map(|kind| kind.weight()).sum());
        kinds.iter().copied().find(|kind| {
            let is_here = at < kind.weight();
            at = at.saturating_sub(kind.weight());
            is_here
        })
    }

    /// Counts a misbehavior that has happened.
    pub(crate) fn count(&mut self, kind: Misbehavior) {
        *self.counts.entry(kind).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> &BTreeMap<Misbehavior, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn drawn(seed: u64, target: &str, place: Place) -> Vec<Option<Misbehavior>> {
        let mut draws = Draws::new(Chaos::new(seed));
        let request = Request {
            method: Method::GET,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let asked = Asked {
            request: &request,
            place,
        };
        let draw = |_| {
            let kind = draws.draw(asked, Manner::Graph).map(|(kind, _)| kind);
            kind.inspect(|kind| draws.count(*kind))
        };
        (0..10_000).map(draw).collect()
    }

    #[test]
    fn equal_seeds_draw_equal_faults() {
        let first = drawn(7, "/v1.0/me", Place::Graph);
        assert_eq!(first, drawn(7, "/v1.0/me", Place::Graph));
        assert_ne!(first, drawn(8, "/v1.0/me", Place::Graph));
        let faults = first.iter().flatten().count();
        assert!((900..1100).contains(&faults), "{faults}");
    }

    #[test]
    fn faults_are_drawn_only_where_possible() {
        let kinds = |target, place| -> Vec<Misbehavior> {
            let mut kinds: Vec<_> = drawn(7, target, place).into_iter().flatten().collect();
            kinds.sort();
            kinds.dedup();
            kinds
        };
        use Misbehavior::*;
        let at_graph = kinds("/v1.0/me", Place::Graph);
        let special = [RotatedRefreshToken, LostSlice, ChangedFile];
        assert_eq!(at_graph.len() + special.len(), Misbehavior::ALL.len());
        assert!(!at_graph.iter().any(|kind| special.contains(kind)));
        let in_batch = kinds("/v1.0/me", Place::Batch);
        assert!(in_batch.contains(&LostResponse) && !in_batch.contains(&CutJson));
        let download = kinds("/download/x", Place::Storage);
        assert!(download.contains(&ChangedFile) && !download.contains(&ClaimsChallenge));
    }

    #[test]
    fn every_fault_kind_has_its_own_name() {
        let names: std::collections::HashSet<_> =
            Misbehavior::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Misbehavior::ALL.len());
    }
}
