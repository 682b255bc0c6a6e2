//! The tokens of delta queries: opaque to a client, and a place in the journal to the simulator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// Where a delta query goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The path of the query below the root, without a token.
    pub(crate) path: String,
    /// The options that the first request had: the links of the answers carry them on.
    pub(crate) pairs: Vec<(String, String)>,
    /// The place in the journal from which on changes are told; `None` tells all that is there.
    pub(crate) since: Option<usize>,
    /// The place at which the round ends, from where the next one goes on. `None` before the round has begun.
    pub(crate) until: Option<usize>,
    /// Where in the round the next page begins.
    pub(crate) position: u64,
    pub(crate) issued: DateTime<Utc>,
}

/// What stands for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Cursor(Cursor),
    /// A token that once was good, with the query that it was for, where it is known.
    Dead(Option<Cursor>),
    Malformed,
}

/// All tokens that were issued.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    cursors: Vec<Cursor>,
    /// Those before this one have run out.
    first: usize,
}

impl Deltas {
    /// A token for a cursor.
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

    /// Lets all tokens run out.
    pub(crate) fn expire(&mut self) {
        self.first = self.cursors.len();
    }
}

/// A token's text: its number, and what shows that nobody made it up.
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
    fn tokens_are_found_until_they_run_out() {
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
