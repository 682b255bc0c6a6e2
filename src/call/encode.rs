//! Percent-encoding, done once and in one place.
//!
//! Text from the caller is plain data until it is put into a URL, and is encoded at that moment.
//! Every byte outside the unreserved set of [RFC 3986,
//! 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) is encoded. An id that already holds
//! `%2F` is an id with a percent sign in it, so it becomes `%252F`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All characters outside RFC 3986 `unreserved`.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The set for names of query options: `$filter`, `@microsoft.graph.conflictBehavior`. `$` and `@`
/// may occur in a query (RFC 3986, 3.4), and Graph's documentation writes them unencoded.
const NAME: &AsciiSet = &VALUE.remove(b'$').remove(b'@');

/// The set for `$select`, `$expand` and `$orderby`, which are lists of names. The characters that
/// join the names are OData's grammar and not data:
/// `fields($select=Title;$top=5),from/emailAddress`. RFC 3986, 3.4 allows all of these characters
/// in a query, Graph's documentation writes them unencoded, and a URL in a log stays readable.
/// Characters that could end or change the value (`&`, `#`, `+`, `%`, `'`, spaces, everything
/// outside ASCII) are encoded as anywhere else. `$filter` and `$search` hold the caller's data
/// between their operators, so every reserved character in them is encoded.
const LIST: &AsciiSet = &VALUE
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b';')
    .remove(b'=')
    .remove(b'$')
    .remove(b'/')
    .remove(b'*');

/// The characters that cannot occur in a URL that the caller has already encoded. All other
/// characters keep their meaning.
const WRITTEN: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'^');

/// Appends one path segment or one query value.
pub(crate) fn push_value(url: &mut String, value: &str) {
    url.extend(utf8_percent_encode(value, VALUE));
}

/// Appends the name of a query option.
pub(crate) fn push_name(url: &mut String, name: &str) {
    url.extend(utf8_percent_encode(name, NAME));
}

/// Appends the value of `$select`, `$expand` or `$orderby`.
pub(crate) fn push_list(url: &mut String, list: &str) {
    url.extend(utf8_percent_encode(list, LIST));
}

/// Appends a piece of a URL that is already encoded.
pub(crate) fn push_written(url: &mut String, text: &str) {
    url.extend(utf8_percent_encode(text, WRITTEN));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(push: fn(&mut String, &str), text: &str) -> String {
        let mut url = String::new();
        push(&mut url, text);
        url
    }

    #[test]
    fn unreserved_characters_are_not_encoded() {
        let unreserved = "ABCXYZabcxyz0189-._~";
        for push in [push_value, push_name, push_list, push_written] {
            assert_eq!(encoded(push, unreserved), unreserved);
        }
    }

    #[test]
    fn all_other_ascii_characters_are_encoded() {
        for byte in 0..=0x7fu8 {
            let sign = char::from(byte);
            let stays = sign.is_ascii_alphanumeric() || "-._~".contains(sign);
            let wanted = if stays {
                sign.to_string()
            } else {
                format!("%{byte:02X}")
            };
            assert_eq!(encoded(push_value, &sign.to_string()), wanted);
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#744, microsoftgraph/msgraph-sdk-dotnet#914.
    #[test]
    fn plus_in_query_is_not_sent_as_space() {
        assert_eq!(
            encoded(push_value, "mail eq 'a+b@c.d'"),
            "mail%20eq%20%27a%2Bb%40c.d%27"
        );
        assert_eq!(encoded(push_list, "a+b c"), "a%2Bb%20c");
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#2251.
    #[test]
    fn astral_characters_are_encoded_as_utf8() {
        assert_eq!(encoded(push_value, "'🛡️_'"), "%27%F0%9F%9B%A1%EF%B8%8F_%27");
    }

    #[test]
    fn list_syntax_is_kept_and_data_encoded() {
        assert_eq!(
            encoded(
                push_list,
                "members($select=id,mail;$filter=name eq 'a&b#c%d')"
            ),
            "members($select=id,mail;$filter=name%20eq%20%27a%26b%23c%25d%27)"
        );
    }
}
