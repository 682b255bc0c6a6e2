//! The paths between colons: items of a drive, and sites.

use super::walker::Walker;
use super::{DRIVE_ITEM, Found, SITE, Target};
use crate::refusal::Refusal;
use crate::store::Id;

impl Walker<'_, '_, '_> {
    /// Follows the path to a site: `contoso.sharepoint.com:/teams/hr:`.
    fn site(&mut self, host: Id, names: &[String]) -> Result<(), Refusal> {
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
            let children = self.tenant.store.many(at.1, "children");
            let child = children.into_iter().find(|child| {
                let entity = self.tenant.store.get(*child);
                let own = entity.and_then(|entity| entity.properties.get("name")?.as_str());
                own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
            });
            match child {
                Some(child) => at = (at.1, child),
                None if number + 1 == names.len() => {
                    let (parent, name) = (at.1, name.clone());
                    self.resource.target = Target::File { parent, name };
                    return Ok(());
                }
                None => return Err(Refusal::not_found(self.schemas(), DRIVE_ITEM, name)),
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
}
