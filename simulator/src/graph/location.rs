//! The path of an entity.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Graph;
use crate::store::{Id, Relation};

/// The characters of an id that are encoded in a URL. Letters, digits and most characters of
/// `pchar` (RFC 3986) stay as they are; a `+` is encoded to avoid doubt.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'!')
    .remove(b'\'')
    .remove(b'=')
    .remove(b',')
    .remove(b':')
    .remove(b'@');

impl Graph<'_> {
    /// Returns the path of an entity: `/users('…')/messages('…')`, `/drives('…')/items('…')`.
    pub(crate) fn location(&self, id: Id) -> String {
        self.location_with(id, ENCODED)
    }

    /// Returns the path of an entity. The keys in it are encoded by `set`.
    pub(super) fn location_with(&self, id: Id, set: &'static AsciiSet) -> String {
        let quoted = |key: &str| {
            let key = key.replace('\'', "''");
            format!("('{}')", utf8_percent_encode(&key, set))
        };
        let tenant = &self.tenant;
        let store = &tenant.store;
        let mut segments: Vec<String> = Vec::new();
        let mut inside = false;
        for (_, entity) in store.ancestors(id) {
            // A drive finds all of its items directly, at any depth.
            let item = entity.kind == "microsoft.graph.driveItem";
            if item && std::mem::replace(&mut inside, true) {
                continue;
            }
            inside = item;
            if let Some(set) = tenant.home(&entity.kind) {
                segments.push(format!("/{set}{}", quoted(&entity.key)));
                break;
            }
            let Some((owner, relation)) = &entity.parent else {
                continue;
            };
            if item {
                segments.push(format!("/items{}", quoted(&entity.key)));
            } else if matches!(store.relation(*owner, relation), Some(Relation::One(_))) {
                segments.push(format!("/{relation}"));
            } else {
                segments.push(format!("/{relation}{}", quoted(&entity.key)));
            }
        }
        segments.reverse();
        segments.concat()
    }
}
