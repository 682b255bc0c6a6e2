//! Enums that may have more members than the description knows.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use serde::de::{Deserialize, Deserializer};
use serde::ser::Serializer;

/// An enum of Graph: the members that the description knows, and any other word. Generated code
/// implements it.
///
/// A word in a case other than the described one is kept as sent, and still equals the member.
///
/// ```
/// use msgraph::models::FreeBusyStatus;
///
/// assert_eq!("oof".parse(), Ok(FreeBusyStatus::Oof));
/// assert_eq!(FreeBusyStatus::Oof.to_string(), "oof");
/// assert_eq!("hologram".parse(), Ok(FreeBusyStatus::Unknown("hologram".into())));
/// ```
pub trait OpenEnum: Clone + PartialEq + fmt::Display + Send + Sync + 'static {
    /// Returns the words, in the order of the description.
    fn words() -> &'static [&'static str];
    /// Returns the member for the word of an index.
    #[doc(hidden)]
    fn member(index: usize) -> Option<Self>;
    /// Returns the word that the description does not know, if the member is one.
    fn unknown_word(&self) -> Option<&str>;
    /// Creates the member for a word that the description does not know.
    #[doc(hidden)]
    fn unknown(word: String) -> Self;
}

/// Returns the word of a member.
pub fn word<E: OpenEnum>(member: &E) -> &str {
    if let Some(word) = member.unknown_word() {
        return word;
    }
    // The members have no data, so comparing the variant is sufficient.
    let is = |index: &usize| {
        E::member(*index).is_some_and(|other| discriminant(&other) == discriminant(member))
    };
    let words = E::words();
    (0..words.len()).find(is).map_or("", |index| words[index])
}

/// Returns the member for a word.
pub fn parse<E: OpenEnum>(text: &str) -> E {
    E::words()
        .iter()
        .position(|word| *word == text)
        .and_then(E::member)
        .unwrap_or_else(|| E::unknown(text.to_owned()))
}

/// Implements `Clone` for all enums.
pub fn clone<E: OpenEnum>(member: &E) -> E {
    match member.unknown_word() {
        Some(word) => E::unknown(word.to_owned()),
        None => parse(word(member)),
    }
}

/// Implements `PartialEq` for all enums. Words are compared without case.
pub fn eq<E: OpenEnum>(one: &E, other: &E) -> bool {
    match (one.unknown_word(), other.unknown_word()) {
        (None, None) => discriminant(one) == discriminant(other),
        _ => word(one).eq_ignore_ascii_case(word(other)),
    }
}

/// Implements `Hash` for all enums, consistent with [`eq`].
pub fn hash<E: OpenEnum, H: Hasher>(member: &E, state: &mut H) {
    for byte in word(member).bytes() {
        byte.to_ascii_lowercase().hash(state);
    }
    0xff_u8.hash(state);
}

/// Implements `Display` for all enums: Graph's word.
pub fn display<E: OpenEnum>(member: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(word(member))
}

/// Implements `Serialize` for all enums.
pub fn serialize<E: OpenEnum, S: Serializer>(member: &E, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(word(member))
}

/// Implements `Deserialize` for all enums.
pub fn deserialize<'de, E: OpenEnum, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    Ok(parse(&String::deserialize(deserializer)?))
}
