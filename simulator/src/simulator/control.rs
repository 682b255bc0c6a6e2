//! What a test can make a simulator do.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::Simulator;
use crate::chaos::{Chaos, Draws, Misbehavior};
use crate::fault::Fault;
use crate::identity::RefreshTokens;
use crate::storage::ExpectedRanges;
use crate::throttle::Limit;
use crate::webhooks::{Forgery, Lifecycle};

impl Simulator {
    /// Lets something go wrong. Of several faults, the first that is for a request happens to it.
    pub fn fault(&self, fault: Fault) {
        self.core.state().faults.push(fault);
    }

    /// Takes all faults back, and ends what [`chaos`](Self::chaos) began.
    pub fn heal(&self) {
        let mut state = self.core.state();
        state.faults.clear();
        if let Some(chaos) = &mut state.chaos {
            chaos.end();
        }
    }

    /// Misbehaves from now on, by chance: see [`Chaos`]. Faults that were asked for by
    /// [`fault`](Self::fault) come first.
    pub fn chaos(&self, chaos: Chaos) {
        self.core.state().chaos = Some(Draws::new(chaos));
    }

    /// How often each kind of misbehavior has happened since [`chaos`](Self::chaos) began, those
    /// with zero included. Empty where it never began.
    pub fn misbehaviors(&self) -> BTreeMap<Misbehavior, u64> {
        let state = self.core.state();
        let chaos = state.chaos.as_ref();
        chaos
            .map(|chaos| chaos.counts().clone())
            .unwrap_or_default()
    }

    /// Sets a limit to what a service takes: more is answered with 429. Each service has any number of limits, and none
    /// at the start.
    pub fn limit(&self, limit: Limit) {
        self.core.state().throttle.add(limit);
    }

    /// Takes all limits back.
    pub fn lift_limits(&self) {
        self.core.state().throttle.clear();
    }

    /// Ends all access tokens that were issued so far, before their time: Graph answers them with 401.
    pub fn revoke_tokens(&self) {
        self.core.state().identity.revoke();
    }

    /// Lets all access tokens that were issued so far run out.
    pub fn expire_tokens(&self) {
        let mut state = self.core.state();
        let now = state.clock.now();
        state.identity.expire(now);
    }

    /// Ends all refresh tokens: the token endpoint answers them with `invalid_grant`.
    pub fn revoke_refresh_tokens(&self) {
        self.core.state().identity.revoke_grants();
    }

    /// Lets all refresh tokens run out, as 90 days without use do.
    pub fn expire_refresh_tokens(&self) {
        self.core.state().identity.expire_grants();
    }

    /// Whether answers of the token endpoint carry a new refresh token.
    pub fn set_refresh_tokens(&self, refresh_tokens: RefreshTokens) {
        self.core.state().identity.refresh_tokens = refresh_tokens;
    }

    /// How long access tokens live that are issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.core.state().identity.lifetime = lifetime;
    }

    /// Whether `expires_in` is sent as text instead of a number.
    pub fn set_text_lifetime(&self, text: bool) {
        self.core.state().identity.text_lifetime = text;
    }

    /// Moves the simulator's clock on: tokens run out, and nobody has to wait.
    pub fn advance(&self, by: Duration) {
        self.core.state().clock.advance(by);
    }

    /// Lets all page tokens run out that were sent so far: `Directory_ExpiredPageToken`.
    pub fn expire_page_tokens(&self) {
        let mut state = self.core.state();
        state.page_epoch = state.page_epoch.wrapping_add(1);
    }

    /// Lets all tokens of delta queries run out: drives answer 410 with a `Location`, Exchange 410 without one, the
    /// directory 400.
    pub fn expire_delta_tokens(&self) {
        self.core.state().deltas.expire();
    }

    /// Lets all URLs for downloads run out that were given so far.
    pub fn expire_download_urls(&self) {
        let mut state = self.core.state();
        state.storage.epoch = state.storage.epoch.wrapping_add(1);
    }

    /// Lets all upload sessions run out.
    pub fn expire_upload_sessions(&self) {
        self.core.state().storage.expire_uploads();
    }

    /// Loses bytes of the upload sessions that are under way: they are expected again.
    pub fn lose_uploaded(&self, range: Range<u64>) {
        self.core.state().storage.lose(&range);
    }

    /// How upload sessions say which bytes they expect.
    pub fn set_expected_ranges(&self, ranges: ExpectedRanges) {
        self.core.state().storage.ranges = ranges;
    }

    /// How often work that starts from now on (a copy, a new team) is looked at before it is done. Twice at the start.
    pub fn set_polls(&self, polls: u32) {
        self.core.state().storage.polls = polls;
    }

    /// Forges the next delivery of notifications.
    pub fn forge(&self, forgery: Forgery) {
        self.core.state().webhooks.forgery = Some(forgery);
    }

    /// Tells a subscription's lifecycle endpoint of an event. `false` where there is no such subscription, or no endpoint.
    pub fn lifecycle(&self, subscription_id: &str, event: Lifecycle) -> bool {
        self.core.state().tell_lifecycle(subscription_id, event)
    }

    /// The number of items on a page where a request has no `$top`. `None`: each service's own.
    pub fn set_page_size(&self, items: Option<usize>) {
        self.core.state().page_size = items;
    }
}
