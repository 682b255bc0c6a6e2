//! Arguments of functions and alternate keys, in the form that OData uses in a path.

use std::fmt::Display;

use super::Id;
use super::encode::push_value;
use crate::query::Time;

/// One argument, encoded for its place between the parentheses of a path.
///
/// [OData 4.01, URL Conventions,
/// 4.3](https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html)
/// defines the form. Text is in single quotes, and each quote inside it is doubled. Numbers, dates
/// and Booleans have no quotes.
#[derive(Clone, Debug)]
pub struct Argument(Literal);

#[derive(Clone, Debug)]
enum Literal {
    Quoted(String),
    Bare(String),
    /// An optional argument that was not given. It is left out together with its name.
    Absent,
}

impl Argument {
    /// Creates a text argument: `'O''Brien'`.
    pub fn quoted(text: &str) -> Self {
        let mut literal = String::with_capacity(text.len() + 2);
        push_quoted(&mut literal, text);
        Self(Literal::Quoted(literal))
    }

    /// Creates a text argument from an id.
    pub fn id(id: impl Id) -> Self {
        Self::quoted(&id.id_text())
    }

    /// Creates a text argument from a point in time.
    pub fn quoted_time(time: impl Into<Time>) -> Self {
        Self::quoted(time.into().as_str())
    }

    /// Creates an argument without quotes from a point in time.
    pub fn time(time: impl Into<Time>) -> Self {
        Self::bare_text(time.into().as_str())
    }

    /// Creates an argument from an enum member, or anything else that the description puts in
    /// quotes.
    pub fn word(word: impl Display) -> Self {
        Self::quoted(&word.to_string())
    }

    /// Creates an argument without quotes: a number, a Boolean, a date or a GUID.
    pub fn bare(value: impl Display) -> Self {
        Self::bare_text(&value.to_string())
    }

    /// Creates a floating point argument. Infinities and NaN are `INF`, `-INF` and `NaN` in OData.
    pub fn double(value: f64) -> Self {
        if value.is_infinite() {
            Self::bare_text(if value > 0.0 { "INF" } else { "-INF" })
        } else {
            Self::bare(value)
        }
    }

    /// Creates an argument from a collection of text, which the description declares as JSON.
    pub fn strings(items: &[impl AsRef<str>]) -> Self {
        let items: Vec<serde_json::Value> = items.iter().map(|item| item.as_ref().into()).collect();
        Self::bare_text(&serde_json::Value::from(items).to_string())
    }

    /// Creates an argument that may be left out.
    pub fn optional(argument: Option<Self>) -> Self {
        argument.unwrap_or(Self(Literal::Absent))
    }

    fn bare_text(text: &str) -> Self {
        let mut literal = String::with_capacity(text.len());
        push_value(&mut literal, text);
        Self(Literal::Bare(literal))
    }
}

/// Appends text as a quoted literal. The surrounding quotes stay as they are, and the text inside
/// is encoded.
pub(super) fn push_quoted(url: &mut String, text: &str) {
    url.push('\'');
    push_value(url, &text.replace('\'', "''"));
    url.push('\'');
}

/// Appends `(name=…,name=…)` to a URL and `(name={name},…)` to its template.
pub(super) fn push_arguments(
    url: &mut String,
    template: &mut String,
    arguments: &[(&'static str, Argument)],
) {
    url.push('(');
    template.push('(');
    push_parts(url, template, arguments);
    url.push(')');
    template.push(')');
}

/// Appends the list inside the parentheses, or a key without parentheses: `name=…,name=…`.
pub(super) fn push_parts(
    url: &mut String,
    template: &mut String,
    parts: &[(&'static str, Argument)],
) {
    let mut first = true;
    for (name, argument) in parts {
        let (literal, quote) = match &argument.0 {
            Literal::Quoted(literal) => (literal, "'"),
            Literal::Bare(literal) => (literal, ""),
            Literal::Absent => continue,
        };
        if !first {
            url.push(',');
            template.push(',');
        }
        first = false;
        for part in [*name, "=", literal] {
            url.push_str(part);
        }
        for part in [*name, "=", quote, "{", name, "}", quote] {
            template.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(arguments: &[(&'static str, Argument)]) -> (String, String) {
        let (mut url, mut template) = (String::new(), String::new());
        push_arguments(&mut url, &mut template, arguments);
        (url, template)
    }

    #[test]
    fn text_is_quoted_and_its_quotes_are_doubled() {
        let (url, template) = written(&[
            ("path", Argument::quoted("/a'b/50%")),
            ("on", Argument::word("reviewer")),
        ]);
        assert_eq!(url, "(path='%2Fa%27%27b%2F50%25',on='reviewer')");
        assert_eq!(template, "(path='{path}',on='{on}')");
    }

    #[test]
    fn numbers_dates_and_booleans_are_not_quoted() {
        let (url, template) = written(&[
            ("row", Argument::bare(-3)),
            ("valuesOnly", Argument::bare(true)),
            ("from", Argument::bare("2026-01-02T03:04:05+02:00")),
        ]);
        assert_eq!(
            url,
            "(row=-3,valuesOnly=true,from=2026-01-02T03%3A04%3A05%2B02%3A00)"
        );
        assert_eq!(template, "(row={row},valuesOnly={valuesOnly},from={from})");
    }

    #[test]
    fn infinite_and_nan_arguments_have_odata_names() {
        let doubles = [1.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e21];
        let wanted = [
            "(x=1.5)",
            "(x=INF)",
            "(x=-INF)",
            "(x=NaN)",
            "(x=1000000000000000000000)",
        ];
        for (double, wanted) in doubles.into_iter().zip(wanted) {
            assert_eq!(written(&[("x", Argument::double(double))]).0, wanted);
        }
    }

    #[test]
    fn collections_are_json() {
        let (url, _) = written(&[("labelIds", Argument::strings(&["a\"b", "c"]))]);
        assert_eq!(url, "(labelIds=%5B%22a%5C%22b%22%2C%22c%22%5D)");
        let none: [&str; 0] = [];
        assert_eq!(
            written(&[("labelIds", Argument::strings(&none))]).0,
            "(labelIds=%5B%5D)"
        );
    }

    #[test]
    fn absent_argument_is_left_out() {
        let (url, template) = written(&[
            ("userId", Argument::optional(None)),
            ("tenantId", Argument::optional(Some(Argument::quoted("t")))),
            ("userPrincipalName", Argument::optional(None)),
        ]);
        assert_eq!(url, "(tenantId='t')");
        assert_eq!(template, "(tenantId='{tenantId}')");
        assert_eq!(written(&[("userId", Argument::optional(None))]).0, "()");
    }
}
