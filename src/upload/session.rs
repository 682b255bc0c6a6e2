//! A session that is there already.

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

/// An upload session that was opened before: to go on with it after a restart, to look at it, to give it up.
///
/// ```no_run
/// use msgraph::models::UploadSession;
/// use msgraph::upload::Source;
///
/// # async fn example(graph: &msgraph::Graph, stored: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let stored: UploadSession = serde_json::from_str(stored)?;
/// let uploaded = graph.upload_session(stored).upload(Source::file("film.mp4")).await?;
/// # Ok(())
/// # }
/// ```
///
/// The address of a session opens it for whoever has it: store it as you would a token.
#[derive(Clone)]
pub struct Session {
    graph: Graph,
    session: UploadSession,
}

impl Graph {
    /// Takes an upload session up that was opened before; nothing is sent yet.
    pub fn upload_session(&self, session: UploadSession) -> Session {
        Session {
            graph: self.clone(),
            session,
        }
    }
}

impl Session {
    /// Uploads what the session does not have yet.
    ///
    /// The source is the same as before, from its beginning: the session is asked where it stands, and what it has is
    /// skipped.
    pub fn upload(&self, source: impl Into<Source>) -> SessionUpload {
        SessionUpload::new(
            self.graph.clone(),
            Start::Stored(Box::new(self.session.clone())),
            source.into(),
        )
    }

    /// What the service says of the session: which ranges it expects, and until when.
    ///
    /// # Errors
    ///
    /// [`TransferErrorKind::SessionGone`](crate::error::TransferErrorKind::SessionGone) when it is not there any more.
    pub async fn status(&self) -> Result<UploadSession> {
        let answer = self.send(Method::GET, HeaderMap::new()).await?;
        let state: Value = answer.json()?;
        // Outlook begins its names with a capital.
        let told =
            |ours: &str, theirs: &str| state.get(ours).or_else(|| state.get(theirs)).cloned();
        let mut session = self.session.clone();
        session.expiration_date_time = told("expirationDateTime", "ExpirationDateTime")
            .and_then(|time| time.as_str()?.parse().ok());
        session.next_expected_ranges = told("nextExpectedRanges", "NextExpectedRanges")
            .and_then(|ranges| serde_json::from_value(ranges).ok());
        Ok(session)
    }

    /// Gives the session up, and what was sent with it.
    ///
    /// # Errors
    ///
    /// [`TransferErrorKind::SessionGone`](crate::error::TransferErrorKind::SessionGone) when it is not there any more.
    pub async fn cancel(&self) -> Result<()> {
        self.send(Method::DELETE, HeaderMap::new()).await.map(drop)
    }

    /// Makes the item of a session that was opened with `deferCommit`, once it has all bytes. Only drives for business
    /// have this.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) when the service refuses, with a conflict where the name is taken.
    pub async fn commit(&self) -> Result<Uploaded> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let answer = self.send(Method::POST, headers).await?;
        Ok(Uploaded { answer })
    }

    async fn send(&self, method: Method, headers: HeaderMap) -> Result<Response> {
        let address = address(&self.graph, &self.session)?;
        let sent = address.send(method, headers, None).await;
        sent.map_err(|error| of_the_session(error, false))
    }
}

/// # Errors
///
/// [`Error::Request`](crate::Error::Request) when the session has no address.
pub(super) fn address(graph: &Graph, session: &UploadSession) -> Result<Address> {
    let url = session.upload_url.clone().ok_or_else(|| {
        RequestError::new(
            Method::PUT,
            "{uploadUrl}".to_owned(),
            "the session has no `uploadUrl`".to_owned(),
        )
    })?;
    Ok(Address {
        graph: graph.clone(),
        url,
    })
}

/// Without the address, which is a secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires", &self.session.expiration_date_time)
            .finish_non_exhaustive()
    }
}
