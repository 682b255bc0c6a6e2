//! The evaluation of a condition for an item.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveTime};
use msgraph_odata::filter::{
    self, Condition, Literal, Operand, Operator, Quantifier, TextFunction,
};
use serde_json::Value;

/// Checks whether a condition holds; `read` returns the value at a path of the item.
///
/// Text is compared without case, as the directory and Exchange do it.
pub(crate) fn matches(condition: &Condition, read: &dyn Fn(&[String]) -> Value) -> bool {
    match condition {
        Condition::And(parts) => parts.iter().all(|part| matches(part, read)),
        Condition::Or(parts) => parts.iter().any(|part| matches(part, read)),
        Condition::Not(inner) => !matches(inner, read),
        Condition::Compare(operator, left, right) => {
            let (left, right) = (value(left, read), value(right, read));
            holds(*operator, &left, &right)
        }
        Condition::In(operand, values) => {
            let left = value(operand, read);
            values
                .iter()
                .any(|literal| holds(Operator::Equal, &left, &constant(literal)))
        }
        Condition::Text(function, subject, text) => {
            let (subject, text) = (value(subject, read), value(text, read));
            let (Some(subject), Some(text)) = (subject.as_str(), text.as_str()) else {
                return false;
            };
            let (subject, text) = (subject.to_lowercase(), text.to_lowercase());
            match function {
                TextFunction::StartsWith => subject.starts_with(&text),
                TextFunction::EndsWith => subject.ends_with(&text),
                TextFunction::Contains => subject.contains(&text),
            }
        }
        Condition::Items {
            path,
            quantifier,
            condition,
        } => {
            let Value::Array(items) = read(path) else {
                return false;
            };
            let Some((variable, condition)) = condition else {
                return !items.is_empty();
            };
            let holds = |item: &Value| {
                matches(condition, &|path| match path.split_first() {
                    Some((first, rest)) if first == variable => descend(item, rest),
                    _ => read(path),
                })
            };
            match quantifier {
                Quantifier::Any => items.iter().any(holds),
                Quantifier::All => items.iter().all(holds),
            }
        }
        Condition::Holds(path) => read(path) == Value::Bool(true),
    }
}

/// Returns the value at a path inside of a value.
fn descend(value: &Value, path: &[String]) -> Value {
    match path.split_first() {
        None => value.clone(),
        Some((first, [])) if first == "$count" => value
            .as_array()
            .map_or(Value::Null, |items| items.len().into()),
        Some((first, rest)) => value
            .get(first)
            .map_or(Value::Null, |inner| descend(inner, rest)),
    }
}

fn value(operand: &Operand, read: &dyn Fn(&[String]) -> Value) -> Value {
    match operand {
        Operand::Path(path) => read(path),
        Operand::Literal(literal) => constant(literal),
    }
}

fn constant(literal: &Literal) -> Value {
    match &literal.value {
        filter::Value::Boolean(boolean) => Value::Bool(*boolean),
        filter::Value::Number(number) => Value::from(*number),
        filter::Value::Integer(integer) => Value::from(*integer),
        filter::Value::String(text) | filter::Value::Guid(text) | filter::Value::Duration(text) => {
            Value::from(text.as_str())
        }
        filter::Value::DateTime(time) => Value::from(time.to_rfc3339()),
        filter::Value::Date(date) => Value::from(date.to_string()),
        filter::Value::Time(time) => Value::from(time.to_string()),
        _ => Value::Null,
    }
}

fn holds(operator: Operator, left: &Value, right: &Value) -> bool {
    if operator == Operator::Has {
        let (Some(flags), Some(flag)) = (left.as_str(), right.as_str()) else {
            return false;
        };
        return flags
            .split(',')
            .any(|word| word.trim().eq_ignore_ascii_case(flag));
    }
    let null = left.is_null() || right.is_null();
    let order = compare(left, right);
    match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Greater => !null && order == Ordering::Greater,
        Operator::GreaterOrEqual => !null && order != Ordering::Less,
        Operator::Less => !null && order == Ordering::Less,
        Operator::LessOrEqual => !null && order != Ordering::Greater,
        Operator::Has => false,
    }
}

/// Compares two values: null first, text without case, times by their instant.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left
                .as_f64()
                .partial_cmp(&right.as_f64())
                .unwrap_or(Ordering::Equal),
        },
        (Value::String(left), Value::String(right)) => text(left, right),
        _ => left.to_string().cmp(&right.to_string()),
    }
}

fn text(left: &str, right: &str) -> Ordering {
    if let (Some(left), Some(right)) = (instant(left), instant(right)) {
        return left.cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (left.parse::<NaiveTime>(), right.parse::<NaiveTime>()) {
        return left.cmp(&right);
    }
    left.to_lowercase().cmp(&right.to_lowercase())
}

/// Returns a time, or for a date the midnight in UTC at its beginning.
fn instant(text: &str) -> Option<DateTime<chrono::Utc>> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => text
            .parse::<chrono::NaiveDate>()
            .ok()?
            .and_hms_opt(0, 0, 0)
            .map(|midnight| midnight.and_utc()),
    }
}
