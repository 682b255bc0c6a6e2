//! The limits of a service, beyond which it responds to a client with 429.
//!
//! Limits are separate for each service, as at Graph: a client that is throttled by mail can still
//! read files.

pub(crate) mod cost;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::{HeaderName, RETRY_AFTER};

use crate::fault::RetryAfter;
use crate::refusal::Refusal;
use crate::service::Service;

/// A limit of a service, and its response beyond it.
///
/// Requests are counted in a sliding window, including those that were refused, as Graph counts
/// them. Outlook counts by mailbox, the others by tenant.
///
/// ```
/// use msgraph_simulator::{Limit, RetryAfter, Service};
/// use std::time::Duration;
///
/// // Two requests a second to each mailbox.
/// let mail = Limit::requests(Service::Outlook, 2, Duration::from_secs(1));
/// // The directory counts what a request costs, and says as a date when to come back.
/// let directory = Limit::resource_units(Service::Directory, 3_500, Duration::from_secs(10))
///     .retry_after(RetryAfter::Date(Duration::from_secs(2)));
/// // At most four independent parts of a `$batch` run for one mailbox at the same time.
/// let concurrent = Limit::concurrent(Service::Outlook, 4);
/// ```
///
/// <https://learn.microsoft.com/graph/throttling-limits>
#[derive(Clone, Debug)]
#[must_use = "a limit does nothing until it is passed to `simulator.limit(…)`"]
pub struct Limit {
    service: Service,
    kind: Kind,
    retry_after: Option<RetryAfter>,
}

#[derive(Clone, Debug)]
enum Kind {
    Requests { most: u32, window: TimeDelta },
    Units { most: u32, window: TimeDelta },
    Concurrent { most: u32 },
}

impl Limit {
    fn new(service: Service, kind: Kind) -> Self {
        Self {
            service,
            kind,
            retry_after: None,
        }
    }

    /// Limits the number of requests in a window of time.
    pub fn requests(service: Service, most: u32, window: Duration) -> Self {
        let window = TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX);
        Self::new(service, Kind::Requests { most, window })
    }

    /// Limits the resource units in a window of time. A request costs one or several of them
    /// (`x-ms-resource-unit`).
    pub fn resource_units(service: Service, most: u32, window: Duration) -> Self {
        let window = TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX);
        Self::new(service, Kind::Units { most, window })
    }

    /// Limits the number of requests at a time. Of the parts of a `$batch` that do not depend on
    /// each other, no more than this number are carried out.
    pub fn concurrent(service: Service, most: u32) -> Self {
        Self::new(service, Kind::Concurrent { most })
    }

    /// Sets the `Retry-After` of the response. The default is the whole seconds until a request is
    /// accepted again.
    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }
}

/// The data of a request that the limits need.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) service: Service,
    pub(crate) units: u32,
    /// The owner of the limit that it counts against: a mailbox, or the tenant.
    pub(crate) share: String,
}

#[derive(Debug)]
struct Spent {
    at: DateTime<Utc>,
    units: u32,
    share: String,
}

/// All limits, and their use.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    limits: Vec<(Limit, Vec<Spent>)>,
    /// The requests that are being carried out.
    served: Vec<(Service, String)>,
}

/// The headers of the response, for success and refusal.
pub(crate) type Headers = Vec<(HeaderName, String)>;

impl Throttle {
    pub(crate) fn add(&mut self, limit: Limit) {
        self.limits.push((limit, Vec::new()));
    }

    pub(crate) fn clear(&mut self) {
        self.limits.clear();
    }

    /// Marks all earlier requests as done, so that later ones are not concurrent with them.
    pub(crate) fn settle(&mut self) {
        self.served.clear();
    }

    /// Counts a request, and refuses it if it is beyond a limit.
    pub(crate) fn admit(&mut self, asked: &Asked, now: DateTime<Utc>) -> Result<Headers, Refusal> {
        let mut headers = Headers::new();
        if asked.service == Service::Directory {
            headers.push((
                HeaderName::from_static("x-ms-resource-unit"),
                asked.units.to_string(),
            ));
        }
        let mut refusal = None;
        for (limit, spent) in &mut self.limits {
            if limit.service != asked.service {
                continue;
            }
            let (most, window, units) = match limit.kind {
                Kind::Requests { most, window } => (most, window, 1),
                Kind::Units { most, window } => (most, window, asked.units),
                Kind::Concurrent { most } => {
                    let served = self.served.iter().filter(|(service, share)| {
                        *service == asked.service && *share == asked.share
                    });
                    if served.count() >= most as usize {
                        let wait = limit.retry_after.clone();
                        let wait = wait.unwrap_or(RetryAfter::Seconds(1));
                        refusal.get_or_insert((wait, true));
                    }
                    continue;
                }
            };
            spent.retain(|spent| now.signed_duration_since(spent.at) < window);
            let before = spent.iter().filter(|spent| spent.share == asked.share);
            let before: u32 = before.map(|spent| spent.units).sum();
            let room = before.saturating_add(units) <= most;
            if !room {
                let wait = match &limit.retry_after {
                    Some(wait) => wait.clone(),
                    None => RetryAfter::Seconds(wait(spent, asked, units, most, window, now)),
                };
                refusal.get_or_insert((wait, false));
            }
            spent.push(Spent {
                at: now,
                units,
                share: asked.share.clone(),
            });
            headers.extend(usage(asked.service, before + units, most, window));
        }
        match refusal {
            None => {
                self.served.push((asked.service, asked.share.clone()));
                Ok(headers)
            }
            Some((wait, concurrency)) => {
                Err(refused(asked.service, concurrency, &wait, now, headers))
            }
        }
    }
}

/// Returns the seconds until enough of the use has left the window.
fn wait(
    spent: &[Spent],
    asked: &Asked,
    units: u32,
    most: u32,
    window: TimeDelta,
    now: DateTime<Utc>,
) -> u64 {
    // The refused request itself counts as well.
    let own: Vec<_> = spent
        .iter()
        .filter(|spent| spent.share == asked.share)
        .map(|spent| (spent.at, spent.units))
        .chain([(now, units)])
        .collect();
    let mut left: u32 = own.iter().map(|(_, units)| units).sum();
    let mut free = now;
    for (at, units_of_it) in own {
        if left.saturating_add(units) <= most {
            break;
        }
        left -= units_of_it;
        free = at
            .checked_add_signed(window)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
    }
    let milliseconds = free.signed_duration_since(now).num_milliseconds().max(1);
    u64::try_from(milliseconds).unwrap_or(1).div_ceil(1_000)
}

/// Returns the headers of a service for a limit that is nearly reached, or exceeded.
fn usage(service: Service, used: u32, most: u32, window: TimeDelta) -> Headers {
    let share = f64::from(used) / f64::from(most.max(1));
    if share < 0.8 {
        return Headers::new();
    }
    match service {
        Service::Directory => {
            // The directory reports no more than 1.8.
            let share = format!("{:.2}", share.min(1.8));
            let name = HeaderName::from_static("x-ms-throttle-limit-percentage");
            vec![(name, share)]
        }
        Service::Files => {
            let left = most.saturating_sub(used).to_string();
            let header = |name, value| (HeaderName::from_static(name), value);
            vec![
                header("ratelimit-limit", most.to_string()),
                header("ratelimit-remaining", left),
                header("ratelimit-reset", window.num_seconds().max(1).to_string()),
            ]
        }
        _ => Headers::new(),
    }
}

/// Returns the 429 response, in the service's words.
fn refused(
    service: Service,
    concurrency: bool,
    wait: &RetryAfter,
    now: DateTime<Utc>,
    headers: Headers,
) -> Refusal {
    let refuse = |code, message| Refusal::new(StatusCode::TOO_MANY_REQUESTS, code, message);
    let refusal = match service {
        Service::Outlook if concurrency => refuse(
            "ApplicationThrottled",
            "Application is over its MailboxConcurrency limit.",
        ),
        Service::Outlook => refuse(
            "ApplicationThrottled",
            "Application is over its request limit for this mailbox.",
        ),
        Service::Files => refuse("activityLimitReached", "The request has been throttled")
            .inner_code("throttledRequest"),
        _ => refuse("TooManyRequests", "Please retry again later.").inner_code("429"),
    };
    let refusal = match wait.text(now) {
        Some(text) => refusal.header(RETRY_AFTER, &text),
        None => refusal,
    };
    let refusal = match service {
        Service::Directory => refusal
            .header(
                HeaderName::from_static("x-ms-throttle-information"),
                "ResourceUnitLimitExceeded",
            )
            .header(
                HeaderName::from_static("x-ms-throttle-scope"),
                "Tenant_Application/ReadWrite",
            ),
        _ => refusal,
    };
    headers.into_iter().fold(refusal, |refusal, (name, value)| {
        refusal.header(name, &value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(service: Service, units: u32) -> Asked {
        Asked {
            service,
            units,
            share: String::new(),
        }
    }

    #[test]
    fn retry_after_is_exact_to_the_second() {
        let mut throttle = Throttle::default();
        throttle.add(Limit::requests(Service::Files, 2, Duration::from_secs(10)));
        let start = DateTime::UNIX_EPOCH;
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let ask = asked(Service::Files, 1);
        assert!(throttle.admit(&ask, at(0)).is_ok());
        assert!(throttle.admit(&ask, at(4)).is_ok());
        // The refused request counts: there is room when the first two have left the window.
        assert!(throttle.admit(&ask, at(5)).is_err());
        assert!(throttle.admit(&ask, at(13)).is_err());
        // Now the requests at 5 and 13 are in the window.
        assert!(throttle.admit(&ask, at(14)).is_err());
        assert!(throttle.admit(&ask, at(24)).is_ok());
    }

    #[test]
    fn services_do_not_share_a_limit() {
        let mut throttle = Throttle::default();
        throttle.add(Limit::resource_units(
            Service::Directory,
            3,
            Duration::from_secs(10),
        ));
        let now = DateTime::UNIX_EPOCH;
        assert!(throttle.admit(&asked(Service::Directory, 3), now).is_ok());
        assert!(throttle.admit(&asked(Service::Directory, 1), now).is_err());
        assert!(throttle.admit(&asked(Service::Teams, 9), now).is_ok());
    }
}
