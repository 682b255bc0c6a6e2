//! Checks that `deny.toml` allows the dependencies: their licences, versions and sources.
//!
//! `cargo deny check` checks the same, and advisories as well, in CI. It has to be installed and
//! needs the database of advisories. This check needs Cargo alone, so that it can always run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Deserialize)]
pub struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    #[serde(default)]
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct Skip {
    /// `name@version`, where the version may be a prefix: `sha2@0.10`.
    #[serde(rename = "crate")]
    spec: String,
    /// The reason why two versions are allowed.
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// A package, as `cargo metadata` lists it.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// Its licences, as an SPDX expression.
    pub license: Option<String>,
    /// The source, or `None` for a package of the workspace.
    pub source: Option<String>,
}

impl Rules {
    /// Reads `deny.toml`.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, or if a rule has no reason.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let rules: Self =
            toml::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
        for skip in &rules.bans.skip {
            ensure!(
                !skip.reason.is_empty(),
                "the skip of {} in deny.toml has no reason",
                skip.spec
            );
            ensure!(
                skip.spec.contains('@'),
                "the skip of {} in deny.toml has no version",
                skip.spec
            );
        }
        Ok(rules)
    }

    /// Returns the violations in the packages.
    pub fn faults(&self, packages: &[Package]) -> Vec<String> {
        let mut faults = Vec::new();
        let foreign: Vec<_> = packages.iter().filter(|p| p.source.is_some()).collect();
        for package in &foreign {
            let Package { name, version, .. } = package;
            let source = package.source.as_deref().unwrap_or_default();
            let is_known = source
                .strip_prefix("registry+")
                .is_some_and(|url| self.sources.allow_registry.iter().any(|known| known == url));
            if !is_known {
                faults.push(format!(
                    "{name} {version} is from {source}, which deny.toml does not allow"
                ));
            }
            let license = package.license.as_deref().unwrap_or_default();
            if !is_allowed(license, &|id| self.allows(name, id)) {
                faults.push(format!(
                    "{name} {version} has the licence `{license}`, which deny.toml does not allow"
                ));
            }
        }
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in &foreign {
            let versions = versions.entry(&package.name).or_default();
            versions.insert(&package.version);
        }
        let mut used = BTreeSet::new();
        for (name, versions) in &versions {
            let skip = |version: &&&str| {
                let mut skips = self.bans.skip.iter();
                let skip = skips.find(|skip| is_version(&skip.spec, name, version));
                skip.map(|skip| used.insert(&skip.spec)).is_none()
            };
            let left: Vec<_> = versions.iter().filter(skip).copied().collect();
            if left.len() > 1 {
                faults.push(format!(
                    "{name} has several versions: {}",
                    left.join(" and ")
                ));
            }
            if versions.len() == 1 && left.is_empty() {
                faults.push(format!(
                    "{name} has one version, so its skip in deny.toml is not needed"
                ));
            }
        }
        for skip in &self.bans.skip {
            if !used.contains(&skip.spec) {
                faults.push(format!(
                    "{} is skipped in deny.toml but is not a dependency",
                    skip.spec
                ));
            }
        }
        faults
    }

    fn allows(&self, name: &str, license: &str) -> bool {
        let is_exception = |exception: &&Exception| exception.name == name;
        let exceptions = self.licenses.exceptions.iter().filter(is_exception);
        let mut allowed = self
            .licenses
            .allow
            .iter()
            .chain(exceptions.flat_map(|exception| &exception.allow));
        allowed.any(|allowed| allowed == license)
    }
}

/// Checks all dependencies of the workspace, for all its platforms. Returns their number.
///
/// # Errors
///
/// Fails if Cargo cannot list them, or if one is not allowed.
pub fn check(workspace: &Path) -> Result<usize> {
    let rules = Rules::read(&workspace.join("deny.toml"))?;
    let packages = packages(workspace)?;
    let faults = rules.faults(&packages);
    ensure!(
        faults.is_empty(),
        "deny.toml and the dependencies do not match:\n  {}",
        faults.join("\n  ")
    );
    Ok(packages.len())
}

fn packages(workspace: &Path) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--all-features"])
        .current_dir(workspace)
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .context("cannot read the packages in the output of cargo metadata")?;
    Ok(metadata.packages)
}

/// Returns whether a rule such as `sha2@0.10` matches version 0.10.9 of sha2.
fn is_version(spec: &str, name: &str, version: &str) -> bool {
    let Some((of, beginning)) = spec.split_once('@') else {
        return false;
    };
    let rest = version.strip_prefix(beginning);
    of == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns whether the allowed licences satisfy an SPDX expression. Older crates write `/` for
/// `OR`.
fn is_allowed(expression: &str, allows: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let is_met = either(&mut rest, allows);
    is_met == Some(true) && rest.is_empty()
}

fn either(rest: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut is_met = both(rest, allows)?;
    while let [word, after @ ..] = rest
        && *word == "OR"
    {
        *rest = after;
        is_met |= both(rest, allows)?;
    }
    Some(is_met)
}

fn both(rest: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut is_met = one(rest, allows)?;
    while let [word, after @ ..] = rest
        && *word == "AND"
    {
        *rest = after;
        is_met &= one(rest, allows)?;
    }
    Some(is_met)
}

fn one(rest: &mut &[&str], allows: &dyn Fn(&str) -> bool) -> Option<bool> {
    match rest {
        ["(", after @ ..] => {
            *rest = after;
            let is_met = either(rest, allows)?;
            *rest = rest.strip_prefix(&[")"])?;
            Some(is_met)
        }
        [license, "WITH", exception, after @ ..] => {
            let license = format!("{license} WITH {exception}");
            *rest = after;
            Some(allows(&license))
        }
        ["OR" | "AND" | ")", ..] | [] => None,
        [license, after @ ..] => {
            *rest = after;
            Some(allows(license))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        toml::from_str(
            r#"
            [licenses]
            allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            exceptions = [{ crate = "generator", allow = ["MPL-2.0"] }]
            [bans]
            skip = [{ crate = "sha2@0.10", reason = "oauth2" }]
            [sources]
            allow-registry = ["https://registry.example/index"]
            "#,
        )
        .unwrap()
    }

    fn package(name: &str, version: &str, license: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            license: Some(license.to_owned()),
            source: Some("registry+https://registry.example/index".to_owned()),
        }
    }

    #[test]
    fn allowed_packages_pass_every_rule() {
        let packages = [
            package("a", "1.0.0", "MIT OR GPL-3.0"),
            package("b", "1.0.0", "MIT/Apache-2.0"),
            package(
                "c",
                "1.0.0",
                "(MIT OR BSD-3-Clause) AND Apache-2.0 WITH LLVM-exception",
            ),
            package("generator", "1.0.0", "MPL-2.0"),
            package("sha2", "0.10.9", "MIT"),
            package("sha2", "0.11.1", "MIT"),
        ];
        assert_eq!(rules().faults(&packages), [""; 0]);
    }

    #[test]
    fn each_rule_names_its_package() {
        let mut from_git = package("a", "1.0.0", "MIT");
        from_git.source = Some("git+https://example".to_owned());
        let packages = [
            from_git,
            package("b", "1.0.0", "GPL-3.0 AND MIT"),
            package("c", "1.0.0", ""),
            package("d", "1.0.0", "MIT"),
            package("d", "2.0.0", "MIT"),
            package("e", "1.0.0", "MPL-2.0"),
        ];
        assert_eq!(
            rules().faults(&packages),
            [
                "a 1.0.0 is from git+https://example, which deny.toml does not allow",
                "b 1.0.0 has the licence `GPL-3.0 AND MIT`, which deny.toml does not allow",
                "c 1.0.0 has the licence ``, which deny.toml does not allow",
                "e 1.0.0 has the licence `MPL-2.0`, which deny.toml does not allow",
                "d has several versions: 1.0.0 and 2.0.0",
                "sha2@0.10 is skipped in deny.toml but is not a dependency",
            ]
        );
    }
}
