//! One segment of a path, as a description or a request writes it: `users`, `{user-id}`, `delta()`,
//! `range(address='A1:B2')`, `users('adele@contoso.com')`.

/// A percent-decoded segment, split into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A plain name: `users`.
    Name(String),
    /// `{user-id}`, which occurs in a description only.
    Key(String),
    /// `delta()`, `range(address='A1')`: a function, or a collection with an alternate key.
    Call {
        name: String,
        arguments: Vec<(String, Argument)>,
    },
    /// `users('adele@contoso.com')`: a collection with its key.
    Keyed { name: String, key: String },
}

/// The value between `=` and the next comma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A quoted text, without its quotes: `'A1:B2'`.
    Quoted(String),
    /// A text without quotes: `2026-01-02`, `5`, `true`, `['a','b']`
    Bare(String),
    /// `@alias`, whose value stands in the query.
    Alias(String),
}

impl Segment {
    /// Splits a percent-decoded segment into its parts. Returns `None` if parentheses or quotes do
    /// not match.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            return Some(Self::Key(name.to_owned()));
        }
        let Some((name, rest)) = text.split_once('(') else {
            return Some(Self::Name(text.to_owned()));
        };
        // An id may hold parentheses. The name before parentheses consists of letters, digits, dots
        // and underscores.
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        {
            return Some(Self::Name(text.to_owned()));
        }
        let Some(inside) = rest.strip_suffix(')') else {
            return Some(Self::Name(text.to_owned()));
        };
        let parts = split(inside)?;
        if let [part] = parts.as_slice()
            && let Some(key) = unquote(part)
        {
            return Some(Self::Keyed {
                name: name.to_owned(),
                key,
            });
        }
        let mut arguments = Vec::new();
        for part in parts {
            let (argument, value) = part.split_once('=')?;
            let value = value.trim();
            let value = match unquote(value) {
                Some(text) => Argument::Quoted(text),
                None => match value.strip_prefix('@') {
                    Some(alias) => Argument::Alias(alias.to_owned()),
                    None if value.is_empty() || value.starts_with('\'') => return None,
                    None => Argument::Bare(value.to_owned()),
                },
            };
            arguments.push((argument.trim().to_owned(), value));
        }
        Some(Self::Call {
            name: name.to_owned(),
            arguments,
        })
    }
}

/// Splits at commas outside of quotes and brackets.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut depth) = (Vec::new(), 0, false, 0_u32);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth = depth.checked_sub(1)?,
            ',' if !quoted && depth == 0 => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted || depth != 0 {
        return None;
    }
    let last = text.get(start..)?;
    if !last.trim().is_empty() || !parts.is_empty() {
        parts.push(last);
    }
    Some(parts)
}

/// Returns the text of an OData string literal: without its quotes, and with doubled quotes made
/// single.
pub(crate) fn unquote(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    // A quote inside is doubled.
    let plain = inside.replace("''", "\u{0}");
    if plain.contains('\'') {
        None
    } else {
        Some(plain.replace('\u{0}', "'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &[(&str, Argument)]) -> Segment {
        let arguments = arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        Segment::Call {
            name: name.to_owned(),
            arguments,
        }
    }

    #[test]
    fn segment_is_split_into_name_and_key() {
        assert_eq!(Segment::parse("users"), Some(Segment::Name("users".into())));
        assert_eq!(
            Segment::parse("{user-id}"),
            Some(Segment::Key("user-id".into()))
        );
        assert_eq!(
            Segment::parse("$count"),
            Some(Segment::Name("$count".into()))
        );
        assert_eq!(
            Segment::parse("users('o''hara@contoso.com')"),
            Some(Segment::Keyed {
                name: "users".into(),
                key: "o'hara@contoso.com".into()
            })
        );
    }

    #[test]
    fn function_arguments_are_read() {
        assert_eq!(Segment::parse("delta()"), Some(call("delta", &[])));
        assert_eq!(
            Segment::parse("f(a='x,(y)''z',b=5,c=@d, e=['p','q'])"),
            Some(call(
                "f",
                &[
                    ("a", Argument::Quoted("x,(y)'z".into())),
                    ("b", Argument::Bare("5".into())),
                    ("c", Argument::Alias("d".into())),
                    ("e", Argument::Bare("['p','q']".into())),
                ]
            ))
        );
    }

    #[test]
    fn segment_that_resembles_function_is_a_name() {
        assert_eq!(
            Segment::parse("Report (final).docx"),
            Some(Segment::Name("Report (final).docx".into()))
        );
        assert_eq!(Segment::parse("(a)"), Some(Segment::Name("(a)".into())));
    }

    #[test]
    fn malformed_function_arguments_are_refused() {
        for text in [
            "f(a='x)",
            "f(a)",
            "f(a=)",
            "f(a='x'y')",
            "f(a=1,)",
            "f(a=[1)",
        ] {
            assert_eq!(Segment::parse(text), None, "{text}");
        }
    }
}
