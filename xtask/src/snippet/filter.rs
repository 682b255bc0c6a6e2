//! The language of `$filter`, limited to conditions on properties.
//!
//! [OData 4.01, URL Conventions,
//! 5.1.1](https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html)

use std::fmt;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        path: Path,
        operator: String,
        value: Literal,
    },
    In {
        path: Path,
        values: Vec<Literal>,
    },
    /// `startswith`, `endswith`, `contains`
    Call {
        function: String,
        path: Path,
        value: Literal,
    },
    /// `any` or `all`, with the variable and the condition on it.
    Items {
        path: Path,
        quantifier: String,
        condition: Option<(String, Box<Condition>)>,
    },
}

/// The names of a path to a property. The first one may be a variable.
pub type Path = Vec<String>;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A text in quotes.
    Text(String),
    /// Any other literal, unchanged.
    Bare(String),
}

/// Parses a filter. Returns `None` if it has anything besides conditions on properties.
pub fn parse(text: &str) -> Option<Condition> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        at: 0,
    };
    let condition = reader.or()?;
    (reader.at == reader.tokens.len()).then_some(condition)
}

/// Returns one text for all notations of a filter. Spaces, parentheses, the case of operators and
/// the names of variables are ignored.
pub fn normal(text: &str) -> String {
    match parse(text) {
        Some(condition) => named(condition, &mut Vec::new()).to_string(),
        None => text.trim().to_owned(),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if matches!(first, '(' | ')' | ',') {
            tokens.push(Token::Sign(first));
            rest = rest[1..].trim_start();
        } else if first == '\'' {
            let (text, after) = quoted(rest)?;
            tokens.push(Token::Text(text));
            rest = after.trim_start();
        } else {
            let ends = |sign: char| sign.is_whitespace() || matches!(sign, '(' | ')' | ',' | '\'');
            let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
            // `duration'PT1H'`
            let (word, after) = match after.starts_with('\'') {
                true => {
                    let (_, behind) = quoted(after)?;
                    rest.split_at(rest.len() - behind.len())
                }
                false => (word, after),
            };
            tokens.push(Token::Word(word.to_owned()));
            rest = after.trim_start();
        }
    }
    Some(tokens)
}

/// Returns the text of a literal in quotes, and the text after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (piece, after) = rest.split_once('\'')?;
        value.push_str(piece);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, after)),
        }
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(token)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let there = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(there);
        there
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.takes(&Token::Sign(sign)).then_some(())
    }

    fn word(&mut self, wanted: &str) -> bool {
        let there = match self.tokens.get(self.at) {
            Some(Token::Word(word)) => word.eq_ignore_ascii_case(wanted),
            _ => false,
        };
        self.at += usize::from(there);
        there
    }

    fn or(&mut self) -> Option<Condition> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Some(joined(parts, Condition::Or))
    }

    fn and(&mut self) -> Option<Condition> {
        let mut parts = vec![self.term()?];
        while self.word("and") {
            parts.push(self.term()?);
        }
        Some(joined(parts, Condition::And))
    }

    fn term(&mut self) -> Option<Condition> {
        if self.word("not") {
            return Some(Condition::Not(Box::new(self.term()?)));
        }
        if self.takes(&Token::Sign('(')) {
            let inside = self.or()?;
            self.sign(')')?;
            return Some(inside);
        }
        let Token::Word(name) = self.next()? else {
            return None;
        };
        if self.takes(&Token::Sign('(')) {
            return self.called(&name);
        }
        let Token::Word(operator) = self.next()? else {
            return None;
        };
        let path = path(&name);
        match operator.to_lowercase().as_str() {
            "in" => {
                self.sign('(')?;
                let mut values = vec![self.literal()?];
                while self.takes(&Token::Sign(',')) {
                    values.push(self.literal()?);
                }
                self.sign(')')?;
                Some(Condition::In { path, values })
            }
            operator @ ("eq" | "ne" | "gt" | "ge" | "lt" | "le" | "has") => {
                Some(Condition::Compare {
                    path,
                    operator: operator.to_owned(),
                    value: self.literal()?,
                })
            }
            _ => None,
        }
    }

    /// Reads the rest of a call after `name(`.
    fn called(&mut self, name: &str) -> Option<Condition> {
        let lower = name.to_lowercase();
        if matches!(lower.as_str(), "startswith" | "endswith" | "contains") {
            let Token::Word(name) = self.next()? else {
                return None;
            };
            self.sign(',')?;
            let value = self.literal()?;
            self.sign(')')?;
            return Some(Condition::Call {
                function: lower,
                path: path(&name),
                value,
            });
        }
        let (before, quantifier) = name.rsplit_once('/')?;
        let quantifier = quantifier.to_lowercase();
        if !matches!(quantifier.as_str(), "any" | "all") {
            return None;
        }
        let mut path = path(before);
        if path.first().is_some_and(String::is_empty) {
            path.remove(0);
        }
        if self.takes(&Token::Sign(')')) {
            return Some(Condition::Items {
                path,
                quantifier,
                condition: None,
            });
        }
        // `x:x/name` and `x: x/name` are one or two words.
        let Some(Token::Word(first)) = self.tokens.get_mut(self.at) else {
            return None;
        };
        let (variable, rest) = first.split_once(':')?;
        let (variable, rest) = (variable.to_owned(), rest.to_owned());
        if rest.is_empty() {
            self.at += 1;
        } else {
            *first = rest;
        }
        let inside = self.or()?;
        self.sign(')')?;
        Some(Condition::Items {
            path,
            quantifier,
            condition: Some((variable, Box::new(inside))),
        })
    }

    fn literal(&mut self) -> Option<Literal> {
        match self.next()? {
            Token::Text(text) => Some(Literal::Text(text)),
            Token::Word(word) => Some(Literal::Bare(word)),
            Token::Sign(_) => None,
        }
    }
}

/// Returns a single condition as it is, and joins several with the same operator into one list.
fn joined(mut parts: Vec<Condition>, by: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let is_and = matches!(by(Vec::new()), Condition::And(_));
    let flat = parts.into_iter().flat_map(|part| match part {
        Condition::And(inner) if is_and => inner,
        Condition::Or(inner) if !is_and => inner,
        part => vec![part],
    });
    by(flat.collect())
}

fn path(text: &str) -> Path {
    text.split('/').map(str::to_owned).collect()
}

/// Returns the condition with variables named by their depth.
fn named(condition: Condition, variables: &mut Vec<String>) -> Condition {
    let renamed = |mut path: Path, variables: &[String]| {
        let depth = variables
            .iter()
            .rposition(|variable| Some(variable) == path.first());
        if let Some(depth) = depth {
            path[0] = format!("x{depth}");
        }
        path
    };
    match condition {
        Condition::And(parts) => Condition::And(all_named(parts, variables)),
        Condition::Or(parts) => Condition::Or(all_named(parts, variables)),
        Condition::Not(inside) => Condition::Not(Box::new(named(*inside, variables))),
        Condition::Compare {
            path,
            operator,
            value,
        } => Condition::Compare {
            path: renamed(path, variables),
            operator,
            value,
        },
        Condition::In { path, values } => Condition::In {
            path: renamed(path, variables),
            values,
        },
        Condition::Call {
            function,
            path,
            value,
        } => Condition::Call {
            function,
            path: renamed(path, variables),
            value,
        },
        Condition::Items {
            path,
            quantifier,
            condition,
        } => {
            let path = renamed(path, variables);
            let condition = condition.map(|(variable, inside)| {
                variables.push(variable);
                let inside = named(*inside, variables);
                variables.pop();
                (format!("x{}", variables.len()), Box::new(inside))
            });
            Condition::Items {
                path,
                quantifier,
                condition,
            }
        }
    }
}

fn all_named(parts: Vec<Condition>, variables: &mut Vec<String>) -> Vec<Condition> {
    parts
        .into_iter()
        .map(|part| named(part, variables))
        .collect()
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => write_joined(f, parts, " and "),
            Self::Or(parts) => write_joined(f, parts, " or "),
            Self::Not(inside) => write!(f, "not({inside})"),
            Self::Compare {
                path,
                operator,
                value,
            } => write!(f, "{} {operator} {value}", path.join("/")),
            Self::In { path, values } => {
                let values: Vec<_> = values.iter().map(Literal::to_string).collect();
                write!(f, "{} in ({})", path.join("/"), values.join(","))
            }
            Self::Call {
                function,
                path,
                value,
            } => write!(f, "{function}({},{value})", path.join("/")),
            Self::Items {
                path,
                quantifier,
                condition,
            } => {
                write!(f, "{}/{quantifier}(", path.join("/"))?;
                if let Some((variable, inside)) = condition {
                    write!(f, "{variable}:{inside}")?;
                }
                f.write_str(")")
            }
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], by: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(by)?;
        }
        match part {
            Condition::And(_) | Condition::Or(_) => write!(f, "({part})")?,
            part => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Bare(word) => f.write_str(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_stood_there() {
        for text in [
            "displayName eq 'O''Brien, (A) and B'",
            "a eq 1 and b ne null and not(startswith(c,'d'))",
            "(a eq 1 and b eq 2) or c eq 3",
            "a eq 1 and (b eq 2 or c eq 3)",
            "id in ('a','b')",
            "assignedLicenses/any()",
            "assignedLicenses/$count eq 0",
            "groupTypes/any(x0:x0 eq 'Unified')",
            "owners/any(x0:x0/memberOf/all(x1:x1/id eq 'a' or x0/id eq 'b'))",
            "sharedShift/startDateTime ge 2019-03-11T00:00:00.000Z",
            "length eq duration'PT1H'",
        ] {
            assert_eq!(parse(text).expect(text).to_string(), text);
            assert_eq!(normal(text), text);
        }
    }

    #[test]
    fn two_writings_of_one_filter_are_the_same() {
        for (one, other) in [
            ("startsWith(a, 'b')", "startswith(a,'b')"),
            (" (status eq 'Completed')", "status eq 'Completed'"),
            ("NOT(a/any(s:s eq 'U'))", "not a/any(x:x eq 'U')"),
            ("a/any(c: c/d eq 1)", "a/any(x:x/d eq 1)"),
            (
                "(a eq 1 and b eq 2) and c eq 3",
                "a eq 1 and b eq 2 and c eq 3",
            ),
        ] {
            assert_eq!(normal(one), normal(other));
        }
        for (one, other) in [
            ("a eq 'b c'", "a eq 'b  c'"),
            ("a eq 'B'", "a eq 'b'"),
            ("a eq 1 or b eq 2", "a eq 1 and b eq 2"),
            (
                "(a eq 1 or b eq 2) and c eq 3",
                "a eq 1 or b eq 2 and c eq 3",
            ),
            ("a/any(x:x/b eq 1)", "a/all(x:x/b eq 1)"),
            (
                "a/any(x:x/b/any(y:x/c eq 1))",
                "a/any(x:x/b/any(y:y/c eq 1))",
            ),
        ] {
            assert_ne!(normal(one), normal(other));
        }
    }

    #[test]
    fn what_is_more_than_conditions_of_properties_is_not_read() {
        for text in [
            "tolower(a) eq 'b'",
            "a eq",
            "a eq 'b",
            "a eq 1 b",
            "a/any(b)",
            "a add 1 eq 2",
            "(a eq 1",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
            assert_eq!(normal(text), text);
        }
    }
}
