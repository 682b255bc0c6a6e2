//! The documents that Graph publishes beside its description: the permissions that operations need
//! (`permissions`) and the clouds that have them (`clouds`). Each document becomes one small file
//! next to the description.

pub mod clouds;
mod corrections;
pub mod permissions;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use msgraph_codegen::{Address, Description};

use crate::document;
use crate::pin::{self, Pin};

/// The kind of an additional document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Permissions,
    Clouds,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Permissions, Kind::Clouds];

    /// Returns the name of the option, of the section in the pin, and of the file without `.json`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Permissions => "permissions",
            Kind::Clouds => "clouds",
        }
    }

    /// Returns the name of the file that is generated from it.
    pub fn file(self) -> &'static str {
        match self {
            Kind::Permissions => "permissions.json",
            Kind::Clouds => "clouds.json",
        }
    }

    /// Returns the source of the document as the pin states it.
    fn source(self) -> &'static str {
        match self {
            Kind::Permissions => {
                "microsoftgraph/microsoft-graph-devx-content, permissions/new/permissions.json \
                 (2026-08)"
            }
            Kind::Clouds => "Graph's lists of what each cloud has of v1.0 (2026-08)",
        }
    }
}

/// A document as it was read.
pub struct Original {
    pub kind: Kind,
    /// The name of the file, without folder and `.xz`.
    pub file: String,
    pub bytes: Vec<u8>,
}

impl Original {
    /// Reads `path`, plain or packed with xz.
    pub fn read(kind: Kind, path: &Path) -> Result<Original> {
        let (file, bytes) = document::read_bytes(path)?;
        Ok(Original { kind, file, bytes })
    }
}

/// A file that was generated from such a document, and its entry in the pin.
#[derive(Clone, Debug, PartialEq)]
pub struct FactsFile {
    pub name: &'static str,
    pub text: String,
    pub pin: pin::Facts,
    /// Notes for people about unused parts.
    pub notes: Vec<String>,
}

/// Generates the file of a document, for a description with these operations.
pub fn make(original: &Original, operations: &Operations) -> Result<FactsFile> {
    let made = match original.kind {
        Kind::Permissions => permissions::make(&original.bytes, operations),
        Kind::Clouds => clouds::make(&original.bytes, operations),
    };
    let made = made.with_context(|| format!("cannot use {}", original.file))?;
    Ok(FactsFile {
        name: original.kind.file(),
        text: made.text,
        pin: pin::Facts {
            source: original.kind.source().to_owned(),
            file: original.file.clone(),
            sha256: document::digest(&original.bytes),
            figures: made.figures,
        },
        notes: made.notes,
    })
}

/// Returns the file from an earlier trim, if there is one.
pub fn kept(kind: Kind, folder: &Path) -> Result<Option<FactsFile>> {
    if !folder.join(pin::FILE).exists() {
        return Ok(None);
    }
    let Some(pin) = Pin::read(folder)?.facts(kind).cloned() else {
        return Ok(None);
    };
    let path = folder.join(kind.file());
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(FactsFile {
        name: kind.file(),
        text,
        pin,
        notes: Vec::new(),
    }))
}

/// The output for a document.
pub struct Made {
    pub text: String,
    pub figures: BTreeMap<String, usize>,
    pub notes: Vec<String>,
}

/// The operations of a description, by address.
#[derive(Debug, Default)]
pub struct Operations {
    /// The method and the path as described, by address.
    all: BTreeMap<Address, Described>,
}

/// The operations at an address.
#[derive(Debug)]
pub struct Described {
    pub path: String,
    pub methods: Vec<&'static str>,
}

impl Operations {
    /// Collects the operations of `description`.
    ///
    /// Fails if two paths have one address, because an entry for one could then apply to the other.
    pub fn new(description: &Description) -> Result<Operations> {
        let mut operations = Operations::default();
        for (path, item) in &description.paths {
            let methods = item.operations().map(|(method, _)| method.as_str());
            let described = Described {
                path: path.clone(),
                methods: methods.collect(),
            };
            if let Some(other) = operations.all.insert(Address::new(path), described) {
                ensure!(false, "{path} and {} have the same address", other.path);
            }
        }
        Ok(operations)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Described)> {
        self.all.iter()
    }

    pub fn at(&self, address: &Address) -> Option<&Described> {
        self.all.get(address)
    }

    pub fn has(&self, method: &str, address: &Address) -> bool {
        self.at(address)
            .is_some_and(|described| described.methods.contains(&method))
    }
}
