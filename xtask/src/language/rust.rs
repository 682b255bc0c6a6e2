//! The comments and tokens of Rust code, from the compiler's own lexer.

use ra_ap_rustc_lexer::{DocStyle, FrontmatterAllowed, LiteralKind, TokenKind, tokenize};

/// A token other than a comment or white space.
#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    /// The line on which it begins, from 1.
    pub line: usize,
    pub kind: Kind,
    pub text: &'t str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// A string literal of any form, with its quotes.
    Text,
    Other,
}

/// A line of a comment, without its marker.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'t> {
    pub line: usize,
    pub is_doc: bool,
    /// The marker: `//`, `///`, `//!`, or that of a block.
    pub marker: &'t str,
    pub text: &'t str,
    /// `true` if code stands before it on its line.
    pub is_trailing: bool,
}

/// Splits Rust code into its tokens and the lines of its comments.
pub fn split(text: &str) -> (Vec<Token<'_>>, Vec<Comment<'_>>) {
    let (mut tokens, mut comments) = (Vec::new(), Vec::new());
    let (mut rest, mut line, mut last_code) = (text, 1, 0);
    for token in tokenize(text, FrontmatterAllowed::No) {
        let Some((content, after)) = rest.split_at_checked(token.len as usize) else {
            break;
        };
        rest = after;
        match token.kind {
            TokenKind::Whitespace => {}
            TokenKind::LineComment { doc_style } | TokenKind::BlockComment { doc_style, .. } => {
                let marker = marker(content, doc_style);
                let body = content.strip_prefix(marker).unwrap_or(content);
                let body = match marker.starts_with("/*") {
                    true => body.strip_suffix("*/").unwrap_or(body),
                    false => body,
                };
                // Not `lines`, which has none for an empty comment.
                let lines = body.split('\n').enumerate();
                comments.extend(lines.map(|(at, text)| Comment {
                    line: line + at,
                    is_doc: doc_style.is_some(),
                    marker,
                    text: text.trim_end(),
                    is_trailing: at == 0 && last_code == line,
                }));
            }
            kind => {
                let kind = match kind {
                    TokenKind::Ident | TokenKind::RawIdent => Kind::Word,
                    TokenKind::Literal { kind, .. } if is_text(kind) => Kind::Text,
                    _ => Kind::Other,
                };
                tokens.push(Token {
                    line,
                    kind,
                    text: content,
                });
                last_code = line + content.matches('\n').count();
            }
        }
        line += content.matches('\n').count();
    }
    (tokens, comments)
}

fn marker(content: &str, style: Option<DocStyle>) -> &'static str {
    match (content.starts_with("/*"), style) {
        (false, None) => "//",
        (false, Some(DocStyle::Outer)) => "///",
        (false, Some(DocStyle::Inner)) => "//!",
        (true, None) => "/*",
        (true, Some(DocStyle::Outer)) => "/**",
        (true, Some(DocStyle::Inner)) => "/*!",
    }
}

const fn is_text(kind: LiteralKind) -> bool {
    matches!(
        kind,
        LiteralKind::Str { .. }
            | LiteralKind::ByteStr { .. }
            | LiteralKind::CStr { .. }
            | LiteralKind::RawStr { .. }
            | LiteralKind::RawByteStr { .. }
            | LiteralKind::RawCStr { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_markers_in_strings_are_text() {
        let (tokens, comments) = split("let a = \"// no\"; // yes\nlet b = r#\"/// \" no\"#;\n");
        let texts: Vec<_> = tokens.iter().filter(|t| t.kind == Kind::Text).collect();
        assert_eq!(texts.len(), 2);
        assert_eq!((texts[1].line, texts[1].text), (2, "r#\"/// \" no\"#"));
        let [comment] = comments.as_slice() else {
            panic!("{comments:?}");
        };
        assert_eq!((comment.line, comment.text), (1, " yes"));
        assert!(comment.is_trailing && !comment.is_doc);
    }

    #[test]
    fn lines_are_counted_through_blocks_and_strings() {
        let (tokens, comments) = split("/* a\nb */ \"c\nd\"\n/// e\nfn f() {}");
        let lines: Vec<_> = comments.iter().map(|c| (c.line, c.text.trim())).collect();
        assert_eq!(lines, [(1, "a"), (2, "b"), (4, "e")]);
        let name = tokens.iter().find(|t| t.text == "f").expect("the name");
        assert_eq!(name.line, 5);
    }
}
