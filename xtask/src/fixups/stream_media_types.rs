//! Declares the media type of streams that Graph returns in one form only.
//!
//! The converter writes `application/octet-stream` for every `Edm.Stream`, and the types of images
//! for every stream of a branding. Two of them are text:
//!
//! * Content and metadata of a transcript are WebVTT (Graph's page `calltranscript-get`). Graph
//!   rejects any other `Accept`, `*/*` included, with 400 "Invalid format"
//!   (<https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2505>,
//!   <https://github.com/Softeria/ms-365-mcp-server/pull/260>).
//! * `customCSS` of a branding is a style sheet (Graph's page `organizationalbranding-update`).

use anyhow::Result;

use crate::fixups::walk;
use crate::json::{Json, Members, object};

/// A kind of stream and its media type.
struct Stream {
    /// The collection or the navigation property above the stream.
    above: &'static str,
    /// The names of the streams.
    names: &'static [&'static str],
    media_type: &'static str,
}

const STREAMS: [Stream; 2] = [
    Stream {
        above: "/transcripts/",
        names: &["content", "metadataContent"],
        media_type: "text/vtt",
    },
    Stream {
        above: "/branding/",
        names: &["customCSS"],
        media_type: "text/css",
    },
];

pub fn apply(document: &mut Json) -> Result<usize> {
    let mut count = 0;
    walk::operations(document, &mut |path, _, operation| {
        let Some(media_type) = media_type(path) else {
            return;
        };
        count += usize::from(declare(
            walk::member(Some(operation), "requestBody"),
            media_type,
        ));
        let answers = walk::member(Some(operation), "responses").and_then(Json::as_object_mut);
        for (_, answer) in answers.into_iter().flatten() {
            count += usize::from(declare(Some(answer), media_type));
        }
    });
    Ok(count)
}

/// Returns the media type of the stream at a path, if it is in the table.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, name) = path.rsplit_once('/')?;
    let mut streams = STREAMS.iter();
    let stream = streams.find(|of| path.contains(of.above) && of.names.contains(&name))?;
    Some(stream.media_type)
}

/// Declares that bytes are of a media type, and returns whether there were any.
fn declare(body: Option<&mut Json>, media_type: &str) -> bool {
    let content = walk::member(body, "content").and_then(Json::as_object_mut);
    let Some(content) = content.filter(|content| is_stream(content)) else {
        return false;
    };
    let bytes = object([("type", "string".into()), ("format", "binary".into())]);
    content.clear();
    content.insert(media_type.to_owned(), object([("schema", bytes)]));
    true
}

/// Returns whether a body is bytes in each of its forms.
fn is_stream(content: &Members) -> bool {
    let is_bytes = |media: &Json| {
        let schema = media.get("schema");
        schema.is_some_and(|schema| schema.text("format") == Some("binary"))
    };
    !content.is_empty() && content.values().all(is_bytes)
}
