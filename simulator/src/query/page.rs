//! Page tokens: opaque to a client, and valid only for the query that they came with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::refusal::Refusal;

/// The start of the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SkipToken {
    pub(crate) position: Position,
    /// The epoch in which it was issued: see
    /// [`Simulator::expire_page_tokens`](crate::Simulator::expire_page_tokens).
    pub(crate) epoch: u32,
    /// The query that it continues.
    pub(crate) query: u32,
}

/// A position in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// The position after the entity of this number. It stays right when other entities are added
    /// or removed.
    After(u64),
    /// The number of items from the start, for lists that are sorted.
    Offset(u64),
}

/// The text before the data of a token.
const PREFIX: &str = "+RID:~";
const SUFFIX: &str = "#RT:1";

impl SkipToken {
    /// Reads a percent-decoded token.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let malformed =
            || Refusal::bad_request("Badly formed token: the $skiptoken cannot be read.");
        // A `+` that a client did not keep encoded arrives as a space, so the token does not match.
        let data = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(SUFFIX))
            .ok_or_else(malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(data).map_err(|_| malformed())?;
        let bytes: [u8; 17] = bytes.try_into().map_err(|_| malformed())?;
        let [kind, rest @ ..] = bytes;
        let (number, rest) = rest.split_at(8);
        let (epoch, query) = rest.split_at(4);
        let long = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
        let short = |bytes: &[u8]| bytes.try_into().map(u32::from_be_bytes);
        let number = long(number).map_err(|_| malformed())?;
        let position = match kind {
            b'a' => Position::After(number),
            b'o' => Position::Offset(number),
            _ => return Err(malformed()),
        };
        let (epoch, query) = (
            short(epoch).map_err(|_| malformed())?,
            short(query).map_err(|_| malformed())?,
        );
        Ok(Self {
            position,
            epoch,
            query,
        })
    }

    /// Returns the token as it stands in a link. It is percent-encoded with hexadecimal digits in
    /// both cases, as Graph's are. A client that decodes the link and encodes it again changes it.
    pub(crate) fn encoded(&self) -> String {
        let (kind, number) = match self.position {
            Position::After(number) => (b'a', number),
            Position::Offset(number) => (b'o', number),
        };
        let mut bytes = vec![kind];
        bytes.extend(number.to_be_bytes());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.query.to_be_bytes());
        format!("%2bRID%3A~{}%23RT%3a1", URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_token_is_read_as_written() {
        for position in [Position::After(u64::MAX), Position::Offset(0)] {
            let token = SkipToken {
                position,
                epoch: 3,
                query: 0xdead_beef,
            };
            let text = token.encoded();
            let decoded = percent_encoding::percent_decode_str(&text)
                .decode_utf8()
                .unwrap();
            assert_eq!(SkipToken::read(&decoded).unwrap(), token);
        }
    }

    #[test]
    fn malformed_page_token_is_refused() {
        for text in ["", "+RID:~#RT:1", "+RID:~AAAA#RT:1", "2", " RID:~AAAA#RT:1"] {
            assert!(SkipToken::read(text).is_err(), "{text}");
        }
    }
}
