//! The check of a condition against the type that it is applied to.

use msgraph_odata::filter::{Condition, Operand, Value};

use crate::description::schema::{Schemas, Type};
use crate::query::path::{follow, is_enum};
use crate::refusal::Refusal;

/// Refuses names that the type does not have, and comparisons of values that cannot be compared.
pub(crate) fn check(schemas: &Schemas, condition: &Condition, item: &Type) -> Result<(), Refusal> {
    Checker {
        schemas,
        scopes: vec![(String::new(), item.clone())],
    }
    .condition(condition)
}

struct Checker<'a> {
    schemas: &'a Schemas,
    /// The item under an empty name, then the variables of conditions on items.
    scopes: Vec<(String, Type)>,
}

impl Checker<'_> {
    fn condition(&mut self, condition: &Condition) -> Result<(), Refusal> {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().try_for_each(|part| self.condition(part))
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Compare(operator, left, right) => {
                self.comparable(left, right, &format!("{operator:?}"))
            }
            Condition::In(operand, values) => {
                let mut values = values.iter().cloned().map(Operand::Literal);
                values.try_for_each(|value| self.comparable(operand, &value, "Equal"))
            }
            Condition::Text(_, subject, text) => {
                for operand in [subject, text] {
                    let kind = self.kind(operand)?;
                    if !matches!(kind, Type::String | Type::Untyped) {
                        return Err(Refusal::bad_request(format!(
                            "No function signature for the function matches the specified \
                             arguments: found '{}'.",
                            self.schemas.edm(&kind)
                        )));
                    }
                }
                Ok(())
            }
            Condition::Items {
                path, condition, ..
            } => {
                let items = match self.path(path)? {
                    Type::Collection(items) => *items,
                    Type::Untyped => Type::Untyped,
                    _ => {
                        return Err(Refusal::bad_request(
                            "Any/All may only be used following a collection.",
                        ));
                    }
                };
                let Some((variable, condition)) = condition else {
                    return Ok(());
                };
                self.scopes.push((variable.clone(), items));
                let checked = self.condition(condition);
                self.scopes.pop();
                checked
            }
            Condition::Holds(path) => match self.path(path)? {
                Type::Boolean | Type::Untyped => Ok(()),
                kind => Err(Refusal::bad_request(format!(
                    "The $filter expression must evaluate to a single boolean value, but is of \
                     type '{}'.",
                    self.schemas.edm(&kind)
                ))),
            },
        }
    }

    fn comparable(&self, left: &Operand, right: &Operand, operator: &str) -> Result<(), Refusal> {
        let (left, right) = (self.kind(left)?, self.kind(right)?);
        if self.fits(&left, &right) || self.fits(&right, &left) {
            return Ok(());
        }
        Err(Refusal::bad_request(format!(
            "A binary operator with incompatible types was detected. Found operand types '{}' and \
             '{}' for operator kind '{operator}'.",
            self.schemas.edm(&left),
            self.schemas.edm(&right)
        )))
    }

    fn fits(&self, left: &Type, right: &Type) -> bool {
        let number = |kind: &Type| {
            matches!(
                kind,
                Type::Int16
                    | Type::Int32
                    | Type::Int64
                    | Type::Uint8
                    | Type::Double
                    | Type::Float
                    | Type::Decimal
            )
        };
        match (left, right) {
            (Type::Untyped, _) => true,
            (Type::Collection(_), _) | (_, Type::Collection(_)) => false,
            // An enum's member is written as a string.
            (kind, Type::String) if is_enum(self.schemas, kind) => true,
            (Type::DateTime, Type::Date) => true,
            (Type::Binary, Type::String) => true,
            (left, right) => left == right || (number(left) && number(right)),
        }
    }

    fn kind(&self, operand: &Operand) -> Result<Type, Refusal> {
        Ok(match operand {
            Operand::Path(path) => self.path(path)?,
            Operand::Literal(literal) => match literal.value {
                Value::Null => Type::Untyped,
                Value::Boolean(_) => Type::Boolean,
                Value::Number(_) => Type::Double,
                Value::Integer(_) => Type::Int64,
                Value::String(_) => Type::String,
                Value::Guid(_) => Type::Guid,
                Value::DateTime(_) => Type::DateTime,
                Value::Date(_) => Type::Date,
                Value::Time(_) => Type::Time,
                Value::Duration(_) => Type::Duration,
                _ => Type::Untyped,
            },
        })
    }

    fn path(&self, path: &[String]) -> Result<Type, Refusal> {
        let (first, rest) = path
            .split_first()
            .ok_or_else(|| Refusal::bad_request("An empty path was found."))?;
        let variable = self
            .scopes
            .iter()
            .skip(1)
            .rev()
            .find(|(name, _)| name == first);
        if let Some((_, kind)) = variable {
            return Ok(follow(self.schemas, kind, rest)?.kind);
        }
        let Some((_, item)) = self.scopes.first() else {
            return Ok(Type::Untyped);
        };
        Ok(follow(self.schemas, item, path)?.kind)
    }
}
