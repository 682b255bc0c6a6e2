//! Keeps a subscription alive.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_core::Stream;
use tokio::time::{Instant, sleep, sleep_until};

use crate::models::Subscription;
use crate::transfer::BoundedRetries;
use crate::{Graph, Result};

/// The longest sleep. It lets a machine that was asleep itself check the clock before it is too
/// late.
const NAP: Duration = Duration::from_secs(60 * 60);

/// The shortest pause between two renewals, for any end that Graph grants. Graph extends lifetimes
/// of less than 45 minutes, so an earlier end, or one in the past, means that a clock is wrong.
const LEAST_PAUSE: Duration = Duration::from_secs(60);

impl Graph {
    /// Renews a subscription repeatedly before it expires. Each renewal is for `lifetime` from that
    /// time on.
    ///
    /// The subscription is renewed when a third of `lifetime` is left, or at once if less is left
    /// already. If Graph grants less than `lifetime`, the third is that of the granted time. Two
    /// renewals are at least a minute apart. The maximum lifetime of a subscription depends on its
    /// resource:
    /// <https://learn.microsoft.com/graph/api/resources/subscription#subscription-lifetime>.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(graph: msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// let subscription = graph.subscriptions().id(id).get().await?;
    /// let mut renewals = graph.renewals(subscription, Duration::from_secs(24 * 60 * 60));
    /// while let Some(renewed) = renewals.try_next().await? {
    ///     println!("good until {:?}", renewed.expiration_date_time);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Reading the stream returns the error of a renewal that can no longer succeed: a subscription
    /// that is gone is [not found](crate::Error::is_not_found). Transient errors are retried.
    pub fn renewals(&self, subscription: Subscription, lifetime: Duration) -> Renewals {
        Renewals {
            next: Some(next(self.clone(), subscription, lifetime, None)),
            graph: self.clone(),
            lifetime,
        }
    }
}

/// The renewals of a subscription as a `futures::Stream`, returned by [`Graph::renewals`]. The
/// stream does not end by itself; dropping it stops the renewals.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Renewals {
    graph: Graph,
    lifetime: Duration,
    /// The next renewal; `None` after an error.
    next: Option<Pin<Box<dyn Future<Output = Result<Subscription>> + Send>>>,
}

impl Renewals {
    /// Returns the subscription after its next renewal; `None` after an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Graph::renewals`].
    pub async fn try_next(&mut self) -> Result<Option<Subscription>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }
}

impl Stream for Renewals {
    type Item = Result<Subscription>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(pending) = &mut self.next else {
            return Poll::Ready(None);
        };
        let renewed = ready!(pending.as_mut().poll(context));
        self.next = renewed.as_ref().ok().map(|renewed| {
            let now = Instant::now();
            next(
                self.graph.clone(),
                renewed.clone(),
                self.lifetime,
                Some(now),
            )
        });
        Poll::Ready(Some(renewed))
    }
}

impl fmt::Debug for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewals")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

fn next(
    graph: Graph,
    subscription: Subscription,
    lifetime: Duration,
    renewed: Option<Instant>,
) -> Pin<Box<dyn Future<Output = Result<Subscription>> + Send>> {
    Box::pin(async move {
        let ends = subscription.expiration_date_time.map(|ends| ends.utc());
        let margin = margin(ends.filter(|_| renewed.is_some()), lifetime, Utc::now());
        sleep_until_due(ends, margin).await;
        if let Some(earliest) = renewed.and_then(|renewed| renewed.checked_add(LEAST_PAUSE)) {
            sleep_until(earliest).await;
        }
        let id = subscription.id.as_deref().unwrap_or_default();
        let mut retries = BoundedRetries::default();
        loop {
            let ends = ends_after(Utc::now(), lifetime);
            match renew(&graph, id, ends).await {
                // If the response has no subscription, the result is the old one with its new end.
                Ok(renewed) => return Ok(with_what_is_known(renewed, subscription, ends)),
                Err(error) => retries.wait(error).await?,
            }
        }
    })
}

/// Sleeps until the renewal is due by one of two clocks. The steady clock stands still while the
/// machine sleeps, and the wall clock can be changed.
async fn sleep_until_due(ends: Option<DateTime<Utc>>, margin: Duration) {
    let steady = wait(ends, margin, Utc::now()).and_then(|wait| Instant::now().checked_add(wait));
    while let Some(left) = wait(ends, margin, Utc::now()) {
        let steady = steady.map(|due| due.saturating_duration_since(Instant::now()));
        let left = left.min(steady.unwrap_or(left));
        if left.is_zero() {
            return;
        }
        sleep(left.min(NAP)).await;
    }
}

/// Returns the remaining lifetime at which a renewal is due. It is a third of the requested
/// lifetime, or of the time `granted` just now, if that is less.
fn margin(granted: Option<DateTime<Utc>>, lifetime: Duration, now: DateTime<Utc>) -> Duration {
    let granted = granted.map(|ends| ends.signed_duration_since(now).to_std().unwrap_or_default());
    granted.map_or(lifetime, |granted| granted.min(lifetime)) / 3
}

/// Returns the time until the renewal is due; `None` once it is due.
fn wait(ends: Option<DateTime<Utc>>, margin: Duration, now: DateTime<Utc>) -> Option<Duration> {
    let left = ends?.signed_duration_since(now).to_std().ok()?;
    left.checked_sub(margin).filter(|wait| !wait.is_zero())
}

pub(super) fn ends_after(now: DateTime<Utc>, lifetime: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(lifetime)
        .ok()
        .and_then(|lifetime| now.checked_add_signed(lifetime))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Sets a new end for a subscription, which also reauthorizes it.
pub(super) async fn renew(graph: &Graph, id: &str, ends: DateTime<Utc>) -> Result<Subscription> {
    let change = Subscription {
        expiration_date_time: Some(ends.into()),
        ..Default::default()
    };
    let renewed = graph.subscriptions().id(id).update(change.clone()).await?;
    Ok(renewed.unwrap_or(Subscription {
        id: Some(id.to_owned()),
        ..change
    }))
}

/// Completes the subscription of a response. A success without an end has granted the requested
/// one.
fn with_what_is_known(
    renewed: Subscription,
    before: Subscription,
    asked: DateTime<Utc>,
) -> Subscription {
    let ends = renewed.expiration_date_time.or(Some(asked.into()));
    let known = match renewed.resource {
        Some(_) => renewed,
        None => before,
    };
    Subscription {
        expiration_date_time: ends,
        ..known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_starts_at_a_third_of_lifetime() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let at = |seconds: i64| DateTime::from_timestamp(1_000_000 + seconds, 0);
        let hour = Duration::from_secs(3600);
        let third = margin(None, hour, now);
        assert_eq!(wait(at(3600), third, now), Some(Duration::from_secs(2400)));
        assert_eq!(wait(at(1201), third, now), Some(Duration::from_secs(1)));
        for over in [at(1200), at(1), at(0), at(-5), None] {
            assert_eq!(wait(over, third, now), None);
        }
        // The granted time counts, where it is less than the requested one.
        assert_eq!(margin(at(900), hour, now), Duration::from_secs(300));
        assert_eq!(margin(at(7200), hour, now), third);
        assert_eq!(margin(at(-5), hour, now), Duration::ZERO);
        assert_eq!(ends_after(now, hour), at(3600).unwrap());
        assert_eq!(ends_after(now, Duration::MAX), DateTime::<Utc>::MAX_UTC);
    }
}
