//! Translation of a filter into the methods of properties.

use msgraph_codegen::Model;
use msgraph_odata::filter::{Condition, Literal, Operand, Operator, Quantifier, Value, parse};

use super::literal::{Models, member, property, scalar};
use super::rust::{Scope, string};
use crate::json::Json;

/// Writes filters on one model.
pub struct Writer<'m, 'g> {
    pub models: &'m Models<'g>,
    pub scope: &'m mut Scope,
}

/// A variable of a condition on items.
struct Variable {
    /// The name in the filter.
    name: String,
    /// The name in Rust.
    rust: String,
    of: String,
}

/// The Rust of a condition.
struct Rust {
    text: String,
    /// `true` if it begins with `!`, which binds weaker than a method.
    is_negated: bool,
}

impl<'m, 'g> Writer<'m, 'g> {
    /// Returns the filter as an expression. Returns `None` if it does not consist of properties of
    /// the model and values of their types.
    pub fn filter(&mut self, model: &Model<'_>, text: &str) -> Option<String> {
        let condition = parse(text).ok()?;
        // The scope is restored if there is no expression.
        let before = self.scope.clone();
        let rust = self.condition(&condition, &model.rust, &mut Vec::new());
        if rust.is_none() {
            *self.scope = before;
        }
        Some(rust?.text)
    }

    fn condition(
        &mut self,
        condition: &Condition,
        model: &str,
        variables: &mut Vec<Variable>,
    ) -> Option<Rust> {
        let text = match condition {
            Condition::And(parts) => return self.joined(parts, "and", model, variables),
            Condition::Or(parts) => return self.joined(parts, "or", model, variables),
            Condition::Not(inside) => {
                let inside = self.condition(inside, model, variables)?;
                return Some(Rust {
                    text: match inside.is_negated {
                        true => format!("!({})", inside.text),
                        false => format!("!{}", inside.text),
                    },
                    is_negated: true,
                });
            }
            Condition::Compare(operator, Operand::Path(path), Operand::Literal(value)) => {
                let (path, of) = self.path(path, model, variables)?;
                let value = self.value(&of, value)?;
                if *operator == Operator::Has && !of.contains("Flags<") {
                    return None;
                }
                format!("{path}.{operator}({value})")
            }
            Condition::In(Operand::Path(path), values) => {
                let (path, of) = self.path(path, model, variables)?;
                let values: Option<Vec<_>> =
                    values.iter().map(|value| self.value(&of, value)).collect();
                format!("{path}.is_in([{}])", values?.join(", "))
            }
            Condition::Text(function, Operand::Path(path), Operand::Literal(value)) => {
                let (path, of) = self.path(path, model, variables)?;
                match &value.value {
                    Value::String(text) if of == "String" => {
                        format!("{path}.{function}({})", string(text))
                    }
                    _ => return None,
                }
            }
            Condition::Items {
                path,
                quantifier,
                condition,
            } => {
                let (path, of) = self.path(path, model, variables)?;
                let item = of.strip_prefix("Vec<")?.strip_suffix('>')?.to_owned();
                match condition {
                    None if *quantifier == Quantifier::Any => format!("{path}.has_items()"),
                    None => return None,
                    Some((name, inside)) => {
                        let rust = variable(name, variables);
                        variables.push(Variable {
                            name: name.clone(),
                            rust: rust.clone(),
                            of: item.clone(),
                        });
                        let inside = self.condition(inside, &item, variables);
                        variables.pop();
                        format!("{path}.{quantifier}(|{rust}| {})", inside?.text)
                    }
                }
            }
            // The methods of properties cannot write these.
            Condition::Compare(..)
            | Condition::In(..)
            | Condition::Text(..)
            | Condition::Holds(_) => return None,
        };
        Some(Rust {
            text,
            is_negated: false,
        })
    }

    fn joined(
        &mut self,
        parts: &[Condition],
        by: &str,
        model: &str,
        variables: &mut Vec<Variable>,
    ) -> Option<Rust> {
        let (first, rest) = parts.split_first()?;
        let first = self.condition(first, model, variables)?;
        let mut text = match first.is_negated {
            true => format!("({})", first.text),
            false => first.text,
        };
        for part in rest {
            let part = self.condition(part, model, variables)?.text;
            text.push_str(&format!(".{by}({part})"));
        }
        Some(Rust {
            text,
            is_negated: false,
        })
    }

    /// Returns the path to a property in Rust, and the type of its value. In a condition on items,
    /// it begins at the variable. A path that begins elsewhere has no expression.
    fn path(
        &mut self,
        path: &[String],
        model: &str,
        variables: &[Variable],
    ) -> Option<(String, String)> {
        // Some pages write a slash before the path of a collection.
        let path = match path {
            [first, rest @ ..] if first.is_empty() => rest,
            path => path,
        };
        let (mut steps, mut of, rest) = match variables.last() {
            None => (Vec::new(), model.to_owned(), path),
            Some(variable) => {
                let (first, rest) = path.split_first()?;
                if *first != variable.name {
                    return None;
                }
                (vec![variable.rust.clone()], variable.of.clone(), rest)
            }
        };
        let mut counts = false;
        for name in rest {
            if counts {
                return None;
            }
            if name == "$count" {
                of.starts_with("Vec<").then_some(())?;
                counts = true;
                of = "i64".to_owned();
                continue;
            }
            let models = self.models;
            let at = models.of_type(&of)?;
            let property = property(at, name)?;
            let name = self.scope.model(&at.rust);
            steps.push(format!("{name}::{}", property.constant));
            of = property.of.clone();
        }
        let text = match steps.as_slice() {
            [one] => one.clone(),
            steps => format!("({})", steps.join(" / ")),
        };
        Some(match counts {
            true => (format!("{text}.count_items()"), of),
            false => (text, of),
        })
    }

    fn value(&mut self, of: &str, value: &Literal) -> Option<String> {
        let json = match (&value.value, of) {
            (Value::Null, _) => {
                self.scope.bring("msgraph::query::Null");
                return Some("Null".to_owned());
            }
            (Value::String(text), "String") => return Some(string(text)),
            (Value::String(text), _) => return self.word(of, text),
            (Value::Boolean(value), "bool") => Json::Bool(*value),
            (_, "i16" | "i32" | "i64" | "u8" | "f32" | "f64") => Json::Number(value.text.clone()),
            (_, "edm::DateTimeOffset" | "edm::Date" | "edm::TimeOfDay" | "edm::Guid") => {
                Json::String(value.text.clone())
            }
            _ => return None,
        };
        let value = scalar(of, &json)?;
        Some(match of.strip_prefix("edm::") {
            // Several types can be compared with, so the parsed type must be written out.
            Some(name) => {
                self.scope.bring(&format!("msgraph::model::{of}"));
                value.replace(".parse()?", &format!(".parse::<{name}>()?"))
            }
            None => value,
        })
    }

    /// Returns a member of an enum.
    fn word(&mut self, of: &str, text: &str) -> Option<String> {
        let inner = of
            .split_once("Flags<")
            .map_or(of, |(_, inner)| inner.trim_end_matches('>'));
        let models = self.models;
        let model = models.of_type(inner)?;
        let exact = model.members.iter().any(|(word, _)| *word == text);
        let variant = member(model, text).filter(|_| exact)?;
        Some(format!("{}::{variant}", self.scope.model(&model.rust)))
    }
}

/// Returns the name of a variable in Rust: its own name, if that is valid.
fn variable(name: &str, variables: &[Variable]) -> String {
    let is_name = name.starts_with(|sign: char| sign.is_ascii_lowercase())
        && name
            .chars()
            .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit())
        && syn::parse_str::<syn::Ident>(name).is_ok();
    match is_name {
        true => name.to_owned(),
        false => format!("item{}", variables.len()),
    }
}
