//! Preferences about the response: the header `Prefer`.
//!
//! Graph documents its preferences at <https://learn.microsoft.com/graph/best-practices-concept>
//! and, for mail and calendars, at
//! <https://learn.microsoft.com/graph/api/resources/mail-api-overview>. [RFC
//! 7240](https://www.rfc-editor.org/rfc/rfc7240) defines the header. All preferences of a call are
//! sent as one header, `a, b`. A request in a batch can have each header only once, so it then has
//! the same header as a single call.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Call;
use crate::models::BodyType;

pub(super) const PREFER: HeaderName = HeaderName::from_static("prefer");

impl<A, O> Call<A, O> {
    /// Adds any preference: `respond-async, wait=10`. If several preferences have the same name,
    /// the last one applies.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, token: &str) -> msgraph::Result<()> {
    /// let item = graph.shares().id(token).drive_item().get().prefer("redeemSharingLink").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the preference holds
    /// a control character.
    pub fn prefer(self, preference: impl AsRef<str>) -> Self {
        self.header(PREFER, preference)
    }

    /// Asks for ids that stay the same when an item moves to another folder:
    /// `Prefer: IdType="ImmutableId"`. Every call that returns or takes such an id has to ask for
    /// it.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let page = graph.me().messages().list().immutable_ids().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/outlook-immutable-id>
    pub fn immutable_ids(self) -> Self {
        self.prefer(r#"IdType="ImmutableId""#)
    }

    /// Asks for the times of events in a time zone: `Prefer: outlook.timezone="Europe/Oslo"`. Takes
    /// the Windows or the IANA name of the zone. Without this preference, times are in UTC.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let events = graph.me().events().list().time_zone("Pacific Standard Time").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/user-list-events#request-headers>
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the name is not a
    /// possible name of a time zone.
    pub fn time_zone(self, zone: impl AsRef<str>) -> Self {
        let zone = zone.as_ref();
        if zone.contains(['"', '\\']) {
            let reason = format!("`{}` is not a time zone name", zone.escape_debug());
            return self.map(|operation| operation.refuse(reason));
        }
        self.prefer(format!("outlook.timezone=\"{zone}\""))
    }

    /// Asks for the bodies of messages and events as text or as HTML:
    /// `Prefer: outlook.body-content-type="text"`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// use msgraph::models::BodyType;
    ///
    /// let message = graph.me().messages().id(id).get().body_type(BodyType::Text).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/message-get#request-headers>
    pub fn body_type(self, form: BodyType) -> Self {
        self.prefer(format!("outlook.body-content-type=\"{form}\""))
    }

    /// Asks for HTML as it was received, including the parts that Outlook would remove for safety:
    /// `Prefer: outlook.allow-unsafe-html`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// let message = graph.me().messages().id(id).get().allow_unsafe_html().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/message-get#request-headers>
    pub fn allow_unsafe_html(self) -> Self {
        self.prefer("outlook.allow-unsafe-html")
    }

    /// Asks for this number of items a page where there is no `$top`, as in delta queries of mail:
    /// `Prefer: odata.maxpagesize=50`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, folder: &str) -> msgraph::Result<()> {
    /// let changes = graph
    ///     .me()
    ///     .mail_folders()
    ///     .id(folder)
    ///     .messages()
    ///     .delta()
    ///     .max_page_size(50)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/delta-query-messages>
    pub fn max_page_size(self, items: u32) -> Self {
        self.prefer(format!("odata.maxpagesize={items}"))
    }

    /// Asks for the members that Graph added to enums later, in place of `unknownFutureValue`:
    /// `Prefer: include-unknown-enum-members`. The enums of [`models`](crate::models) keep members
    /// that they do not know.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let chats = graph.me().chats().list().unknown_enum_members().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations>
    pub fn unknown_enum_members(self) -> Self {
        self.prefer("include-unknown-enum-members")
    }

    /// Asks for the written entity in the response where the service would send nothing:
    /// `Prefer: return=representation`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, etag: &str) -> msgraph::Result<()> {
    /// use msgraph::models::PlannerTask;
    ///
    /// let task = PlannerTask {
    ///     title: Some("Ship".into()),
    ///     ..Default::default()
    /// };
    /// let changed = graph
    ///     .planner()
    ///     .tasks()
    ///     .id("id")
    ///     .update(etag, task)
    ///     .return_representation()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [RFC 7240, 4.2](https://www.rfc-editor.org/rfc/rfc7240#section-4.2).
    pub fn return_representation(self) -> Self {
        self.prefer("return=representation")
    }

    /// Asks for a response without the written entity, or, in a delta query, with only the changed
    /// properties: `Prefer: return=minimal`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// let changes = graph.users().delta().return_minimal().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/delta-query-overview#use-delta-query-to-track-changes-in-a-resource-collection>
    pub fn return_minimal(self) -> Self {
        self.prefer("return=minimal")
    }

    /// Lets a `PATCH` by a key other than the id create an item that does not exist:
    /// `Prefer: create-if-missing`.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     group: msgraph::models::Group,
    /// # ) -> msgraph::Result<()> {
    /// graph
    ///     .groups()
    ///     .by_unique_name("sales")
    ///     .update(group)
    ///     .create_if_missing()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/group-upsert>
    pub fn create_if_missing(self) -> Self {
        self.prefer("create-if-missing")
    }

    /// Lets Graph respond before the long-running operation is done, with 202 and the address of a
    /// monitor: `Prefer: respond-async`.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    ///
    /// let session = graph.request(Method::POST, "/me/drive/items/id/workbook/createSession")
    ///     .body_json(&serde_json::json!({ "persistChanges": true }))
    ///     .respond_async()
    ///     .await?;
    /// println!("{:?}", session.headers().get("location"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/workbook-best-practice>
    pub fn respond_async(self) -> Self {
        self.prefer("respond-async")
    }
}

/// Adds preferences to those that are already set. A preference replaces an earlier one with the
/// same name.
pub(super) fn add(headers: &mut HeaderMap, preferences: &HeaderValue) {
    let there = headers.remove(PREFER);
    let mut all: Vec<&[u8]> = there
        .iter()
        .flat_map(|there| split(there.as_bytes()))
        .collect();
    for preference in split(preferences.as_bytes()) {
        all.retain(|there| !name(there).eq_ignore_ascii_case(name(preference)));
        all.push(preference);
    }
    // The joined parts were valid header values before, so the joined value is valid too.
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b", "[..])) {
        headers.insert(PREFER, joined);
    }
}

/// Splits a header into its preferences, at commas outside of quotes.
fn split(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let pieces = header.split(move |byte| {
        let parts = *byte == b',' && !quoted;
        (quoted, escaped) = match byte {
            _ if escaped => (quoted, false),
            b'\\' => (quoted, quoted),
            b'"' => (!quoted, false),
            _ => (quoted, false),
        };
        parts
    });
    pieces
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty())
}

/// Returns the name of a preference: `outlook.timezone` of `outlook.timezone="UTC"`.
fn name(preference: &[u8]) -> &[u8] {
    let end = preference
        .iter()
        .position(|byte| matches!(byte, b'=' | b';'));
    preference
        .get(..end.unwrap_or(preference.len()))
        .unwrap_or_default()
        .trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(preferences: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for preference in preferences {
            add(&mut headers, &HeaderValue::from_static(preference));
        }
        let all: Vec<_> = headers.get_all(PREFER).iter().collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].to_str().unwrap().to_owned()
    }

    #[test]
    fn preferences_are_merged_in_one_header() {
        assert_eq!(
            added(&[r#"IdType="ImmutableId""#, "odata.maxpagesize=5"]),
            r#"IdType="ImmutableId", odata.maxpagesize=5"#
        );
        assert_eq!(
            added(&["respond-async, wait=10", "return=minimal"]),
            "respond-async, wait=10, return=minimal"
        );
    }

    #[test]
    fn last_preference_of_a_name_wins() {
        assert_eq!(
            added(&["return=minimal", "Return=representation"]),
            "Return=representation"
        );
        assert_eq!(added(&["a=1;foo", "b", "a = 2"]), "b, a = 2");
    }

    #[test]
    fn quoted_comma_does_not_split_preferences() {
        assert_eq!(added(&[r#"a="1, \", a=2""#, "b"]), r#"a="1, \", a=2", b"#);
        assert_eq!(added(&[r#"a="1, b=2""#, r#"a="3""#]), r#"a="3""#);
        assert_eq!(added(&["a,, b ,"]), "a, b");
    }
}
