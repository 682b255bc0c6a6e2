//! Recognizes a file that an upload made although its response was lost.
//!
//! A repeated upload is refused where the first one arrived: with 409, since the name is taken, or
//! with 412, since the etag is another one. Before that becomes the caller's error, the client
//! looks at what is there.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::DATE;
use tokio::time::Instant;

use crate::Result;
use crate::download::Check;
use crate::models::DriveItem;
use crate::nodes::DrivesIdItemsId;

/// How much the clocks of two of the service's machines may differ.
const SKEW: Duration = Duration::from_secs(2);

/// What an upload has sent, and since when.
pub(super) struct OwnFile<'a> {
    pub(super) node: &'a DrivesIdItemsId,
    pub(super) began: Instant,
    pub(super) length: u64,
    /// The content, where it is at hand. Without it, only the length and the time are compared.
    pub(super) content: Option<Bytes>,
}

impl OwnFile<'_> {
    /// Returns the item that is there, if the upload made it; `None` if another one did, or if that
    /// cannot be found out.
    pub(super) async fn look(&self) -> Option<DriveItem> {
        let response = self.node.get().raw().await.ok()?;
        let answered = response.headers().get(DATE).and_then(|date| {
            let date = DateTime::parse_from_rfc2822(date.to_str().ok()?).ok()?;
            Some(date.to_utc())
        });
        let item: DriveItem = response.json().ok()?;
        let has_length = item.size.and_then(|size| u64::try_from(size).ok()) == Some(self.length);
        if !has_length || self.is_older(&item, answered) {
            return None;
        }
        let is_own = match &self.content {
            Some(content) => self.has_content(&item, content).await.ok()?,
            None => answered.is_some(),
        };
        is_own.then_some(item)
    }

    /// Checks whether the content was written before this upload began, by the clock of the
    /// service.
    fn is_older(&self, item: &DriveItem, answered: Option<DateTime<Utc>>) -> bool {
        let written = item.last_modified_date_time.or(item.created_date_time);
        let (Some(written), Some(answered)) = (written, answered) else {
            return false;
        };
        let age = answered.signed_duration_since(written.utc());
        let most = chrono::TimeDelta::from_std(self.began.elapsed() + SKEW);
        most.is_ok_and(|most| age > most)
    }

    /// Compares the content, by its hash or, where the service gives none, byte for byte.
    async fn has_content(&self, item: &DriveItem, content: &Bytes) -> Result<bool> {
        if let Some(mut check) = Check::of(item) {
            check.update(content);
            return Ok(check.finish().is_ok());
        }
        let there = self.node.content().get().await?;
        Ok(there.bytes == *content)
    }
}
