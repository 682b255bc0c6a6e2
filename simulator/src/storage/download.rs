//! The URLs from which a file is downloaded: valid for some minutes, without a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, LAST_MODIFIED};
use http::{Method, StatusCode};

use super::{Storage, range};
use crate::answer::Answer;
use crate::clock::http_date;
use crate::core::State;
use crate::description::Description;
use crate::domain::Tenant;
use crate::fault::Quirk;
use crate::request::Request;
use crate::store::{Content, Id};

/// The lifetime of a URL.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);

impl Storage {
    /// Returns the URL of a stream of an entity. `query` selects a conversion: `format=pdf`.
    pub(crate) fn download_url(
        &self,
        id: Id,
        stream: &str,
        query: &str,
        now: DateTime<Utc>,
    ) -> String {
        let expires = now
            .checked_add_signed(LIFETIME)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let text = format!(
            "{}|{}|{}|{stream}",
            id.number(),
            expires.timestamp(),
            self.epoch
        );
        let token = URL_SAFE_NO_PAD.encode(&text);
        let mark = crate::ids::hash(&text);
        let more = if query.is_empty() {
            String::new()
        } else {
            format!("&{query}")
        };
        format!("{}/download/{token}?tempauth={mark:016x}{more}", self.host)
    }

    /// Returns the entity and the stream of a URL, if the URL is still valid.
    fn source(&self, token: &str, query: &str, now: DateTime<Utc>) -> Option<(u64, String)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mark = format!("tempauth={:016x}", crate::ids::hash(&text));
        let known = query.split('&').any(|pair| pair == mark);
        let mut parts = text.splitn(4, '|');
        let id = parts.next()?.parse().ok()?;
        let expires: i64 = parts.next()?.parse().ok()?;
        let epoch: u32 = parts.next()?.parse().ok()?;
        let good = known && now.timestamp() < expires && epoch == self.epoch;
        good.then(|| Some((id, parts.next()?.to_owned())))?
    }
}

impl State {
    /// Sends a file, or a part of it.
    pub(super) fn download(
        &mut self,
        description: &Description,
        request: &Request,
        token: &str,
        quirk: Option<&Quirk>,
    ) -> Answer {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let now = self.clock.now();
        let Some((number, stream)) = self.storage.source(token, request.query(), now) else {
            // The servers behind these URLs do not respond with JSON.
            return Answer::bytes(
                StatusCode::FORBIDDEN,
                "application/xml",
                "<?xml version=\"1.0\" \
                 encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code><Message>The URL has \
                 expired.</Message></Error>",
            );
        };
        let found = self.store.numbered(number).and_then(|id| {
            let entity = self.store.get(id)?;
            let content = self.store.content(id, &stream)?;
            let name = entity.properties.get("name").and_then(|name| name.as_str());
            let tag = format!("\"{{{}}},{}\"", entity.key, entity.revision);
            let name = name.unwrap_or_default().to_owned();
            Some((id, content.clone(), name, tag))
        });
        let Some((id, content, name, tag)) = found else {
            return Answer::bytes(
                StatusCode::NOT_FOUND,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><html><body><h2>404 FILE NOT FOUND</h2></body></html>",
            );
        };
        if quirk == Some(&Quirk::ChangedContent) {
            self.complement(description, id, &stream, &content);
        }
        let pdf = request.query().split('&').any(|pair| pair == "format=pdf");
        let content = if pdf { printed(&content) } else { content };
        let length = content.bytes.len() as u64;
        // A range of another version than the one that the client knows returns the whole new
        // version.
        let same = request.header("if-range").is_none_or(|known| known == tag);
        let range = request.header("range").filter(|_| same);
        let answer = match range::asked(range.as_deref(), length) {
            range::Asked::All => Answer::bytes(StatusCode::OK, &content.media_type, content.bytes),
            range::Asked::Beyond => Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE)
                .with(CONTENT_RANGE, &format!("bytes */{length}")),
            range::Asked::Part(part) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                let bytes = content.bytes.slice(place(part.start)..place(part.end));
                Answer::bytes(StatusCode::PARTIAL_CONTENT, &content.media_type, bytes).with(
                    CONTENT_RANGE,
                    &format!("bytes {}-{}/{length}", part.start, part.end - 1),
                )
            }
        };
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_graphic() && *c != '"')
            .collect();
        answer
            .with(ACCEPT_RANGES, "bytes")
            .with(ETAG, &tag)
            .with(LAST_MODIFIED, &http_date(now))
            .with(
                CONTENT_DISPOSITION,
                &format!("attachment; filename=\"{name}\""),
            )
    }
}

impl State {
    /// Replaces each byte of a stream by its complement.
    fn complement(&mut self, description: &Description, id: Id, stream: &str, content: &Content) {
        let bytes: Vec<u8> = content.bytes.iter().map(|byte| !byte).collect();
        let now = self.clock.now();
        self.store.at(now);
        let mut tenant = Tenant {
            schemas: description.schemas(),
            store: &mut self.store,
            ids: &mut self.ids,
            synthesizes: false,
        };
        tenant.fill(id, stream, content.media_type.clone(), bytes.into(), now);
    }
}

/// Returns a file as a PDF: its text on one page (ISO 32000-1, 7.5).
fn printed(content: &Content) -> Content {
    let text = String::from_utf8_lossy(&content.bytes);
    let shown = text.replace(['\\', '(', ')', '\r', '\n'], " ");
    let page = format!("BT /F1 12 Tf 72 720 Td ({shown}) Tj ET");
    let bytes = format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 \
         R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 \
         R>>endobj\n4 0 obj<</Length {}>>stream\n{page}\nendstream endobj\ntrailer<</Root 1 0 \
         R>>\n%%EOF\n",
        page.len()
    );
    Content {
        media_type: "application/pdf".into(),
        bytes: bytes.into(),
    }
}
