//! Text from outside, made safe to print.

use std::fmt::{self, Write};

use super::text;

/// Text from outside on one line. Every run of white space and control characters becomes one
/// space.
///
/// The text stays on its line, cannot move a terminal's cursor, and cannot change the order in
/// which it is read. Tokens and secret parameters are left out.
pub struct OneLine<'a>(pub &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text(self.0);
        let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control());
        for (n, word) in words.filter(|word| !word.is_empty()).enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{}", Escaped(word))?;
        }
        Ok(())
    }
}

/// Text from outside, with invisible characters escaped: `\u{202e}`.
///
/// It is for text that is itself a part of a line, such as a JSON key, in which no character may be
/// lost.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sign in self.0.chars() {
            if sign.is_control() || is_invisible(sign) {
                write!(f, "{}", sign.escape_unicode())?;
            } else {
                f.write_char(sign)?;
            }
        }
        Ok(())
    }
}

/// Checks whether a character is invisible and changes how others are shown. Examples are line
/// separators, direction marks, joiners and tags.
///
/// These are the format characters (category Cf) that Unicode's report 36 warns of, and the line
/// separators. <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>
fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_text_are_left_out() {
        assert_eq!(
            OneLine("see\nhttps://u:hush@a.example/?sig=hush").to_string(),
            "see https://[redacted]@a.example/?sig=[redacted]"
        );
    }

    #[test]
    fn white_space_and_control_characters_become_one_space() {
        assert_eq!(OneLine(" a\r\n\tb\u{1b}[2Jc ").to_string(), "a b [2Jc");
    }

    #[test]
    fn bidirectional_characters_are_escaped() {
        assert_eq!(
            OneLine("a\u{202e}b \u{2066}c").to_string(),
            r"a\u{202e}b \u{2066}c"
        );
        assert_eq!(
            Escaped("x\u{200f}\u{7}\ny").to_string(),
            r"x\u{200f}\u{7}\u{a}y"
        );
        assert_eq!(Escaped("Zoë 😀").to_string(), "Zoë 😀");
    }
}
