//! Inputs: byte sequences that a seed and a number determine.

use arbitrary::Unstructured;

/// Returns the bytes of one input.
///
/// Most inputs are short, because most failing inputs are, and because short ones are fast. Some
/// are long.
pub(crate) fn bytes(seed: u64, target: usize, number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(mix(seed, target as u64, number));
    let length = match random.u8(..) {
        0..200 => random.usize(8..128),
        200..250 => random.usize(128..1024),
        _ => random.usize(1024..8192),
    };
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}

/// Returns one number made of three (splitmix64), so that neighboring inputs have nothing in
/// common.
fn mix(seed: u64, target: u64, number: u64) -> u64 {
    let mut mixed = seed;
    for part in [target, number] {
        mixed = mixed.wrapping_add(part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed
}

/// Choices that an input makes. An exhausted input makes the first choice.
pub(crate) trait Choices<'a> {
    /// Returns a number below `end`, which must not be zero.
    fn below(&mut self, end: usize) -> usize;
    /// Returns one of several values.
    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T;
    /// Returns one of several words.
    fn word<'v>(&mut self, words: &'v [&'v str]) -> &'v str;
    /// Returns `true` once in `times`.
    fn once_in(&mut self, times: usize) -> bool;
    /// Returns text with characters that often break parsers.
    fn text(&mut self) -> String;
}

impl<'a> Choices<'a> for Unstructured<'a> {
    fn below(&mut self, end: usize) -> usize {
        self.int_in_range(0..=end.saturating_sub(1))
            .unwrap_or_default()
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }

    fn word<'v>(&mut self, words: &'v [&'v str]) -> &'v str {
        self.pick::<&str>(words)
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "Z",
            "0",
            " ",
            "'",
            "''",
            "\"",
            "\\",
            "/",
            "//",
            "..",
            "./",
            "%",
            "%2F",
            "%00",
            "#",
            "?",
            "&",
            "=",
            "+",
            ":",
            ";",
            ",",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            "<",
            ">",
            "@",
            "$",
            "\n",
            "\r\n",
            "\t",
            "\0",
            "\u{7f}",
            "\u{202e}",
            "\u{feff}",
            "\u{fffd}",
            "é",
            "漢",
            "🦀",
            "e\u{301}",
            "microsoft.graph.",
            "@odata.type",
            "null",
            "eq",
            "-",
            "_",
            "~",
            "*",
        ];
        let mut text = String::new();
        for _ in 0..self.below(12) {
            text.push_str(self.word(PIECES));
        }
        text
    }
}
