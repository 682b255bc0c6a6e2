//! The lists of `$select`, `$expand` and `$orderby`.

/// Returns the parts between separators that stand neither in quotes nor in parentheses. Returns
/// `None` if quotes or parentheses do not close.
///
/// ```
/// use msgraph_odata::split;
///
/// assert_eq!(split("a($select=b,c),d", ','), Some(vec!["a($select=b,c)", "d"]));
/// assert_eq!(split("a eq 'x;y'", ';'), Some(vec!["a eq 'x;y'"]));
/// assert_eq!(split("a(b", ','), None);
/// ```
pub fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_u32, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            (None, other) if other == separator && depth == 0 => {
                parts.push(text.get(start..at)?);
                start = at + other.len_utf8();
            }
            _ => {}
        }
    }
    if depth != 0 || quote.is_some() {
        return None;
    }
    parts.push(text.get(start..)?);
    Some(parts)
}

/// One item of `$expand`: `manager`, `members($select=id;$top=5)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expanded<'t> {
    /// The path of the relation.
    pub path: &'t str,
    /// The text in the parentheses, if there are any. Its options are separated by semicolons.
    pub options: Option<&'t str>,
}

impl<'t> Expanded<'t> {
    /// Reads an item. Returns `None` if its parentheses do not close at its end.
    pub fn read(item: &'t str) -> Option<Self> {
        let item = item.trim();
        let (path, options) = match item.split_once('(') {
            Some((path, rest)) => (path.trim_end(), Some(rest.strip_suffix(')')?)),
            None => (item, None),
        };
        Some(Self { path, options })
    }
}

/// One item of `$orderby`: `displayName`, `createdDateTime desc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'t> {
    /// The path of the property.
    pub path: &'t str,
    /// The direction, if the item states one. The default is ascending.
    pub direction: Option<Direction>,
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `asc`
    Ascending,
    /// `desc`
    Descending,
}

impl<'t> Order<'t> {
    /// Reads an item. Returns `None` if anything but a direction follows the path.
    pub fn read(item: &'t str) -> Option<Self> {
        let mut words = item.split_whitespace();
        let path = words.next().unwrap_or_default();
        let direction = match (words.next(), words.next()) {
            (None, _) => None,
            (Some("asc"), None) => Some(Direction::Ascending),
            (Some("desc"), None) => Some(Direction::Descending),
            _ => return None,
        };
        Some(Self { path, direction })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_parentheses_do_not_split() {
        for (text, separator, parts) in [
            ("a(b,c),'d,e',f", ',', Some(vec!["a(b,c)", "'d,e'", "f"])),
            ("a eq 'x;y';b", ';', Some(vec!["a eq 'x;y'", "b"])),
            ("", ',', Some(vec![""])),
            ("a)", ',', None),
            ("a(", ',', None),
            ("'a", ',', None),
        ] {
            assert_eq!(split(text, separator), parts, "{text}");
        }
    }

    #[test]
    fn expanded_items_have_options_in_parentheses() {
        let read = |item| Expanded::read(item).map(|read| (read.path, read.options));
        assert_eq!(read("manager"), Some(("manager", None)));
        assert_eq!(
            read(" manager ($levels=max) "),
            Some(("manager", Some("$levels=max")))
        );
        assert_eq!(
            read("a($expand=b($select=c))"),
            Some(("a", Some("$expand=b($select=c)")))
        );
        assert_eq!(read("a()"), Some(("a", Some(""))));
        assert_eq!(read("a($select=b"), None);
        assert_eq!(read("a($select=b)c"), None);
    }

    #[test]
    fn order_has_at_most_one_direction() {
        let read = |item| Order::read(item).map(|read| (read.path, read.direction));
        assert_eq!(read(" a/b "), Some(("a/b", None)));
        assert_eq!(read("a asc"), Some(("a", Some(Direction::Ascending))));
        assert_eq!(read("a  desc"), Some(("a", Some(Direction::Descending))));
        assert_eq!(read("a up"), None);
        assert_eq!(read("a desc desc"), None);
    }
}
