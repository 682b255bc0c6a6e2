//! The splitting of query texts at separators outside of quotes and parentheses.

/// Returns the parts between `separator`s, or `None` if quotes or parentheses do not close.
pub(crate) fn split(text: &str, separator: char) -> Option<Vec<&str>> {
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

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn separators_inside_do_not_count() {
        assert_eq!(
            split("a(b,c),'d,e',f", ','),
            Some(vec!["a(b,c)", "'d,e'", "f"])
        );
        assert_eq!(split("", ','), Some(vec![""]));
        assert_eq!(split("a)", ','), None);
        assert_eq!(split("a(", ','), None);
        assert_eq!(split("'a", ','), None);
    }
}
