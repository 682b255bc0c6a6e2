//! The values that a model has no field for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use serde_json::Value;

use super::Ref;
use super::json::Kept;

/// The properties, annotations and expanded relations that a model has no field for, and the values
/// that do not fit their field.
///
/// Data that Graph sends is never lost: properties that the description does not have stay here and
/// are written again. An explicit `null` (see [`Model::clear`](super::Model::clear)) is here too.
/// An empty `Extra` takes eight bytes.
///
/// ```
/// use msgraph::models::User;
///
/// let user: User = serde_json::from_str(r#"{"id": "1", "brandNew": {"a": [1]}}"#)?;
/// assert_eq!(user.extra["brandNew"]["a"][0], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Two kinds of JSON cannot be held by [`Value`]. A number beyond `f64` reads as a string of its
/// digits, and half a surrogate pair reads as U+FFFD. [`json_text`](Self::json_text) returns the
/// original JSON, which is also what is written.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Values>>);

#[derive(Clone, Default, PartialEq)]
struct Values {
    named: BTreeMap<String, Kept>,
    /// The JSON that was sent instead of the model.
    instead: Option<Kept>,
}

impl Extra {
    /// Creates an empty value.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.kept_of(name).map(|kept| &kept.value)
    }

    /// Returns the value of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.as_mut()?.named.get_mut(name).map(Kept::value_mut)
    }

    /// Returns the JSON text of a name. The text is the original one where the [`Value`] does not
    /// hold all of it.
    ///
    /// ```
    /// use msgraph::models::User;
    ///
    /// let user: User = serde_json::from_str(r#"{"brandNew": 1e999}"#)?;
    /// assert_eq!(user.extra["brandNew"], "1e999");
    /// assert_eq!(user.extra.json_text("brandNew").as_deref(), Some("1e999"));
    /// assert_eq!(serde_json::to_string(&user)?, r#"{"brandNew":1e999}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn json_text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.kept_of(name).map(Kept::text)
    }

    /// Returns the JSON that was sent instead of an object, for example a number as an item of a
    /// list.
    ///
    /// Such an item has no properties. It is written again unchanged, unless properties are set.
    ///
    /// ```
    /// use msgraph::models::User;
    /// use msgraph::page::Page;
    ///
    /// let page: Page<User> = serde_json::from_str(r#"{"value": [{"id": "1"}, 2]}"#)?;
    /// assert_eq!(page.value[1].extra.instead_of_object(), Some(&2.into()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn instead_of_object(&self) -> Option<&Value> {
        self.kept_instead().map(|kept| &kept.value)
    }

    /// Checks whether a name has a value.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets the value of a name, and returns the previous one.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let named = &mut self.0.get_or_insert_default().named;
        named
            .insert(name.into(), value.into().into())
            .map(|kept| kept.value)
    }

    /// Removes and returns the value of a name.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let values = self.0.as_mut()?;
        let kept = values.named.remove(name);
        if values.named.is_empty() && values.instead.is_none() {
            self.0 = None;
        }
        kept.map(|kept| kept.value)
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.named.len())
    }

    /// Checks whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.kept().map(|(name, kept)| (name, &kept.value))
    }

    /// Returns the value of a name with its text.
    pub(super) fn kept_of(&self, name: &str) -> Option<&Kept> {
        self.0.as_ref()?.named.get(name)
    }

    /// Returns all names, and the values with their texts.
    #[doc(hidden)]
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Kept)> {
        self.0
            .iter()
            .flat_map(|values| &values.named)
            .map(|(name, kept)| (name.as_str(), kept))
    }

    /// Stores the value that was sent for a name.
    #[doc(hidden)]
    pub fn keep(&mut self, name: impl Into<String>, kept: Kept) {
        self.0
            .get_or_insert_default()
            .named
            .insert(name.into(), kept);
    }

    /// Checks whether a field still has the value that was read from the text of its name. See
    /// [`Kept::is_source_of`].
    pub(super) fn is_source_of(&self, name: &str, field: Ref<'_>) -> bool {
        self.kept_of(name)
            .is_some_and(|kept| kept.is_source_of(field))
    }

    pub(super) fn kept_instead(&self) -> Option<&Kept> {
        self.0.as_ref()?.instead.as_ref()
    }

    pub(super) fn set_instead(&mut self, kept: Kept) {
        self.0.get_or_insert_default().instead = Some(kept);
    }
}

impl Index<&str> for Extra {
    type Output = Value;

    /// Returns the value of a name, or `null`, like [`serde_json::Value`].
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.iter()
                    .map(|(name, value)| (name, crate::redact::Json { name, value })),
            )
            .finish()
    }
}

impl<const COUNT: usize> From<[(&str, Value); COUNT]> for Extra {
    /// Collects names and values, for a model's struct literal.
    ///
    /// ```
    /// use msgraph::models::User;
    ///
    /// let user = User { extra: [("brandNew", 1.into())].into(), ..Default::default() };
    /// assert_eq!(serde_json::to_string(&user)?, r#"{"brandNew":1}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn from(values: [(&str, Value); COUNT]) -> Self {
        values.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Extra {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let mut extra = Self::new();
        extra.extend(values);
        extra
    }
}

impl<N: Into<String>, V: Into<Value>> Extend<(N, V)> for Extra {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, values: I) {
        for (name, value) in values {
            self.insert(name, value);
        }
    }
}
