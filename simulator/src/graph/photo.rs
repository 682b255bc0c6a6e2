//! Profile photos of users, groups, teams and contacts.
//!
//! <https://learn.microsoft.com/graph/api/resources/profilephoto>

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Graph;
use crate::answer::Answer;
use crate::domain::Below;
use crate::refusal::Refusal;
use crate::store::{Content, Id};

pub(super) const PHOTO: &str = "microsoft.graph.profilePhoto";

/// The sizes in which a photo is offered, if it is not smaller. The simulator does not scale
/// photos: each size has the bytes that were written.
const SIZES: [u32; 9] = [48, 64, 96, 120, 240, 360, 432, 504, 648];

impl Graph<'_> {
    /// Sets the properties of a photo from its bytes, and the sizes in which it is offered.
    pub(super) fn photo_written(&mut self, photo: Id) {
        let Some(content) = self.tenant.store.content(photo, "$value").cloned() else {
            return;
        };
        let size = dimensions(&content.bytes);
        let revision = self
            .tenant
            .store
            .get(photo)
            .map_or(0, |photo| photo.revision);
        self.tenant.store.change(photo, |photo| {
            photo.clear();
            photo.extend(properties(&content, size, revision));
        });
        self.offer_sizes(photo, Some((content, size)));
    }

    /// Removes a photo.
    pub(super) fn clear_photo(&mut self, photo: Id) -> Answer {
        self.tenant.store.remove_content(photo, "$value");
        self.tenant.store.change(photo, Map::clear);
        self.tenant.store.set_unknown(photo);
        self.offer_sizes(photo, None);
        Answer::empty(StatusCode::NO_CONTENT)
    }

    /// Replaces the sizes in which the photo of a user or a group is offered.
    fn offer_sizes(&mut self, photo: Id, offered: Option<(Content, Option<(u32, u32)>)>) {
        let entity = self.tenant.store.get(photo);
        let parent = entity.and_then(|photo| photo.parent.clone());
        let Some((owner, relation)) = parent.filter(|(_, relation)| relation == "photo") else {
            return;
        };
        let kind = self
            .tenant
            .store
            .get(owner)
            .map_or("", |owner| owner.kind.as_str());
        let sizes = format!("{relation}s");
        if self.tenant.schemas.property(kind, &sizes).is_none() {
            return;
        }
        for old in self.tenant.store.many(owner, &sizes) {
            self.tenant.store.remove(old);
        }
        let Some((content, Some((width, height)))) = offered else {
            return;
        };
        for size in SIZES.into_iter().filter(|size| *size <= width.min(height)) {
            let key = format!("{size}x{size}");
            let mut properties = properties(&content, Some((size, size)), 1);
            properties.insert("id".into(), json!(key));
            let place = Below::many(owner, &sizes);
            let id = self.tenant.make(place, PHOTO, Some(&key), properties);
            self.tenant.store.set_content(id, "$value", content.clone());
        }
    }
}

/// Returns the refusal to read a photo that does not exist.
pub(super) fn no_photo() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "ImageNotFound",
        "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was \
         thrown.",
    )
}

fn properties(content: &Content, size: Option<(u32, u32)>, revision: u64) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("@odata.mediaContentType".into(), json!(content.media_type));
    let etag = format!("\"{:08X}\"", crate::ids::hash(&revision.to_string()) as u32);
    properties.insert("@odata.mediaEtag".into(), json!(etag));
    if let Some((width, height)) = size {
        properties.insert("id".into(), json!(format!("{width}X{height}")));
        properties.insert("width".into(), json!(width));
        properties.insert("height".into(), json!(height));
    }
    properties
}

/// Reads the width and height of a JPEG, PNG or GIF. Returns `None` for other bytes.
fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let long = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        return Some((long(16)?, long(20)?));
    }
    if bytes.starts_with(b"GIF8") {
        let (width, height) = (word(6)?.swap_bytes(), word(8)?.swap_bytes());
        return Some((width.into(), height.into()));
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let mut at = 2;
    loop {
        let marker = *bytes.get(at + 1)?;
        if bytes.get(at) != Some(&0xff) {
            return None;
        }
        match marker {
            // Fill bytes may stand before a marker.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            // The start of a frame, except for tables that have a neighboring code.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((word(at + 7)?.into(), word(at + 5)?.into()));
            }
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::from(word(at + 2)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_read_from_headers() {
        let jpeg = [
            0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 0, 0xf0, 3,
        ];
        assert_eq!(dimensions(&jpeg), Some((240, 300)));
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x30";
        assert_eq!(dimensions(png), Some((64, 48)));
        assert_eq!(dimensions(b"GIF89a\x40\0\x30\0"), Some((64, 48)));
        for bytes in [
            &b""[..],
            b"png",
            b"\xff\xd8",
            b"\xff\xd8\xff\xe0",
            b"\xff\xd8\xff\xe0\0\0",
        ] {
            assert_eq!(dimensions(bytes), None, "{bytes:?}");
        }
    }
}
