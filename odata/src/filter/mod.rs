//! The option `$filter`.

mod lexer;
mod parser;
mod print;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

pub use parser::parse;

/// A condition.
///
/// It prints as OData's text, with one notation for all that mean the same: spaces, redundant
/// parentheses and the case of operators do not count.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Conditions that all hold. There are at least two, and none of them is another `And`.
    And(Vec<Condition>),
    /// Conditions of which one holds. There are at least two, and none of them is another `Or`.
    Or(Vec<Condition>),
    /// A condition that does not hold.
    Not(Box<Condition>),
    /// A comparison: `size gt 5`.
    Compare(Operator, Operand, Operand),
    /// A list of accepted values: `id in ('a','b')`.
    In(Operand, Vec<Literal>),
    /// A text function: `startswith(displayName,'A')`.
    Text(TextFunction, Operand, Operand),
    /// A condition on the items of a collection: `emails/any(e:e/address eq 'x')`.
    Items {
        /// The path of the collection.
        path: Path,
        /// The number of items for which the condition has to hold.
        quantifier: Quantifier,
        /// The variable that stands for an item, and the condition. `any()` without a condition
        /// checks that the collection is not empty.
        condition: Option<(String, Box<Condition>)>,
    },
    /// A boolean property by itself: `accountEnabled`.
    Holds(Path),
}

/// The names of a path to a property: `from/emailAddress/address`. The first one may be a variable.
pub type Path = Vec<String>;

/// The operator of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `has`, which checks that a flag is set.
    Has,
}

/// A function that compares texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFunction {
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `contains`
    Contains,
}

/// The number of items for which a condition has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// `any`
    Any,
    /// `all`
    All,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A property.
    Path(Path),
    /// A constant.
    Literal(Literal),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The constant as it was written.
    pub text: String,
    /// The meaning of the text.
    pub value: Value,
}

/// The value of a constant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A number that is not an [`Integer`](Self::Integer).
    Number(f64),
    /// An integer that fits 64 bits, kept exactly.
    Integer(i64),
    /// A text, without its quotes.
    String(String),
    /// A GUID in lower case.
    Guid(String),
    /// A time with its offset.
    DateTime(DateTime<FixedOffset>),
    /// A date.
    Date(NaiveDate),
    /// A time of a day.
    Time(NaiveTime),
    /// A duration in the notation of ISO 8601: `PT1H`.
    Duration(String),
}

impl Condition {
    /// Visits this condition and all conditions in it.
    pub fn walk(&self, visit: &mut impl FnMut(&Condition)) {
        visit(self);
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.walk(visit);
                }
            }
            Self::Not(inner)
            | Self::Items {
                condition: Some((_, inner)),
                ..
            } => inner.walk(visit),
            _ => {}
        }
    }

    /// Returns the properties that the condition names, in order, without those in conditions on
    /// items.
    pub fn paths(&self) -> Vec<&[String]> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(inner) => inner.paths(),
            Self::Compare(_, left, right) | Self::Text(_, left, right) => [left, right]
                .into_iter()
                .filter_map(Operand::path)
                .collect(),
            Self::In(operand, _) => operand.path().into_iter().collect(),
            Self::Items { path, .. } | Self::Holds(path) => vec![path],
        }
    }
}

impl Operand {
    /// Returns the property, if the operand is one.
    pub fn path(&self) -> Option<&[String]> {
        match self {
            Self::Path(path) => Some(path),
            Self::Literal(_) => None,
        }
    }
}
