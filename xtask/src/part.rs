//! A part of a description: some paths, and everything below them.
//!
//! A program that calls a few operations of beta does not have to compile all of it. Only paths are
//! left out here, and `reach` then removes the schemas that they lead to. Names are those of the
//! whole description, so that a part can grow.

use anyhow::{Result, ensure};

use crate::trimmed::Description;

/// The paths of which a part consists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part(Vec<String>);

impl Part {
    /// Returns the part below these paths, which are spelled as in the description. The names of
    /// keys are ignored. An empty list is the whole description.
    ///
    /// # Errors
    ///
    /// Fails if an item is not a path.
    pub fn new<S: AsRef<str>>(paths: impl IntoIterator<Item = S>) -> Result<Part> {
        let mut part = Vec::new();
        for path in paths {
            let path = path.as_ref();
            ensure!(
                path.starts_with('/') && path.len() > 1,
                "{path:?} is not a path: a path begins with a slash, as in \
                 /users/{{user-id}}/messages"
            );
            part.push(path.trim_end_matches('/').to_owned());
        }
        part.sort();
        part.dedup();
        Ok(Part(part))
    }

    /// Returns whether it is the whole description.
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the paths.
    pub fn paths(&self) -> &[String] {
        &self.0
    }

    /// Returns whether `path` belongs to the part.
    pub fn has(&self, path: &str) -> bool {
        self.is_whole() || self.0.iter().any(|of| is_below(path, of))
    }

    /// Removes from `description` the paths that do not belong to the part.
    ///
    /// # Errors
    ///
    /// Fails if one of its paths is not described and has no described path below it.
    pub fn keep(&self, description: &mut Description) -> Result<()> {
        for of in &self.0 {
            ensure!(
                description.paths.keys().any(|path| is_below(path, of)),
                "the description has no operation at or below {of}"
            );
        }
        description.paths.retain(|path, _| self.has(path));
        Ok(())
    }
}

/// Returns whether a path is `of` or below it. Keys in parentheses belong to the collection before
/// them.
fn is_below(path: &str, of: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = of.split('/').peekable();
    while let Some(wanted_here) = wanted.next() {
        let Some(segment) = segments.next() else {
            return false;
        };
        let is_key = segment.starts_with('{') && wanted_here.starts_with('{');
        let is_last = wanted.peek().is_none();
        let has_key = is_last
            && segment
                .strip_prefix(wanted_here)
                .is_some_and(|rest| rest.starts_with('('));
        if segment != wanted_here && !is_key && !has_key {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_contains_everything_below_its_paths() {
        let part = Part::new(["/users/{id}/messages/", "/applications"]).expect("paths");
        for path in [
            "/users/{user-id}/messages",
            "/users/{user-id}/messages/{message-id}/reply",
            "/applications",
            "/applications(appId='{appId}')/owners",
            "/applications/{application-id}",
        ] {
            assert!(part.has(path), "{path}");
        }
        for path in [
            "/users",
            "/users/{user-id}",
            "/users/{user-id}/messagesOfOthers",
            "/users/delta()/messages",
            "/applicationTemplates",
        ] {
            assert!(!part.has(path), "{path}");
        }
    }

    #[test]
    fn part_without_paths_is_the_whole() {
        let none: [&str; 0] = [];
        assert!(Part::new(none).expect("the whole").has("/users"));
    }

    #[test]
    fn invalid_path_is_refused() {
        for path in ["users", "", "/"] {
            let error = Part::new([path]).expect_err("no path").to_string();
            assert!(error.contains("is not a path"), "{error}");
        }
    }
}
