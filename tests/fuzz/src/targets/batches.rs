//! Responses of batches.

use arbitrary::Unstructured;

use super::{Outcome, Reply, World, measured, printable};
use crate::input::Choices;
use crate::json::damage;

pub(super) async fn run(world: &World, bytes: &[u8]) -> Outcome {
    const PARTS: &[&str] = &[
        r#"{"id":"1","status":200,"headers":{"Content-Type":"application/json"},
            "body":{"id":"a"}}"#,
        r#"{"id":"2","status":204}"#,
        r#"{"id":"3","status":429,"headers":{"Retry-After":"0"},"body":{"error":{"code":"x","message":"y"}}}"#,
        r#"{"id":"3","status":"200","body":"aGVsbG8="}"#,
        r#"{"id":1,"status":1e999,"headers":[]}"#,
        r#"{"id":"9","status":200}"#,
        r#"{"status":503,"body":<html>x</html>}"#,
        "null",
        "{}",
        "[]",
    ];
    let mut input = Unstructured::new(bytes);
    let mut text = String::from("{\"responses\":[");
    for number in 0..input.below(6) {
        if number > 0 {
            text.push(',');
        }
        text.push_str(input.word(PARTS));
    }
    text.push_str("]}");
    let body = match input.once_in(2) {
        true => damage(text, &mut input),
        false => text.into_bytes(),
    };
    let length = body.len();
    world.canned.set([Reply::json(200, body)]);
    let call = async {
        let mut batch = world.graph.batch();
        let user = batch.add(world.graph.users().id("a").get());
        let gone = batch.add(world.graph.users().id("b").delete());
        let list = batch.add(world.graph.users().list());
        let mut answers = batch.send().await?;
        Ok::<_, msgraph::Error>((
            answers.take(user).map(drop),
            answers.take(gone),
            answers.take(list).map(drop),
        ))
    };
    let (outcome, checked) = measured(length, call).await;
    checked?;
    match outcome {
        Ok((one, two, three)) => [one, two, three]
            .into_iter()
            .try_for_each(|part| part.or_else(|error| printable(&error))),
        Err(error) => printable(&error),
    }
}
