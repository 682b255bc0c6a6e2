//! Query options and headers as the methods of a call.

use msgraph_codegen::{MethodName, Model};
use msgraph_odata::{Direction, Expanded, Order, split};

use super::condition;
use super::literal::{Models, property};
use super::rust::{Scope, string};

/// The options that may also be written without the dollar sign.
const SYSTEM: &[&str] = &[
    "$select",
    "$expand",
    "$filter",
    "$search",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$format",
    "$skiptoken",
    "$deltatoken",
    "$apply",
    "$compute",
    "$levels",
];

/// Returns the name of an option as OData writes it. It may be given without the dollar sign, and
/// in any case.
pub fn system_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let system = SYSTEM
        .iter()
        .find(|system| **system == lower || system.trim_start_matches('$') == lower);
    // `token` and similar names are not options of OData, and neither is `format` of a download.
    match system {
        Some(system) if name.starts_with('$') || !matches!(lower.as_str(), "format") => {
            (*system).to_owned()
        }
        _ => name.to_owned(),
    }
}

/// Writes the methods for one request.
pub struct Writer<'m, 'g> {
    pub models: &'m Models<'g>,
    pub scope: &'m mut Scope,
    pub call: &'m MethodName,
}

impl<'m, 'g> Writer<'m, 'g> {
    /// Returns the method for one option of the query.
    pub fn option(&mut self, name: &str, value: &str) -> String {
        let name = system_name(name);
        let has = self.call.options.contains(&name);
        let typed = has.then(|| self.typed(&name, value)).flatten();
        typed.unwrap_or_else(|| format!(".query({}, {})", string(&name), string(value)))
    }

    /// Returns the method for one header.
    pub fn header(&mut self, name: &str, value: &str) -> String {
        let options = &self.call.options;
        let has = |name: &str| options.iter().any(|of| of == name);
        match name.to_lowercase().as_str() {
            "consistencylevel"
                if has("ConsistencyLevel") && value.eq_ignore_ascii_case("eventual") =>
            {
                self.scope.bring("msgraph::call::ConsistencyLevel");
                ".consistency_level(ConsistencyLevel::Eventual)".to_owned()
            }
            "if-match" if has("If-Match") => format!(".if_match({})", string(value)),
            _ => format!(".header({}, {})", string(name), string(value)),
        }
    }

    /// Returns the model of the response.
    fn model(&self) -> Option<&'m Model<'g>> {
        let models: &'m Models<'g> = self.models;
        models.by_path(self.call.model.as_deref()?)
    }

    fn typed(&mut self, name: &str, value: &str) -> Option<String> {
        let model = self.model();
        Some(match name {
            "$select" => format!(".select({})", self.select(model, value)),
            "$expand" => format!(".expand({})", self.expand(model, value)),
            "$orderby" => format!(".orderby({})", self.orderby(model, value)),
            "$filter" => format!(".filter({})", self.filter(model, value)),
            "$search" => format!(".search({})", self.search(value)),
            "$top" => format!(".top({})", value.trim().parse::<u32>().ok()?),
            "$skip" => format!(".skip({})", value.trim().parse::<u32>().ok()?),
            "$count" => format!(".count({})", value.trim().parse::<bool>().ok()?),
            _ => return None,
        })
    }

    fn select(&mut self, model: Option<&'m Model<'g>>, value: &str) -> String {
        let items = value.split(',').map(str::trim);
        let items = items.map(|item| {
            self.constant(model, item, true)
                .unwrap_or_else(|| (string(item), "&str".to_owned()))
        });
        list(items.collect())
    }

    fn orderby(&mut self, model: Option<&'m Model<'g>>, value: &str) -> String {
        let items = value.split(',').map(str::trim);
        let items = items.map(|item| {
            let Some(order) = Order::read(item) else {
                return (string(item), "&str".to_owned());
            };
            let method = match order.direction {
                None => "",
                Some(Direction::Ascending) => ".asc()",
                Some(Direction::Descending) => ".desc()",
            };
            match self.constant(model, order.path, true) {
                // With a direction, all items have one type.
                Some((constant, of)) if method.is_empty() => (constant, of),
                Some((constant, _)) => (constant + method, "order".to_owned()),
                None => (string(item), "&str".to_owned()),
            }
        });
        list(items.collect())
    }

    fn expand(&mut self, model: Option<&'m Model<'g>>, value: &str) -> String {
        let items = split(value, ',').unwrap_or_else(|| vec![value]);
        let items = items.into_iter().map(|item| {
            let item = item.trim();
            self.expanded(model, item)
                .unwrap_or_else(|| (string(item), "&str".to_owned()))
        });
        list(items.collect())
    }

    /// Returns conditions on properties if the filter consists of these, and text otherwise.
    fn filter(&mut self, model: Option<&'m Model<'g>>, value: &str) -> String {
        let mut writer = condition::Writer {
            models: self.models,
            scope: self.scope,
        };
        let typed = model.and_then(|model| writer.filter(model, value));
        typed.unwrap_or_else(|| string(value))
    }

    /// Returns a navigation with its own options: `members($select=id;$top=5)`.
    fn expanded(&mut self, model: Option<&'m Model<'g>>, item: &str) -> Option<(String, String)> {
        let item = Expanded::read(item)?;
        let options = item.options.unwrap_or_default();
        let (mut rust, of) = self.constant(model, item.path, false)?;
        let models: &'m Models<'g> = self.models;
        let inner = of.strip_prefix("Vec<").and_then(|of| of.strip_suffix('>'));
        let target = models.of_type(inner.unwrap_or(&of));
        for option in split(options, ';')? {
            let option = option.trim();
            if option.is_empty() {
                continue;
            }
            let (name, value) = option.split_once('=')?;
            let value = value.trim();
            rust.push_str(&match system_name(name.trim()).as_str() {
                "$select" => format!(".select({})", self.select(target, value)),
                "$expand" => format!(".expand({})", self.expand(target, value)),
                "$orderby" => format!(".orderby({})", self.orderby(target, value)),
                "$filter" => format!(".filter({})", self.filter(target, value)),
                "$top" => format!(".top({})", value.parse::<u32>().ok()?),
                "$skip" => format!(".skip({})", value.parse::<u32>().ok()?),
                "$count" => format!(".count({})", value.parse::<bool>().ok()?),
                "$levels" if value == "max" => ".levels(\"max\")".to_owned(),
                "$levels" => format!(".levels({})", value.parse::<u32>().ok()?),
                _ => return None,
            });
        }
        Some((
            rust,
            if options.is_empty() {
                of
            } else {
                format!("expanded {of}")
            },
        ))
    }

    /// Returns the constant of a property, structural or navigation, and the type of its value.
    fn constant(
        &mut self,
        model: Option<&'m Model<'g>>,
        name: &str,
        structural: bool,
    ) -> Option<(String, String)> {
        let model = model?;
        let property = property(model, name)?;
        if structural != property.field.is_some() {
            return None;
        }
        let name = self.scope.model(&model.rust);
        Some((
            format!("{name}::{}", property.constant),
            property.of.clone(),
        ))
    }

    /// Returns the argument for a search, which is one term in quotes, or an expression.
    fn search(&mut self, value: &str) -> String {
        let inner = value
            .trim()
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        match inner {
            Some(term) if !term.contains(['"', '\\']) => string(term),
            _ => {
                self.scope.bring("msgraph::query::Search");
                format!("Search::raw({})", string(value))
            }
        }
    }
}

/// Returns one item as it is, several of one type as an array, and several types as a tuple, which
/// has at most twelve elements.
fn list(items: Vec<(String, String)>) -> String {
    let same = items.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let texts: Vec<String> = items.into_iter().map(|(text, _)| text).collect();
    match texts.as_slice() {
        [one] => one.clone(),
        several if same => format!("[{}]", several.join(", ")),
        several if several.len() <= 12 => format!("({})", several.join(", ")),
        several => {
            let parts: Vec<_> = several
                .chunks(12)
                .map(|part| match part {
                    [one] => one.clone(),
                    part => format!("({})", part.join(", ")),
                })
                .collect();
            format!("({})", parts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_names_are_normalized() {
        assert_eq!(system_name("select"), "$select");
        assert_eq!(system_name("$orderBy"), "$orderby");
        assert_eq!(system_name("token"), "token");
        assert_eq!(system_name("format"), "format");
    }

    #[test]
    fn lists_of_several_types_are_tuples() {
        let items = |types: &[&str]| {
            let items = types.iter().map(|of| ("A".to_owned(), (*of).to_owned()));
            items.collect::<Vec<_>>()
        };
        assert_eq!(list(items(&["x"])), "A");
        assert_eq!(list(items(&["x", "x"])), "[A, A]");
        assert_eq!(list(items(&["x", "y"])), "(A, A)");
        let many = list(items(&[
            "x", "y", "z", "x", "y", "z", "x", "y", "z", "x", "y", "z", "x",
        ]));
        assert_eq!(many, "((A, A, A, A, A, A, A, A, A, A, A, A), A)");
    }
}
