//! Copying a notebook, a section or a page is declared to answer the operation that copies it. It answers 202 with nothing
//! but an `Operation-Location` to ask how far that is (Graph's pages `notebook-copynotebook`, `section-copytonotebook`,
//! `section-copytosectiongroup` and `page-copytosection`).

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
