//! Models: how their properties are read and written.

mod enums;
mod properties;
mod scalars;
mod time_zones;
mod types;
mod writing;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn read<T: DeserializeOwned>(json: Value) -> T {
    // The JSON is read as text and not from the `Value`, because responses are text.
    serde_json::from_str(&json.to_string()).unwrap()
}

fn written(value: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn round<T: DeserializeOwned + Serialize>(json: Value) {
    assert_eq!(written(&read::<T>(json.clone())), json);
}
