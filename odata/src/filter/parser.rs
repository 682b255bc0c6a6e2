//! The parser that turns the words of a `$filter` into a condition.

use super::lexer::{self, Token};
use super::{Condition, Literal, Operand, Operator, Path, Quantifier, TextFunction, Value};
use crate::SyntaxError;

/// The largest number of conditions.
const NODES: usize = 100;

/// The largest depth of nested parentheses.
const DEPTH: u8 = 32;

/// Parses a condition.
///
/// # Errors
///
/// Returns the error with its position, counted in characters.
pub fn parse(text: &str) -> Result<Condition, SyntaxError> {
    let tokens = lexer::tokens(text).map_err(|at| {
        SyntaxError(format!(
            "Syntax error: character at position {at} is not valid in '{text}'."
        ))
    })?;
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
        nodes: 0,
    };
    let condition = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(condition),
        Some(_) => Err(parser.error()),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: u8,
    nodes: usize,
}

impl Parser<'_> {
    fn error(&self) -> SyntaxError {
        let at = self
            .tokens
            .get(self.at)
            .map_or(self.text.chars().count(), |(at, _)| *at);
        SyntaxError(format!("Syntax error at position {at} in '{}'.", self.text))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, token: &Token) -> bool {
        let here = self.peek() == Some(token);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, token: &Token) -> Result<(), SyntaxError> {
        if self.take(token) {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        // Graph's documentation writes some keywords in upper case.
        let here =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(here);
        here
    }

    fn or(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = Vec::new();
        loop {
            match self.and()? {
                Condition::Or(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.keyword("or") {
                return Ok(joined(parts, Condition::Or));
            }
        }
    }

    fn and(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = Vec::new();
        loop {
            match self.unary()? {
                Condition::And(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.keyword("and") {
                return Ok(joined(parts, Condition::And));
            }
        }
    }

    fn unary(&mut self) -> Result<Condition, SyntaxError> {
        self.depth += 1;
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(SyntaxError(format!(
                "The node count limit of '{NODES}' has been exceeded."
            )));
        }
        if self.depth > DEPTH {
            return Err(SyntaxError(format!(
                "The query is nested deeper than {DEPTH} levels."
            )));
        }
        let condition = if self.keyword("not") {
            Condition::Not(Box::new(self.unary()?))
        } else if self.take(&Token::Open) {
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            match inner {
                // The parentheses enclosed a property: `(from/emailAddress/address) eq 'x'`.
                Condition::Holds(path) => self.compared(Operand::Path(path))?,
                inner => inner,
            }
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, SyntaxError> {
        if let Some(Token::Word(word)) = self.peek().cloned()
            && matches!(self.tokens.get(self.at + 1), Some((_, Token::Open)))
        {
            return self.call(&word);
        }
        let left = self.operand()?;
        self.compared(left)
    }

    /// Parses the rest of a comparison after its left side.
    fn compared(&mut self, left: Operand) -> Result<Condition, SyntaxError> {
        let Some(Token::Word(word)) = self.peek() else {
            return self.alone(left);
        };
        let operator = match word.to_ascii_lowercase().as_str() {
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            "has" => Operator::Has,
            "in" => {
                self.at += 1;
                return Ok(Condition::In(left, self.list()?));
            }
            _ => return self.alone(left),
        };
        self.at += 1;
        Ok(Condition::Compare(operator, left, self.operand()?))
    }

    /// Returns the condition of a property without a comparison.
    fn alone(&self, operand: Operand) -> Result<Condition, SyntaxError> {
        match operand {
            Operand::Path(path) => Ok(Condition::Holds(path)),
            Operand::Literal(_) => Err(self.error()),
        }
    }

    fn list(&mut self) -> Result<Vec<Literal>, SyntaxError> {
        self.expect(&Token::Open)?;
        let mut values = Vec::new();
        loop {
            match self.next() {
                Some(Token::Literal(literal)) => values.push(literal),
                _ => {
                    self.at -= 1;
                    return Err(self.error());
                }
            }
            if !self.take(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        Ok(values)
    }

    fn call(&mut self, word: &str) -> Result<Condition, SyntaxError> {
        if let Some((path, name)) = word.rsplit_once('/') {
            let quantifier = match name.to_ascii_lowercase().as_str() {
                "any" => Some(Quantifier::Any),
                "all" => Some(Quantifier::All),
                _ => None,
            };
            if let Some(quantifier) = quantifier {
                self.at += 2;
                return self.items(path, quantifier);
            }
        }
        let function = match word.to_ascii_lowercase().as_str() {
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            "contains" => TextFunction::Contains,
            // `eq (…)` and `in (…)` are not calls, and do not stand first.
            _ => {
                return Err(SyntaxError(format!(
                    "An unknown function with name '{word}' was found."
                )));
            }
        };
        self.at += 2;
        let subject = self.operand()?;
        self.expect(&Token::Comma)?;
        let text = self.operand()?;
        self.expect(&Token::Close)?;
        let call = Condition::Text(function, subject, text);
        // `startswith(x,'a') eq true` is another way to write the same condition.
        let expected = if self.keyword("eq") {
            true
        } else if self.keyword("ne") {
            false
        } else {
            return Ok(call);
        };
        match self.next() {
            Some(Token::Literal(Literal {
                value: Value::Boolean(value),
                ..
            })) => Ok(match value == expected {
                true => call,
                false => Condition::Not(Box::new(call)),
            }),
            _ => {
                self.at -= 1;
                Err(self.error())
            }
        }
    }

    /// Parses the rest of a condition on items after its `any(` or `all(`.
    fn items(&mut self, path: &str, quantifier: Quantifier) -> Result<Condition, SyntaxError> {
        let path = segments(path);
        if self.take(&Token::Close) {
            return Ok(Condition::Items {
                path,
                quantifier,
                condition: None,
            });
        }
        let Some(Token::Word(variable)) = self.next() else {
            self.at -= 1;
            return Err(self.error());
        };
        self.expect(&Token::Colon)?;
        let condition = self.or()?;
        self.expect(&Token::Close)?;
        Ok(Condition::Items {
            path,
            quantifier,
            condition: Some((variable, Box::new(condition))),
        })
    }

    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        match self.next() {
            Some(Token::Literal(literal)) => Ok(Operand::Literal(literal)),
            Some(Token::Word(word)) => Ok(Operand::Path(segments(&word))),
            _ => {
                self.at -= 1;
                Err(self.error())
            }
        }
    }
}

/// Returns a single condition as it is.
fn joined(mut parts: Vec<Condition>, by: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => by(parts),
    }
}

fn segments(path: &str) -> Path {
    path.split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_prints_as_it_was_read() {
        for text in [
            "displayName eq 'O''Brien, (A) and B'",
            "a eq 1 and b ne null and not(startswith(c,'d'))",
            "(a eq 1 and b eq 2) or c eq 3",
            "a eq 1 and (b eq 2 or c eq 3)",
            "not(a eq 1 or b)",
            "id in ('a','b')",
            "assignedLicenses/any()",
            "assignedLicenses/$count eq 0",
            "'a' eq userPrincipalName",
            "groupTypes/any(x0:x0 eq 'Unified')",
            "owners/any(x0:x0/memberOf/all(x1:x1/id eq 'a' or x0/id eq 'b'))",
            "sharedShift/startDateTime ge 2019-03-11T00:00:00.000Z",
            "length eq duration'PT1H'",
            "flags has 'a'",
        ] {
            assert_eq!(parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn notations_of_one_condition_are_equal() {
        for (one, other) in [
            ("startsWith(a, 'b')", "startswith(a,'b')"),
            ("startsWith(a,'b') eq true", "startswith(a,'b')"),
            ("startsWith(a,'b') ne true", "not startswith(a,'b')"),
            (" (status EQ 'Completed')", "status eq 'Completed'"),
            ("(a/b) eq 1", "a/b eq 1"),
            ("NOT(a/any(s:s eq 'U'))", "not a/Any(s: s eq 'U')"),
            (
                "(a eq 1 and b eq 2) and c eq 3",
                "a eq 1 and (b eq 2 and c eq 3)",
            ),
        ] {
            assert_eq!(parse(one).expect(one), parse(other).expect(other));
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
        ] {
            assert_ne!(parse(one).expect(one), parse(other).expect(other));
        }
    }

    #[test]
    fn text_without_a_condition_is_an_error() {
        for (text, error) in [
            (
                "tolower(a) eq 'b'",
                "An unknown function with name 'tolower' was found.",
            ),
            ("a eq", "Syntax error at position 4 in 'a eq'."),
            (
                "a eq 'b",
                "Syntax error: character at position 5 is not valid in 'a eq 'b'.",
            ),
            ("a eq 1 b", "Syntax error at position 7 in 'a eq 1 b'."),
            ("a/any(b)", "Syntax error at position 7 in 'a/any(b)'."),
            (
                "a add 1 eq 2",
                "Syntax error at position 2 in 'a add 1 eq 2'.",
            ),
            ("(a eq 1", "Syntax error at position 7 in '(a eq 1'."),
            ("", "Syntax error at position 0 in ''."),
            ("1", "Syntax error at position 1 in '1'."),
        ] {
            let found = parse(text).expect_err(text);
            assert_eq!(found.to_string(), error);
        }
    }

    #[test]
    fn conditions_have_limits_of_number_and_depth() {
        let many = |count: usize| vec!["a"; count].join(" or ");
        assert!(parse(&many(NODES)).is_ok());
        let error = parse(&many(NODES + 1)).expect_err("too many");
        assert_eq!(
            error.to_string(),
            "The node count limit of '100' has been exceeded."
        );
        let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&deep(usize::from(DEPTH) - 1)).is_ok());
        let error = parse(&deep(usize::from(DEPTH))).expect_err("too deep");
        assert_eq!(
            error.to_string(),
            "The query is nested deeper than 32 levels."
        );
    }
}
