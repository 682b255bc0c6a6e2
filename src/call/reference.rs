//! References, which `$ref` adds, sets, removes and lists.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::encode::push_value;
use crate::redact::Text;

/// A link to an entity, as `GET …/$ref` lists it: `{"@odata.id": "https://…"}`.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// use msgraph::Method;
/// use msgraph::call::Reference;
///
/// let owners = graph.request(Method::GET, "/groups/02bd9fd6/owners/$ref").list::<Reference>();
/// for owner in owners.all().await? {
///     println!("{}", owner.id);
/// }
/// # Ok(())
/// # }
/// ```
///
/// See [OData JSON Format 4.01,
/// 14](https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_EntityReference).
/// Graph's description declares plain strings, which are read as well.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Reference {
    /// The address of the entity.
    #[serde(rename = "@odata.id")]
    pub id: String,
}

impl Reference {
    /// Creates a reference to the entity at an address.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference")
            .field("id", &Text(&self.id))
            .finish()
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Object {
                #[serde(rename = "@odata.id")]
                id: String,
            },
            Text(String),
        }
        let (Written::Object { id } | Written::Text(id)) = Written::deserialize(deserializer)?;
        Ok(Self { id })
    }
}

/// Returns the URL of a reference that the caller gave. A URL stays as it is, `/education/users/1`
/// is below the root, and anything else is the id of a directory object.
pub(super) fn url(root: &str, reference: &str) -> String {
    let is_url = ["https://", "http://"].iter().any(|scheme| {
        reference
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if is_url {
        return reference.to_owned();
    }
    let mut url = root.to_owned();
    if reference.starts_with('/') {
        url.push_str(reference);
    } else {
        url.push_str("/directoryObjects/");
        push_value(&mut url, reference);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "https://graph.microsoft.us/v1.0";

    // Reported: microsoftgraph/microsoft-graph-docs#24, microsoftgraph/msgraph-sdk-go#197.
    #[test]
    fn reference_by_id_uses_the_configured_cloud() {
        assert_eq!(
            url(ROOT, "1"),
            "https://graph.microsoft.us/v1.0/directoryObjects/1"
        );
        assert_eq!(
            url(ROOT, "a/b"),
            "https://graph.microsoft.us/v1.0/directoryObjects/a%2Fb"
        );
    }

    #[test]
    fn reference_path_is_relative_and_url_unchanged() {
        assert_eq!(
            url(ROOT, "/education/users/1"),
            "https://graph.microsoft.us/v1.0/education/users/1"
        );
        let written = "HTTPS://graph.microsoft.com/v1.0/users/1";
        assert_eq!(url(ROOT, written), written);
    }

    #[test]
    fn reference_is_read_from_sent_and_declared_form() {
        let read = |text| serde_json::from_str::<Reference>(text).map(|reference| reference.id);
        assert_eq!(
            read(r#"{"@odata.id":"https://x/1","more":1}"#).unwrap(),
            "https://x/1"
        );
        assert_eq!(read(r#""https://x/1""#).unwrap(), "https://x/1");
        assert!(read("{}").is_err());
    }
}
