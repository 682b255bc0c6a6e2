//! The creation of ids in the form of Graph's services, but the same at each run.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use crate::description::schema::Schemas;
use crate::service::Service;

/// A source of ids from a counter. The ids differ from each other, and are the same in each run of
/// a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    made: u64,
}

impl Ids {
    /// Returns bits that do not repeat.
    fn bits(&mut self) -> u64 {
        self.made += 1;
        mix(self.made)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.bits().to_be_bytes())
            .flatten()
            .take(count)
            .collect()
    }

    /// Returns a GUID of version 4.
    pub(crate) fn guid(&mut self) -> String {
        guid(self.bits(), self.bits())
    }

    /// Returns text for a secret: a token's signature, a refresh token.
    pub(crate) fn secret(&mut self, bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes(bytes))
    }

    /// Returns the id and the index of a new conversation of mail. The index begins with the time,
    /// as \[MS-OXOMSG\] defines `PidTagConversationIndex`.
    pub(crate) fn conversation(&mut self, now: DateTime<Utc>) -> (String, String) {
        let id = format!("AAQkAD{}=", URL_SAFE.encode(self.bytes(45)));
        // Seconds from 1601 to 1970, in units of 100 ns.
        let ticks = now.timestamp().saturating_add(11_644_473_600) as u64;
        let ticks = ticks.saturating_mul(10_000_000);
        let time = ticks.to_be_bytes().into_iter().take(6);
        let index: Vec<u8> = time.chain(self.bytes(16)).collect();
        (id, STANDARD.encode(index))
    }

    /// Returns a new entity's id, in the form that its service uses.
    pub(crate) fn entity(&mut self, schemas: &Schemas, type_name: &str) -> String {
        match type_name {
            "microsoft.graph.site" => {
                format!("contoso.sharepoint.com,{},{}", self.guid(), self.guid())
            }
            "microsoft.graph.drive" => format!("b!{}", self.secret(48)),
            "microsoft.graph.driveItem" => format!("01{}", base32(&self.bytes(20))),
            "microsoft.graph.channel" => {
                format!("19:{:016x}{:016x}@thread.tacv2", self.bits(), self.bits())
            }
            "microsoft.graph.chat" => {
                format!("19:{:016x}{:016x}@thread.v2", self.bits(), self.bits())
            }
            "microsoft.graph.chatMessage" => {
                (1_767_000_000_000 + self.bits() % 30_000_000_000).to_string()
            }
            "microsoft.graph.outlookCategory" => self.guid(),
            _ => match Service::of(schemas, type_name) {
                Service::Outlook => format!("AAMkAD{}=", URL_SAFE.encode(self.bytes(69))),
                Service::Planner => self.secret(21),
                _ => self.guid(),
            },
        }
    }
}

/// Formats two words as a GUID of version 4.
pub(crate) fn guid(high: u64, low: u64) -> String {
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    format!(
        "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}",
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Returns the same bits for the same text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0x9e37_79b9, |state, byte| mix(state ^ u64::from(byte)))
}

/// Applies the finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014).
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// A sequence of numbers that looks random and is the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(1);
        mix(self.state)
    }

    /// Returns a number from 0 to below `end`, or 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    /// Returns a number from 0 to below 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from((self.next() >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
    }
}

fn base32(bytes: &[u8]) -> String {
    let digit = |value: u8| {
        char::from(if value < 26 {
            b'A' + value
        } else {
            b'2' + value - 26
        })
    };
    bytes.iter().map(|byte| digit(byte % 32)).collect()
}

/// Checks whether the text has the form of an id of Exchange: base64 that begins with a version,
/// such as `AAMk` or `AQMk`.
pub(crate) fn is_exchange_id(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+/".contains(&byte);
    text.len() >= 6
        && (text.starts_with("AA") || text.starts_with("AQ"))
        && text.bytes().all(is_digit)
}

/// Checks whether the text is a GUID.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, character)| match at {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_of_version_4() {
        let guid = Ids::default().guid();
        assert!(is_guid(&guid), "{guid}");
        assert_eq!(guid.chars().nth(14), Some('4'), "{guid}");
        assert!(
            matches!(guid.chars().nth(19), Some('8' | '9' | 'a' | 'b')),
            "{guid}"
        );
    }

    #[test]
    fn ids_are_unique_within_a_reproducible_run() {
        let (mut first, mut second) = (Ids::default(), Ids::default());
        let made: Vec<_> = (0..1000).map(|_| first.guid()).collect();
        let again: Vec<_> = (0..1000).map(|_| second.guid()).collect();
        assert_eq!(made, again);
        let distinct: std::collections::HashSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
    }
}
