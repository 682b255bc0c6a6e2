//! Distinguishes requested HTML from an HTML page in place of the content.
//!
//! The rule is documented in the [module `download`](super#html-in-place-of-the-content).

use std::path::Path;

use http::header::CONTENT_DISPOSITION;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use url::Url;

use super::range::is_html;
use crate::error::{TransferError, TransferErrorKind};
#[cfg(feature = "files")]
use crate::models::DriveItem;

/// Extensions of files that a server may send as HTML.
const HTML: [&str; 15] = [
    "asp", "aspx", "cfm", "hta", "htm", "html", "jsp", "jspx", "mht", "mhtml", "php", "shtm",
    "shtml", "xht", "xhtml",
];

/// Extensions of local files that carry no information about their content.
const NEUTRAL: [&str; 10] = [
    "bak",
    "cache",
    "crdownload",
    "download",
    "part",
    "partial",
    "temp",
    "text",
    "tmp",
    "txt",
];

/// The information whether the content is HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Html,
    Other,
}

impl Hint {
    fn of(is_html: bool) -> Self {
        match is_html {
            true => Self::Html,
            false => Self::Other,
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let extension = extension(name)?;
        Some(Self::of(HTML.contains(&extension.as_str())))
    }
}

/// The caller's information about the content, besides the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    item: Option<Hint>,
    target: Option<Hint>,
}

impl Expected {
    #[cfg(feature = "files")]
    pub(super) fn note_item(&mut self, item: &DriveItem) {
        let of_name = item.name.as_deref().and_then(Hint::of_name);
        let media_type = item
            .file
            .as_ref()
            .and_then(|file| file.mime_type.as_deref());
        let of_type = media_type.map(|media_type| Hint::of(names_html(media_type)));
        self.item = match (of_name, of_type) {
            (Some(Hint::Html), _) | (_, Some(Hint::Html)) => Some(Hint::Html),
            (of_name, of_type) => of_name.or(of_type),
        };
    }

    pub(super) fn note_target(&mut self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let is_neutral = |name: &str| {
            extension(name).is_some_and(|extension| NEUTRAL.contains(&extension.as_str()))
        };
        self.target = name
            .filter(|name| !is_neutral(name))
            .and_then(|name| Hint::of_name(&name));
    }

    /// Checks whether a response has the expected kind of content. `url` and `accept` are those of
    /// the request, and `headers` those of the response.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::UnexpectedHtml`] if the response is HTML and the content is
    /// not.
    pub(crate) fn check(
        &self,
        url: &str,
        accept: Option<&HeaderValue>,
        headers: &HeaderMap,
    ) -> Result<(), TransferError> {
        if !is_html(headers) {
            return Ok(());
        }
        let url = Url::parse(url).ok();
        let hint = url
            .as_ref()
            .and_then(of_url)
            .or_else(|| accept.and_then(of_accept))
            .or(self.item)
            .or_else(|| url.as_ref().and_then(of_path))
            // Stored files are sent with this header, and pages that take their place are not.
            .or_else(|| {
                headers
                    .contains_key(CONTENT_DISPOSITION)
                    .then_some(Hint::Html)
            })
            .or(self.target);
        if hint != Some(Hint::Other) {
            return Ok(());
        }
        let message = "received an HTML page instead of the content: it may come from a sign-in \
                       page, a captive portal or a gateway";
        Err(TransferError::new(
            TransferErrorKind::UnexpectedHtml,
            message,
        ))
    }
}

/// Returns the hint of the URL: `?format=pdf`, or a page of OneNote, which is HTML.
fn of_url(url: &Url) -> Option<Hint> {
    let format = url
        .query_pairs()
        .find(|(name, _)| matches!(&**name, "format" | "$format"));
    if let Some((_, format)) = format {
        return Some(Hint::of(names_html(&format)));
    }
    let path = url.path().to_ascii_lowercase();
    path.contains("/onenote/pages/").then_some(Hint::Html)
}

/// Returns the hint of the header `Accept`, if it names one kind of content.
fn of_accept(accept: &HeaderValue) -> Option<Hint> {
    let accept = accept.to_str().ok()?;
    if names_html(accept) {
        return Some(Hint::Html);
    }
    let says_nothing = |media_type: &str| {
        media_type.contains('*')
            || media_type.contains("octet-stream")
            || media_type.contains("json")
    };
    (!accept.split(',').any(says_nothing)).then_some(Hint::Other)
}

/// Returns the hint of the name in `…/root:/Reports/2026.pdf:/content`.
fn of_path(url: &Url) -> Option<Hint> {
    let (before, _) = url.path().rsplit_once(":/")?;
    let (_, path) = before.rsplit_once(":/")?;
    let name = path.rsplit('/').next()?;
    Hint::of_name(&percent_decode_str(name).decode_utf8().ok()?)
}

fn names_html(media_type: &str) -> bool {
    media_type.to_ascii_lowercase().contains("html")
}

/// Returns the extension of a name in lower case. `v1.2` and `.gitignore` have none.
fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_extension = !stem.is_empty()
        && (1..=12).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_extension.then(|| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    fn check(
        expected: &Expected,
        path: &str,
        accept: Option<&'static str>,
        headers: &HeaderMap,
    ) -> Result<(), TransferError> {
        let url = format!("https://graph.microsoft.com/v1.0{path}");
        expected.check(&url, accept.map(HeaderValue::from_static).as_ref(), headers)
    }

    fn html() -> HeaderMap {
        let html = HeaderValue::from_static("text/HTML; charset=utf-8");
        [(CONTENT_TYPE, html)].into_iter().collect()
    }

    fn is_refused(expected: &Expected, path: &str, accept: Option<&'static str>) -> bool {
        check(expected, path, accept, &html()).is_err()
    }

    #[test]
    fn request_determines_whether_html_is_expected() {
        for (path, accept, refused) in [
            ("/me/drive/root:/a.pdf:/content", None, true),
            ("/me/drive/root:/a/b%20c.D%4fCX:/content", None, true),
            ("/me/drive/items/1:/a.zip:/content", None, true),
            ("/me/drive/root:/a.html:/content", None, false),
            ("/me/drive/root:/a.pdf/Index.HTM:/content", None, false),
            ("/me/drive/root:/site.aspx:/content", None, false),
            ("/me/drive/root:/README:/content", None, false),
            ("/me/drive/root:/report%20v1.2:/content", None, false),
            ("/me/drive/root:/.profile:/content", None, false),
            ("/me/drive/items/1/content", None, false),
            ("/me/drive/items/a.pdf/content", None, false),
            ("/me/drive/root:/a.docx:/content?format=html", None, false),
            ("/me/drive/root:/a.htm:/content?format=pdf", None, true),
            ("/me/drive/items/1/content?format=pdf", None, true),
            ("/me/onenote/pages/1/content", None, false),
            ("/me/onenote/pages/1/content", Some("text/html"), false),
            ("/c/m/t/content", Some("text/vtt"), true),
            ("/c/m/t/content", Some("text/vtt, */*;q=0.1"), false),
            ("/c/m/t/content", Some("application/octet-stream"), false),
            ("/me/photo/$value", Some("image/*"), false),
            ("/me/photo/$value", Some("image/jpeg"), true),
        ] {
            let is_refused = is_refused(&Expected::default(), path, accept);
            assert_eq!(is_refused, refused, "{path} {accept:?}");
        }
    }

    #[test]
    fn item_determines_whether_html_is_expected() {
        for (item, refused) in [
            (r#"{"file":{"mimeType":"application/pdf"}}"#, true),
            (r#"{"name":"a.pdf","file":{}}"#, true),
            (
                r#"{"name":"a","file":{"mimeType":"application/octet-stream"}}"#,
                true,
            ),
            (r#"{"name":"a","file":{"mimeType":"text/html"}}"#, false),
            (
                r#"{"name":"a.html","file":{"mimeType":"application/octet-stream"}}"#,
                false,
            ),
            (r#"{"name":"a","file":{}}"#, false),
            ("{}", false),
        ] {
            let mut expected = Expected::default();
            expected.note_item(&serde_json::from_str(item).unwrap());
            let is_refused = is_refused(&expected, "/me/drive/items/1/content", None);
            assert_eq!(is_refused, refused, "{item}");
        }
    }

    #[test]
    fn target_determines_whether_html_is_expected() {
        for (path, target, refused) in [
            ("/me/drive/items/1/content", "/tmp/a.pdf", true),
            ("/me/drive/items/1/content", "a.html", false),
            ("/me/drive/items/1/content", "a.html.tmp", false),
            ("/me/drive/items/1/content", "a", false),
            ("/me/drive/root:/a.html:/content", "a.pdf", false),
            ("/me/onenote/pages/1/content", "a.pdf", false),
        ] {
            let mut expected = Expected::default();
            expected.note_target(Path::new(target));
            assert_eq!(is_refused(&expected, path, None), refused, "{target}");
            // The response for a stored file contains the file's name.
            let mut headers = html();
            let attachment = HeaderValue::from_static("attachment; filename=\"a.html\"");
            headers.insert(CONTENT_DISPOSITION, attachment);
            check(&expected, path, None, &headers).unwrap();
        }
    }

    #[test]
    fn other_content_is_never_refused() {
        let mut expected = Expected::default();
        expected.note_target(Path::new("a.html"));
        for headers in [
            HeaderMap::new(),
            [(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]
                .into_iter()
                .collect(),
        ] {
            let path = "/me/drive/root:/a.html:/content";
            check(&expected, path, None, &headers).unwrap();
        }
    }
}
