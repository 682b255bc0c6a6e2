//! The files of a description: those that are compiled into this crate, or those of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;

use crate::error::Error;

/// The text of `openapi/`, in the form that it has in the repository. The operating system reads
/// the pages of the program that are used, so a workload that no request names costs no memory.
mod bundle {
    include!(concat!(env!("OUT_DIR"), "/bundle.rs"));
}

/// The place that a description is read from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Bundled,
    Folder(PathBuf),
}

/// A file of a description. The file of a folder is read when its content is needed.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// The file's name, for errors.
    pub(super) file: PathBuf,
    bundled: Option<&'static str>,
}

impl Source {
    /// Returns the folder, for errors.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Bundled => Path::new("openapi"),
            Self::Folder(folder) => folder,
        }
    }

    fn text(&self, name: &str, bundled: &'static str) -> Text {
        Text {
            file: self.root().join(name),
            bundled: matches!(self, Self::Bundled).then_some(bundled),
        }
    }

    pub(super) fn schemas(&self) -> Text {
        self.text("schemas.json", bundle::SCHEMAS)
    }

    /// Returns the file of grafts. A folder may lack it.
    pub(super) fn grafts(&self) -> Option<Text> {
        let text = self.text("grafts.json", bundle::GRAFTS);
        (text.bundled.is_some() || text.file.exists()).then_some(text)
    }

    /// Returns the files of paths, by name.
    pub(super) fn paths(&self) -> Result<BTreeMap<String, Text>, Error> {
        let folder = self.root().join("paths");
        if let Self::Bundled = self {
            let file = |name: &str| folder.join(format!("{name}.json"));
            let texts = bundle::PATHS.iter().map(|(name, text)| {
                let (file, bundled) = (file(name), Some(*text));
                ((*name).to_owned(), Text { file, bundled })
            });
            return Ok(texts.collect());
        }
        let error = |error| Error::description(&folder, error);
        let mut texts = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(error)? {
            let file = entry.map_err(error)?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "json")
                && let Some(name) = file.file_stem().and_then(|name| name.to_str())
            {
                let (name, bundled) = (name.to_owned(), None);
                texts.insert(name, Text { file, bundled });
            }
        }
        Ok(texts)
    }
}

impl Text {
    /// Returns the content.
    pub(super) fn content(&self) -> Result<Bytes, Error> {
        match self.bundled {
            Some(text) => Ok(Bytes::from_static(text.as_bytes())),
            None => std::fs::read(&self.file)
                .map(Bytes::from)
                .map_err(|error| Error::description(&self.file, error)),
        }
    }

    /// Reads the content, which may be borrowed from.
    pub(super) fn parse<'a, T: Deserialize<'a>>(&self, content: &'a Bytes) -> Result<T, Error> {
        serde_json::from_slice(content).map_err(|error| Error::description(&self.file, error))
    }
}
