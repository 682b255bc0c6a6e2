//! Repairs of the description, one in each file, with its reason. They change the document in
//! place. Their output must have the normal form (`schema`).

mod app_packages;
mod arguments_in_operations;
mod arrays_in_paths;
mod base64_downloads;
mod body_required;
mod discriminators;
mod drive_item_copies;
mod empty_enums;
mod integers_as_numbers;
mod json_values;
mod nullable_references;
mod odata_types;
mod onenote_copies;
mod onenote_pages;
mod option_words;
mod page_bases;
mod plain_integers;
mod reference_bodies;
mod reference_numeric;
mod stream_media_types;
mod team_creation;
pub mod walk;

use anyhow::Result;

use crate::json::Json;

/// The documents that need a fixup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needed {
    /// The pinned document, in which the fixup must match.
    Pinned,
    /// Only older documents, which another version of the converter wrote.
    Older,
}

/// A repair of the description.
pub struct Fixup {
    pub name: &'static str,
    pub needed: Needed,
    /// Repairs the document and returns the number of repairs.
    pub apply: fn(&mut Json) -> Result<usize>,
}

const fn fixup(name: &'static str, needed: Needed, apply: fn(&mut Json) -> Result<usize>) -> Fixup {
    Fixup {
        name,
        needed,
        apply,
    }
}

/// All fixups, in the order in which they run.
pub const ALL: &[Fixup] = &[
    fixup("discriminators", Needed::Pinned, discriminators::apply),
    fixup("odata_types", Needed::Pinned, odata_types::apply),
    fixup(
        "reference_numeric",
        Needed::Pinned,
        reference_numeric::apply,
    ),
    fixup(
        "nullable_references",
        Needed::Pinned,
        nullable_references::apply,
    ),
    fixup("json_values", Needed::Older, json_values::apply),
    fixup(
        "integers_as_numbers",
        Needed::Pinned,
        integers_as_numbers::apply,
    ),
    fixup("plain_integers", Needed::Older, plain_integers::apply),
    fixup("option_words", Needed::Older, option_words::apply),
    fixup("page_bases", Needed::Pinned, page_bases::apply),
    fixup("empty_enums", Needed::Pinned, empty_enums::apply),
    fixup("arrays_in_paths", Needed::Pinned, arrays_in_paths::apply),
    fixup(
        "arguments_in_operations",
        Needed::Older,
        arguments_in_operations::apply,
    ),
    fixup("base64_downloads", Needed::Pinned, base64_downloads::apply),
    fixup(
        "stream_media_types",
        Needed::Pinned,
        stream_media_types::apply,
    ),
    fixup("reference_bodies", Needed::Pinned, reference_bodies::apply),
    fixup(
        "drive_item_copies",
        Needed::Pinned,
        drive_item_copies::apply,
    ),
    fixup("onenote_copies", Needed::Pinned, onenote_copies::apply),
    fixup("onenote_pages", Needed::Pinned, onenote_pages::apply),
    fixup("app_packages", Needed::Pinned, app_packages::apply),
    fixup("team_creation", Needed::Pinned, team_creation::apply),
    fixup("body_required", Needed::Pinned, body_required::apply),
];
