//! A fixup for the response of copying a notebook, a section or a page.
//!
//! The description declares that it returns the operation that copies. It returns 202 with only an
//! `Operation-Location`, at which the progress can be requested (Graph's pages
//! `notebook-copynotebook`, `section-copytonotebook`, `section-copytosectiongroup` and
//! `page-copytosection`).

use anyhow::Result;

use crate::fixups::walk;
use crate::json::Json;
use crate::path::own_name;

const COPIES: [&str; 4] = [
    "copyNotebook",
    "copyToNotebook",
    "copyToSection",
    "copyToSectionGroup",
];

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, method, operation| {
        if method == "post"
            && COPIES.contains(&own_name(path))
            && walk::declared_answer(operation) == Some("microsoft.graph.onenoteOperation")
        {
            walk::declare_no_content(operation);
            count += 1;
        }
    });
    Ok(count)
}
