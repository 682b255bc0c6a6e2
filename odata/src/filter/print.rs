//! Conditions as text.

use std::fmt::{self, Display};

use super::{Condition, Literal, Operand, Operator, Quantifier, TextFunction};

impl Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => write_joined(f, parts, " and "),
            Self::Or(parts) => write_joined(f, parts, " or "),
            Self::Not(inside) => write!(f, "not({inside})"),
            Self::Compare(operator, left, right) => write!(f, "{left} {operator} {right}"),
            Self::In(operand, values) => {
                let values: Vec<_> = values.iter().map(|value| value.text.as_str()).collect();
                write!(f, "{operand} in ({})", values.join(","))
            }
            Self::Text(function, subject, text) => write!(f, "{function}({subject},{text})"),
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
            Self::Holds(path) => f.write_str(&path.join("/")),
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

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(&path.join("/")),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Has => "has",
        })
    }
}

impl Display for TextFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Contains => "contains",
        })
    }
}

impl Display for Quantifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::All => "all",
        })
    }
}
