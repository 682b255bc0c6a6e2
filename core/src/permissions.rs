//! The permissions that an operation needs.

use std::fmt;

/// The permissions that one call needs. Any permission in the list for the kind of its token is
/// enough.
///
/// It prints as the least privileged ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The text from the generator: the schemes, separated by `;`.
    text: &'static str,
}

/// A kind of token for which permissions are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PermissionScheme {
    /// A token on behalf of a user with a work or school account.
    DelegatedWork,
    /// A token on behalf of a user with a personal Microsoft account.
    DelegatedPersonal,
    /// A token of an application, without a user.
    Application,
}

/// The permissions that suffice with one kind of token, narrowest first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SchemePermissions {
    least: &'static str,
    others: &'static str,
}

/// A permission that suffices alone, or together with one of several others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permission {
    name: &'static str,
    with: &'static str,
}

impl PermissionScheme {
    /// The list of all kinds.
    pub const ALL: &'static [Self] = &[
        Self::DelegatedWork,
        Self::DelegatedPersonal,
        Self::Application,
    ];
}

/// Prints `delegated`, `personal` or `application`.
impl fmt::Display for PermissionScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DelegatedWork => "delegated",
            Self::DelegatedPersonal => "personal",
            Self::Application => "application",
        })
    }
}

impl Permissions {
    #[doc(hidden)]
    pub const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// Returns the permissions on behalf of a user with a work or school account.
    pub fn delegated_work(&self) -> SchemePermissions {
        self.scheme(PermissionScheme::DelegatedWork)
    }

    /// Returns the permissions on behalf of a user with a personal Microsoft account.
    pub fn delegated_personal(&self) -> SchemePermissions {
        self.scheme(PermissionScheme::DelegatedPersonal)
    }

    /// Returns the permissions of an application, without a user.
    pub fn application(&self) -> SchemePermissions {
        self.scheme(PermissionScheme::Application)
    }

    /// Returns the permissions for this kind of token.
    pub fn scheme(&self, scheme: PermissionScheme) -> SchemePermissions {
        let text = self
            .text
            .split(';')
            .nth(scheme as usize)
            .unwrap_or_default();
        let (least, others) = text.split_once('<').unwrap_or((text, ""));
        SchemePermissions { least, others }
    }
}

impl SchemePermissions {
    /// Checks whether the operation accepts this kind of token at all.
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
    /// let permissions = graph.me().get().permissions().expect("it is listed");
    /// assert!(permissions.delegated_work().is_supported());
    /// assert!(!permissions.application().is_supported());
    /// ```
    pub fn is_supported(&self) -> bool {
        !self.least.is_empty() || !self.others.is_empty()
    }

    /// Iterates over the least privileged permissions, usually one. If there are several, each one
    /// is enough.
    ///
    /// Graph marks none of several permissions as least privileged for a few operations. All of
    /// them are among the [others](Self::others) then.
    pub fn least(&self) -> impl Iterator<Item = Permission> + use<> {
        permissions(self.least)
    }

    /// Iterates over the other permissions that suffice, narrowest first. They usually allow more.
    pub fn others(&self) -> impl Iterator<Item = Permission> + use<> {
        permissions(self.others)
    }

    /// Iterates over all permissions that suffice, narrowest first.
    pub fn all(&self) -> impl Iterator<Item = Permission> + use<> {
        self.least().chain(self.others())
    }

    /// Checks whether a token with these permissions has one that suffices. Names are compared
    /// ignoring case.
    ///
    /// ```
    /// # use msgraph::Graph;
    /// # use msgraph::auth::AccessTokenCredential;
    /// # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
    /// let permissions = graph.users().list().permissions().expect("it is listed");
    /// assert!(permissions.application().is_met_by(&["User.Read.All"]));
    /// assert!(!permissions.application().is_met_by(&["Mail.Read"]));
    /// ```
    pub fn is_met_by(&self, granted: &[impl AsRef<str>]) -> bool {
        let has = |name: &str| {
            let mut granted = granted.iter();
            granted.any(|there| there.as_ref().eq_ignore_ascii_case(name))
        };
        self.all().any(|permission| {
            let mut with = permission.with_one_of().peekable();
            has(permission.name()) && (with.peek().is_none() || with.any(has))
        })
    }
}

fn permissions(text: &'static str) -> impl Iterator<Item = Permission> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names.map(|text| {
        let (name, with) = text.split_once('+').unwrap_or((text, ""));
        Permission { name, with }
    })
}

impl Permission {
    /// Returns the name of the permission: `Mail.ReadBasic`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Iterates over the permissions of which one is needed in addition, if this permission does
    /// not suffice alone.
    pub fn with_one_of(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.with.split('|').filter(|name| !name.is_empty())
    }
}

/// Prints the name, or `A with B or C` if the permission does not suffice alone.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (at, name) in self.with_one_of().enumerate() {
            f.write_str(if at == 0 { " with " } else { " or " })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// Prints the least privileged permission. Prints `A or B` if there are several or Graph marks
/// none, or `not supported`.
impl fmt::Display for SchemePermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_supported() {
            return f.write_str("not supported");
        }
        let shown = if self.least.is_empty() {
            self.others
        } else {
            self.least
        };
        for (at, permission) in permissions(shown).enumerate() {
            if at > 0 {
                f.write_str(" or ")?;
            }
            write!(f, "{permission}")?;
        }
        Ok(())
    }
}

/// Prints `delegated: Mail.ReadBasic; personal: Mail.ReadBasic; application: not supported`.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scheme) in PermissionScheme::ALL.iter().copied().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{scheme}: {}", self.scheme(scheme))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permissions")
            .field("delegated_work", &self.delegated_work())
            .field("delegated_personal", &self.delegated_personal())
            .field("application", &self.application())
            .finish()
    }
}

impl fmt::Debug for SchemePermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemePermissions")
            .field("least", &self.least().collect::<Vec<_>>())
            .field("others", &self.others().collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_schemes_are_separate() {
        let permissions = Permissions::new("A.Read<A.ReadWrite,B.Read;;A.Read.All");
        assert_eq!(
            permissions.to_string(),
            "delegated: A.Read; personal: not supported; application: A.Read.All"
        );
        let work: Vec<_> = permissions
            .delegated_work()
            .all()
            .map(|one| one.name())
            .collect();
        assert_eq!(work, ["A.Read", "A.ReadWrite", "B.Read"]);
        assert_eq!(permissions.application().others().count(), 0);
        assert!(!permissions.delegated_personal().is_supported());
    }

    #[test]
    fn all_permissions_are_named_if_none_is_marked() {
        let permissions = Permissions::new("<A.Read,B.Read;;").delegated_work();
        assert!(permissions.is_supported());
        assert_eq!(permissions.least().count(), 0);
        assert_eq!(permissions.to_string(), "A.Read or B.Read");
    }

    #[test]
    fn combined_permissions_are_required_together() {
        let permissions = Permissions::new(";;A.Read+B.Read|C.Read<D.Read").application();
        assert_eq!(permissions.to_string(), "A.Read with B.Read or C.Read");
        assert!(!permissions.is_met_by(&["A.Read"]));
        assert!(!permissions.is_met_by(&["B.Read", "C.Read"]));
        assert!(permissions.is_met_by(&["c.read", "a.read"]));
        assert!(permissions.is_met_by(&["D.Read"]));
    }
}
