//! References of planner tasks, which are stored under their URLs.

use msgraph_core::error::Result;
use msgraph_core::model::Model;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::{PlannerExternalReference, PlannerExternalReferences};

/// The characters that Planner does not accept in the name of a property.
///
/// <https://learn.microsoft.com/graph/api/resources/plannerexternalreferences>
const NAME: &AsciiSet = &CONTROLS.add(b'%').add(b'.').add(b':').add(b'@').add(b'#');

impl PlannerExternalReferences {
    /// Returns the references with one more reference. It replaces a reference with the same URL.
    ///
    /// A reference is stored under its URL, in which Planner requires some characters to be
    /// encoded. This method encodes them.
    ///
    /// ```
    /// use msgraph::models::{PlannerExternalReference, PlannerExternalReferences};
    ///
    /// let reference = PlannerExternalReference {
    ///     alias: Some("Documentation".into()),
    ///     preview_priority: Some(" !".into()),
    ///     type_: Some("Other".into()),
    ///     ..Default::default()
    /// };
    /// let references = PlannerExternalReferences::default()
    ///     .with_url("http://developer.microsoft.com", reference)?
    ///     .without_url("http://www.bing.com");
    /// let name = "http%3A//developer%2Emicrosoft%2Ecom";
    /// assert_eq!(references.extra[name]["alias"], "Documentation");
    /// assert!(references.extra["http%3A//www%2Ebing%2Ecom"].is_null());
    /// # Ok::<(), msgraph::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns `Error::Decode` when the reference cannot be written as
    /// JSON.
    ///
    /// <https://learn.microsoft.com/graph/api/plannertaskdetails-update>
    pub fn with_url(self, url: &str, reference: PlannerExternalReference) -> Result<Self> {
        self.with_dynamic(name(url), reference)
    }

    /// Returns the references with a `null` for a URL. An update with it removes that reference.
    ///
    /// <https://learn.microsoft.com/graph/api/plannertaskdetails-update>
    #[must_use]
    pub fn without_url(mut self, url: &str) -> Self {
        self.extra.insert(name(url), Value::Null);
        self
    }

    /// Returns each reference with its URL.
    ///
    /// ```
    /// use msgraph::models::PlannerExternalReferences;
    ///
    /// let references: PlannerExternalReferences = serde_json::from_str(
    ///     r#"{"https%3A//contoso%2Ecom/a%2520b": {"alias": "Plan"}}"#,
    /// )?;
    /// let (url, reference) = &references.by_url()?[0];
    /// assert_eq!(url, "https://contoso.com/a%20b");
    /// assert_eq!(reference.alias.as_deref(), Some("Plan"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns `Error::Decode` when a reference does not fit its type.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/plannerexternalreferences>
    pub fn by_url(&self) -> Result<Vec<(String, PlannerExternalReference)>> {
        let references = self.dynamics::<PlannerExternalReference>()?;
        let with_url = references.into_iter().map(|(name, reference)| {
            let url = percent_decode_str(name).decode_utf8_lossy().into_owned();
            (url, reference)
        });
        Ok(with_url.collect())
    }
}

/// Returns the name of the property for a URL.
fn name(url: &str) -> String {
    utf8_percent_encode(url, NAME).to_string()
}
