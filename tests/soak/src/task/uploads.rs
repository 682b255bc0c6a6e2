//! Uploads: in one request, over an existing file, under a new name, and in slices.

use std::time::Duration;

use msgraph::Result;
use msgraph::models::DriveItem;
use msgraph::upload::ConflictBehavior;

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
        let outcome = self.shared.call("upload new file", upload).await?;
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
        let outcome = self.shared.call("upload in slices", upload).await?;
        self.uploaded(number, &name, content, outcome);
        Some(())
    }

    fn uploaded(&mut self, number: u32, name: &str, content: Content, outcome: Result<DriveItem>) {
        let said = Said::of_idempotent(&outcome);
        self.shared.write(number, Act::Create, said);
        self.files.written(name, content, outcome.is_ok());
        match outcome {
            Ok(item) => {
                self.check_item(&item, &[content]);
                let own = item.name;
                if own.as_deref() != Some(name) {
                    self.shared.wrong(|| format!("{name} came to be {own:?}"));
                }
            }
            Err(error) if error.is_conflict() => {
                self.shared
                    .wrong(|| format!("{name} is in conflict with itself: {error}"));
            }
            Err(_) => {}
        }
    }
}
