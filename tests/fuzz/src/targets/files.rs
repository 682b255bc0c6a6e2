//! Downloads and uploads.

use arbitrary::Unstructured;
use msgraph::upload::Source;

use super::answers::headers;
use super::{Fault, Outcome, Reply, World, measured, printable};
use crate::input::Choices;
use crate::json::damage;

/// Feeds ranges and lengths that do not match.
pub(super) async fn download(world: &World, bytes: &[u8]) -> Outcome {
    const CONTENT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    const RANGES: &[&str] = &[
        "bytes 4-11/36",
        "bytes 4-11/*",
        "bytes 0-35/36",
        "bytes 4-3/36",
        "bytes 4-18446744073709551615/36",
        "bytes 18446744073709551614-18446744073709551615/18446744073709551615",
        "bytes */36",
        "items 4-11/36",
        "bytes 4-11/5",
        "4-11/36",
    ];
    let mut input = Unstructured::new(bytes);
    let status = *input.pick(&[206_u16, 206, 206, 200, 416, 204]);
    let begin = *input.pick(&[0, 4, 4, 4, 5, 36]);
    let end = *input.pick(&[12, 12, 12, 36, 4, 13]);
    // A 200 is the content from its beginning.
    let begin = if status == 200 { 0 } else { begin };
    let body = CONTENT.get(begin..end).unwrap_or_default().to_vec();
    let range = *input.pick(RANGES);
    let reply = Reply {
        status,
        headers: vec![("content-range".into(), range.as_bytes().to_vec())],
        body,
    };
    let reply = match input.once_in(2) {
        true => headers(&mut input, reply),
        false => reply,
    };
    world.canned.set([reply]);
    let call = async {
        let item = world.graph.drives().id("d").items().id("i");
        let stream = item.content().get().stream().range(4..12);
        let mut stream = stream.first_wait(std::time::Duration::ZERO).await?;
        let mut got = Vec::new();
        while let Some(part) = stream.try_next().await? {
            got.extend_from_slice(&part);
            if got.len() > 1 << 20 {
                break;
            }
        }
        Ok::<_, msgraph::Error>(got)
    };
    let (outcome, checked) = measured(CONTENT.len(), call).await;
    checked?;
    match outcome {
        // No client can tell that bytes are not those of the range that the server names.
        Ok(_) if status == 206 && !range.starts_with(&format!("bytes {begin}-")) => Ok(()),
        Ok(got) if status == 206 || status == 200 => {
            // The content may be shorter than the requested range, but must not differ from it.
            if CONTENT[4..12].starts_with(&got) || got.is_empty() {
                Ok(())
            } else {
                Err((
                    Fault::Lost,
                    format!(
                        "{status} {range} {begin}..{end}: {:?}",
                        String::from_utf8_lossy(&got)
                    ),
                ))
            }
        }
        Ok(_) => Ok(()),
        Err(error) => printable(&error),
    }
}

/// Feeds the ranges that an upload session expects.
pub(super) async fn upload(world: &World, bytes: &[u8]) -> Outcome {
    const SESSIONS: &[&str] = &[
        r#"{"nextExpectedRanges":["0-99","5-"],"expirationDateTime":"2099-01-01T00:00:00Z"}"#,
        r#"{"nextExpectedRanges":["99-0"]}"#,
        r#"{"nextExpectedRanges":["18446744073709551615-"]}"#,
        r#"{"nextExpectedRanges":["-5","x","","0"]}"#,
        r#"{"nextExpectedRanges":[]}"#,
        r#"{"NextExpectedRanges":["26-"]}"#,
        r#"{"id":"1","size":100,"name":"a"}"#,
        r#"{"id":"1","size":5}"#,
        "{}",
        "",
    ];
    let mut input = Unstructured::new(bytes);
    let created = Reply::json(200, r#"{"uploadUrl":"https://storage.example/up"}"#);
    let mut replies = vec![created];
    for _ in 0..6 {
        let text = (*input.pick(SESSIONS)).to_owned();
        let body = match input.once_in(3) {
            true => damage(text, &mut input),
            false => text.into_bytes(),
        };
        let status = *input.pick(&[200_u16, 201, 202, 202, 202, 404, 409, 416]);
        replies.push(Reply::json(status, body));
    }
    world.canned.set(replies);
    let call = async {
        let item = world.graph.drives().id("d").root().path("a.bin");
        let session = item.create_upload_session(Default::default());
        session
            .upload(Source::from(vec![7; 100]))
            .first_wait(std::time::Duration::ZERO)
            .await
            .map(|uploaded| format!("{uploaded:?}"))
    };
    let limit = std::time::Duration::from_secs(10);
    let (outcome, checked) = measured(1024, tokio::time::timeout(limit, call)).await;
    checked?;
    match outcome {
        Ok(outcome) => outcome.map(drop).or_else(|error| printable(&error)),
        Err(_) => Err((Fault::Lost, "an upload does not end".to_owned())),
    }
}
