//! The parser that turns the words of a `$filter` into a condition.

use super::lexer::{self, Literal, Token};
use super::{Condition, Operand, Operator, TextFunction};

/// The largest number of conditions.
const NODES: usize = 100;

/// The largest depth of nested parentheses.
const DEPTH: u8 = 32;

/// Parses a condition. `Err` describes the error and its position, in OData's words.
pub(crate) fn parse(text: &str) -> Result<Condition, String> {
    let tokens = lexer::tokens(text).map_err(|at| {
        format!("Syntax error: character at position {at} is not valid in '{text}'.")
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
    fn error(&self) -> String {
        let at = self
            .tokens
            .get(self.at)
            .map_or(self.text.chars().count(), |(at, _)| *at);
        format!("Syntax error at position {at} in '{}'.", self.text)
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

    fn expect(&mut self, token: &Token) -> Result<(), String> {
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

    fn or(&mut self) -> Result<Condition, String> {
        let mut left = self.and()?;
        while self.keyword("or") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Condition, String> {
        let mut left = self.unary()?;
        while self.keyword("and") {
            left = Condition::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(format!(
                "The node count limit of '{NODES}' has been exceeded."
            ));
        }
        if self.depth > DEPTH {
            return Err(format!("The query is nested deeper than {DEPTH} levels."));
        }
        let condition = if self.keyword("not") {
            Condition::Not(Box::new(self.unary()?))
        } else if self.take(&Token::Open) {
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            match inner {
                // The parentheses enclosed a property: `(from/emailAddress/address) eq 'x'`.
                Condition::Holds(operand) => self.compared(operand)?,
                inner => inner,
            }
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        if let Some(Token::Word(word)) = self.peek().cloned()
            && matches!(self.tokens.get(self.at + 1), Some((_, Token::Open)))
        {
            return self.call(&word);
        }
        let left = self.operand()?;
        self.compared(left)
    }

    /// Parses the rest of a comparison after its left side.
    fn compared(&mut self, left: Operand) -> Result<Condition, String> {
        let Some(Token::Word(word)) = self.peek() else {
            return self.alone(left);
        };
        let operator = match word.as_str() {
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
    fn alone(&self, operand: Operand) -> Result<Condition, String> {
        match operand {
            Operand::Path(_) => Ok(Condition::Holds(operand)),
            Operand::Literal(_) => Err(self.error()),
        }
    }

    fn list(&mut self) -> Result<Vec<Literal>, String> {
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

    fn call(&mut self, word: &str) -> Result<Condition, String> {
        if let Some(path) = word.strip_suffix("/any") {
            self.at += 2;
            return self.any(path);
        }
        let function = match word.to_ascii_lowercase().as_str() {
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            "contains" => TextFunction::Contains,
            // `eq (…)` and `in (…)` are not calls, and do not stand first.
            _ => return Err(format!("An unknown function with name '{word}' was found.")),
        };
        self.at += 2;
        let subject = self.operand()?;
        self.expect(&Token::Comma)?;
        let text = self.operand()?;
        self.expect(&Token::Close)?;
        let call = Condition::Text(function, subject, text);
        // `startswith(x,'a') eq true` is another way to write the same condition.
        let operator = match self.peek() {
            Some(Token::Word(word)) if word == "eq" => Operator::Equal,
            Some(Token::Word(word)) if word == "ne" => Operator::NotEqual,
            _ => return Ok(call),
        };
        self.at += 1;
        match self.next() {
            Some(Token::Literal(Literal::Boolean(value)))
                if value == (operator == Operator::Equal) =>
            {
                Ok(call)
            }
            Some(Token::Literal(Literal::Boolean(_))) => Ok(Condition::Not(Box::new(call))),
            _ => {
                self.at -= 1;
                Err(self.error())
            }
        }
    }

    fn any(&mut self, path: &str) -> Result<Condition, String> {
        let path = segments(path);
        if self.take(&Token::Close) {
            return Ok(Condition::Any {
                path,
                variable: String::new(),
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
        Ok(Condition::Any {
            path,
            variable,
            condition: Some(Box::new(condition)),
        })
    }

    fn operand(&mut self) -> Result<Operand, String> {
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

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
