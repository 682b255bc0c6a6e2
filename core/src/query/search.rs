//! Search expressions for `$search`.

use std::fmt::{self, Display};

/// A search expression for `$search`.
///
/// Text is one search term. It is put into double quotes, and quotes and backslashes in it are
/// escaped. In the directory, a term has the form `property:text`. In mail, a term is an expression
/// in KQL.
///
/// ```
/// use msgraph::query::Search;
///
/// let search = Search::from("displayName:teams");
/// assert_eq!(search.to_string(), r#""displayName:teams""#);
///
/// let search = Search::from("displayName:one").or("displayName:two").and("mail:contoso");
/// assert_eq!(
///     search.to_string(),
///     r#"("displayName:one" OR "displayName:two") AND "mail:contoso""#
/// );
/// ```
///
/// <https://learn.microsoft.com/graph/search-query-parameter>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Search {
    text: String,
    joined: Joined,
}

/// The outer operator of a search, which decides where it needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Joined {
    Term,
    And,
    Or,
    /// A search that the caller wrote.
    Unknown,
}

impl Search {
    /// Creates a search from complete text, including quotes.
    ///
    /// ```
    /// use msgraph::query::Search;
    ///
    /// let people = Search::raw("adele");
    /// assert_eq!(people.to_string(), "adele");
    /// ```
    pub fn raw(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            joined: Joined::Unknown,
        }
    }

    /// Combines two searches with `AND`.
    ///
    /// ```
    /// # use msgraph::query::Search;
    /// assert_eq!(Search::from("a").and("b").to_string(), r#""a" AND "b""#);
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.join(Joined::And, " AND ", &other.into())
    }

    /// Combines two searches with `OR`.
    ///
    /// ```
    /// # use msgraph::query::Search;
    /// assert_eq!(Search::from("a").or("b").to_string(), r#""a" OR "b""#);
    /// ```
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.join(Joined::Or, " OR ", &other.into())
    }

    fn join(self, by: Joined, word: &str, other: &Self) -> Self {
        Self {
            text: [&self.within(by), word, &other.within(by)].concat(),
            joined: by,
        }
    }

    fn within(&self, outer: Joined) -> String {
        if self.joined == Joined::Term || self.joined == outer {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    #[doc(hidden)]
    pub fn into_text(self) -> String {
        self.text
    }
}

impl From<&str> for Search {
    fn from(term: &str) -> Self {
        let mut text = String::with_capacity(term.len() + 2);
        text.push('"');
        for sign in term.chars() {
            if matches!(sign, '"' | '\\') {
                text.push('\\');
            }
            text.push(sign);
        }
        text.push('"');
        Self {
            text,
            joined: Joined::Term,
        }
    }
}

impl From<String> for Search {
    fn from(term: String) -> Self {
        Self::from(term.as_str())
    }
}

impl From<&String> for Search {
    fn from(term: &String) -> Self {
        Self::from(term.as_str())
    }
}

impl Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
