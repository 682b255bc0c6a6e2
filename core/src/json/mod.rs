//! Functions that examine possibly damaged JSON text without parsing it completely.

mod complete;
mod damaged;

pub use complete::{is_cut, open_string};
pub use damaged::{error_in, has_error_object, prefix};

/// Returns the text without a byte order mark and without surrounding white space.
pub fn trimmed(body: &[u8]) -> &[u8] {
    without_bom(body).trim_ascii()
}

/// Returns the text without the byte order mark that some of Graph's services write.
pub fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}
