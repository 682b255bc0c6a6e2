//! Every model: read, printed, and written again.

use arbitrary::Unstructured;
use msgraph::models;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Fault, Outcome, World, measured, shown};
use crate::input::Choices;
use crate::json::{Damage, Writer, damage};
use crate::same;

/// A function that reads a model and writes it again. It returns `Err` if the model cannot be read.
type Reader = fn(&[u8], bool) -> Result<Vec<u8>, String>;

fn read<T: DeserializeOwned + Serialize + std::fmt::Debug + Clone + PartialEq>(
    json: &[u8],
    is_compared: bool,
) -> Result<Vec<u8>, String> {
    let model: T = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let written = serde_json::to_vec(&model).map_err(|error| error.to_string())?;
    if is_compared {
        let copy = model.clone();
        if format!("{copy:?}") != format!("{model:?}") {
            return Err("a clone prints otherwise than its origin".to_owned());
        }
    }
    Ok(written)
}

include!(concat!(env!("OUT_DIR"), "/readers.rs"));

pub(super) async fn run(world: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let (name, reader) = *input.pick(READERS);
    let kind = *input.pick(&[Damage::None, Damage::Values, Damage::Values, Damage::Bytes]);
    let is_compared = input.once_in(8);
    let text = Writer {
        types: &world.types,
        input: &mut input,
        damage: kind,
    }
    .object(name);
    let json = match kind {
        Damage::Bytes => damage(text, &mut input),
        _ => text.into_bytes(),
    };
    let (outcome, checked) = measured(json.len(), async { reader(&json, is_compared) }).await;
    checked.map_err(|(fault, what)| (fault, format!("{name}: {what}: {}", shown(&json))))?;
    let lost = |what: String| Err((Fault::Lost, format!("{name}: {what}: {}", shown(&json))));
    match (same::parse(&json), outcome) {
        // Text that is not JSON is refused, or read if the standard allows that.
        (None, _) => Ok(()),
        (Some(came), Ok(written)) => match same::parse(&written) {
            Some(written) => match same::difference(&came, &written) {
                None => Ok(()),
                Some(place) => lost(format!("`{place}` changed")),
            },
            None => lost(format!("what was written is not JSON: {}", shown(&written))),
        },
        // The reader stops at a nesting of more than 128, as `serde_json` does.
        (Some(came), Err(_)) if !came.is_object() || came.depth() > 120 => Ok(()),
        // serde_json refuses these in the place of an object. Calls read them: see `pages`.
        (Some(_), Err(error)) if is_beyond_serde_json(&error) => Ok(()),
        (Some(_), Err(error)) => lost(format!("not read: {error}")),
    }
}

fn is_beyond_serde_json(error: &str) -> bool {
    ["number out of range", "surrogate", "hex escape"]
        .iter()
        .any(|known| error.contains(known))
}
