//! What is known of operations besides their form: the permissions that they need, and the clouds that have them.
//!
//! Graph publishes both in documents of their own. `xtask trim` turns these into `permissions.json` and `clouds.json`
//! beside the description; here they are read and asked.

mod address;
mod clouds;
pub(crate) mod doc;
mod permissions;
mod places;
mod prefix;
mod write;

use std::path::Path;

use crate::description::read_json_if_there;
use crate::error::Result;

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
    /// Reads `permissions.json` and `clouds.json` in `folder`. Where one of them is not there, nothing is known.
    ///
    /// # Errors
    ///
    /// When a file is there and cannot be read, or is not of this form; the error names it.
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

    /// The permissions that an operation needs; `None` where nothing is known.
    ///
    /// `path` is as Graph's description or its documentation has it: what its keys are called, and case, do not count.
    ///
    /// Graph's list has permissions of applications for `/me` too, along with those for `/users/{id}`. Graph refuses `/me` to
    /// an application, as there is nobody whom it could mean, so they are left out here.
    pub fn permissions(&self, method: &str, path: &str) -> Option<Permissions> {
        let address = Address::new(path);
        let mut permissions = self.permissions.of(method, &address)?.clone();
        if address.segments().next() == Some("me") {
            permissions.application = Scheme::default();
        }
        Some(permissions)
    }

    /// The national and sovereign clouds that have an operation, everybody's aside; `None` where nothing is known.
    pub fn clouds(&self, method: &str, path: &str) -> Option<CloudSet> {
        self.clouds.of(method, &Address::new(path))
    }

    /// Each operation whose permissions are known, as method and address, with what it needs.
    pub fn all_permissions(&self) -> impl Iterator<Item = (&str, &Address, &Permissions)> {
        self.permissions.all()
    }
}
