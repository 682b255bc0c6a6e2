//! Enums whose values are sets of members.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::open_enum::parse;
use super::{OpenEnum, word};

/// A set of an enum's members: `"mailbox,site"` in JSON.
///
/// The text is kept as sent, so members that the description does not know are not lost.
///
/// ```
/// use msgraph::model::Flags;
/// use msgraph::models::FreeBusyStatus;
///
/// let mut flags = Flags::from([FreeBusyStatus::Free, FreeBusyStatus::Oof]);
/// assert!(flags.contains(&FreeBusyStatus::Oof));
/// flags.insert(FreeBusyStatus::Busy);
/// assert_eq!(flags.to_string(), "free,oof,busy");
/// ```
pub struct Flags<E> {
    text: String,
    of: PhantomData<fn() -> E>,
}

impl<E> Flags<E> {
    /// Creates a set from its text in JSON.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            of: PhantomData,
        }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
    }
}

impl<E: OpenEnum> Flags<E> {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::from_text("")
    }

    /// Returns the members, in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = E> {
        self.words().map(parse)
    }

    /// Checks whether a member is in the set.
    pub fn contains(&self, member: &E) -> bool {
        self.words()
            .any(|other| other.eq_ignore_ascii_case(word(member)))
    }

    /// Adds a member to the set. Returns `true` if it was new.
    pub fn insert(&mut self, member: E) -> bool {
        if self.contains(&member) {
            return false;
        }
        if self.words().next().is_none() {
            self.text.clear();
        } else {
            self.text.push(',');
        }
        self.text.push_str(word(&member));
        true
    }

    /// Removes a member from the set. Returns `true` if it was in the set.
    pub fn remove(&mut self, member: &E) -> bool {
        if !self.contains(member) {
            return false;
        }
        let left: Vec<_> = self
            .words()
            .filter(|other| !other.eq_ignore_ascii_case(word(member)))
            .collect();
        self.text = left.join(",");
        true
    }

    /// Checks whether the set has no members.
    pub fn is_empty(&self) -> bool {
        self.words().next().is_none()
    }
}

impl<E: OpenEnum> Default for Flags<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: OpenEnum> FromIterator<E> for Flags<E> {
    fn from_iter<I: IntoIterator<Item = E>>(members: I) -> Self {
        let mut flags = Self::new();
        flags.extend(members);
        flags
    }
}

impl<E: OpenEnum> Extend<E> for Flags<E> {
    fn extend<I: IntoIterator<Item = E>>(&mut self, members: I) {
        for member in members {
            self.insert(member);
        }
    }
}

impl<E: OpenEnum, const N: usize> From<[E; N]> for Flags<E> {
    fn from(members: [E; N]) -> Self {
        members.into_iter().collect()
    }
}

impl<E: OpenEnum> From<E> for Flags<E> {
    fn from(member: E) -> Self {
        Self::from_iter([member])
    }
}

impl<E> Clone for Flags<E> {
    fn clone(&self) -> Self {
        Self::from_text(self.text.clone())
    }
}

/// Two sets are equal when they have the same members, in any order and case.
impl<E> PartialEq for Flags<E> {
    fn eq(&self, other: &Self) -> bool {
        let within = |one: &Self, other: &Self| {
            one.words()
                .all(|word| other.words().any(|other| other.eq_ignore_ascii_case(word)))
        };
        within(self, other) && within(other, self)
    }
}

impl<E> Eq for Flags<E> {}

impl<E> fmt::Debug for Flags<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.words().map(|word| format_args!("{word}").to_string()))
            .finish()
    }
}

impl<E> fmt::Display for Flags<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<E> FromStr for Flags<E> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from_text(text))
    }
}

impl<E> Serialize for Flags<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, E> Deserialize<'de> for Flags<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from_text)
    }
}
