//! Downloads, with and without the hash of the item.

use std::time::Duration;

use msgraph::Result;
use msgraph::download::ContentStream;

use super::Task;
use super::files::File;

/// The first delay after an interruption.
const WAIT: Duration = Duration::from_millis(10);

impl Task {
    pub(super) async fn download(&mut self) -> Option<()> {
        let file = self.choose_file()?;
        match self.rng.u32(0..3) {
            0 => self.download_to_file(&file).await,
            1 => self.download_as_stream(&file).await,
            _ => self.download_at_once(&file).await,
        }
    }

    async fn download_to_file(&mut self, file: &File) -> Option<()> {
        let node = self.folder(self.graph()).path(&file.name);
        let outcome = self.shared.call("read item", node.get()).await?;
        let item = self.found(file, outcome)?;
        self.check_item(&item, &file.contents);
        let saving = node.content().get().to_file(&self.scratch);
        let saving = saving.first_wait(WAIT).url_of(&item).verify(&item);
        let outcome = self.shared.call("download to file", saving).await?;
        let saved = self.found(file, outcome)?;
        match std::fs::read(&self.scratch) {
            Ok(bytes) => {
                self.check_bytes(&file.name, &bytes, &file.contents);
                if saved.verified.is_none() && !bytes.is_empty() {
                    self.shared
                        .wrong(|| format!("{} is not verified", file.name));
                }
            }
            Err(error) => self.shared.wrong(|| format!("{}: {error}", file.name)),
        }
        Some(())
    }

    async fn download_as_stream(&mut self, file: &File) -> Option<()> {
        let node = self.folder(self.graph()).path(&file.name);
        let stream = node.content().get().stream().first_wait(WAIT);
        let reading = async { read(stream.await?).await };
        let outcome = self.shared.call("download stream", reading).await?;
        let bytes = self.found(file, outcome)?;
        self.check_bytes(&file.name, &bytes, &file.contents);
        Some(())
    }

    async fn download_at_once(&mut self, file: &File) -> Option<()> {
        let node = self.folder(self.graph()).path(&file.name);
        let call = node.content().get();
        let outcome = self.shared.call("download", call).await?;
        let content = self.found(file, outcome)?;
        self.check_bytes(&file.name, &content.bytes, &file.contents);
        Some(())
    }

    /// Returns the result of reading a file. A missing file is an error only if the file must
    /// exist.
    fn found<T>(&mut self, file: &File, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(found) => return Some(found),
            Err(error) if error.is_not_found() => {
                if file.is_sure {
                    self.shared
                        .wrong(|| format!("{} is there: {error}", file.name));
                }
                self.files.forget(&file.name);
            }
            Err(_) => {}
        }
        None
    }
}

async fn read(mut content: ContentStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = content.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
