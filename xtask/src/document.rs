//! Reads an OpenAPI description, in JSON or YAML, plain or packed with xz.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::json::Json;
use crate::yaml;

/// The magic bytes of every `.xz` file (The .xz File Format, 2.1.1.1).
const XZ_MAGIC: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0x00];

/// A description as it was read.
pub struct Document {
    /// The name of the file, without folder and `.xz`.
    pub file: String,
    /// The digest of the unpacked JSON or YAML.
    pub sha256: String,
    pub json: Json,
}

impl Document {
    /// Reads `path`, plain or packed.
    pub fn read(path: &Path) -> Result<Document> {
        let shown = path.display();
        let (file, bytes) = read_bytes(path)?;
        Document::parse(file, &bytes).with_context(|| format!("cannot use {shown}"))
    }

    /// Parses the text itself. It is JSON if it begins like a JSON object, and YAML otherwise.
    pub fn parse(file: String, bytes: &[u8]) -> Result<Document> {
        let json: Json = match bytes.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(bytes).context("not JSON")?,
            _ => {
                let text = std::str::from_utf8(bytes).context("neither JSON nor YAML")?;
                yaml::read(text).context("neither JSON nor YAML")?
            }
        };
        let version = json.text("openapi").unwrap_or("none");
        ensure!(
            version.starts_with("3.0."),
            "/openapi: an OpenAPI 3.0 description is needed, this is version {version}"
        );
        Ok(Document {
            file,
            sha256: digest(bytes),
            json,
        })
    }
}

/// Reads `path`. The first bytes, not the name, show whether it is packed. Returns the file's name
/// without folder and `.xz`, and its unpacked content.
pub fn read_bytes(path: &Path) -> Result<(String, Vec<u8>)> {
    let shown = path.display();
    let mut bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    if bytes.starts_with(&XZ_MAGIC) {
        let mut unpacked = Vec::new();
        lzma_rust2::XzReader::new(bytes.as_slice(), true)
            .read_to_end(&mut unpacked)
            .with_context(|| format!("cannot unpack {shown}"))?;
        bytes = unpacked;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = name.strip_suffix(".xz").unwrap_or(&name).to_owned();
    Ok((file, bytes))
}

/// Returns the SHA-256 digest in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The HTTP methods of OpenAPI that Graph uses, in the order in which they are written.
pub const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];
