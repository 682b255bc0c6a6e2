//! `Edm.Binary`, which is base64.
//!
//! The description says base64url, and OData allows it. Graph accepts and sends the standard
//! alphabet with padding. This module writes the standard alphabet and reads both.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const EITHER_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER_PADDING);
const URL_ALPHABET: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER_PADDING);

/// Encodes bytes.
pub fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Decodes bytes in either alphabet, with or without padding. Returns `None` when the text is not
/// base64.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['-', '_']) {
        URL_ALPHABET.decode(text).ok()
    } else {
        STANDARD_ALPHABET.decode(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reported: Azure/azure-sdk-for-java#34848, Azure/azure-sdk-for-java#50071.
    #[test]
    fn base64_is_written_standard_and_read_both() {
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "+//+");
        for text in ["+//+", "-__-"] {
            assert_eq!(decode(text).as_deref(), Some(&[0xfb, 0xff, 0xfe][..]));
        }
        assert_eq!(decode("aGk").as_deref(), Some(&b"hi"[..]));
        assert_eq!(decode("aGk=").as_deref(), Some(&b"hi"[..]));
        assert_eq!(decode("a b"), None);
    }
}
