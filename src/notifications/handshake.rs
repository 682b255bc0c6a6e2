//! The validation of a webhook, before its first notification.

use url::form_urlencoded;
use uuid::Uuid;

use crate::auth::Secret;

/// Returns the body of the response to Graph's validation request: the `validationToken` of the
/// query, decoded once. Returns `None` where the query has none; the request is a notification
/// then.
///
/// Respond within ten seconds with status 200, the media type `text/plain` and this text as the
/// body. Never use a media type that a browser would run, because anyone can send the text. Graph
/// validates the lifecycle URL as well, even if it is the same URL.
///
/// ```
/// use msgraph::notifications::validation_response;
///
/// let query = "tenant=1&validationToken=Validation%3a+Testing+client%3cb%3e";
/// assert_eq!(validation_response(query).as_deref(), Some("Validation: Testing client<b>"));
/// assert_eq!(validation_response("tenant=1"), None);
/// ```
///
/// <https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation>
pub fn validation_response(query: &str) -> Option<String> {
    let query = query.strip_prefix('?').unwrap_or(query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "validationToken")
        .map(|(_, token)| token.into_owned())
}

/// Returns a `clientState` that cannot be guessed: 64 random characters.
///
/// Graph sends it back with each notification;
/// [`Receiver::client_state`](super::Receiver::client_state) compares it.
pub fn new_client_state() -> Secret<String> {
    Secret::new(format!(
        "{}{}",
        Uuid::new_v4().simple(),
        Uuid::new_v4().simple()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reported: microsoftgraph/microsoft-graph-docs#9660.
    #[test]
    fn validation_token_is_decoded_once() {
        for (query, wanted) in [
            (
                "validationToken=Validation%3a+Testing+client%3cb%3e",
                Some("Validation: Testing client<b>"),
            ),
            ("?validationToken=a", Some("a")),
            ("a=b&validationToken=%2541%2Bb", Some("%41+b")),
            ("validationToken=", Some("")),
            ("validationToken=%C3%A9%F0%9F%9B%A1", Some("é🛡")),
            ("", None),
            ("a=validationToken", None),
            ("validationtoken=a", None),
        ] {
            assert_eq!(validation_response(query).as_deref(), wanted, "{query}");
        }
    }

    #[test]
    fn client_states_are_short_enough_and_differ() {
        let (one, other) = (new_client_state(), new_client_state());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 64);
    }
}
