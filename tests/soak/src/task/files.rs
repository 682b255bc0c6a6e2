//! The files of a task: the task's knowledge of them, and their deletion.

use msgraph::Graph;
use msgraph::models::DriveItem;

use super::Task;
use super::content::Content;
use crate::Error;

/// The task's knowledge of its files.
#[derive(Debug, Default)]
pub struct Files {
    pub files: Vec<File>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    /// The possible contents of the file.
    pub contents: Vec<Content>,
    /// `true` if the file must exist.
    pub is_sure: bool,
}

impl Files {
    /// Records that a file was written, or may have been.
    pub fn written(&mut self, name: &str, content: Content, is_sure: bool) {
        let known = self.files.iter_mut().find(|file| file.name == name);
        match known {
            Some(file) if is_sure => {
                file.contents = vec![content];
                file.is_sure = true;
            }
            Some(file) => file.contents.push(content),
            None => self.files.push(File {
                name: name.to_owned(),
                contents: vec![content],
                is_sure,
            }),
        }
    }

    pub fn forget(&mut self, name: &str) {
        self.files.retain(|file| file.name != name);
    }
}

impl Task {
    /// Checks the size and hash of an item.
    pub(super) fn check_item(&self, item: &DriveItem, contents: &[Content]) {
        let name = item.name.as_deref().unwrap_or_default();
        let size = item.size.and_then(|size| usize::try_from(size).ok());
        let hashes = item.file.as_ref().and_then(|file| file.hashes.as_ref());
        let hash = hashes.and_then(|hashes| hashes.quick_xor_hash.as_deref());
        let fits = contents.iter().any(|content| {
            size == Some(content.length()) && hash.is_some_and(|hash| content.has(hash))
        });
        if !fits {
            self.shared.wrong(|| {
                format!("{name}: size {size:?} and hash {hash:?} fit none of {contents:?}")
            });
        }
    }

    pub(super) fn check_bytes(&self, name: &str, bytes: &[u8], contents: &[Content]) {
        if !contents.iter().any(|content| content.is(bytes)) {
            let length = bytes.len();
            self.shared
                .wrong(|| format!("{name}: {length} bytes fit none of {contents:?}"));
        }
    }

    pub(super) fn choose_file(&mut self) -> Option<File> {
        let files = self.files.files.len();
        let at = (files > 0).then(|| self.rng.usize(..files))?;
        self.files.files.get(at).cloned()
    }

    pub(super) async fn delete_file(&mut self) -> Option<()> {
        let file = self.choose_file()?;
        let item = self.folder(self.graph()).path(&file.name);
        match self.shared.call("delete file", item.delete()).await? {
            Ok(()) => self.files.forget(&file.name),
            Err(error) if error.is_not_found() => {
                let attempts = error.attempts().map_or(0, msgraph::error::Attempts::count);
                if file.is_sure && attempts < 2 {
                    self.shared
                        .wrong(|| format!("deleted {}, which is there: {error}", file.name));
                }
                self.files.forget(&file.name);
            }
            Err(_) => {
                let mut files = self.files.files.iter_mut();
                if let Some(file) = files.find(|own| own.name == file.name) {
                    file.is_sure = false;
                }
            }
        }
        Some(())
    }

    pub(super) async fn check_files(&mut self, graph: &Graph) -> Result<(), Error> {
        let folder = self.folder(graph);
        let mut items = folder.children().list().stream();
        let mut names = Vec::new();
        while let Some(item) = items.try_next().await? {
            let name = item.name.clone().unwrap_or_default();
            let known = self.files.files.iter().find(|file| file.name == name);
            let Some(file) = known else {
                self.shared
                    .wrong(|| format!("{name} is there and should not be"));
                continue;
            };
            self.check_item(&item, &file.contents);
            let content = folder.path(&name).content().get().await?;
            self.check_bytes(&name, &content.bytes, &file.contents);
            names.push(name);
        }
        for file in &self.files.files {
            if file.is_sure && !names.contains(&file.name) {
                self.shared
                    .wrong(|| format!("{} does not exist", file.name));
            }
        }
        Ok(())
    }
}
