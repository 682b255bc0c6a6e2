//! Enums that may have more words than the description knows.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use serde::de::{Deserialize, Deserializer};
use serde::ser::Serializer;

/// An enum of Graph: words that the description knows, and any other one. Generated code implements
/// it.
///
/// A word in another case than described is kept as it was sent, and is equal to the member all the
/// same.
///
/// ```
/// use msgraph::models::FreeBusyStatus;
///
/// assert_eq!("oof".parse(), Ok(FreeBusyStatus::Oof));
/// assert_eq!(FreeBusyStatus::Oof.to_string(), "oof");
/// assert_eq!("hologram".parse(), Ok(FreeBusyStatus::Unknown("hologram".into())));
/// ```
pub trait OpenEnum: Clone + PartialEq + fmt::Display + Send + Sync + 'static {
    /// The words, in the order of the description.
    fn words() -> &'static [&'static str];
    /// The member for the word of a number.
    fn member(index: usize) -> Option<Self>;
    /// The word that the description does not know.
    fn unknown_word(&self) -> Option<&str>;
    /// The member for such a word.
    fn unknown(word: String) -> Self;
}

/// The word of a member.
pub fn word<E: OpenEnum>(member: &E) -> &str {
    if let Some(word) = member.unknown_word() {
        return word;
    }
    // The members have no data, so which one it is is all there is to compare.
    let is = |index: &usize| {
        E::member(*index).is_some_and(|other| discriminant(&other) == discriminant(member))
    };
    let words = E::words();
    (0..words.len()).find(is).map_or("", |index| words[index])
}

/// The member for a word.
pub fn parse<E: OpenEnum>(text: &str) -> E {
    E::words()
        .iter()
        .position(|word| *word == text)
        .and_then(E::member)
        .unwrap_or_else(|| E::unknown(text.to_owned()))
}

/// `Clone` of all enums.
pub fn clone<E: OpenEnum>(member: &E) -> E {
    match member.unknown_word() {
        Some(word) => E::unknown(word.to_owned()),
        None => parse(word(member)),
    }
}

/// `PartialEq` of all enums: words are compared without case.
pub fn eq<E: OpenEnum>(one: &E, other: &E) -> bool {
    match (one.unknown_word(), other.unknown_word()) {
        (None, None) => discriminant(one) == discriminant(other),
        _ => word(one).eq_ignore_ascii_case(word(other)),
    }
}

/// `Hash` of all enums, in step with [`eq`].
pub fn hash<E: OpenEnum, H: Hasher>(member: &E, state: &mut H) {
    for byte in word(member).bytes() {
        byte.to_ascii_lowercase().hash(state);
    }
    0xff_u8.hash(state);
}

/// `Display` of all enums: Graph's word.
pub fn display<E: OpenEnum>(member: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(word(member))
}

/// `Serialize` of all enums.
pub fn serialize<E: OpenEnum, S: Serializer>(member: &E, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(word(member))
}

/// `Deserialize` of all enums.
pub fn deserialize<'de, E: OpenEnum, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    Ok(parse(&String::deserialize(deserializer)?))
}
