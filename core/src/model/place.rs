//! The place of an error in the JSON: `value[3].createdDateTime`.
//!
//! serde's errors are opaque, and each format has an error type of its own. For this reason, the
//! place is put before the message, in backticks, and grows while the error is passed outwards.
//! Reading without an error has no cost for it.

use std::fmt;

use serde::de::Error;

/// One step into JSON.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    /// The property of an object.
    Name(&'a str),
    /// The item of an array.
    Item(usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Name(name) => f.write_str(name),
            Step::Item(number) => write!(f, "[{number}]"),
        }
    }
}

/// Returns the error as one that happened inside of this step.
#[cold]
pub fn within<E: Error>(step: Step<'_>, error: E) -> E {
    let text = error.to_string();
    match split(&text) {
        (None, message) => E::custom(format_args!("`{step}`: {message}")),
        (Some(rest), message) if rest.starts_with('[') => {
            E::custom(format_args!("`{step}{rest}`: {message}"))
        }
        (Some(rest), message) => E::custom(format_args!("`{step}.{rest}`: {message}")),
    }
}

/// Splits the text of an error into its place and its message.
pub fn split(text: &str) -> (Option<&str>, &str) {
    text.strip_prefix('`')
        .and_then(|rest| rest.split_once("`: "))
        .map_or((None, text), |(place, message)| (Some(place), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_grows_outwards() {
        let error: serde_json::Error = Error::custom("no date");
        let error = within(Step::Name("createdDateTime"), error);
        assert_eq!(error.to_string(), "`createdDateTime`: no date");
        let error = within(Step::Name("value"), within(Step::Item(3), error));
        assert_eq!(
            split(&error.to_string()),
            (Some("value[3].createdDateTime"), "no date")
        );
    }

    #[test]
    fn line_of_the_error_is_kept() {
        let error = serde_json::from_str::<i32>("\n x").unwrap_err();
        let error = within(Step::Name("size"), error);
        assert_eq!((error.line(), error.column()), (2, 2));
        assert_eq!(
            error.to_string(),
            "`size`: expected value at line 2 column 2"
        );
    }

    #[test]
    fn text_without_position_has_no_position() {
        assert_eq!(split("no date"), (None, "no date"));
        assert_eq!(split("`no date`"), (None, "`no date`"));
    }
}
