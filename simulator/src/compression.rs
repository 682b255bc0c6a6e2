//! The compression of responses, if the client accepts it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

use crate::answer::Answer;
use crate::request::Request;

/// The size of the smallest body that is compressed, in bytes.
const SMALLEST: usize = 1_024;

/// Compresses the JSON of a response with gzip, unless the client does not accept it.
pub(crate) fn compressed(request: &Request, answer: Answer) -> Answer {
    let accepted = request.header(ACCEPT_ENCODING.as_str()).unwrap_or_default();
    let media_type = answer.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let is_json = media_type.is_some_and(|value| value.starts_with("application/json"));
    let is_final = [CONTENT_ENCODING, CONTENT_LENGTH]
        .iter()
        .any(|name| answer.headers.contains_key(name));
    if !is_json || is_final || answer.body.len() < SMALLEST || !accepts_gzip(&accepted) {
        return answer;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail. If it did, the response would stay as it is.
    let written = encoder.write_all(&answer.body);
    match written.and_then(|()| encoder.finish()) {
        Ok(bytes) => Answer {
            body: bytes.into(),
            ..answer
        }
        .with(CONTENT_ENCODING, "gzip"),
        Err(_) => answer,
    }
}

/// Checks whether `Accept-Encoding` permits gzip, and does not prefer an uncompressed response
/// (RFC 9110, 12.5.3).
fn accepts_gzip(accepted: &str) -> bool {
    let weight = |wanted: &[&str]| {
        accepted.split(',').find_map(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let name = name.trim().to_ascii_lowercase();
            let weight = parameters.trim().strip_prefix("q=");
            let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0_f64));
            wanted.contains(&name.as_str()).then_some(weight)
        })
    };
    let gzip = weight(&["gzip", "x-gzip"]).or_else(|| weight(&["*"]));
    let gzip = gzip.unwrap_or_default();
    gzip > 0.0 && gzip >= weight(&["identity"]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::accepts_gzip;

    #[test]
    fn gzip_is_accepted_as_the_header_says() {
        for accepted in [
            "gzip",
            "gzip, deflate, br",
            "deflate, GZIP;q=0.5",
            "*",
            "identity;q=0.5, *;q=0.8",
            "x-gzip",
        ] {
            assert!(accepts_gzip(accepted), "{accepted}");
        }
        for refused in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip; q=0, *",
            "identity, gzip;q=0.5",
            "gzip;q=x",
        ] {
            assert!(!accepts_gzip(refused), "{refused}");
        }
    }
}
