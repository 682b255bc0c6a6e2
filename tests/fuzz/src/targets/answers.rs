//! Responses of any kind to calls of any kind.

use arbitrary::Unstructured;
use msgraph::models::User;
use msgraph::models::actions::DriveItemCopy;

use super::{Outcome, Reply, World, measured, printable};
use crate::input::Choices;
use crate::json::{Damage, Writer, damage};

/// Adds headers that the library reads, with invalid values.
pub(crate) fn headers(input: &mut Unstructured<'_>, mut reply: Reply) -> Reply {
    const NAMES: &[&str] = &[
        "retry-after",
        "x-ms-retry-after-ms",
        "date",
        "request-id",
        "client-request-id",
        "www-authenticate",
        "content-type",
        "content-range",
        "content-encoding",
        "location",
        "operation-location",
        "etag",
        "last-modified",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-ms-throttle-limit-percentage",
        "x-ms-throttle-scope",
    ];
    const VALUES: &[&str] = &[
        "",
        "0",
        "-1",
        "1.5",
        "0,120",
        "1e999",
        "99999999999999999999",
        "18446744073709551615",
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "Wed, 99 Foo 0000 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "text/html",
        "application/json; charset=utf-16",
        "bytes 0-4/5",
        "bytes 5-0/1",
        "bytes */99999999999999999999",
        "https://evil.example/",
        "//evil.example/a",
        "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"",
        "Bearer claims=\"%%%\", error=",
        "Bearer ,,,=\"\\\"",
        "Basic",
        "\"etag\"",
        "W/\"",
    ];
    for _ in 0..input.below(4) {
        let name = *input.pick(NAMES);
        let value = match input.once_in(4) {
            true => input.text().into_bytes(),
            false => input.word(VALUES).as_bytes().to_vec(),
        };
        reply = reply.header(name, value);
    }
    reply
}

/// Writes a body: an error in one of the known forms, damaged.
fn body(world: &World, input: &mut Unstructured<'_>) -> Vec<u8> {
    const ERRORS: &[&str] = &[
        r#"{"error":{"code":"Request_ResourceNotFound","message":"gone",
            "innerError":{"request-id":"1","date":"2026-01-01T00:00:00"}}}"#,
        r#"{"error":{"code":"x","message":"y","details":[{"code":"a","target":"b","message":"c"}],
            "innererror":{"code":"d"}}}"#,
        r#"{"error":"invalid_grant","error_description":"AADSTS50034: x\r\nTrace ID: 1",
            "error_codes":[50034]}"#,
        r#"{"odata.error":{"code":"-1, x","message":{"lang":"en-US","value":"y"}}}"#,
        r#"{"Message":"An error has occurred."}"#,
        "<html><head><title>503</title></head><body>Service Unavailable</body></html>",
        "",
        "null",
        "[]",
    ];
    let text = match input.once_in(4) {
        true => Writer {
            types: &world.types,
            input,
            damage: Damage::Values,
        }
        .object("microsoft.graph.user"),
        false => (*input.pick(ERRORS)).to_owned(),
    };
    match input.once_in(2) {
        true => damage(text, input),
        false => text.into_bytes(),
    }
}

/// Feeds responses that are not a success.
pub(super) async fn error(world: &World, bytes: &[u8]) -> Outcome {
    const STATUSES: &[u16] = &[
        400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 423, 429, 500, 501, 502, 503, 504,
        507, 509, 300, 304, 100, 599,
    ];
    let mut input = Unstructured::new(bytes);
    let status = *input.pick(STATUSES);
    let body = body(world, &mut input);
    let length = body.len();
    let reply = headers(&mut input, Reply::json(status, body));
    world.canned.set([reply]);
    let (outcome, checked) = measured(length, async { world.graph.me().get().await }).await;
    checked?;
    match outcome {
        Ok(_) => Err((super::Fault::Lost, format!("{status} was a success"))),
        Err(error) => {
            let _ = (
                error.retry_after(),
                error.is_retryable(),
                error.request_id(),
            );
            if let msgraph::Error::Api(error) = &error {
                let _ = (
                    error.throttle(),
                    error.claims(),
                    error.permissions(),
                    error.date(),
                );
            }
            printable(&error)
        }
    }
}

/// Feeds any response to any kind of call, with repeats.
pub(super) async fn any(world: &World, bytes: &[u8]) -> Outcome {
    const STATUSES: &[u16] = &[200, 201, 202, 204, 206, 299, 429, 503, 504, 500];
    let mut input = Unstructured::new(bytes);
    let kind = input.below(7);
    let mut length = 0;
    let replies: Vec<Reply> = (0..3)
        .map(|_| {
            let status = *input.pick(STATUSES);
            let body = body(world, &mut input);
            length += body.len();
            headers(&mut input, Reply::json(status, body))
        })
        .collect();
    world.canned.set(replies);
    let graph = &world.retrying;
    let call = async {
        match kind {
            0 => graph.me().get().await.map(drop),
            1 => graph
                .users()
                .id("a")
                .update(User::default())
                .await
                .map(drop),
            2 => graph.users().count().await.map(drop),
            3 => graph.users().id("a").delete().await,
            4 => graph.me().photo().content().get().await.map(drop),
            5 => graph.users().create(User::default()).await.map(drop),
            _ => graph
                .request(http::Method::GET, "/me")
                .json::<serde_json::Value>()
                .await
                .map(drop),
        }
    };
    let (outcome, checked) = measured(length, call).await;
    checked?;
    outcome.or_else(|error| printable(&error))
}

/// Feeds status responses of a long-running operation.
pub(super) async fn monitor(world: &World, bytes: &[u8]) -> Outcome {
    const BODIES: &[&str] = &[
        r#"{"status":"running","percentageComplete":50}"#,
        r#"{"status":"completed","resourceId":"1"}"#,
        r#"{"status":"failed","error":{"code":"x","message":"y"}}"#,
        r#"{"status":7}"#,
        r#"{"percentageComplete":1e999,"status":"completed"}"#,
    ];
    let mut input = Unstructured::new(bytes);
    let text = (*input.pick(BODIES)).to_owned();
    let body = match input.once_in(2) {
        true => damage(text, &mut input),
        false => text.into_bytes(),
    };
    let status = *input.pick(&[200_u16, 202, 303, 404, 500]);
    let length = body.len();
    let accepted = headers(&mut input, Reply::json(202, ""))
        .header("location", "https://graph.microsoft.com/v1.0/operations/1");
    let looked = headers(&mut input, Reply::json(status, body));
    world.canned.set([accepted, looked]);
    let call = async {
        let copy = world
            .graph
            .drives()
            .id("d")
            .items()
            .id("i")
            .copy(DriveItemCopy::default());
        copy.monitor()
            .await?
            .poll()
            .await
            .map(|work| format!("{work:?}"))
    };
    let (outcome, checked) = measured(length, call).await;
    checked?;
    outcome.map(drop).or_else(|error| printable(&error))
}
