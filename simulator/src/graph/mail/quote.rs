//! The text of replies and forwards: the comment, and the original message below it.

use chrono::DateTime;
use serde_json::{Map, Value, json};

use crate::domain::mail::QUOTE;

/// Returns the body of a response. Exchange writes it as HTML, with the time in UTC.
///
/// <https://learn.microsoft.com/graph/api/message-reply>
pub(super) fn body(comment: &str, original: &Map<String, Value>) -> Value {
    let content = format!(
        "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\
         </head><body>{comment}{QUOTE}<font face=\"Calibri, sans-serif\" \
         color=\"#000000\" style=\"font-size:11pt\">{}</font><div>&nbsp;</div></div>{}</body>\
         </html>",
        heading(original),
        quoted(original),
    );
    json!({ "contentType": "html", "content": content })
}

/// Returns the subject without its prefix, such as `RE: `: up to three letters before a colon, as
/// \[MS-OXCMSG\] defines `PidTagSubjectPrefix`.
pub(super) fn topic(subject: &str) -> &str {
    let prefix = subject.split_once(':').filter(|(prefix, _)| {
        let count = prefix.chars().count();
        (1..=3).contains(&count) && prefix.chars().all(char::is_alphabetic)
    });
    match prefix.and_then(|(_, rest)| rest.strip_prefix(' ')) {
        Some(rest) => rest.trim_start(),
        None => subject,
    }
}

/// Returns the lines that name the original message.
fn heading(original: &Map<String, Value>) -> String {
    let text = |name: &str| {
        original
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let sent = DateTime::parse_from_rfc3339(text("sentDateTime")).ok();
    let sent = sent.map(|sent| sent.format("%A, %B %-d, %Y %-I:%M:%S %p").to_string());
    let from = original.get("from").map(person).unwrap_or_default();
    let (to, cc) = (
        people(original, "toRecipients"),
        people(original, "ccRecipients"),
    );
    let lines = [
        ("From", from),
        ("Sent", sent.unwrap_or_default()),
        ("To", to),
        ("Cc", cc),
        ("Subject", escaped(text("subject"))),
    ];
    let lines = lines.into_iter().filter(|(_, value)| !value.is_empty());
    let lines = lines.map(|(name, value)| format!("<b>{name}:</b> {value}"));
    lines.collect::<Vec<_>>().join("<br>")
}

fn people(original: &Map<String, Value>, property: &str) -> String {
    let all = original.get(property).and_then(Value::as_array);
    let all: Vec<_> = all.into_iter().flatten().map(person).collect();
    all.join("; ")
}

fn person(recipient: &Value) -> String {
    let text = |name: &str| recipient["emailAddress"][name].as_str().unwrap_or_default();
    let (name, address) = (text("name"), text("address"));
    match name {
        "" => escaped(address),
        name if name == address => escaped(address),
        name => escaped(&format!("{name} <{address}>")),
    }
}

/// Returns the original body as HTML that fits into another body.
fn quoted(original: &Map<String, Value>) -> String {
    let text = |name: &str| {
        let value = original
            .get("body")
            .and_then(|body| body.get(name)?.as_str());
        value.unwrap_or_default()
    };
    let content = text("content");
    if text("contentType") != "html" {
        let lines: Vec<_> = content.lines().map(escaped).collect();
        return format!("<div>{}</div>", lines.join("<br>\r\n"));
    }
    let opened = content
        .find("<body")
        .and_then(|at| content.get(at..)?.split_once('>'));
    let inner = opened.map_or(content, |(_, inner)| inner);
    let inner = inner
        .rsplit_once("</body>")
        .map_or(inner, |(inner, _)| inner);
    inner.to_owned()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_no_prefix() {
        for (subject, expected) in [
            ("RE: Plan", "Plan"),
            ("Re: Plan", "Plan"),
            ("FW: Plan", "Plan"),
            ("Plan: B", "Plan: B"),
            ("10: Plan", "10: Plan"),
            ("RE:Plan", "RE:Plan"),
            ("", ""),
        ] {
            assert_eq!(topic(subject), expected, "{subject}");
        }
    }

    #[test]
    fn original_html_is_quoted_without_its_frame() {
        let original = json!({ "body": {
            "contentType": "html",
            "content": "<html><body class=\"x\"><p>Hi</p></body></html>",
        } });
        assert_eq!(quoted(original.as_object().unwrap()), "<p>Hi</p>");
        let original = json!({ "body": { "contentType": "text", "content": "1 < 2\nyes" } });
        let expected = "<div>1 &lt; 2<br>\r\nyes</div>";
        assert_eq!(quoted(original.as_object().unwrap()), expected);
    }
}
