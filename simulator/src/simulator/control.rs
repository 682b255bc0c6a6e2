//! The methods with which a test controls a simulator.

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
    /// Adds a fault. If several faults apply to a request, the first one is used.
    pub fn fault(&self, fault: Fault) {
        self.core.state().faults.push(fault);
    }

    /// Removes all faults, and ends what [`chaos`](Self::chaos) began.
    pub fn heal(&self) {
        let mut state = self.core.state();
        state.faults.clear();
        if let Some(chaos) = &mut state.chaos {
            chaos.end();
        }
    }

    /// Misbehaves at random from now on: see [`Chaos`]. Faults that were added by
    /// [`fault`](Self::fault) come first.
    pub fn chaos(&self, chaos: Chaos) {
        self.core.state().chaos = Some(Draws::new(chaos));
    }

    /// Returns how often each kind of misbehavior has happened since [`chaos`](Self::chaos) began,
    /// including those with zero. The map is empty if it never began.
    pub fn misbehaviors(&self) -> BTreeMap<Misbehavior, u64> {
        let state = self.core.state();
        let chaos = state.chaos.as_ref();
        chaos
            .map(|chaos| chaos.counts().clone())
            .unwrap_or_default()
    }

    /// Sets a limit on the load of a service. Requests beyond it get 429. Each service can have any
    /// number of limits, and has none at the start.
    pub fn limit(&self, limit: Limit) {
        self.core.state().throttle.add(limit);
    }

    /// Removes all limits.
    pub fn lift_limits(&self) {
        self.core.state().throttle.clear();
    }

    /// Revokes all access tokens that were issued so far: Graph responds to them with 401.
    pub fn revoke_tokens(&self) {
        self.core.state().identity.revoke();
    }

    /// Lets all access tokens expire that were issued so far.
    pub fn expire_tokens(&self) {
        let mut state = self.core.state();
        let now = state.clock.now();
        state.identity.expire(now);
    }

    /// Revokes all refresh tokens: the token endpoint responds to them with `invalid_grant`.
    pub fn revoke_refresh_tokens(&self) {
        self.core.state().identity.revoke_grants();
    }

    /// Lets all refresh tokens expire, as they do after 90 days without use.
    pub fn expire_refresh_tokens(&self) {
        self.core.state().identity.expire_grants();
    }

    /// Sets whether responses of the token endpoint carry a new refresh token.
    pub fn set_refresh_tokens(&self, refresh_tokens: RefreshTokens) {
        self.core.state().identity.refresh_tokens = refresh_tokens;
    }

    /// Sets the lifetime of access tokens that are issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.core.state().identity.lifetime = lifetime;
    }

    /// Sets whether `expires_in` is sent as text instead of a number.
    pub fn set_text_lifetime(&self, text: bool) {
        self.core.state().identity.text_lifetime = text;
    }

    /// Moves the simulator's clock ahead, so that a test need not wait for tokens to expire.
    pub fn advance(&self, by: Duration) {
        self.core.state().clock.advance(by);
    }

    /// Lets all page tokens expire that were sent so far: `Directory_ExpiredPageToken`.
    pub fn expire_page_tokens(&self) {
        let mut state = self.core.state();
        state.page_epoch = state.page_epoch.wrapping_add(1);
    }

    /// Lets all tokens of delta queries expire. Drives respond with 410 and a `Location`, Exchange
    /// with 410 and no `Location`, and the directory with 400.
    pub fn expire_delta_tokens(&self) {
        self.core.state().deltas.expire();
    }

    /// Lets all download URLs expire that were sent so far.
    pub fn expire_download_urls(&self) {
        let mut state = self.core.state();
        state.storage.epoch = state.storage.epoch.wrapping_add(1);
    }

    /// Lets all upload sessions expire.
    pub fn expire_upload_sessions(&self) {
        self.core.state().storage.expire_uploads();
    }

    /// Loses bytes of the upload sessions that are in progress, so that the sessions expect them
    /// again.
    pub fn lose_uploaded(&self, range: Range<u64>) {
        self.core.state().storage.lose(&range);
    }

    /// Sets the form in which upload sessions list the bytes that they expect.
    pub fn set_expected_ranges(&self, ranges: ExpectedRanges) {
        self.core.state().storage.ranges = ranges;
    }

    /// Sets how many polls a long-running operation (a copy, a new team) takes before it is done.
    /// It applies to operations that start from now on. The default is two.
    pub fn set_polls(&self, polls: u32) {
        self.core.state().storage.polls = polls;
    }

    /// Forges the next delivery of notifications.
    pub fn forge(&self, forgery: Forgery) {
        self.core.state().webhooks.forgery = Some(forgery);
    }

    /// Notifies a subscription's lifecycle endpoint of an event. Returns `false` if the
    /// subscription does not exist, or has no such endpoint.
    pub fn lifecycle(&self, subscription_id: &str, event: Lifecycle) -> bool {
        self.core.state().tell_lifecycle(subscription_id, event)
    }

    /// Sets the number of items on a page if a request has no `$top`. `None` means each service's
    /// own.
    pub fn set_page_size(&self, items: Option<usize>) {
        self.core.state().page_size = items;
    }
}
