//! Pages of a collection, and streams over all of them.
//!
//! Graph sends a collection in pages. Each page except the last has an `@odata.nextLink`. The link
//! is opaque: this crate follows it as it came and never rebuilds it. The number of items on a page
//! has no meaning; more pages may follow an empty one.
//!
//! Every request goes through a URL parser (<https://url.spec.whatwg.org/#query-state>). The parser
//! keeps a link byte for byte, including percent-encodings and their case, with one exception. It
//! percent-encodes spaces, `"`, `<`, `>`, `'` and characters outside ASCII that stand bare in the
//! query. A server reads both forms as the same.
//!
//! <https://learn.microsoft.com/graph/paging>

mod bookmark;
mod stream;
mod walk;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use bookmark::Bookmark;
pub(crate) use stream::from_link;
pub use stream::{Items, Pages};
pub(crate) use walk::{Walk, is_url};

use crate::model::Extra;
use crate::model::json::{Kept, Text};
use crate::model::lists::Listed;
use crate::{Result, redact};

const VALUE: &str = "value";
const COUNT: &str = "@odata.count";
const NEXT_LINK: &str = "@odata.nextLink";
const DELTA_LINK: &str = "@odata.deltaLink";

/// One page of a collection, returned by awaiting a list.
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// let page = graph.users().list().top(5).await?;
/// for user in &page {
///     println!("{:?}", user.display_name);
/// }
/// if page.next_link.is_some() {
///     println!("and more");
/// }
/// # Ok(())
/// # }
/// ```
///
/// A page dereferences to the slice of its items, and is an iterator over them in a `for` loop:
///
/// ```
/// use msgraph::page::Page;
///
/// let mut page = Page { value: vec!["b", "a"], ..Page::default() };
/// page.sort();
/// assert_eq!((page[0], page.last()), ("a", Some(&"b")));
/// let upper: Vec<String> = page.into_iter().map(str::to_uppercase).collect();
/// assert_eq!(upper, ["A", "B"]);
/// ```
///
/// [OData JSON Format 4.01, 12 and
/// 13](https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html)
// Exhaustive, unlike other structs of public fields: programs build pages in their tests, and what
// else a page may have goes into `extra`.
#[derive(Clone, PartialEq)]
pub struct Page<T> {
    /// The items, `value`. A page without this property has no items. `null` items are dropped.
    ///
    /// If the items are models, an item that is not an object becomes a model without properties.
    /// See [`Extra::instead_of_object`]. If the items are text, an item that is not text becomes
    /// its JSON.
    pub value: Vec<T>,
    /// The link of the next page, `@odata.nextLink`, exactly as Graph sent it; `None` on the last
    /// page. [`Graph::list_from`](crate::Graph::list_from) continues from it.
    pub next_link: Option<String>,
    /// The link for the next round of changes, `@odata.deltaLink`, exactly as Graph sent it. It is
    /// on the last page of a delta query.
    pub delta_link: Option<String>,
    /// The number of items on all pages, `@odata.count`, where it was requested.
    ///
    /// The directory sends it with the first page only. It is `None` where the server does not know
    /// the number. The value that the server sent instead, such as `-1`, is in
    /// [`extra`](Self::extra).
    pub count: Option<i64>,
    /// All other properties of the page, such as `@odata.context`.
    pub extra: Extra,
}

impl<T> Page<T> {
    /// Returns an iterator over the items.
    ///
    /// ```
    /// # use msgraph::page::Page;
    /// let page = Page { value: vec![1, 2], ..Page::default() };
    /// assert_eq!(page.iter().sum::<i32>(), 3);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.value.iter()
    }

    /// Returns the number of items on this page.
    ///
    /// ```
    /// # use msgraph::page::Page;
    /// let page = Page { value: vec![1, 2], count: Some(30), ..Page::default() };
    /// assert_eq!(page.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Returns `true` if this page has no items. More pages may follow all the same.
    ///
    /// ```
    /// # use msgraph::page::Page;
    /// assert!(Page::<i32>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
}

impl<T: fmt::Debug> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("value", &self.value)
            .field("next_link", &self.next_link.as_deref().map(redact::Text))
            .field("delta_link", &self.delta_link.as_deref().map(redact::Text))
            .field("count", &self.count)
            .field("extra", &self.extra)
            .finish()
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            value: Vec::new(),
            next_link: None,
            delta_link: None,
            count: None,
            extra: Extra::new(),
        }
    }
}

impl<T> Deref for Page<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.value
    }
}

impl<T> DerefMut for Page<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.value
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Page<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Page<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.iter_mut()
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, kept) in self.extra.kept() {
            map.serialize_entry(name, kept)?;
        }
        if let Some(count) = &self.count {
            map.serialize_entry(COUNT, count)?;
        }
        for (name, link) in [(NEXT_LINK, &self.next_link), (DELTA_LINK, &self.delta_link)] {
            if let Some(link) = link {
                map.serialize_entry(name, link)?;
            }
        }
        map.serialize_entry(VALUE, &self.value)?;
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page of a collection")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page<T>, A::Error> {
                let mut page = Page::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        VALUE => {
                            let items = map.next_value::<Option<Listed<_>>>()?;
                            page.value = items.map_or_else(Vec::new, |Listed(items)| items);
                        }
                        COUNT => {
                            let text = map.next_value::<Text<'de>>()?;
                            let kept = Kept::read(text.as_str()).map_err(Error::custom)?;
                            page.count = number(&kept.value);
                            if page.count.is_none() && !kept.value.is_null() {
                                page.extra.keep(name, kept);
                            }
                        }
                        NEXT_LINK => page.next_link = link(map.next_value()?),
                        DELTA_LINK => page.delta_link = link(map.next_value()?),
                        _ => {
                            let text = map.next_value::<Text<'de>>()?;
                            let kept = Kept::read(text.as_str()).map_err(Error::custom)?;
                            page.extra.keep(name, kept);
                        }
                    }
                }
                Ok(page)
            }
        }

        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// Treats an empty link as missing.
fn link(link: Option<String>) -> Option<String> {
    link.filter(|link| !link.is_empty())
}

/// Reads a count. OData writes it as a string if the request asks for `IEEE754Compatible=true`.
/// Some services write it with a fraction of zero. A negative count means that the service has not
/// counted.
fn number(count: &serde_json::Value) -> Option<i64> {
    /// The largest number up to which `f64` represents every integer.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    let whole =
        |number: f64| (number.fract() == 0.0 && number.abs() <= WHOLE).then_some(number as i64);
    let number = match count {
        serde_json::Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        serde_json::Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    };
    number.filter(|number| *number >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Page<String> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn page_keeps_unknown_properties() {
        let text = concat!(
            r#"{"@odata.context":"c","@odata.count":3,"@odata.nextLink":"https://n","#,
            r#""@odata.deltaLink":"https://d","value":["a","b"]}"#,
        );
        let page = read(text);
        assert_eq!(page.value, ["a", "b"]);
        assert_eq!(page.count, Some(3));
        assert_eq!(page.next_link.as_deref(), Some("https://n"));
        assert_eq!(page.delta_link.as_deref(), Some("https://d"));
        assert_eq!(page.extra.get("@odata.context"), Some(&"c".into()));
        assert_eq!(serde_json::to_string(&page).unwrap(), text);
        assert_eq!((&page).into_iter().count(), page.len());
    }

    #[test]
    fn page_of_another_form_is_an_error() {
        for text in [
            r#"{"value":3.0}"#,
            r#"{"value":{"id":"1"}}"#,
            r#"{"value":"7","value":[]}"#,
            r#"{"value":[],"@odata.nextLink":[]}"#,
            r#"{"value":[],"@odata.deltaLink":{},"@odata.deltaLink":"https://d"}"#,
        ] {
            assert!(
                serde_json::from_str::<Page<String>>(text).is_err(),
                "{text}"
            );
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-javascript#1464, microsoftgraph/msgraph-sdk-dotnet#54.
    #[test]
    fn page_without_value_is_empty() {
        for text in [
            r#"{"@odata.context":"x"}"#,
            r#"{"value":null}"#,
            r#"{"value":[]}"#,
            "{}",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn links_and_counts_are_read_leniently() {
        let page = read(r#"{"@odata.count":"42","@odata.nextLink":"","@odata.deltaLink":null}"#);
        assert_eq!(page.count, Some(42));
        assert_eq!(page.next_link, None);
        assert_eq!(page.delta_link, None);
    }

    #[test]
    fn a_count_is_read_in_each_form() {
        for (text, count) in [
            ("3", Some(3)),
            (r#""3""#, Some(3)),
            ("3.0", Some(3)),
            (r#""3.0""#, Some(3)),
            ("0", Some(0)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("-1", None),
            (r#""-1""#, None),
            ("-1.0", None),
            ("3.5", None),
            ("1e300", None),
            ("1e999", None),
            ("18446744073709551615", None),
            (r#""many""#, None),
            (r#""""#, None),
            ("true", None),
            ("[3]", None),
        ] {
            let page = read(&format!(r#"{{"@odata.count":{text},"value":["a"]}}"#));
            assert_eq!((page.count, page.len()), (count, 1), "{text}");
            assert_eq!(page.extra.contains_key(COUNT), count.is_none(), "{text}");
        }
        assert!(read(r#"{"@odata.count":null}"#).extra.is_empty());
    }
}
