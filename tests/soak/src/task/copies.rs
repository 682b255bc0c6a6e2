//! Copies of files, which are polled until they are done.

use std::time::Duration;

use msgraph::models::actions::DriveItemCopy;

use super::Task;
use crate::ledger::{Act, Said};

impl Task {
    pub(super) async fn copy_file(&mut self) -> Option<()> {
        let file = self.choose_file()?;
        if !file.is_sure {
            return None;
        }
        let number = self.shared.number();
        let name = format!("w{number}.bin");
        let node = self.folder(self.graph()).path(&file.name);
        let call = node.copy(DriveItemCopy {
            name: Some(name.clone()),
            ..Default::default()
        });
        let outcome = self.shared.call("copy", call.monitor()).await?;
        let said = Said::of(&outcome);
        self.shared.write(number, Act::Create, said);
        if said == Said::NotDone {
            return None;
        }
        // The copy of a file that changes meanwhile may have any content that the file had.
        for content in &file.contents {
            self.files.written(&name, *content, false);
        }
        let monitor = outcome.ok()?.interval(Duration::from_millis(5));
        let outcome = self.shared.call("watch a copy", monitor.wait()).await?;
        if let Ok(work) = &outcome
            && work.resource_id().is_none()
        {
            self.shared
                .wrong(|| format!("{name} was copied to nowhere"));
        }
        if outcome.is_ok() {
            let mut files = self.files.files.iter_mut();
            if let Some(file) = files.find(|file| file.name == name) {
                file.is_sure = true;
            }
        }
        Some(())
    }
}
