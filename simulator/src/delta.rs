//! The tokens of delta queries: opaque to a client, and a position in the journal to the simulator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// The position at which a delta query continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The path of the query below the root, without a token.
    pub(crate) path: String,
    /// The options of the first request, which the links of the responses carry on.
    pub(crate) pairs: Vec<(String, String)>,
    /// The position in the journal from which changes are reported. `None` reports all existing
    /// entities.
    pub(crate) since: Option<usize>,
    /// The position at which the round ends and the next one begins. `None` before the round has
    /// begun.
    pub(crate) until: Option<usize>,
    /// The start of the next page within the round.
    pub(crate) position: u64,
    pub(crate) issued: DateTime<Utc>,
}

/// The result of looking up a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Cursor(Cursor),
    /// A token that has expired, with the query that it was for, if it is known.
    Dead(Option<Cursor>),
    Malformed,
}

/// All tokens that were issued.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    cursors: Vec<Cursor>,
    /// The number of the first valid token. Those before it have expired.
    first: usize,
}

impl Deltas {
    /// Returns a token for a cursor.
    pub(crate) fn token(&mut self, cursor: Cursor) -> String {
        let at = self.cursors.len();
        self.cursors.push(cursor);
        text(at)
    }

    pub(crate) fn find(&self, token: &str) -> Found {
        let Some(at) = number(token) else {
            return Found::Malformed;
        };
        match self.cursors.get(at) {
            Some(cursor) if at >= self.first => Found::Cursor(cursor.clone()),
            other => Found::Dead(other.cloned()),
        }
    }

    /// Lets all tokens expire.
    pub(crate) fn expire(&mut self) {
        self.first = self.cursors.len();
    }
}

/// Returns a token's text: its number, and a check value that detects invented tokens.
fn text(at: usize) -> String {
    let at = at as u64;
    let mark = crate::ids::hash(&format!("delta {at}"));
    URL_SAFE_NO_PAD.encode([mark.to_be_bytes(), (at ^ mark).to_be_bytes()].concat())
}

fn number(token: &str) -> Option<usize> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (mark, at) = bytes.split_at(8);
    let mark = u64::from_be_bytes(mark.try_into().ok()?);
    let at = u64::from_be_bytes(at.try_into().ok()?) ^ mark;
    (mark == crate::ids::hash(&format!("delta {at}"))).then(|| usize::try_from(at).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delta_tokens_are_found_until_they_expire() {
        let cursor = Cursor {
            path: "/users/delta".into(),
            pairs: Vec::new(),
            since: Some(3),
            until: None,
            position: 0,
            issued: DateTime::UNIX_EPOCH,
        };
        let mut deltas = Deltas::default();
        let token = deltas.token(cursor.clone());
        assert_eq!(deltas.find(&token), Found::Cursor(cursor.clone()));
        assert_eq!(deltas.find(&text(7)), Found::Dead(None));
        for malformed in [
            "",
            "latest",
            "AAAA",
            &token[1..],
            &format!("B{}", &token[1..]),
        ] {
            assert_eq!(deltas.find(malformed), Found::Malformed, "{malformed}");
        }
        deltas.expire();
        assert_eq!(deltas.find(&token), Found::Dead(Some(cursor)));
    }
}
