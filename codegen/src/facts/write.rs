//! Writes the known facts about operations as constants: `facts.rs`.
//!
//! Text costs the compiler least, so permissions are one text each. The runtime parses the text
//! when the program reads the permissions.

use std::collections::HashMap;
use std::fmt::Write;

use super::places::OperationFacts;
use super::{CloudSet, Permission, Permissions};

/// The constants, each of them once.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    needs: Numbered<Permissions>,
    clouds: Numbered<Vec<(String, CloudSet)>>,
    facts: Numbered<OperationFacts>,
}

#[derive(Debug)]
struct Numbered<T>(HashMap<T, usize>, String);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(HashMap::new(), String::new())
    }
}

impl Constants {
    /// Returns the name of the constant for these facts.
    pub(crate) fn name(&mut self, facts: &OperationFacts) -> String {
        if let Some(number) = self.facts.0.get(facts) {
            return format!("F{number}");
        }
        let mut permissions = String::new();
        for (needs, paths) in &facts.permissions {
            let constant = self.needs.name('N', needs, |out| {
                let _ = write!(out, "&str = \"{}\"", text(needs));
            });
            let _ = write!(permissions, "(\"{}\", {constant}),", paths.join(" "));
        }
        let clouds = match facts.clouds.as_slice() {
            [] => "&[]".to_owned(),
            clouds => self.clouds.name('C', &facts.clouds, |out| {
                out.push_str("&[(&str, u8)] = &[");
                for (path, set) in clouds {
                    let _ = write!(out, "(\"{path}\", {}),", set.bits());
                }
                out.push(']');
            }),
        };
        self.facts.name('F', facts, |out| {
            let _ = write!(
                out,
                "&OperationMetadata = &OperationMetadata {{ permissions: &[{permissions}], clouds: \
                 {clouds} }}"
            );
        })
    }

    /// Returns the text of all constants.
    pub(crate) fn finish(self) -> String {
        let generator = format!(
            "/// The version of the generator, for the runtime to compare.\npub const GENERATOR: \
             &str = \"{}\";\n",
            env!("CARGO_PKG_VERSION")
        );
        [generator, self.needs.1, self.clouds.1, self.facts.1].concat()
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    /// Returns the name of the constant for a value. `write` writes its type and value.
    fn name(&mut self, prefix: char, value: &T, write: impl FnOnce(&mut String)) -> String {
        let next = self.0.len();
        if let Some(number) = self.0.get(value) {
            return format!("{prefix}{number}");
        }
        self.0.insert(value.clone(), next);
        let _ = write!(self.1, "pub const {prefix}{next}: ");
        write(&mut self.1);
        self.1.push_str(";\n");
        format!("{prefix}{next}")
    }
}

/// Returns `Mail.ReadBasic<Mail.Read,Mail.ReadWrite;;…`. For each scheme, the least privileged
/// permissions come before `<` and the others after it.
fn text(permissions: &Permissions) -> String {
    let names = |of: &[Permission]| {
        let names: Vec<_> = of.iter().map(Permission::to_string).collect();
        names.join(",")
    };
    let schemes = permissions.schemes().map(|of| match of.others.as_slice() {
        [] => names(&of.least),
        others => format!("{}<{}", names(&of.least), names(others)),
    });
    schemes.join(";")
}
