//! Calls of the directory: users that stay the same, and groups that are created and deleted.

use std::collections::HashSet;

use msgraph::Result;
use msgraph::models::{Group, User};
use msgraph::page::Items;

use super::Task;
use super::mail::subject;
use crate::ledger::{Act, Said};

impl Task {
    /// Reads all users page by page, or a single one.
    pub(super) async fn read_people(&mut self) -> Option<()> {
        if self.program.is_user && self.rng.bool() {
            let outcome = self.shared.call("me", self.graph().me().get()).await?;
            if let Ok(me) = outcome
                && me.user_principal_name.as_ref() != Some(&self.shared.access.user)
            {
                let name = me.user_principal_name;
                self.shared.wrong(|| format!("`/me` is {name:?}"));
            }
            return Some(());
        }
        let users = self.graph().users().list().top(self.rng.u32(2..7));
        let outcome = self.shared.call("people", names(users.stream())).await?;
        if let Ok(names) = outcome {
            let distinct: HashSet<_> = names.iter().collect();
            let expected = self.shared.access.users;
            if (names.len(), distinct.len()) != (expected, expected) {
                let (all, distinct) = (names.len(), distinct.len());
                self.shared
                    .wrong(|| format!("{all} people, {distinct} of them distinct"));
            }
        }
        Some(())
    }

    /// Creates a group, changes it, reads it and deletes it, as far as each step succeeds.
    pub(super) async fn live_as_a_group(&mut self) -> Option<()> {
        let groups = self.graph().groups();
        let number = self.shared.number();
        let call = groups.create(Group {
            display_name: Some(subject(number)),
            mail_enabled: Some(false),
            mail_nickname: Some(subject(number)),
            security_enabled: Some(true),
            ..Default::default()
        });
        let outcome = self.shared.call("create group", call).await?;
        self.shared.write(number, Act::Create, Said::of(&outcome));
        let group = outcome.ok()?;
        let Some(id) = group.id else {
            self.shared.wrong(|| format!("group w{number} has no id"));
            return None;
        };
        let group = groups.id(&id);
        let renamed = self.shared.number();
        let call = group.update(Group {
            display_name: Some(subject(renamed)),
            ..Default::default()
        });
        let outcome = self.shared.call("update group", call).await?;
        let said = Said::of(&outcome);
        self.shared.write(renamed, Act::Update, said);
        let mut names = match said {
            Said::Done => vec![subject(renamed)],
            Said::Unclear => vec![subject(number), subject(renamed)],
            Said::NotDone => vec![subject(number)],
        };
        if let Ok(group) = self.shared.call("read group", group.get()).await? {
            let name = group.display_name;
            if name.as_ref().is_none_or(|name| !names.contains(name)) {
                self.shared
                    .wrong(|| format!("a group is {name:?}, not {names:?}"));
            }
            names = name.into_iter().collect();
        }
        let outcome = self.shared.call("delete group", group.delete()).await?;
        if let Err(error) = outcome
            && error.is_not_found()
            && error
                .attempts()
                .is_some_and(|attempts| attempts.count() < 2)
        {
            self.shared
                .wrong(|| format!("deleted group {names:?}: {error}"));
        }
        Some(())
    }
}

async fn names(mut users: Items<User>) -> Result<Vec<Option<String>>> {
    let mut names = Vec::new();
    while let Some(user) = users.try_next().await? {
        names.push(user.user_principal_name);
    }
    Ok(names)
}
