//! Shorthands for the bodies of messages, events and posts.

use msgraph_core::model::Model;

use crate::{BodyType, ItemBody};

impl ItemBody {
    /// Creates a body of HTML.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{ItemBody, Message};
    ///
    /// let message = Message::new().set(Message::BODY, ItemBody::html("<b>Lunch?</b>"));
    /// assert_eq!(
    ///     serde_json::to_string(&message)?,
    ///     r#"{"body":{"content":"<b>Lunch?</b>","contentType":"html"}}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn html(content: impl Into<String>) -> Self {
        Self::with_type(content.into(), BodyType::Html)
    }

    /// Creates a body of plain text.
    ///
    /// ```
    /// use msgraph::models::{BodyType, ItemBody};
    ///
    /// assert_eq!(ItemBody::text("Lunch?").content_type, Some(BodyType::Text));
    /// ```
    pub fn text(content: impl Into<String>) -> Self {
        Self::with_type(content.into(), BodyType::Text)
    }

    fn with_type(content: String, of: BodyType) -> Self {
        Self::new()
            .set(Self::CONTENT, content)
            .set(Self::CONTENT_TYPE, of)
    }
}
