//! The option `$filter`: its check against a type, and its evaluation.

mod check;
mod evaluate;

use msgraph_odata::filter::{Condition, Operand, Operator, TextFunction};

pub(crate) use check::check;
pub(crate) use evaluate::{compare, matches};

/// Returns the number of compared values, as the directory counts them: operands of `or`, and
/// values of `in`.
pub(crate) fn alternatives(condition: &Condition) -> usize {
    let mut count = 1;
    condition.walk(&mut |condition| match condition {
        Condition::Or(several) => count += several.len().saturating_sub(1),
        Condition::In(_, values) => count += values.len().saturating_sub(1),
        _ => {}
    });
    count
}

/// Checks whether the directory accepts the condition with `ConsistencyLevel: eventual` only.
pub(crate) fn is_advanced(condition: &Condition) -> bool {
    let counts = |operand: &Operand| {
        let last = operand.path().and_then(<[String]>::last);
        last.is_some_and(|segment| segment == "$count")
    };
    let mut advanced = false;
    condition.walk(&mut |condition| {
        advanced |= match condition {
            Condition::Not(_) => true,
            Condition::Compare(Operator::NotEqual, ..) => true,
            Condition::Compare(_, left, right) => counts(left) || counts(right),
            Condition::Text(function, ..) => *function == TextFunction::EndsWith,
            _ => false,
        };
    });
    advanced
}
