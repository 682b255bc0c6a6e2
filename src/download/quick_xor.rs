//! QuickXorHash, the hash that drives use to compare files.

/// The number of bytes of the hash.
const BYTES: usize = 20;

/// The number of bits by which each byte is shifted relative to the one before it.
const SHIFT: usize = 11;

/// The number of bytes after which the same bits are used again. It is 160, because 160 bits and a
/// shift of 11 have no common divisor.
const CYCLE: usize = BYTES * 8;

/// The hash that OneDrive and SharePoint provide for every file, `file.hashes.quickXorHash`.
///
/// Each byte is XORed into 160 bits, 11 bits further than the one before it, and the length into
/// the last 64 bits. The hash detects bytes that were lost or changed in transit. It does not
/// protect against deliberate forgery.
///
/// ```
/// use base64::Engine;
/// use base64::prelude::BASE64_STANDARD;
/// use msgraph::download::QuickXorHash;
///
/// let mut hash = QuickXorHash::new();
/// hash.update(b"hello ");
/// hash.update(b"world");
/// assert_eq!(BASE64_STANDARD.encode(hash.finish()), "aCgDG9jwBhDc4Q1yawMZAAAAAAA=");
/// ```
///
/// <https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash>
#[derive(Clone, Debug)]
pub struct QuickXorHash {
    /// All bytes at the same position of their cycle, XORed. They affect the same bits of the hash.
    folded: [u8; CYCLE],
    length: u64,
}

impl Default for QuickXorHash {
    fn default() -> Self {
        Self {
            folded: [0; CYCLE],
            length: 0,
        }
    }
}

impl QuickXorHash {
    /// Creates the hash of empty content.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        // The remainder is less than a cycle, so it fits into `usize`.
        let place = (self.length % CYCLE as u64) as usize;
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let (head, rest) = bytes.split_at(bytes.len().min((CYCLE - place) % CYCLE));
        xor(self.folded.get_mut(place..).unwrap_or_default(), head);
        bytes = rest;
        for cycle in bytes.chunks(CYCLE) {
            xor(&mut self.folded, cycle);
        }
    }

    /// Returns the hash of all bytes so far, which Graph writes in base64.
    pub fn finish(&self) -> [u8; BYTES] {
        let mut hash = [0; BYTES];
        let mut add = |place: usize, value: u8| {
            if let Some(byte) = hash.get_mut(place % BYTES) {
                *byte ^= value;
            }
        };
        for (place, byte) in self.folded.iter().enumerate() {
            let bit = place * SHIFT % CYCLE;
            let [low, high] = (u16::from(*byte) << (bit % 8)).to_le_bytes();
            add(bit / 8, low);
            add(bit / 8 + 1, high);
        }
        for (place, byte) in self.length.to_le_bytes().into_iter().enumerate() {
            add(BYTES - 8 + place, byte);
        }
        hash
    }
}

/// Combines bytes in a loop that the compiler turns into operations on whole words.
fn xor(into: &mut [u8], bytes: &[u8]) {
    for (one, other) in into.iter_mut().zip(bytes) {
        *one ^= other;
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    /// Known values, which OneDrive itself gave for files with this content. The program rclone
    /// checks its implementation with them.
    const KNOWN: [(&str, &str); 12] = [
        ("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
        ("tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
        ("luBZlaT6", "lgBHFipBCn0AAAAABgAAAAAAAAA="),
        ("XoJ1AsoR4fDYJrDqYs4=", "XhBEHQSgjAiEAx7YPgEs1CEGZwA="),
        ("gQaybEqS/4UlDc8e4IJm", "gDCALNigBEn8oxAlZ8AzPAAOQZg="),
        ("2fuxhBJXtpWFe8dOfdGeHw==", "O9tHLAghgSvYohKFyMMxnNCHaHg="),
        (
            "T6LYJIfDh81JrAK309H2JMJTXis=",
            "zBTHrspn3mEcohlJdIUAbjGNaNg=",
        ),
        (
            "DWAAX5/CIfrmErgZa8ot6ZraeSbu",
            "LR2Z0PjuRYGKQB/mhQAuMrAGZbQ=",
        ),
        (
            "Mb7EGva2rEE5fENDL85P+BsapHEEjv2/siVhKjvAQe02feExVOQSkfmuYzU/kTF1MaKjPmKF/w+\
             cbvwfdWL8aQ==",
            "n1anP5NfvD4XDYWIeRPW3ZkPv1Y=",
        ),
        (
            "ikwCorI7PKWz17EI50jZCGbV9JU2E8bXVfxNMg5zdmqSZ2NlsQPp0kqYIPjzwTg1MBtfWPg53k0h0P2naJNEVg\
             rqpoHTfV2b3pJ4m0zYPTJmUX4Bg/lOxcnCxAYKU29Y5F0U8Quz7ZXFBEweftXxJ7RS4r6N7BzJrPs\
             LhY7hgck=",
            "imAoFvCWlDn4yVw3/oq1PDbbm6U=",
        ),
        (
            "PfxMcUd0vIW6VbHG/uj/Y0W6qEoKmyBD0nYebEKazKaKG+\
             UaDqBEcmQjbfQeVnVLuodMoPp7P7TR1htX5n2VnkHh22xDyoJ8C/\
             ZQKiSNqQfXvh83judf4RVr9exJCud8Uvgip6aVZTaPrJHVjQhMCp/\
             dEnGvqg0oN5OVkM2qqAXvA0teKUDhgNM71sDBVBCGXxNOR2bpbD1iM4dnuT0ey4L+\
             loXEHTL0fqMeUcEi2asgImnlNakwenDzz0x57aBwyq3AspCFGB1ncX4yYCr/OaCcS5OKi/00WH+wNQU3",
            "QX/YEpG0gDsmhEpCdWhsxDzsfVE=",
        ),
    ];

    #[test]
    fn known_hashes_match_for_any_chunk_size() {
        for (content, wanted) in KNOWN {
            let content = BASE64_STANDARD.decode(content).unwrap();
            for size in [1, 3, 7, 64, 159, 160, 161, 512] {
                let mut hash = QuickXorHash::new();
                for piece in content.chunks(size) {
                    hash.update(piece);
                }
                assert_eq!(
                    BASE64_STANDARD.encode(hash.finish()),
                    wanted,
                    "{} bytes, {size} at a time",
                    content.len()
                );
            }
        }
    }
}
