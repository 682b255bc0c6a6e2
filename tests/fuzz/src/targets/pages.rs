//! Pages of lists and of changes.

use arbitrary::Unstructured;

use super::{Fault, Outcome, Reply, World, measured, printable, shown};
use crate::input::Choices;
use crate::json::{Damage, Writer, damage, string};
use crate::same;

/// Writes a page of items of a type.
fn written(world: &World, input: &mut Unstructured<'_>, of: &str) -> (Damage, Vec<u8>) {
    let kind = *input.pick(&[Damage::None, Damage::Values, Damage::Values, Damage::Bytes]);
    let mut text = String::from("{");
    if input.once_in(2) {
        let count = *input.pick(&["0", "-1", "3.0", "\"7\"", "1e999", "null", "{}", "\"many\""]);
        text.push_str("\"@odata.count\":");
        text.push_str(count);
        text.push(',');
    }
    text.push_str("\"value\":[");
    for number in 0..input.below(5) {
        if number > 0 {
            text.push(',');
        }
        if kind == Damage::Values && input.once_in(4) {
            text.push_str(input.word(&[
                "null",
                "1",
                "\"x\"",
                "[]",
                "{\"error\":{\"code\":\"ErrorItem\",\"message\":\"gone\"}}",
                "{\"id\":null,\"@removed\":true}",
                "{\"@removed\":{\"reason\":\"deleted\"},\"id\":\"1\"}",
            ]));
            continue;
        }
        let item = Writer {
            types: &world.types,
            input,
            damage: kind,
        }
        .object(of);
        text.push_str(&item);
    }
    text.push(']');
    if input.once_in(2) {
        let name = *input.pick(&["@odata.nextLink", "@odata.deltaLink"]);
        let link = *input.pick(&[
            "https://graph.microsoft.com/v1.0/users?$skiptoken=1",
            "https://graph.microsoft.com.evil.example/v1.0/users",
            "https://graph.microsoft.com@evil.example/",
            "http://graph.microsoft.com/v1.0/users",
            "//evil.example",
            "",
            "users?$skiptoken=1",
            "https://",
            "\u{0}",
        ]);
        text.push(',');
        string(&mut text, name);
        text.push(':');
        string(&mut text, link);
    }
    text.push('}');
    let json = match kind {
        Damage::Bytes => damage(text, input),
        _ => text.into_bytes(),
    };
    (kind, json)
}

pub(super) async fn page(world: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let (_, json) = written(world, &mut input, "microsoft.graph.user");
    world.canned.set([Reply::json(200, json.clone())]);
    let call = async { world.graph.users().list().await };
    let (outcome, checked) = measured(json.len(), call).await;
    checked?;
    let lost = |what: String| Err((Fault::Lost, format!("{what}: {}", shown(&json))));
    let came = same::parse(&json);
    match outcome {
        Ok(page) => {
            let Some(items) = came.as_ref().and_then(|came| came.get("value")?.items()) else {
                return Ok(());
            };
            let wanted = items.iter().filter(|item| !item.is_null()).count();
            if page.len() != wanted {
                return lost(format!("{} items of {wanted}", page.len()));
            }
            if came.as_ref().is_some_and(same::Json::holds_an_error) {
                return lost("an error inside of a success was read as items".to_owned());
            }
            match page.count {
                Some(count) if count < 0 => lost(format!("a count of {count}")),
                _ => Ok(()),
            }
        }
        Err(error) => {
            printable(&error)?;
            match came {
                // Of two members of one name, the first may already be the wrong type.
                Some(came)
                    if came.is_page()
                        && came.depth() < 120
                        && !came.holds_an_error()
                        && !same::has_repeated_names(&json) =>
                {
                    lost(format!("not read: {error}"))
                }
                _ => Ok(()),
            }
        }
    }
}

pub(super) async fn delta(world: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let (_, first) = written(world, &mut input, "microsoft.graph.group");
    let (_, second) = written(world, &mut input, "microsoft.graph.group");
    let length = first.len() + second.len();
    world
        .canned
        .set([Reply::json(200, first), Reply::json(200, second)]);
    let round = async {
        let mut changes = world.graph.groups().delta().changes();
        // Two pages have at most five items each, so more events would be invented.
        for _ in 0..64 {
            match changes.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(changes.delta_link().is_some()),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    };
    let (outcome, checked) = measured(length, round).await;
    checked?;
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => Err((
            Fault::Lost,
            "a round ended without a delta link, and without an error".to_owned(),
        )),
        Err(error) => printable(&error),
    }
}
