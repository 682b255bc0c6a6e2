//! The limits that Graph reports.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

use crate::redact::OneLine;

/// The limits that the headers of a response report: the cost of a call, how near a limit is, and
/// which limit was exceeded.
///
/// Each service chooses what it reports, and most report nothing. For an error,
/// [`ApiError::throttle`](super::ApiError::throttle) returns it. For any other response, read it
/// from the headers:
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::error::Throttle;
///
/// let response = graph.users().list().raw().await?;
/// let throttle = Throttle::from_headers(response.headers());
/// if throttle.limit_share.is_some_and(|share| share > 0.8) {
///     println!("{:?} units more, and the limit is near", throttle.resource_units);
/// }
/// # Ok(())
/// # }
/// ```
///
/// <https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits>,
/// <https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online>
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Throttle {
    /// The cost of the call, `x-ms-resource-unit`.
    pub resource_units: Option<u64>,
    /// The used share of the limit, from 0.8 to 1.8, where 1 is the whole limit:
    /// `x-ms-throttle-limit-percentage`.
    pub limit_share: Option<f64>,
    /// The scope of the exceeded limit, `x-ms-throttle-scope`: `Tenant_Application/ReadWrite/` and
    /// the ids of both.
    pub scope: Option<String>,
    /// The name of the exceeded limit, `x-ms-throttle-information`: `ResourceUnitLimitExceeded`.
    pub information: Option<String>,
    /// The capacity of a time window, `RateLimit-Limit`.
    pub limit: Option<u64>,
    /// The capacity that is left, `RateLimit-Remaining`.
    pub remaining: Option<u64>,
    /// The time until the window begins again, `RateLimit-Reset`.
    pub reset: Option<Duration>,
}

impl Throttle {
    /// Reads the limits that the headers contain.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then_some(value)
        };
        // A quota may follow the number: `1200, 1200;w=60`.
        let number = |name| text(name)?.split([',', ';']).next()?.trim().parse().ok();
        Self {
            resource_units: number("x-ms-resource-unit"),
            limit_share: text("x-ms-throttle-limit-percentage")
                .and_then(|share| share.parse().ok()),
            scope: text("x-ms-throttle-scope").map(str::to_owned),
            information: text("x-ms-throttle-information").map(str::to_owned),
            limit: number("ratelimit-limit"),
            remaining: number("ratelimit-remaining"),
            reset: number("ratelimit-reset").map(Duration::from_secs),
        }
    }
}

/// Prints `, limit ResourceUnitLimitExceeded of Tenant_Application/ReadWrite`, or an empty text if
/// the limit is not named. It omits the ids.
pub(super) struct Limit<'a>(pub(super) &'a Throttle);

impl fmt::Display for Limit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(information) = &self.0.information else {
            return Ok(());
        };
        write!(f, ", limit {}", OneLine(information))?;
        let mut scope = self.0.scope.iter().flat_map(|scope| scope.split('/'));
        match (scope.next(), scope.next()) {
            (Some(whose), Some(what)) => write!(f, " of {}/{}", OneLine(whose), OneLine(what)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Throttle {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        Throttle::from_headers(&map)
    }

    #[test]
    fn each_throttle_header_is_read() {
        let directory = of(&[
            ("x-ms-resource-unit", "2"),
            ("x-ms-throttle-limit-percentage", "1.05"),
            (
                "x-ms-throttle-scope",
                "Tenant_Application/ReadWrite/app/tenant",
            ),
            ("x-ms-throttle-information", "ResourceUnitLimitExceeded"),
        ]);
        assert_eq!(directory.resource_units, Some(2));
        assert_eq!(directory.limit_share, Some(1.05));
        assert_eq!(
            Limit(&directory).to_string(),
            ", limit ResourceUnitLimitExceeded of Tenant_Application/ReadWrite"
        );
        let files = of(&[
            ("ratelimit-limit", "1200, 1200;w=60"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "31"),
        ]);
        assert_eq!((files.limit, files.remaining), (Some(1200), Some(0)));
        assert_eq!(files.reset, Some(Duration::from_secs(31)));
        assert_eq!(Limit(&files).to_string(), "");
    }

    #[test]
    fn absent_or_malformed_throttle_header_is_ignored() {
        assert_eq!(of(&[]), Throttle::default());
        let nonsense = of(&[("x-ms-resource-unit", "many"), ("ratelimit-reset", "-1")]);
        assert_eq!(nonsense, Throttle::default());
    }
}
