//! The paths between colons: items of a drive, and sites.

use super::walker::Walker;
use super::{DRIVE_ITEM, Found, SITE, Target};
use crate::refusal::Refusal;
use crate::store::Id;

impl Walker<'_, '_, '_> {
    /// Follows the path to a site: `contoso.sharepoint.com:/teams/hr:`.
    pub(super) fn site(&mut self, host: Id, names: &[String]) -> Result<(), Refusal> {
        let url = |id: Id| {
            let site = self.tenant.store.get(id)?;
            site.properties.get("webUrl")?.as_str()
        };
        let wanted = url(host).map(|host| format!("{host}/{}", names.join("/")));
        let sites = self.tenant.members(Id::ROOT, "sites");
        let same = |id: &Id| match (url(*id), &wanted) {
            (Some(own), Some(wanted)) => own.eq_ignore_ascii_case(wanted),
            _ => false,
        };
        let found = sites.into_iter().find(same);
        let id = match found {
            Some(id) => id,
            None if names.is_empty() => host,
            None => {
                let path = names.join("/");
                return Err(Refusal::not_found(self.schemas(), SITE, &path));
            }
        };
        self.resource.target = Target::Entity {
            id,
            declared: SITE.into(),
            found: Found {
                owner: Id::ROOT,
                relation: "sites".into(),
            },
        };
        Ok(())
    }

    /// Follows the path to an item: `root:/Reports/2026.csv:`. Names are compared without case.
    pub(super) fn path(&mut self, names: &[String]) -> Result<(), Refusal> {
        let Target::Entity {
            id, ref declared, ..
        } = self.resource.target
        else {
            return Err(self.resource.target.missing(self.schemas()));
        };
        if declared == SITE {
            return self.site(id, names);
        }
        let mut at = (id, id);
        for (number, name) in names.iter().enumerate() {
            match self.tenant.child(at.1, name) {
                Some(child) => at = (at.1, child),
                None => {
                    let missing = names.iter().skip(number);
                    return self.file(at.1, missing.cloned().collect());
                }
            }
        }
        let (owner, id) = at;
        let (relation, declared) = ("children".to_owned(), DRIVE_ITEM.to_owned());
        let found = Found { owner, relation };
        self.resource.target = Target::Entity {
            id,
            declared,
            found,
        };
        Ok(())
    }

    /// Leads to a file that does not exist. `missing` are the names of the missing folders above
    /// it, the outermost first, and its own name.
    fn file(&mut self, parent: Id, missing: Vec<String>) -> Result<(), Refusal> {
        let mut folders = missing;
        let name = folders.pop().unwrap_or_default();
        let entity = self.tenant.store.get(parent);
        // A file has no items below it.
        if entity.is_some_and(|entity| entity.properties.contains_key("file")) {
            return Err(Refusal::not_found(self.schemas(), DRIVE_ITEM, &name));
        }
        self.resource.target = Target::File {
            parent,
            folders,
            name,
        };
        Ok(())
    }
}
