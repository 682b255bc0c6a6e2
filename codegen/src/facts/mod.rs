//! Facts about operations besides their form: the permissions that they need, and the clouds that
//! have them.
//!
//! Graph publishes both in separate documents. `xtask trim` turns these into `permissions.json` and
//! `clouds.json` beside the description. This module reads both files and looks up operations in
//! them.

mod address;
mod clouds;
pub(crate) mod doc;
mod permissions;
mod places;
mod prefix;
mod write;

use std::path::Path;

use msgraph_description::{Result, read_json_if_there};

pub use address::Address;
use clouds::Clouds;
pub use clouds::{Cloud, CloudSet};
pub use permissions::{Permission, PermissionScheme, Permissions, Scheme};
pub(crate) use places::{Known, OperationFacts};
pub use prefix::by_prefix;
pub(crate) use write::Constants;

/// The facts of all operations.
///
/// ```no_run
/// use msgraph_codegen::Facts;
///
/// # fn main() -> msgraph_codegen::Result<()> {
/// let facts = Facts::read("openapi".as_ref())?;
/// if let Some(permissions) = facts.permissions("GET", "/me/messages/{message-id}") {
///     println!("{:?}", permissions.delegated_work.least);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Facts {
    permissions: permissions::Table,
    clouds: Clouds,
}

impl Facts {
    /// Reads `permissions.json` and `clouds.json` in `folder`. If a file is missing, its facts are
    /// unknown.
    ///
    /// # Errors
    ///
    /// Fails if a file exists and cannot be read, or does not have this form. The error names the
    /// file.
    pub fn read(folder: &Path) -> Result<Self> {
        let permissions =
            match read_json_if_there::<permissions::File>(&folder.join("permissions.json"))? {
                Some(file) => permissions::Table::new(file)?,
                None => permissions::Table::default(),
            };
        let clouds = match read_json_if_there::<clouds::File>(&folder.join("clouds.json"))? {
            Some(file) => Clouds::new(file)?,
            None => Clouds::default(),
        };
        Ok(Self {
            permissions,
            clouds,
        })
    }

    /// Returns the permissions that an operation needs, or `None` if they are unknown.
    ///
    /// `path` may be as in Graph's description or in its documentation: the names of keys, and
    /// case, are ignored.
    ///
    /// Graph's list has application permissions for `/me` too, along with those for `/users/{id}`.
    /// Graph refuses `/me` to an application, because an application has no signed-in user. These
    /// permissions are therefore left out here.
    pub fn permissions(&self, method: &str, path: &str) -> Option<Permissions> {
        let address = Address::new(path);
        let mut permissions = self.permissions.of(method, &address)?.clone();
        if address.segments().next() == Some("me") {
            permissions.application = Scheme::default();
        }
        Some(permissions)
    }

    /// Returns the national and sovereign clouds that have an operation, or `None` if they are
    /// unknown. The global cloud is not included.
    pub fn clouds(&self, method: &str, path: &str) -> Option<CloudSet> {
        self.clouds.of(method, &Address::new(path))
    }

    /// Returns each operation with known permissions, as method and address, with the permissions
    /// that it needs.
    pub fn all_permissions(&self) -> impl Iterator<Item = (&str, &Address, &Permissions)> {
        self.permissions.all()
    }
}
