//! QuickXorHash, with which OneDrive checks whether two files are the same.
//!
//! <https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash>: the bytes are XORed
//! into 160 bits, each one 11 bits further than the one before it. The length is XORed into the
//! last 64 bits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const WIDTH: usize = 160;
const SHIFT: usize = 11;
const BYTES: usize = WIDTH / 8;

/// Returns the hash of all bytes, as in `file.hashes.quickXorHash`.
pub(crate) fn quick_xor_hash(data: &[u8]) -> String {
    let mut hash = [0_u8; BYTES];
    let mut xor = |bit: usize, value: u8| {
        if let Some(byte) = hash.get_mut(bit / 8 % BYTES) {
            *byte ^= value;
        }
    };
    for (at, byte) in data.iter().enumerate() {
        let bit = at * SHIFT % WIDTH;
        let wide = u16::from(*byte) << (bit % 8);
        let [low, high] = wide.to_le_bytes();
        xor(bit, low);
        xor(bit + 8, high);
    }
    for (at, byte) in (data.len() as u64).to_le_bytes().into_iter().enumerate() {
        xor(WIDTH - 64 + at * 8, byte);
    }
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_empty_and_one_byte_is_known() {
        assert_eq!(quick_xor_hash(b""), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        // The byte is at bit 0, and the length 1 at bit 96.
        let mut one = [0; 20];
        (one[0], one[12]) = (b'a', 1);
        assert_eq!(quick_xor_hash(b"a"), STANDARD.encode(one));
        // The second byte begins eleven bits further, so it spans two bytes.
        assert_eq!(
            quick_xor_hash(&[0xb5, 0xb4]),
            "taAFAAAAAAAAAAAAAgAAAAAAAAA="
        );
    }

    #[test]
    fn hash_wraps_around_its_end() {
        // The 15th byte begins at bit 154, so two of its bits wrap to the front.
        let mut data = [0; 15];
        data[14] = 0b1100_0001;
        let mut hash = [0; 20];
        (hash[19], hash[0], hash[12]) = (0b0000_0100, 0b0000_0011, 15);
        assert_eq!(quick_xor_hash(&data), STANDARD.encode(hash));
    }
}
