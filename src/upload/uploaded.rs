//! The result of an upload.

use http::header::LOCATION;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::call::Response;

/// The service's final response to an upload. Drives and printers send the item, and Outlook sends
/// its location.
///
/// ```no_run
/// use msgraph::models::DriveItem;
/// use msgraph::models::actions::DriveItemCreateUploadSession;
///
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let uploaded = graph.me().drive().root().path("a.bin")
///     .create_upload_session(DriveItemCreateUploadSession::default())
///     .upload(vec![0; 100_000])
///     .await?;
/// let item: Option<DriveItem> = uploaded.item()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Uploaded {
    pub(super) response: Response,
}

impl Uploaded {
    /// Returns the item that was created, where the service sends it. `T` is the type that the
    /// session creates, such as [`DriveItem`](crate::models::DriveItem) or
    /// [`PrintDocument`](crate::models::PrintDocument).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`](crate::Error::Decode) when the item is not of that type.
    pub fn item<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        if self.own_id().is_none() {
            return Ok(None);
        }
        self.response.json().map(Some)
    }

    /// Returns the location of the item, which Outlook sends for attachments.
    pub fn location(&self) -> Option<&str> {
        self.response.headers().get(LOCATION)?.to_str().ok()
    }

    /// Returns the id of the item: its own, or the one in its location.
    pub fn id(&self) -> Option<String> {
        self.own_id().or_else(|| id_in(self.location()?))
    }

    /// Checks whether the service has created an item from the bytes. A session with `deferCommit`
    /// waits for [`Session::commit`](super::Session::commit).
    pub fn is_committed(&self) -> bool {
        self.id().is_some() || self.response.status() == http::StatusCode::CREATED
    }

    /// Returns the response as the service sent it.
    pub fn response(&self) -> &Response {
        &self.response
    }

    fn own_id(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Item {
            id: Option<String>,
        }
        self.response.json::<Item>().ok()?.id
    }
}

/// Returns the id in a location: `…/Attachments('AAMk…')` or `…/attachments/AAMk…`.
fn id_in(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let key = match last.split_once("('") {
        Some((_, rest)) => rest.strip_suffix("')")?,
        None => last,
    };
    let key = percent_decode_str(key).decode_utf8().ok()?;
    (!key.is_empty()).then(|| key.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_read_from_location() {
        for (location, id) in [
            (
                "https://outlook.office.com/api/v2.0/Users('a@b')/Messages('AAMkB=')/\
                 Attachments('AAMkC=')",
                Some("AAMkC="),
            ),
            (
                "https://graph.microsoft.com/v1.0/me/messages/1/attachments/AAMk%3D",
                Some("AAMk="),
            ),
            ("/attachments/2/", Some("2")),
            ("", None),
            ("https://a/Attachments('", None),
        ] {
            assert_eq!(id_in(location).as_deref(), id, "{location}");
        }
    }
}
