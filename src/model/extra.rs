//! What a model has no field for.

use std::fmt;
use std::ops::Index;

use serde_json::{Map, Value};

/// Properties, annotations and expanded relations that a model has no field for.
///
/// Nothing that Graph sends is lost: what the description does not know stays here, and is written again. An explicit
/// `null` (see [`Model::clear`](crate::Model::clear)) stands here too. Empty, it takes eight bytes.
///
/// ```
/// use msgraph::models::User;
///
/// let user: User = serde_json::from_str(r#"{"id": "1", "brandNew": {"a": [1]}}"#)?;
/// assert_eq!(user.extra["brandNew"]["a"][0], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// Nothing.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// The value under a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.as_mut()?.get_mut(name)
    }

    /// Whether there is a value under a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts a value under a name, and gives back the one that stood there.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0
            .get_or_insert_default()
            .insert(name.into(), value.into())
    }

    /// Takes the value under a name out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let map = self.0.as_mut()?;
        let value = map.remove(name);
        if map.is_empty() {
            self.0 = None;
        }
        value
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0
            .iter()
            .flat_map(|map| map.iter())
            .map(|(name, value)| (name.as_str(), value))
    }
}

impl Index<&str> for Extra {
    type Output = Value;

    /// The value under a name, or `null`, as [`serde_json::Value`] does it.
    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.iter()
                    .map(|(name, value)| (name, super::secret::Shown { name, value })),
            )
            .finish()
    }
}

impl<const COUNT: usize> From<[(&str, Value); COUNT]> for Extra {
    /// Names and values, as they stand in a model's literal.
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
        for (name, value) in values {
            extra.insert(name, value);
        }
        extra
    }
}
