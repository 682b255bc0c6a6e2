//! A compact form of values that hold for whole subtrees.

use std::collections::BTreeMap;

/// A segment of some paths, and its children.
struct Node<'a, T> {
    below: BTreeMap<&'a str, Node<'a, T>>,
    /// The number of paths that have each value, at this segment and below.
    counts: BTreeMap<T, usize>,
}

/// Returns (nearly) the fewest entries by which each path has the value of the longest entry that
/// the path begins with. A path has an entry if most paths below it have another value than the
/// paths above.
///
/// With `root`, the value of most paths is a separate entry with an empty path, which comes first.
pub fn by_prefix<'a, T: Ord + Copy>(
    paths: impl Iterator<Item = (&'a str, T)>,
    root: bool,
) -> Vec<(String, T)> {
    let mut tree = Node::new();
    for (path, value) in paths {
        let mut node = &mut tree;
        node.count(value);
        for segment in path.split('/').skip(1) {
            node = node.below.entry(segment).or_insert_with(Node::new);
            node.count(value);
        }
    }
    let mut entries = Vec::new();
    let above = if root {
        tree.entry("", None, &mut entries)
    } else {
        None
    };
    tree.entries_below("", above, &mut entries);
    entries
}

impl<T: Ord + Copy> Node<'_, T> {
    fn new() -> Self {
        Self {
            below: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn count(&mut self, value: T) {
        *self.counts.entry(value).or_default() += 1;
    }

    /// Returns the value that holds from this path on. Adds an entry if it differs from the value
    /// above.
    fn entry(&self, path: &str, above: Option<T>, entries: &mut Vec<(String, T)>) -> Option<T> {
        let most = |value: &T| (self.counts.get(value), Some(*value) == above);
        let here = self
            .counts
            .keys()
            .copied()
            .max_by(|one, other| most(one).cmp(&most(other)));
        if let Some(value) = here.filter(|_| here != above) {
            entries.push((path.to_owned(), value));
        }
        here
    }

    fn entries_below(&self, path: &str, above: Option<T>, entries: &mut Vec<(String, T)>) {
        for (segment, node) in &self.below {
            let path = format!("{path}/{segment}");
            let here = node.entry(&path, above, entries);
            node.entries_below(&path, here, entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::by_prefix;

    #[test]
    fn most_common_value_is_written_once() {
        let paths = [
            ("/a", 1),
            ("/a/b", 1),
            ("/a/c", 2),
            ("/a/c/d", 2),
            ("/a/c/e", 1),
            ("/f", 2),
        ];
        let wanted = [("/a", 1), ("/a/c", 2), ("/a/c/e", 1), ("/f", 2)];
        let entries = by_prefix(paths.into_iter(), false);
        let entries: Vec<_> = entries
            .iter()
            .map(|(path, value)| (path.as_str(), *value))
            .collect();
        assert_eq!(entries, wanted);
    }

    #[test]
    fn longest_prefix_gives_the_value_of_a_path() {
        let paths = [
            ("/a/{}/b", 1),
            ("/a/{}/b/{}/b", 2),
            ("/c/b", 1),
            ("/d/b", 2),
            ("/e/b", 1),
        ];
        let entries = by_prefix(paths.into_iter(), true);
        assert_eq!(entries.first(), Some(&(String::new(), 1)));
        for (path, value) in paths {
            let of = entries.iter().filter(|(prefix, _)| {
                path.strip_prefix(prefix.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            let longest = of.max_by_key(|(prefix, _)| prefix.len());
            assert_eq!(longest.map(|(_, of)| *of), Some(value), "{path}");
        }
    }
}
