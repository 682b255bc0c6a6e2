//! One of the two descriptions that are compared.

use std::path::Path;

use anyhow::{Context as _, Result};
use msgraph_codegen::Description;

use crate::document::Document;
use crate::folder;
use crate::pin::{self, Pin};

/// A description in its trimmed form, and its source.
#[derive(Debug)]
pub struct Side {
    /// The source, for the reader of the diff.
    pub origin: String,
    pub description: Description,
}

impl Side {
    /// Reads a trimmed folder as it is. A document is trimmed in memory first.
    pub fn read(path: &Path) -> Result<Side> {
        if path.is_dir() {
            // A folder that was written by hand has no pin.
            let origin = match path.join(pin::FILE).exists() {
                true => Pin::read(path)?.document.source,
                false => path.display().to_string(),
            };
            let description = Description::read(path)?;
            return Ok(Side {
                origin,
                description,
            });
        }
        Side::of(Document::read(path)?)
    }

    /// Trims a document.
    pub fn of(document: Document) -> Result<Side> {
        let origin = document.file.clone();
        let files = folder::trim(document).with_context(|| format!("cannot trim {origin}"))?;
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        folder::replace(&files, folder.path())?;
        Ok(Side {
            origin,
            description: Description::read(folder.path())?,
        })
    }
}
