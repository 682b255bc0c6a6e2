//! Existing upload sessions.

use std::fmt;

use http::Method;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use serde_json::Value;

use super::builder::{SessionUpload, Start};
use super::slices::{Address, of_the_session};
use super::{Source, Uploaded};
use crate::call::Response;
use crate::error::RequestError;
use crate::models::UploadSession;
use crate::{Graph, Result};

/// An existing upload session. It can be continued after a restart, queried or cancelled.
///
/// ```no_run
/// use msgraph::models::UploadSession;
/// use msgraph::upload::Source;
///
/// # async fn example(
/// #     graph: &msgraph::Graph,
/// #     stored: &str,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let stored: UploadSession = serde_json::from_str(stored)?;
/// let uploaded = graph
///     .upload_session(stored)
///     .upload(Source::file("film.mp4"))
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// The address of a session gives access to everyone who has it. Store it like an access token.
#[derive(Clone)]
pub struct Session {
    graph: Graph,
    session: UploadSession,
}

impl Graph {
    /// Returns a stored upload session. This sends no request.
    pub fn upload_session(&self, session: UploadSession) -> Session {
        Session {
            graph: self.clone(),
            session,
        }
    }
}

impl Session {
    /// Uploads the bytes that the session does not have yet.
    ///
    /// Pass the same source as before, from its beginning. The client asks the session for its
    /// position and skips the bytes that it has.
    pub fn upload(&self, source: impl Into<Source>) -> SessionUpload {
        SessionUpload::new(
            self.graph.clone(),
            Start::Stored(Box::new(self.session.clone())),
            source.into(),
        )
    }

    /// Returns the state of the session: the ranges that it expects, and its expiration time.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::SessionGone`](crate::error::TransferErrorKind::SessionGone)
    /// when the session no longer exists.
    pub async fn status(&self) -> Result<UploadSession> {
        let response = self.send(Method::GET, HeaderMap::new()).await?;
        let state: Value = response.json()?;
        // Outlook writes its names with a capital letter.
        let told =
            |ours: &str, theirs: &str| state.get(ours).or_else(|| state.get(theirs)).cloned();
        let mut session = self.session.clone();
        session.expiration_date_time = told("expirationDateTime", "ExpirationDateTime")
            .and_then(|time| time.as_str()?.parse().ok());
        session.next_expected_ranges = told("nextExpectedRanges", "NextExpectedRanges")
            .and_then(|ranges| serde_json::from_value(ranges).ok());
        Ok(session)
    }

    /// Cancels the session and discards the bytes that were sent.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::SessionGone`](crate::error::TransferErrorKind::SessionGone)
    /// when the session no longer exists.
    pub async fn cancel(&self) -> Result<()> {
        self.send(Method::DELETE, HeaderMap::new()).await.map(drop)
    }

    /// Creates the item of a session that was opened with `deferCommit`, once the session has all
    /// bytes. Only drives for business support this.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Api`](crate::Error::Api) when the service refuses, and a conflict where the
    /// name is taken.
    pub async fn commit(&self) -> Result<Uploaded> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let response = self.send(Method::POST, headers).await?;
        Ok(Uploaded { response })
    }

    async fn send(&self, method: Method, headers: HeaderMap) -> Result<Response> {
        let address = address(&self.graph, &self.session)?;
        let sent = address.send(method, headers, None).await;
        sent.map_err(|error| of_the_session(error, false))
    }
}

/// Returns the address of a session.
///
/// # Errors
///
/// Returns [`Error::Request`](crate::Error::Request) when the session has no address.
pub(super) fn address(graph: &Graph, session: &UploadSession) -> Result<Address> {
    let url = session.upload_url.clone().ok_or_else(|| {
        RequestError::new(
            Method::PUT,
            "{uploadUrl}".to_owned(),
            "the upload session has no `uploadUrl`".to_owned(),
        )
    })?;
    Ok(Address {
        graph: graph.clone(),
        url,
    })
}

/// Prints the session without its address, which is a secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires", &self.session.expiration_date_time)
            .finish_non_exhaustive()
    }
}
