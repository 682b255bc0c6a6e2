//! The permissions that operations need.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use msgraph_description::{Error, Result};
use serde::Deserialize;

use super::Address;

/// The permissions that one operation needs. For each kind of token, one of the listed permissions
/// suffices.
///
/// <https://learn.microsoft.com/graph/permissions-overview>
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Permissions on behalf of a user with a work or school account.
    #[serde(default, rename = "delegatedWork")]
    pub delegated_work: Scheme,
    /// Permissions on behalf of a user with a personal account.
    #[serde(default, rename = "delegatedPersonal")]
    pub delegated_personal: Scheme,
    /// Permissions of an application without a user.
    #[serde(default)]
    pub application: Scheme,
}

impl Permissions {
    /// Returns the needed permissions, in the order of [`PermissionScheme::ALL`].
    pub fn schemes(&self) -> [&Scheme; 3] {
        PermissionScheme::ALL.map(|scheme| self.scheme(scheme))
    }

    /// Returns the permissions that are needed with one kind of token.
    pub fn scheme(&self, scheme: PermissionScheme) -> &Scheme {
        match scheme {
            PermissionScheme::DelegatedWork => &self.delegated_work,
            PermissionScheme::DelegatedPersonal => &self.delegated_personal,
            PermissionScheme::Application => &self.application,
        }
    }
}

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionScheme {
    /// A token on behalf of a user with a work or school account.
    DelegatedWork,
    /// A token on behalf of a user with a personal account.
    DelegatedPersonal,
    /// A token of an application without a user.
    Application,
}

impl PermissionScheme {
    /// All kinds of token.
    pub const ALL: [Self; 3] = [
        Self::DelegatedWork,
        Self::DelegatedPersonal,
        Self::Application,
    ];

    /// Returns the name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::DelegatedWork => "delegated",
            Self::DelegatedPersonal => "personal",
            Self::Application => "application",
        }
    }

    /// Returns the name in `permissions.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::DelegatedWork => "delegatedWork",
            Self::DelegatedPersonal => "delegatedPersonal",
            Self::Application => "application",
        }
    }
}

/// The permissions that suffice with one kind of token, narrowest first. Both lists are empty if
/// the operation does not accept this kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The permissions that Graph marks as least privileged: mostly one.
    #[serde(default)]
    pub least: Vec<Permission>,
    /// Other permissions that suffice, and allow more.
    #[serde(default)]
    pub others: Vec<Permission>,
}

impl Scheme {
    /// Returns whether the operation does not accept this kind of token.
    pub fn is_empty(&self) -> bool {
        self.least.is_empty() && self.others.is_empty()
    }

    /// Returns all permissions that suffice, narrowest first.
    pub fn all(&self) -> impl Iterator<Item = &Permission> {
        self.least.iter().chain(&self.others)
    }
}

/// A permission that suffices, alone or together with one of several others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "String")]
pub struct Permission {
    /// `Mail.ReadBasic`
    pub name: String,
    /// Permissions of which one is needed in addition. The list is mostly empty.
    pub with_one_of: Vec<String>,
}

/// Parses `Application.Read.All+AppRoleAssignment.ReadWrite.All|Directory.Read.All`.
impl From<String> for Permission {
    fn from(text: String) -> Self {
        match text.split_once('+') {
            None => Self {
                name: text,
                with_one_of: Vec::new(),
            },
            Some((name, with)) => Self {
                name: name.into(),
                with_one_of: with.split('|').map(str::to_owned).collect(),
            },
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (at, with) in self.with_one_of.iter().enumerate() {
            f.write_str(if at == 0 { "+" } else { "|" })?;
            f.write_str(with)?;
        }
        Ok(())
    }
}

/// The content of `permissions.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    permissions: Vec<Group>,
}

/// Operations that need the same permissions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    needs: Permissions,
    operations: Vec<String>,
}

/// The permissions of all operations.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    needs: Vec<Permissions>,
    operations: HashMap<Address, Vec<(Box<str>, usize)>>,
}

impl Table {
    pub(super) fn new(file: File) -> Result<Self> {
        let mut table = Self::default();
        for group in file.permissions {
            let number = table.needs.len();
            table.needs.push(group.needs);
            for operation in group.operations {
                let Some((method, path)) = operation.split_once(' ') else {
                    return Err(Error::Unknown {
                        place: PathBuf::from("permissions.json").display().to_string(),
                        what: format!("`{operation}` is not a method and a path"),
                    });
                };
                let at = table.operations.entry(Address::new(path)).or_default();
                at.push((method.into(), number));
            }
        }
        Ok(table)
    }

    pub(super) fn of(&self, method: &str, address: &Address) -> Option<&Permissions> {
        self.exactly(method, address)
            .or_else(|| self.exactly(method, &address.by_id()?))
    }

    fn exactly(&self, method: &str, address: &Address) -> Option<&Permissions> {
        let at = self.operations.get(address)?;
        let (_, number) = at.iter().find(|(of, _)| **of == *method)?;
        self.needs.get(*number)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Address, &Permissions)> {
        self.operations.iter().flat_map(move |(address, at)| {
            at.iter().filter_map(move |(method, number)| {
                Some((&**method, address, self.needs.get(*number)?))
            })
        })
    }
}
