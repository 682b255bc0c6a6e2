//! Safe printing of text and addresses.

use std::fmt::{self, Write as _};

use super::{REDACTED, is_secret_name};

/// Text from outside, printed without secrets. It omits tokens, secret parameters of addresses, and
/// the user and password before a host.
///
/// Both `Debug` and `Display` redact. `Debug` puts quotes around it, as for any text.
pub struct Text<'a>(pub &'a str);

/// Returns the text without secrets.
pub fn text(of: impl Into<String>) -> String {
    let of = of.into();
    match is_suspicious(&of) {
        true => Text(&of).to_string(),
        false => of,
    }
}

/// The characters that end an address or a token in running text.
const ENDS: [char; 8] = ['"', '\'', '<', '>', '`', '(', ')', '\\'];

/// The query parameters that grant access, in addition to those whose names indicate a secret in
/// any place.
const SECRET_PARAMETERS: [&str; 6] = ["auth", "authkey", "code", "sig", "signature", "tempauth"];

/// Checks whether the text can contain anything to redact. Nearly all text is printed unchanged.
fn is_suspicious(text: &str) -> bool {
    text.contains(['=', '@', '.']) || text.contains(' ')
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_end = |sign: char| sign.is_whitespace() || ENDS.contains(&sign);
        let mut after_scheme = false;
        for piece in self.0.split_inclusive(is_end) {
            let token = piece.trim_end_matches(is_end);
            let end = piece.get(token.len()..).unwrap_or_default();
            if after_scheme && !token.is_empty() && !is_noun(token) {
                f.write_str(REDACTED)?;
            } else {
                write_token(token, f)?;
            }
            f.write_str(end)?;
            if !token.is_empty() {
                // `Authorization: Bearer …`
                after_scheme = token.eq_ignore_ascii_case("bearer");
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match is_suspicious(self.0) {
            true => fmt::Debug::fmt(&self.to_string(), f),
            false => fmt::Debug::fmt(self.0, f),
        }
    }
}

/// Checks whether a word after "bearer" makes a sentence of it: "no bearer token was sent".
fn is_noun(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| sign.is_ascii_punctuation());
    let is = |noun: &&str| word.eq_ignore_ascii_case(noun);
    ["token", "tokens", "authentication"].iter().any(is)
}

/// Writes a piece of text without white space.
fn write_token(token: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_jwt(token) {
        return f.write_str(REDACTED);
    }
    let mut rest = token;
    while let Some((before, address)) = rest.split_once("://") {
        write_parameters(before, f)?;
        f.write_str("://")?;
        let host_ends = address.find(['/', '?', '#']).unwrap_or(address.len());
        let (authority, path) = address.split_at(host_ends);
        match authority.rsplit_once('@') {
            Some((_, host)) => write!(f, "{REDACTED}@{host}")?,
            None => write_parameters(authority, f)?,
        }
        rest = path;
    }
    write_parameters(rest, f)
}

/// Writes text with the values of its secret parameters left out: `?sig=[redacted]`.
fn write_parameters(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut in_query = false;
    for piece in text.split_inclusive(['?', '&', '#', ';', ',']) {
        let parameter = piece.trim_end_matches(['?', '&', '#', ';', ',']);
        let end = piece.get(parameter.len()..).unwrap_or_default();
        match parameter.split_once('=') {
            Some((name, value)) if is_secret_parameter(name, value, in_query) => {
                write!(f, "{name}={REDACTED}")?;
            }
            _ if is_jwt(parameter) => f.write_str(REDACTED)?,
            _ => f.write_str(parameter)?,
        }
        f.write_str(end)?;
        in_query |= end.contains(['?', '&', '#']);
    }
    Ok(())
}

fn is_secret_parameter(name: &str, value: &str, in_query: bool) -> bool {
    if value.is_empty() {
        return false;
    }
    // `$skiptoken` and `$deltatoken` mark a position in a collection, and need an access token to
    // be of use.
    if name.starts_with('$') || name.starts_with("%24") {
        return false;
    }
    // The value is an address within an address. Its parameters cannot be separated.
    let is_nested = value.contains("%3D") || value.contains("%3d");
    let is_named = |of: &&str| name.eq_ignore_ascii_case(of);
    is_jwt(value)
        || is_secret_name(name)
        || in_query && (is_nested || SECRET_PARAMETERS.iter().any(is_named))
}

/// Checks whether text has the form of a JWT: three parts in base64url, the first one an object.
fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| {
        part.bytes()
            .all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_' | b'='))
    };
    text.starts_with("eyJ") && text.matches('.').count() >= 2 && text.split('.').all(is_part)
}

/// An address that the caller gave, printed without the user and password before its host, and
/// without its query and fragment.
///
/// It need not be a URL. A part that cannot be recognized is left out.
pub struct Address<'a>(pub &'a str);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, self.0),
        };
        if let Some(scheme) = scheme {
            write!(f, "{scheme}://")?;
        }
        // An unencoded password may contain any character. Everything before the last `@` may be
        // part of it.
        let rest = match rest.rsplit_once('@') {
            Some((_, host)) => {
                write!(f, "{REDACTED}@")?;
                host
            }
            None => rest,
        };
        match rest.find(['?', '#']) {
            Some(at) => {
                let (path, query) = rest.split_at(at);
                f.write_str(path)?;
                f.write_char(query.chars().next().unwrap_or('?'))?;
                f.write_str(REDACTED)
            }
            None => f.write_str(rest),
        }
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_secrets_is_unchanged() {
        for same in [
            "",
            "Resource 'adele@contoso.com' does not exist.",
            "https://graph.microsoft.com/v1.0/users?$top=5&$skiptoken=RFNwdA",
            "https://contoso.sharepoint.com/Documents/a b.docx?web=1",
            "a == b, version=2; see https://aka.ms/x.",
            "AADSTS7000215: Invalid client.",
        ] {
            assert_eq!(Text(same).to_string(), same);
            assert_eq!(text(same), same);
        }
    }

    #[test]
    fn secret_parameters_and_credentials_are_left_out() {
        for (full, printed) in [
            (
                "https://a.blob.core.windows.net/c/f?sv=2024&se=1&sig=hush%2B&x=1",
                "https://a.blob.core.windows.net/c/f?sv=2024&se=1&sig=[redacted]&x=1",
            ),
            (
                "see <https://c.sharepoint.com/f?tempauth=hush.hush>, now",
                "see <https://c.sharepoint.com/f?tempauth=[redacted]>, now",
            ),
            (
                "password=hush;url=https://a/https://u:hush@b/?x=http://c&sig=hush",
                "password=[redacted];url=https://a/https://[redacted]@b/?x=http://c&sig=[redacted]",
            ),
            (
                "https://user:hush@proxy.example:8080/x",
                "https://[redacted]@proxy.example:8080/x",
            ),
            (
                "https://f.example/api/hook?code=hush",
                "https://f.example/api/hook?code=[redacted]",
            ),
            (
                "https://f.example/#access_token=hush&id_token=hush",
                "https://f.example/#access_token=[redacted]&id_token=[redacted]",
            ),
            (
                "https://f.example/?to=https%3A%2F%2Fx%3Fsig%3Dhush",
                "https://f.example/?to=[redacted]",
            ),
            (
                "Endpoint=sb://x/;SharedAccessKey=hush",
                "Endpoint=sb://x/;SharedAccessKey=[redacted]",
            ),
            (
                "Authorization: Bearer hush",
                "Authorization: Bearer [redacted]",
            ),
            ("got eyJhbGciOi.eyJzdWIi.hush-_ here", "got [redacted] here"),
        ] {
            assert_eq!(Text(full).to_string(), printed);
            assert_eq!(text(full), printed);
        }
    }

    #[test]
    fn address_is_printed_without_query_and_credentials() {
        for (full, printed) in [
            ("https://graph.example/v1.0", "https://graph.example/v1.0"),
            (
                "https://u:hush@graph.example/v1.0",
                "https://[redacted]@graph.example/v1.0",
            ),
            (
                "https://u:hu/sh?x#@graph.example",
                "https://[redacted]@graph.example",
            ),
            ("u:hu sh@graph.example", "[redacted]@graph.example"),
            (
                "https://graph.example?code=hush#x",
                "https://graph.example?[redacted]",
            ),
            ("graph.example#hush", "graph.example#[redacted]"),
            ("", ""),
        ] {
            assert_eq!(Address(full).to_string(), printed);
        }
    }
}
