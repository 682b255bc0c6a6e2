//! The names of tests.

use super::rust::{Kind, Token};
use super::source::Source;
use super::{Rule, Violation};

/// The largest number of words in the name of a test.
const WORDS: usize = 8;

/// Checks that the name of each test has few words and no number of a case.
pub fn check(source: &Source<'_>) -> Vec<Violation> {
    let named = tests(&source.tokens);
    named
        .filter_map(|name| {
            let words: Vec<_> = name
                .text
                .split('_')
                .filter(|word| !word.is_empty())
                .collect();
            let is_numbered = words
                .windows(2)
                .any(|pair| pair[0] == "case" && pair[1].starts_with(|c: char| c.is_ascii_digit()));
            let advice = if is_numbered {
                format!(
                    "the test `{}` has a number: name the subject, the condition and the result, \
                     and link a report in a comment",
                    name.text
                )
            } else if words.len() > WORDS {
                format!(
                    "the name of the test `{}` has {} words: at most {WORDS}, for the subject, the \
                     condition and the result",
                    name.text,
                    words.len()
                )
            } else {
                return None;
            };
            Some(source.violation(name.line, Rule::Tests, advice))
        })
        .collect()
}

/// Returns the name of each function with an attribute `test`, such as `#[tokio::test]`.
fn tests<'s, 't>(tokens: &'s [Token<'t>]) -> impl Iterator<Item = Token<'t>> + 's {
    let mut is_test = false;
    tokens
        .windows(2)
        .enumerate()
        .filter_map(move |(at, pair)| match (pair[0].text, pair[1].text) {
            ("#", "[") => {
                let attribute = tokens.get(at + 2..).unwrap_or_default().iter();
                let mut path = attribute.take_while(|t| t.kind == Kind::Word || t.text == ":");
                is_test |= path.by_ref().last().is_some_and(|last| last.text == "test");
                None
            }
            ("fn", _) => std::mem::take(&mut is_test).then_some(pair[1]),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::super::source::Language;
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let source = Source::parse("x.rs", Language::Rust, text);
        check(&source).iter().map(|found| found.line).collect()
    }

    #[test]
    fn long_and_numbered_names_are_violations() {
        assert_eq!(found("#[test]\nfn a_b_c_d_e_f_g_h_i() {}\n"), [2]);
        assert_eq!(
            found("#[tokio::test(flavor = \"x\")]\nasync fn case_3_1_a() {}\n"),
            [2]
        );
        assert_eq!(found("#[test]\n#[cfg(a)]\nfn a_case_7() {}\n"), [3]);
    }

    #[test]
    fn short_names_and_other_functions_are_allowed() {
        assert!(found("#[test]\nfn retry_after_date_uses_response_clock() {}\n").is_empty());
        assert!(found("#[test]\nfn a() {}\nfn a_b_c_d_e_f_g_h_i() {}\n").is_empty());
        assert!(found("#[cfg(test)]\nmod tests { fn a_b_c_d_e_f_g_h_i() {} }\n").is_empty());
    }
}
