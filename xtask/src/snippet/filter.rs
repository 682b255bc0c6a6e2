//! The comparison of filters as conditions.

use msgraph_odata::filter::{Condition, Operand, Path, parse};

/// Returns one text for all notations of a filter. Spaces, parentheses, the case of operators and
/// the names of variables are ignored. A text that is not a filter stays as it is.
pub fn normal(text: &str) -> String {
    match parse(text) {
        Ok(condition) => named(condition, &mut Vec::new()).to_string(),
        Err(_) => text.trim().to_owned(),
    }
}

/// Returns the condition with variables named by their depth.
fn named(condition: Condition, variables: &mut Vec<String>) -> Condition {
    match condition {
        Condition::And(parts) => Condition::And(all_named(parts, variables)),
        Condition::Or(parts) => Condition::Or(all_named(parts, variables)),
        Condition::Not(inside) => Condition::Not(Box::new(named(*inside, variables))),
        Condition::Compare(operator, left, right) => Condition::Compare(
            operator,
            operand_named(left, variables),
            operand_named(right, variables),
        ),
        Condition::In(operand, values) => Condition::In(operand_named(operand, variables), values),
        Condition::Text(function, subject, text) => Condition::Text(
            function,
            operand_named(subject, variables),
            operand_named(text, variables),
        ),
        Condition::Items {
            path,
            quantifier,
            condition,
        } => {
            let path = path_named(path, variables);
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
        Condition::Holds(path) => Condition::Holds(path_named(path, variables)),
    }
}

fn all_named(parts: Vec<Condition>, variables: &mut Vec<String>) -> Vec<Condition> {
    let parts = parts.into_iter();
    parts.map(|part| named(part, variables)).collect()
}

fn operand_named(operand: Operand, variables: &[String]) -> Operand {
    match operand {
        Operand::Path(path) => Operand::Path(path_named(path, variables)),
        literal @ Operand::Literal(_) => literal,
    }
}

fn path_named(mut path: Path, variables: &[String]) -> Path {
    // Some pages write a slash before the path of a collection.
    if path.first().is_some_and(String::is_empty) {
        path.remove(0);
    }
    if let Some(first) = path.first_mut()
        && let Some(depth) = variables.iter().rposition(|variable| variable == first)
    {
        *first = format!("x{depth}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations_of_one_filter_have_one_text() {
        for (one, other) in [
            ("startsWith(a, 'b')", "startswith(a,'b')"),
            (" (status eq 'Completed')", "status eq 'Completed'"),
            ("NOT(a/any(s:s eq 'U'))", "not /a/any(x:x eq 'U')"),
            ("a/any(c: c/d eq 1)", "a/any(x:x/d eq 1)"),
            (
                "a/any(c:c/d/any(e:e eq c/f))",
                "a/any(x0:x0/d/any(x1:x1 eq x0/f))",
            ),
        ] {
            assert_eq!(normal(one), normal(other));
        }
        assert_ne!(
            normal("a/any(x:x/b/any(y:x/c eq 1))"),
            normal("a/any(x:x/b/any(y:y/c eq 1))"),
        );
    }

    #[test]
    fn text_that_is_not_a_filter_stays() {
        for text in ["tolower(a) eq 'b'", "a eq", "a eq {id}", ""] {
            assert_eq!(normal(&format!(" {text} ")), text);
        }
    }
}
