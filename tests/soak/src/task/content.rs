//! Bytes that a seed and a length determine.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fastrand::Rng;
use msgraph::download::QuickXorHash;

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    seed: u64,
    length: usize,
}

impl Content {
    pub fn new(rng: &mut Rng, length: usize) -> Self {
        Self {
            seed: rng.u64(..),
            length,
        }
    }

    pub fn length(self) -> usize {
        self.length
    }

    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        Rng::with_seed(self.seed).fill(&mut bytes);
        bytes
    }

    /// Checks whether these bytes are the content, or the content as the simulator changes it.
    pub fn is(self, bytes: &[u8]) -> bool {
        let own = self.bytes();
        own == bytes || complement(&own) == bytes
    }

    /// Checks whether this is the hash of the content, or of the content as the simulator changes
    /// it.
    pub fn has(self, hash: &str) -> bool {
        let own = self.bytes();
        quick_xor(&own) == hash || quick_xor(&complement(&own)) == hash
    }
}

fn complement(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

fn quick_xor(bytes: &[u8]) -> String {
    let mut hash = QuickXorHash::default();
    hash.update(bytes);
    BASE64_STANDARD.encode(hash.finish())
}
