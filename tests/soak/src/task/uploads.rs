//! Uploads: in one request, over an existing file, under a new name, and in slices.

use std::time::{Duration, Instant};

use msgraph::chrono::{DateTime, TimeDelta};
use msgraph::http::header::DATE;
use msgraph::models::DriveItem;
use msgraph::nodes::DrivesIdItemsId;
use msgraph::upload::ConflictBehavior;
use msgraph::{Error, Result};

use super::Task;
use super::content::Content;
use crate::ledger::{Act, Said};

/// The size of the slices.
const SLICE: u64 = 320 * 1024;

/// The largest number of files of a task.
const MOST: usize = 8;

impl Task {
    /// Writes one of a few files that are written again and again.
    pub(super) async fn replace_file(&mut self) -> Option<()> {
        let name = format!("f{}.bin", self.rng.u32(0..3));
        let length = self.rng.usize(0..20_000);
        let content = Content::new(&mut self.rng, length);
        let item = self.folder(self.graph()).path(&name);
        let upload = item.upload(content.bytes());
        let outcome = self.shared.call("replace file", upload).await?;
        self.files.written(&name, content, outcome.is_ok());
        if let Ok(item) = outcome {
            self.check_item(&item, &[content]);
        }
        Some(())
    }

    /// Uploads a small new file, which must not replace another one or be created twice.
    pub(super) async fn upload_new_file(&mut self) -> Option<()> {
        if self.files.files.len() >= MOST {
            return self.delete_file().await;
        }
        let number = self.shared.number();
        let name = format!("w{number}.bin");
        let length = self.rng.usize(1..20_000);
        let content = Content::new(&mut self.rng, length);
        let conflict = match self.rng.bool() {
            true => ConflictBehavior::Rename,
            false => ConflictBehavior::Fail,
        };
        let item = self.folder(self.graph()).path(&name);
        let upload = item.upload(content.bytes()).conflict_behavior(conflict);
        let began = Instant::now();
        let outcome = self.shared.call("upload new file", upload).await?;
        if let Err(error) = &outcome {
            self.check_conflict(&item, &name, began, error).await;
        }
        self.uploaded(number, &name, content, outcome);
        Some(())
    }

    /// Uploads a file in slices.
    pub(super) async fn upload_in_slices(&mut self) -> Option<()> {
        if self.files.files.len() >= MOST {
            return self.delete_file().await;
        }
        let number = self.shared.number();
        let name = format!("w{number}.bin");
        let length = self.rng.usize(400_000..1_200_000);
        let content = Content::new(&mut self.rng, length);
        let item = self.folder(self.graph()).path(&name);
        let upload = item
            .upload(content.bytes())
            .conflict_behavior(ConflictBehavior::Fail)
            .slice_size(SLICE)
            .first_wait(Duration::from_millis(10));
        let began = Instant::now();
        let outcome = self.shared.call("upload in slices", upload).await?;
        if let Err(error) = &outcome {
            self.check_conflict(&item, &name, began, error).await;
        }
        self.uploaded(number, &name, content, outcome);
        Some(())
    }

    fn uploaded(&mut self, number: u32, name: &str, content: Content, outcome: Result<DriveItem>) {
        let said = Said::of_idempotent(&outcome);
        self.shared.write(number, Act::Create, said);
        self.files.written(name, content, outcome.is_ok());
        if let Ok(item) = outcome {
            self.check_item(&item, &[content]);
            let own = item.name;
            if own.as_deref() != Some(name) {
                self.shared.wrong(|| format!("{name} came to be {own:?}"));
            }
        }
    }

    /// Checks that an upload under a new name is not in conflict with itself.
    async fn check_conflict(
        &self,
        item: &DrivesIdItemsId,
        name: &str,
        began: Instant,
        error: &Error,
    ) {
        if error.is_conflict() && !has_clock_jumped(item, began).await {
            self.shared
                .wrong(|| format!("{name} is in conflict with itself: {error}"));
        }
    }
}

/// Checks whether the service's clock has jumped since an upload created the item. The client then
/// takes the item for an older one, and cannot know that the upload created it.
async fn has_clock_jumped(item: &DrivesIdItemsId, began: Instant) -> bool {
    /// The attempts to read the item from a server that misbehaves.
    const ATTEMPTS: u32 = 5;
    for _ in 0..ATTEMPTS {
        let Ok(response) = item.get().raw().await else {
            continue;
        };
        let date = response.headers().get(DATE).and_then(|date| {
            let date = DateTime::parse_from_rfc2822(date.to_str().ok()?).ok()?;
            Some(date.to_utc())
        });
        let Ok(item) = response.json::<DriveItem>() else {
            continue;
        };
        let written = item.last_modified_date_time.map(|time| time.utc());
        let (Some(date), Some(written)) = (date, written) else {
            return false;
        };
        let elapsed = began.elapsed() + Duration::from_secs(2);
        let age = date.signed_duration_since(written);
        return TimeDelta::from_std(elapsed).is_ok_and(|elapsed| age > elapsed);
    }
    false
}
