//! The option `$filter`: the subset of OData's language that Graph's services accept.

mod check;
mod evaluate;
mod lexer;
mod parser;

pub(crate) use check::check;
pub(crate) use evaluate::{compare, matches};
pub(crate) use lexer::Literal;
pub(crate) use parser::parse;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operator, Operand, Operand),
    In(Operand, Vec<Literal>),
    /// A text function: `startswith(displayName,'A')`.
    Text(TextFunction, Operand, Operand),
    /// A condition on a collection: `emails/any(e:e/address eq 'x')`. Without an inner condition,
    /// it checks that the collection is not empty.
    Any {
        path: Vec<String>,
        variable: String,
        condition: Option<Box<Condition>>,
    },
    /// A boolean property by itself.
    Holds(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// The check that a flag is set.
    Has,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFunction {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Path(Vec<String>),
    Literal(Literal),
}

impl Condition {
    /// Visits all conditions in this one, itself included.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&Condition)) {
        visit(self);
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Not(inner)
            | Self::Any {
                condition: Some(inner),
                ..
            } => inner.walk(visit),
            _ => {}
        }
    }

    /// Returns the properties that the condition names, in order, without those inside of `any`.
    pub(crate) fn paths(&self) -> Vec<&[String]> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.paths().into_iter().chain(right.paths()).collect()
            }
            Self::Not(inner) => inner.paths(),
            Self::Compare(_, left, right) | Self::Text(_, left, right) => [left, right]
                .into_iter()
                .filter_map(Operand::path)
                .collect(),
            Self::In(operand, _) | Self::Holds(operand) => operand.path().into_iter().collect(),
            Self::Any { path, .. } => vec![path],
        }
    }

    /// Returns the number of compared values, as the directory counts them: operands of `or`, and
    /// values of `in`.
    pub(crate) fn alternatives(&self) -> usize {
        let mut count = 0;
        self.walk(&mut |condition| match condition {
            Self::Or(..) => count += 1,
            Self::In(_, values) => count += values.len().saturating_sub(1),
            _ => {}
        });
        count + 1
    }

    /// Checks whether the directory accepts the condition with `ConsistencyLevel: eventual` only.
    pub(crate) fn is_advanced(&self) -> bool {
        let mut advanced = false;
        self.walk(&mut |condition| {
            let counts = |operand: &Operand| {
                operand
                    .path()
                    .is_some_and(|path| path.last().is_some_and(|segment| segment == "$count"))
            };
            advanced |= match condition {
                Self::Not(_) => true,
                Self::Compare(Operator::NotEqual, ..) => true,
                Self::Compare(_, left, right) => counts(left) || counts(right),
                Self::Text(function, ..) => *function == TextFunction::EndsWith,
                _ => false,
            };
        });
        advanced
    }
}

impl Operand {
    pub(crate) fn path(&self) -> Option<&[String]> {
        match self {
            Self::Path(path) => Some(path),
            Self::Literal(_) => None,
        }
    }
}
