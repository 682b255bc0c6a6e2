//! Recognizes a file that an upload created although its response was lost.
//!
//! A repeated upload is refused if the first one arrived: with 409, because the name is taken, or
//! with 412, because the etag has changed. Before the caller gets that error, the client checks the
//! existing item.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::Result;
use crate::download::Check;
use crate::error::response_date;
use crate::models::DriveItem;
use crate::nodes::DrivesIdItemsId;

/// The largest expected difference between the clocks of two of the service's machines.
const SKEW: Duration = Duration::from_secs(2);

/// The content that an upload has sent, and the time when it began.
pub(super) struct OwnFile<'a> {
    pub(super) node: &'a DrivesIdItemsId,
    pub(super) began: Instant,
    pub(super) length: u64,
    /// The content, where it is in memory. Without it, only the length and the time are compared.
    pub(super) content: Option<Bytes>,
}

impl OwnFile<'_> {
    /// Returns the existing item if this upload created it; `None` if another upload did, or if
    /// that cannot be determined.
    pub(super) async fn look(&self) -> Option<DriveItem> {
        let response = self.node.get().raw().await.ok()?;
        let received = response_date(response.headers());
        let item: DriveItem = response.json().ok()?;
        let has_length = item.size.and_then(|size| u64::try_from(size).ok()) == Some(self.length);
        if !has_length || self.is_older(&item, received) {
            return None;
        }
        let is_own = match &self.content {
            Some(content) => self.has_content(&item, content).await.ok()?,
            None => received.is_some(),
        };
        is_own.then_some(item)
    }

    /// Checks whether the content was written before this upload began, by the clock of the
    /// service.
    fn is_older(&self, item: &DriveItem, received: Option<DateTime<Utc>>) -> bool {
        let written = item.last_modified_date_time.or(item.created_date_time);
        let (Some(written), Some(received)) = (written, received) else {
            return false;
        };
        let age = received.signed_duration_since(written.utc());
        let most = chrono::TimeDelta::from_std(self.began.elapsed() + SKEW);
        most.is_ok_and(|most| age > most)
    }

    /// Compares the content: by its hash, or byte for byte where the service gives no hash.
    async fn has_content(&self, item: &DriveItem, content: &Bytes) -> Result<bool> {
        if let Some(mut check) = Check::of(item) {
            check.update(content);
            return Ok(check.finish().is_ok());
        }
        let there = self.node.content().get().await?;
        Ok(there.bytes == *content)
    }
}
