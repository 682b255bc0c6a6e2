//! Text of other people's on one line.

use std::fmt;

/// Prints text with every run of white space and control characters as one space, so that it stays on its line and
/// cannot move a terminal's cursor.
pub(super) struct OneLine<'a>(pub(super) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self
            .0
            .split(|sign: char| sign.is_whitespace() || sign.is_control());
        for (n, word) in words.filter(|word| !word.is_empty()).enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OneLine;

    #[test]
    fn white_space_and_control_characters_become_one_space() {
        assert_eq!(OneLine(" a\r\n\tb\u{1b}[2Jc ").to_string(), "a b [2Jc");
    }
}
